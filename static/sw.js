/**
 * Keeps the shell of the phone's page, nothing else. The server puts two lines in front of this file: VERSION, and SHELL, the
 * addresses of the shell with the SHA-256 of their content.
 *
 * - A version is stored whole or not at all, and only if every byte is what the server meant: a captive portal's page cannot
 *   become the application.
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
});

async function keepShell() {
  const files = await Promise.all(Object.entries(SHELL).map(fetched));
  const cache = await caches.open(CACHE);
  try {
    for (const [address, response] of files) await cache.put(address, response);
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

/** "reload" bypasses the HTTP cache: the files of one version come from one server at one time. */
async function fetched([address, sha256]) {
  const response = await fetch(new Request(address, { cache: "reload", redirect: "error", credentials: "omit" }));
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") !== sha256) throw new Error(`${address}: other content`);
  const headers = new Headers(response.headers);
  // The bytes are unpacked already.
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  return [address, new Response(bytes, { headers })];
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
