/** What the drawings of a repeat share. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { markdown } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { plain } from "./plain.js";

/** @param {{summary: string}} row @param {number} index */
export function rowName(row, index) {
  return plain(row.summary) || t("Line {number}", { number: index + 1 });
}

/** The heading, unless the page's own title says the same. @param {import("./form-page.js").Page} page @param {string} path @param {any} view */
export function heading(page, path, view) {
  return html`${view.label && page.sectionPath() !== path ? html`<h3>${markdown(view.label)}</h3>` : nothing}
    ${view.hint ? html`<p class="q-hint">${markdown(view.hint)}</p>` : nothing}`;
}
