/**
 * One choice: cards to tap. A maturity scale shows its number in a circle; two short answers stand side by side.
 * Real radio buttons lie under the cards: arrows and screen readers work as everywhere.
 */

import { html, svg } from "../../../vendor/lit-html/lit-html.js";
import { live } from "../../../vendor/lit-html/directives/live.js";
import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { t } from "../../core/i18n.js";
import { clearTemplate } from "./clear.js";

/** Values outside the scale: not applicable, unknown. */
const ASIDE = /^(na|n_a|nsp|dk|unknown)$/;

/** @param {{value: string}[]} choices */
function isScale(choices) {
  const inside = choices.filter(({ value }) => !ASIDE.test(value));
  return inside.length >= 3 && inside.every(({ value }) => /^[0-4]$/.test(value));
}

/** @param {import("../part.js").Field} field */
export function cardsWidget(field) {
  const { node, view } = field;
  const choices = field.choices();
  if (!choices.length) return html`<p class="q-note">${t("No choice yet: an earlier answer decides.")}</p>`;
  const scale = isScale(choices);
  const faces = node.attributes?.scale === "faces";
  const pair = !scale && !faces && choices.length === 2 && choices.every(({ label }) => label.length <= 14);
  return html`<div class=${pair ? "options pair" : "options"} role="radiogroup" aria-labelledby=${field.labelId} aria-describedby=${field.describedBy}
      aria-required=${view.required} aria-invalid=${field.invalid}>
      ${repeat(choices, ({ value }) => value, ({ value, label, lost }, index) => {
        const on = value === view.value;
        const aside = ASIDE.test(value);
        const step = scale && !aside ? ` s${value}` : "";
        return html`<label class=${`option${scale ? " scale" : ""}${step}${aside ? " aside" : ""}${on ? " on" : ""}${lost ? " lost" : ""}`}>
          <input type="radio" name=${field.inputId} value=${value} .checked=${live(on)} ?disabled=${view.readonly}
            @change=${() => field.set(value, { done: true })} />
          ${faces && !aside ? face(index, choices.length) : html`<span class="mark" aria-hidden="true">${scale ? (aside ? "–" : value) : ""}</span>`}<span>${field.rich(label)}</span></label>`;
      })}
    </div>
    ${clearTemplate(field)}`;
}

/** A face from sad to glad, for those who do not read. @param {number} index @param {number} count */
function face(index, count) {
  const mood = count > 1 ? (index / (count - 1)) * 2 - 1 : 0;
  const mouth = `M9 ${20 - mood * 2} Q16 ${20 + mood * 7} 23 ${20 - mood * 2}`;
  return html`<svg class="face" viewBox="0 0 32 32" aria-hidden="true">${svg`<circle cx="16" cy="16" r="14.5" /><path d=${mouth} /><path d="M11 11v2M21 11v2" />`}</svg>`;
}
