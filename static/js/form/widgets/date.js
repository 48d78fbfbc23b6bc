/** A date from the phone's own calendar, stored ISO, with the Moroccan reading under it: that of the calendar follows the phone. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { live } from "../../../vendor/lit-html/directives/live.js";
import { localDay } from "../../core/clock.js";
import { formatDate, t } from "../../core/i18n.js";
import { clearTemplate } from "./clear.js";

/** What the phone's own calendar or clock cannot show. @param {import("../part.js").Field} field */
export const unreadable = (field) => (field.view.value ? html`<p class="q-reading lost"><bdi>${field.view.value}</bdi></p>${clearTemplate(field)}` : nothing);

/** @param {import("../part.js").Field} field */
export function dateWidget(field) {
  const { view } = field;
  const day = formatDate(view.value, "weekday");
  return html`<div class="date-row">
      <input id=${field.inputId} class="input" type="date" min="1900-01-01" max="2100-12-31" ?disabled=${view.readonly}
        aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-required=${view.required}
        .value=${live(view.value)} @change=${(/** @type {any} */ event) => field.set(event.target.value, { done: true })} @blur=${field.leave} />
      ${view.value || view.readonly ? nothing : html`<button type="button" class="quiet" @click=${() => field.set(localDay(), { done: true })}>${t("Today")}</button>`}
    </div>
    ${day ? html`<p class="q-reading"><bdi>${day} ${view.value.slice(0, 4)}</bdi></p>` : unreadable(field)}`;
}
