/** The words of the group's page: on the screen, on its picture, and as the phone's voice says them. */

import { formatNumber, t } from "../core/i18n.js";
import { levelWords } from "./sheet.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */

/** @param {Sheet} sheet */
export const about = ({ kind, place, date }) => [kind, place, date].filter(Boolean).join(" · ");

/** @param {Sheet} sheet */
export const scoreWords = ({ score }) => t("{score} out of 100", { score: formatNumber(score ?? "", 1) });

/** @param {import("./sheet.js").Agreed} agreed */
export const whoAndWhen = ({ who, due }) => [who, due && t("by {date}", { date: due })].filter(Boolean).join(" · ");

/** What a voice says, a sentence each: voices stop in the middle of long texts. @param {Sheet} sheet @returns {string[]} */
export function spoken(sheet) {
  /** @param {string} text */
  const bare = (text) => text.replace(/[\u2066-\u2069]/g, "").replace(/ · /g, t(", "));
  const { name, date, score, axes, strengths, agreed } = sheet;
  const known = axes.filter((axis) => axis.score !== null);
  return [
    [name, date].filter(Boolean).join(t(", ")),
    levelWords(sheet),
    score === null ? "" : scoreWords(sheet),
    ...known.map((axis) => `${axis.label}: ${formatNumber(axis.score ?? "", 1)}`),
    strengths.length ? `${t("Our strengths")}: ${strengths.join(t(", "))}` : "",
    agreed.length ? t("What we agreed") : "",
    ...agreed.map((one, index) => `${index + 1}. ${[one.text, whoAndWhen(one)].filter(Boolean).join(t(", "))}`),
  ].filter(Boolean).map(bare);
}
