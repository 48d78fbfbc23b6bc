/**
 * Whole and decimal numbers. Any digits and either decimal sign may be typed; digits 0-9 are stored. What cannot be read is
 * kept as typed and said to be wrong: a guess would be a wrong figure.
 */

import { html } from "../../../vendor/lit-html/lit-html.js";
import { live } from "../../../vendor/lit-html/directives/live.js";
import { formatNumber, t } from "../../core/i18n.js";
import { parseInteger, parseNumber } from "../../core/number.js";
import { isMoney, readingOf } from "../amount.js";

/** @param {import("../part.js").Field} field */
export function numberWidget(field) {
  const { node, view, local } = field;
  const whole = node.type === "integer";
  const read = whole ? parseInteger : parseNumber;
  const isNumber = /^-?\d+(\.\d+)?$/.test(view.value);
  const shown = local.typed ?? (isNumber && isGrouped(node) ? formatNumber(view.value) : view.value);
  /** Keyboards of digits have no minus. */
  const turnSign = () => {
    const typed = (local.typed ?? view.value).trim();
    if (!typed) {
      local.typed = "-";
      field.update();
      document.getElementById(field.inputId)?.focus();
      return;
    }
    const turned = /^[-\u2212]/.test(typed) ? typed.slice(1) : `-${typed}`;
    local.typed = undefined;
    field.set(read(turned) ?? turned);
  };
  const input = html`<input id=${field.inputId} class="input number" type="text" inputmode=${whole ? "numeric" : "decimal"} dir="ltr"
      autocomplete="off" enterkeyhint="next" ?disabled=${view.readonly} aria-describedby=${field.describedBy}
      aria-invalid=${field.invalid} aria-required=${view.required} .value=${live(shown)}
      @input=${(/** @type {any} */ event) => {
        local.typed = event.target.value;
        field.set(read(local.typed) ?? local.typed.trim(), { typing: true });
      }}
      @blur=${() => {
        local.typed = undefined;
        field.leave();
      }} />`;
  return html`${node.attributes?.signed === "yes" && !view.readonly
      ? html`<div class="with-sign">${input}<button type="button" class="sign" aria-label=${t("Change the sign")} @click=${turnSign}>±</button></div>`
      : input}
    ${readingOf(node, view.value)}`;
}

/** A whole number may be a year, a telephone, a card: only quantities that say so have their thousands set apart. @param {any} node */
const isGrouped = ({ type, appearance = "", attributes, ...node }) => !/\bno-separator\b/.test(appearance) && (type !== "integer" || /\bthousands-sep\b/.test(appearance) || attributes?.unit || isMoney(node));
