/** Pictures, sounds and films of labels and of choices, from the files that came with the instrument. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { t } from "../../../core/i18n.js";
import { openOverlay } from "../../overlay.js";
import { plain } from "../../plain.js";
import { listWidget } from "../select-list.js";

/** @typedef {{url: string, missing: boolean}} Held */

/** @param {import("../../part.js").Field} field @returns {unknown} */
export function mediaTemplate(field) {
  const { view } = field;
  const { image, "big-image": big, audio, video } = /** @type {Record<string, string | undefined>} */ (view.media ?? {});
  // The drawing of an image-map is the question's own.
  const shown = field.local.drawing ? "" : image || big;
  return [
    shown && withFile(field, shown, (url) => (big ? html`<button type="button" class="enlarge" aria-label=${t("Enlarge the picture: {name}", { name: field.plainLabel })}
      @click=${() => enlarge(field, big)}><img class="label-picture" src=${url} alt="" /></button>` : html`<img class="label-picture" src=${url} alt="" />`)),
    audio && withFile(field, audio, (url) => html`<audio class="player" controls src=${url} aria-label=${t("Question read aloud: {name}", { name: field.plainLabel })}></audio>`),
    video && withFile(field, video, (url) => html`<video class="player" controls playsinline src=${url} aria-label=${field.plainLabel}></video>`),
  ];
}

/** The words of a choice with its picture, sound and film. @param {import("../../part.js").Field} field @param {any} item @param {string} label @returns {unknown} */
export function choiceTemplate(field, item, label) {
  const { language } = field.session.form;
  const name = (/** @type {string} */ kind) => item?.media?.[kind]?.[language];
  const [image, audio, video] = [pictureOf(field, item), name("audio"), name("video")];
  return html`${image ? withFile(field, image, (url) => html`<img class="label-picture" src=${url} alt="" />`) : nothing}${field.rich(label)}
    ${audio ? withFile(field, audio, (url) => html`<button type="button" class="quiet" @click=${() => play(field, audio, url)}>▶ <span>${t("Listen")}</span><span class="for-readers">: ${plain(label)}</span></button>
      ${field.local.mute === audio ? html`<span class="q-error" role="alert">${t("This phone cannot play the sound.")}</span>` : nothing}`) : nothing}
    ${video ? withFile(field, video, (url) => html`<video class="player" controls playsinline src=${url} aria-label=${plain(label)}></video>`) : nothing}`;
}

/** A long list of choices with their pictures. @param {import("../../part.js").Field} field */
export const picturedListWidget = (field) => listWidget(field, (_, { item }, redraw) => {
  const name = pictureOf(field, item);
  if (!name) return nothing;
  const { url, coming } = held(field, name);
  if (!url) void coming.then(redraw);
  return withFile(field, name, (found) => html`<img class="label-picture" src=${found} alt="" />`);
});

/** @param {import("../../part.js").Field} field @param {any} item @returns {string | undefined} */
function pictureOf(field, item) {
  const { language } = field.session.form;
  return item?.media?.image?.[language] ?? item?.media?.["big-image"]?.[language];
}

/** @param {import("../../part.js").Field} field @param {string} name @param {string} url */
function play(field, name, url) {
  new Audio(url).play().catch(() => {
    field.local.mute = name;
    field.update();
  });
}

/** @param {import("../../part.js").Field} field @param {string} name */
function enlarge(field, name) {
  const overlay = openOverlay({
    title: field.plainLabel,
    draw: () => withFile(field, name, (url) => html`<img class="whole-picture" src=${url} alt=${field.plainLabel} />`),
  });
  void held(field, name).coming.then(() => overlay.redraw());
}

/** @param {import("../../part.js").Field} field @param {string} name @param {(url: string) => unknown} draw */
function withFile(field, name, draw) {
  const found = held(field, name);
  return found.url ? draw(found.url) : found.missing ? html`<p class="q-note">${t("A file of this question is not on the phone: {name}", { name })}</p>` : nothing;
}

/** @param {import("../../part.js").Field} field @param {string} name @returns {Held & {coming: Promise<void>}} */
function held(field, name) {
  const { local, session } = field;
  local.media ??= {};
  if (local.media[name]) return local.media[name];
  const found = { url: "", missing: false, coming: Promise.resolve() };
  local.media[name] = found;
  found.coming = session.formFile(name).catch(() => undefined).then((file) => {
    if (file) found.url = URL.createObjectURL(blobOf(file));
    else found.missing = true;
    field.update();
  });
  return local.media[name];
}

/** The drawing of a form as text. @param {import("../../part.js").Field} field @param {string} name @returns {Promise<string>} "" where it is not on the phone */
export async function drawingOf(field, name) {
  const file = await field.session.formFile(name).catch(() => undefined);
  return file?.type === "image/svg+xml" ? blobOf(file).text() : "";
}

/** @param {{type: string, data: string}} file  data: base64 */
const blobOf = ({ type, data }) => new Blob([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], { type });
