/**
 * What an instrument package says, arranged for filling: children by name, compiled expressions, and for each node what
 * must be computed again when it changes. Made once a package.
 *
 * @typedef {import("./types.js").Package} Package
 * @typedef {import("./types.js").PackageNode} PackageNode
 * @typedef {import("./types.js").Part} Part
 * @typedef {import("./xpath/compile.js").Compiled} Compiled
 *
 * @typedef {"calculation" | "relevant" | "count" | "constraint" | "expect" | "required" | "readonly" | "label" | "choices"} Property
 *
 * @typedef {object} Dependent  an expression that reads a node
 * @property {SchemaNode} node  whose expression it is
 * @property {Property} property
 * @property {SchemaNode[]} down  from the nearest common instance to `node`: first its child, last `node` itself
 * @property {number} up  how many levels the common instance is above the node that changed
 */
import { FORMAT } from "./types.js";
import { compile } from "./xpath/compile.js";

/** Kinds of node whose value nobody is asked for, so that nothing counts as unanswered. */
const UNASKED = new Set(["note"]);
/** What most nodes have none of: a form of a thousand questions is made at every start. @type {readonly any[]} */
const NONE = Object.freeze([]);
/** @type {Map<string, SchemaNode>} */
const NO_NAMES = new Map();

export class SchemaNode {
  /** @param {PackageNode} source @param {SchemaNode | null} parent @param {number} slot */
  constructor(source, parent, slot) {
    this.source = source;
    this.i = source.i;
    this.name = source.name;
    this.kind = source.kind;
    this.parent = parent;
    /** @type {number} */
    this.depth = parent ? parent.depth + 1 : 0;
    /** index among the parent's children */
    this.slot = slot;
    this.isGroup = source.kind === "group" || source.kind === "repeat";
    this.children = this.isGroup ? /** @type {SchemaNode[]} */ ([]) : /** @type {SchemaNode[]} */ (NONE);
    this.byName = this.isGroup ? /** @type {Map<string, SchemaNode>} */ (new Map()) : NO_NAMES;
    this.isRepeat = source.kind === "repeat";
    /** drawn on a page */
    this.isDrawn = source.kind === "question";
    /** somebody is asked for it */
    this.isAsked = this.isDrawn && !UNASKED.has(source.type) && source.type !== "hidden";
    /** place in the recalculation order, -1 when there is nothing to compute */
    this.order = -1;
    this.dependents = /** @type {Dependent[]} */ (NONE);
    /** the relevance of a repeat looks at its own instances, so it is computed for each */
    this.relevantByRow = false;
    /** some node in it is computed from the language */
    this.hasDrawn = this.isDrawn;
  }
}

/** @type {WeakMap<Package, Schema>} */
const schemas = new WeakMap();

export class Schema {
  /** @param {Package} pkg @returns {Schema} */
  static of(pkg) {
    let schema = schemas.get(pkg);
    if (!schema) {
      schema = new Schema(pkg);
      schemas.set(pkg, schema);
    }
    return schema;
  }

  /** @param {Package} pkg */
  constructor(pkg) {
    if (pkg.format > FORMAT) throw new Error(`package format ${pkg.format} is newer than this engine`);
    this.pkg = pkg;
    /** @type {SchemaNode[]} */
    this.nodes = [];
    for (const source of pkg.nodes) {
      const parent = source.parent === undefined ? null : this.nodes[source.parent];
      const node = new SchemaNode(source, parent, parent ? parent.children.length : 0);
      this.nodes.push(node);
      if (parent) {
        parent.children.push(node);
        parent.byName.set(node.name, node);
        if (node.isDrawn) for (let at = /** @type {SchemaNode | null} */ (parent); at && !at.hasDrawn; at = at.parent) at.hasDrawn = true;
      }
    }
    this.root = this.nodes[0];
    /** @type {Map<string, number[]>} */
    this.parts = new Map();
    /** @type {(Compiled | undefined)[]} */
    this.compiled = [];
    /** @type {SchemaNode[]} nodes with something to compute, in order */
    this.order = [];
    /** whether the nodes know who looks different after them; nobody asks while a form is made */
    this.isWhole = false;
    this.connect();
    this.arrange();
  }

  /** @param {number} index of an expression @returns {Compiled} */
  expression(index) {
    return (this.compiled[index] ??= compile(this.pkg.expressions[index].ast));
  }

  /** Notes at each node which expressions that are computed at once read it. */
  connect() {
    for (const node of this.nodes) {
      const { source } = node;
      this.read(node, "calculation", source.calculation);
      this.read(node, "relevant", source.relevant);
      this.read(node, "count", source.repeat_count);
      if (node.isRepeat && source.relevant !== undefined) {
        const { deps } = this.pkg.expressions[source.relevant];
        node.relevantByRow = deps.some(([i]) => isBelow(this.nodes[i], node)) || usesPosition(this.pkg.expressions[source.relevant].ast);
      }
    }
  }

  /** And which that are computed when asked for: before the first change. */
  complete() {
    if (this.isWhole) return;
    this.isWhole = true;
    for (const node of this.nodes) {
      const { source } = node;
      this.read(node, "constraint", source.constraint);
      this.read(node, "expect", source.expect);
      this.read(node, "required", source.required);
      this.read(node, "readonly", source.readonly);
      for (const part of partsOf(source)) this.read(node, "label", part);
      if (source.choices) {
        this.read(node, "choices", source.choices.nodeset);
        for (const part of this.listParts(source.choices.list ?? "")) this.read(node, "choices", part);
      }
    }
  }

  /** Indexes of the expressions inside the labels of a list. @param {string} id @returns {number[]} */
  listParts(id) {
    let found = this.parts.get(id);
    if (!found) {
      found = [];
      for (const item of this.pkg.lists?.[id] ?? []) collect(item.label, found);
      this.parts.set(id, found);
    }
    return found;
  }

  /** @param {SchemaNode} node @param {Property} property @param {number | undefined} index of an expression */
  read(node, property, index) {
    if (index === undefined) return;
    for (const [i, scope] of this.pkg.expressions[index].deps) {
      const from = this.nodes[i];
      const common = scope === "all" ? this.root : nearestCommon(from, node);
      const up = from.depth - common.depth;
      // Only labels and choices are made of several expressions.
      const isMade = property === "label" || property === "choices";
      if (isMade && from.dependents.some((one) => one.node === node && one.property === property && one.up >= up)) continue;
      /** @type {SchemaNode[]} */
      const down = [];
      for (let at = node; at !== common; at = /** @type {SchemaNode} */ (at.parent)) down.unshift(at);
      if (from.dependents.length) from.dependents.push({ node, property, down, up });
      else from.dependents = [{ node, property, down, up }];
    }
  }

  /** The order of computing: the package's, with repeats that have a count put after what their count reads. */
  arrange() {
    const order = this.pkg.order.map((i) => this.nodes[i]);
    const placed = new Set(order);
    const rank = new Map(order.map((node, at) => [node, at]));
    const counted = this.nodes.filter((node) => node.source.repeat_count !== undefined && !placed.has(node));
    /** @type {Map<number, SchemaNode[]>} */
    const after = new Map();
    for (const node of counted) {
      const read = this.pkg.expressions[/** @type {number} */ (node.source.repeat_count)].deps.map(([i]) => rank.get(this.nodes[i]) ?? -1);
      const place = Math.max(-1, ...read);
      after.set(place, [...(after.get(place) ?? []), node]);
    }
    this.order.push(...(after.get(-1) ?? []));
    order.forEach((node, at) => this.order.push(node, ...(after.get(at) ?? [])));
    this.order.forEach((node, at) => (node.order = at));
  }

  /** The nodes from the root's child down to `node`. @param {SchemaNode} node @returns {SchemaNode[]} */
  way(node) {
    /** @type {SchemaNode[]} */
    const found = [];
    for (let at = node; at !== this.root; at = /** @type {SchemaNode} */ (at.parent)) found.unshift(at);
    return found;
  }
}

/** Notes the expressions inside a label. @param {import("./types.js").Text | undefined} text @param {number[]} into */
function collect(text, into) {
  if (!text) return;
  for (const language in text) {
    const part = text[language];
    if (typeof part !== "string") for (const one of part) if (typeof one !== "string") into.push(one.x);
  }
}

/** Indexes of the expressions inside the texts of a node. @param {PackageNode} source @returns {number[]} */
function partsOf(source) {
  /** @type {number[]} */
  const found = [];
  collect(source.label, found);
  collect(source.hint, found);
  collect(source.guidance, found);
  collect(source.required_message, found);
  collect(source.constraint_message, found);
  collect(source.expect_message, found);
  for (const kind in source.media) collect(source.media[kind], found);
  return found;
}

/** @param {SchemaNode} node @param {SchemaNode} above */
function isBelow(node, above) {
  for (let at = node.parent; at; at = at.parent) if (at === above) return true;
  return false;
}

/** @param {any} ast @returns {boolean} */
function usesPosition(ast) {
  return Array.isArray(ast) && ((ast[0] === "fn" && ast[1] === "position") || ast.some(usesPosition));
}

/**
 * The deepest node whose one instance holds both: a repeat shared by both, or the root. A repeat itself stands among its
 * instances' parent, so it is not inside itself.
 * @param {SchemaNode} from @param {SchemaNode} to
 */
function nearestCommon(from, to) {
  let low = from.isRepeat ? /** @type {SchemaNode} */ (from.parent) : from;
  let at = to.isRepeat ? /** @type {SchemaNode} */ (to.parent) : to;
  while (at.parent) {
    while (low.depth > at.depth) low = /** @type {SchemaNode} */ (low.parent);
    // Groups have one instance in theirs, so the nearest common group serves as well as the nearest common repeat.
    if (low === at && at.isGroup) break;
    at = at.parent;
  }
  return at;
}
