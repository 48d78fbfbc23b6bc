/**
 * The place, from the phone's satellites: it works without network and takes its time. The best reading so far can be kept;
 * each state says what it is, and none lasts for ever.
 */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { formatNumber, t } from "../../core/i18n.js";
import { westernDigits } from "../../core/number.js";

const GIVE_UP_MS = 90_000;
const GOOD_M = 10;

/** @param {import("../part.js").Field} field */
export function geopointWidget(field) {
  const { view, local } = field;
  const [lat, lon, , accuracy] = view.value.split(" ");
  const vague = Number(accuracy) > Number(field.node.parameters?.["warning-accuracy"]);
  const best = local.best;
  return html`
    ${view.value
      ? html`<p class="q-value"><bdi dir="ltr">${Number(lat).toFixed(5)}, ${Number(lon).toFixed(5)}</bdi>
          ${accuracy && Number(accuracy) ? html`<small>${t("accuracy {metres} m", { metres: formatNumber(accuracy, 0) })}</small>` : nothing}</p>`
      : nothing}
    ${vague ? html`<p class="q-outside" role="status">${t("This position is not exact enough: locate again under the open sky.")}</p>` : nothing}
    ${local.watch !== undefined
      ? html`<div class="search-place" role="status">
          <p>${best ? t("Accuracy now: {metres} m. It improves under the open sky.", { metres: formatNumber(best.accuracy, 0) }) : t("Looking for satellites… Under the open sky this takes a minute at most.")}</p>
          <div class="buttons">
            ${best ? html`<button type="button" class="btn" @click=${() => keep(field)}>${t("Keep this position")}</button>` : nothing}
            <button type="button" class="quiet" @click=${() => stop(field, "")}>${t("Stop")}</button>
          </div></div>`
      : nothing}
    ${local.problem ? html`<p class="q-error" role="alert">${message(local.problem)}</p>
      <label class="q-hint">${t("Or type latitude, then longitude: 33.05 -4.05")}
        <input class="input" dir="ltr" inputmode="text" autocomplete="off" @change=${(/** @type {any} */ event) => type(field, event.target.value)} /></label>` : nothing}
    ${local.watch === undefined && !view.readonly
      ? html`<div class="buttons">
          <button type="button" id=${field.inputId} class="btn action" aria-describedby=${field.describedBy} @click=${() => start(field)}>${view.value ? t("Locate again") : t("Locate this place")}</button>
          ${view.value ? html`<button type="button" class="quiet danger" @click=${() => field.set("", { done: true })}>${t("Delete the position")}</button>` : nothing}
        </div>`
      : nothing}`;
}

/** @param {string} problem */
function message(problem) {
  if (problem === "unread") return t("There is no such place: latitude goes from -90 to 90, longitude from -180 to 180.");
  if (problem === "refused") return t("The phone does not let this page know the place. Allow “Location” for this site in the browser's settings, then try again.");
  if (problem === "off") return t("The phone cannot tell its place. Turn on “Location” in the phone's settings, go outside, then try again.");
  if (problem === "late") return t("No satellite was found in a minute and a half. Go outside, away from walls, then try again; the form can go on without it.");
  return t("This phone has no location. The form can go on without it.");
}

/** @param {import("../part.js").Field} field */
function start(field) {
  const { local } = field;
  local.problem = "";
  local.best = null;
  if (!navigator.geolocation) {
    local.problem = "none";
    field.update();
    return;
  }
  local.watch = navigator.geolocation.watchPosition(
    ({ coords }) => {
      if (!local.best || coords.accuracy <= local.best.accuracy) local.best = coords;
      if (local.best.accuracy <= (Number(field.node.parameters?.["capture-accuracy"]) || GOOD_M)) keep(field);
      else field.update();
    },
    (error) => {
      if (error.code === error.PERMISSION_DENIED) stop(field, "refused");
      else if (error.code === error.POSITION_UNAVAILABLE && !local.best) stop(field, "off");
    },
    { enableHighAccuracy: true, maximumAge: 0, timeout: GIVE_UP_MS },
  );
  local.timer = setTimeout(() => (local.best ? keep(field) : stop(field, "late")), GIVE_UP_MS);
  local.onDispose = () => halt(local);
  field.update();
}

/** A place that somebody knows or reads elsewhere. @param {import("../part.js").Field} field @param {string} text */
function type(field, text) {
  const place = placeIn(text);
  const { local } = field;
  local.problem = place ? "" : "unread";
  if (place) field.set(place, { done: true });
  else field.update();
}

/** @param {string} text `33.05, -4.05`, `33,05 -4,05` @returns {string} as XForms writes it; "": no place, or one whose letters would say where */
export function placeIn(text) {
  const western = westernDigits(text).replaceAll("٫", ".");
  const numbers = (western.includes(".") ? western : western.replace(/(\d),(?=\d)/g, "$1.")).match(/-?\d+(\.\d+)?/g) ?? [];
  return numbers.length === 2 && !/\p{L}/u.test(text) ? `${numbers.join(" ")} 0 0` : "";
}

/** @param {any} local */
function halt(local) {
  if (local.watch !== undefined) navigator.geolocation.clearWatch(local.watch);
  clearTimeout(local.timer);
  local.watch = undefined;
}

/** @param {import("../part.js").Field} field @param {string} problem */
function stop(field, problem) {
  halt(field.local);
  field.local.problem = problem;
  field.update();
}

/** @param {import("../part.js").Field} field */
function keep(field) {
  const { latitude, longitude, altitude, accuracy } = field.local.best;
  halt(field.local);
  const round = (/** @type {number} */ value, /** @type {number} */ digits) => String(Number(value.toFixed(digits)));
  field.set([round(latitude, 7), round(longitude, 7), round(altitude ?? 0, 1), round(accuracy, 1)].join(" "), { done: true });
}
