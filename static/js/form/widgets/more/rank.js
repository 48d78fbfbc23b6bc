/**
 * All choices in an order. It is blank until somebody moves a line or says the order is right: the order of the workbook is no
 * answer. Lines move by their buttons, or by the handle under the finger.
 */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { repeat } from "../../../../vendor/lit-html/directives/repeat.js";
import { t } from "../../../core/i18n.js";
import { plain } from "../../plain.js";
import { clearTemplate } from "../clear.js";
import { codes } from "../select-multiple.js";

/** @param {import("../../part.js").Field} field @returns {string[]} the order as it stands, of all choices offered now */
function orderOf(field) {
  const offered = field.choices().filter(({ lost }) => !lost).map(({ value }) => value);
  const ranked = codes(field.view.value).filter((value) => offered.includes(value));
  return [...ranked, ...offered.filter((value) => !ranked.includes(value))];
}

/** @param {import("../../part.js").Field} field @param {string} value @param {number} to */
function move(field, value, to) {
  const order = orderOf(field);
  const from = order.indexOf(value);
  if (to < 0 || to >= order.length || to === from) return;
  order.splice(to, 0, ...order.splice(from, 1));
  field.set(order.join(" "), { several: true });
}

/** @param {import("../../part.js").Field} field */
export function rankWidget(field) {
  const { view, local } = field;
  const choices = field.choices();
  const lost = choices.filter((choice) => choice.lost);
  if (!choices.length) return html`<p class="q-note">${t("No choice yet: an earlier answer decides.")}</p>`;
  const order = orderOf(field);
  const isWhole = view.value !== "" && view.value === order.join(" ");
  const press = (/** @type {any} */ event, /** @type {string} */ value, /** @type {number} */ to) => {
    const button = event.currentTarget;
    move(field, value, to);
    local.said = t("{name}: place {place} of {all}", { name: plain(choices.find((one) => one.value === value)?.label), place: to + 1, all: order.length });
    field.update();
    // At the end of the list the pressed button is off; its neighbour takes over.
    const line = button.closest("li");
    (button.disabled ? line.querySelector("button:not([disabled])") : button)?.focus();
  };
  return html`
    <ol class=${isWhole ? "ranking" : "ranking blank"} aria-labelledby=${field.labelId} aria-describedby=${field.describedBy}>
      ${repeat(order, (value) => value, (value, index) => {
        const label = choices.find((one) => one.value === value)?.label ?? value;
        const name = plain(label);
        return html`<li class=${local.dragged === value ? "rank-line dragged" : "rank-line"} data-value=${value}>
          <span class="rank-grip" @pointerdown=${(/** @type {PointerEvent} */ event) => drag(field, event, value)}><bdi class="rank-place">${isWhole ? index + 1 : "–"}</bdi></span>
          <span class="rank-name">${field.rich(label)}</span>
          ${view.readonly ? nothing : html`<button type="button" class="rank-move" ?disabled=${index === 0} aria-label=${t("Up: {name}", { name })} @click=${(/** @type {any} */ event) => press(event, value, index - 1)}><span aria-hidden="true">↑</span></button>
          <button type="button" class="rank-move" ?disabled=${index === order.length - 1} aria-label=${t("Down: {name}", { name })} @click=${(/** @type {any} */ event) => press(event, value, index + 1)}><span aria-hidden="true">↓</span></button>`}
        </li>`;
      })}
      ${lost.map(({ value, label }) => html`<li class="rank-line lost" data-value=${value}><span class="rank-grip"><bdi class="rank-place">–</bdi></span><span class="rank-name">${field.rich(label)}</span></li>`)}
    </ol>
    <p class="for-readers" role="status">${local.said ?? ""}</p>
    ${isWhole || view.readonly ? nothing : html`<p class="q-note">${t("Not ranked yet: move the lines, the first is the most important, or keep this order.")}</p>
      <div class="buttons"><button type="button" class="btn plain" @click=${() => field.set(order.join(" "), { done: true })}>${t("Keep this order")}</button></div>`}
    ${clearTemplate(field, isWhole || lost.length)}`;
}

/** @param {import("../../part.js").Field} field @param {PointerEvent} event @param {string} value */
function drag(field, event, value) {
  const grip = /** @type {HTMLElement} */ (event.currentTarget);
  const list = grip.closest("ol");
  if (field.view.readonly || !list) return;
  event.preventDefault();
  const { local } = field;
  local.dragged = value;
  // The line moves in the page while it is held: only the window hears every movement.
  const follow = (/** @type {PointerEvent} */ at) => {
    const lines = [...list.children].map((line) => line.getBoundingClientRect());
    const from = orderOf(field).indexOf(value);
    const to = lines.findIndex((box) => at.clientY < box.bottom);
    const target = to < 0 ? lines.length - 1 : to;
    const middle = (lines[target].top + lines[target].bottom) / 2;
    if (target < from ? at.clientY < middle : at.clientY > middle) move(field, value, target);
  };
  const drop = () => {
    removeEventListener("pointermove", follow);
    removeEventListener("pointerup", drop);
    removeEventListener("pointercancel", drop);
    local.dragged = undefined;
    field.update();
  };
  addEventListener("pointermove", follow);
  addEventListener("pointerup", drop);
  addEventListener("pointercancel", drop);
  field.update();
}
