/**
 * The engine's door on the server: app/engine/host.py calls handle() with JSON and gets JSON. Packages and lists are kept
 * by their SHA-256, so that a thousand submissions of one form parse it once.
 */
import { evaluateCase, runCase } from "./case.js";
import { recompute } from "./recompute.js";
import { FUNCTIONS } from "./xpath/functions.js";
import { addRareFunctions } from "./xpath/rare.js";

addRareFunctions();

/** Things, not bytes: when memory runs out the server starts a fresh engine. */
const MOST_KEPT = 64;
/** @type {Map<string, any>} oldest first */
const kept = new Map();

/** @param {string} key @param {() => any} make */
function keep(key, make) {
  const value = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, value);
  if (kept.size > MOST_KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return value;
}

/** @param {string} key @returns {boolean} */
export function holds(key) {
  return kept.has(key);
}

/** @param {string} key @param {string} json */
export function hold(key, json) {
  keep(key, () => JSON.parse(json));
}

/** @param {string} request {op, …} @returns {string} */
export function handle(request) {
  const asked = JSON.parse(request);
  if (asked.op === "evaluate") return JSON.stringify(asked.cases.map(evaluateCase));
  if (asked.op === "functions") return JSON.stringify(Object.entries(FUNCTIONS).map(([name, [min, max]]) => [name, min, max === Infinity ? null : max]));
  if (asked.op === "run") return JSON.stringify(asked.cases.map(runCase));
  const fetch = (/** @type {string} */ key) => keep(key, () => null);
  const datasets = Object.fromEntries(Object.entries(asked.datasets).map(([id, key]) => [id, fetch(/** @type {string} */ (key))]));
  return JSON.stringify(recompute(fetch(asked.package), asked.answers, { ...asked.context, datasets }));
}
