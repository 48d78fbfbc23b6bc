/** A film from the camera or the gallery, or a file of any kind. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { formatSize, t } from "../../../core/i18n.js";
import { forget, limitText, openKept, takeFile } from "./files.js";

/** @param {import("../../part.js").Field} field */
export function fileWidget(field) {
  const { view, local, node } = field;
  const film = node.type === "video";
  local.onDispose = () => forget(field);
  const accept = film ? "video/*" : node.parameters?.accept ?? nothing;
  const appearance = node.appearance ?? "";
  const button = (/** @type {string} */ text, /** @type {string | typeof nothing} */ capture, /** @type {string} */ className) => html`<label class=${className}>
    <input type="file" class="hidden-input" accept=${accept} capture=${capture} ?disabled=${local.busy} aria-describedby=${field.describedBy}
      aria-label="${text}: ${field.plainLabel}" @change=${(/** @type {any} */ event) => takeFile(field, event.target)} /><span>${text}</span></label>`;
  return html`
    ${view.value ? keptTemplate(field) : nothing}
    ${local.busy ? html`<p class="q-reading" role="status">${t("Keeping the file…")}</p>` : nothing}
    ${local.problem ? html`<p class="q-error" role="alert">${local.problem}</p>` : nothing}
    ${view.readonly ? nothing : html`<div class="buttons">
      ${film ? html`${button(view.value ? t("Film again") : t("Film"), /\bnew-front\b/.test(appearance) ? "user" : "environment", "btn")}
          ${/\bnew\b(?!-)|\bnew-front\b/.test(appearance) ? nothing : button(t("From the gallery"), nothing, "btn plain")}`
        : button(view.value ? t("Choose another file") : t("Choose a file"), nothing, "btn plain")}
      ${view.value ? html`<button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Delete the file")}</button>` : nothing}
    </div>
    ${view.value ? nothing : html`<p class="q-note">${limitText()}</p>`}`}`;
}

/** The file that is kept: its size, and for sound and film a player once asked for. @param {import("../../part.js").Field} field */
export function keptTemplate(field) {
  const { view, local, node } = field;
  const file = field.session.file(view.value);
  if (local.url && local.played === view.value) {
    return node.type === "video"
      ? html`<video class="player" controls playsinline src=${local.url} aria-label=${field.plainLabel}></video>`
      : html`<audio class="player" controls src=${local.url} aria-label=${field.plainLabel}></audio>`;
  }
  const play = () => {
    local.played = view.value;
    void openKept(field);
  };
  return html`<div class="kept-file"><span><b>✓ ${file ? t("Kept on the phone") : t("Kept")}</b>
      <small><bdi dir="ltr">${view.value}</bdi>${file ? html` · <bdi>${formatSize(file.size)}</bdi>` : nothing}</small></span>
    ${file && node.type !== "file" && !local.away ? html`<button type="button" class="btn plain" @click=${play}>${node.type === "video" ? t("Watch") : t("Listen")}</button>` : nothing}</div>
    ${local.away || !file ? html`<p class="q-note">${t("This file is kept at the office.")}</p>` : nothing}`;
}
