/** What the office wrote about an answer, in its own words, at the question. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatWhen, language, t } from "../core/i18n.js";

/** @param {import("./session.js").Remark} remark */
export function remarkTemplate({ text, author, at }) {
  const name = author && typeof author === "object" ? author.name?.[language()] ?? author[language()] : author;
  return html`<aside class="remark" aria-label=${t("Remark")}>
    <strong>${t("Remark")}</strong>
    <p dir="auto">${text}</p>
    ${name || at ? html`<small>${name ? html`<bdi>${name}</bdi>` : nothing}${name && at ? " · " : nothing}${at ? html`<bdi>${formatWhen(at)}</bdi>` : nothing}</small>` : nothing}
  </aside>`;
}
