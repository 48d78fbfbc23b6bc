/**
 * Numbers as people type them in Morocco: digits ٠-٩, ۰-۹ or 0-9, a decimal sign «,», «٫», «،» or «.», thousands set apart by
 * spaces or dots. The stored form has digits 0-9 and one ".". What is not surely a number stays as typed, to be shown as such:
 * a guess would be a wrong figure in somebody's accounts.
 */

const INVISIBLE = /[\u200e\u200f\u061c\u2066-\u2069\u202a-\u202e\ufeff]/g;
const MINUS = /[\u2212\u2010-\u2013\ufe63\uff0d]/g;
const SPACE = /[\s\u00a0\u2007\u2009\u202f\u066c'’]+/g;
const DECIMAL = /[,\u066b\u060c]/g;

/** The same text with digits 0-9, for telephone numbers and codes. @param {string} text */
export function westernDigits(text) {
  return text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
}

/**
 * The stored form of a typed number, "" of a blank, null of what cannot be read without guessing.
 *
 * @param {string} typed
 * @returns {string | null}
 */
export function parseNumber(typed) {
  let text = westernDigits(typed).replace(INVISIBLE, "").replace(MINUS, "-").trim().replace(SPACE, " ").replace(DECIMAL, ",");
  if (!text) return "";
  const found = /^([+-]?) ?([\d .,]+)$/.exec(text);
  if (!found) return null;
  const [, sign, body] = found;
  const commas = body.split(",").length - 1;
  const dots = body.split(".").length - 1;
  // Of two kinds of sign the last is the decimal one; one that comes twice can only set thousands apart.
  let decimal = "";
  if (commas && dots) decimal = body.lastIndexOf(",") > body.lastIndexOf(".") ? "," : ".";
  else if (commas === 1) decimal = ",";
  else if (dots === 1) decimal = ".";
  const at = decimal ? body.lastIndexOf(decimal) : body.length;
  const whole = body.slice(0, at);
  const fraction = body.slice(at + 1);
  if (!/^\d*$/.test(fraction) || !(whole + fraction)) return null;
  if (!/^\d*$/.test(whole) && !/^\d{1,3}( \d{3})+$/.test(whole) && !/^\d{1,3}(\.\d{3})+$/.test(whole) && !/^\d{1,3}(,\d{3})+$/.test(whole))
    return null;
  const digits = whole.replace(/\D/g, "").replace(/^0+(?=\d)/, "") || "0";
  const value = fraction ? `${digits}.${fraction}` : digits;
  return sign === "-" && /[1-9]/.test(value) ? `-${value}` : value;
}

/** As parseNumber, for whole numbers: null when there is a fraction. @param {string} typed @returns {string | null} */
export function parseInteger(typed) {
  const value = parseNumber(typed);
  if (value === null) return null;
  const [whole, fraction = ""] = value.split(".");
  return /^0*$/.test(fraction) ? (whole === "-0" ? "0" : whole) : null;
}
