/** Numbers by steps, words that nobody beside should read, addresses that open. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { live } from "../../../../vendor/lit-html/directives/live.js";
import { t } from "../../../core/i18n.js";
import { numberWidget } from "../number.js";
import { textWidget } from "../text.js";

/** @param {import("../../part.js").Field} field */
export function counterWidget(field) {
  const { view, local } = field;
  const now = Number(view.value || "0");
  const step = (/** @type {number} */ by) => {
    local.typed = undefined;
    field.set(String(now + by), { several: true });
  };
  const can = Number.isInteger(now) && !view.readonly;
  return html`<div class="counter">
    <button type="button" class="btn plain step" ?disabled=${!can || view.value === "" || now <= 0} aria-label=${t("One less: {name}", { name: field.plainLabel })} @click=${() => step(-1)}>−</button>
    ${numberWidget(field)}
    <button type="button" class="btn plain step" ?disabled=${!can} aria-label=${t("One more: {name}", { name: field.plainLabel })} @click=${() => step(1)}>+</button></div>`;
}

/** @param {import("../../part.js").Field} field */
export function maskedWidget(field) {
  const { view, local } = field;
  const toggle = () => {
    local.open = !local.open;
    field.update();
  };
  return html`<div class="date-row">
    <input id=${field.inputId} class="input" type=${local.open ? "text" : "password"} dir="auto" autocomplete="new-password" ?disabled=${view.readonly}
      aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-required=${view.required} .value=${live(view.value)}
      @input=${(/** @type {any} */ event) => field.set(event.target.value, { typing: true })} @blur=${field.leave} />
    <button type="button" class="quiet" aria-pressed=${Boolean(local.open)} @click=${toggle}>${local.open ? t("Hide") : t("Show")}</button></div>`;
}

/** @param {import("../../part.js").Field} field */
export function linkWidget(field) {
  const { value } = field.view;
  return html`${textWidget(field)}
    ${/^https?:\/\/\S+$/.test(value) ? html`<div class="buttons"><a class="btn plain" href=${value} target="_blank" rel="noopener noreferrer">${t("Open the address (with Internet)")}</a></div>` : nothing}`;
}
