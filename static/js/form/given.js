/**
 * What later.js gives a form that is in sight; none of it is needed to fill and finish one.
 *
 * @typedef {object} Later
 * @property {((page: import("./form-page.js").Page, root: HTMLElement) => () => void) | null} attach  works with a page that is shown, until the function it gives is called
 * @property {typeof import("./copy.js").copyRow | null} copyRow
 * @property {typeof import("./read-only.js").lineOf | null} lineOf
 * @property {typeof import("./read-only.js").chosenIn | null} chosenIn
 */

/** @type {Later} */
export const later = { attach: null, copyRow: null, lineOf: null, chosenIn: null };
