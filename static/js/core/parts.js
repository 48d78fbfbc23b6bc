/**
 * Scripts and style sheets that come after the first: their addresses stand on the page (app/pwa/assets.py). A page of single
 * modules has none and imports what it needs itself.
 */

/** On their way or there. @type {Map<string, Promise<unknown>>} */
const loading = new Map();

/** Addresses of the parts with one of these names: `…/<name>.<hash>.js`. @param {string[]} names @returns {string[]} */
export function partsNamed(...names) {
  return allParts().filter((address) => names.includes(address.slice(address.lastIndexOf("/") + 1).split(".")[0]));
}

/** @returns {string[]} */
export const allParts = () => globalThis.document?.documentElement.dataset?.more?.split(" ") ?? [];

/** Resolves once each is there; rejects when one does not come, and the next call tries again. @param {string[]} addresses */
export const loadParts = (addresses) => Promise.all(addresses.map(load));

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
