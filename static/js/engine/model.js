/**
 * Keeps values, relevance and numbers of rows in step. A change marks what reads it; marked nodes are computed in the
 * package's order, each at most once unless the form feeds a result back. Everything else (constraints, labels, choices)
 * is only forgotten here and computed when somebody asks.
 *
 * @typedef {import("./schema.js").Schema} Schema
 * @typedef {import("./schema.js").SchemaNode} SchemaNode
 * @typedef {import("./schema.js").Dependent} Dependent
 * @typedef {import("./xpath/compile.js").Environment} Environment
 * @typedef {import("./xpath/values.js").Value} Value
 */
import { above, FormDocument, FormNode, Repeat, visitAll } from "./nodes.js";
import { isoDate, isoDateTime, isoTime, parseMoment } from "./xpath/dates.js";
import { toBoolean, toNumber, toString } from "./xpath/values.js";

/** Rows a repeat_count may make: an answer of 1000000 must not stop the phone. */
const MOST_ROWS = 1000;
/** Rows a form may hold: counted repeats inside counted repeats multiply. */
const MOST_ROWS_IN_ALL = 20000;
/** Rounds of one node in one change; only a form that feeds a result back needs more than two. */
const MOST_ROUNDS = 2 * MOST_ROWS;

export class Model {
  /** @param {Schema} schema @param {Environment} env @param {(error: unknown, text: string) => void} onError */
  constructor(schema, env, onError) {
    this.schema = schema;
    this.env = env;
    this.onError = onError;
    this.document = new FormDocument();
    /** @type {(FormNode | Repeat | Set<FormNode | Repeat> | null)[]} by order; a set where rows have several */
    this.marked = schema.order.map(() => null);
    this.waiting = 0;
    this.lowest = 0;
    /** nodes that may look different, and whether rows came or went or sections changed */
    /** @type {Set<FormNode | Repeat>} */
    this.touched = new Set();
    this.structure = false;
    /** while a form is being made nothing is kept yet, and nobody listens */
    this.isStarting = true;
    this.rowsMade = 0;
    /** @type {FormNode[]} nodes whose triggers must still run */
    this.changed = [];
    this.root = new FormNode(schema.root, this.document);
    this.document.roots = [this.root];
  }

  // Evaluating

  /** @param {number} index of an expression @param {FormNode | Repeat} node @returns {Value} */
  evaluate(index, node) {
    const { env } = this;
    const now = env.now();
    const scope = { node, position: 1, size: 1, current: node, env, now, offset: env.offset(now) };
    return this.schema.expression(index)(scope);
  }

  /**
   * An expression that fails must not stop the form: what it says is then `otherwise`.
   * @template T @param {number} index @param {FormNode | Repeat} node @param {(value: Value) => T} read @param {T} otherwise @returns {T}
   */
  ask(index, node, read, otherwise) {
    try {
      return read(this.evaluate(index, node));
    } catch (error) {
      this.onError(error, this.schema.pkg.expressions[index].text);
      return otherwise;
    }
  }

  /** @param {number} index @param {FormNode | Repeat} node @param {boolean} otherwise */
  truth(index, node, otherwise) {
    return this.ask(index, node, toBoolean, otherwise);
  }

  /** A result as the node's type stores it; what is not a number is blank. @param {FormNode} node @param {Value} value */
  stored(node, value) {
    const { type } = node.schema.source;
    const offset = this.env.offset(this.env.now());
    if (typeof value === "number") {
      if (Number.isNaN(value)) return "";
      return momentAs(type, momentOf(value, type, offset), offset) || toString(type === "integer" ? Math.trunc(value) : value);
    }
    const text = toString(value);
    if (type === "integer" && text !== "") {
      const number = toNumber(text, offset);
      return Number.isFinite(number) ? toString(Math.trunc(number)) : text;
    }
    // A dateTime keeps the zone it was written in.
    const isOther = type === "dateTime" ? text.length === 10 : text.length > 10;
    return (isOther && momentAs(type, parseMoment(text, offset), offset)) || text;
  }

  // Building

  /**
   * Makes what stands in a group or row.
   * @param {FormNode} node @param {Record<string, any> | null} saved  null: new, with defaults
   * @param {(path: string[], value: unknown) => void} [unplaced]  told what `saved` holds that has no place here
   */
  fill(node, saved, unplaced) {
    node.relevant = node.own && (above(node)?.relevant ?? true) && (node.repeat?.relevant ?? true);
    for (const child of node.schema.children) {
      const value = saved?.[child.name];
      if (child.isRepeat) {
        const repeat = new Repeat(child, node);
        repeat.relevant = node.relevant;
        node.slots.push(repeat);
        const rows = saved ? rowsOf(value) : child.source.repeat_count === undefined ? [null] : [];
        for (const row of rows) this.makeRow(repeat, row, repeat.rows.length, unplaced);
        for (const row of rowsOf(saved?.["@parked"]?.[child.name])) repeat.parked.push(this.newRow(repeat, row, unplaced));
        continue;
      }
      const made = new FormNode(child, node);
      made.relevant = node.relevant;
      node.slots.push(made);
      if (child.isGroup) this.fill(made, saved ? objectOf(value) : null, unplaced);
      else if (saved) made.value = typeof value === "object" || value === undefined ? "" : String(value);
      else made.value = child.source.default ?? "";
    }
    if (saved?.["@entities"]) node.entityIds = { ...saved["@entities"] };
    if (saved && unplaced) this.reportUnplaced(node, saved, unplaced);
  }

  /** @param {FormNode} node @param {Record<string, any>} saved @param {(path: string[], value: unknown) => void} unplaced */
  reportUnplaced(node, saved, unplaced) {
    for (const [name, value] of Object.entries(saved)) {
      if (name.startsWith("@")) continue;
      const child = node.schema.byName.get(name);
      const fits = child && (child.isRepeat ? Array.isArray(value) : child.isGroup ? isObject(value) : typeof value !== "object");
      if (!fits) unplaced([...namesOf(node), name], value);
    }
  }

  /** @param {Repeat} repeat @param {Record<string, any> | null} saved @param {(path: string[], value: unknown) => void} [unplaced] */
  newRow(repeat, saved, unplaced) {
    const row = new FormNode(repeat.schema, repeat.parent);
    this.rowsMade += 1;
    row.repeat = repeat;
    row.isRow = true;
    row.inRow = true;
    this.fill(row, saved, unplaced);
    return row;
  }

  /** @param {Repeat} repeat @param {Record<string, any> | null} saved @param {number} at @param {(path: string[], value: unknown) => void} [unplaced] */
  makeRow(repeat, saved, at, unplaced) {
    const row = this.newRow(repeat, saved, unplaced);
    repeat.insert(row, at);
    return row;
  }

  /** Computes everything once. */
  start() {
    visitAll(this.root, (node) => this.mark(node));
    this.settle();
    this.isStarting = false;
    this.touched.clear();
    this.structure = false;
    this.changed = [];
  }

  // Changing

  /** @param {FormNode} node @param {string} value @returns {boolean} whether it was another value */
  write(node, value) {
    if (node.value === value) return false;
    node.value = value;
    if (this.isStarting) {
      this.announce(node);
      return true;
    }
    this.touched.add(node);
    node.kept.constraint = undefined;
    node.kept.expect = undefined;
    if (node.schema.source.triggers) this.changed.push(node);
    // Nobody sees the value of an irrelevant node.
    if (node.relevant) this.announce(node);
    return true;
  }

  /** Marks or forgets what reads this node. @param {FormNode | Repeat} node */
  announce(node) {
    if (!this.isStarting) this.schema.complete();
    const { dependents } = node.schema;
    for (let i = 0; i < dependents.length; i += 1) {
      const one = dependents[i];
      if (this.isStarting && !isComputed(one)) continue;
      let from = /** @type {FormNode | Repeat} */ (node);
      for (let up = one.up; up > 0; up -= 1) from = /** @type {FormNode} */ (from.parent);
      this.reach(from, one, 0);
    }
  }

  /** @param {FormNode | Repeat} from @param {Dependent} one @param {number} depth */
  reach(from, one, depth) {
    const { down } = one;
    if (from instanceof Repeat) {
      if (depth === down.length) {
        this.affect(from, one);
        if (one.property === "relevant" && from.schema.relevantByRow) for (const row of from.rows) this.affect(row, one);
      } else {
        for (const row of from.rows) this.reach(row, one, depth);
      }
    } else if (depth === down.length) {
      this.affect(from, one);
    } else {
      this.reach(from.slots[down[depth].slot], one, depth + 1);
    }
  }

  /** @param {FormNode | Repeat} node @param {Dependent} one */
  affect(node, one) {
    if (isComputed(one)) {
      this.mark(node);
    } else {
      node.kept[/** @type {keyof import("./nodes.js").Kept} */ (one.property)] = undefined;
      this.touched.add(node);
    }
  }

  /** @param {FormNode | Repeat} node */
  mark(node) {
    const { order } = node.schema;
    if (order < 0) return;
    const found = this.marked[order];
    if (found === node) return;
    if (found === null) {
      this.marked[order] = node;
    } else if (found instanceof Set) {
      if (found.has(node)) return;
      found.add(node);
    } else {
      this.marked[order] = new Set([found, node]);
    }
    this.waiting += 1;
    if (order < this.lowest) this.lowest = order;
  }

  /** Computes what is marked, and what that marks in turn. */
  settle() {
    /** @type {Map<number, number>} */
    const rounds = new Map();
    while (this.waiting > 0) {
      while (this.marked[this.lowest] === null) this.lowest += 1;
      const order = this.lowest;
      const found = /** @type {FormNode | Repeat | Set<FormNode | Repeat>} */ (this.marked[order]);
      const nodes = found instanceof Set ? found : [found];
      this.marked[order] = null;
      this.waiting -= found instanceof Set ? found.size : 1;
      const round = (rounds.get(order) ?? 0) + 1;
      rounds.set(order, round);
      if (round > MOST_ROUNDS) {
        this.onError(new Error("a value depends on itself"), this.schema.order[order].name);
        continue;
      }
      for (const node of nodes) if (this.isAttached(node)) this.compute(node);
    }
    this.lowest = 0;
  }

  /** @param {FormNode | Repeat} node @returns {boolean} */
  isAttached(node) {
    if (!node.inRow) return true;
    for (let at = /** @type {FormNode | Repeat | null} */ (node); at; at = above(at)) {
      if (at instanceof FormNode && at.repeat && at.repeat.rows[at.index] !== at) return false;
    }
    return true;
  }

  /** @param {FormNode | Repeat} node */
  compute(node) {
    const { source, relevantByRow } = node.schema;
    // Inside what is irrelevant nothing is seen; it is computed when that returns.
    const outer = node instanceof FormNode && node.repeat ? node.repeat.relevant : above(node)?.relevant ?? true;
    if (!outer) return;
    const hasOwn = source.relevant !== undefined && !(node instanceof FormNode && node.isRow && !relevantByRow);
    if (hasOwn) {
      node.own = this.truth(/** @type {number} */ (source.relevant), node, true);
      this.refresh(node, true);
    }
    if (!node.relevant) return;
    if (node instanceof Repeat) {
      if (source.repeat_count !== undefined) this.setCount(node, this.ask(source.repeat_count, node, (value) => toNumber(value, 0), NaN));
    } else if (source.calculation !== undefined) {
      const value = this.ask(source.calculation, node, (result) => this.stored(node, result), "");
      this.write(node, value);
    }
  }

  /** Brings the relevance of a node and all below in line. @param {FormNode | Repeat} node @param {boolean} outer relevance of what it stands in */
  refresh(node, outer) {
    const relevant = outer && node.own;
    if (relevant === node.relevant) return;
    node.relevant = relevant;
    if (!this.isStarting) {
      this.touched.add(node);
      if (node.schema.depth === 1 || node instanceof Repeat) this.structure = true;
    }
    this.announce(node);
    if (node instanceof FormNode && node.repeat) this.announce(node.repeat);
    for (const child of node instanceof Repeat ? node.rows : node.slots) {
      if (relevant) this.mark(child);
      this.refresh(child, relevant);
    }
  }

  /** @param {Repeat} repeat @param {number} wanted */
  setCount(repeat, wanted) {
    const count = Number.isNaN(wanted) ? 0 : Math.max(0, Math.min(MOST_ROWS, Math.trunc(wanted)));
    if (count === repeat.rows.length) return;
    while (repeat.rows.length > count) {
      const row = repeat.rows[repeat.rows.length - 1];
      this.announceAll(row);
      repeat.take(row);
      repeat.parked.unshift(row);
    }
    while (repeat.rows.length < count) {
      if (this.rowsMade >= MOST_ROWS_IN_ALL && !repeat.parked.length) {
        this.onError(new Error("too many rows"), repeat.name);
        break;
      }
      const row = repeat.parked.shift();
      if (row) this.attach(repeat, row, repeat.rows.length);
      else this.attach(repeat, this.newRow(repeat, null), repeat.rows.length, true);
    }
    this.announce(repeat);
    this.touched.add(repeat);
    this.structure = true;
  }

  /**
   * Puts a row among the others and marks what must be computed.
   * @param {Repeat} repeat @param {FormNode} row @param {number} at @param {boolean} [isNew] dynamic defaults apply
   */
  attach(repeat, row, at, isNew = false) {
    repeat.insert(row, at);
    // A parked row may have been put away while everything around was relevant, or the reverse.
    this.refresh(row, repeat.relevant);
    visitAll(row, (node) => {
      // What changed while the row was away did not reach it.
      node.kept = {};
      this.mark(node);
    });
    if (isNew) this.newRowDefaults(row);
    this.announceAll(row);
    this.announce(repeat);
    this.touched.add(repeat);
    this.structure = true;
  }

  /** @param {Repeat} repeat @param {FormNode} row */
  detach(repeat, row) {
    this.announceAll(row);
    repeat.take(row);
    this.announce(repeat);
    this.touched.add(repeat);
    this.structure = true;
  }

  /** @param {FormNode} row */
  announceAll(row) {
    visitAll(row, (node) => {
      if (node.relevant) this.announce(node);
    });
  }

  // Defaults and triggers

  /** odk-new-repeat: before the calculations of the new row. @param {FormNode} row */
  newRowDefaults(row) {
    visitAll(row, (node) => {
      const { first_load: index, new_repeat: applies } = node.schema.source;
      if (node instanceof FormNode && index !== undefined && applies) {
        this.write(node, this.ask(index, node, (value) => this.stored(node, value), ""));
      }
    });
  }

  /** Runs the triggers of what changed until nothing is left, then everything is in step. */
  finish() {
    this.settle();
    let left = 1000;
    while (this.changed.length && left > 0) {
      const node = /** @type {FormNode} */ (this.changed.shift());
      for (const { node: target, expression } of node.schema.source.triggers ?? []) {
        left -= 1;
        for (const one of this.instancesFor(this.schema.nodes[target], node)) {
          this.write(one, expression === undefined ? "" : this.ask(expression, one, (value) => this.stored(one, value), ""));
        }
      }
      this.settle();
    }
    this.changed = [];
  }

  /**
   * The instances of a schema node that go with `node`: in the same rows as far as they share repeats.
   * @param {SchemaNode} schema @param {FormNode} node @returns {FormNode[]}
   */
  instancesFor(schema, node) {
    const way = this.schema.way(schema);
    /** @type {FormNode[]} */
    const mine = [];
    for (let at = /** @type {FormNode | null} */ (node); at && above(at); at = above(at)) mine.unshift(at);
    let shared = 0;
    while (shared < way.length && mine[shared]?.schema === way[shared]) shared += 1;
    let found = [shared ? mine[shared - 1] : this.root];
    for (const step of way.slice(shared)) {
      found = found.flatMap((one) => {
        const slot = one.slots[step.slot];
        return slot instanceof Repeat ? slot.rows : [slot];
      });
    }
    return found;
  }
}

/** Ms since 1970 of a number of days; one that is no more than a day or two counts, for a time, from midnight here. @param {number} days @param {string} type @param {number} offset */
const momentOf = (days, type, offset) => days * 86400000 - (type === "time" && Math.abs(days) < 2 ? offset * 60000 : 0);

/** A moment as a question of that type stores it, "" where it stores none. @param {string} type @param {number} ms @param {number} offset */
function momentAs(type, ms, offset) {
  // Beyond some 270,000 years there is no calendar to speak of.
  if (!(Math.abs(ms) < 8.64e15)) return "";
  if (type === "date") return isoDate(ms, offset);
  if (type === "time") return isoTime(ms, offset);
  return type === "dateTime" ? isoDateTime(ms, offset) : "";
}

/** @param {Dependent} one whether its result is computed at once rather than when asked */
function isComputed({ property }) {
  return property === "calculation" || property === "relevant" || property === "count";
}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} value @returns {Record<string, any>} */
const objectOf = (value) => (isObject(value) ? value : {});

/** @param {unknown} value @returns {Record<string, any>[]} */
const rowsOf = (value) => (Array.isArray(value) ? value.map(objectOf) : []);

/** @param {FormNode} node @returns {string[]} */
function namesOf(node) {
  const parent = above(node);
  if (!parent) return [];
  return [...namesOf(parent), node.isRow ? `${node.name}[${(node.repeat?.rows.length ?? 0) + 1}]` : node.name];
}
