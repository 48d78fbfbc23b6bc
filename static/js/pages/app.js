/**
 * The phone page's entry: opens the store, decides the first screen, keeps the frame (tabs, messages) around the pages.
 * What one sees comes first; the network comes after the first paint.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { reportError } from "../core/events.js";
import { painted } from "../core/idle.js";
import { applyLanguage, bringLanguage, language, n, onLanguage, onLanguageMissed, setLanguage, t } from "../core/i18n.js";
import { openFormPage } from "../form/form-page.js";
import { ensureLater, keepWidgets } from "../form/second.js";
import { openSummaryPage } from "../form/summary.js";
import { StoreError } from "../store/db.js";
import { openPhone } from "../store/phone.js";
import { AWAY_MS } from "../store/vault.js";
import { createSync } from "../sync/sync.js";
import { deliverInBackground } from "./background.js";
import { icon } from "./icons.js";
import { createInstall } from "./install.js";
import { laterPage, notices } from "./later.js";
import { openRegistry } from "./registry.js";
import { createRouter, parseRoute } from "./router.js";
import { openSignIn } from "./sign-in.js";
import { openToday } from "./today.js";
import { openUnlock } from "./unlock.js";
import { createUpdate, formIsOpen } from "./update.js";
import { toLookAt } from "./words.js";

/** @typedef {import("./page.js").App} App @typedef {import("./page.js").Page} Page @typedef {import("./router.js").Route} Route */

const TOAST_MS = 8000;
const OPENING_MS = 3000;
const PATIENCE_MS = 1500;
const WITHOUT_PERSON = new Set(["sign-in", "phone", "enrol"]);

const WITHOUT_KEY = new Set(["sign-in", "enrol", "afresh", "rescue"]);
/** @type {Partial<Record<import("./router.js").PageName, (host: HTMLElement, app: App, args: string[]) => Page>>} */
const PAGES = {
  today: openToday,
  registry: openRegistry,
  "sign-in": openSignIn,
};

/** @param {HTMLElement} root */
async function start(root) {
  const install = createInstall();
  const update = createUpdate({ address: "/sw.js", scope: "/field/" });
  applyLanguage();
  const opening = Promise.all([openPhone({ atHand: true }), bringLanguage(language())]);
  seekLetters();
  let [phone, speaks] = await opening;
  // The browser writes its small storage late: what was chosen just before a kill is in the store only.
  const chosen = await phone.meta.get("language");
  if (chosen && chosen !== language() && (await setLanguage(chosen))) speaks = true;
  // The other language is better than none.
  if (!speaks && !(await setLanguage(language() === "ar" ? "fr" : "ar"))) throw new Error("no texts");
  const sync = createSync({ phone, fetch: fetch.bind(globalThis) });
  const frame = createFrame(root);
  const counts = createCounts(phone);
  /** @type {Page | {close(): unknown} | null} */
  let page = null;
  /** @type {HTMLElement} */
  let view = document.createElement("div");

  /** @type {App} */
  const app = {
    phone, sync, install, update, counts,
    person: (await phone.meta.get("person")) ?? null,
    navigate: (hash, options) => router.navigate(hash, options),
    back: () => router.back(),
    toast: frame.toast,
    async switchTo(person) {
      const device = ((await phone.meta.get("devices")) ?? {})[person.id];
      await phone.meta.setAll({ person, device, last_person: person.id });
      await this.personChanged();
      await router.again();
    },
    async personChanged() {
      app.person = (await phone.meta.get("person")) ?? null;
      await phone.vault.resume(app.person?.id);
      if (!app.person) router.navigate("#/sign-in", { replace: true });
    },
  };

  const { vault } = phone;
  await vault.resume(app.person?.id);
  /** Locked, or with a key that only the office can give back. */
  const isShut = () => vault.state === "locked" || vault.state === "sign_in";
  /** How it is shut, false when it is not. */
  const lock = () => isShut() && vault.state;
  let shut = lock();

  /** Without a person only the words on this phone's state make sense. @returns {Route} */
  function first() {
    const hash = parseRoute(location.hash);
    // Left there after signing in: what is asked for now is the PIN.
    const asked = vault.state === "locked" && hash?.page === "sign-in" ? null : hash;
    return /** @type {Route} */ (app.person || asked?.page === "enrol" ? (asked ?? parseRoute("#/today")) : parseRoute("#/sign-in"));
  }

  /** @param {Route} route */
  async function show(route) {
    if (!app.person && !WITHOUT_PERSON.has(route.page)) {
      router.navigate("#/sign-in", { replace: true });
      return;
    }
    page?.close();
    page = null;
    view = document.createElement("div");
    view.className = "view";
    frame.show(view, route, Boolean(app.person) && !isShut());
    const host = view;
    const opened = await open(host, route).catch((error) => {
      reportError(error);
      return brokenPage(host);
    });
    if (host !== view) {
      opened.close();
      return;
    }
    page = opened;
    const title = "title" in opened ? opened.title : route.page === "form" ? t("Form") : t("Summary");
    document.title = `${title} · ${t("Daftar")}`;
    if ("ready" in opened) await opened.ready?.catch((error) => {
      reportError(error);
      page = brokenPage(host);
    });
    frame.shown(host);
  }

  /** @param {HTMLElement} host @param {Route} route @returns {Promise<Page | {close(): void}>} */
  async function open(host, { page: name, args }) {
    if (isShut() && !WITHOUT_KEY.has(name)) {
      if (vault.state === "locked") return openUnlock(host, app);
      return openSignIn(host, app);
    }
    if (name === "form") return openFormPage(host, { phone, draftId: args[0], navigate: app.navigate });
    if (name === "summary") return openSummaryPage(host, { phone, revisionId: args[0], navigate: app.navigate });
    return (PAGES[name] ?? (await laterPage(name)))(host, app, args);
  }

  const router = createRouter({ show, first });
  onLanguage((code) => {
    phone.meta.set("language", code).catch(reportError);
    // These change their language in place, without losing where one is.
    if (router.route.page !== "form" && router.route.page !== "summary") void router.again();
    void count();
  });
  onLanguageMissed(() => frame.toast(t("The other language comes with the next connection.")));
  root.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#/']") : null;
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    router.navigate(/** @type {string} */ (link.getAttribute("href")));
  });

  async function count() {
    const now = await counts();
    frame.count(now.waiting || toLookAt(now));
  }
  phone.on(({ store }) => {
    if (store === "items") void count();
    if (store === "meta") void samePerson();
  });

  // What is open closes when the key goes; unlocked, one is where one was.
  vault.on(() => {
    if (app.person && shut !== lock() && !WITHOUT_KEY.has(router.route.page)) void router.again();
    if (shut && vault.person === app.person?.id) void sync.now({ reason: "unlocked" });
    shut = lock();
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let leaving;
  const look = () => {
    clearTimeout(leaving);
    const isSeen = document.visibilityState === "visible";
    if (!isSeen) leaving = setTimeout(() => void vault.lock({ here: true }), AWAY_MS);
    else if (vault.isAway()) void vault.lock({ here: true });
    else if (vault.state === "locked") void vault.resume(app.person?.id);
    vault.look(isSeen);
  };
  document.addEventListener("visibilitychange", look);
  // One that was opened behind another was never seen.
  if (document.visibilityState === "hidden") look();

  /** Another tab signed in or out. */
  async function samePerson() {
    const person = (await phone.meta.get("person")) ?? null;
    if (person?.id === app.person?.id) return;
    app.person = person;
    await vault.resume(person?.id);
    if (!["sign-in", "enrol", "form"].includes(router.route.page)) void router.again();
  }

  // A waiting version takes over at the next opening, when no form can be open in this tab or another.
  update.on(async () => {
    const opening = performance.now() < OPENING_MS && router.route.page !== "form";
    if (update.waiting && opening && !(await formIsOpen())) update.take();
  });

  // Without network the next one that works is in time.
  const keepMore = async () => {
    if (!(await keepWidgets(phone, sync.state.phase === "idle").catch(() => 0))) return;
    update.noted();
    await keepMore();
  };
  sync.on(() => {
    if (sync.state.phase === "idle") void keepMore();
  });
  navigator.serviceWorker?.addEventListener("controllerchange", keepMore);

  deliverInBackground(phone, sync);
  await router.start();
  phone.meta.atHand(null);
  await painted();
  await count();
  // Another tab may have signed in or out before this one listened.
  await samePerson();
  sync.start();
  void update.start();
}

/** A page in a new process knows no letters yet, and finding them takes longer than all else of the first layout: done while the stores open. */
function seekLetters() {
  const words = document.createElement("div");
  words.append(...["", "bold", "15px", "bold 19px"].map((look) => {
    const word = document.createElement("span");
    Object.assign(word.style, { fontWeight: look.startsWith("bold") ? 700 : 400, fontSize: look.match(/\d+px/)?.[0] ?? "17px" });
    word.textContent = "أب Ab 1";
    return word;
  }));
  document.body.append(words);
  words.getClientRects();
  words.remove();
}

/** The counts need every item: they are read once until an item changes. @param {import("../store/phone.js").Phone} phone */
function createCounts(phone) {
  /** @type {Promise<import("../store/outbox.js").Counts> | null} */
  let kept = null;
  phone.on(({ store }) => {
    if (store === "items") kept = null;
  });
  return () => {
    if (!kept) {
      kept = phone.outbox.counts();
      kept.catch(() => (kept = null));
    }
    return kept;
  };
}

/** What went wrong is said; nothing spins. @param {HTMLElement} host @returns {Page} */
function brokenPage(host) {
  render(html`<main class="content" id="content" tabindex="-1"><div class="note asks" role="alert"><h2>${t("This page could not be opened")}</h2>
    <span>${t("What was saved stays on the phone. Open the page again; if it stays so, restart the browser.")}</span>
    <button class="btn" type="button" @click=${() => location.reload()}>${t("Open again")}</button></div></main>`, host);
  return { title: t("This page could not be opened"), close() {} };
}

/** The parts that stay while pages change. @param {HTMLElement} root */
function createFrame(root) {
  const skip = Object.assign(document.createElement("button"), { className: "skip", type: "button" });
  const slot = document.createElement("div");
  const message = Object.assign(document.createElement("div"), { className: "message", hidden: true });
  const tabs = Object.assign(document.createElement("nav"), { className: "tabs", hidden: true });
  message.setAttribute("role", "status");
  slot.className = "view";
  skip.addEventListener("click", () => /** @type {HTMLElement | null} */ (root.querySelector("main"))?.focus());
  const column = document.createElement("div");
  column.className = "app";
  column.append(skip, slot, message, tabs);
  // What the shell shows at first stays until there is a page; a page that takes long says so itself.
  const patience = setTimeout(() => root.append(column), PATIENCE_MS);
  /** @type {HTMLElement} */
  let current = slot;
  let pages = 0;
  let number = 0;
  let name = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fading;

  function paintTabs() {
    /** @type {[string, Parameters<typeof icon>[0], string][]} */
    const entries = [["today", "home", t("Today")], ["registry", "people", t("Cooperatives")], ["outbox", "send", t("Sending")], ["phone", "phone", t("Phone")]];
    skip.textContent = t("To the content");
    if (tabs.hidden) return;
    tabs.setAttribute("aria-label", t("Pages"));
    render(entries.map(([page, drawing, words]) => {
      const here = name === page || (name === "record" && page === "registry");
      return html`<a href="#/${page}" aria-current=${here ? "page" : nothing}><span class="sign">${icon(drawing)}${page === "outbox" && number
        ? html`<span class="badge" aria-hidden="true">${number > 99 ? "99+" : number}</span>` : nothing}</span><span>${words}</span>${page === "outbox" && number
        ? html`<span class="for-readers">${n("{n} form waits", "{n} forms wait", number)}</span>` : nothing}</a>`;
    }), tabs);
  }

  function closeToast() {
    clearTimeout(fading);
    message.hidden = true;
  }

  return {
    /** @param {HTMLElement} view @param {Route} route @param {boolean} signedIn */
    show(view, route, signedIn) {
      current.replaceWith(view);
      current = view;
      name = route.page;
      tabs.hidden = !signedIn || route.page === "form" || route.page === "summary" || route.page === "sign-in" || route.page === "enrol";
      paintTabs();
      closeToast();
    },
    /** Readers hear where they are; the first page is announced by the browser. @param {HTMLElement} view */
    shown(view) {
      clearTimeout(patience);
      if (!column.isConnected) root.append(column);
      if (pages++) /** @type {HTMLElement | null} */ (view.querySelector("h1[tabindex]"))?.focus({ preventScroll: true });
    },
    /** @param {number} waiting */
    count(waiting) {
      number = waiting;
      paintTabs();
    },
    /** @param {string} text @param {() => void} [undo] */
    toast(text, undo) {
      closeToast();
      render(html`<span>${text}</span>${undo ? html`<button type="button" @click=${() => { closeToast(); undo(); }}>${t("Undo")}</button>` : nothing}`, message);
      message.hidden = false;
      fading = setTimeout(closeToast, TOAST_MS);
    },
  };
}

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
start(root).catch(async (error) => {
  reportError(error);
  if (error instanceof StoreError && (await Promise.all([bringLanguage(language()), ensureLater()]).then(() => notices.stuck?.(root), reportError))) return;
  // What the shell says by itself, for want of texts.
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".boot-stuck"))) line.hidden = false;
  if (bringLanguage(language()) === true) brokenPage(root);
});
