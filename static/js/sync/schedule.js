/**
 * When to try: at opening, when the page is seen again, when the browser believes in a network, after a form was finished, and by
 * a timer that waits longer after each failure. Belief in a network is a hint; only an answer of our server counts.
 */

const FIRST_MS = 5000;
const LONGEST_MS = 300_000;
const IDLE_MS = 900_000;
const SEEN_MS = 30_000;
const MOST_ASKED_MS = 3_600_000;

/**
 * @param {(reason: string) => Promise<"done" | "failed">} attempt
 * @param {{random?: () => number}} [parts]
 */
export function createSchedule(attempt, { random = Math.random } = {}) {
  let failures = 0;
  let last = 0;
  let started = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {string} reason */
  async function go(reason) {
    clearTimeout(timer);
    last = performance.now();
    const result = await attempt(reason);
    failures = result === "done" ? 0 : failures + 1;
    plan(result === "done" ? IDLE_MS : delay(failures, random));
  }

  /** @param {number} ms */
  function plan(ms) {
    clearTimeout(timer);
    if (started) timer = setTimeout(() => go("timer"), ms);
  }

  function seen() {
    if (document.visibilityState === "visible" && performance.now() - last > SEEN_MS) void go("seen");
  }

  function online() {
    failures = 0;
    void go("online");
  }

  return {
    start() {
      if (started) return;
      started = true;
      document.addEventListener("visibilitychange", seen);
      addEventListener("focus", seen);
      addEventListener("pageshow", seen);
      addEventListener("online", online);
      void go("start");
    },
    stop() {
      started = false;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("focus", seen);
      removeEventListener("pageshow", seen);
      removeEventListener("online", online);
    },
    /** Something is waiting, or somebody asked: now, and with fresh patience. @param {string} reason */
    now(reason) {
      failures = 0;
      return go(reason);
    },
    /** The server asked to wait: not sooner, and not all phones at once. @param {number} seconds */
    after: (seconds) => plan(Math.min(MOST_ASKED_MS, seconds * 1000) * (1 + random() / 2)),
  };
}

/** 5 s, doubling to 5 min, each by a chance factor so that phones do not come all at once. @param {number} failures @param {() => number} random */
export function delay(failures, random) {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1)) * (0.5 + random() / 2);
}
