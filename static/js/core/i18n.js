import { localDay, localIso } from "./clock.js";
import { createEmitter } from "./events.js";
import { loadParts, partsNamed } from "./parts.js";
import { recall, remember } from "./remember.js";

/**
 * The language of the page: texts, plural forms, numbers and dates of Morocco.
 *
 * Source texts are English. The bundle (app/pwa/assets.py) puts a number in their place, and each language comes in a script of its
 * own; what has no number stands in the first script by its English. Numbers and dates are ours, not Intl's: engines disagree on fr-MA, and "ar" has the months of
 * another country.
 *
 * @typedef {"ar" | "fr"} Language
 * @typedef {string | number} Value
 */

/** Arabic and French by English text. @type {Record<string, [string | string[], string | string[]]>} */
const pairs = /** @type {any} */ (globalThis).daftarStrings ?? {};
/** By language, then by the number of the text. @type {Partial<Record<Language, (string | string[])[]>>} */
const numbered = (/** @type {any} */ (globalThis).daftarTexts ??= {});

const KEY = "daftar.language";
const NARROW_SPACE = "\u202f";
const MONTHS = {
  ar: ["يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"],
  fr: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
};
const WEEKDAYS = {
  ar: ["الأحد", "الإثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"],
  fr: ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
};

/** @type {{language: Language}} */
const current = { language: stored() };
/** @type {ReturnType<typeof createEmitter<Language>>} */
const changes = createEmitter();
/** @type {ReturnType<typeof createEmitter<Language>>} */
const missed = createEmitter();

/** @returns {Language} */
function stored() {
  const kept = recall(KEY);
  if (kept === "ar" || kept === "fr") return kept;
  const asked = globalThis.navigator?.languages ?? [];
  return asked.find((code) => /^(ar|fr)/.test(code))?.startsWith("fr") ? "fr" : "ar";
}

/** @returns {Language} */
export function language() {
  return current.language;
}

/** @returns {"rtl" | "ltr"} */
export function direction() {
  return current.language === "ar" ? "rtl" : "ltr";
}

/** Puts the language on the document; call once when the page starts. */
export function applyLanguage() {
  document.documentElement.lang = current.language;
  document.documentElement.dir = direction();
}

/** Whether the texts of a language are there, after fetching them if need be. @param {Language} code @returns {boolean | Promise<boolean>} */
export function bringLanguage(code) {
  const parts = numbered[code] ? [] : partsNamed(code);
  return !parts.length || loadParts(parts).then(() => true, () => false);
}

/** Changes the language at once when its texts are there; else when they came. @param {Language} code @returns {Promise<boolean>} whether it did */
export async function setLanguage(code) {
  const brought = bringLanguage(code);
  if (brought !== true && !(await brought)) {
    missed.emit(code);
    return false;
  }
  current.language = code;
  remember(KEY, code);
  applyLanguage();
  changes.emit(code);
  return true;
}

/** What is said by `say` in a language; "" while its texts are not there. @param {Language} code @param {() => string} say @returns {string} */
export function inLanguage(code, say) {
  if (bringLanguage(code) !== true) return "";
  const kept = current.language;
  current.language = code;
  const said = say();
  current.language = kept;
  return said;
}

/** Called when a language was wanted whose texts are not on the phone and did not come. @param {(code: Language) => void} listener */
export function onLanguageMissed(listener) {
  return missed.on(listener);
}

/** Called after each change of language; returns the function that ends it. @param {(code: Language) => void} listener */
export function onLanguage(listener) {
  return changes.on(listener);
}

/**
 * The text in the current language. `{name}` is replaced by a value, isolated so that it keeps its own direction.
 *
 * @param {string} text  English source
 * @param {Record<string, Value>} [values]
 */
export function t(text, values) {
  const found = translation(text);
  return filled(typeof found === "string" && found ? found : text, values);
}

/**
 * The form of a text for this count, which fills `{n}`.
 *
 * @param {string} one  English, for one
 * @param {string} many  English, for others
 * @param {number} count
 * @param {Record<string, Value>} [values]
 */
export function n(one, many, count, values) {
  const found = translation(one);
  // A form that people never meet, such as zero, may be left out.
  const form = Array.isArray(found) ? found[pluralForm(current.language, count)] || found[found.length - 1] : "";
  return filled(form || (count === 1 ? one : many), { n: count, ...values });
}

/** @param {string} text  English, or its number @returns {string | string[] | undefined} */
function translation(text) {
  const column = current.language === "fr" ? 1 : 0;
  return pairs[text]?.[column] ?? numbered[current.language]?.[/** @type {any} */ (text)];
}

/** Index among the forms of the catalogue, by its own rule (app/core/catalogues.py). @param {Language} code @param {number} count */
export function pluralForm(code, count) {
  if (code === "fr") return count > 1 ? 1 : 0;
  if (count === 0 || count === 1 || count === 2) return count;
  const tail = count % 100;
  return tail >= 3 && tail <= 10 ? 3 : tail >= 11 ? 4 : 5;
}

/** @param {string} text @param {Record<string, Value>} [values] */
function filled(text, values) {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? formatNumber(value) : isolate(value);
  });
}

/** The text between marks that keep its direction from mixing with its surroundings. @param {string} text */
export function isolate(text) {
  return /^[0-9]*([:/][0-9]+)*$/.test(text) ? text : `\u2068${text}\u2069`;
}

/**
 * `28 250 000,5` with narrow no-break spaces: the same in both languages, as the server writes it.
 *
 * @param {number | string} value  a number, or one in stored form ("1234.50")
 * @param {number} [decimals]  round to that many; absent: as it is
 */
export function formatNumber(value, decimals) {
  if (value === "" || !Number.isFinite(Number(value))) return "";
  const text = decimals === undefined ? (typeof value === "string" ? value : plain(value)) : Number(value).toFixed(decimals);
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
  return fraction ? `${grouped},${fraction}` : grouped;
}

/** A number without exponent. @param {number} value */
function plain(value) {
  const text = String(value);
  return text.includes("e") ? value.toFixed(Math.abs(value) < 1 ? 12 : 0).replace(/\.?0+$/, "") : text;
}

/** @param {string | number | Date} value @returns {string} `2026-11-21T18:42…`, local; what already is a date stays that date */
function asLocal(value) {
  if (typeof value === "string") {
    // A number of days is no date, though Date.parse reads it as a year.
    if (!/^\d{4}-(0\d|1[0-2])-[0-3]\d(T|$)/.test(value)) return "";
    if (value.length === 10) return value;
  }
  const ms = value instanceof Date ? value.getTime() : typeof value === "number" ? value : Date.parse(value);
  return Number.isFinite(ms) ? localIso(ms) : "";
}

/**
 * A date: `5 غشت 2026` (long), `5 غشت` (day), `الأربعاء 5 غشت` (weekday), `05/08/2026` (short).
 *
 * @param {string | number | Date} value  ms since 1970, an ISO moment, or a date "2026-08-05"
 * @param {"long" | "day" | "weekday" | "short"} [style]
 */
export function formatDate(value, style = "long") {
  const local = asLocal(value);
  if (!local) return "";
  const [year, month, day] = local.slice(0, 10).split("-").map(Number);
  if (style === "short") return `${local.slice(8, 10)}/${local.slice(5, 7)}/${local.slice(0, 4)}`;
  const text = `${day} ${MONTHS[current.language][month - 1]}`;
  if (style === "day") return text;
  if (style === "weekday") return `${WEEKDAYS[current.language][new Date(Date.UTC(year, month - 1, day)).getUTCDay()]} ${text}`;
  return `${text} ${year}`;
}

/** `18:42` @param {string | number | Date} value */
export function formatTime(value) {
  return asLocal(value).slice(11, 16);
}

/**
 * When something was, as one says it: `18:42` today, `أمس 16:20`, `21 نونبر 16:20`, `21 نونبر 2025`.
 *
 * @param {string | number | Date} value
 * @param {number} [now]
 */
export function formatWhen(value, now = Date.now()) {
  const local = asLocal(value);
  const day = local.slice(0, 10);
  if (!day) return "";
  if (day === localDay(now)) return formatTime(value);
  if (day === localDay(now - 86400000)) return t("yesterday {time}", { time: formatTime(value) });
  if (day.slice(0, 4) === localDay(now).slice(0, 4)) return `${formatDate(value, "day")} ${formatTime(value)}`;
  return formatDate(value);
}

/** `1,2 MB`: a size for people. @param {number} bytes */
export function formatSize(bytes) {
  if (bytes < 1e6) return t("{size} kB", { size: Math.max(1, Math.round(bytes / 1000)) });
  return t("{size} MB", { size: formatNumber(bytes / 1e6, 1) });
}
