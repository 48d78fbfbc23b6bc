/**
 * The functions of the ODK XForms specification, by name. Arguments are functions of the scope, so that one that is not
 * needed is not evaluated. indexed-repeat is in compile.js: it reads the paths themselves.
 *
 * @typedef {import("./compile.js").Scope} Scope
 * @typedef {import("./compile.js").Compiled} Compiled
 * @typedef {import("./values.js").XNode} XNode
 * @typedef {import("./values.js").NodeSet} NodeSet
 * @typedef {import("./values.js").Value} Value
 */
import { formatMoment, fractionOfDay, isoDate, isoDateTime, parseMoment } from "./dates.js";
import { numberSeed, shuffled } from "./random.js";
import { matchesPattern } from "./regex.js";
import { isNodeSet, toBoolean, toNumber, toString } from "./values.js";

const DAY_MS = 86400000;

/** @param {Compiled | undefined} arg @param {Scope} scope */
export const text = (arg, scope) => (arg ? toString(arg(scope)) : "");
/** @param {Compiled | undefined} arg @param {Scope} scope */
const number = (arg, scope) => (arg ? toNumber(arg(scope), scope.offset) : NaN);
/** @param {Compiled | undefined} arg @param {Scope} scope */
const truth = (arg, scope) => (arg ? toBoolean(arg(scope)) : false);
/** @param {Compiled | undefined} arg @param {Scope} scope @returns {NodeSet} */
function nodes(arg, scope) {
  const value = arg ? arg(scope) : [];
  if (!isNodeSet(value)) throw new Error("a path is needed here, not a value");
  return value;
}

/** @param {string} list */
const words = (list) => list.split(/\s+/).filter(Boolean);

/** Every value of every argument: node sets give one for each node. @param {Compiled[]} args @param {Scope} scope @returns {string[]} */
export function allTexts(args, scope) {
  return args.flatMap((arg) => {
    const value = arg(scope);
    return isNodeSet(value) ? value.map((node) => node.text()) : [toString(value)];
  });
}

/** @param {Compiled[]} args @param {Scope} scope @returns {number[]} */
function allNumbers(args, scope) {
  return args.flatMap((arg) => {
    const value = arg(scope);
    return isNodeSet(value) ? value.map((node) => toNumber(node.text(), scope.offset)) : [toNumber(value, scope.offset)];
  });
}

/** Empty for coalesce() and once(): also what is not a number, such as 1 div "". @param {Value} value */
const isEmpty = (value) => (typeof value === "number" ? Number.isNaN(value) : toString(value) === "");

/** The moment a value names: a number counts days. @param {Value} value @param {Scope} scope @returns {number} ms, NaN when none */
function moment(value, scope) {
  if (typeof value === "boolean") return NaN;
  if (typeof value === "number") return value * DAY_MS;
  const written = toString(value).trim();
  const found = parseMoment(written, scope.offset);
  return Number.isNaN(found) ? toNumber(written, scope.offset) * DAY_MS : found;
}

/** @param {Value} value @param {Scope} scope @param {(ms: number, offset: number) => string} write */
function written(value, scope, write) {
  const ms = moment(value, scope);
  return Number.isFinite(ms) ? write(ms, scope.offset) : "";
}

/** @param {Compiled[]} args @param {Scope} scope */
function formatted(args, scope) {
  const ms = moment(args[0](scope), scope);
  return Number.isFinite(ms) ? formatMoment(ms, scope.offset, text(args[1], scope), scope.env.language()) : "";
}

/** Halves away from zero, on the number as it is written: 1.005 is 1.01. @param {number} value @param {number} places */
function rounded(value, places) {
  if (!Number.isFinite(value) || Number.isNaN(places)) return value;
  const digits = Math.max(-308, Math.min(308, Math.trunc(places)));
  /** @param {number} x @param {number} by */
  const shift = (x, by) => {
    const [mantissa, exponent] = String(x).split("e");
    return Number(`${mantissa}e${Number(exponent ?? 0) + by}`);
  };
  const result = shift(Math.round(shift(Math.abs(value), digits)), -digits);
  return value < 0 ? -result || 0 : result;
}

/** @param {XNode} node */
function positionAmongSiblings(node) {
  if (node.ordinal) return node.ordinal();
  const same = node.parent ? node.parent.named(node.name) : [node];
  return same.indexOf(node) + 1;
}

/** @param {Compiled[]} args @param {Scope} scope @returns {[number, number]} */
const bounds = (args, scope) => [number(args[0], scope), number(args[1], scope)];

/** @param {number} count @param {[number, number]} range */
const isBetween = (count, [min, max]) => (min === -1 || count >= min) && (max === -1 || count <= max);

/** Whether an answer of a checklist counts: a number above 0, or true. @param {Value} value @param {Scope} scope */
const isTicked = (value, scope) => toNumber(value, scope.offset) > 0;

/** @param {(x: number) => number} operation @returns {Entry} */
const maths = (operation) => [1, 1, (args, scope) => operation(number(args[0], scope))];

/** @param {number[]} values @param {(a: number, b: number) => number} choose */
const extreme = (values, choose) => (values.length ? values.reduce(choose) : NaN);

/** @typedef {[min: number, max: number, run: (args: Compiled[], scope: Scope) => Value]} Entry  fewest and most arguments */

/** @type {Record<string, Entry>} */
export const FUNCTIONS = {
  // Text
  string: [0, 1, (args, scope) => (args.length ? text(args[0], scope) : scope.node.text())],
  concat: [0, Infinity, (args, scope) => allTexts(args, scope).join("")],
  join: [1, Infinity, (args, scope) => allTexts(args.slice(1), scope).join(text(args[0], scope))],
  substr: [2, 3, (args, scope) => {
    const from = number(args[1], scope);
    const to = args[2] ? number(args[2], scope) : undefined;
    return [...text(args[0], scope)].slice(from, to).join("");
  }],
  substring: [2, 3, (args, scope) => {
    // XPath counts from 1 and rounds both ends; NaN compares false, which leaves the text empty as it must.
    const from = Math.round(number(args[1], scope));
    const to = args[2] ? from + Math.round(number(args[2], scope)) : Infinity;
    return [...text(args[0], scope)].filter((_, i) => i + 1 >= from && i + 1 < to).join("");
  }],
  "substring-before": [2, 2, (args, scope) => {
    const whole = text(args[0], scope);
    const at = whole.indexOf(text(args[1], scope));
    return at < 0 ? "" : whole.slice(0, at);
  }],
  "substring-after": [2, 2, (args, scope) => {
    const whole = text(args[0], scope);
    const part = text(args[1], scope);
    const at = whole.indexOf(part);
    return at < 0 ? "" : whole.slice(at + part.length);
  }],
  translate: [3, 3, (args, scope) => {
    const from = [...text(args[1], scope)];
    const to = [...text(args[2], scope)];
    return [...text(args[0], scope)].map((char) => (from.includes(char) ? to[from.indexOf(char)] ?? "" : char)).join("");
  }],
  "string-length": [0, 1, (args, scope) => [...(args.length ? text(args[0], scope) : scope.node.text())].length],
  "normalize-space": [0, 1, (args, scope) => words(args.length ? text(args[0], scope) : scope.node.text()).join(" ")],
  contains: [2, 2, (args, scope) => text(args[0], scope).includes(text(args[1], scope))],
  "starts-with": [2, 2, (args, scope) => text(args[0], scope).startsWith(text(args[1], scope))],
  "ends-with": [2, 2, (args, scope) => text(args[0], scope).endsWith(text(args[1], scope))],
  uuid: [0, 1, (args, scope) => {
    if (!args.length) return scope.env.uuid();
    const length = Math.min(10000, Math.max(0, Math.trunc(number(args[0], scope)) || 0));
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return Array.from({ length }, () => alphabet[Math.floor(scope.env.random() * alphabet.length)]).join("");
  }],
  regex: [2, 2, (args, scope) => matchesPattern(text(args[0], scope), text(args[1], scope))],
  pulldata: [4, 4, (args, scope) => {
    const list = scope.env.instance(text(args[0], scope))?.named("root")[0];
    const rows = list?.lookup?.("item", text(args[2], scope), text(args[3], scope));
    return rows?.[0]?.named(text(args[1], scope))[0]?.text() ?? "";
  }],

  // Truth
  true: [0, 0, () => true],
  false: [0, 0, () => false],
  not: [1, 1, (args, scope) => !truth(args[0], scope)],
  boolean: [1, 1, (args, scope) => truth(args[0], scope)],
  "boolean-from-string": [1, 1, (args, scope) => ["1", "true"].includes(text(args[0], scope))],
  if: [3, 3, (args, scope) => (truth(args[0], scope) ? args[1](scope) : args[2](scope))],
  coalesce: [2, Infinity, (args, scope) => {
    for (const arg of args) {
      const value = arg(scope);
      if (!isEmpty(value)) return toString(value);
    }
    return "";
  }],
  once: [1, 1, (args, scope) => {
    const kept = scope.current.text();
    if (kept !== "") return kept;
    const value = args[0](scope);
    return isEmpty(value) ? "" : toString(value);
  }],
  checklist: [2, Infinity, (args, scope) => {
    const ticked = args.slice(2).flatMap((arg) => {
      const value = arg(scope);
      return isNodeSet(value) ? value.map((node) => isTicked(node.text(), scope)) : [isTicked(value, scope)];
    });
    return isBetween(ticked.filter(Boolean).length, bounds(args, scope));
  }],
  "weighted-checklist": [2, Infinity, (args, scope) => {
    let total = 0;
    for (let i = 2; i + 1 < args.length; i += 2) {
      if (isTicked(args[i](scope), scope)) total += number(args[i + 1], scope);
    }
    return isBetween(total, bounds(args, scope));
  }],

  // Numbers
  number: [0, 1, (args, scope) => (args.length ? number(args[0], scope) : toNumber(scope.node.text(), scope.offset))],
  int: [1, 1, (args, scope) => Math.trunc(number(args[0], scope))],
  floor: maths(Math.floor),
  ceiling: maths(Math.ceil),
  round: [1, 2, (args, scope) => {
    const value = number(args[0], scope);
    return args[1] ? rounded(value, number(args[1], scope)) : Math.round(value);
  }],
  sum: [1, 1, (args, scope) => nodes(args[0], scope).reduce((total, node) => total + toNumber(node.text(), scope.offset), 0)],
  max: [1, Infinity, (args, scope) => extreme(allNumbers(args, scope), (a, b) => Math.max(a, b))],
  min: [1, Infinity, (args, scope) => extreme(allNumbers(args, scope), (a, b) => Math.min(a, b))],
  pow: [2, 2, (args, scope) => number(args[0], scope) ** number(args[1], scope)],
  atan2: [2, 2, (args, scope) => Math.atan2(number(args[0], scope), number(args[1], scope))],
  log: maths(Math.log),
  log10: maths(Math.log10),
  abs: maths(Math.abs),
  sin: maths(Math.sin),
  cos: maths(Math.cos),
  tan: maths(Math.tan),
  asin: maths(Math.asin),
  acos: maths(Math.acos),
  atan: maths(Math.atan),
  sqrt: maths(Math.sqrt),
  exp: maths(Math.exp),
  exp10: maths((x) => 10 ** x),
  pi: [0, 0, () => Math.PI],
  random: [0, 0, (_, scope) => scope.env.random()],

  // Node sets
  count: [1, 1, (args, scope) => nodes(args[0], scope).length],
  "count-non-empty": [1, 1, (args, scope) => nodes(args[0], scope).filter((node) => node.text() !== "").length],
  position: [0, 1, (args, scope) => {
    if (!args.length) return scope.position;
    const [node] = nodes(args[0], scope);
    return node ? positionAmongSiblings(node) : NaN;
  }],
  last: [0, 0, (_, scope) => scope.size],
  name: [0, 1, (args, scope) => (args.length ? nodes(args[0], scope)[0]?.name ?? "" : scope.node.name)],
  "local-name": [0, 1, (args, scope) => (args.length ? nodes(args[0], scope)[0]?.name ?? "" : scope.node.name)],
  current: [0, 0, (_, scope) => [scope.current]],
  instance: [1, 1, (args, scope) => {
    const found = scope.env.instance(text(args[0], scope));
    return found ? [found] : [];
  }],
  randomize: [1, 2, (args, scope) => {
    const seed = args[1] ? numberSeed(args[1](scope), scope.offset) : Math.floor(scope.env.random() * 2147483646);
    return shuffled(nodes(args[0], scope), seed);
  }],

  // Dates
  today: [0, 0, (_, scope) => isoDate(scope.now, scope.offset)],
  now: [0, 0, (_, scope) => isoDateTime(scope.now, scope.offset)],
  date: [1, 1, (args, scope) => written(args[0](scope), scope, isoDate)],
  "date-time": [1, 1, (args, scope) => written(args[0](scope), scope, isoDateTime)],
  "decimal-date-time": [1, 1, (args, scope) => moment(args[0](scope), scope) / DAY_MS],
  "decimal-time": [1, 1, (args, scope) => fractionOfDay(text(args[0], scope), scope.offset)],
  "format-date": [2, 2, formatted],
  "format-date-time": [2, 2, formatted],

  // Choices
  selected: [2, 2, (args, scope) => {
    const list = text(args[0], scope).trim();
    const wanted = text(args[1], scope).trim();
    return list === "" ? wanted === "" : list.split(/\s+/).includes(wanted);
  }],
  "selected-at": [2, 2, (args, scope) => words(text(args[0], scope))[number(args[1], scope)] ?? ""],
  "count-selected": [1, 1, (args, scope) => words(text(args[0], scope)).length],
  "jr:choice-name": [2, 2, (args, scope) => scope.env.choiceName(text(args[0], scope), text(args[1], scope), scope.current)],
  "jr:itext": [1, 1, (args, scope) => scope.env.itext(text(args[0], scope))],

  // The phone and its user
  property: [1, 1, (args, scope) => scope.env.property(text(args[0], scope))],
  // XForms' way of naming what a result depends on besides its first argument; dependencies are known here anyway.
  depend: [1, Infinity, (args, scope) => args[0](scope)],
};

/** @param {string} name @param {Compiled[]} args @returns {Compiled} */
export function callOf(name, args) {
  const entry = FUNCTIONS[name];
  if (!entry || args.length < entry[0] || args.length > entry[1]) {
    return () => {
      throw new Error(entry ? `${name}() has ${args.length} arguments` : `unknown function ${name}()`);
    };
  }
  const run = entry[2];
  return (scope) => run(args, scope);
}
