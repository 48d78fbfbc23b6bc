/**
 * The filled form as a tree: one FormNode for each group, question and value, one Repeat for each place where rows may
 * stand. What is irrelevant is still in the tree, with its value, but XPath does not see it.
 *
 * @typedef {import("./schema.js").SchemaNode} SchemaNode
 * @typedef {import("./xpath/values.js").XNode} XNode
 * @typedef {import("./xpath/values.js").NodeSet} NodeSet
 *
 * @typedef {object} Kept  results that stay until something they depend on changes; absent when not yet asked for
 * @property {boolean} [required]
 * @property {boolean} [readonly]
 * @property {boolean} [constraint]  it holds
 * @property {boolean} [expect]  likewise
 * @property {Record<string, string>} [label]  texts by name
 * @property {import("./choices.js").Choice[]} [choices]
 */
import { TextNode } from "./xpath/tree.js";
import { HIDDEN } from "./xpath/values.js";

/** @type {readonly any[]} */
const NONE = Object.freeze([]);
let lastUid = 0;

/** Without what no server takes (docs/sync.md, "Push"): U+0000, and halves of a character. @param {string} text */
export const whole = (text) => text.replace(/[\0\ud800-\udfff]/gu, "");

/** @implements {XNode} */
export class FormNode {
  /** @param {SchemaNode} schema @param {XNode} parent a FormNode, or the document for the root */
  constructor(schema, parent) {
    this.uid = (lastUid += 1);
    this.schema = schema;
    this.name = schema.name;
    this.parent = parent;
    this.value = "";
    /** what its own relevant expression says */
    this.own = true;
    /** own, and everything above it */
    this.relevant = true;
    /** @type {(FormNode | Repeat)[]} by slot of the schema; empty for a question */
    this.slots = schema.isGroup ? [] : /** @type {any} */ (NONE);
    /** @type {Repeat | null} set for a row */
    this.repeat = null;
    this.isRow = false;
    /** @type {boolean} */
    this.inRow = parent instanceof FormNode && parent.inRow;
    /** 0-based, of a row among its rows */
    this.index = 0;
    /** @type {Kept} */
    this.kept = {};
    /** @type {Record<string, string> | null} ids made for the entities this instance declares, by list */
    this.entityIds = null;
    /** @type {readonly FormNode[] | null} what named() gives for it: asked often, so made once */
    this.alone = null;
  }

  /** @returns {NodeSet} */
  children() {
    if (!this.slots.length) return NONE;
    /** @type {FormNode[]} */
    const found = [];
    for (const slot of this.slots) {
      if (slot instanceof Repeat) found.push(...slot.present());
      else if (slot.relevant) found.push(slot);
    }
    return found;
  }

  /** @returns {NodeSet} */
  contents() {
    if (this.schema.isGroup) return this.children();
    return this.value === "" ? NONE : [new TextNode(this, this.value)];
  }

  /** @param {string} name @returns {readonly FormNode[]} */
  named(name) {
    const child = this.schema.byName.get(name);
    if (!child) return NONE;
    const slot = this.slots[child.slot];
    if (!slot.relevant) return /** @type {readonly any[]} */ (HIDDEN);
    return slot instanceof Repeat ? slot.present() : (slot.alone ??= [slot]);
  }

  /** @returns {string} */
  text() {
    return this.schema.isGroup ? this.children().map((child) => child.text()).join("") : this.value;
  }

  ordinal() {
    return this.index + 1;
  }
}

/** Where the rows of a repeat stand. XPath sees the rows; this is only the context of the repeat's own expressions. @implements {XNode} */
export class Repeat {
  /** @param {SchemaNode} schema @param {FormNode} parent */
  constructor(schema, parent) {
    this.uid = (lastUid += 1);
    this.schema = schema;
    this.name = schema.name;
    this.parent = parent;
    this.inRow = parent.inRow;
    this.own = true;
    this.relevant = true;
    /** @type {FormNode[]} */
    this.rows = [];
    /** @type {FormNode[]} rows beyond repeat_count, kept for when it grows again; the first comes back first */
    this.parked = [];
    /** @type {Kept} */
    this.kept = {};
  }

  /** The rows XPath sees. @returns {readonly FormNode[]} */
  present() {
    if (!this.relevant) return NONE;
    return this.schema.relevantByRow ? this.rows.filter((row) => row.relevant) : this.rows;
  }

  /** @param {FormNode} row @param {number} at */
  insert(row, at) {
    row.repeat = this;
    row.isRow = true;
    row.inRow = true;
    this.rows = [...this.rows.slice(0, at), row, ...this.rows.slice(at)];
    this.number();
  }

  /** @param {FormNode} row */
  take(row) {
    this.rows = this.rows.filter((one) => one !== row);
    this.number();
  }

  number() {
    this.rows.forEach((row, index) => (row.index = index));
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
    return "";
  }
}

/** The document an absolute path starts from. @implements {XNode} */
export class FormDocument {
  constructor() {
    this.name = "";
    /** @type {XNode | null} */
    this.parent = null;
    /** @type {FormNode[]} */
    this.roots = [];
  }
  children() {
    return this.roots;
  }
  contents() {
    return this.roots;
  }
  /** @param {string} name */
  named(name) {
    return this.roots.filter((root) => root.name === name);
  }
  text() {
    return this.roots.map((root) => root.text()).join("");
  }
}

/** @param {XNode | null} node @returns {FormNode | null} the group or row a node stands in */
export function above(node) {
  return node && node.parent instanceof FormNode ? node.parent : null;
}

/** @param {FormNode | Repeat} node @returns {string} docs/engine.md, "path" */
export function pathOf(node) {
  const parent = above(node);
  if (!parent) return "";
  const before = pathOf(parent);
  const name = node instanceof FormNode && node.isRow ? `${node.name}[${node.index + 1}]` : node.name;
  return before ? `${before}/${name}` : name;
}

/** Every node at and below `node`, in document order. @param {FormNode | Repeat} node @param {(node: FormNode | Repeat) => void} visit */
export function visitAll(node, visit) {
  visit(node);
  for (const child of node instanceof Repeat ? node.rows : node.slots) visitAll(child, visit);
}
