/**
 * Functions that few forms call and whose code is long. The server always has them, the phone with form/more.js
 * (form/second.js says which forms need it).
 */
import { base64Decode, digest, sha256Words } from "./digest.js";
import { allTexts, FUNCTIONS, text } from "./functions.js";
import { areaOf, distanceOf, isWithin, pointsOf } from "./geo.js";
import { textSeed } from "./random.js";

/** @type {Record<string, import("./functions.js").Entry>} */
const RARE = {
  digest: [2, 3, (args, scope) => digest(text(args[0], scope), text(args[1], scope), args[2] ? text(args[2], scope) : "base64")],
  "base64-decode": [1, 1, (args, scope) => base64Decode(text(args[0], scope))],
  area: [1, Infinity, (args, scope) => areaOf(allTexts(args, scope))],
  distance: [1, Infinity, (args, scope) => distanceOf(pointsOf(allTexts(args, scope)))],
  geofence: [2, 2, (args, scope) => isWithin(text(args[0], scope), text(args[1], scope))],
};

/** The first eight bytes of the text's SHA-256 as a signed whole number, as other engines of the field have it. @param {string} text */
function textSeedOf(text) {
  const [high, low] = sha256Words(text).map(BigInt);
  return Number(BigInt.asIntN(64, (high << 32n) | low) % 2147483647n);
}

export function addRareFunctions() {
  Object.assign(FUNCTIONS, RARE);
  textSeed.of = textSeedOf;
}
