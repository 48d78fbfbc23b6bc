/** A photo, from the camera or the gallery. Its thumbnail appears once the bytes are kept, not before. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { formatSize, t } from "../../core/i18n.js";
import { shrinkPhoto } from "../photo.js";
import { showStored } from "./stored-picture.js";

const MAX_PIXELS = 1600;

/** @param {import("../part.js").Field} field */
export function imageWidget(field) {
  const { view, local, node } = field;
  showStored(field);
  const file = view.value ? field.session.file(view.value) : null;
  const button = (/** @type {string} */ text, /** @type {boolean} */ camera, /** @type {string} */ className) => html`<label class=${className}>
    <input type="file" class="hidden-input" accept="image/*" capture=${camera ? (/\bnew-front\b/.test(node.appearance ?? "") ? "user" : "environment") : nothing} ?disabled=${local.busy} aria-describedby=${field.describedBy}
      aria-label="${text}: ${field.plainLabel}" @change=${(/** @type {any} */ event) => field.session.hold(take(field, event.target))} /><span>${text}</span></label>`;
  return html`
    ${view.value
      ? html`<figure class="photo">
          ${local.url ? html`<img src=${local.url} alt=${field.plainLabel} />` : html`<div class="photo-away">${local.away ? t("This photo is kept at the office.") : t("Photo")}</div>`}
          <figcaption>${file ? html`<bdi>${formatSize(file.size)}</bdi>` : nothing}</figcaption></figure>`
      : nothing}
    ${local.busy ? html`<p class="q-reading" role="status">${t("Keeping the photo…")}</p>` : nothing}
    ${local.problem ? html`<p class="q-error" role="alert">${local.problem}</p>` : nothing}
    ${view.readonly
      ? nothing
      : html`<div class="buttons">
          ${button(view.value ? t("Take another photo") : t("Take a photo"), true, "btn")}
          ${/\bnew\b/.test(node.appearance ?? "") ? nothing : button(t("From the gallery"), false, "btn plain")}
          ${view.value ? html`<button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Delete the photo")}</button>` : nothing}
        </div>`}`;
}

/** @param {import("../part.js").Field} field @param {HTMLInputElement} input */
async function take(field, input) {
  const { local, node } = field;
  const chosen = input.files?.[0];
  if (!chosen) return;
  local.busy = true;
  local.problem = "";
  field.update();
  try {
    const most = Number(node.parameters?.["max-pixels"]) || MAX_PIXELS;
    const photo = await shrinkPhoto(chosen, most).catch(() => null);
    if (!photo) local.problem = t("This picture cannot be read. Please take it again with the camera.");
    else await field.attach({ bytes: photo.bytes, thumbnail: photo.thumbnail, type: "image/jpeg", extension: "jpg" });
  } catch {
    local.problem = t("The phone could not keep the photo. Free some space, then take it again.");
  } finally {
    local.busy = false;
    input.value = "";
    field.update();
  }
}
