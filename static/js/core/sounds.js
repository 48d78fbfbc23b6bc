/** What names sound like: the consonants that Arabic and Latin spellings share. */

/** Consonants as both scripts hear them (g, gh, k and q are written one for the other); vowels, w, y and h fall out. @type {Record<string, string>} */
const SOUNDS = {
  "ب": "b", "ت": "t", "ث": "t", "ج": "j", "خ": "k", "د": "d", "ذ": "d", "ر": "r", "ز": "z", "س": "s", "ش": "c", "ص": "s", "ض": "d", "ط": "t",
  "ظ": "d", "غ": "k", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m", "ن": "n",
  b: "b", p: "b", t: "t", j: "j", d: "d", r: "r", z: "z", s: "s", c: "k", q: "k", k: "k", g: "k", f: "f", v: "f", l: "l", m: "m", n: "n", x: "ks",
};

/** @param {string} text */
export function wordSounds(text) {
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

/** Few words make many names. @type {Map<string, string>} */
const known = new Map();

/** @param {string} text  as `normalise` gives it */
export function sounds(text) {
  let found = "";
  for (const word of text.split(" ")) {
    if (!known.has(word)) known.set(word, wordSounds(word));
    const heard = known.get(word);
    if (heard) found += found ? ` ${heard}` : heard;
  }
  return found;
}
