/**
 * What a filled form gives to the group: its level, its axes, three strengths, what was agreed. Nothing else of the form is read
 * here, so that notes of the facilitator and answers given in confidence cannot come on the group's page (room.js), on its
 * picture or on paper.
 *
 * @typedef {import("./radar.js").Axis} Axis
 * @typedef {{text: string, who: string, due: string}} Agreed  due: the day as a person reads it; who and due may be ""
 * @typedef {object} Sheet  in the language of the form
 * @property {string} name  of whom it is about
 * @property {string} kind  title of the form
 * @property {string} place
 * @property {string} date  as a person reads it
 * @property {number | null} score  0–100
 * @property {number | null} level  1–5
 * @property {string} levelName
 * @property {string} cap  why the level is limited, "" when it is not
 * @property {Axis[]} axes
 * @property {string[]} strengths  at most three
 * @property {Agreed[]} agreed
 */

import { formatDate, formatNumber, t } from "../core/i18n.js";
import { plain } from "./plain.js";

const STRENGTHS = 3;
/** An action that is over is no longer agreed for later. */
const OVER = new Set(["done", "dropped", "kept", "broken"]);

/**
 * @param {any} form @param {any} pkg
 * @param {{title: string, at: string | number, known: Map<string, any>}} about  at: when it was filled, where the form asks for no
 *   date; known: as updatedRecords gives them
 * @returns {Sheet}
 */
export function sheetOf(form, pkg, { title, at, known }) {
  const scores = form.scores();
  const axes = scores?.axes.some((/** @type {Axis} */ { score }) => score !== null) ? scores.axes : [];
  const kind = plain(form.text(pkg.title));
  return {
    name: title || kind,
    kind: title ? kind : "",
    place: placeOf(form, pkg),
    date: formatDate(dateOf(form, pkg) || at),
    score: scores?.overall ?? null,
    level: scores?.level ?? null,
    levelName: scores ? levelName(form, pkg, scores.level) : "",
    cap: scores?.capped ? capReason(form, pkg) || t("The level is limited by a critical answer.") : "",
    axes,
    strengths: [...ownStrengths(form, pkg), ...strongest(axes).map(({ label, score }) => `${label}: ${formatNumber(score ?? "", 1)}/100`)].slice(0, STRENGTHS),
    agreed: agreedIn(form, pkg, known),
  };
}

/** @param {Sheet} sheet */
export function levelWords({ level, levelName }) {
  if (!level) return "";
  return levelName ? t("Level {level}: {name}", { level, name: levelName }) : t("Level {level}", { level });
}

/** Whether there is something to show to a group. @param {Sheet} sheet */
export const hasSomething = ({ score, axes, agreed }) => score !== null || axes.length > 0 || agreed.length > 0;

/** The instrument's own word for a level. @param {any} form @param {any} pkg @param {number | null} level */
function levelName(form, pkg, level) {
  const node = pkg.nodes.find((/** @type {any} */ one) => one.attributes?.role === "level");
  const item = pkg.lists?.[node?.attributes.list]?.find((/** @type {any} */ one) => one.name === String(level));
  return item ? plain(form.text(item.label)) : "";
}

/** What the instrument itself says of the cap: the note that appears because of it. @param {any} form @param {any} pkg */
function capReason(form, pkg) {
  const cap = pkg.nodes.find((/** @type {any} */ node) => node.attributes?.role === "cap");
  if (!cap) return "";
  const note = pkg.nodes.find((/** @type {any} */ node) => node.type === "note" && node.relevant !== undefined
    && pkg.expressions[node.relevant].deps.some((/** @type {any} */ dep) => dep[0] === cap.i));
  const view = note && form.view(pathTo(pkg, note));
  return view?.relevant ? plain(view.label) : "";
}

/** The path of a node that is in no repeat. @param {any} pkg @param {any} node */
function pathTo(pkg, node) {
  const names = [];
  for (let at = node; at.i !== 0; at = pkg.nodes[at.parent]) names.unshift(at.name);
  return names.join("/");
}

/** @param {any} pkg @param {any} node */
function repeatAround(pkg, node) {
  for (let at = node; at.i !== 0; at = pkg.nodes[at.parent]) if (at.kind === "repeat") return at;
  return null;
}

/** The first question of those that stand once in a form. @param {any} pkg @param {(node: any) => boolean} is */
const single = (pkg, is) => pkg.nodes.find((/** @type {any} */ one) => one.kind === "question" && is(one) && !repeatAround(pkg, one));

/** The best axes, of those that reach half. @param {Axis[]} axes */
export const strongest = (axes) => axes.filter(({ score }) => (score ?? 0) >= 50).sort((a, b) => (b.score ?? 0) - (a.score ?? 0)).slice(0, STRENGTHS);

/** What the group itself calls its strengths, a line each. @param {any} form @param {any} pkg @returns {string[]} */
export function ownStrengths(form, pkg) {
  const node = single(pkg, (one) => one.attributes?.role === "strengths" || one.name === "swot_s");
  const view = node && form.view(pathTo(pkg, node));
  return view?.relevant ? view.value.split("\n").map((/** @type {string} */ line) => line.replace(/^[\s•*–-]+/, "").trim()).filter(Boolean) : [];
}

/** Rules whose records have a date by which something is to be done: actions, commitments. @param {any} pkg @returns {any[]} */
const datedRules = (pkg) => (pkg.entities ?? []).filter((/** @type {any} */ rule) => saved(rule, "due"));

/**
 * Records of the phone that the form updates without naming them: a visit moves actions that were agreed before.
 *
 * @param {any} phone @param {any} form @param {any} pkg @returns {Promise<Map<string, any>>} by id
 */
export async function updatedRecords(phone, form, pkg) {
  const lists = new Set(datedRules(pkg).map(({ list }) => list));
  /** @type {{list: string, id: string}[]} */
  const updated = form.entities().filter((/** @type {any} */ one) => lists.has(one.list) && one.action === "update");
  const found = await Promise.all(updated.map(({ list, id }) => phone.catalogue.entity(list, id)));
  return new Map(found.filter(Boolean).map((record) => [record.name, record]));
}

/** @param {any} form @param {any} pkg @param {Map<string, any>} known @returns {Agreed[]} */
function agreedIn(form, pkg, known) {
  const rules = datedRules(pkg);
  if (!rules.length) return [];
  const lists = new Set(rules.map(({ list }) => list));
  /** The question that says who. @param {string} list */
  const asksWho = (list) => rules.filter((rule) => rule.list === list).map((rule) => pkg.nodes[saved(rule, "responsible") ?? saved(rule, "party") ?? -1]).find(Boolean);
  return form.entities().filter((/** @type {any} */ one) => lists.has(one.list)).map((/** @type {any} */ one) => {
    const before = known.get(one.id) ?? {};
    /** @param {string} property @returns {string} */
    const value = (property) => one.data[property] || before[property] || "";
    return {
      text: OVER.has(value("status")) ? "" : asProposed(form, pkg, rules, one.label || before.label || "", value("source")),
      who: choiceName(form, pkg, asksWho(one.list), value("responsible") || value("party")),
      due: formatDate(value("due")),
    };
  }).filter((/** @type {Agreed} */ { text }) => text);
}

/** What was taken as it was proposed, in the language of the page. @param {any} form @param {any} pkg @param {any[]} rules @param {string} label @param {string} source */
function asProposed(form, pkg, rules, label, source) {
  const node = source && pkg.nodes[rules.map((rule) => saved(rule, "source")).find(Boolean) ?? -1];
  const item = node && pkg.lists?.[node.choices?.list]?.find((/** @type {any} */ one) => one.name === source);
  return item && Object.values(item.label).includes(label) ? plain(form.text(item.label)) : label;
}

/** The node a property is saved from. @param {any} rule @param {string} property @returns {number | undefined} */
const saved = (rule, property) => rule.save.find((/** @type {any} */ one) => one[0] === property)?.[1];

/** @param {any} form @param {any} pkg @param {any} node @param {string} value */
function choiceName(form, pkg, node, value) {
  if (!node?.choices) return value;
  const item = pkg.lists?.[node.choices.list]?.find((/** @type {any} */ one) => one.name === value);
  return item ? plain(form.text(item.label)) : "";
}

/** @param {any} form @param {any} pkg */
export function placeOf(form, pkg) {
  const node = single(pkg, (one) => one.attributes?.role === "territory");
  if (!node) return "";
  const path = pathTo(pkg, node);
  const { value } = form.view(path);
  return value ? form.choices(path).find((/** @type {any} */ choice) => choice.value === value)?.label ?? "" : "";
}

/** The day the form itself gives. @param {any} form @param {any} pkg */
export function dateOf(form, pkg) {
  const node = single(pkg, (one) => one.type === "date");
  return node ? form.view(pathTo(pkg, node)).value : "";
}
