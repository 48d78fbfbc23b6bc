/** The answers themselves, section by section, to be read again without network. Only a section that is opened is drawn. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatDate, formatNumber, t } from "../core/i18n.js";
import { plain } from "./plain.js";
import { sectionName } from "./jump-list.js";

/** @typedef {import("../engine/form.js").Form} Form */

const CHOSEN = /^(select|rank)/;

/** @param {Form} form @param {any} pkg */
export function answerSections(form, pkg) {
  const sections = form.sections().filter(({ relevant, answered }) => relevant && answered);
  if (!sections.length) return nothing;
  return html`<section class="answers"><h3 class="section-title">${t("Answers")}</h3>
    ${sections.map((section) => html`<details @toggle=${fillOnce(form, pkg, section)}><summary>${sectionName(sections, section)}</summary><dl class="counts"></dl></details>`)}</section>`;
}

/** @param {Form} form @param {any} pkg @param {import("../engine/form.js").Section} section */
function fillOnce(form, pkg, section) {
  return (/** @type {Event} */ event) => {
    const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
    const list = /** @type {HTMLElement} */ (details.querySelector("dl"));
    list.replaceChildren(...(details.open ? linesOf(form, pkg, section.kind === "repeat" ? [section.path] : section.children) : []));
  };
}

/** @param {Form} form @param {any} pkg @param {string[]} paths @returns {HTMLElement[]} */
function linesOf(form, pkg, paths) {
  return paths.flatMap((path) => {
    const view = form.view(path);
    if (!view?.relevant) return [];
    const { node, label, value } = view;
    if (node.kind === "repeat") return form.rows(path).flatMap((row, index) => [line(plain(label), String(index + 1), true), ...linesOf(form, pkg, form.children(row.path))]);
    if (node.kind === "group") return linesOf(form, pkg, form.children(path));
    return value && node.type !== "note" ? [line(plain(label) || node.name, inWords(form, path, node, value), false)] : [];
  });
}

/** @param {string} label @param {string} words @param {boolean} isRow */
function line(label, words, isRow) {
  const box = document.createElement("div");
  if (isRow) box.className = "answer-row";
  const term = document.createElement("dt");
  term.textContent = label;
  const said = document.createElement("dd");
  const text = document.createElement("bdi");
  text.textContent = words;
  said.append(text);
  box.append(term, said);
  return box;
}

/** @param {Form} form @param {string} path @param {any} node @param {string} value @returns {string} */
export function inWords(form, path, node, value) {
  if (CHOSEN.test(node.type)) {
    const choices = form.choices(path);
    const codes = node.type.startsWith("select_one") ? [value] : value.split(" ");
    return codes.map((code) => plain(choices.find((choice) => choice.value === code)?.label) || code).join(t(", "));
  }
  if (node.type === "date") return formatDate(value) || value;
  if ((node.type === "integer" || node.type === "decimal") && !/year|annee/.test(node.name)) return formatNumber(value) || value;
  if (node.type === "acknowledge") return "✓";
  if (node.type === "image") return t("Photo");
  return value;
}
