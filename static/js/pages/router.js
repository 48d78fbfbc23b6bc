/**
 * Which page is shown, by the hash of the address. Knows the phone's "back": tabs replace each other, so that one "back" from
 * any tab is Today and one more leaves; a form that was left is not come back to; each place keeps its scroll position.
 *
 * @typedef {"today"|"registry"|"record"|"form"|"summary"|"lists"|"outbox"|"phone"|"sign-in"|"enrol"|"afresh"|"rescue"} PageName
 * @typedef {{page: PageName, args: string[], hash: string}} Route
 * @typedef {{key: number, before: string}} Place  kept in history.state; before: hash of the place one step back, "" when unknown
 */

/** @type {Record<PageName, number>} How many arguments each has. */
const ARGUMENTS = { today: 0, registry: 0, lists: 0, record: 2, form: 1, summary: 1, outbox: 0, phone: 0, "sign-in": 0, enrol: 1, afresh: 0, rescue: 0 };
const TABS = new Set(["today", "registry", "outbox", "phone"]);

/** @param {string} hash @returns {Route | null} */
export function parseRoute(hash) {
  const [page, ...args] = hash.replace(/^#?\/?/, "").split("/");
  if (!Object.hasOwn(ARGUMENTS, page) || args.length !== ARGUMENTS[/** @type {PageName} */ (page)] || args.includes("")) return null;
  try {
    return { page: /** @type {PageName} */ (page), args: args.map(decodeURIComponent), hash: `#/${[page, ...args].join("/")}` };
  } catch {
    return null; // a broken % escape
  }
}

/** @param {{show: (route: Route) => Promise<void>, first: () => Route}} options  show resolves when the page is painted */
export function createRouter({ show, first }) {
  /** @type {Map<number, number>} */
  const scrolls = new Map();
  /** @type {Route} */
  let current = first();
  let lastKey = 0;
  let turn = 0;
  /** Where the form is that is open: its pages use history.state themselves. @type {Place} */
  let form = { key: 0, before: "" };

  /** @returns {Place} */
  const place = () => {
    if (current.page === "form") return form;
    const state = /** @type {Partial<Place> | null} */ (history.state);
    return { key: state?.key ?? 0, before: state?.before ?? "" };
  };

  /** @param {Route} route */
  async function open(route) {
    const mine = ++turn;
    const at = /** @type {Place | null} */ (history.state);
    current = route;
    form = { key: at?.key ?? 0, before: at?.before ?? "" };
    const top = scrolls.get(place().key) ?? 0;
    await show(route);
    // A form knows itself where the person was.
    if (mine === turn && route.page !== "form") scrollTo(0, top);
  }

  const leave = () => scrolls.set(place().key, scrollY);

  /** @param {string} hash @param {{replace?: boolean}} [options] */
  function navigate(hash, { replace = false } = {}) {
    const route = parseRoute(hash) ?? first();
    if (route.hash === current.hash) return;
    const { key, before } = place();
    leave();
    if (before === route.hash) {
      history.back();
      return;
    }
    const betweenTabs = TABS.has(current.page) && TABS.has(route.page) && current.page !== "today";
    if (replace || betweenTabs || current.page === "form" || current.page === "sign-in" || current.page === "enrol") {
      scrolls.delete(key);
      history.replaceState({ key: ++lastKey, before }, "", route.hash);
    } else {
      history.pushState({ key: ++lastKey, before: current.hash }, "", route.hash);
    }
    void open(route);
  }

  return {
    navigate,
    get route() {
      return current;
    },
    /** One step back, or to Today when the app was opened here. */
    back() {
      const { before } = place();
      if (before) history.back();
      else navigate("#/today", { replace: true });
    },
    /** Paints the page again: another language, another person. */
    again: () => open(current),
    start() {
      history.scrollRestoration = "manual";
      // A reload keeps history.state: keys go on from there.
      lastKey = Math.max(place().key, Date.now() % 1e9);
      history.replaceState({ key: ++lastKey, before: place().before }, "", current.hash);
      // The browser has already moved when this is heard: where the page was is noted while it is there.
      addEventListener("scroll", leave, { passive: true });
      addEventListener("popstate", () => {
        const route = parseRoute(location.hash) ?? first();
        if (route.hash === current.hash) return;
        if (history.state === null) history.replaceState({ key: ++lastKey, before: current.hash }, "");
        void open(route);
      });
      return open(current);
    },
  };
}
