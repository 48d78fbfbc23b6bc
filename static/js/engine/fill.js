/**
 * Fills a form in one go, as somebody going through it would: each relevant question that has a value gets it, in the
 * order of the form. For programs that have answers by question name (demonstration data, imports, measurements).
 *
 * @typedef {{[name: string]: string | {choice: number} | {otherwise: string} | Values[]}} Values
 *   by question name, whatever group it is in; a repeat has a list of rows. choice: the n-th of the choices there are then;
 *   otherwise: only where the form itself has not given an answer
 */

import { createForm } from "./form.js";
import { addRareFunctions } from "./xpath/rare.js";

addRareFunctions();

/**
 * @param {any} pkg @param {Values} values @param {any} context  as createForm() wants it
 * @returns {{answers: any, entities: any[], scores: any, title: string, territory: string, problems: any[], media: {path: string, name: string}[]}}
 */
export function fill(pkg, values, context) {
  const form = createForm(pkg, context);
  fillGroup(form, "", values);
  const problems = form.problems();
  form.finalise();
  return {
    answers: form.answers(), entities: form.entities(), scores: form.scores(), title: form.title(),
    territory: form.role("territory"), problems, media: form.media(),
  };
}

/** What is asked below a group, "" for the whole form. @param {any} form @param {string} group @param {Values} values */
export function fillGroup(form, group, values) {
  for (const path of form.children(group)) {
    const view = form.view(path);
    if (!view.relevant) continue;
    const given = values[view.node.name];
    if (view.node.kind === "group") fillGroup(form, path, values);
    else if (view.node.kind === "repeat") fillRows(form, path, Array.isArray(given) ? given : []);
    else if (view.node.kind === "question" && given !== undefined) answer(form, path, view.value, given);
  }
}

/** @param {any} form @param {string} path @param {string} before @param {any} given */
function answer(form, path, before, given) {
  const value = typeof given === "string" ? given : "choice" in given ? form.choices(path)[given.choice]?.value ?? "" : before || given.otherwise;
  if (value !== before) form.set(path, value);
}

/** @param {any} form @param {string} path @param {Values[]} rows */
function fillRows(form, path, rows) {
  for (let i = form.rows(path).length; i < rows.length && form.canAdd(path); i++) form.addRow(path);
  // Rows nobody has anything to say in: a form may open a repeat with an empty one.
  for (const { path: row } of form.rows(path).slice(rows.length).reverse()) if (form.canRemove(row)) form.removeRow(row);
  form.rows(path).forEach((/** @type {{path: string}} */ row, /** @type {number} */ i) => rows[i] && fillGroup(form, row.path, rows[i]));
}
