/** Several choices: cards with a tick. What may not stand together is the instrument's constraint to say. */

import { html } from "../../../vendor/lit-html/lit-html.js";
import { live } from "../../../vendor/lit-html/directives/live.js";
import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { t } from "../../core/i18n.js";

/** @param {string} value @returns {string[]} */
export const codes = (value) => value.split(/\s+/).filter(Boolean);

/** The value with one code put in or taken out, in the order of the choices. @param {string} value @param {string} code @param {{value: string}[]} choices */
export function toggled(value, code, choices) {
  const chosen = new Set(codes(value));
  if (!chosen.delete(code)) chosen.add(code);
  const order = choices.map((choice) => choice.value).filter((one) => chosen.delete(one));
  return [...order, ...chosen].join(" ");
}

/** @param {import("../part.js").Field} field */
export function checksWidget(field) {
  const { view } = field;
  const choices = field.choices();
  if (!choices.length) return html`<p class="q-note">${t("No choice yet: an earlier answer decides.")}</p>`;
  const chosen = codes(view.value);
  const tap = (/** @type {string} */ value) => field.set(toggled(field.view.value, value, choices), { several: true });
  return html`<div class="options" role="group" aria-labelledby=${field.labelId} aria-describedby=${field.describedBy}>
    ${repeat(choices, ({ value }) => value, ({ value, label, lost }) => html`<label class=${`option check${chosen.includes(value) ? " on" : ""}${lost ? " lost" : ""}`}>
      <input type="checkbox" value=${value} .checked=${live(chosen.includes(value))} ?disabled=${view.readonly} aria-invalid=${field.invalid}
        @change=${() => tap(value)} />
      <span class="mark" aria-hidden="true"></span><span>${field.rich(label)}</span></label>`)}
  </div>`;
}
