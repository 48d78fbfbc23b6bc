/** The state of a finished form in words: on the phone, on its way, at the server, at the office. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../core/i18n.js";
import { isToSend } from "../store/outbox.js";
import { since } from "./words.js";

/** @typedef {"" | "plain" | "asks" | "wrong"} Tone @typedef {import("../store/outbox.js").Item} Item */

/** What the office did with it. @type {Record<string, () => [Tone, string]>} */
const REVIEW = {
  received: () => ["", t("Received")],
  has_issues: () => ["asks", t("To correct")],
  edited: () => ["", t("Edited at the office")],
  approved: () => ["", t("Approved")],
  rejected: () => ["wrong", t("Rejected")],
};

/** @param {Item} item */
export function photosOf({ attachments }) {
  return { total: attachments.length, left: attachments.filter(isToSend).length, lost: attachments.filter(({ state }) => state === "lost").length };
}

/**
 * @param {Item} item
 * @param {any} [submission]  as last pulled
 * @param {boolean} [sending]  sync is at it
 * @returns {[Tone, string]}
 */
function itemState(item, submission, sending = false) {
  switch (item.state) {
    case "waiting":
      return ["plain", sending ? t("Being sent") : t("Waiting to be sent")];
    case "quarantined":
      return item.rejected ? REVIEW.rejected() : ["asks", t("Needs a look at the office")];
    case "gone":
      return ["asks", t("Deleted at the office")];
    case "refused":
      return ["wrong", t("Refused")];
    default: {
      const known = submission?.revision_id === item.revision_id ? REVIEW[submission.state] : undefined;
      // "edited" of what this phone itself sent is its own correction: the office has not decided yet.
      if (known && submission.state !== "received" && submission.state !== "edited") return known();
      return ["", photosOf(item).left ? t("Text received") : t("Received")];
    }
  }
}

/** @param {Item} item @param {any} [submission] @param {boolean} [sending] */
export function itemChip(item, submission, sending) {
  const [tone, words] = itemState(item, submission, sending);
  return html`<span class="chip ${tone}">${words}</span>`;
}

/** @param {any} submission */
export function submissionChip(submission) {
  const [tone, words] = submission.quarantine ? /** @type {[Tone, string]} */ (["asks", t("Needs a look at the office")]) : (REVIEW[submission.state] ?? REVIEW.received)();
  return html`<span class="chip ${tone}">${words}</span>`;
}

/** When, under which number. @param {Item} item @param {import("../store/outbox.js").Receipt | null} [receipt] */
export function itemLine(item, receipt) {
  if (receipt) return t("Receipt {number} · {time}", { number: String(receipt.number ?? receipt.server_seq), time: since(receipt.received_at) });
  return t("Finished {time}", { time: since(item.finished_at) });
}
