/** A time of day, and a day with its time, with the phone's distance from UTC as XForms writes them; and the tick under what was read. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { live } from "../../../../vendor/lit-html/directives/live.js";
import { localIso } from "../../../core/clock.js";
import { formatDate, t } from "../../../core/i18n.js";
import { unreadable } from "../date.js";

/** @param {import("../../part.js").Field} field */
export function timeWidget(field) {
  const { view } = field;
  return html`<input id=${field.inputId} class="input" type="time" ?disabled=${view.readonly}
    aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-required=${view.required}
    .value=${live(view.value.slice(0, 5))} @blur=${field.leave}
    @change=${(/** @type {any} */ event) => field.set(event.target.value && `${event.target.value}:00.000${localIso().slice(23)}`, { done: true })} />
    ${/^([01]\d|2[0-3]):[0-5]\d/.test(view.value) ? nothing : unreadable(field)}`;
}

/** @param {import("../../part.js").Field} field */
export function dateTimeWidget(field) {
  const { view } = field;
  return html`<input id=${field.inputId} class="input" type="datetime-local" ?disabled=${view.readonly}
    aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-required=${view.required}
    .value=${live(view.value.slice(0, 16))} @blur=${field.leave}
    @change=${(/** @type {any} */ event) => field.set(event.target.value && localIso(Date.parse(event.target.value)), { done: true })} />
    ${view.value.length > 10 && formatDate(view.value) ? nothing : unreadable(field)}`;
}

/** @param {import("../../part.js").Field} field */
export function acknowledgeWidget(field) {
  const { view } = field;
  return html`<label class=${view.value ? "option check on" : "option check"}>
    <input id=${field.inputId} type="checkbox" .checked=${view.value === "OK"} ?disabled=${view.readonly}
      aria-describedby=${field.describedBy}
      @change=${(/** @type {any} */ event) => field.set(event.target.checked ? "OK" : "", { done: true })} />
    <span class="mark" aria-hidden="true"></span><span>${t("Read and understood")}</span></label>`;
}
