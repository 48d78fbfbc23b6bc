/**
 * The service worker and its next version. A new version waits until somebody takes it, and no form may be open then:
 * the pages of two versions never mix.
 *
 * @typedef {object} Update
 * @property {"unsupported" | "starting" | "ready" | "failed"} shell  whether the shell is kept for offline
 * @property {boolean} waiting  a new version is on the phone and waits
 * @property {() => void} take  the new version takes over and the page loads again
 * @property {(fn: () => void) => () => void} on
 * @property {() => void} noted  more of the shell is kept now: whoever shows it looks again
 */

import { createEmitter } from "../core/events.js";

const ASK_EVERY_MS = 3_600_000;

/** Whether a draft is open in this tab or another: form/session.js holds a lock on each. */
export async function formIsOpen() {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name?.startsWith("draft:"));
}

/** @param {{address: string, scope: string}} worker @returns {Update & {start(): Promise<void>}} */
export function createUpdate({ address, scope }) {
  /** @type {ReturnType<typeof createEmitter<void>>} */
  const changes = createEmitter();
  /** @type {Update["shell"]} */
  let shell = "serviceWorker" in navigator ? "starting" : "unsupported";
  /** @type {ServiceWorker | null} */
  let waiting = null;
  let taking = false;
  let asked = 0;

  /** @param {ServiceWorkerRegistration} registration */
  function look(registration) {
    // Without a controller the first version is being installed: nothing is being replaced.
    waiting = navigator.serviceWorker.controller ? registration.waiting : null;
    if (registration.active) shell = "ready";
    changes.emit();
  }

  return {
    get shell() {
      return shell;
    },
    get waiting() {
      return waiting !== null;
    },
    take() {
      taking = true;
      waiting?.postMessage("take-over");
    },
    on: changes.on,
    noted: () => changes.emit(),
    async start() {
      if (shell === "unsupported") return;
      navigator.serviceWorker.addEventListener("controllerchange", () => {
        if (taking) location.reload();
      });
      try {
        const registration = await navigator.serviceWorker.register(address, { scope, updateViaCache: "none" });
        look(registration);
        asked = performance.now();
        // A page that stays open for days would never hear of a new version.
        document.addEventListener("visibilitychange", () => {
          if (document.visibilityState !== "visible" || performance.now() - asked < ASK_EVERY_MS) return;
          asked = performance.now();
          registration.update().catch(() => {});
        });
        registration.addEventListener("updatefound", () => {
          registration.installing?.addEventListener("statechange", () => look(registration));
        });
        await navigator.serviceWorker.ready;
        look(registration);
      } catch {
        // Without network the worker that is already here goes on serving.
        const kept = await navigator.serviceWorker.getRegistration(scope).catch(() => undefined);
        if (kept) look(kept);
        else {
          shell = "failed";
          changes.emit();
        }
      }
    },
  };
}
