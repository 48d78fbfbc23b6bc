/**
 * Search that forgives what people leave out: hamza, ta marbuta, alif maqsura, vowels, tatweel, the article, accents, digits of
 * either script.
 */

/** @type {Record<string, string>} */
const FOLD = {
  ٱ: "ا", ى: "ي", ی: "ي", ې: "ي", ة: "ه", ۃ: "ه", ہ: "ه", ھ: "ه", ک: "ك", گ: "ك", ڭ: "ك", ݣ: "ك", ڨ: "ك", ڤ: "ف", پ: "ب", چ: "ج",
  ء: "", œ: "oe", æ: "ae", ß: "ss", ø: "o", ı: "i",
};

/**
 * The text as it is compared: lower case words with one space between.
 *
 * @param {string} text
 */
export function normalise(text) {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u08d3-\u08ff]/g, "")
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf))
    .replace(/[ٱىیېةۃہھکگڭݣڨڤپچءœæßøı]/g, (letter) => FOLD[letter])
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .replace(/(^| )(?:ال|لل)(?=\p{L}{2})/gu, "$1")
    .trim();
}
