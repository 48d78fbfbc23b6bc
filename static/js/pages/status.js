/** The line about sync, the same on every page that has it. @typedef {import("./words.js").Counts} Counts */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";
import { syncLine } from "./words.js";

/**
 * What sync says, with what the phone remembers of the last success until sync has looked itself.
 * @param {import("./page.js").App} app @returns {Promise<number | null>}
 */
export async function lastSuccess({ phone, sync }) {
  return sync.state.last_success_at ?? (await phone.meta.get("last_success_at")) ?? null;
}

/**
 * @param {import("../sync/sync.js").SyncState} state
 * @param {Counts} counts
 * @param {{link?: boolean, last?: number | null}} [options]  link: it leads to the outbox
 */
export function statusLine(state, counts, { link = false, last = null } = {}) {
  const { tone, text } = syncLine({ ...state, last_success_at: state.last_success_at ?? last }, counts);
  const words = html`<span class="dot"></span><span class="text" role="status">${text}</span>`;
  return link ? html`<a class="status ${tone}" href="#/outbox">${words}${icon("next")}</a>` : html`<div class="status ${tone}">${words}</div>`;
}

/** What waits can be carried away without a PIN. */
export const rescueLink = () => html`<a class="btn plain" href="#/rescue">${t("Rescue file")}</a>`;
