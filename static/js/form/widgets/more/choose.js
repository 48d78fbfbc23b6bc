/** Which of the rarer widgets draws a question; null where the first script's own does. ../../kinds.js decides. */

import { KINDS } from "../../kinds.js";
import { annotateWidget, drawWidget } from "./sketch.js";
import { barcodeWidget } from "./barcode.js";
import { bearingWidget } from "./bearing.js";
import { columnsWidget, hasColumns, likertWidget, listedWidget, tableHeadWidget, tableRowWidget, withMedia } from "./choices.js";
import { counterWidget, linkWidget, maskedWidget } from "./typed.js";
import { acknowledgeWidget, dateTimeWidget, timeWidget } from "./moment.js";
import { dateWheelsWidget, monthYearWidget, yearWidget } from "./date-parts.js";
import { imageMapWidget } from "./image-map.js";
import { fileWidget } from "./file.js";
import { numberWidget } from "../number.js";
import { pickWidget, ratingWidget, sliderWidget } from "./range.js";
import { picturedListWidget } from "./media.js";
import { rankWidget } from "./rank.js";
import { recordingWidget } from "./recording.js";
import { traceWidget } from "./trace.js";

/** @typedef {import("../index.js").Widget} Widget */

/** @param {Widget["draw"]} draw @returns {Widget} */
const input = (draw) => ({ draw, labels: "input" });
/** @param {Widget["draw"]} draw @returns {Widget} */
const group = (draw) => ({ draw, labels: "group" });

/** By their names in kinds.js. @type {Record<string, Widget>} */
const WIDGETS = {
  acknowledge: input(acknowledgeWidget), annotate: group(annotateWidget), barcode: input(barcodeWidget), bearing: input(bearingWidget),
  columns: group(columnsWidget), counter: input(counterWidget), dateTime: input(dateTimeWidget), dateWheels: group(dateWheelsWidget),
  draw: group(drawWidget), file: group(fileWidget), imageMap: group(imageMapWidget), likert: group(likertWidget), link: input(linkWidget), masked: input(maskedWidget),
  monthYear: group(monthYearWidget), pick: group(pickWidget), rank: group(rankWidget), rating: group(ratingWidget),
  recording: group(recordingWidget), slider: group(sliderWidget), tableHead: group(tableHeadWidget), tableRow: group(tableRowWidget),
  time: input(timeWidget), trace: group(traceWidget), year: group(yearWidget),
};

/** @param {any} node @param {any} pkg @returns {Widget | null} */
export function chooseMore(node, pkg) {
  const list = pkg.lists?.[node.choices?.list];
  const shown = list?.some((/** @type {any} */ item) => item.media) ? withMedia : (/** @type {any} */ draw) => draw;
  if (node.type === "note") return node.choices ? group(shown(tableHeadWidget)) : null;
  if (node.type === "range" && !(Number(node.parameters?.end) > Number(node.parameters?.start))) return input(numberWidget);
  // A list that is not in the form is searched on a page of its own.
  if (node.choices && node.type !== "rank" && !list) return null;
  const { word, widget } = drawnBy(node);
  if (/^select/.test(node.type) && (word === "" || hasColumns(node)) && shown === withMedia) return group(shown(listedWidget));
  const found = WIDGETS[widget];
  if (found?.draw) return { ...found, draw: shown(found.draw) };
  return /^select/.test(node.type) && shown === withMedia ? group(picturedListWidget) : null;
}

/**
 * The appearance that decides, and the widget it asks for.
 * @param {{type: string, appearance?: string}} node @returns {{word: string, widget: string}}
 */
export function drawnBy({ type, appearance = "" }) {
  /** @type {Record<string, string>} */
  const kinds = /** @type {any} */ (KINDS)[type] ?? {};
  const words = new Set(appearance.split(/\s+/).map((word) => word.replace(/\d+$/, "#")));
  const word = Object.keys(kinds).find((one) => one && kinds[one] !== "plain" && words.has(one)) ?? "";
  return { word, widget: kinds[word] ?? "own" };
}
