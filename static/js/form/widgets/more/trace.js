/**
 * A way or a field's edge, walked: points are added where one stands, by hand or at intervals. A sketch shows the shape without
 * any map. Every point is kept at once: a walk is not made twice.
 */

import { html, nothing, svg } from "../../../../vendor/lit-html/lit-html.js";
import { formatNumber, n, t } from "../../../core/i18n.js";
import { placeIn } from "../geopoint.js";
import { areaOf, distanceOf, pointsOf } from "../../../engine/xpath/geo.js";

const INTERVALS = [5, 10, 20, 60];
/** A reading worse than that is not written down by itself. */
const WORST_M = 50;
const GIVE_UP_MS = 60_000;
const WIDTH = 320;
const HEIGHT = 200;

/** The points without the one that closes a shape. @param {import("../../part.js").Field} field @returns {string[]} */
function pointsIn({ view, node }) {
  const points = view.value.split(";").map((point) => point.trim()).filter(Boolean);
  if (node.type === "geoshape" && points.length > 3 && points[0] === points[points.length - 1]) points.pop();
  return points;
}

/** @param {import("../../part.js").Field} field @param {string[]} points */
function write(field, points) {
  const closed = field.node.type === "geoshape" && points.length > 2;
  // Each point is a step on the way; the question is done when the walk is.
  field.set([...points, ...(closed ? [points[0]] : [])].join(";"), { typing: true });
}

/** @param {import("../../part.js").Field} field */
export function traceWidget(field) {
  const { view, local, node } = field;
  const shape = node.type === "geoshape";
  const points = pointsIn(field);
  const fewest = shape ? 3 : 2;
  const interval = local.interval ?? INTERVALS[1];
  return html`
    ${points.length ? sketch(field, points, shape) : nothing}
    <p class="q-value" role="status">${n("{n} point", "{n} points", points.length)}${measure(points, shape, view.value)}</p>
    ${points.length && points.length < fewest ? html`<p class="q-note">${shape ? t("A shape needs three points at least.") : t("A line needs two points at least.")}</p>` : nothing}
    ${local.watch === undefined ? nothing : html`<div class="search-place" role="status"><p>${local.best ? t("Accuracy now: {metres} m. It improves under the open sky.", { metres: formatNumber(local.best.accuracy, 0) }) : t("Looking for satellites… Under the open sky this takes a minute at most.")}</p>
      ${local.walking ? html`<p>${t("Walk along the edge: a point is added every {n} seconds. Keep the screen on.", { n: interval })}</p>` : nothing}
      <div class="buttons">
        ${local.walking ? html`<button type="button" class="btn" @click=${() => stop(field, "")}>${t("Stop the walk")}</button>`
          : html`<button type="button" class="btn" ?disabled=${!local.best} @click=${() => add(field)}>${t("Keep this position")}</button><button type="button" class="quiet" @click=${() => stop(field, "")}>${t("Stop")}</button>`}
      </div></div>`}
    ${local.problem ? html`<p class="q-error" role="alert">${problemText(local.problem)}</p>
      <label class="q-hint">${t("Or type latitude, then longitude: 33.05 -4.05")}
        <input class="input" dir="ltr" autocomplete="off" @change=${(/** @type {any} */ event) => {
          const place = placeIn(event.target.value);
          if (place) write(field, [...pointsIn(field), place]);
          if (place) event.target.value = "";
          local.problem = place ? local.problem : "unread";
          field.update();
        }} /></label>` : nothing}
    ${view.readonly || local.watch !== undefined ? nothing : html`<div class="buttons">
        <button type="button" id=${field.inputId} class="btn" aria-describedby=${field.describedBy} @click=${() => start(field, false)}>${t("Add a point here")}</button>
        <button type="button" class="btn plain" @click=${() => start(field, true)}>${t("Record while walking")}</button></div>
      <label class="switch"><span>${t("While walking, a point every")}</span>
        <select class="input short" @change=${(/** @type {any} */ event) => {
          local.interval = Number(event.target.value);
        }}>${INTERVALS.map((one) => html`<option value=${one} ?selected=${one === interval}>${n("{n} second", "{n} seconds", one)}</option>`)}</select></label>`}
    ${points.length ? html`<details class="q-guidance"><summary>${t("List of points")}</summary><ol class="point-list">
      ${points.map((point, index) => html`<li><bdi dir="ltr">${index + 1}. ${words(point)}</bdi>
        ${view.readonly ? nothing : html`<button type="button" class="quiet danger" aria-label=${t("Delete point {number}", { number: index + 1 })} @click=${() => write(field, points.filter((_, i) => i !== index))}>${t("Delete")}</button>`}</li>`)}</ol></details>
      ${view.readonly ? nothing : html`<div class="buttons"><button type="button" class="quiet danger" @click=${() => write(field, points.slice(0, -1))}>${t("Delete the last point")}</button></div>`}` : nothing}`;
}

/** @param {string} point */
function words(point) {
  const [lat, lng, , accuracy] = point.split(" ").map(Number);
  return `${lat.toFixed(5)}, ${lng.toFixed(5)}${accuracy ? ` (±${formatNumber(accuracy, 0)} m)` : ""}`;
}

/** @param {string[]} points @param {boolean} shape @param {string} value */
function measure(points, shape, value) {
  if (points.length < 2) return nothing;
  const metres = distanceOf(pointsOf([value]));
  const length = metres < 2000 ? t("{length} m", { length: formatNumber(metres, 0) }) : t("{length} km", { length: formatNumber(metres / 1000, 2) });
  const area = shape && points.length > 2 ? areaOf([value]) : 0;
  return html`<bdi>${shape ? t("around: {length}", { length }) : t("length: {length}", { length })}</bdi>
    ${area ? html`<bdi>${area < 10_000 ? t("area: {area} m²", { area: formatNumber(area, 0) }) : t("area: {area} ha", { area: formatNumber(area / 10_000, 2) })}</bdi>` : nothing}`;
}

/** North is up; as wide as high whatever the latitude. @param {import("../../part.js").Field} field @param {string[]} texts @param {boolean} shape */
function sketch(field, texts, shape) {
  const points = pointsOf(texts) ?? [];
  if (!points.length) return nothing;
  const middle = Math.cos((points[0].lat * Math.PI) / 180);
  const flat = points.map(({ lat, lng }) => ({ x: lng * middle, y: -lat }));
  const [left, top] = [Math.min(...flat.map(({ x }) => x)), Math.min(...flat.map(({ y }) => y))];
  const [wide, high] = [Math.max(...flat.map(({ x }) => x)) - left, Math.max(...flat.map(({ y }) => y)) - top];
  const scale = Math.min((WIDTH - 40) / (wide || 1e-9), (HEIGHT - 40) / (high || 1e-9));
  const drawn = flat.map(({ x, y }) => [(WIDTH - wide * scale) / 2 + (x - left) * scale, (HEIGHT - high * scale) / 2 + (y - top) * scale].map((one) => one.toFixed(1)));
  const line = drawn.map((pair) => pair.join(",")).join(" ");
  return html`<svg class="shape-sketch" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("Sketch of the points, north at the top: {name}", { name: field.plainLabel })}>
    ${shape && drawn.length > 2 ? svg`<polygon points=${line} />` : svg`<polyline points=${line} />`}
    ${drawn.map(([x, y], index) => svg`<circle class=${index ? "" : "first"} cx=${x} cy=${y} r=${index ? 4 : 7} />`)}</svg>`;
}

/** @param {string} problem */
function problemText(problem) {
  if (problem === "unread") return t("There is no such place: latitude goes from -90 to 90, longitude from -180 to 180.");
  if (problem === "refused") return t("The phone does not let this page know the place. Allow “Location” for this site in the browser's settings, then try again.");
  if (problem === "off") return t("The phone cannot tell its place. Turn on “Location” in the phone's settings, go outside, then try again.");
  if (problem === "late") return t("No satellite was found in a minute. Go outside, away from walls, then try again.");
  return t("This phone has no location. The form can go on without it.");
}

/** @param {import("../../part.js").Field} field @param {boolean} walking */
function start(field, walking) {
  const { local } = field;
  local.problem = "";
  local.best = null;
  if (!navigator.geolocation) {
    local.problem = "none";
    field.update();
    return;
  }
  local.walking = walking;
  local.watch = navigator.geolocation.watchPosition(
    ({ coords }) => {
      // Another answer took the question away.
      if (!field.view.relevant) {
        stop(field, "");
        return;
      }
      // Standing, the best reading counts; walking, the latest.
      const better = walking || !local.best || coords.accuracy <= local.best.accuracy;
      if (better) local.best = coords;
      if (walking && !pointsIn(field).length && coords.accuracy <= WORST_M) addPoint(field);
      field.update();
    },
    (error) => {
      if (error.code === error.PERMISSION_DENIED) stop(field, "refused");
      else if (error.code === error.POSITION_UNAVAILABLE && !local.best) stop(field, "off");
    },
    { enableHighAccuracy: true, maximumAge: 0, timeout: GIVE_UP_MS },
  );
  local.late = setTimeout(() => local.best || stop(field, "late"), GIVE_UP_MS);
  if (walking) {
    local.timer = setInterval(() => local.best && local.best.accuracy <= WORST_M && addPoint(field), (local.interval ?? INTERVALS[1]) * 1000);
    // A dark screen ends the positions.
    void /** @type {any} */ (navigator).wakeLock?.request("screen").then((/** @type {any} */ lock) => {
      if (local.walking) local.lock = lock;
      else void lock.release();
    }, () => null);
  }
  local.onDispose = () => halt(local);
  field.update();
}

/** @param {any} local */
function halt(local) {
  if (local.watch !== undefined) navigator.geolocation.clearWatch(local.watch);
  clearInterval(local.timer);
  clearTimeout(local.late);
  void local.lock?.release();
  local.lock = null;
  local.watch = undefined;
  local.walking = false;
}

/** @param {import("../../part.js").Field} field @param {string} problem */
function stop(field, problem) {
  halt(field.local);
  field.local.problem = problem;
  field.update();
}

/** @param {import("../../part.js").Field} field */
function addPoint(field) {
  const { latitude, longitude, altitude, accuracy } = field.local.best;
  const round = (/** @type {number} */ value, /** @type {number} */ digits) => String(Number(value.toFixed(digits)));
  const point = [round(latitude, 7), round(longitude, 7), round(altitude ?? 0, 1), round(accuracy, 1)].join(" ");
  const points = pointsIn(field);
  // Standing still adds nothing to a walk.
  if (field.local.walking && points[points.length - 1]?.split(" ").slice(0, 2).join() === point.split(" ").slice(0, 2).join()) return;
  write(field, [...points, point]);
}

/** @param {import("../../part.js").Field} field */
function add(field) {
  addPoint(field);
  stop(field, "");
}
