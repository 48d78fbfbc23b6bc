/** A barcode: read by the camera where the browser can, else typed from the digits under the bars. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { live } from "../../../../vendor/lit-html/directives/live.js";
import { westernDigits } from "../../../core/number.js";
import { t } from "../../../core/i18n.js";
import { openOverlay } from "../../overlay.js";

const LOOK_MS = 200;

/** @typedef {{detect: (source: HTMLVideoElement | ImageBitmap) => Promise<{rawValue: string}[]>}} Detector */

/** @returns {Detector | null} */
function detector() {
  const kind = /** @type {any} */ (globalThis).BarcodeDetector;
  return kind ? new kind() : null;
}

/** @param {import("../../part.js").Field} field */
export function barcodeWidget(field) {
  const { view, local, node } = field;
  const reads = detector() !== null;
  const hidden = /\bhidden-answer\b/.test(node.appearance ?? "") && view.value !== "" && !local.typing;
  const typing = (/** @type {any} */ event) => {
    local.typing = true;
    field.set(westernDigits(event.target.value).trim(), { typing: true });
  };
  return html`
    ${hidden ? html`<p class="q-value" id=${field.inputId}>✓ ${t("Read and kept")}</p>` : html`<input id=${field.inputId} class="input" type="text" dir="ltr" autocomplete="off" autocapitalize="none" spellcheck="false" ?disabled=${view.readonly}
      aria-describedby=${field.describedBy} aria-invalid=${field.invalid} aria-required=${view.required} enterkeyhint="next" .value=${live(view.value)} @input=${typing}
      @blur=${() => {
        local.typing = false;
        field.leave();
      }} />`}
    ${local.problem ? html`<p class="q-error" role="alert">${local.problem}</p>` : nothing}
    ${view.readonly ? nothing : reads ? html`<div class="buttons">
        <button type="button" class="btn" @click=${() => scan(field)}>${t("Read with the camera")}</button>
        <label class="btn plain"><input type="file" class="hidden-input" accept="image/*" aria-label="${t("From a photo")}: ${field.plainLabel}"
          @change=${(/** @type {any} */ event) => fromPhoto(field, event.target)} /><span>${t("From a photo")}</span></label>
        ${hidden ? html`<button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Clear the answer")}</button>` : nothing}</div>`
      : html`<p class="q-note">${t("This browser does not read barcodes: type the digits that stand under the bars.")}</p>
        ${hidden ? html`<div class="buttons"><button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Clear the answer")}</button></div>` : nothing}`}`;
}

/** @param {import("../../part.js").Field} field */
async function scan(field) {
  const { local, node } = field;
  local.problem = "";
  const facing = /\b(front|new-front)\b/.test(node.appearance ?? "") ? "user" : "environment";
  const stream = await navigator.mediaDevices?.getUserMedia({ video: { facingMode: facing } }).catch((error) => {
    local.problem = error.name === "NotAllowedError"
      ? t("The phone does not let this page see. Allow “Camera” for this site in the browser's settings, or type the code.")
      : t("No camera was found: type the code.");
    return null;
  });
  if (!stream) {
    local.problem ||= t("No camera was found: type the code.");
    field.update();
    return;
  }
  let open = true;
  const close = () => {
    open = false;
    stream.getTracks().forEach((track) => track.stop());
  };
  const overlay = openOverlay({
    title: field.plainLabel,
    className: "scanning",
    onClose: close,
    draw: () => html`<video class="scanner" autoplay muted playsinline aria-label=${t("Camera")}></video>
      <p class="q-note">${t("Hold the code in front of the camera; it is read by itself.")}</p>`,
  });
  local.onDispose = close;
  const video = /** @type {HTMLVideoElement} */ (overlay.element.querySelector("video"));
  video.srcObject = stream;
  await video.play().catch(() => null);
  const eye = /** @type {Detector} */ (detector());
  while (open) {
    const [found] = await eye.detect(video).catch(() => []);
    if (found && open) {
      navigator.vibrate?.(60);
      overlay.close();
      field.set(found.rawValue, { done: true });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** @param {import("../../part.js").Field} field @param {HTMLInputElement} input */
async function fromPhoto(field, input) {
  const { local } = field;
  const chosen = input.files?.[0];
  if (!chosen) return;
  const picture = await createImageBitmap(chosen).catch(() => null);
  const [found] = picture ? await /** @type {Detector} */ (detector()).detect(picture).catch(() => []) : [];
  picture?.close();
  input.value = "";
  local.problem = found ? "" : t("No code was found in this photo: take it nearer, or type the code.");
  if (found) field.set(found.rawValue, { done: true });
  else field.update();
}
