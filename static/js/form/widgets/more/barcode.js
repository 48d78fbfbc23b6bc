/** A barcode: read by the camera or from a photo, by the browser or else by a library; or typed from the digits under the bars. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { live } from "../../../../vendor/lit-html/directives/live.js";
import { westernDigits } from "../../../core/number.js";
import { t } from "../../../core/i18n.js";
import { openOverlay } from "../../overlay.js";
import { loadCodes, readsCodes } from "../../second.js";

const LOOK_MS = 200;
/** Wide enough for the bars of a product, small enough for a slow phone. */
const MOST_PIXELS = 1000;

/** @typedef {(source: HTMLVideoElement | ImageBitmap) => Promise<string>} Eye  "" where no code is seen */

/** @type {Promise<Eye> | null} */
let eye = null;

/** What reads codes here; rejected where the library is not on the phone. @returns {Promise<Eye>} */
function openEye() {
  eye ??= readsCodes().then((can) => (can ? browserEye(new /** @type {any} */ (globalThis).BarcodeDetector()) : loadCodes().then(libraryEye)));
  eye.catch(() => { eye = null; });
  return eye;
}

/** @param {{detect: (source: any) => Promise<{rawValue: string}[]>}} detector @returns {Eye} */
function browserEye(detector) {
  return async (source) => (await detector.detect(source).catch(() => []))[0]?.rawValue ?? "";
}

/** @returns {Eye} */
function libraryEye() {
  const { BinaryBitmap, HTMLCanvasElementLuminanceSource, HybridBinarizer, MultiFormatReader, DecodeHintType } = /** @type {any} */ (globalThis).ZXing;
  const reader = new MultiFormatReader();
  reader.setHints(new Map([[DecodeHintType.TRY_HARDER, true]]));
  const canvas = document.createElement("canvas");
  return async (source) => {
    const [width, height] = "videoWidth" in source ? [source.videoWidth, source.videoHeight] : [source.width, source.height];
    const scale = Math.min(1, MOST_PIXELS / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    if (!canvas.width || !canvas.height) return "";
    canvas.getContext("2d", { willReadFrequently: true })?.drawImage(source, 0, 0, canvas.width, canvas.height);
    try {
      return String(reader.decodeWithState(new BinaryBitmap(new HybridBinarizer(new HTMLCanvasElementLuminanceSource(canvas)))).getText());
    } catch {
      return "";
    }
  };
}

/** @param {import("../../part.js").Field} field */
export function barcodeWidget(field) {
  const { view, local, node } = field;
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
    ${view.readonly ? nothing : html`<div class="buttons">
        ${local.blind ? nothing : html`<button type="button" class="btn" ?disabled=${local.asking} data-camera=${facing(node)} @click=${() => scan(field)}>${t("Read with the camera")}</button>
        <label class="btn plain"><input type="file" class="hidden-input" accept="image/*" aria-label="${t("From a photo")}: ${field.plainLabel}"
          @change=${(/** @type {any} */ event) => fromPhoto(field, event.target)} /><span>${t("From a photo")}</span></label>`}
        ${hidden ? html`<button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Clear the answer")}</button>` : nothing}</div>
      ${local.blind ? html`<p class="q-note" role="status">${t("This browser does not read barcodes: type the digits that stand under the bars.")}</p>` : nothing}`}`;
}

/** The eye, or the question says that codes are typed here. @param {import("../../part.js").Field} field */
async function eyeOf(field) {
  const found = await openEye().catch(() => null);
  if (!found) {
    field.local.blind = true;
    field.update();
  }
  return found;
}

/** Which camera looks. @param {any} node */
const facing = (node) => (/\bfront\b/.test(node.appearance ?? "") ? "user" : "environment");

/** @param {import("../../part.js").Field} field */
async function scan(field) {
  const { local, node } = field;
  // While the browser asks, another tap must not open a second camera.
  if (local.asking) return;
  local.asking = true;
  local.problem = "";
  local.onDispose = () => { local.gone = true; };
  field.update();
  const look = await eyeOf(field);
  const stream = look && await navigator.mediaDevices?.getUserMedia({ video: { facingMode: facing(node) } }).catch((error) => {
    local.problem = error.name === "NotAllowedError"
      ? t("The phone does not let this page see. Allow “Camera” for this site in the browser's settings, or type the code.")
      : t("No camera was found: type the code.");
    return null;
  });
  local.asking = false;
  if (look && !stream) local.problem ||= t("No camera was found: type the code.");
  field.update();
  if (!look || !stream) return;
  if (local.gone) {
    stream.getTracks().forEach((track) => track.stop());
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
  while (open) {
    const found = await look(video);
    if (found && open) {
      navigator.vibrate?.(60);
      overlay.close();
      field.set(found, { done: true });
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
  const look = await eyeOf(field);
  const picture = look && (await createImageBitmap(chosen).catch(() => null));
  const found = look && picture ? await look(picture) : "";
  picture?.close();
  input.value = "";
  local.problem = found || !look ? "" : t("No code was found in this photo: take it nearer, or type the code.");
  if (found) field.set(found, { done: true });
  else field.update();
}
