/**
 * Secondary instances as nodes: the choice lists of the form and the datasets of the phone, read through
 * instance('id')/root/item. A predicate [column = value] is answered from an index made when first asked: 60,000 rows
 * cost one pass, not one a keystroke.
 *
 * @typedef {import("./xpath/values.js").XNode} XNode
 * @typedef {import("./xpath/values.js").NodeSet} NodeSet
 */
import { stringToNumber } from "./xpath/values.js";

/** @type {readonly any[]} */
const NONE = Object.freeze([]);

/** @implements {XNode} */
class Cell {
  /** @param {Item} row @param {string} name @param {string} value */
  constructor(row, name, value) {
    this.name = name;
    this.parent = row;
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

/** @implements {XNode} */
export class Item {
  /** @param {Root} root @param {Record<string, any>} row @param {number} index */
  constructor(root, row, index) {
    this.name = "item";
    this.parent = root;
    this.row = row;
    this.index = index;
  }
  children() {
    return this.parent.columns(this.row).map((name) => new Cell(this, name, this.parent.cell(this.row, this.index, name) ?? ""));
  }
  contents() {
    return this.children();
  }
  /** @param {string} name */
  named(name) {
    const value = this.parent.cell(this.row, this.index, name);
    return value === undefined ? NONE : [new Cell(this, name, value)];
  }
  text() {
    return this.children().map((cell) => cell.value).join("");
  }
}

/** @implements {XNode} */
class Root {
  /** @param {ListDocument} list @param {readonly Record<string, any>[]} rows */
  constructor(list, rows) {
    this.name = "root";
    this.parent = list;
    this.rows = rows;
    /** @type {Item[] | null} */
    this.items = null;
    /** @type {(Item | undefined)[]} */
    this.made = [];
    /** @type {Map<string, Map<string | number, number | number[]>>} one row as its number: in a column of names all are */
    this.indexes = new Map();
  }
  /** @param {number} index */
  item(index) {
    return (this.made[index] ??= new Item(this, this.rows[index], index));
  }
  children() {
    return (this.items ??= this.rows.map((_, index) => this.item(index)));
  }
  contents() {
    return this.children();
  }
  /** @param {string} name */
  named(name) {
    return name === "item" ? this.children() : NONE;
  }
  text() {
    return this.children().map((item) => item.text()).join("");
  }
  /** @param {Record<string, any>} row */
  columns(row) {
    return this.parent.columns(row);
  }
  /** @param {Record<string, any>} row @param {number} index @param {string} name @returns {string | undefined} */
  cell(row, index, name) {
    return this.parent.cell(row, index, name);
  }

  /**
   * The rows whose column equals the key: as text for a string, as a number for a number.
   * @param {string} name @param {string} column @param {string | number} key @returns {NodeSet | null} null: try every row
   */
  lookup(name, column, key) {
    if (name !== "item") return NONE;
    if (!this.parent.isFixed(column)) return null;
    const kind = typeof key === "number" ? `#${column}` : column;
    let index = this.indexes.get(kind);
    if (!index) {
      index = new Map();
      for (let i = 0; i < this.rows.length; i += 1) {
        const text = this.cell(this.rows[i], i, column);
        if (text === undefined) continue;
        const value = typeof key === "number" ? stringToNumber(text, 0) : text;
        const same = index.get(value);
        if (same === undefined) index.set(value, i);
        else if (typeof same === "number") index.set(value, [same, i]);
        else same.push(i);
      }
      this.indexes.set(kind, index);
    }
    // A number equals what reads as that number; NaN equals nothing.
    if (Number.isNaN(key)) return NONE;
    const found = index.get(key);
    if (found === undefined) return NONE;
    return typeof found === "number" ? [this.item(found)] : found.map((i) => this.item(i));
  }
}

/**
 * A list as a document. `cell` decides what a column of a row holds; a column that changes with the language or the
 * answers (the label of a choice) has no index.
 * @implements {XNode}
 */
export class ListDocument {
  /**
   * @param {string} id @param {readonly Record<string, any>[]} rows
   * @param {(row: Record<string, any>, index: number, column: string) => string | undefined} cell
   * @param {(row: Record<string, any>) => string[]} columns
   * @param {(column: string) => boolean} isFixed
   */
  constructor(id, rows, cell, columns, isFixed) {
    this.id = id;
    this.name = "";
    /** @type {XNode | null} */
    this.parent = null;
    this.rows = rows;
    this.cell = cell;
    this.columns = columns;
    this.isFixed = isFixed;
    this.root = new Root(this, rows);
  }
  children() {
    return [this.root];
  }
  contents() {
    return [this.root];
  }
  /** @param {string} name */
  named(name) {
    return name === "root" ? [this.root] : NONE;
  }
  text() {
    return this.root.text();
  }
}

/**
 * Rows as objects, from rows or from the shape in which phones fetch a list.
 * @param {readonly Record<string, string>[] | {columns: string[], rows: string[][]}} data
 * @returns {readonly Record<string, string>[]}
 */
export function rowsOf(data) {
  if (!("columns" in data)) return data;
  let rows = unpacked.get(data);
  if (!rows) {
    rows = data.rows.map((cells) => Object.fromEntries(data.columns.map((column, i) => [column, cells[i] ?? ""])));
    unpacked.set(data, rows);
  }
  return rows;
}

/** @type {WeakMap<object, Record<string, string>[]>} */
const unpacked = new WeakMap();
/** @type {WeakMap<object, ListDocument>} rows -> document: its indexes serve every form that is opened on the same rows */
const known = new WeakMap();

/** A dataset. A cell that a row lacks is blank: rows of entity lists leave blanks out. @param {string} id @param {readonly Record<string, string>[]} rows */
export function datasetDocument(id, rows) {
  let list = known.get(rows);
  if (!list) {
    list = new ListDocument(id, rows, (row, _, column) => String(row[column] ?? ""), Object.keys, () => true);
    known.set(rows, list);
  }
  return list;
}
