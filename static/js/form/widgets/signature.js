/** A signature or a mark, drawn with the finger. It is kept shortly after the last stroke. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../core/i18n.js";
import { canvasBlob } from "../photo.js";
import { showStored } from "./stored-picture.js";

const PAUSE_MS = 700;
const LONG_PAUSE_MS = 5000;
const STEP = 10;
const WIDTH = 640;
const HEIGHT = 280;

/** @param {import("../part.js").Field} field */
export function signatureWidget(field) {
  const { view, local } = field;
  showStored(field);
  const kept = view.value && !local.drawing;
  return html`
    ${kept
      ? html`<figure class="photo signature">${local.url ? html`<img src=${local.url} alt=${t("Signature")} />` : html`<div class="photo-away">${t("Signature")}</div>`}</figure>`
      : view.readonly ? nothing : html`<canvas class="pad" width=${WIDTH} height=${HEIGHT} role="img" tabindex="0" aria-label=${t("Sign here with the finger, or with the arrow keys; Shift lifts the pen")}
          @keydown=${(/** @type {KeyboardEvent} */ event) => press(field, event)} @blur=${field.leave}
          @pointerdown=${(/** @type {PointerEvent} */ event) => begin(field, event)} @pointermove=${(/** @type {PointerEvent} */ event) => draw(field, event)}
          @pointerup=${(/** @type {PointerEvent} */ event) => end(field, event)} @pointercancel=${(/** @type {PointerEvent} */ event) => end(field, event)}></canvas>
          <p class="q-note">${t("Sign here with the finger")}</p>`}
    ${local.problem ? html`<p class="q-error" role="alert">${local.problem}</p>` : nothing}
    ${(view.value || local.drawing) && !view.readonly
      ? html`<div class="buttons"><button type="button" class="quiet danger" @click=${() => clear(field)}>${t("Clear the signature")}</button></div>`
      : nothing}`;
}

/** @param {PointerEvent} event */
function point(event) {
  const canvas = /** @type {HTMLCanvasElement} */ (event.currentTarget);
  const box = canvas.getBoundingClientRect();
  return { x: ((event.clientX - box.left) / box.width) * WIDTH, y: ((event.clientY - box.top) / box.height) * HEIGHT };
}

/** @param {import("../part.js").Field} field @param {PointerEvent} event */
function begin(field, event) {
  if (field.view.readonly) return;
  event.preventDefault();
  const canvas = /** @type {HTMLCanvasElement} */ (event.currentTarget);
  canvas.setPointerCapture(event.pointerId);
  down(field, canvas, point(event));
}

/** A pen for who has no pointer. @param {import("../part.js").Field} field @param {KeyboardEvent} event */
function press(field, event) {
  const way = ["Up", "Left", "Down", "Right"].indexOf(event.key.slice(5));
  const { local, view } = field;
  if (!/^Arrow/.test(event.key) || way < 0 || view.readonly) return;
  event.preventDefault();
  const { x, y } = (local.pen ??= { x: WIDTH / 2, y: HEIGHT / 2 });
  local.pen = { x: x + (way % 2) * (way - 2) * STEP, y: y + ((way + 1) % 2) * (way - 1) * STEP };
  if (event.shiftKey) return;
  down(field, /** @type {HTMLCanvasElement} */ (event.currentTarget), { x, y });
  up(field, local.pen, LONG_PAUSE_MS);
}

/** @param {import("../part.js").Field} field @param {HTMLCanvasElement} canvas @param {{x: number, y: number}} at */
function down(field, canvas, at) {
  const { local } = field;
  clearTimeout(local.timer);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (!local.drawing) {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, WIDTH, HEIGHT);
  }
  context.lineWidth = 4;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = "#1c2421";
  local.canvas = canvas;
  local.last = at;
  const first = !local.drawing;
  local.drawing = true;
  // A dot is a mark too.
  context.beginPath();
  context.moveTo(local.last.x, local.last.y);
  context.lineTo(local.last.x + 0.1, local.last.y);
  context.stroke();
  if (first) field.update();
}

/** @param {import("../part.js").Field} field @param {PointerEvent} event */
function draw(field, event) {
  if (field.local.last) trace(field, point(event));
}

/** @param {import("../part.js").Field} field @param {{x: number, y: number}} next */
function trace({ local }, next) {
  const context = local.canvas.getContext("2d");
  context.beginPath();
  context.moveTo(local.last.x, local.last.y);
  context.lineTo(next.x, next.y);
  context.stroke();
  local.last = next;
}

/** @param {import("../part.js").Field} field @param {PointerEvent} event */
function end(field, event) {
  if (field.local.last) up(field, point(event), PAUSE_MS);
}

/** @param {import("../part.js").Field} field @param {{x: number, y: number}} at @param {number} pause  before it is kept */
function up(field, at, pause) {
  const { local } = field;
  trace(field, at);
  local.last = null;
  clearTimeout(local.timer);
  local.timer = setTimeout(() => field.session.hold(keep(field)), pause);
  local.onLeave = () => field.session.hold(keep(field));
}

/** @param {import("../part.js").Field} field */
async function keep(field) {
  const { local } = field;
  clearTimeout(local.timer);
  local.onLeave = null;
  if (!local.drawing) return;
  try {
    const blob = await canvasBlob(local.canvas, "image/png");
    if (local.last) return;
    await field.attach({ bytes: await blob.arrayBuffer(), type: "image/png", extension: "png" });
    local.drawing = false;
    local.problem = "";
  } catch {
    local.problem = t("The phone could not keep the signature. Free some space, then sign again.");
  }
  field.update();
}

/** @param {import("../part.js").Field} field */
function clear(field) {
  const { local } = field;
  clearTimeout(local.timer);
  local.onLeave = null;
  local.drawing = false;
  local.canvas?.getContext("2d").clearRect(0, 0, WIDTH, HEIGHT);
  field.set("", { done: true });
}
