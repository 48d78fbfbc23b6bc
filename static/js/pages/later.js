/**
 * Pages that come in a script of their own, setup.js: the first paint does not wait for them.
 *
 * @typedef {(host: HTMLElement, app: import("./page.js").App, args: string[]) => import("./page.js").Page} Opener
 */

import { loadSetup } from "../form/second.js";

/** @type {Record<string, Opener>} */
const pages = {};

/** @param {Record<string, Opener>} more */
export function registerPages(more) {
  Object.assign(pages, more);
}

/** @param {string} name @returns {Promise<Opener>} */
export async function laterPage(name) {
  if (!pages[name]) await loadSetup();
  return pages[name];
}
