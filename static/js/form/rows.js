/** What the drawings of a repeat share. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { markdown } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { plain } from "./plain.js";

/**
 * The question that names a row: the first one answered in words that is no telephone number.
 * @param {any[]} children nodes of the row @returns {any | null}
 */
export function namingQuestion(children) {
  return children.find((child) => child.type === "text" && !/phone|tel/.test(child.name)) ?? null;
}

/**
 * @param {import("./session.js").Session} session
 * @param {{path: string, summary: string}} row @param {number} index
 */
export function rowName(session, row, index) {
  const repeat = session.view(row.path).node;
  const naming = namingQuestion(session.pkg.nodes.filter((/** @type {any} */ node) => node.parent === repeat.i && node.kind === "question"));
  const held = naming && session.view(`${row.path}/${naming.name}`);
  return (held?.relevant && held.value) || plain(row.summary) || t("Line {number}", { number: index + 1 });
}

/** The heading, unless the page's own title says the same. @param {import("./form-page.js").Page} page @param {string} path @param {any} view @param {unknown} [own]  the second language of it alone */
export function heading(page, path, view, own) {
  return html`${view.label && page.sectionPath() !== path ? html`<h3>${markdown(view.label)}${page.second(path, view.node.label, own)}</h3>` : nothing}
    ${view.hint ? html`<p class="q-hint">${markdown(view.hint)}${page.second(path, view.node.hint, own)}</p>` : nothing}`;
}
