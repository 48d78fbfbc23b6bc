/** A shuffle that is the same everywhere for the same seed: Park and Miller's generator, as ODK's randomize() has it. */
import { toNumber, toString } from "./values.js";

/** A seed of a text that is no number; the hash for it is in rare.js. @type {{of: (text: string) => number}} */
export const textSeed = {
  of() {
    throw new Error("randomize() with a text as seed");
  },
};

const MODULUS = 2147483647;

/** @param {import("./values.js").Value} value @param {number} offset */
export function numberSeed(value, offset) {
  const seed = toNumber(value, offset);
  if (Number.isFinite(seed)) return Math.trunc(seed);
  // A seed that is no number, such as an instance id, still gives an order of its own; a blank one is 0.
  const text = toString(value);
  return text === "" ? 0 : textSeed.of(text);
}

/** @template T @param {readonly T[]} items @param {number} seed @returns {T[]} */
export function shuffled(items, seed) {
  let state = seed % MODULUS;
  if (state <= 0) state += MODULUS - 1;
  /** @type {T[]} */
  const result = [];
  items.forEach((item, i) => {
    state = (state * 16807) % MODULUS;
    const at = Math.floor(((state - 1) / (MODULUS - 1)) * (i + 1));
    if (at !== i) result[i] = result[at];
    result[at] = item;
  });
  return result;
}
