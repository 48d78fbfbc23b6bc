/**
 * Nodes of documents that do not change (an XML list, the last saved form), and document order for nodes of any kind.
 *
 * @typedef {import("./values.js").XNode} XNode
 * @typedef {{name: string, text?: string, attributes?: Record<string, string>, children?: (Plain | string)[]}} Plain
 *   a document as data: text stands between children as strings
 */

import { HIDDEN } from "./values.js";

/** @implements {XNode} */
export class TextNode {
  /** @param {XNode} parent @param {string} value */
  constructor(parent, value) {
    this.name = "#text";
    this.parent = parent;
    this.value = value;
  }
  children() {
    return NONE;
  }
  contents() {
    return NONE;
  }
  named() {
    return NONE;
  }
  text() {
    return this.value;
  }
}

/** @type {readonly any[]} */
const NONE = Object.freeze([]);

/** @implements {XNode} */
export class TreeNode {
  /** @param {string} name without its prefix @param {XNode | null} parent */
  constructor(name, parent) {
    this.name = name;
    this.parent = parent;
    /** @type {XNode[]} */
    this.kids = [];
    /** @type {TreeNode[]} */
    this.attrs = [];
    /** @type {string | null} the value of an attribute; an element's is made of its text */
    this.value = null;
    /** of answers, which leave blanks out: what is not there is a blank */
    this.isAnswers = false;
  }
  /** @returns {readonly XNode[]} */
  children() {
    return this.kids.filter((kid) => kid.name !== "#text");
  }
  /** @returns {readonly XNode[]} */
  contents() {
    return this.kids;
  }
  /** @param {string} name */
  named(name) {
    const found = this.kids.filter((kid) => kid.name === name);
    return found.length || !this.isAnswers ? found : HIDDEN;
  }
  /** @param {string} name */
  attributes(name) {
    return this.attrs.filter((one) => name === "*" || one.name === name);
  }
  /** @returns {string} */
  text() {
    return this.value ?? this.kids.map((kid) => kid.text()).join("");
  }
}

/** @param {string} name */
export const withoutPrefix = (name) => name.slice(name.indexOf(":") + 1);

/** @param {Plain} plain @param {XNode | null} parent @returns {TreeNode} */
export function treeOf(plain, parent) {
  const node = new TreeNode(withoutPrefix(plain.name), parent);
  for (const [name, value] of Object.entries(plain.attributes ?? {})) {
    const attribute = new TreeNode(withoutPrefix(name), node);
    attribute.value = value;
    node.attrs.push(attribute);
  }
  if (plain.text) node.kids.push(new TextNode(node, plain.text));
  for (const kid of plain.children ?? []) node.kids.push(typeof kid === "string" ? new TextNode(node, kid) : treeOf(kid, node));
  return node;
}

/** A document whose only element is `plain`. @param {Plain} plain */
export function documentOf(plain) {
  const root = new TreeNode("", null);
  root.kids.push(treeOf(plain, root));
  return root;
}

/**
 * A document of answers as answers() gives them: objects are groups, arrays rows.
 * @param {string} name of its only element @param {Record<string, any>} answers
 */
export function documentOfAnswers(name, answers) {
  /** @param {string} key @param {any} value @returns {Plain[]} */
  const plain = (key, value) => {
    if (Array.isArray(value)) return value.flatMap((row) => plain(key, row));
    if (value !== null && typeof value === "object") {
      return [{ name: key, children: Object.entries(value).flatMap(([child, one]) => plain(child, one)) }];
    }
    return [{ name: key, text: String(value ?? "") }];
  };
  const document = documentOf(plain(name, answers)[0]);
  /** @param {XNode} node */
  const mark = (node) => {
    if (node instanceof TreeNode) node.isAnswers = true;
    node.children().forEach(mark);
  };
  mark(document);
  return document;
}

/** @param {XNode} node @returns {XNode[]} from the top */
function chain(node) {
  const found = [];
  for (let at = /** @type {XNode | null} */ (node); at; at = at.parent) found.push(at);
  return found.reverse();
}

/** @param {XNode} a @param {XNode} b */
export function documentOrder(a, b) {
  if (a === b) return 0;
  const left = chain(a);
  const right = chain(b);
  let depth = 0;
  while (depth < left.length && left[depth] === right[depth]) depth += 1;
  if (depth === left.length) return -1;
  if (depth === right.length) return 1;
  const parent = left[depth - 1];
  if (!parent) return 0;
  const attributes = parent.attributes?.("*") ?? NONE;
  const all = [...attributes, ...parent.contents()];
  return all.indexOf(left[depth]) - all.indexOf(right[depth]);
}

/** @param {readonly XNode[]} nodes @returns {XNode[]} in document order, each once */
export function sorted(nodes) {
  return [...new Set(nodes)].sort(documentOrder);
}
