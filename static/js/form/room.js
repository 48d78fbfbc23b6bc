/**
 * The result in the room: one page for the group to look at, large, to be sent on as a picture, printed, or read aloud by the
 * phone. It shows what sheet.js gives and nothing else.
 */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { direction, formatNumber, language, setLanguage, t } from "../core/i18n.js";
import { reportError } from "../core/events.js";
import { speak, voiceOf } from "./aloud.js";
import { openOverlay } from "./overlay.js";
import { pictureOf, send } from "./picture.js";
import { axisBars, radar } from "./radar.js";
import { about, spoken, whoAndWhen } from "./room-words.js";
import { levelWords } from "./sheet.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */

/** @param {{sheet: () => Sheet, onClose: () => void}} options  sheet: asked again when the language changes */
export function openRoom({ sheet, onClose }) {
  /** undefined until the browser said which voices it has. @type {SpeechSynthesisVoice | null | undefined} */
  let voice;
  /** @type {(() => void) | null} */
  let silence = null;
  let told = "";
  let closed = false;

  const overlay = openOverlay({
    title: sheet().name,
    className: "room",
    draw: () => html`${body(sheet())}
      <div class="room-more">
        <button type="button" class="btn plain" @click=${() => print()}>${t("Print")}</button>
        <button type="button" class="btn plain" lang=${language() === "ar" ? "fr" : "ar"} @click=${otherLanguage}>${language() === "ar" ? "Français" : "العربية"}</button>
        ${voice === null ? html`<p class="soft">${t("This phone has no voice for this language: read the page to the group.")}</p>` : nothing}
      </div>
      <footer class="overlay-foot">
        <p role="status">${told}</p>
        <div class="room-acts">
          ${voice ? html`<button type="button" class="btn plain" @click=${aloud}>${silence ? t("Stop reading") : t("Read aloud")}</button>` : nothing}
          <button type="button" class="go" @click=${share}>${t("Send as a picture")}</button>
        </div>
      </footer>`,
    onClose() {
      closed = true;
      silence?.();
      onClose();
    },
  });

  /** @param {string} [words] */
  function redraw(words = told) {
    told = words;
    if (!closed) overlay.redraw();
  }

  async function listen() {
    const asked = language();
    const found = await voiceOf(asked);
    if (asked !== language()) return;
    voice = found;
    redraw();
  }

  async function share() {
    try {
      const how = await send(await pictureOf(sheet(), direction() === "rtl"));
      redraw(how === "downloaded" ? t("The picture is among the phone's downloads.") : "");
    } catch (error) {
      reportError(error);
      redraw(t("The picture could not be made. Take a picture of the screen instead."));
    }
  }

  function aloud() {
    if (silence) {
      silence();
      return;
    }
    if (!voice) return;
    silence = speak(spoken(sheet()), voice, () => {
      silence = null;
      redraw();
    });
    redraw();
  }

  async function otherLanguage() {
    silence?.();
    voice = undefined;
    if (!(await setLanguage(language() === "ar" ? "fr" : "ar"))) redraw(t("The other language comes with the next connection."));
    void listen();
  }

  void listen();
  return { leave: overlay.leave, redraw: () => redraw("") };
}

/** @param {Sheet} sheet */
function body(sheet) {
  const { score, level, cap, axes } = sheet;
  return html`<div class="room-page">
    <p class="room-about"><bdi>${about(sheet)}</bdi></p>
    ${score === null ? nothing : html`<p class=${`room-score l${level ?? 0}`}><b dir="ltr">${formatNumber(score, 1)}<small>/100</small></b> <span>${levelWords(sheet)}</span></p>`}
    ${cap ? html`<p class="room-cap">${cap}</p>` : nothing}
    ${axes.length ? html`<section><h3>${t("Scores by axis")}</h3>${axisBars(axes)}</section>` : nothing}
    ${lists(sheet)}
  </div>`;
}

/** @param {Sheet} sheet */
const lists = ({ strengths, agreed }) => html`
  ${strengths.length ? html`<section><h3>${t("Our strengths")}</h3><ul class="room-strengths">${strengths.map((text) => html`<li dir="auto">${text}</li>`)}</ul></section>` : nothing}
  ${agreed.length ? html`<section><h3>${t("What we agreed")}</h3><ol class="room-agreed">${agreed.map((one) => html`<li><bdi>${one.text}</bdi>
    ${one.who || one.due ? html`<small>${whoAndWhen(one)}</small>` : nothing}</li>`)}</ol></section>` : nothing}`;

/** The same on paper: the only thing that is printed of a result. @param {Sheet} sheet */
export function paperSheet(sheet) {
  const { name, score, cap, axes } = sheet;
  return html`<div class="paper">
    <h2><bdi>${name}</bdi></h2><p><bdi>${about(sheet)}</bdi></p>
    ${score === null ? nothing : html`<p class="paper-score"><b dir="ltr">${formatNumber(score, 1)}/100</b> ${levelWords(sheet)}</p>`}
    ${cap ? html`<p>${cap}</p>` : nothing}
    ${axes.length ? html`<div class="paper-axes">${radar(axes)}${axisBars(axes)}</div>` : nothing}
    ${lists(sheet)}
  </div>`;
}
