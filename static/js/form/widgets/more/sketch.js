/** A drawing with the finger, on white or over a photo. It is kept shortly after the last stroke, and when the page is left. */

import { html, nothing } from "../../../../vendor/lit-html/lit-html.js";
import { t } from "../../../core/i18n.js";
import { canvasBlob, shrinkPhoto } from "../../photo.js";
import { begunWith } from "../../default-file.js";
import { imageWidget } from "../image.js";
import { showStored } from "../stored-picture.js";
import { noRoomText } from "./files.js";

const PAUSE_MS = 1500;
const SIDE = 720;
const MAX_PIXELS = 1600;
const COLOURS = [
  { code: "#1c2421", name: () => t("Black") },
  { code: "#c0261d", name: () => t("Red") },
  { code: "#0d5c4a", name: () => t("Green") },
  { code: "#ffd23f", name: () => t("Yellow") },
];

/** @typedef {{colour: string, points: {x: number, y: number}[]}} Stroke */

/** @param {import("../../part.js").Field} field */
export function drawWidget(field) {
  const { view, local } = field;
  if (!view.value && !local.editing && !view.readonly) begin(field, null);
  if (local.editing) return editor(field);
  showStored(field);
  if (!view.value) return nothing;
  return html`<figure class="photo signature">${local.url ? html`<img src=${local.url} alt=${field.plainLabel} />` : html`<div class="photo-away">${t("Drawing")}</div>`}</figure>
    ${view.readonly ? nothing : html`<div class="buttons"><button type="button" class="btn plain" @click=${() => reopen(field)}>${t("Go on drawing")}</button>
      <button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Delete the drawing")}</button></div>`}`;
}

/** @param {import("../../part.js").Field} field */
export function annotateWidget(field) {
  const { view, local } = field;
  if (local.editing) return editor(field);
  return html`${imageWidget(field)}
    ${view.value && !view.readonly && (field.session.file(view.value) || local.url) ? html`<div class="buttons"><button type="button" class="btn" @click=${() => reopen(field)}>${t("Draw on the photo")}</button></div>` : nothing}`;
}

/** Pixels of the long side. @param {import("../../part.js").Field} field */
const mostOf = ({ node }) => Number(node.parameters?.["max-pixels"]) || MAX_PIXELS;

/** Opens the kept picture to draw on. @param {import("../../part.js").Field} field */
async function reopen(field) {
  const { local, session } = field;
  const file = session.file(field.view.value);
  const blob = await (file ? session.phone.files.read(file.sha256) : begunWith(session, field.view.value)).catch(() => null);
  const picture = blob && (await createImageBitmap(blob).catch(() => null));
  if (!picture) {
    local.problem = t("This picture is not on the phone.");
    field.update();
    return;
  }
  begin(field, picture);
  field.update();
}

/** @param {import("../../part.js").Field} field @param {ImageBitmap | null} picture */
function begin(field, picture) {
  const { local } = field;
  const scale = picture ? Math.min(1, mostOf(field) / Math.max(picture.width, picture.height)) : 1;
  local.editing = {
    picture, width: picture ? Math.round(picture.width * scale) : SIDE, height: picture ? Math.round(picture.height * scale) : SIDE,
    strokes: /** @type {Stroke[]} */ ([]), colour: COLOURS[picture ? 1 : 0].code, canvas: null, open: false, changed: false,
  };
  local.problem = "";
  local.onLeave = () => leave(field);
}

/** @param {import("../../part.js").Field} field */
function editor(field) {
  const { local } = field;
  const { width, height, strokes, colour } = local.editing;
  const choose = (/** @type {string} */ code) => {
    local.editing.colour = code;
    field.update();
  };
  const undo = () => {
    strokes.pop();
    paint(local.editing);
    later(field);
    field.update();
  };
  // The canvas is filled once it stands on the page.
  queueMicrotask(() => {
    const canvas = document.getElementById(`${field.inputId}c`);
    if (!local.editing || local.editing.canvas === canvas) return;
    local.editing.canvas = canvas;
    paint(local.editing);
  });
  return html`
    <canvas id="${field.inputId}c" class="pad sketch" width=${width} height=${height} role="img" tabindex="0" aria-label="${t("Draw with the finger, or with the arrow keys; Shift lifts the pen")}: ${field.plainLabel}"
      @keydown=${(/** @type {KeyboardEvent} */ event) => press(field, event)}
      @pointerdown=${(/** @type {PointerEvent} */ event) => down(field, event)} @pointermove=${(/** @type {PointerEvent} */ event) => move(field, event)}
      @pointerup=${(/** @type {PointerEvent} */ event) => up(field, event)} @pointercancel=${(/** @type {PointerEvent} */ event) => up(field, event)}></canvas>
    ${local.problem ? html`<p class="q-error" role="alert">${local.problem}</p>` : nothing}
    <div class="palette" role="radiogroup" aria-label=${t("Colour")}>${COLOURS.map(({ code, name }) => html`<label class=${code === colour ? "ink on" : "ink"}>
      <input type="radio" name="${field.inputId}k" .checked=${code === colour} aria-label=${name()} @change=${() => choose(code)} /><svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="13" fill=${code} /></svg></label>`)}
      <button type="button" class="quiet" ?disabled=${!strokes.length} @click=${undo}>${t("Undo")}</button></div>
    <div class="buttons">
      ${strokes.length || local.editing.picture ? html`<button type="button" class="btn" @click=${() => leave(field)}>${t("Done")}</button>` : html`<label class="btn plain"><input type="file" class="hidden-input" accept="image/*" aria-label="${t("From the gallery")}: ${field.plainLabel}"
        @change=${(/** @type {any} */ event) => field.session.hold(fromGallery(field, event.target))} /><span>${t("From the gallery")}</span></label>`}</div>`;
}

/** The picture and its strokes. @param {any} editing */
function paint({ canvas, picture, strokes, width, height }) {
  const context = canvas?.getContext("2d");
  if (!context) return;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  if (picture) context.drawImage(picture, 0, 0, width, height);
  for (const stroke of strokes) line(context, stroke, 0, width);
}

/** @param {CanvasRenderingContext2D} context @param {Stroke} stroke @param {number} from @param {number} width */
function line(context, { colour, points }, from, width) {
  context.strokeStyle = colour;
  context.lineWidth = Math.max(3, width / 140);
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(points[from].x, points[from].y);
  for (const { x, y } of points.slice(from + 1)) context.lineTo(x, y);
  // A dot is a mark too.
  if (points.length === 1) context.lineTo(points[0].x + 0.1, points[0].y);
  context.stroke();
}

/** @param {any} editing @param {PointerEvent} event */
function place({ canvas, width, height }, event) {
  const box = canvas.getBoundingClientRect();
  return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * height };
}

/** @param {import("../../part.js").Field} field @param {PointerEvent} event */
function down(field, event) {
  const { editing } = field.local;
  event.preventDefault();
  editing.canvas.setPointerCapture(event.pointerId);
  clearTimeout(editing.timer);
  const stroke = { colour: editing.colour, points: [place(editing, event)] };
  editing.strokes.push(stroke);
  editing.open = true;
  line(editing.canvas.getContext("2d"), stroke, 0, editing.width);
  if (editing.strokes.length === 1) field.update();
}

/** A pen for who has no pointer. @param {import("../../part.js").Field} field @param {KeyboardEvent} event */
function press(field, event) {
  const way = ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"].indexOf(event.key);
  const { editing } = field.local;
  if (way < 0 || !editing) return;
  event.preventDefault();
  const { x, y } = (editing.pen ??= { x: editing.width / 2, y: editing.height / 2 });
  const step = Math.max(editing.width, editing.height) / 40;
  editing.pen = { x: x + (way % 2) * (way - 2) * step, y: y + ((way + 1) % 2) * (way - 1) * step };
  if (event.shiftKey) return;
  const { strokes, colour } = editing;
  const last = strokes[strokes.length - 1];
  const end = last?.points[last.points.length - 1];
  if (end && end.x === x && end.y === y && last.colour === colour) last.points.push(editing.pen);
  else strokes.push({ colour, points: [{ x, y }, editing.pen] });
  paint(editing);
  later(field);
  field.update();
}

/** @param {import("../../part.js").Field} field @param {PointerEvent} event */
function move(field, event) {
  const { editing } = field.local;
  if (!editing?.open) return;
  const stroke = editing.strokes[editing.strokes.length - 1];
  stroke.points.push(place(editing, event));
  line(editing.canvas.getContext("2d"), stroke, stroke.points.length - 2, editing.width);
}

/** @param {import("../../part.js").Field} field @param {PointerEvent} event */
function up(field, event) {
  if (!field.local.editing?.open) return;
  move(field, event);
  field.local.editing.open = false;
  later(field);
}

/** @param {import("../../part.js").Field} field */
function later(field) {
  const { editing } = field.local;
  clearTimeout(editing.timer);
  editing.changed = true;
  editing.timer = setTimeout(() => field.session.hold(keep(field, editing)), PAUSE_MS);
}

/** @param {import("../../part.js").Field} field @param {any} editing */
async function keep(field, editing) {
  const { strokes, picture, canvas, width, height } = editing;
  if (!canvas || !editing.changed) return;
  editing.changed = false;
  try {
    paint(editing);
    if (!strokes.length && !picture) field.set("", {});
    else {
      const blob = await canvasBlob(canvas, picture ? "image/jpeg" : "image/png", 0.85);
      const small = await shrinkPhoto(blob, Math.max(width, height));
      await field.attach({ bytes: await blob.arrayBuffer(), thumbnail: small.thumbnail, type: blob.type, extension: picture ? "jpg" : "png" });
    }
    field.local.problem = "";
  } catch {
    editing.changed = true;
    field.local.problem = noRoomText();
    field.update();
  }
}

/** Ends the drawing: what is on it is kept. @param {import("../../part.js").Field} field */
function leave(field) {
  const { local } = field;
  const { editing } = local;
  if (!editing) return;
  clearTimeout(editing.timer);
  field.session.hold(keep(field, editing).then(() => {
    editing.picture?.close();
    local.editing = null;
    local.onLeave = null;
    field.update();
  }));
}

/** @param {import("../../part.js").Field} field @param {HTMLInputElement} input */
async function fromGallery(field, input) {
  const chosen = input.files?.[0];
  if (!chosen) return;
  const photo = await shrinkPhoto(chosen, mostOf(field)).catch(() => null);
  if (!photo) field.local.problem = t("This picture cannot be read. Please take it again with the camera.");
  else {
    field.local.editing = null;
    await field.attach({ bytes: photo.bytes, thumbnail: photo.thumbnail, type: "image/jpeg", extension: "jpg" }).catch(() => {
      field.local.problem = noRoomText();
    });
  }
  field.update();
}
