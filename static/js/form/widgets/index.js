/**
 * Which widget draws which question. What most forms ask is here; rarer kinds and appearances are in a second script
 * (form/more.js with more.css) that is fetched with the instruments that need it.
 *
 * @typedef {{draw: ((field: import("../part.js").Field) => unknown) | null, labels: "input" | "group"}} Widget
 *   labels: whether the question's label names one input or a group
 * @typedef {object} More  what the second script gives
 * @property {(node: any, pkg: any) => Widget | null} choose  null: as this script draws it
 * @property {(field: import("../part.js").Field) => unknown} media  picture, sound or film of a label
 * @property {(type: string) => string} text  why an answer cannot be one of a rarer type
 * @property {typeof import("../audit.js").auditLog} audit
 * @property {typeof import("../last-saved.js").lastSaved} lastSaved
 * @property {typeof import("../last-saved.js").keepLast} keepLast
 * @property {typeof import("../default-file.js").adopt} adopt
 * @property {typeof import("../default-file.js").begunWith} begunWith
 */

import { cardsWidget } from "./select-one.js";
import { checksWidget } from "./select-multiple.js";
import { dateWidget } from "./date.js";
import { textWidget } from "./text.js";
import { geopointWidget } from "./geopoint.js";
import { imageWidget } from "./image.js";
import { listWidget } from "./select-list.js";
import { numberWidget } from "./number.js";
import { signatureWidget } from "./signature.js";

/** Above this many choices of a list kept in the form, cards become a page to search. */
const MANY = 12;

/** @type {{given: More | null}} */
const more = { given: null };

/** Called by the second script when it runs. @param {More} given */
export function registerWidgets(given) {
  more.given = given;
}

/** Appearances of this script's own widgets; the others, and other types, want the second script. */
const OWN = /^(minimal|autocomplete|search|multiline|numbers|thousands-sep|no-separator|signature|new|new-front|quick|grid|maps?|placement-map)$/;
const OWN_TYPES = /^(note|text|email|phonenumber|integer|decimal|date|geopoint|image|select_one|select_multiple)$/;

/** Whether a form has something that only the second script draws. @param {any} pkg @returns {boolean} */
export function needsMore(pkg) {
  return pkg.nodes.some((/** @type {any} */ node) => node.type === "audit" || node.kind !== "value" && (
    (node.kind === "question" && !OWN_TYPES.test(node.type)) || node.media || /^jr:/.test(node.default)
    || (node.appearance ?? "").split(/\s+/).some((/** @type {string} */ word) => word && !OWN.test(word))))
    || pkg.datasets?.["__last-saved"] || Object.values(pkg.lists ?? {}).some((items) => items.some((/** @type {any} */ item) => item.media));
}

/** The picture, sound or film of a label. @param {import("../part.js").Field} field @returns {unknown} */
export function mediaOf(field) {
  return (field.node.media && more.given?.media(field)) ?? "";
}

/** @type {More["text"]} */
export const moreText = (type) => more.given?.text(type) ?? "";

/** The log of a form that asks for one. @type {typeof import("../audit.js").auditLog} */
export const auditOf = (...of) => more.given?.audit(...of) ?? null;

/** What the second script gives, where it is there. */
export const given = () => more.given;

/** @param {any} node @param {any} pkg @returns {Widget} */
export function widgetFor(node, pkg) {
  const found = more.given?.choose(node, pkg);
  if (found) return found;
  const appearance = node.appearance ?? "";
  switch (node.type) {
    case "note": return { draw: null, labels: "group" };
    case "integer": case "decimal": return { draw: numberWidget, labels: "input" };
    case "date": return { draw: dateWidget, labels: "input" };
    case "geopoint": return { draw: geopointWidget, labels: "group" };
    case "image": return { draw: /\bsignature\b/.test(appearance) ? signatureWidget : imageWidget, labels: "group" };
    case "select_one": case "select_multiple": {
      const list = pkg.lists?.[node.choices?.list];
      const long = !list || list.length > MANY || /\b(minimal|autocomplete|search)\b/.test(appearance);
      if (long) return { draw: listWidget, labels: "group" };
      return { draw: node.type === "select_one" ? cardsWidget : checksWidget, labels: "group" };
    }
    default: return { draw: textWidget, labels: "input" };
  }
}
