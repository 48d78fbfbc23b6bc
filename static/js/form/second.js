/**
 * What not every phone needs: form/more.js with more.css for rarer questions, form/attendance.js. Fetched when an instrument on
 * the phone needs it, and kept by the worker from then on (sw.js). And for every phone: pages/setup.js, which is needed rarely, and
 * form/later.js, which comes when a form is in sight. Their addresses stand on the page; a page of single modules has none and
 * imports them itself.
 */

import { FormProblem } from "./problems.js";
import { needsGrid, needsMore } from "./widgets/index.js";

const CODES = "/field/codes.";
/** Calls of functions that stand in engine/xpath/rare.js. */
const RARE = /\b(digest|base64-decode|area|distance|geofence)\(|\brandomize\(.*,/;

/** Scripts and style sheets on their way or there. @type {Map<string, Promise<unknown>>} */
const loading = new Map();
/** What a package needs, by its hash: packages are long. @type {Map<string, string[]>} */
const asked = new Map();

/** What later.js does with a page that is shown; it ends when the function it gives is called. @type {{attach: ((page: import("./form-page.js").Page, root: HTMLElement) => () => void) | null}} */
export const later = { attach: null };

export const ensureLater = () => Promise.all(addresses().filter((address) => address.startsWith("/field/later.")).map(load));

/** Addresses of what the package needs beside the first script. @param {any} pkg */
function addressesFor(pkg) {
  const isRare = needsMore(pkg) || pkg.expressions.some((/** @type {{text: string}} */ { text }) => RARE.test(text));
  return addresses().filter((address) => !isForAll(address) && (address.startsWith("/field/grid.") ? needsGrid(pkg) : address.startsWith(CODES) ? needsCodes(pkg) : isRare));
}

/** Reading barcodes is left to a library where the browser cannot. @param {any} pkg */
const needsCodes = (pkg) => !("BarcodeDetector" in globalThis) && pkg.nodes.some((/** @type {any} */ { type }) => type === "barcode");

/** The library, kept for a day without network and run when a code is first read. */
export function loadCodes() {
  const address = addresses().find((one) => one.startsWith(CODES));
  return address ? load(address) : Promise.reject(new Error(CODES));
}

/** Resolves once everything that the package asks can be drawn. @param {any} pkg */
export async function ensureWidgets(pkg) {
  try {
    await Promise.all(addressesFor(pkg).filter((address) => !address.startsWith(CODES)).map(load));
  } catch {
    throw new FormProblem("form.part_missing", {});
  }
}

/** Resolves once the pages of pages/setup.js are there. */
export const loadSetup = () => Promise.all(addresses().filter(isSetup).map(load));

/** @param {string} address */
const isSetup = (address) => address.startsWith("/field/setup.");

/** @param {string} address */
const isForAll = (address) => /^\/field\/(setup|later)\./.test(address);

const addresses = () => document.documentElement.dataset.more?.split(" ") ?? [];

/** @param {string} address */
function load(address) {
  const known = loading.get(address);
  if (known) return known;
  const element = address.endsWith(".js") ? document.createElement("script") : document.createElement("link");
  if (element instanceof HTMLScriptElement) element.src = address;
  else Object.assign(element, { rel: "stylesheet", href: address });
  const coming = new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      loading.delete(address);
      reject(new Error(address));
    };
  });
  loading.set(address, coming);
  document.head.append(element);
  return coming;
}

/** Addresses that this phone needs and that would not be there without network. @param {any} phone @returns {Promise<string[]>} */
export async function lackingWidgets(phone) {
  const needed = new Set(addresses().filter(isForAll));
  for (const { is_open, sha256 } of await phone.catalogue.instruments()) {
    if (!is_open) continue;
    if (!asked.has(sha256)) {
      const pkg = await phone.catalogue.package(sha256);
      if (pkg) asked.set(sha256, addressesFor(pkg));
    }
    for (const address of asked.get(sha256) ?? []) needed.add(address);
  }
  const kept = await Promise.all([...needed].map((address) => caches.match(address)));
  return [...needed].filter((_, i) => !kept[i]);
}

/** Has the worker keep them; how many came. @param {any} phone */
export async function keepWidgets(phone) {
  const lacking = navigator.serviceWorker?.controller ? await lackingWidgets(phone) : [];
  await Promise.all(lacking.map((address) => fetch(address)));
  return lacking.length;
}
