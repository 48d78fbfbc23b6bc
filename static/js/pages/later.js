/**
 * Pages that come in a script of their own, afterwards.js: a day in the field can begin without them.
 *
 * @typedef {(host: HTMLElement, app: import("./page.js").App, args: string[]) => import("./page.js").Page | Promise<{close(): void}>} Opener
 */

import { ensureLater } from "../form/second.js";

/** @type {Record<string, Opener>} */
const pages = {};

/** @param {Record<string, Opener>} more */
export function registerPages(more) {
  Object.assign(pages, more);
}

/** @param {string} name @returns {Promise<Opener>} */
export async function laterPage(name) {
  if (!pages[name]) await ensureLater();
  return pages[name];
}
