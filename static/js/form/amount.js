/** Amounts read back in words of figures: «28 250 000,00 درهم · 28,25 مليون درهم · 2 825 مليون سنتيم», against two noughts too many. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatNumber, t } from "../core/i18n.js";
import { plain } from "./plain.js";

/** Whether a question asks for money: the workbook says so, or its label does. @param {any} node */
export function isMoney(node) {
  if (node.attributes?.unit) return node.attributes.unit === "MAD";
  const label = node.label ?? {};
  const text = Object.values(label).flat().filter((part) => typeof part === "string").join(" ");
  return /درا?هم|\b(MAD|DHS?|dirhams?)\b/i.test(plain(text));
}

/** The reading under an amount. @param {any} node @param {string} value  stored form */
export function readingOf(node, value) {
  const amount = isMoney(node) ? readAmount(value) : "";
  return amount ? html`<p class="q-reading" aria-live="polite">${amount}</p>` : nothing;
}

/** @param {string} value  stored form @returns {string} */
export function readAmount(value) {
  const amount = Number(value);
  if (value === "" || !Number.isFinite(amount)) return "";
  const exact = t("{amount} dirhams", { amount: formatNumber(amount, 2) });
  const short = (/** @type {number} */ unit) => formatNumber(String(Math.round((amount / unit) * 1000) / 1000));
  // People say "a million" for a million centimes.
  const centimes = Math.abs(amount) < 1e4 ? "" : ` · ${t("{amount} million centimes", { amount: short(1e4) })}`;
  if (Math.abs(amount) < 1e6) return exact + centimes;
  const rounded = Math.abs(amount) < 1e9
    ? t("{amount} million dirhams", { amount: short(1e6) })
    : t("{amount} billion dirhams", { amount: short(1e9) });
  return `${exact} · ${rounded}${centimes}`;
}
