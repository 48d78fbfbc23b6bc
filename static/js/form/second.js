/**
 * What not every phone needs at once. form/more.js with more.css for rarer questions is fetched when an instrument
 * on the phone needs it; pages/afterwards.js and the other language once the phone is ready. The worker keeps each
 * from then on (sw.js).
 */

import { language } from "../core/i18n.js";
import { loadParts, partsNamed } from "../core/parts.js";
import { FormProblem } from "./problems.js";
import { needsMore } from "./widgets/index.js";

/** Calls of functions that stand in engine/xpath/rare.js. */
const RARE = /\b(digest|base64-decode|area|distance|geofence)\(|\brandomize\(.*,/;

/** What a package needs, by its hash: packages are long. @type {Map<string, string[]>} */
const asked = new Map();
/** And of those that are open. @type {WeakMap<any, string[]>} */
const found = new WeakMap();

/** Resolves once what pages/afterwards.js brings is there. */
export const ensureLater = () => loadParts(partsNamed("later"));

/** Addresses of what the package needs beside the first script. @param {any} pkg @returns {string[]} */
function addressesFor(pkg) {
  const known = found.get(pkg);
  if (known) return known;
  const isRare = needsMore(pkg) || pkg.expressions.some((/** @type {{text: string}} */ { text }) => RARE.test(text));
  const hasCodes = pkg.nodes.some((/** @type {any} */ { type }) => type === "barcode");
  const addresses = partsNamed(isRare ? "more" : "", hasCodes ? "codes" : "");
  found.set(pkg, addresses);
  return addresses;
}

/** Whether the browser reads barcodes. A phone without Google's services has the class, and nothing behind it. */
export const readsCodes = async () => (await /** @type {any} */ (globalThis).BarcodeDetector?.getSupportedFormats().catch(() => ""))?.length > 0;

/** The library, kept for a day without network and run when a code is first read. */
export function loadCodes() {
  const parts = partsNamed("codes");
  return parts.length ? loadParts(parts) : Promise.reject(new Error("codes"));
}

/** Resolves once everything that the package asks can be drawn. @param {any} pkg */
export async function ensureWidgets(pkg) {
  try {
    const codes = partsNamed("codes");
    await loadParts(addressesFor(pkg).filter((address) => !codes.includes(address)));
  } catch {
    throw new FormProblem("form.part_missing", {});
  }
}

/** Addresses that this phone needs and that would not be there without network. @param {any} phone @returns {Promise<string[]>} */
export async function lackingWidgets(phone) {
  const needed = new Set(partsNamed(language()));
  for (const { is_open, sha256 } of await phone.catalogue.instruments()) {
    if (!is_open) continue;
    if (!asked.has(sha256)) {
      const pkg = await phone.catalogue.package(sha256);
      if (pkg) asked.set(sha256, addressesFor(pkg));
    }
    for (const address of asked.get(sha256) ?? []) needed.add(address);
  }
  if (await readsCodes()) for (const address of partsNamed("codes")) needed.delete(address);
  return notKept([...needed]);
}

/** @param {string[]} addresses */
async function notKept(addresses) {
  const kept = await Promise.all(addresses.map((address) => caches.match(address)));
  return addresses.filter((_, i) => !kept[i]);
}

/** Addresses of what a day can begin without: pages of records, the list of what was sent, the other language. @returns {Promise<string[]>} */
export const lackingRest = () => notKept(partsNamed("later", "ar", "fr"));

/**
 * Has the worker keep what the phone needs; when all of that is there, the rest. Called again until nothing came.
 * @param {any} phone @param {boolean} andRest @returns {Promise<number>} how many came
 */
export async function keepWidgets(phone, andRest) {
  if (!navigator.serviceWorker?.controller) return 0;
  let wanted = await lackingWidgets(phone);
  if (!wanted.length && andRest) wanted = await lackingRest();
  await Promise.all(wanted.map((address) => fetch(address)));
  return wanted.length;
}
