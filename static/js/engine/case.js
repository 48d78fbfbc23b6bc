/**
 * Runs one case of tests/vectors: an expression over a document, or a form with steps. The same code in Chromium and in
 * QuickJS, so that the cases compare the hosts and not two test programs.
 *
 * @typedef {import("./xpath/values.js").XNode} XNode
 * @typedef {import("./xpath/tree.js").Plain} Plain
 *
 * @typedef {object} ExpressionCase
 * @property {Plain} document
 * @property {string} context  "/" or "/*[1]/*[2]": places of elements among elements
 * @property {any[]} ast
 * @property {number} now  ms since 1970
 * @property {number} offset  minutes east of UTC
 * @property {string} language
 *
 * @typedef {object} FormCase
 * @property {import("./types.js").Package} package
 * @property {Record<string, any>} [datasets]
 * @property {Record<string, string>} [values]
 * @property {Record<string, any>} [saved]
 * @property {number} now
 * @property {number} offset
 * @property {string} [language]
 * @property {[string, ...any[]][]} steps  names of methods of the form, with arguments
 */
import { createForm } from "./form.js";
import { compile } from "./xpath/compile.js";
import { documentOf, TreeNode } from "./xpath/tree.js";
import { isNodeSet, toBoolean, toNumber, toString } from "./xpath/values.js";

/** @param {XNode} node @param {string} path @returns {XNode} */
function at(node, path) {
  const places = [...path.matchAll(/\*\[(\d+)\]/g)].map((found) => Number(found[1]) - 1);
  return places.reduce((from, place) => from.children()[place], node);
}

/** @param {XNode} node @returns {string} */
function placeOf(node) {
  if (!node.parent) return "";
  return `${placeOf(node.parent)}/*[${node.parent.children().indexOf(node) + 1}]`;
}

/** @param {XNode} node @param {(node: XNode) => boolean} test @returns {XNode | null} */
function find(node, test) {
  if (test(node)) return node;
  for (const child of node.children()) {
    const found = find(child, test);
    if (found) return found;
  }
  return null;
}

/** @param {XNode} node @param {string} name */
const attribute = (node, name) => node.attributes?.(name)[0]?.text() ?? null;

/** Numbers that JSON cannot write become words. @param {number} value */
const plainNumber = (value) => (Number.isFinite(value) ? value : String(value));

/** @param {() => number} next a generator of [0, 1) that is the same each time */
function madeUuid(next) {
  const hex = Array.from({ length: 32 }, () => Math.floor(next() * 16).toString(16)).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function seededRandom() {
  let state = 20261121;
  return () => {
    state = (state * 16807) % 2147483647;
    return (state - 1) / 2147483646;
  };
}

/** @param {ExpressionCase} given @returns {Record<string, unknown>} the result as each type, or {error} */
export function evaluateCase(given) {
  const document = documentOf(given.document);
  const random = seededRandom();
  /** @type {import("./xpath/compile.js").Environment} */
  const env = {
    now: () => given.now,
    offset: () => given.offset,
    random,
    uuid: () => madeUuid(random),
    language: () => given.language,
    root: (node) => {
      // In an XForm the primary instance is the document.
      for (let up = /** @type {XNode | null} */ (node); up; up = up.parent) if (up.name === "instance") return up;
      return document;
    },
    instance: (id) => find(document, (node) => node.name === "instance" && attribute(node, "id") === id),
    itext: (id) => {
      const chosen = find(document, (node) => node.name === "translation" && attribute(node, "lang") === given.language);
      const first = find(document, (node) => node.name === "translation");
      const text = find(chosen ?? first ?? document, (node) => node.name === "text" && attribute(node, "id") === id);
      return text?.named("value")[0]?.text() ?? "";
    },
    property: () => "",
    choiceName: () => "",
  };
  const node = given.context === "/" ? document : at(document, given.context);
  try {
    const value = compile(given.ast)({ node, position: 1, size: 1, current: node, env, now: given.now, offset: given.offset });
    return {
      boolean: toBoolean(value),
      number: plainNumber(toNumber(value, given.offset)),
      string: toString(value),
      values: isNodeSet(value) ? value.map((one) => one.text()) : null,
      nodes: isNodeSet(value) ? value.map((one) => (one instanceof TreeNode && one.value !== null ? one.name : placeOf(one))) : null,
    };
  } catch (error) {
    return { error: String(error) };
  }
}

/** @param {FormCase} given @returns {unknown[]} what each step gave, Change as {paths, structure}; an error as {error} */
export function runCase(given) {
  const random = seededRandom();
  /** @type {string[]} */
  const errors = [];
  const form = createForm(given.package, {
    datasets: given.datasets ?? {},
    now: () => given.now,
    offset: () => given.offset,
    random,
    uuid: () => madeUuid(random),
    meta: { deviceid: "phone-1", username: "amina" },
    saved: given.saved,
    values: given.values,
    language: given.language,
    onError: (error, text) => errors.push(`${error} in ${text}`),
  });
  /** @type {any[]} */
  const undone = [];
  return given.steps.map(([name, ...args]) => {
    try {
      if (name === "value") return form.view(args[0])?.value ?? null;
      if (name === "errors") return errors;
      // Its counts are found when read: now, not after later steps.
      if (name === "sections") return form.sections().map((section) => ({ ...section }));
      const method = /** @type {any} */ (form)[name];
      const result = name === "restoreRow" ? form.restoreRow(undone.pop()) : method.apply(form, args);
      if (result?.undo) undone.push(result.undo);
      return result?.paths instanceof Set ? { paths: [...result.paths].sort(), structure: result.structure } : result ?? null;
    } catch (error) {
      return { error: String(error) };
    }
  });
}
