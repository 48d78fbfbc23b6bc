import { normalise } from "./search.js";
import { sounds, wordSounds } from "./sounds.js";

/**
 * Finds records by name whatever the spelling, and from one script to the other ("tifawin" finds تيفاوين). Two keys a
 * record: its letters as core/search.js makes them alike, and its consonants, which Arabic and Latin spellings of a name share.
 */

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
    const atStart = [];
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
      (text.startsWith(` ${wanted}`) ? atStart : asked.every((word) => text.includes(` ${word}`)) ? atWord : within).push(records[i]);
    }
    const heard = asked.map(wordSounds).filter(Boolean);
    // One consonant is in nearly every name: it would only add noise.
    if (heard.join("").length < 2) return [...atStart, ...atWord, ...within];
    /** @type {T[]} */
    const bySound = [];
    // Beside names that are written so, only those whose words sound wholly the same.
    const end = found.size ? " " : "";
    for (let i = 0; i < consonants.length; i++) {
      const text = consonants[i];
      if (!found.has(i) && heard.every((word) => text.includes(` ${word}${end}`))) bySound.push(records[i]);
    }
    return [...atStart, ...atWord, ...within, ...bySound];
  }

  return { find, prepare };
}
