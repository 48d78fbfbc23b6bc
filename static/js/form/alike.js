/**
 * Whether a record that is being registered is there already: the same name in any spelling or script in the same place, the
 * same number, or a place some steps away. Pure: no page, no store.
 *
 * @typedef {{name: string, label: string, [property: string]: any}} Record  as store/catalogue.js gives it; properties are strings
 * @typedef {"name" | "number" | "near"} Why
 * @typedef {{record: Record, why: Why, metres: number}} Alike  metres: 0 unless `near`
 */

import { distanceOf, pointsOf } from "../engine/xpath/geo.js";
import { normalise } from "../core/search.js";
import { sounds } from "../core/sounds.js";

/** Two of one place stand no further apart, in metres. */
const NEAR = 50;
const MOST = 3;
/** What many names share says nothing: kinds of groups, and small words; as `normalise` writes them. */
const COMMON = new Set(
  ("تعاونيه تعاونيات جمعيه مجموعه اتحاد نسويه نسائيه نساء cooperative cooperatives coop association groupement union feminine femmes " +
    "de du des d la le les l et pour الي في من و al el").split(" "),
);
/** Properties that no two records share. */
const NUMBERS = ["ice", "phone", "pres_phone"];

/** @param {string} name @returns {string[]} what each telling word sounds like */
function telling(name) {
  const words = normalise(name).split(" ");
  const own = words.filter((word) => !COMMON.has(word));
  return sounds((own.length ? own : words).join(" ")).split(" ").filter(Boolean);
}

/** Whether two words sound alike: a slip of one letter in a long one is forgiven. @param {string} a @param {string} b */
function sameWord(a, b) {
  if (a === b) return true;
  if (Math.min(a.length, b.length) < 4 || Math.abs(a.length - b.length) > 1) return false;
  let from = 0;
  while (a[from] === b[from] && from < a.length) from++;
  let end = 0;
  while (a.at(-1 - end) === b.at(-1 - end) && end < Math.min(a.length, b.length) - from) end++;
  return Math.max(a.length, b.length) - from - end <= 1;
}

/**
 * "same": every word of one is in the other, and no word is left; "part": words are left in the longer one.
 * @param {string[]} a @param {string[]} b  as `telling` gives them
 */
function compared(a, b) {
  if (!a.length || !b.length) return "";
  if (a.join("") === b.join("") && a.join("").length > 1) return "same";
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const left = [...long];
  for (const word of short) {
    const at = left.findIndex((one) => sameWord(one, word));
    if (at < 0) return "";
    left.splice(at, 1);
  }
  if (short.join("").length < 2) return "";
  return left.length ? "part" : "same";
}

/** Records stay the same until one changes. @type {WeakMap<Record, string[][]>} */
const known = new WeakMap();

/** All names of a record, as `telling` gives them. @param {Record} record @returns {string[][]} */
export function namesOf(record) {
  let names = known.get(record);
  if (!names) {
    names = [...new Set([record.label, record.coop_name_ar, record.coop_name_fr, record.gp_name, record.full_name])].filter(Boolean).map(telling);
    known.set(record, names);
  }
  return names;
}

/** @param {globalThis.Record<string, any>} record @returns {string} */
const placeOf = (record) => record.commune || record.gp_commune || record.pr_commune || record.territory || "";

/** Whether both stand in one place: true, false, or undefined where one of them does not say. @param {any} a @param {any} b */
function samePlace(a, b) {
  if (a.coop && b.coop) return a.coop === b.coop;
  const [one, other] = [placeOf(a), placeOf(b)];
  return one && other ? one.startsWith(other) || other.startsWith(one) : undefined;
}

/** @param {any} a @param {any} b @returns {number} metres, or Infinity where one of them has no place */
function apart(a, b) {
  if (!a.geometry || !b.geometry) return Infinity;
  // A sine for each of thousands would be felt: a thousandth of a degree is more than 100 m.
  if (Math.abs(parseFloat(a.geometry) - parseFloat(b.geometry)) > 0.001) return Infinity;
  const metres = distanceOf(pointsOf([a.geometry, b.geometry]));
  return Number.isFinite(metres) ? metres : Infinity;
}

/** @param {string} number */
const digits = (number) => number.replace(/\D/g, "").replace(/^(?:00212|212|0)(?=\d{9}$)/, "");

/**
 * The records that a new one resembles, likeliest first, at most three.
 *
 * @param {Record} made @param {Record[]} records  of the same list
 * @param {{byWords?: number}} [how]  byWords: how many words of a name must be shared when they are not all; people share first names
 * @returns {Alike[]}
 */
export function alikeTo(made, records, { byWords = 1 } = {}) {
  const names = namesOf(made);
  const numbers = new Set(NUMBERS.map((property) => digits(made[property] ?? "")).filter((one) => one.length > 5));
  /** @type {(Alike & {rank: number})[]} */
  const found = [];
  for (const record of records) {
    if (record.name === made.name) continue;
    const metres = apart(made, record);
    if (NUMBERS.some((property) => record[property] && numbers.has(digits(record[property])))) found.push({ record, why: "number", metres: 0, rank: 0 });
    else if (metres < NEAR) found.push({ record, why: "near", metres: Math.round(metres), rank: 2 });
    else if (isNamedAlike(names, record, samePlace(made, record), byWords)) found.push({ record, why: "name", metres: 0, rank: 1 });
  }
  return found.sort((a, b) => a.rank - b.rank || a.metres - b.metres).slice(0, MOST).map(({ record, why, metres }) => ({ record, why, metres }));
}

/** @param {string[][]} names @param {Record} record @param {boolean | undefined} isHere @param {number} byWords */
function isNamedAlike(names, record, isHere, byWords) {
  if (isHere === false) return false;
  for (const other of namesOf(record)) {
    for (const name of names) {
      const how = compared(name, other);
      // Where the place is not known yet, only the whole name counts.
      if (how === "same" && (isHere || name.join("").length > 2)) return true;
      if (how === "part" && isHere && Math.min(name.length, other.length) >= byWords) return true;
    }
  }
  return false;
}
