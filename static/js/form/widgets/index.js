/** Which widget draws which question. */

import { acknowledgeWidget } from "./note.js";
import { cardsWidget } from "./select-one.js";
import { checksWidget } from "./select-multiple.js";
import { dateTimeWidget, dateWidget, timeWidget } from "./date.js";
import { fallbackWidget, textWidget } from "./text.js";
import { geopointWidget } from "./geopoint.js";
import { imageWidget } from "./image.js";
import { listWidget } from "./select-list.js";
import { numberWidget } from "./number.js";
import { signatureWidget } from "./signature.js";

/** Above this many choices of a list kept in the form, cards become a page to search. */
const MANY = 12;

/**
 * @param {any} node @param {any} pkg
 * @returns {{draw: ((field: import("../part.js").Field) => unknown) | null, labels: "input" | "group"}}
 *   labels: whether the question's label names one input or a group
 */
export function widgetFor(node, pkg) {
  const appearance = node.appearance ?? "";
  switch (node.type) {
    case "note": return { draw: null, labels: "group" };
    case "text": case "email": case "phonenumber": return { draw: textWidget, labels: "input" };
    case "integer": case "decimal": case "range": return { draw: numberWidget, labels: "input" };
    case "date": return { draw: dateWidget, labels: "input" };
    case "time": return { draw: timeWidget, labels: "input" };
    case "dateTime": return { draw: dateTimeWidget, labels: "input" };
    case "acknowledge": return { draw: acknowledgeWidget, labels: "input" };
    case "geopoint": return { draw: geopointWidget, labels: "group" };
    case "image": return { draw: /\b(signature|draw)\b/.test(appearance) ? signatureWidget : imageWidget, labels: "group" };
    case "select_one": case "select_multiple": {
      const list = pkg.lists?.[node.choices?.list];
      const long = !list || list.length > MANY || /\b(minimal|autocomplete|search)\b/.test(appearance);
      if (long) return { draw: listWidget, labels: "group" };
      return { draw: node.type === "select_one" ? cardsWidget : checksWidget, labels: "group" };
    }
    case "rank": return { draw: checksWidget, labels: "group" };
    default: return { draw: fallbackWidget, labels: "input" };
  }
}
