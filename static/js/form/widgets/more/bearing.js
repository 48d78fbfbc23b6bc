/** A direction in degrees from north, from the phone's compass or typed. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { t } from "../../../core/i18n.js";
import { numberWidget } from "../number.js";

const WAIT_MS = 3000;

/** @param {import("../../part.js").Field} field */
export function bearingWidget(field) {
  const { local, view } = field;
  return html`${numberWidget(field)}
    ${local.problem ? html`<p class="q-note" role="status">${local.problem}</p>` : nothing}
    ${view.readonly ? nothing : html`<div class="buttons"><button type="button" class="btn plain" ?disabled=${local.busy} @click=${() => take(field)}>${local.busy ? t("Reading the compass…") : t("Take the direction from the compass")}</button></div>`}`;
}

/** @param {import("../../part.js").Field} field */
function take(field) {
  const { local } = field;
  const done = (/** @type {number | null} */ degrees) => {
    clearTimeout(timer);
    removeEventListener("deviceorientationabsolute", heard);
    local.busy = false;
    local.problem = degrees === null ? t("This phone tells no direction: type the degrees, 0 for north, 90 for east.") : "";
    if (degrees === null) field.update();
    else field.set((Math.round(degrees * 10) % 3600 / 10).toFixed(1), { done: true });
    field.update();
  };
  /** @param {any} event */
  function heard(event) {
    if (event.alpha !== null) done(360 - event.alpha);
  }
  const timer = setTimeout(() => done(null), WAIT_MS);
  local.busy = true;
  local.problem = "";
  local.onDispose = () => {
    clearTimeout(timer);
    removeEventListener("deviceorientationabsolute", heard);
  };
  addEventListener("deviceorientationabsolute", heard);
  field.update();
}
