/**
 * What later.js gives a form or a result that is in sight; none of it is needed to fill and finish one, or to see its score.
 *
 * @typedef {object} Later
 * @property {((page: import("./form-page.js").Page, root: HTMLElement) => () => void) | null} attach  works with a page that is shown, until the function it gives is called
 * @property {typeof import("./copy.js").copyRow | null} copyRow
 * @property {typeof import("./read-only.js").lineOf | null} lineOf
 * @property {typeof import("./read-only.js").chosenIn | null} chosenIn
 * @property {typeof import("./room.js").openRoom | null} openRoom
 * @property {typeof import("./room.js").paperSheet | null} paperSheet
 * @property {typeof import("./answers.js").answerSections | null} answerSections
 * @property {typeof import("./aside.js").asideSection | null} asideSection
 */

/** @type {Later} */
export const later = { attach: null, copyRow: null, lineOf: null, chosenIn: null, openRoom: null, paperSheet: null, answerSections: null, asideSection: null };
