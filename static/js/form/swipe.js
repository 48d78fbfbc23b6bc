/**
 * A finger that wipes across the page turns it, as one turns a page of this language: in Arabic onward is to the right. A finger
 * that draws, moves a slider, scrolls a table, selects words or goes up or down turns nothing.
 */

const LEAST = 72;
const STEEPEST = 0.5;
const LONGEST_MS = 700;
/** What needs a sideways finger itself. */
const OWN = "canvas, input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], [role=slider], .cell, .ranking, .map, .trace, dialog, audio, video";

/** @param {import("./form-page.js").Page} page @param {HTMLElement} root @returns {() => void} */
export function attachSwipe(page, root) {
  /** @type {{id: number, x: number, y: number, at: number} | null} */
  let begun = null;
  const stop = new AbortController();
  const listen = { signal: stop.signal, passive: true };

  root.addEventListener("touchstart", (event) => {
    const [touch] = event.touches;
    const target = event.target instanceof Element ? event.target : null;
    begun = event.touches.length === 1 && target?.closest("main") && !target.closest(OWN) && !scrollsSideways(target, root)
      ? { id: touch.identifier, x: touch.clientX, y: touch.clientY, at: event.timeStamp } : null;
  }, listen);
  root.addEventListener("touchmove", (event) => {
    if (event.touches.length !== 1) begun = null;
  }, listen);
  root.addEventListener("touchcancel", () => {
    begun = null;
  }, listen);
  root.addEventListener("touchend", (event) => {
    const touch = [...event.changedTouches].find(({ identifier }) => identifier === begun?.id);
    const from = begun;
    begun = null;
    if (!touch || !from || event.timeStamp - from.at > LONGEST_MS || getSelection()?.type === "Range") return;
    const across = touch.clientX - from.x;
    if (Math.abs(across) < LEAST || Math.abs(touch.clientY - from.y) > Math.abs(across) * STEEPEST) return;
    const isRight = across > 0;
    turn(page, isRight === (document.documentElement.dir === "rtl"));
  }, listen);
  return () => stop.abort();
}

/** @param {import("./form-page.js").Page} page @param {boolean} onward */
function turn(page, onward) {
  const { section, row } = page.place();
  if (row) {
    const rows = page.session.form.rows(row.replace(/\[\d+\]$/, ""));
    const to = rows[rows.findIndex(({ path }) => path === row) + (onward ? 1 : -1)];
    if (to) page.go({ section, row: to.path }, { replace: true });
    else if (!onward) history.back();
  } else if (!onward) {
    page.previous();
  } else if (section !== "@end") {
    page.next();
  }
}

/** Whether something around has more to show at its side. @param {Element} target @param {Element} root */
function scrollsSideways(target, root) {
  for (let at = /** @type {Element | null} */ (target); at && at !== root; at = at.parentElement) {
    if (at.scrollWidth > at.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(at).overflowX)) return true;
  }
  return false;
}
