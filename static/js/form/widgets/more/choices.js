/** Choices in columns, on a line, and in a table with one row a question. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { live } from "../../../../vendor/lit-html/directives/live.js";
import { plain } from "../../plain.js";
import { clearTemplate } from "../clear.js";
import { choiceTemplate } from "./media.js";
import { cardsWidget } from "../select-one.js";
import { checksWidget, codes, toggled } from "../select-multiple.js";

const MOST_COLUMNS = 10;

/** @param {import("../../part.js").Field} field */
export function columnsWidget(field) {
  const appearance = field.node.appearance ?? "";
  const asked = Number(/\b(?:columns|compact)-(\d+)/.exec(appearance)?.[1] ?? 0);
  const columns = Math.min(asked, MOST_COLUMNS);
  const kind = /\b(columns|compact|horizontal)/.test(appearance) ? (columns ? String(columns) : /-(pack|flex)/.test(appearance) ? "pack" : "fit") : "1";
  return html`<div class=${/no-buttons/.test(appearance) ? "in-columns bare" : "in-columns"} data-columns=${kind}>
    ${field.node.type === "select_one" ? cardsWidget(field) : checksWidget(field)}</div>`;
}

/**
 * A widget whose choices also have pictures, sounds and films, from the files that came with the instrument.
 * @param {(field: import("../../part.js").Field) => unknown} draw @returns {(field: import("../../part.js").Field) => unknown}
 */
export const withMedia = (draw) => (field) => {
  const choices = field.choices();
  return draw(Object.assign(Object.create(field), {
    choices: () => choices,
    rich(/** @type {string} */ label) {
      return choiceTemplate(field, choices.find((choice) => choice.label === label)?.item, label);
    },
  }));
};

/** @param {import("../../part.js").Field} field */
export const listedWidget = (field) => (hasColumns(field.node) ? columnsWidget : field.node.type === "select_one" ? cardsWidget : checksWidget)(field);

/** @param {any} node */
export const hasColumns = (node) => /\b(columns|compact|horizontal|no-buttons)/.test(node.appearance ?? "");

/** A line of points with their words below. @param {import("../../part.js").Field} field */
export function likertWidget(field) {
  return cells(field, true);
}

/** The words above a table of choices. @param {import("../../part.js").Field} field */
export function tableHeadWidget(field) {
  const turn = () => {
    field.local.second = !field.local.second;
    field.update();
  };
  return html`<div class="choice-row head" aria-hidden="true" @click=${turn}>${field.choices().map(({ label }) => html`<span class="cell-words">${field.rich(label)}</span>`)}</div>`;
}

/** A row of the table: its words are above. @param {import("../../part.js").Field} field */
export function tableRowWidget(field) {
  return cells(field, false);
}

/** @param {import("../../part.js").Field} field @param {boolean} words */
function cells(field, words) {
  const { view, node } = field;
  const several = node.type === "select_multiple";
  const choices = field.choices();
  const chosen = several ? codes(view.value) : [view.value];
  const answer = (/** @type {string} */ value) => (several
    ? field.set(toggled(field.view.value, value, choices), { several: true })
    : field.set(value, { done: true }));
  return html`<div class=${words ? "choice-row likert" : "choice-row"} role=${several ? "group" : "radiogroup"} aria-labelledby=${field.labelId} aria-describedby=${field.describedBy}>
      ${choices.map(({ value, label, lost }) => html`<label class=${`choice-cell${chosen.includes(value) ? " on" : ""}${lost ? " lost" : ""}`}>
        <input type=${several ? "checkbox" : "radio"} name=${field.inputId} value=${value} .checked=${live(chosen.includes(value))} ?disabled=${view.readonly}
          aria-label=${words ? nothing : plain(label)} @change=${() => answer(value)} />
        <span class=${several ? "mark square" : "mark"} aria-hidden="true"></span>${words ? html`<span class="cell-words">${field.rich(label)}</span>` : nothing}</label>`)}
    </div>
    ${clearTemplate(field, !several)}`;
}
