/** The line about sync, the same on every page that has it. @typedef {import("./words.js").Counts} Counts */

import { html } from "../../vendor/lit-html/lit-html.js";
import { syncLine } from "./words.js";

/**
 * @param {any} state  of sync
 * @param {Counts} counts
 * @param {{link?: boolean}} [options]  link: it leads to the outbox
 */
export function statusLine(state, counts, { link = false } = {}) {
  const { tone, text } = syncLine(state, counts);
  const words = html`<span class="dot"></span><span class="text" role="status">${text}</span>`;
  return link ? html`<a class="status ${tone}" href="#/outbox">${words}</a>` : html`<div class="status ${tone}">${words}</div>`;
}
