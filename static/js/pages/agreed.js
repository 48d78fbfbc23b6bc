/**
 * What was agreed with a cooperative or a group: its open actions, those that are late first, and who answers for each; which
 * trainings fit. It opens a visit and is the day's brief; everything comes from the lists on the phone.
 *
 * @typedef {object} Action
 * @property {string} id
 * @property {string} label
 * @property {string} due  a date, "" when none was agreed
 * @property {number} late  days since then, 0 when it is not late
 * @property {string} owner  in words
 * @property {boolean} isOurs  the facilitator or the programme promised it
 * @property {string} state  in words
 * @property {string} remark  what the last visit wrote about it
 * @property {string} agreed  a date
 */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { localDay } from "../core/clock.js";
import { formatDate, n, t } from "../core/i18n.js";
import { said } from "./words.js";

const OVER = new Set(["done", "dropped"]);
const DAY_MS = 86_400_000;

/** Days from one date to another. @param {string} from @param {string} to */
const daysBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);

/** What was taken as it was proposed, in the reader's language. @param {string} label @param {any} text */
const inWords = (label, text) => (Object.values(text ?? {}).includes(label) ? said(text) : label);

/** The rows of a choice list, from the first form that has it. @param {any[]} packages @param {string} list @returns {Map<string, any>} by code */
export function choicesIn(packages, list) {
  /** @type {Map<string, any>} */
  const found = new Map();
  // Of the same code in several forms the fullest row: one of them may say more about it.
  for (const pkg of packages)
    for (const item of pkg.lists?.[list] ?? []) if (Object.keys(item).length > Object.keys(found.get(item.name) ?? {}).length) found.set(item.name, item);
  return found;
}

/**
 * @param {any[]} rows  of the list of actions @param {string} id  of the record @param {any[]} packages @param {string} [today]
 * @returns {{open: Action[], closed: Action[]}} open: the latest first, then by date
 */
export function actionsOf(rows, id, packages, today = localDay()) {
  const owners = choicesIn(packages, "responsible");
  const states = choicesIn(packages, "action_status");
  const proposed = choicesIn(packages, "plan_source");
  /** @type {Action[]} */
  const open = [];
  /** @type {Action[]} */
  const closed = [];
  for (const row of rows) {
    if (![row.coop, row.project, row.meeting].includes(id)) continue;
    const { due = "", status = "", responsible = "", agreed_on: agreed = "" } = row;
    const isOver = OVER.has(status);
    (isOver ? closed : open).push({
      id: row.name, label: inWords(row.label, proposed.get(row.source)?.label), due, late: !isOver && due && due < today ? daysBetween(due, today) : 0, agreed,
      owner: row.party || said(owners.get(responsible)?.label) || responsible, isOurs: owners.get(responsible)?.side === "ours",
      state: said(states.get(status)?.label) || status, remark: row.remark || row.block || "",
    });
  }
  open.sort((a, b) => ((a.due || "9") < (b.due || "9") ? -1 : 1));
  return { open, closed };
}

/** @param {number} days */
const lateChip = (days) => html`<span class="chip asks">${n("{n} day late", "{n} days late", days)}</span>`;

/** @param {Action} action */
function actionRow({ label, due, late, owner, state, remark, isOurs }) {
  return html`<li class=${late ? "late" : ""}><div class="row"><strong><bdi>${label}</bdi></strong>${late ? lateChip(late) : nothing}</div>
    <p>${[isOurs ? t("Ours: {owner}", { owner }) : owner, due ? t("by {date}", { date: formatDate(due) }) : "", state].filter(Boolean).map((part, i) => html`${i ? " · " : nothing}<bdi>${part}</bdi>`)}</p>
    ${remark ? html`<p class="quote" dir="auto">${remark}</p>` : nothing}</li>`;
}

/**
 * The compact block with which a visit begins: what was agreed, what is late, what to correct.
 * @param {{open: Action[], closed: Action[], lastVisit: string, nextVisit: string, corrections: {title: string, text: string}[]}} what
 */
export function brief({ open, closed, lastVisit, nextVisit, corrections }) {
  const late = open.filter((one) => one.late).length;
  // A visit may have agreed on nothing.
  const since = [...open, ...closed].reduce((last, { agreed }) => (agreed > last ? agreed : last), "");
  const isAgreed = open.length || closed.length;
  if (!isAgreed && !lastVisit && !nextVisit && !corrections.length) return nothing;
  const title = isAgreed ? t("Last time you agreed") : t("Visits");
  return html`<section class="card brief" aria-label=${title}>
    <div class="row"><h2>${title}</h2>${since ? html`<span class="soft"><bdi>${formatDate(since)}</bdi></span>` : nothing}</div>
    <p class="soft">${[open.length ? n("{n} open action", "{n} open actions", open.length) : isAgreed ? t("Everything that was agreed is done") : t("Nothing was agreed yet"), late ? n("{n} of them late", "{n} of them late", late) : "",
      lastVisit && lastVisit !== since ? t("last visit: {date}", { date: formatDate(lastVisit) }) : "",
      nextVisit ? t("next visit: {date}", { date: formatDate(nextVisit) }) : ""].filter(Boolean).join(" · ")}</p>
    <ul class="agreed">${open.map(actionRow)}</ul>
    ${corrections.length
      ? html`<ul class="bring">
          ${corrections.map(({ title, text }) => html`<li>${t("To correct on the spot: {form}", { form: title })}${text ? html`<p class="quote" dir="auto">${text}</p>` : nothing}</li>`)}</ul>`
      : nothing}
    ${closed.length ? html`<details><summary>${n("{n} action closed", "{n} actions closed", closed.length)}</summary><ul class="agreed">${closed.map(actionRow)}</ul></details>` : nothing}
  </section>`;
}

/** Codes of trainings that weak axes ask for, without those held since. @param {any} record @param {any[]} trainings @returns {string[]} */
export function themesFor(record, trainings) {
  const held = new Set(trainings.filter(({ date_start = "" }) => date_start >= (record.last_diag ?? "")).flatMap(({ themes = "" }) => themes.split(" ")));
  return (record.train_themes ?? "").split(" ").filter((/** @type {string} */ code) => code && !held.has(code));
}

/** Trainings in which people of this record took part. @param {any[]} rows @param {string} id */
export const trainingsOf = (rows, id) => rows.filter(({ coops = "" }) => coops.split(" ").includes(id)).sort((a, b) => (a.date_start < b.date_start ? 1 : -1));
