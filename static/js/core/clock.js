/** The phone's clock. What it says is testimony: nothing is ordered, purged or decided by it. */

const started = performance.now();

/** Minutes east of UTC here at that moment. @param {number} ms */
export function minutesEast(ms) {
  return -new Date(ms).getTimezoneOffset();
}

/** `2026-11-21T18:42:10.123+01:00` @param {number} [ms] since 1970 */
export function localIso(ms = Date.now()) {
  const east = minutesEast(ms);
  const local = new Date(ms + east * 60000).toISOString().slice(0, -1);
  const size = Math.abs(east);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return `${local}${east < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** `2026-11-21`: today here. @param {number} [ms] */
export function localDay(ms = Date.now()) {
  return localIso(ms).slice(0, 10);
}

/** `Africa/Casablanca` */
export function timeZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Milliseconds since this page was opened; no change of the clock moves it. */
export function monotonic() {
  return Math.round(performance.now() - started);
}
