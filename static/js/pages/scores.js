/** The last score of a record, its shape over the one before, and what moved. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatDate, formatNumber, t } from "../core/i18n.js";
import { axisBars, radar } from "../form/radar.js";
import { levelChip, sectionTitle } from "./page.js";
import { said } from "./words.js";

/** "LEG=62.5 MEM=40", with the names that the diagnostic gives its axes. @param {string | undefined} kept @param {any[]} packages @returns {import("../form/radar.js").Axis[]} */
function axesIn(kept, packages) {
  if (!kept) return [];
  const scores = new Map(kept.split(" ").map((one) => /** @type {[string, string]} */ (one.split("="))));
  const nodes = packages.map((pkg) => pkg.nodes.filter((/** @type {any} */ { attributes }) => attributes?.role === "axis-score")).find((found) => found.length) ?? [];
  return nodes.map((/** @type {any} */ { attributes: { axis }, label }) => ({ axis, label: said(label) || axis, score: scores.has(axis) ? Number(scores.get(axis)) : null }));
}

/** @param {any} record */
export function scoreCard({ last_diag: date, last_level: level, last_score: score, prev_diag: dateBefore, prev_score: before }) {
  if (!date && !level) {
    return html`<div class="empty"><span>${t("No diagnostic yet. The first one gives its level and its score on the day of the visit.")}</span></div>`;
  }
  return html`<div class="card"><div class="score">
      ${score ? html`<b><bdi>${formatNumber(score, 1)}</bdi></b>` : nothing}
      <div>${levelChip(level)}<p>${t("last diagnostic: {date}", { date: formatDate(date) })}</p>
        ${before ? html`<p>${t("it was {score} on {date}", { score: formatNumber(before, 1), date: formatDate(dateBefore) })}</p>` : nothing}</div>
    </div></div>`;
}

/** @param {any} record @param {any[]} packages */
export function shapeCard({ last_diag: date, last_axes: kept, last_version: version, prev_diag: dateBefore, prev_axes: keptBefore, prev_version: versionBefore }, packages) {
  const axes = axesIn(kept, packages);
  // Only the office knows which axes two versions of the form have in common; a round kept before versions were names none.
  const isOther = keptBefore && version !== versionBefore;
  const before = isOther ? [] : axesIn(keptBefore, packages);
  if (axes.length < 3) return nothing;
  return html`<section aria-label=${t("Scores by axis")}>${sectionTitle(t("Scores by axis"))}<div class="card">${radar(axes, before)}
    ${before.length ? html`<p class="legend"><span class="now">${formatDate(date)}</span><span class="then">${formatDate(dateBefore)}</span></p>` : nothing}
    ${isOther ? html`<p class="soft">${t("{date}: another version of the form; compare at the office", { date: formatDate(dateBefore) })}</p>` : nothing}
    <details><summary>${t("The figures")}</summary>${axisBars(axes)}</details></div></section>`;
}
