/** What the office wrote about an answer, in its own words, at the question. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatWhen, language, t } from "../core/i18n.js";
import { plain } from "./plain.js";

/** Each leads to its question. @param {import("./form-page.js").Page} page @param {import("./session.js").Remark[]} remarks */
export function remarkList(page, remarks) {
  return html`<ul class="faults">${remarks.map(({ question, text }) => html`<li>
    <button type="button" class="fault remark-link" @click=${() => page.openQuestion(question ?? "")}>
      <span dir="auto">${text}</span><small>${plain(page.session.form.view(question ?? "")?.label ?? "")}</small></button></li>`)}</ul>`;
}

/** @param {import("./session.js").Remark} remark */
export function remarkTemplate({ text, author, at }) {
  const said = author && typeof author === "object" ? author.name?.[language()] ?? author[language()] : author;
  // An id says nothing to the person in the field.
  const name = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(said ?? "") ? "" : said;
  return html`<aside class="remark" aria-label=${t("Remark")}>
    <strong>${t("Remark")}</strong>
    <p dir="auto">${text}</p>
    ${name || at ? html`<small>${name ? html`<bdi>${name}</bdi>` : nothing}${name && at ? " · " : nothing}${at ? html`<bdi>${formatWhen(at)}</bdi>` : nothing}</small>` : nothing}
  </aside>`;
}
