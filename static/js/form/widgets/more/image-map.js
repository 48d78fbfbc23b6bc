/**
 * A drawing whose parts are the choices: a part with the id of a choice is tapped to choose it. The choices stand below as well,
 * for whoever cannot see or tap the drawing, and where it is not on the phone.
 */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { cardsWidget } from "../select-one.js";
import { checksWidget, codes, toggled } from "../select-multiple.js";
import { drawingOf } from "./media.js";

/** What a drawing is made of; anything else in the file stays out of the page. */
const PARTS = /^(svg|g|path|rect|circle|ellipse|line|polyline|polygon|text|tspan|title|desc)$/;
const ATTRIBUTES = /^(id|d|x|y|x1|y1|x2|y2|cx|cy|r|rx|ry|dx|dy|width|height|points|transform|viewBox|fill|fill-opacity|fill-rule|opacity|stroke|stroke-width|stroke-linejoin|stroke-linecap|font-size|font-family|font-weight|text-anchor)$/;
const SVG = "http://www.w3.org/2000/svg";

/** @param {import("../../part.js").Field} field */
export function imageMapWidget(field) {
  const { local, view } = field;
  const name = view.media?.image;
  if (name && local.drawing === undefined) {
    local.drawing = null;
    void drawingOf(field, name).then((text) => {
      local.drawing = text ? copied(new DOMParser().parseFromString(text, "image/svg+xml").documentElement) : null;
      local.drawing?.setAttribute("class", "image-map");
      local.drawing?.setAttribute("aria-hidden", "true");
      field.update();
    });
  }
  if (local.drawing) mark(field);
  return html`${local.drawing ? html`<div @click=${(/** @type {any} */ event) => tap(field, event)}>${local.drawing}</div>` : nothing}
    ${field.node.type === "select_one" ? cardsWidget(field) : checksWidget(field)}`;
}

/** @param {Element} from @returns {SVGElement | null} */
export function copied(from) {
  if (!PARTS.test(from.localName)) return null;
  const to = document.createElementNS(SVG, from.localName);
  for (const { name, value } of [...from.attributes]) {
    if (!ATTRIBUTES.test(name)) continue;
    // Ids of the page stay its own.
    if (name === "id") to.dataset.choice = value;
    else to.setAttribute(name, value);
  }
  for (const child of [...from.childNodes]) {
    const part = child instanceof Element ? copied(child) : child.nodeType === Node.TEXT_NODE ? child.cloneNode() : null;
    if (part) to.append(part);
  }
  return to;
}

/** @param {import("../../part.js").Field} field */
function mark(field) {
  const chosen = codes(field.view.value);
  const offered = new Set(field.choices().map(({ value }) => value));
  for (const part of field.local.drawing.querySelectorAll("[data-choice]")) {
    const { choice } = part.dataset;
    part.classList.toggle("offered", offered.has(choice));
    part.classList.toggle("on", chosen.includes(choice));
  }
}

/** @param {import("../../part.js").Field} field @param {Event} event */
function tap(field, event) {
  const { view, node } = field;
  const choices = field.choices();
  let part = /** @type {Element | null} */ (event.target)?.closest("[data-choice]");
  while (part && !choices.some(({ value }) => value === /** @type {any} */ (part).dataset.choice)) part = part.parentElement?.closest("[data-choice]");
  if (!part || view.readonly) return;
  const { choice } = /** @type {any} */ (part).dataset;
  if (node.type === "select_one") field.set(choice, { done: true });
  else field.set(toggled(view.value, choice, choices), { several: true });
}
