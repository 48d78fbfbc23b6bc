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

/**
 * An index over rows; each says which texts it is found by.
 *
 * @template T
 * @param {readonly T[]} rows
 * @param {(row: T) => (string | undefined)[]} texts
 * @returns {(query: string, limit?: number) => T[]}  rows holding every word of the query, best first; all when it is blank
 */
export function createIndex(rows, texts) {
  const keys = rows.map((row) => ` ${normalise(texts(row).filter(Boolean).join(" | "))} `);
  return (query, limit = Infinity) => {
    const words = normalise(query).split(" ").filter(Boolean);
    if (!words.length) return rows.slice(0, limit);
    const whole = ` ${words.join(" ")}`;
    /** @type {[number, number][]} */
    const found = [];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      let score = 0;
      for (const word of words) {
        const at = key.indexOf(word);
        if (at < 0) {
          score = -1;
          break;
        }
        // The start of a word counts more than its inside.
        score += key.includes(` ${word} `) ? 3 : key.includes(` ${word}`) ? 2 : 1;
      }
      if (score > 0) found.push([score + (key.startsWith(whole) ? 3 : key.includes(whole) ? 1 : 0), i]);
    }
    found.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    return found.slice(0, limit).map(([, i]) => rows[i]);
  };
}
