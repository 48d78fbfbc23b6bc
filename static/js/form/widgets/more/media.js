/** Picture, sound or film of a label, from the files that came with the instrument. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { t } from "../../../core/i18n.js";

/** @param {import("../../part.js").Field} field @returns {unknown} */
export function mediaTemplate(field) {
  const { view, local } = field;
  const wanted = Object.entries(view.media ?? {}).filter(([kind, name]) => name && kind !== "big-image");
  local.media ??= {};
  return wanted.map(([kind, name]) => {
    const held = (local.media[name] ??= load(field, name));
    if (held.url && kind === "image") return html`<img class="label-picture" src=${held.url} alt="" />`;
    if (held.url && kind === "audio") return html`<audio class="player" controls src=${held.url} aria-label=${t("Question read aloud: {name}", { name: field.plainLabel })}></audio>`;
    if (held.url && kind === "video") return html`<video class="player" controls playsinline src=${held.url} aria-label=${field.plainLabel}></video>`;
    return held.missing ? html`<p class="q-note">${t("A file of this question is not on the phone: {name}", { name })}</p>` : nothing;
  });
}

/** The picture of a choice. @param {import("../../part.js").Field} field @param {string} name @returns {unknown} */
export function pictureTemplate(field, name) {
  field.local.media ??= {};
  const held = (field.local.media[name] ??= load(field, name));
  return held.url ? html`<img class="label-picture" src=${held.url} alt="" />` : nothing;
}

/** @param {import("../../part.js").Field} field @param {string} name */
function load(field, name) {
  /** @type {{url: string, missing: boolean}} */
  const held = { url: "", missing: false };
  void field.session.formFile(name).then((blob) => {
    if (blob) held.url = URL.createObjectURL(blob);
    else held.missing = true;
    field.update();
  });
  return held;
}
