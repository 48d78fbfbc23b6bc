/**
 * Keeps the shell of the phone's page, nothing else. The server puts in front of this file: VERSION, and SHELL and MORE, the
 * addresses that every phone keeps and those that some need, with the SHA-256 of their content.
 *
 * - A version is stored whole or not at all, and only if every byte is what the server meant: a captive portal's page cannot
 *   become the application.
 * - What is in MORE is kept from the first time the page asks for it, the words of the browser's language at once; the next version then comes with its own, or not at all.
 * - Only GET of this origin is answered; what writes, and /api/, goes to the network untouched.
 * - Nothing replaces a running version until the page, with no form open, says "take-over".
 */
const CACHE = `shell-${VERSION}`;

self.addEventListener("install", (event) => event.waitUntil(keepShell()));
self.addEventListener("activate", (event) => event.waitUntil(dropOthers()));
self.addEventListener("message", (event) => {
  if (event.data === "take-over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.mode === "navigate" && (pathname === "/field/" || pathname === "/field")) event.respondWith(fromShell("/field/", request));
  else if (pathname !== "/field/" && pathname in SHELL) event.respondWith(fromShell(pathname, request));
  else if (pathname in MORE) event.respondWith(fromMore(pathname));
});

async function keepShell() {
  const wanted = { ...SHELL, ...(await usedMore()) };
  const files = await Promise.all(Object.entries(wanted).map(fetched));
  const cache = await caches.open(CACHE);
  try {
    for (const [address, response] of files) await cache.put(address, response);
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

/** What of MORE this phone has needed: some version here has its own. Where one was before this, nothing may be missing offline. */
async function usedMore() {
  const parts = new Set();
  for (const name of await caches.keys()) {
    if (!name.startsWith("shell-")) continue;
    for (const { url } of await (await caches.open(name)).keys()) parts.add(partOf(new URL(url).pathname));
  }
  // The words of this browser's language belong to the shell: without any it opens on nothing.
  for (const part of parts.size ? ["ar", "fr", "later"] : [spoken()]) parts.add(`/field/${part}`);
  return Object.fromEntries(Object.entries(MORE).filter(([address]) => parts.has(partOf(address))));
}

/** The language of the page before anybody chose one (core/i18n.js). */
const spoken = () => (navigator.languages.find((code) => /^(ar|fr)/.test(code))?.startsWith("fr") ? "fr" : "ar");

/** `/field/more` of `/field/more.<hash>.js` */
const partOf = (address) => address.split(".")[0];

/**
 * What the page took a moment ago is not asked for again: its hash says that it is what the server meant. Whatever is not is
 * fetched once more past the HTTP cache ("reload").
 */
const fetched = (file) => taken(file, "default").catch(() => taken(file, "reload"));

async function taken([address, sha256], cache) {
  const response = await fetch(new Request(address, { cache, redirect: "error", credentials: "omit" }));
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer()));
  if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") !== sha256) throw new Error(`${address}: other content`);
  // As it came: for a Response made of its bytes the browser keeps no compiled code, and compiles at every start.
  return [address, response];
}

async function dropOthers() {
  if (!(await isWhole())) return;
  for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
}

async function isWhole() {
  const cache = await caches.open(CACHE);
  const found = await Promise.all(Object.keys(SHELL).map((address) => cache.match(address)));
  return found.every(Boolean);
}

async function fromShell(address, request) {
  const cache = await caches.open(CACHE);
  // An older shell is better than none, and the network than nothing.
  return (await cache.match(address)) ?? (await caches.match(address)) ?? fetch(request);
}

/** What is on its way, by address: two that ask at once wait for one answer. @type {Record<string, Promise<Response>>} */
const coming = {};

async function fromMore(address) {
  const kept = await (await caches.open(CACHE)).match(address);
  if (kept) return kept;
  coming[address] ??= keepMore(address).finally(() => delete coming[address]);
  return (await coming[address]).clone();
}

async function keepMore(address) {
  const [, response] = await fetched([address, MORE[address]]);
  await (await caches.open(CACHE)).put(address, response.clone());
  return response;
}
