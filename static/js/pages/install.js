/**
 * Putting the page on the home screen. The browser offers it once, at its own moment; the offer is kept until somebody asks.
 *
 * @typedef {{state: "installed" | "offered" | "by_menu", ask: () => Promise<void>, on: (fn: () => void) => () => void}} Install
 */

import { createEmitter } from "../core/events.js";

/** @returns {Install} */
export function createInstall() {
  /** @type {(Event & {prompt: () => Promise<unknown>}) | null} */
  let offer = null;
  let installed = matchMedia("(display-mode: standalone)").matches;
  /** @type {ReturnType<typeof createEmitter<void>>} */
  const changes = createEmitter();
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = /** @type {Event & {prompt: () => Promise<unknown>}} */ (event);
    changes.emit();
  });
  addEventListener("appinstalled", () => {
    installed = true;
    offer = null;
    changes.emit();
  });
  return {
    get state() {
      return installed ? "installed" : offer ? "offered" : "by_menu";
    },
    async ask() {
      const asked = offer;
      // An offer can be shown once.
      offer = null;
      await asked?.prompt();
      changes.emit();
    },
    on: changes.on,
  };
}
