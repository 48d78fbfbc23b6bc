/** Free text, on as many lines as it needs. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { live } from "../../../vendor/lit-html/directives/live.js";
import { parseNumber, westernDigits } from "../../core/number.js";
import { readingOf } from "../amount.js";

/** @param {import("../part.js").Field} field */
export function textWidget(field) {
  const { node, view } = field;
  const appearance = node.appearance ?? "";
  if (/\bnumbers\b/.test(appearance) || isPhone(node)) return html`${lineInput(field, isPhone(node) ? "tel" : "numeric")}${readingOf(node, parseNumber(view.value) ?? "")}`;
  if (node.type === "email" || /email|courriel/.test(node.name)) return lineInput(field, "email");
  if (/\bmultiline\b/.test(appearance) || isLong(node) || node.parameters?.rows) {
    return html`<textarea id=${field.inputId} class="input" rows=${node.parameters?.rows ?? 3} dir="auto" ?disabled=${view.readonly}
      aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-required=${view.required}
      .value=${live(view.value)} @input=${typed(field, grow)} @change=${field.leave} @blur=${field.leave}></textarea>`;
  }
  return lineInput(field, "text");
}

/** @param {import("../part.js").Field} field @param {"text" | "tel" | "numeric" | "email"} mode */
function lineInput(field, mode) {
  const { view } = field;
  const code = mode !== "text";
  return html`<input id=${field.inputId} class="input" type=${mode === "tel" ? "tel" : "text"} inputmode=${mode}
    dir=${code ? "ltr" : "auto"} autocomplete="off" autocapitalize=${mode === "email" ? "none" : "sentences"}
    ?disabled=${view.readonly} aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-required=${view.required}
    enterkeyhint="next" .value=${live(view.value)} @input=${typed(field, code ? toDigits : nothing)} @blur=${field.leave} />`;
}

/** @param {import("../part.js").Field} field @param {((input: any) => void) | typeof nothing} also */
function typed(field, also) {
  return (/** @type {any} */ event) => {
    if (typeof also === "function") also(event.target);
    field.set(event.target.value, { typing: true });
  };
}

/** Digits of either script are the same telephone number. @param {HTMLInputElement} input */
function toDigits(input) {
  const western = westernDigits(input.value);
  if (western === input.value) return;
  const at = input.selectionStart;
  input.value = western;
  input.setSelectionRange(at, at);
}

/** @param {HTMLTextAreaElement} area */
function grow(area) {
  area.style.blockSize = "auto";
  area.style.blockSize = `${area.scrollHeight + 2}px`;
}

/** @param {any} node */
const isPhone = (node) => node.type === "phonenumber" || /(^|_)(phone|tel)(_|$)/.test(node.name);

/**
 * Remarks, comments and descriptions are long; the workbook may say so, and mostly does not.
 * @param {any} node
 */
const isLong = (node) => /^(note_|swot|remarks?|comments?|vision|strong$|improve$|followup$|address$)|(_txt|_note|_desc|_why)$/.test(node.name);
