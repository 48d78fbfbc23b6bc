/** What the list of what was sent says of a form beside its state. */

import { n, t } from "../core/i18n.js";
import { problemText } from "../core/problem.js";
import { photosOf } from "./states.js";

/** @typedef {import("../store/outbox.js").Item} Item */

/** What it means and what to do next, "" where there is nothing to say. @param {Item} item */
export function itemAdvice(item) {
  const why = problemText(item.problem);
  switch (item.state) {
    case "quarantined":
      if (item.rejected) return t("The office has it and decided that it does not count. It stays readable here until you put it away.");
      return why || t("It has arrived and is safe. A coordinator looks at it before it counts.");
    case "gone":
      return t("The office deleted it. It stays readable here until you put it away.");
    case "refused":
      return [why, t("It stays on this phone. Save a copy and tell the coordinator.")].filter(Boolean).join(" ");
    default:
      return "";
  }
}

/** Photos still to go, or lost: "" when all is well. @param {Item} item */
export function photoLine(item) {
  const { total, left, lost } = photosOf(item);
  const parts = [];
  if (item.state === "waiting" && left) parts.push(n("{n} photo goes after the text", "{n} photos go after the text", left));
  else if (left) parts.push(t("Photos: {done} of {total} received", { done: total - left - lost, total }));
  else if (total && item.state === "accepted") parts.push(n("{n} photo received", "{n} photos received", total - lost));
  if (lost) parts.push(n("{n} photo can no longer be read on this phone; the office knows", "{n} photos can no longer be read on this phone; the office knows", lost));
  return parts.join(" · ");
}
