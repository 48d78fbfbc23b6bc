/**
 * What every page is given, and what pages have in common: the bar on top, lists, one paint at a time.
 *
 * @typedef {{id: string, code?: string, name: unknown, role?: string, organisation?: {id: string, name: unknown} | null, consent?: any}} Programme
 * @typedef {{id: string, name: unknown, language?: string, username?: string, programmes: Programme[]}} Person
 *
 * @typedef {object} App
 * @property {import("../store/phone.js").Phone} phone
 * @property {import("../sync/sync.js").Sync} sync
 * @property {() => Promise<import("../store/outbox.js").Counts>} counts  of the outbox, read once until it changes
 * @property {Person | null} person  who is signed in here, offline too
 * @property {(hash: string, options?: {replace?: boolean}) => void} navigate
 * @property {() => void} back
 * @property {(text: string, undo?: () => void) => void} toast  a few words for a few seconds
 * @property {import("./install.js").Install} install
 * @property {import("./update.js").Update} update
 * @property {() => Promise<void>} personChanged  after signing in or out
 * @property {(person: Person) => Promise<void>} switchTo  another person of this phone, whose PIN is asked next
 *
 * @typedef {object} Page
 * @property {string} title  of the window
 * @property {Promise<unknown>} [ready]  painted with its data: the scroll position can be restored
 * @property {() => void} close
 */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { languageSwitch } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";
import { otherNameOf } from "./words.js";

/** Where nobody is in yet. */
export const nameBar = () =>
  html`<header class="top"><img src="/static/img/icon-192.png" alt="" width="32" height="32" /><span class="name">${t("Daftar")}</span>${languageSwitch()}</header>`;

/**
 * @param {App} app
 * @param {{title: string, back?: boolean}} options
 */
export function topBar(app, { title, back = false }) {
  return html`<header class="top">
    ${back
      ? html`<a class="back" href="#/today" aria-label=${t("Back")} @click=${(/** @type {Event} */ event) => {
          event.preventDefault();
          event.stopPropagation();
          app.back();
        }}>${icon("back")}</a>`
      : nothing}
    <h1 class=${title.length > 24 ? "long" : ""} tabindex="-1">${title}</h1>
    ${languageSwitch()}
  </header>`;
}

/**
 * A title of a list with the number of its rows.
 * @param {string} title @param {number} [count]
 */
export function sectionTitle(title, count) {
  return html`<h2 class="section-title"><span>${title}</span>${count ?  html`<bdi class="number">${count}</bdi>` : nothing}</h2>`;
}

/** Where a record is, and its name in the other script. @param {string} place @param {any} record */
export function placeAndName(place, record) {
  const name = otherNameOf(record);
  return html`${place}${name ? html`${place ? " · " : ""}<bdi>${name}</bdi>` : nothing}`;
}

/** The level of a record: always the number and the word. @param {unknown} level */
export function levelChip(level) {
  if (!level) return nothing;
  return html`<span class="level">${t("Level")} <b class="l${level}"><bdi>${level}</bdi></b></span>`;
}

/** How far a draft is: the section it stopped at, of how many. @param {any} draft */
export function progressBar({ progress }) {
  return html`<progress max=${progress?.of ?? 1} value=${progress?.at ? progress.at - 1 : 0} aria-label=${t("Progress")}></progress>`;
}

/**
 * Runs `work` once more when it was asked for while it ran, never twice at once.
 * @param {() => Promise<void>} work @returns {() => Promise<void>}
 */
export function inTurn(work) {
  /** @type {Promise<void> | null} */
  let running = null;
  let again = false;
  const loop = async () => {
    do {
      again = false;
      await work();
    } while (again);
  };
  return () => {
    if (running) again = true;
    else running = loop().finally(() => (running = null));
    return running ?? Promise.resolve();
  };
}

/**
 * Asks before something that cannot be taken back lightly.
 * @param {{title: string, text: string, yes: string, no: string, danger?: boolean}} question @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes, no, danger = false }) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  dialog.setAttribute("aria-labelledby", "asked");
  const heading = Object.assign(document.createElement("h2"), { id: "asked", textContent: title });
  const words = Object.assign(document.createElement("p"), { textContent: text });
  const buttons = Object.assign(document.createElement("div"), { className: "buttons" });
  const stay = Object.assign(document.createElement("button"), { type: "button", className: "go", textContent: no });
  const go = Object.assign(document.createElement("button"), { type: "button", className: danger ? "btn danger" : "btn", textContent: yes });
  stay.addEventListener("click", () => dialog.close());
  go.addEventListener("click", () => dialog.close("yes"));
  buttons.append(stay, go);
  dialog.append(heading, words, buttons);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
    stay.focus();
  });
}
