/**
 * Is this phone ready for a day without network? The same list after signing in and on the Phone page.
 *
 * @typedef {"done" | "todo" | "working"} CheckState
 * @typedef {{id: string, state: CheckState, title: string, text: string, action?: {label: string, run: () => void}}} Check
 */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { localIso } from "../core/clock.js";
import { formatWhen, n, t } from "../core/i18n.js";
import { lackingRest, lackingWidgets } from "../form/second.js";
import { icon } from "./icons.js";
import { instrumentsOf } from "./instruments.js";

/** A clock that is further off puts wrong dates on visits. */
const CLOCK_MS = 5 * 60_000;

/** @param {import("./page.js").App} app @returns {Promise<Check[]>} */
export async function readiness(app) {
  const { phone, sync, update, install } = app;
  const [instruments, cooperatives, { persisted, asked_at }, offset, parts, rest, own, locked, pulled] = await Promise.all([
    instrumentsOf(app), phone.catalogue.entities("cooperatives"), phone.storage(), phone.meta.get("clock_offset"), lackingWidgets(phone), lackingRest(),
    phone.catalogue.submissions(), phone.meta.get("screen_lock"),
    Promise.all((app.person?.programmes ?? []).map(async (/** @type {{id: string}} */ { id }) => (await phone.catalogue.kv(`cursor:${id}`))?.pulled)),
  ]);
  const records = [cooperatives.length ? n("{n} cooperative", "{n} cooperatives", cooperatives.length) : "", own.length ? n("{n} form of mine", "{n} forms of mine", own.length) : ""];
  const open = instruments.filter(({ instrument }) => instrument.is_open);
  const packages = await Promise.all(open.map(({ instrument }) => phone.catalogue.has("packages", instrument.sha256)));
  const missing = packages.filter((here) => !here).length;
  const wanted = [...new Set(open.flatMap(({ instrument }) => Object.values(instrument.datasets ?? {})))];
  const lists = await Promise.all(wanted.map((sha256) => phone.catalogue.has("datasets", sha256)));
  const lacking = lists.filter((here) => !here).length;
  const busy = sync.state.phase === "sending" || sync.state.phase === "receiving";
  /** All of them came, also where there are none. */
  const whole = (pulled.length > 0 && pulled.every(Boolean)) || (!busy && Boolean(sync.state.last_success_at));
  /** @param {boolean} ok @returns {CheckState} */
  const state = (ok) => (ok ? "done" : busy ? "working" : "todo");
  const connect = busy ? t("On its way…") : t("Connect to Internet and update; nothing that was filled is lost.");

  /** @type {Check[]} */
  const checks = [
    {
      id: "shell", state: update.shell === "ready" ? "done" : update.shell === "starting" ? "working" : "todo", title: t("The application opens without network"),
      text: update.shell === "ready" ? "" : update.shell === "starting" ? t("Being kept on the phone…") : t("Open it in Chrome, not in a private window, and with network once."),
    },
    {
      id: "forms", state: state(open.length > 0 && !missing && !parts.length), title: t("Forms"),
      text: open.length && !missing ? (parts.length ? connect : n("{n} form", "{n} forms", open.length)) : open.length ? t("{done} of {total} are here. {next}", { done: open.length - missing, total: open.length, next: connect }) : connect,
    },
    {
      id: "places", state: state(open.length > 0 && !lacking), title: t("Places and lists"),
      text: open.length && !lacking ? "" : t("Some lists are not here yet. {next}", { next: connect }),
    },
    {
      id: "records", state: state(cooperatives.length > 0 || whole), title: t("Records of my area"),
      text: records.some(Boolean) ? records.filter(Boolean).join(" · ") : whole ? t("No cooperative in this area yet") : connect,
    },
    { id: "rest", state: state(!rest.length), title: t("Records, what was sent, the other language"), text: rest.length ? connect : "" },
    {
      id: "storage", state: persisted ? "done" : "todo", title: t("The phone keeps the data"),
      text: persisted ? "" : asked_at ? t("The browser refused ({time}): put Daftar on the home screen, open it from there, then press here again.", { time: formatWhen(asked_at) }) : t("The browser may clear it when space is short: put Daftar on the home screen, then press here."),
      action: persisted ? undefined : { label: t("Ask the browser to keep it"), run: () => void phone.protect() },
    },
  ];
  const skew = typeof offset === "number" ? offset : null;
  const right = skew !== null && Math.abs(skew) <= CLOCK_MS;
  checks.push({
    id: "clock", state: skew === null ? state(false) : right ? "done" : "todo", title: t("The phone's clock is right"),
    text: skew === null ? t("It is compared with the server's at the next contact.") : right ? "" : t("It is {off} off: set date and time to automatic in the phone's settings.", { off: minutesWords(Math.abs(skew)) }),
  });
  checks.push(
    {
      id: "install", state: install.state === "installed" ? "done" : "todo", title: t("Daftar is on the home screen"),
      text: install.state === "installed" ? "" : install.state === "offered" ? t("It then opens like any application, and the browser protects its data better.") : t("In the browser's menu (⋮): “Add to home screen”."),
      action: install.state === "offered" ? { label: t("Put it on the home screen"), run: () => void install.ask() } : undefined,
    },
    {
      id: "lock", state: locked ? "done" : "todo", title: t("The phone locks its screen"),
      text: locked ? "" : t("A code or a pattern keeps others out. Set one in the phone's settings, under security, then say so here."),
      action: locked ? undefined : { label: t("Yes, it asks for a code"), run: () => void phone.meta.set("screen_lock", localIso()) },
    },
  );
  // The office sees what is left to do on each phone.
  const todo = checks.filter((check) => check.state !== "done").map(({ id }) => id);
  if (!busy && String(await phone.meta.get("todo")) !== String(todo)) await phone.meta.set("todo", todo);
  return checks;
}

/** @param {number} ms */
export function minutesWords(ms) {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return n("{n} minute", "{n} minutes", minutes);
  const hours = Math.round(minutes / 60);
  return hours < 48 ? n("{n} hour", "{n} hours", hours) : n("{n} day", "{n} days", Math.round(hours / 24));
}

/** Without these one cannot work offline; the others are advice. */
const NEEDED = new Set(["shell", "forms", "places", "records"]);

/** @param {Check[]} checks @returns {Check[]} what is needed and not here yet */
export const stillNeeded = (checks) => checks.filter(({ id, state }) => state !== "done" && NEEDED.has(id));

/** @param {Check[]} checks */
export function checkList(checks) {
  /** @type {Record<CheckState, string>} */
  const names = { done: t("Ready"), todo: t("To do"), working: t("Under way") };
  return html`<ul class="checks">${checks.map(({ id, state, title, text, action }) => html`<li class=${state} data-check=${id}>
    <span class="tick" aria-hidden="true">${state === "done" ? icon("tick") : state === "todo" ? "!" : "…"}</span>
    <div class="words"><span>${title}<span class="for-readers"> : ${names[state]}</span></span>
      ${text ? html`<p>${text}</p>` : nothing}
      ${action ? html`<button class="btn plain" type="button" @click=${action.run}>${action.label}</button>` : nothing}</div></li>`)}</ul>`;
}
