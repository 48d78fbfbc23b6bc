/** Which of the rarer widgets draws a question; null where the first script's own does. */

import { annotateWidget, drawWidget } from "./sketch.js";
import { barcodeWidget } from "./barcode.js";
import { bearingWidget } from "./bearing.js";
import { columnsWidget, hasColumns, likertWidget, picturesWidget, tableHeadWidget, tableRowWidget } from "./choices.js";
import { counterWidget, linkWidget, maskedWidget } from "./typed.js";
import { acknowledgeWidget, dateTimeWidget, timeWidget } from "./moment.js";
import { dateWheelsWidget, monthYearWidget, yearWidget } from "./date-parts.js";
import { fileWidget } from "./file.js";
import { numberWidget } from "../number.js";
import { pickWidget, ratingWidget, sliderWidget } from "./range.js";
import { rankWidget } from "./rank.js";
import { recordingWidget } from "./recording.js";
import { traceWidget } from "./trace.js";

/** @typedef {import("../index.js").Widget} Widget */

/** @param {Widget["draw"]} draw @returns {Widget} */
const input = (draw) => ({ draw, labels: "input" });
/** @param {Widget["draw"]} draw @returns {Widget} */
const group = (draw) => ({ draw, labels: "group" });

/** @param {any} node @param {any} pkg @returns {Widget | null} */
export function chooseMore(node, pkg) {
  const words = new Set((node.appearance ?? "").split(/\s+/));
  const has = (/** @type {string[]} */ ...some) => some.some((word) => words.has(word));
  switch (node.type) {
    case "range": {
      const { start, end } = node.parameters ?? {};
      if (!(Number(end) > Number(start))) return input(numberWidget);
      if (has("rating")) return group(ratingWidget);
      return has("picker") ? group(pickWidget) : group(sliderWidget);
    }
    case "note": return node.choices ? group(tableHeadWidget) : null;
    case "rank": return group(rankWidget);
    case "audio": return group(recordingWidget);
    case "video": case "file": return group(fileWidget);
    case "time": return input(timeWidget);
    case "dateTime": return input(dateTimeWidget);
    case "acknowledge": return input(acknowledgeWidget);
    case "barcode": return input(barcodeWidget);
    case "geotrace": case "geoshape": return group(traceWidget);
    case "image": return has("annotate") ? group(annotateWidget) : has("draw") ? group(drawWidget) : null;
    case "integer": return has("counter") ? input(counterWidget) : null;
    case "decimal": return has("bearing") ? input(bearingWidget) : null;
    case "text": return has("masked") ? input(maskedWidget) : has("url") ? input(linkWidget) : null;
    case "date":
      if (has("year")) return group(yearWidget);
      if (has("month-year")) return group(monthYearWidget);
      return has("no-calendar") ? group(dateWheelsWidget) : null;
    case "select_one": case "select_multiple": return ofChoices(node, pkg, has);
    default: return null;
  }
}

/** @param {any} node @param {any} pkg @param {(...words: string[]) => boolean} has @returns {Widget | null} */
function ofChoices(node, pkg, has) {
  // A list that is searched on a page of its own has no columns.
  if (!pkg.lists?.[node.choices?.list] || has("minimal", "autocomplete")) return null;
  if (has("list-nolabel", "list")) return group(tableRowWidget);
  if (has("likert") && node.type === "select_one") return group(likertWidget);
  if (pkg.lists[node.choices.list].some((/** @type {any} */ item) => item.media?.image)) return group(picturesWidget);
  return hasColumns(node) ? group(columnsWidget) : null;
}
