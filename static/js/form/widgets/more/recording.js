/** A voice, recorded here or by another application. Leaving the question ends a recording and keeps it. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { t } from "../../../core/i18n.js";
import { keptTemplate } from "./file.js";
import { forget, keepFile, limitText, takeFile } from "./files.js";

/** Bits per second by the quality the workbook asks for: a voice needs little. */
const RATES = { "voice-only": 16_000, low: 24_000, normal: 64_000 };
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

const canRecord = () => typeof MediaRecorder === "function" && Boolean(navigator.mediaDevices?.getUserMedia);

/** @param {import("../../part.js").Field} field */
export function recordingWidget(field) {
  const { view, local } = field;
  local.onDispose = () => {
    local.gone = true;
    forget(field);
  };
  if (local.recorder) {
    return html`<div class="search-place"><p role="status"><span class="rec-dot" aria-hidden="true"></span> ${t("Recording…")} <bdi class="number" aria-hidden="true">${clock(local.seconds)}</bdi></p>
      <div class="buttons"><button type="button" id=${field.inputId} class="btn" @click=${() => stop(field)}>${t("Stop and keep")}</button></div></div>`;
  }
  return html`
    ${view.value ? keptTemplate(field) : nothing}
    ${local.busy ? html`<p class="q-reading" role="status">${t("Keeping the recording…")}</p>` : nothing}
    ${local.problem ? html`<p class="q-error" role="alert">${local.problem}</p>` : nothing}
    ${view.readonly ? nothing : html`
      ${canRecord() ? nothing : html`<p class="q-note">${t("This browser cannot record: choose a recording made with another application.")}</p>`}
      <div class="buttons">
        ${canRecord() ? html`<button type="button" id=${field.inputId} class="btn" ?disabled=${local.busy || local.asking} aria-label="${view.value ? t("Record again") : t("Record the voice")}: ${field.plainLabel}" aria-describedby=${field.describedBy} @click=${() => start(field)}>${view.value ? t("Record again") : t("Record the voice")}</button>` : nothing}
        <label class="btn plain"><input type="file" class="hidden-input" accept="audio/*" ?disabled=${local.busy} aria-describedby=${field.describedBy} aria-label="${t("Choose a file")}: ${field.plainLabel}"
          @change=${(/** @type {any} */ event) => takeFile(field, event.target)} /><span>${t("Choose a file")}</span></label>
        ${view.value ? html`<button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Delete the recording")}</button>` : nothing}
      </div>${view.value ? nothing : html`<p class="q-note">${limitText()}</p>`}`}`;
}

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

/** @param {import("../../part.js").Field} field */
async function start(field) {
  const { local, node } = field;
  // While the browser asks, another tap must not open a microphone that nobody closes.
  if (local.asking) return;
  local.problem = "";
  local.asking = true;
  field.update();
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch((error) => {
    local.problem = error.name === "NotAllowedError"
      ? t("The phone does not let this page hear. Allow “Microphone” for this site in the browser's settings, or choose a file.")
      : t("No microphone was found. Choose a recording made with another application.");
    return null;
  });
  local.asking = false;
  if (!stream || local.gone || !field.view.relevant) {
    stream?.getTracks().forEach((track) => track.stop());
    field.update();
    return;
  }
  const quality = /** @type {keyof typeof RATES} */ (node.parameters?.quality);
  const recorder = new MediaRecorder(stream, { mimeType: TYPES.find((type) => MediaRecorder.isTypeSupported(type)), audioBitsPerSecond: RATES[quality] ?? RATES.normal });
  /** @type {Blob[]} */
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => { recorder.onstop = resolve; });
  // A call, or a microphone that is pulled out, ends it as well.
  local.finished = ended.then(() => {
    clearInterval(local.timer);
    stream.getTracks().forEach((track) => track.stop());
    local.recorder = local.onLeave = null;
    const kept = keepFile(field, new Blob(parts, { type: recorder.mimeType }));
    field.session.hold(kept);
    return kept;
  });
  local.recorder = recorder;
  local.seconds = 0;
  local.timer = setInterval(() => {
    local.seconds += 1;
    field.update();
  }, 1000);
  local.onLeave = () => stop(field);
  recorder.start(1000);
  field.update();
}

/** @param {import("../../part.js").Field} field */
function stop(field) {
  const { local } = field;
  if (!local.recorder) return;
  clearInterval(local.timer);
  // Whoever saves the draft waits for the sound to be kept.
  field.session.hold(local.finished);
  if (local.recorder.state !== "inactive") local.recorder.stop();
  local.recorder = local.onLeave = null;
  local.busy = true;
  field.update();
}
