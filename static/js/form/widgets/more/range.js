/**
 * A number between two others: by hand on a line or typed, from a list, or as stars. It is blank until somebody answers:
 * a slider that stands in the middle by itself would be an answer nobody gave.
 */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { live } from "../../../../vendor/lit-html/directives/live.js";
import { formatNumber, t } from "../../../core/i18n.js";
import { parseNumber } from "../../../core/number.js";
import { readingOf } from "../../amount.js";
import { chooseFrom } from "../select-list.js";

/** More steps than that are not offered one by one. */
const MOST_STEPS = 500;

/** @param {any} node */
function scaleOf(node) {
  const { start, end, step = "1" } = node.parameters;
  const decimals = Math.max(...[start, step].map((text) => text.split(".")[1]?.length ?? 0));
  const size = Math.abs(Number(step)) || 1;
  const count = Math.floor((Number(end) - Number(start)) / size + 1e-9);
  return { start: Number(start), end: Number(end), step: size, count, at: (/** @type {number} */ i) => (Number(start) + i * size).toFixed(decimals) };
}

/** @param {any} node */
function values(node) {
  const { count, at } = scaleOf(node);
  return Array.from({ length: Math.min(count, MOST_STEPS) + 1 }, (_, i) => at(i));
}

/** @param {import("../../part.js").Field} field @returns {unknown} */
function clear(field) {
  const { view } = field;
  return view.value && !view.required && !view.readonly
    ? html`<button type="button" class="quiet clear" @click=${() => field.set("", { done: true })}>${t("Clear the answer")}</button>`
    : nothing;
}

/** @param {import("../../part.js").Field} field */
export function sliderWidget(field) {
  const { node, view, local } = field;
  const { start, end, step, count, at } = scaleOf(node);
  const vertical = /\bvertical\b/.test(node.appearance ?? "");
  const name = (/** @type {number} */ value) => formatNumber(value);
  const slide = (/** @type {any} */ event, /** @type {boolean} */ typing) => {
    const i = Math.min(count, Math.max(0, Math.round((Number(event.target.value) - start) / step)));
    local.typed = undefined;
    field.set(at(i), typing ? { typing } : { done: true });
  };
  const type = (/** @type {any} */ event) => {
    local.typed = event.target.value;
    field.set(parseNumber(local.typed) ?? local.typed.trim(), { typing: true });
  };
  const number = Number(view.value);
  const outside = view.value !== "" && !(number >= start && number <= end);
  return html`<div class=${vertical ? "range vertical" : "range"}>
      <input id=${field.inputId} type="range" class=${view.value ? "slider" : "slider blank"} min=${start} max=${end} step=${step} ?disabled=${view.readonly}
        aria-labelledby=${field.labelId} aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-orientation=${vertical ? "vertical" : "horizontal"}
        aria-valuetext=${view.value ? name(number) : t("no answer yet")} .value=${live(view.value || String((start + end) / 2))}
        @input=${(/** @type {any} */ event) => slide(event, true)} @change=${(/** @type {any} */ event) => slide(event, false)}
        @click=${(/** @type {any} */ event) => field.view.value === "" && slide(event, false)} />
      <div class="range-ends" aria-hidden="true"><bdi>${name(start)}</bdi><bdi>${name(end)}</bdi></div>
      <input class="input number range-number" type="text" inputmode=${Number.isInteger(step) && Number.isInteger(start) ? "numeric" : "decimal"} dir="ltr" autocomplete="off"
        ?disabled=${view.readonly} aria-label="${field.plainLabel}: ${t("number")}" placeholder="–" .value=${live(local.typed ?? (view.value && Number.isFinite(number) ? formatNumber(view.value) : view.value))}
        @input=${type} @blur=${() => {
          local.typed = undefined;
          field.leave();
        }} />
    </div>
    ${outside ? html`<p class="q-error" role="alert">${t("A number from {least} to {most} is expected.", { least: name(start), most: name(end) })}</p>` : nothing}
    ${readingOf(node, view.value)}
    ${clear(field)}`;
}

/** @param {import("../../part.js").Field} field */
export function pickWidget(field) {
  const { node, view } = field;
  const open = () => chooseFrom({
    title: field.plainLabel,
    choices: values(node).map((value) => ({ value, label: formatNumber(value) })),
    value: () => field.view.value,
    choose: (value) => field.set(value, { done: true }),
    clear: view.required ? undefined : () => field.set("", { done: true }),
    onClose: field.leave,
  });
  return html`<button type="button" id=${field.inputId} class=${view.value ? "input picker" : "input picker blank"} ?disabled=${view.readonly} aria-haspopup="dialog"
    aria-labelledby="${field.labelId} ${field.inputId}" aria-describedby=${field.describedBy} @click=${open}>
    <span>${view.value ? html`<bdi>${formatNumber(view.value)}</bdi>` : t("Choose from the list")}</span><span class="chevron" aria-hidden="true"></span></button>`;
}

/** @param {import("../../part.js").Field} field */
export function ratingWidget(field) {
  const { node, view } = field;
  const reached = view.value === "" ? -Infinity : Number(view.value);
  return html`<div class="stars" role="radiogroup" aria-labelledby=${field.labelId} aria-describedby=${field.describedBy} aria-required=${view.required} aria-invalid=${field.invalid}>
      ${values(node).map((value) => html`<label class=${Number(value) <= reached ? "star on" : "star"}>
        <input type="radio" name=${field.inputId} value=${value} .checked=${live(value === view.value)} ?disabled=${view.readonly} @change=${() => field.set(value, { done: true })} />
        <span class="star-sign" aria-hidden="true">★</span><bdi>${formatNumber(value)}</bdi></label>`)}
    </div>${clear(field)}`;
}
