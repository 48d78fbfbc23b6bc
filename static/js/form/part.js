/**
 * One question on the page: its words, its widget, what is wrong with it, what the office wrote about it. It draws itself
 * alone; nothing else on the page moves when it changes.
 *
 * @typedef {import("../engine/form.js").View} View
 * @typedef {object} Field  what a widget may know and do
 * @property {import("./session.js").Session} session
 * @property {any} node
 * @property {View} view  as it is now
 * @property {Record<string, any>} local  the widget's own, kept while the question is on the page
 * @property {string} inputId
 * @property {string} labelId
 * @property {string} plainLabel
 * @property {string} describedBy
 * @property {boolean} invalid
 * @property {() => {value: string, label: string, item: any, lost?: boolean}[]} choices  and, lost, what was chosen and is not offered now
 * @property {boolean} mayClear  the answer is not required, or cannot stay
 * @property {(value: string, how?: SetHow) => void} set
 * @property {(file: {bytes: ArrayBuffer, type: string, thumbnail?: ArrayBuffer, extension: string}) => Promise<void>} attach
 * @property {() => void} leave  the person is done with this question for now
 * @property {() => void} update
 * @property {(text: string) => unknown} rich
 * @typedef {{typing?: boolean, done?: boolean, several?: boolean}} SetHow
 *   typing: more will come; done: one tap answered it; several: a tap among others
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { markdown } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { later } from "./given.js";
import { plain } from "./plain.js";
import { remarkTemplate } from "./remarks.js";
import { mediaOf, moreText, widgetFor } from "./widgets/index.js";

/**
 * @param {import("./form-page.js").Page} page
 * @param {string} path
 */
export function createPart(page, path) {
  const { session } = page;
  const element = document.createElement("div");
  element.className = "q";
  element.dataset.path = path;
  const first = session.view(path);
  const { uid, node } = first;
  element.dataset.name = node.name;
  element.dataset.look = node.appearance ?? "";
  const { draw, labels } = widgetFor(node, session.pkg);
  /** @type {Record<string, any>} */
  const local = {};
  const inputId = `i${uid}`;
  const labelId = `l${uid}`;
  let isGone = false;
  let { value } = first;
  // An answer given before is judged when one returns to it.
  let touched = value !== "";

  /** @type {Field} */
  const field = {
    session, node, local, inputId, labelId, view: first, plainLabel: "", describedBy: "", invalid: false, mayClear: false,
    choices: () => [...session.form.choices(path), ...session.form.lost(path)],
    set(next, how = {}) {
      if (next === field.view.value) return;
      // What was begun here ends after rows above have gone.
      const at = isGone ? session.form.pathOf(uid) : path;
      if (!at) return;
      const wasBlank = field.view.value === "";
      if (!how.typing) touched = true;
      page.apply(session.set(at, next, { typing: how.typing }), at);
      if (how.done && wasBlank && next !== "") page.answered(part);
    },
    async attach(file) {
      const change = await session.attach(path, file, uid);
      if (change) page.apply(change, session.form.pathOf(uid));
    },
    leave() {
      local.onLeave?.();
      if (value !== "") touched = true;
      update();
    },
    update: () => update(),
    rich(text) {
      return html`${markdown(text)}${showsSecond() ? second(field.choices().find(({ label }) => label === text)?.item?.label) : nothing}`;
    },
  };

  function update() {
    // What a question began may end after it: a recording, a photo.
    if (isGone) return;
    const view = session.view(path);
    field.view = view;
    value = view.value;
    element.hidden = !view.relevant;
    if (!view.relevant) {
      local.onLeave?.();
      render(nothing, element);
      return;
    }
    // Another answer may have taken the choice away.
    touched ||= value !== "" && node.choices !== undefined;
    const shown = draw && (touched || (page.showsProblems() && !session.isUntouched(path))) ? session.form.check(path) : null;
    field.plainLabel = plain(view.label) || node.name;
    field.invalid = shown !== null;
    field.mayClear = value !== "" && !view.readonly && (!view.required || shown?.kind === "type");
    field.describedBy = [view.hint ? `h${uid}` : "", shown ? `e${uid}` : ""].filter(Boolean).join(" ");
    element.classList.toggle("wrong", shown !== null);
    element.classList.toggle("says", !draw);
    render(template(view, shown), element);
  }

  const showsSecond = () => page.showsSecond() !== Boolean(local.second);
  const second = (/** @type {any} */ text) => page.second(path, text, local.second);

  /** A tap on a question's words says them in the other language; the table of sections does it for all. */
  function turn() {
    local.second = !local.second;
    update();
  }

  /** @param {View} view @param {{kind: string, message: string} | null} problem */
  function template(view, problem) {
    const label = html`${draw ? markdown(view.label || node.name) : paragraphs(view.label || node.name)}`;
    const required = view.required && draw && node.type !== "note" ? html` <span class="q-required">${t("required")}</span>` : nothing;
    const line = view.readonly && later.lineOf?.(field);
    element.classList.toggle("given", Boolean(line));
    return html`
      <div class="q-head">
        ${labels === "input" ? html`<label class="q-label" id=${labelId} for=${inputId} @click=${turn}>${label}${required}</label>` : html`<div class="q-label" id=${labelId} @click=${turn}>${label}${required}</div>`}
        ${second(node.label)}
        ${mediaOf(field)}
        ${view.hint ? html`<p class="q-hint" id="h${uid}">${markdown(view.hint)}${second(node.hint)}</p>` : nothing}
        ${view.guidance ? html`<details class="q-guidance"><summary>${t("Explanation")}</summary><div>${markdown(view.guidance)}${second(node.guidance)}</div></details>` : nothing}
      </div>
      ${page.remarksAt(path).map(remarkTemplate)}
      ${line || (draw ? draw(field) : nothing)}
      ${session.isOutside(node, view.value) ? html`<p class="q-outside" role="status">${outsideText(node.attributes?.place ?? "")}</p>` : nothing}
      ${problem || (draw && !touched && !page.showsProblems()) ? nothing : warningTemplate(session.form.warning(path), second(node.expect_message))}
      ${problem ? html`<p class="q-error" id="e${uid}" role="alert">${page.problem(view, problem, local.second)}</p>` : nothing}`;
  }

  const part = {
    path, uid, node, element, update,
    /** Whether it waits for an answer. */
    isOpen: () => draw !== null && node.type !== "note" && field.view.relevant && !field.view.readonly && field.view.value === "",
    focus() {
      const target = /** @type {HTMLElement | null} */ (element.querySelector("input:not([type=file]), textarea, button, canvas"));
      target?.focus({ preventScroll: true });
    },
    leave: () => local.onLeave?.(),
    dispose() {
      isGone = true;
      local.onLeave?.();
      local.onDispose?.();
      render(nothing, element);
    },
  };
  update();
  return part;
}

/** @typedef {ReturnType<typeof createPart>} Part */

/** What an author expected otherwise; it stays an answer. @param {string} message @param {unknown} second */
const warningTemplate = (message, second) => message ? html`<p class="q-outside q-warn" role="status">${message}${second}</p>` : nothing;

/** Calm: a visit may well lead there. @param {string} place @returns {string} */
function outsideText(place) {
  if (place === "region") return t("This region is outside your area.");
  if (place === "province") return t("This province is outside your area.");
  return t("This commune is outside your area.");
}

/** A text to read aloud, in paragraphs. @param {string} text @returns {unknown} */
function paragraphs(text) {
  const lines = text.split(/\n|<br\s*\/?>/).filter((line) => line.trim());
  return lines.length < 3 ? markdown(text) : lines.map((line) => html`<span class="q-par">${markdown(line)}</span>`);
}

/** Why an answer cannot be one of this type. @param {string} type @returns {string} */
function typeText(type) {
  if (type === "geopoint") return t("There is no such place: latitude goes from -90 to 90, longitude from -180 to 180.");
  if (type === "date") return t("There is no such day: please check day, month and year.");
  if (type === "integer") return t("A whole number is needed here: digits only, without a decimal sign.");
  if (/^(select|rank)/.test(type)) return t("What is struck out is no longer offered here: choose again, or take it away.");
  return t("This is not a number that can be read. Digits and one decimal comma are enough.");
}

/** @param {{kind: string, message: string}} problem @param {string} type of the question @returns {string} */
export function problemText({ kind, message }, type) {
  if (message) return message;
  if (kind === "required") return t("This answer is required.");
  if (kind === "type") return moreText(type) || typeText(type);
  if (kind === "lost" && type !== "image") return t("The file is no longer on the phone: please add it again.");
  if (kind === "lost") return t("The photo is no longer on the phone: please take it again.");
  return t("This answer does not fit. Please check it.");
}
