/** States of the phone page in words. @typedef {import("../store/outbox.js").Counts} Counts */

import { localDay } from "../core/clock.js";
import { formatDate, formatTime, formatWhen, language, n, t } from "../core/i18n.js";

/** A record's name: for a reader of French the Latin one, where there is one. @param {any} record @returns {string} */
export function nameOf({ label, coop_name_fr: latin }) {
  return language() === "fr" && latin ? latin : label;
}

/** Its name in the other script, or nothing. @param {any} record @returns {string} */
export function otherNameOf({ label, coop_name_fr: latin }) {
  return !latin || latin === label ? "" : language() === "fr" ? label : latin;
}

/** Says a title as the name of the record that bears it. @param {any[]} records */
export function namesIn(records) {
  const known = new Map(records.map((record) => [record.label, record]));
  return (/** @type {string} */ title) => (known.has(title) ? nameOf(known.get(title)) : title);
}

/** The text of {"ar": …, "fr": …} in the current language. @param {unknown} text */
export function said(text) {
  if (text === null || text === undefined) return "";
  if (typeof text !== "object") return String(text);
  const all = /** @type {Record<string, unknown>} */ (text);
  const chosen = all[language()] ?? all.default ?? Object.values(all)[0];
  // What depends on answers has no value outside the form.
  return Array.isArray(chosen) ? chosen.map((part) => (typeof part === "string" ? part : "…")).join("") : String(chosen ?? "");
}

/** When it happened, as part of a sentence: "today 18:42" where core's words are the time alone. @param {string | number} when */
export function since(when) {
  const text = formatWhen(when);
  return text === formatTime(when) ? t("today {time}", { time: text }) : text;
}

/** @param {number} count */
export const toSend = (count) => n("{n} form to send", "{n} forms to send", count);

/** Forms that wait for a person with this phone, not for network. @param {Counts} counts */
export const toLookAt = ({ refused, gone }) => refused + gone;

/**
 * The line that tells the truth about sync. Calm is a ring, good a dot, asks a call to look; offline is never an alarm.
 *
 * @param {import("../sync/sync.js").SyncState} state
 * @param {Counts} counts
 * @returns {{tone: "good" | "calm" | "asks", text: string}}
 */
export function syncLine(state, counts) {
  const { phase, progress } = state;
  const { waiting, photos, received } = counts;
  const attention = toLookAt(counts);
  const left = toSend(waiting);
  if (state.clock_wrong) return { tone: "asks", text: t("Check the phone's date: it says {day}", { day: formatDate(localDay()) }) };
  if (phase === "sending" && progress?.total) {
    return { tone: "good", text: t("Sending {done} of {total}…", { done: Math.min(progress.done + 1, progress.total), total: progress.total }) };
  }
  if (phase === "sending" && waiting) return { tone: "good", text: t("Sending: {left}", { left }) };
  if (phase === "offline") {
    if (!waiting) return { tone: "calm", text: t("No network. Everything is kept on the phone") };
    return { tone: "calm", text: t("No network. {left}, kept on the phone", { left }) };
  }
  if (waiting) return { tone: phase === "signed_out" ? "calm" : "good", text: t("{left}, kept on the phone", { left }) };
  if (attention) return { tone: "asks", text: n("{n} form needs a look", "{n} forms need a look", attention) };
  if (photos && state.photos_held) return { tone: "calm", text: n("Forms received; {n} photo waits for Wi-Fi", "Forms received; {n} photos wait for Wi-Fi", photos) };
  if (photos) return { tone: "good", text: n("Forms received; {n} photo still to send", "Forms received; {n} photos still to send", photos) };
  if (phase === "receiving") return { tone: "good", text: t("Everything sent. Updating the phone…") };
  if (!state.last_success_at) return { tone: "calm", text: t("Nothing to send") };
  const time = formatWhen(state.last_success_at);
  return { tone: "good", text: received ? t("All you recorded was received · {time}", { time }) : t("Everything is up to date · {time}", { time }) };
}
