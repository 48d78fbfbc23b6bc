import { newId } from "../core/ids.js";

/**
 * Notices that the phone lost its memory. What was kept is remembered in three places that are not lost together: the store, the
 * page's small storage and a cookie. Ids and counts only, nothing personal.
 *
 * @typedef {object} Canary
 * @property {string} id  of this installation
 * @property {string[]} unsent  revisions finished and not received
 * @property {number} drafts
 * @property {number} [gone]  drafts finished or deleted since this installation began
 *
 * @typedef {object} Alarm
 * @property {"data_lost" | "items_missing" | "store_damaged" | "storage_refused" | "cache_unavailable"} kind
 * @property {string} at
 * @property {Record<string, any>} details  data_lost, items_missing: {unsent: number, ids, drafts}
 */

const KEY = "daftar.canary";
const COOKIE = "daftar_install";
const YEAR_S = 34560000;

/** @returns {Canary | null} */
export function rememberedOutside() {
  /** @type {Canary | null} */
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    // Refused or damaged: the cookie may still know.
  }
  if (kept && typeof kept.id === "string" && Array.isArray(kept.unsent)) return kept;
  const found = new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)\\.(\\d+)\\.(\\d+)`).exec(document.cookie);
  // The cookie knows how many, not which.
  return found && { id: found[1], unsent: Array.from({ length: Number(found[2]) }, () => ""), drafts: Number(found[3]) };
}

/** @param {Canary} canary */
export function rememberOutside(canary) {
  try {
    localStorage.setItem(KEY, JSON.stringify(canary));
  } catch {
    // The cookie remains.
  }
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${canary.id}.${canary.unsent.length}.${canary.drafts}; Max-Age=${YEAR_S}; Path=/field; SameSite=Strict${secure}`;
}

/**
 * Compares the store with what was remembered outside it, when the page opens.
 *
 * @param {object} found
 * @param {string | undefined} found.install  id in the store
 * @param {boolean} found.created  the store was new
 * @param {string} found.dataLoss
 * @param {Set<string>} found.known  revisions in the store: items and receipts
 * @param {number} found.drafts
 * @param {number} found.gone
 * @param {Canary | null} outside
 * @param {string} at
 * @returns {{id: string, alarms: Alarm[]}}
 */
export function compare({ install, created, dataLoss, known, drafts, gone }, outside, at) {
  /** @type {Alarm[]} */
  const alarms = [];
  if (dataLoss !== "none") alarms.push({ kind: "store_damaged", at, details: { dataLoss } });
  if (outside && (created || !install)) {
    alarms.push({ kind: "data_lost", at, details: { unsent: outside.unsent.length, ids: outside.unsent.filter(Boolean), drafts: outside.drafts } });
  } else if (outside && outside.id === install) {
    const ids = outside.unsent.filter((id) => id && !known.has(id));
    // The cookie does not know how many drafts were meant to go.
    const fewer = Math.max(0, outside.drafts - drafts - (gone - (outside.gone ?? -Infinity)));
    if (ids.length || fewer) alarms.push({ kind: "items_missing", at, details: { unsent: ids.length, ids, drafts: fewer } });
  }
  return { id: install ?? newId(), alarms };
}
