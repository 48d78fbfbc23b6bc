import { normalise } from "../core/search.js";

/**
 * Finds records by name whatever the spelling, and from one script to the other ("tifawin" finds تيفاوين). Two keys a
 * record: its letters as core/search.js makes them alike, and its consonants, which Arabic and Latin spellings of a name share.
 */

/** Consonants as both scripts hear them (g, gh, k and q are written one for the other); vowels, w, y and h fall out. @type {Record<string, string>} */
const SOUNDS = {
  "ب": "b", "ت": "t", "ث": "t", "ج": "j", "خ": "k", "د": "d", "ذ": "d", "ر": "r", "ز": "z", "س": "s", "ش": "c", "ص": "s", "ض": "d", "ط": "t",
  "ظ": "d", "غ": "k", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m", "ن": "n",
  b: "b", p: "b", t: "t", j: "j", d: "d", r: "r", z: "z", s: "s", c: "k", q: "k", k: "k", g: "k", f: "f", v: "f", l: "l", m: "m", n: "n", x: "ks",
};

/** @param {string} text */
function wordSounds(text) {
  // The article in Latin letters stands apart and follows the next sound; the Arabic one is already gone.
  const word = text.replace(/^(?:al|el|ar|er|as|es|at|et|an|en|az|ez|ad|ed)$/, "");
  // A ta marbuta that is heard ("zahrat") is not written with a t in Arabic.
  const latin = word.replace(/(?<=.[a-z])[ae]t$/, "").replace(/ch|sh/g, "ش").replace(/kh/g, "خ").replace(/gh/g, "غ").replace(/ph/g, "f").replace(/g(?=[eiy])/g, "j").replace(/c(?=[eiy])/g, "s");
  let sounds = "";
  for (const letter of latin) {
    for (const sound of SOUNDS[letter] ?? (/\d/.test(letter) ? letter : "")) if (!sounds.endsWith(sound)) sounds += sound;
  }
  return sounds;
}

/** @param {string} text  as `normalise` gives it */
export function sounds(text) {
  return text.split(" ").map(wordSounds).filter(Boolean).join(" ");
}

/**
 * @template T
 * @param {T[]} records
 * @param {(record: T) => string} words  all that a record may be found by
 */
export function createSearch(records, words) {
  /** @type {string[]} */
  const letters = [];
  /** @type {string[]} */
  const consonants = [];

  /** Indexes up to `count` more records; false when all are. Called while nothing else is to be done. @param {number} count */
  function prepare(count) {
    for (const end = Math.min(records.length, letters.length + count); letters.length < end; ) {
      const text = normalise(words(records[letters.length]));
      letters.push(` ${text}`);
      consonants.push(` ${sounds(text)} `);
    }
    return letters.length < records.length;
  }

  /** The records, best first. An empty query gives all, in their order. @param {string} query @returns {T[]} */
  function find(query) {
    const wanted = normalise(query);
    if (!wanted) return records;
    prepare(records.length);
    const asked = wanted.split(" ");
    /** @type {T[]} */
    const atWord = [];
    /** @type {T[]} */
    const within = [];
    /** @type {Set<number>} */
    const found = new Set();
    for (let i = 0; i < letters.length; i++) {
      const text = letters[i];
      if (!asked.every((word) => text.includes(word))) continue;
      found.add(i);
      (asked.every((word) => text.includes(` ${word}`)) ? atWord : within).push(records[i]);
    }
    const heard = asked.map(wordSounds).filter(Boolean);
    // One consonant is in nearly every name: it would only add noise.
    if (heard.join("").length < 2) return [...atWord, ...within];
    /** @type {T[]} */
    const bySound = [];
    // Beside names that are written so, only those whose words sound wholly the same.
    const end = found.size ? " " : "";
    for (let i = 0; i < consonants.length; i++) {
      const text = consonants[i];
      if (!found.has(i) && heard.every((word) => text.includes(` ${word}${end}`))) bySound.push(records[i]);
    }
    return [...atWord, ...within, ...bySound];
  }

  return { find, prepare };
}
