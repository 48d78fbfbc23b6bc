/**
 * The second script and style sheet (form/more.js, more.css): fetched when an instrument on the phone needs them, and kept by
 * the worker from then on (sw.js). Their addresses stand on the page; a page of single modules has none and imports more.js itself.
 */

import { FormProblem } from "./problems.js";
import { needsMore } from "./widgets/index.js";

/** Calls of functions that stand in engine/xpath/rare.js. */
const RARE = /\b(digest|base64-decode|area|distance|geofence)\(|\brandomize\(.*,/;

/** @type {{loading: Promise<unknown> | null}} */
const now = { loading: null };
/** Whether a package needs it, by its hash: packages are long. @type {Map<string, boolean>} */
const asked = new Map();

const addresses = () => document.documentElement.dataset.more?.split(" ") ?? [];

/** Resolves once everything that the package asks can be drawn. @param {any} pkg */
export async function ensureWidgets(pkg) {
  if (!isRare(pkg)) return;
  now.loading ??= Promise.all(addresses().map(load));
  await now.loading.catch(() => {
    now.loading = null;
    throw new FormProblem("form.part_missing", {});
  });
}

/** @param {any} pkg */
const isRare = (pkg) => needsMore(pkg) || pkg.expressions.some((/** @type {{text: string}} */ { text }) => RARE.test(text));

/** @param {string} address */
function load(address) {
  const element = address.endsWith(".js") ? document.createElement("script") : document.createElement("link");
  if (element instanceof HTMLScriptElement) element.src = address;
  else Object.assign(element, { rel: "stylesheet", href: address });
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      reject(new Error(address));
    };
    document.head.append(element);
  });
}

/** Whether an open instrument needs the second script and it would not be there without network. @param {any} phone */
export async function lacksWidgets(phone) {
  const needed = await Promise.all((await phone.catalogue.instruments()).map(async (/** @type {any} */ { is_open, sha256 }) => {
    if (!asked.has(sha256) && is_open) {
      const pkg = await phone.catalogue.package(sha256);
      if (pkg) asked.set(sha256, isRare(pkg));
    }
    return is_open && asked.get(sha256);
  }));
  if (!needed.includes(true)) return false;
  const kept = await Promise.all(addresses().map((address) => caches.match(address)));
  return !kept.every(Boolean);
}

/** Has the worker keep it, where an instrument needs it. @param {any} phone */
export async function keepWidgets(phone) {
  if (!navigator.serviceWorker?.controller || !(await lacksWidgets(phone))) return;
  await Promise.all(addresses().map((address) => fetch(address)));
}
