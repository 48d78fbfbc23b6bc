/**
 * The four types of XPath 1.0 and how they turn into each other and compare. Dates are strings, as the ODK XForms
 * specification has them; number() of one is days since 1970-01-01 UTC.
 *
 * @typedef {object} XNode  a node of the form, of a list or of a document
 * @property {string} name  "" for a document, "#text" for text
 * @property {XNode | null} parent
 * @property {() => readonly XNode[]} children  the elements under it that are there: relevant ones
 * @property {() => readonly XNode[]} contents  children and text
 * @property {(name: string) => readonly XNode[]} named  children of that name
 * @property {() => string} text  its string value
 * @property {((name: string) => readonly XNode[])} [attributes]  "*" for all
 * @property {(item: string, column: string, key: string | number) => readonly XNode[] | null} [lookup]  see lists.js
 * @property {boolean} [isRow]  an instance of a repeat
 * @property {boolean} [inRow]  it is one or stands in one
 * @property {() => number} [ordinal]  its place among all of its name, where that is known without counting
 *
 * @typedef {readonly XNode[]} NodeSet  in document order, without doubles
 * @typedef {string | number | boolean | NodeSet} Value
 */
import { daysSinceEpoch, fractionOfDay, isTime } from "./dates.js";

/**
 * The empty node set of an answer that is there and irrelevant: counted and added up it is nothing, compared it is a blank, as in
 * other engines of the field. A question that has no instance at all is an ordinary empty node set. @type {NodeSet}
 */
export const HIDDEN = Object.freeze([]);

const NUMBER = /^-?(?:\d+(?:\.\d*)?|\.\d+)$/;

/** @param {Value} value @returns {value is NodeSet} */
export const isNodeSet = (value) => typeof value === "object";

/** XPath writes numbers without an exponent. @param {number} value */
export function numberToString(value) {
  if (value === 0) return "0";
  const text = String(value);
  const e = text.indexOf("e");
  if (e < 0) return text;
  const sign = value < 0 ? "-" : "";
  const [digits, places] = text.slice(sign.length, e).split(".");
  const point = digits.length + Number(text.slice(e + 1));
  const all = digits + (places ?? "");
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${all}`;
  return sign + (point >= all.length ? all.padEnd(point, "0") : `${all.slice(0, point)}.${all.slice(point)}`);
}

/** @param {Value} value @returns {string} */
export function toString(value) {
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberToString(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  return value.length ? value[0].text() : "";
}

/** @param {string} text @param {number} offset */
export function stringToNumber(text, offset) {
  if (text === "") return NaN;
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed) : daysSinceEpoch(trimmed, offset);
}

/** @param {Value} value @param {number} offset minutes east of UTC @returns {number} */
export function toNumber(value, offset) {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return stringToNumber(typeof value === "string" ? value : toString(value), offset);
}

/** @param {Value} value @returns {boolean} */
export function toBoolean(value) {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0 && value === value;
  return value.length > 0;
}

/** @param {string} operator @param {number} a @param {number} b */
function related(operator, a, b) {
  switch (operator) {
    case "=": return a === b;
    case "!=": return a !== b;
    case "<": return a < b;
    case "<=": return a <= b;
    case ">": return a > b;
    default: return a >= b;
  }
}

/**
 * Two values that are no node sets. XPath has no order of times of day; here they have one, as in ODK Collect.
 * @param {string} operator @param {string | number | boolean} a @param {string | number | boolean} b @param {number} offset
 */
function compareAtoms(operator, a, b, offset) {
  if (operator === "=" || operator === "!=") {
    let same;
    if (typeof a === "boolean" || typeof b === "boolean") same = toBoolean(a) === toBoolean(b);
    else if (typeof a === "number" || typeof b === "number") same = toNumber(a, offset) === toNumber(b, offset);
    else same = a === b;
    return same === (operator === "=");
  }
  if (typeof a === "string" && typeof b === "string" && isTime(a) && isTime(b)) {
    return related(operator, fractionOfDay(a, offset), fractionOfDay(b, offset));
  }
  return related(operator, toNumber(a, offset), toNumber(b, offset));
}

/**
 * XPath 1.0 section 3.4: over a node set, whether the comparison holds for some node of it.
 * @param {string} operator @param {Value} a @param {Value} b @param {number} offset
 */
export function compare(operator, a, b, offset) {
  if (!isNodeSet(a) && !isNodeSet(b)) return compareAtoms(operator, a, b, offset);
  if (a === HIDDEN) return compare(operator, "", b, offset);
  if (b === HIDDEN) return compare(operator, a, "", offset);
  // Nearly always a path leads to one node.
  if (isNodeSet(a) && a.length === 1 && typeof b !== "boolean") return compare(operator, a[0].text(), b, offset);
  if (isNodeSet(b) && b.length === 1 && typeof a !== "boolean") return compare(operator, a, b[0].text(), offset);
  if (typeof a === "boolean" || typeof b === "boolean") return compareAtoms(operator, toBoolean(a), toBoolean(b), offset);
  if (isNodeSet(a) && isNodeSet(b)) {
    const others = b.map((node) => node.text());
    return a.some((node) => {
      const text = node.text();
      return others.some((other) => compareAtoms(operator, text, other, offset));
    });
  }
  if (isNodeSet(a)) return a.some((node) => compareAtoms(operator, node.text(), /** @type {string | number} */ (b), offset));
  return /** @type {NodeSet} */ (b).some((node) => compareAtoms(operator, /** @type {string | number} */ (a), node.text(), offset));
}
