/**
 * The radar of axis scores, as SVG. Names are cut to their first word and the figure made small enough for them, so that
 * nothing overlaps at 360 px; the list of bars beside it has the full names and is what a screen reader reads.
 *
 * @typedef {{axis: string, label: string, score: number | null, weight?: number}} Axis
 */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { formatNumber, t } from "../core/i18n.js";

const WIDTH = 350;
const LETTER = 6.7;
const LINE = 15;
const GAP = 10;

/** @param {string} label */
const short = (label) => {
  const word = label.trim().split(/[\s،,]+/)[0] ?? "";
  return word.length > 18 ? `${word.slice(0, 17)}…` : word;
};

/** @param {number} index @param {number} count */
const angle = (index, count) => (Math.PI * 2 * index) / count - Math.PI / 2;

/** How far from the middle a full score lies, so that every name fits. @param {Axis[]} axes */
function radiusFor(axes) {
  let radius = 96;
  axes.forEach(({ label }, index) => {
    const across = Math.abs(Math.cos(angle(index, axes.length)));
    if (across < 0.2) return;
    radius = Math.min(radius, (WIDTH / 2 - short(label).length * LETTER) / across - GAP);
  });
  return Math.max(56, radius);
}

/** @param {Axis[]} axes @param {Axis[]} [before]  the same axes a round earlier, drawn behind @returns {unknown} nothing with less than three axes: there is no surface to see */
export function radar(axes, before = []) {
  if (axes.length < 3) return nothing;
  const radius = radiusFor(axes);
  const height = Math.round(2 * (radius + GAP + 2 * LINE + 6));
  const point = (/** @type {number} */ index, /** @type {number} */ share) => {
    const at = angle(index, axes.length);
    return [Math.cos(at) * radius * share, Math.sin(at) * radius * share];
  };
  const ring = (/** @type {number} */ share) => axes.map((_, index) => point(index, share).map((n) => n.toFixed(1)).join(",")).join(" ");
  const known = axes.every(({ score }) => score !== null);
  const shapeOf = (/** @type {Axis[]} */ drawn) => drawn.map(({ score }, index) => point(index, (score ?? 0) / 100).map((n) => n.toFixed(1)).join(",")).join(" ");
  return html`<svg class="radar" viewBox="${-WIDTH / 2} ${-height / 2} ${WIDTH} ${height}" role="img" aria-label=${t("Scores by axis; the list below has the figures")}>
    ${[0.25, 0.5, 0.75, 1].map((share) => svg`<polygon class="ring" points=${ring(share)} />`)}
    ${axes.map((_, index) => {
      const [x, y] = point(index, 1);
      return svg`<line class="spoke" x1="0" y1="0" x2=${x.toFixed(1)} y2=${y.toFixed(1)} />`;
    })}
    ${before.length === axes.length ? svg`<polygon class="before" points=${shapeOf(before)} />` : nothing}
    <polygon class=${known ? "shape" : "shape partly"} points=${shapeOf(axes)} />
    ${axes.map(({ score }, index) => {
      if (score === null) return nothing;
      const [x, y] = point(index, score / 100);
      return svg`<circle class="dot" cx=${x.toFixed(1)} cy=${y.toFixed(1)} r="3" />`;
    })}
    ${axes.map((axis, index) => axisName(axis, angle(index, axes.length), radius))}
  </svg>`;
}

/** @param {Axis} axis @param {number} at @param {number} radius */
function axisName({ label, score }, at, radius) {
  const across = Math.cos(at);
  const down = Math.sin(at);
  const x = across * (radius + GAP);
  // Two lines: the name, then the figure. Above the figure they end at it, below they begin at it.
  const y = down * (radius + GAP) + (down < -0.8 ? -LINE : down > 0.8 ? LINE - 2 : 0);
  const name = short(label);
  // "start" is the right edge in a right-to-left text: anchors are by side, not by language.
  const rtl = /[\u0590-\u08ff]/.test(name);
  const side = Math.abs(across) < 0.2 ? "middle" : across > 0 !== rtl ? "start" : "end";
  const figure = score === null ? "–" : formatNumber(score, 1);
  const figureSide = Math.abs(across) < 0.2 ? "middle" : across > 0 ? "start" : "end";
  return svg`<text class="axis" x=${x.toFixed(1)} y=${y.toFixed(1)} text-anchor=${side} direction=${rtl ? "rtl" : "ltr"}>${name}</text>
    <text class="axis figure" x=${x.toFixed(1)} y=${(y + LINE).toFixed(1)} text-anchor=${figureSide} direction="ltr">${figure}</text>`;
}

/** The same scores as a list, for readers and for paper. @param {Axis[]} axes */
export function axisBars(axes) {
  return html`<ul class="axis-bars">${axes.map(({ label, score }) => html`<li>
    <span class="axis-label">${label}</span>
    <bdi class="axis-score">${score === null ? t("not enough answers") : formatNumber(score, 1)}</bdi>
    <svg class="axis-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="ground" width="100" height="4" /><rect class="value" width=${score ?? 0} height="4" /></svg></li>`)}</ul>`;
}
