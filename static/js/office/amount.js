/**
 * Amounts said back at each key, as the server says them after saving (app/core/amounts.py): two noughts too many are heard.
 * The words stand in the page.
 */

const MOST = 1e13;

/** @param {string} text @returns {number}  NaN: no amount */
function read(text) {
  const plain = text
    .replace(/[\s\u00a0\u202f\u200e\u200f]+/g, "")
    .replace(/[\u0660-\u0669]/g, (sign) => String(sign.charCodeAt(0) - 0x660))
    .replace("\u066b", ",");
  return /^[0-9]{1,13}([.,][0-9]{1,2})?$/.test(plain) ? Number(plain.replace(",", ".")) : NaN;
}

/** @param {number} amount @param {number} [decimals] */
function written(amount, decimals) {
  const text = decimals === undefined ? String(Math.round(amount * 1000) / 1000) : amount.toFixed(decimals);
  const [whole, part] = text.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (part ? `,${part}` : "");
}

/** @param {DOMStringMap} words @param {string} text */
function said({ dirhams = "", millions = "", billions = "", centimes = "" }, text) {
  const amount = read(text);
  if (!(amount < MOST)) return "";
  const parts = [dirhams.replace("{amount}", written(amount, 2))];
  if (amount >= 1e9) parts.push(billions.replace("{amount}", written(amount / 1e9)));
  else if (amount >= 1e6) parts.push(millions.replace("{amount}", written(amount / 1e6)));
  if (amount >= 1e4) parts.push(centimes.replace("{amount}", written(amount / 1e4)));
  return parts.join(" · ");
}

for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-amount-of]"))) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById(line.dataset.amountOf ?? ""));
  const words = line.querySelector("bdi");
  field?.addEventListener("input", () => words && (words.textContent = said(line.dataset, field.value)));
}
