/** A date by its parts, for dates nobody looks up in a calendar: a year, a month of a year, a day long ago. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { live } from "../../../../vendor/lit-html/directives/live.js";
import { formatDate, t } from "../../../core/i18n.js";
import { parseInteger } from "../../../core/number.js";

/** @typedef {"day" | "month" | "year"} Part */

/** @param {import("../../part.js").Field} field */
export const yearWidget = (field) => partsWidget(field, ["year"]);
/** @param {import("../../part.js").Field} field */
export const monthYearWidget = (field) => partsWidget(field, ["month", "year"]);
/** @param {import("../../part.js").Field} field */
export const dateWheelsWidget = (field) => partsWidget(field, ["day", "month", "year"]);

const two = (/** @type {string | number} */ value) => String(value).padStart(2, "0");

/** The Moroccan name of a month. @param {number} month */
const monthName = (month) => formatDate(`2026-${two(month)}-01`, "day").replace(/^\d+\s/, "");

/** @param {import("../../part.js").Field} field @param {Part[]} parts */
function partsWidget(field, parts) {
  const { view, local } = field;
  // While a part is missing nothing is stored; what was entered so far stays here.
  if (view.value || !local.parts) {
    const [year = "", month = "", day = ""] = view.value.slice(0, 10).split("-");
    local.parts = { year, month: month && String(Number(month)), day: day && String(Number(day)) };
  }
  const change = (/** @type {Part} */ part, /** @type {string} */ value) => {
    local.parts = { ...local.parts, [part]: value };
    const stored = storedDate(local.parts, parts);
    field.set(stored, { typing: part === "year" && value.length < 4, done: stored !== "" });
    field.update();
  };
  const options = (/** @type {Part} */ part, /** @type {string} */ name, /** @type {number} */ count, /** @type {(i: number) => string} */ label) => html`<select class="input" aria-label="${field.plainLabel}: ${name}"
    ?disabled=${view.readonly} @change=${(/** @type {any} */ event) => change(part, event.target.value)}>
    <option value="">${name}</option>${Array.from({ length: count }, (_, i) => html`<option value=${i + 1} .selected=${live(local.parts[part] === String(i + 1))}>${label(i + 1)}</option>`)}</select>`;
  return html`<div class="date-parts" role="group" aria-labelledby=${field.labelId} aria-describedby=${field.describedBy}>
      ${parts.includes("day") ? options("day", t("Day"), 31, String) : nothing}
      ${parts.includes("month") ? options("month", t("Month"), 12, monthName) : nothing}
      <input id=${field.inputId} class="input number" type="text" inputmode="numeric" maxlength="4" size="4" dir="ltr" autocomplete="off" aria-label="${field.plainLabel}: ${t("Year")}" placeholder=${t("Year")}
        ?disabled=${view.readonly} aria-invalid=${field.invalid} .value=${live(local.parts.year)}
        @input=${(/** @type {any} */ event) => change("year", parseInteger(event.target.value) ?? event.target.value)} @blur=${field.leave} />
    </div>`;
}

/** The date, "" while it is incomplete. One that no calendar has is kept as entered, and found wrong. @param {Record<Part, string>} given @param {Part[]} parts */
function storedDate(given, parts) {
  if (parts.some((part) => given[part] === "") || given.year.length < 4) return "";
  return [given.year, parts.includes("month") ? given.month : "1", parts.includes("day") ? given.day : "1"].map(two).join("-");
}
