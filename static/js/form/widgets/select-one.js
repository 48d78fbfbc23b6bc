/**
 * One choice: cards to tap. A maturity scale shows its number in a circle; two short answers stand side by side.
 * Real radio buttons lie under the cards: arrows and screen readers work as everywhere.
 */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { live } from "../../../vendor/lit-html/directives/live.js";
import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { t } from "../../core/i18n.js";

/** Values outside the scale: not applicable, unknown. */
const ASIDE = /^(na|n_a|nsp|dk|unknown)$/;

/** @param {{value: string}[]} choices */
export function isScale(choices) {
  const inside = choices.filter(({ value }) => !ASIDE.test(value));
  return inside.length >= 3 && inside.every(({ value }) => /^[0-4]$/.test(value));
}

/** @param {import("../part.js").Field} field */
export function cardsWidget(field) {
  const { view } = field;
  const choices = field.choices();
  if (!choices.length) return html`<p class="q-note">${t("No choice yet: an earlier answer decides.")}</p>`;
  const scale = isScale(choices);
  const pair = !scale && choices.length === 2 && choices.every(({ label }) => label.length <= 14);
  const known = !view.value || choices.some(({ value }) => value === view.value);
  return html`<div class=${pair ? "options pair" : "options"} role="radiogroup" aria-labelledby=${field.labelId} aria-describedby=${field.describedBy}
      aria-required=${view.required} aria-invalid=${field.invalid}>
      ${repeat(choices, ({ value }) => value, ({ value, label }) => {
        const on = value === view.value;
        const aside = ASIDE.test(value);
        const step = scale && !aside ? ` s${value}` : "";
        return html`<label class=${`option${scale ? " scale" : ""}${step}${aside ? " aside" : ""}${on ? " on" : ""}`}>
          <input type="radio" name=${field.inputId} value=${value} .checked=${live(on)} ?disabled=${view.readonly}
            @change=${() => field.set(value, { done: true })} />
          <span class="mark" aria-hidden="true">${scale ? (aside ? "–" : value) : ""}</span><span>${field.rich(label)}</span></label>`;
      })}
    </div>
    ${known ? nothing : html`<p class="q-error">${t("The answer given is no longer among the choices: please choose again.")}</p>`}
    ${view.value && !view.required && !view.readonly
      ? html`<button type="button" class="quiet clear" @click=${() => field.set("", { done: true })}>${t("Clear the answer")}</button>`
      : nothing}`;
}
