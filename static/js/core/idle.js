/** Work that nobody waits for, in its place: after what is seen, between what is touched. */

/** Nobody waits longer than this for what comes when there is time. */
const PATIENCE_MS = 300;
/** What a question may take on a slow phone. */
const SLICE_MS = 8;
/** A page in the background paints nothing. */
const UNSEEN_MS = 1000;

/**
 * Calls when the page has nothing else to do, soon in any case. `left()`: ms until it has.
 * @param {(left: () => number) => void} work
 */
export function whenIdle(work) {
  // Safari has none.
  if (!globalThis.requestIdleCallback) setTimeout(() => work(() => 0));
  else requestIdleCallback((deadline) => work(() => deadline.timeRemaining()), { timeout: PATIENCE_MS });
}

/**
 * Does something to each, while the page has nothing else to do.
 * @template T @param {T[]} all @param {(one: T) => void} work
 */
export function inSlices(all, work) {
  let next = 0;
  if (next < all.length)
    whenIdle(function slice(left) {
      do work(all[next++]);
      while (left() > SLICE_MS && next < all.length);
      if (next < all.length) whenIdle(slice);
    });
}

/** Resolves when what was drawn is on the screen. @returns {Promise<void>} */
export const painted = () => new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, UNSEEN_MS);
});
