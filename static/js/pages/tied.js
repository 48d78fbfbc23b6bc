/**
 * Records that name a record: the people of a group, the partners of a project, the premises it may use; with what their forms
 * mark for lists (`ci:listed`). It knows no list and no form by name.
 *
 * @typedef {import("./instruments.js").Property & {pkg: any, instrument: import("./instruments.js").Instrument}} Listed
 * @typedef {{list: string, title: string, rows: {record: any, facts: unknown[]}[]}} Tied  facts: as they are drawn
 */

import { html } from "../../vendor/lit-html/lit-html.js";
import { language, t } from "../core/i18n.js";
import { propertiesOf } from "./instruments.js";
import { said } from "./words.js";

/** Shown apart on a record's page. */
const APART = new Set(["actions", "trainings"]);
const MOST_FACTS = 4;

/** The lists of the library in words; another list is called as the form that writes it. @param {string} list @param {any[]} [packages] */
export function listTitle(list, packages = []) {
  /** @type {Record<string, string>} */
  const titles = {
    cooperatives: t("Cooperatives"), groups: t("Groups in formation"), persons: t("Persons"), meetings: t("Meetings"), premises: t("Premises"),
    matches: t("Premises and groups"), projects: t("Projects"), contributions: t("Contributions"), apprentices: t("Apprentices"), visits: t("Visits"),
  };
  return titles[list] ?? (said(packages.find((pkg) => listsOf([pkg]).has(list))?.title) || list);
}

/** Every list that the forms write. @param {any[]} packages @returns {Set<string>} */
const listsOf = (packages) => new Set(packages.flatMap((pkg) => (pkg.entities ?? []).map((/** @type {any} */ rule) => rule.list)));

/** What the records of the phone are called, by their id. @param {import("./page.js").App} app @param {any[]} packages @returns {Promise<Map<string, string>>} */
export async function recordNames({ phone }, packages) {
  const lists = await Promise.all([...listsOf(packages)].map((list) => phone.catalogue.entities(list)));
  return new Map(lists.flat().map((/** @type {any} */ record) => [record.name, record.label]));
}

/**
 * @param {import("./page.js").App} app @param {{pkg: any, instrument: import("./instruments.js").Instrument}[]} opened @param {string} id  of the record
 * @param {(property: Listed, value: string) => Promise<unknown>} words
 * @returns {Promise<Tied[]>} lists that have such records, in the order of the forms
 */
export async function tiedTo({ phone }, opened, id, words) {
  /** @type {Tied[]} */
  const found = [];
  const packages = opened.map(({ pkg }) => pkg);
  for (const list of listsOf(packages)) {
    if (APART.has(list)) continue;
    const rows = (await phone.catalogue.entities(list)).filter((/** @type {any} */ row) => row.name !== id && names(row, id));
    if (!rows.length) continue;
    rows.sort((/** @type {any} */ a, /** @type {any} */ b) => (b.date ?? "").localeCompare(a.date ?? ""));
    /** @type {Map<string, Listed>} */
    const marked = new Map();
    for (const { pkg, instrument } of opened)
      for (const property of propertiesOf(pkg, list)) if (property.isListed && !marked.has(property.name)) marked.set(property.name, { ...property, pkg, instrument });
    found.push({
      list,
      title: listTitle(list, packages),
      rows: await Promise.all(rows.map(async (/** @type {any} */ record) => {
        const told = [...marked.values()].filter(({ name }) => record[name] && record[name] !== id && record[name] !== record.label).slice(0, MOST_FACTS);
        return { record, facts: await Promise.all(told.map(async (property) => {
          const value = record[property.name];
          const word = await words(property, value);
          // A bare number, date or yes says nothing without its question.
          return /^(yes|no|[-\d.]+)$/.test(value) ? html`${said(property.label)}${language() === "fr" ? "\u00a0: " : ": "}${word}` : word;
        })) };
      })),
    });
  }
  return found;
}

/** Whether a property of the row is this record, alone or among several. @param {any} row @param {string} id */
const names = (row, id) => Object.values(row).some((value) => typeof value === "string" && value.includes(id));
