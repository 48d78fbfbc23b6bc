/** A note says something; there is nothing to answer. An acknowledgement asks for one tick. */

import { html } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../core/i18n.js";

/** @param {import("../part.js").Field} field */
export function acknowledgeWidget(field) {
  const { view } = field;
  return html`<label class=${view.value ? "option check on" : "option check"}>
    <input id=${field.inputId} type="checkbox" .checked=${view.value === "OK"} ?disabled=${view.readonly}
      aria-describedby=${field.describedBy}
      @change=${(/** @type {any} */ event) => field.set(event.target.checked ? "OK" : "", { done: true })} />
    <span class="mark" aria-hidden="true"></span><span>${t("Read and understood")}</span></label>`;
}
