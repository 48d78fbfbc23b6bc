/**
 * What the pages around a form need of its package: which instruments are open, where one asks for a record, what the
 * properties of a record are called. Packages are large and never change: what was found is kept by their SHA-256.
 *
 * @typedef {import("../store/catalogue.js").InstrumentRow} Instrument
 * @typedef {import("./page.js").App} App
 * @typedef {import("./page.js").Programme} Programme
 * @typedef {{programme: Programme, instrument: Instrument}} Opened
 * @typedef {{name: string, section: string, label: unknown, node: any, isListed: boolean}} Property
 */

import { language, t } from "../core/i18n.js";
import { startDraft } from "../form/session.js";
import { said } from "./words.js";

/** Every instrument on the phone, of all the person's programmes; of several versions of a form the newest. @param {App} app @returns {Promise<Opened[]>} */
export async function instrumentsOf(app) {
  const programmes = app.person?.programmes ?? [];
  const lists = await Promise.all(programmes.map((programme) => app.phone.catalogue.instruments(programme.id)));
  return programmes.flatMap((programme, i) => {
    /** @type {Map<string, Instrument>} */
    const newest = new Map();
    for (const instrument of lists[i]) if (!newest.has(instrument.form_id)) newest.set(instrument.form_id, instrument);
    return [...newest.values()].map((instrument) => ({ programme, instrument }));
  });
}

/** A second tap while the first one works makes no second draft. */
const under = { way: false };

/**
 * Makes a draft and opens it.
 * @param {App} app @param {Opened} opened
 * @param {{subject?: {list: string, id: string} | null, values?: Record<string, string>, title?: string}} [about]
 */
export async function begin(app, { programme, instrument }, about = {}) {
  if (under.way) return;
  under.way = true;
  try {
    const person = /** @type {{id: string}} */ (app.person);
    // The settings of consent travel with the pull, not with the sign-in.
    const kept = await app.phone.catalogue.programme(programme.id);
    const id = await startDraft(app.phone, { instrument, programme: kept ?? programme, person, ...about });
    app.navigate(`#/form/${id}`);
  } finally {
    under.way = false;
  }
}

/** Names from below the root to a node; null inside a repeat. @param {any} pkg @param {any} node @returns {string | null} */
export function pathOf(pkg, node) {
  const names = [];
  for (let at = node; at.parent !== undefined && at.i !== 0; at = pkg.nodes[at.parent]) {
    if (at.kind === "repeat") return null;
    names.unshift(at.name);
  }
  return names.join("/");
}

/**
 * Path of the question in which a form asks for its record of `list`, null when it asks for none (or for many, in a repeat).
 * @param {any} pkg @param {string} list @returns {string | null}
 */
export function subjectPath(pkg, list) {
  if (pkg.datasets?.[list]?.kind !== "entities") return null;
  for (const node of pkg.nodes) {
    if (node.kind === "question" && node.type === "select_one" && node.choices?.list === list) {
      const path = pathOf(pkg, node);
      if (path) return path;
    }
  }
  return null;
}

/** The properties of `list` that a form stores, in the order of its questions. @param {any} pkg @param {string} list @returns {Property[]} */
export function propertiesOf(pkg, list) {
  /** @type {Property[]} */
  const found = [];
  for (const node of pkg.nodes) {
    if (!node.save_to?.startsWith(`${list}#`)) continue;
    const asked = questionOf(pkg, node);
    let section = asked;
    while (section.parent) section = pkg.nodes[section.parent];
    found.push({ name: node.save_to.slice(list.length + 1), section: section === asked ? "" : said(section.label), label: asked.label, node: asked, isListed: node.attributes?.listed === "yes" });
  }
  return found;
}

/** A property is often saved through a calculation that only repeats its question. @param {any} pkg @param {any} node */
function questionOf(pkg, node) {
  if (node.label || node.calculation === undefined) return node;
  const { deps = [] } = pkg.expressions[node.calculation];
  return deps.length === 1 ? pkg.nodes[deps[0][0]] : node;
}

/** A row of a list in the current language; a choice has a Text, a row of a CSV columns. @param {any} row @returns {string} */
export function rowLabel(row) {
  if (typeof row.label === "object") return said(row.label);
  return row[`label_${language()}`] || row[`label::${language()}`] || row.label || row.name;
}

/** @type {Map<string, Promise<Map<string, any>>>} */
const rowsBySha = new Map();

/** The rows of a CSV list by their name. @param {App} app @param {string | undefined} sha256 @returns {Promise<Map<string, any>>} */
export function rowsOf(app, sha256) {
  if (!sha256) return Promise.resolve(new Map());
  let rows = rowsBySha.get(sha256);
  if (!rows) {
    rows = app.phone.catalogue.dataset(sha256).then((/** @type {any[] | null} */ list) => new Map((list ?? []).map((row) => [row.name, row])));
    rowsBySha.set(sha256, /** @type {Promise<Map<string, any>>} */ (rows));
    // A list that is not here yet may come with the next pull.
    void rows?.then((map) => map.size || rowsBySha.delete(sha256));
  }
  return /** @type {Promise<Map<string, any>>} */ (rows);
}

/** Of communes that share their name the province. @type {WeakMap<any, any>} */
const above = new WeakMap();

/** The communes by their code, from whichever instrument brings them. @param {App} app @param {Opened[]} instruments */
export async function communesOf(app, instruments) {
  const lists = instruments.find(({ instrument }) => instrument.datasets?.communes)?.instrument.datasets;
  const [communes, provinces] = await Promise.all([rowsOf(app, lists?.communes), rowsOf(app, lists?.provinces)]);
  if (!above.has(communes) && provinces.size) {
    above.set(communes, true);
    /** @type {Map<string, any>} */
    const first = new Map();
    for (const row of communes.values()) {
      for (const name of [row.label_ar, row.label_fr]) {
        const other = first.get(name);
        if (other) for (const one of [row, other]) above.set(one, provinces.get(one.province_code));
        first.set(name, row);
      }
    }
  }
  return communes;
}

/** Where a record is, in one or two words. @param {any} record @param {Map<string, any>} communes */
export function placeOf(record, communes) {
  const row = communes.get(record.commune || record[Object.keys(record).find((name) => name.endsWith("_commune")) ?? ""] || record.territory);
  return row ? [row, above.get(row)].filter(Boolean).map(rowLabel).join(t(", ")) : "";
}

/** Whether a form makes new records of `list`, one a form. @param {any} pkg @param {string} list */
export function registersRecords(pkg, list) {
  return (pkg.entities ?? []).some((/** @type {any} */ rule) => rule.list === list && rule.scope === 0 && (rule.create !== undefined || rule.update === undefined));
}
