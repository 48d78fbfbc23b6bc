/**
 * Pages that come in a script of their own, afterwards.js: a day in the field can begin without them.
 *
 * @typedef {(host: HTMLElement, app: import("./page.js").App, args: string[]) => import("./page.js").Page | Promise<{close(): void}>} Opener
 */

import { nothing } from "../../vendor/lit-html/lit-html.js";
import { reportError } from "../core/events.js";
import { ensureLater } from "../form/second.js";

/** @type {Record<string, Opener>} */
const pages = {};

/** Words for what seldom happens: alarms.js. @type {{of?: typeof import("./alarms.js").noticesOf, stuck?: typeof import("./alarms.js").stuckPage}} */
export const notices = {};

/** That the browser gives no promise is a line of the check list: nothing is lost yet. @param {import("../store/phone.js").Phone} phone */
export const alarmsOf = (phone) => phone.alarms.filter(({ kind }) => kind !== "storage_refused");

/** @param {import("../store/phone.js").Phone} phone @param {() => void} repaint  once the words are there @param {number} [unread]  drafts that cannot be opened */
export function alarmNotes(phone, repaint, unread = 0) {
  if (!unread && !alarmsOf(phone).length) return nothing;
  if (notices.of) return notices.of(phone, unread);
  ensureLater().then(() => notices.of && repaint(), reportError);
  return nothing;
}

/** @param {Record<string, Opener>} more */
export function registerPages(more) {
  Object.assign(pages, more);
}

/** @param {string} name @returns {Promise<Opener>} */
export async function laterPage(name) {
  if (!pages[name]) await ensureLater();
  return pages[name];
}
