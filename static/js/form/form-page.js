/**
 * The page that fills a draft: a section at a time, the truth about saving always in sight, "back" as everywhere on the phone.
 * Only the questions of the section in view exist on the page.
 *
 * @typedef {{section: string, row: string}} Place  row: path of the repeat's row that is open, "" for the section itself
 * @typedef {import("../engine/form.js").Section} Section
 * @typedef {{path: string, element: HTMLElement, update: () => void, dispose: () => void, structure?: () => void, leave?: () => void}} Block
 * @typedef {ReturnType<typeof createPage>} Page
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { markdown } from "../core/dom.js";
import { inSlices, whenIdle } from "../core/idle.js";
import { inLanguage, language, n, onLanguage, setLanguage, t } from "../core/i18n.js";
import { recall, remember } from "../core/remember.js";
import { mountBlocks } from "./blocks.js";
import { drawFinish } from "./finish.js";
import { later } from "./given.js";
import { openJumpList, sectionName } from "./jump-list.js";
import { backClosesOverlay } from "./overlay.js";
import { problemText } from "./part.js";
import { plain } from "./plain.js";
import { explain, FormProblem } from "./problems.js";
import { remarkList, remarkTemplate } from "./remarks.js";
import { deleteRow } from "./repeat.js";
import { rowName } from "./rows.js";
import { ensureLater } from "./second.js";
import { openDraft } from "./session.js";

export const END = "@end";
const TAP_MS = 700;
const TOAST_MS = 8000;
/** Questions of a page that are made before it is painted; the others follow. */
const FIRST_PAINTED = 6;
/** What a change of language may take before it is painted. */
const SWITCH_MS = 24;
/** Pages of a resumed draft that "back" goes through. */
const MOST_BEHIND = 20;
const SECOND_KEY = "daftar.second-language";

/**
 * @param {HTMLElement} host
 * @param {{phone: any, draftId: string, navigate: (hash: string, options?: {replace?: boolean}) => void}} options
 * @returns {Promise<{close: () => void}>}
 */
export async function openFormPage(host, { phone, draftId, navigate }) {
  /** @type {Page | null} */
  let page = null;
  let closed = false;

  /** @param {boolean} take */
  async function open(take) {
    try {
      const session = await openDraft(phone, draftId, { take });
      if (closed) {
        session.close();
        return;
      }
      session.on((what) => {
        if (what === "state") return;
        page?.close();
        page = null;
        drawProblem(new FormProblem(what === "taken" ? "form.open_elsewhere" : "form.no_draft", {}));
      });
      page = createPage(host, session, navigate, () => {
        page?.close();
        void open(true);
      });
    } catch (error) {
      drawProblem(error);
    }
  }

  /** @param {unknown} error */
  function drawProblem(error) {
    const elsewhere = error instanceof FormProblem && error.code === "form.open_elsewhere";
    const { title, next } = explain(error);
    const stop = made("div");
    host.replaceChildren(stop);
    render(html`<main class="fill-stop" role="alert"><h1>${title}</h1><p>${next}</p>
      ${elsewhere ? html`<button type="button" class="go" @click=${() => open(true)}>${t("Continue here")}</button>` : nothing}
      <button type="button" class="btn plain" @click=${() => navigate("#/today")}>${t("Back to today")}</button></main>`, stop);
    if (!(error instanceof FormProblem)) console.error(error);
  }

  await open(false);
  return {
    close() {
      closed = true;
      page?.close();
    },
  };
}

/**
 * @param {HTMLElement} host @param {import("./session.js").Session} session
 * @param {(hash: string, options?: {replace?: boolean}) => void} navigate @param {() => void} reopen  the draft is another one now
 */
function createPage(host, session, navigate, reopen) {
  /** @type {Map<string, Block>} */
  const blocks = new Map();
  /** @type {ReturnType<typeof mountBlocks> | null} */
  let mounted = null;
  /** @type {Place} */
  let place = { section: session.position.section, row: session.position.row };
  /** Sections whose problems are shown: the person asked to go on, or to finish. @type {Set<string>} */
  const judged = new Set();
  /** Sections a second "next" leaves whatever is missing. @type {Set<string>} */
  const warned = new Set();
  let second = recall(SECOND_KEY) === "yes";
  let scroll = 0;
  let lastTap = 0;
  let question = session.position.question;
  let headTimer = 0;
  let toastTimer = 0;
  let glideTimer = 0;
  let isClosed = false;
  /** The page that was shown first has the remarks on top. */
  let firstShown = "";
  /** Remarks without a changed answer were pointed out: the next "finish" sends. */
  let askedAnyway = false;
  /** How many entries of the browser's history are this form's, above the first. */
  let depth = 0;
  /** What stands above the questions. */
  let intro = made("div");

  const root = made("div", "fill");
  const head = made("header", "fill-head");
  const status = made("div", "fill-status");
  const main = made("main", "fill-main");
  const body = made("div", "fill-body");
  const extra = made("div");
  const foot = made("footer", "fill-foot");
  const toasts = made("div", "fill-toasts");
  toasts.setAttribute("role", "status");
  main.append(status, body, extra);
  root.append(head, main, toasts, foot);
  host.replaceChildren(root);

  /** @returns {Section[]} */
  const sections = () => session.sections().filter((/** @type {Section} */ section) => section.relevant);
  const index = (/** @type {Section[]} */ all) => (place.section === END ? all.length : Math.max(0, all.findIndex(({ path }) => path === place.section)));

  const page = {
    session,
    mountBlocks: (/** @type {HTMLElement} */ where, /** @type {string[]} */ paths) => mountBlocks(page, where, paths),
    sectionPath: () => (place.row ? "" : place.section),
    /** @param {string} path @returns {string} the section it stands in, as form.problems() names it */
    sectionOf: (path) => place.section || path.split(/[/[]/)[0],
    showsProblems: () => judged.has(place.section) || judged.has(END),
    showsSecond: () => second,
    /** Under a text, when the person wants both languages, of all or (own) of this one. @param {string} path @param {any} text @param {unknown} [own] */
    second: (path, text, own) => (second !== Boolean(own) ? below(session.inOther(path, text)) : nothing),
    /** What is wrong, and below it the same in the other language. @param {{path: string, node: any}} at @param {{kind: string, message: string}} problem @param {unknown} [own] */
    problem: ({ path, node }, problem, own) => html`<span>${problemText(problem, node.type)}${second !== Boolean(own) ? below(inLanguage(otherLanguage(), () => problemText({ ...problem, message: session.inOther(path, node[`${problem.kind}_message`]) }, node.type))) : nothing}</span>`,
    /** @param {string} path */
    remarksAt: (path) => session.remarks.filter((remark) => remark.question === path),
    /** @param {string} path */
    remarksUnder: (path) => session.remarks.some((remark) => remark.question?.startsWith(`${path}/`)),
    /** @param {string} path @param {Block} block */
    register(path, block) {
      blocks.set(path, block);
    },
    /** @param {string} path @param {Block} block */
    unregister(path, block) {
      if (blocks.get(path) === block) blocks.delete(path);
    },
    apply,
    answered,
    openRow: (/** @type {string} */ row) => go({ section: place.section, row }),
    toast,
    afterPaint,
    sections,
    go,
    openQuestion,
    finish,
    previous,
    next,
    reopen,
    exit,
    close,
    place: () => place,
    /** @param {boolean} on */
    setSecond(on) {
      second = on;
      remember(SECOND_KEY, on ? "yes" : "no");
      redraw();
    },
    judgeAll: () => judged.add(END),
    isAskedAnyway: () => askedAnyway,
  };

  const otherLanguage = () => (language() === "ar" ? "fr" : "ar");

  /** @param {string} said  in the other language */
  function below(said) {
    const other = otherLanguage();
    return said ? html`<span class="q-second" lang=${other} dir=${other === "ar" ? "rtl" : "ltr"}>${markdown(said)}</span>` : nothing;
  }

  /** What the engine says may look different now. @param {{paths: Iterable<string>, structure: boolean}} change @param {string} [own] */
  function apply(change, own) {
    if (own) {
      question = own;
      session.place({ ...place, question, scroll }, progress());
      if (warned.delete(place.section)) drawFoot();
    }
    for (const path of change.paths) if (path !== own) blocks.get(path)?.update();
    if (own) blocks.get(own)?.update();
    if (change.structure) for (const block of [...blocks.values()]) block.structure?.();
    clearTimeout(headTimer);
    headTimer = window.setTimeout(() => drawHead(), 120);
  }

  /** After a tap that answered: the next blank question comes into sight. @param {import("./part.js").Part} part */
  function answered(part) {
    if (performance.now() - lastTap > TAP_MS) return;
    let after = false;
    for (const block of whole().values()) {
      if (block === part) after = true;
      else if (after && "isOpen" in block && /** @type {any} */ (block).isOpen()) {
        const { top, bottom } = block.element.getBoundingClientRect();
        // The choice is seen before it scrolls away.
        if (top < head.offsetHeight || bottom > innerHeight - foot.offsetHeight) glideTimer = window.setTimeout(() => reveal(block.element, true), 180);
        return;
      }
    }
  }

  /** What a finger touches does not move away from under it. */
  function standStill() {
    clearTimeout(glideTimer);
    scrollTo({ top: scrollY, behavior: "instant" });
  }

  /** @param {HTMLElement} element @param {boolean} smooth */
  function reveal(element, smooth) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "start", behavior: smooth && !calm ? "smooth" : "auto" });
  }

  /** @param {() => void} fn */
  function afterPaint(fn) {
    requestAnimationFrame(() => setTimeout(() => isClosed || fn()));
  }

  const placed = { sections: /** @type {Section[]} */ ([]) };
  /** Where the person stopped, as the list of drafts says it. */
  function progress() {
    const node = session.pkg.nodes.find((/** @type {any} */ one) => one.parent === 0 && one.name === place.section);
    return { at: index(placed.sections) + 1, of: placed.sections.length + 1, label: node?.label ?? null };
  }

  function drawHead(all = sections()) {
    if (isClosed) return;
    placed.sections = all;
    const at = index(all);
    const section = all[at];
    const title = session.form.text(session.pkg.title);
    const name = session.title;
    const other = session.pkg.languages.find((/** @type {string} */ code) => code !== language() && (code === "ar" || code === "fr"));
    render(html`
      <div class="fill-bar">
        <h1><bdi>${name && name !== title ? name : title}</bdi>${name && name !== title ? html`<small>${title}</small>` : nothing}</h1>
        ${other ? html`<button type="button" class="pill" lang=${other} @click=${() => setLanguage(other)}>
          <span aria-hidden="true">${other === "fr" ? "Fr" : "ع"}</span><span class="for-readers">${other === "fr" ? "Français" : "العربية"}</span></button>` : nothing}
        <button type="button" class="pill" aria-haspopup="dialog" @click=${() => openJumpList(page)}>
          <span aria-hidden="true">≡ <bdi>${at + 1}/${all.length + 1}</bdi></span>
          <span class="for-readers">${t("Sections: {at} of {all}", { at: at + 1, all: all.length + 1 })}</span></button>
      </div>
      <div class="fill-progress" role="progressbar" aria-valuemin="0" aria-valuemax=${all.length + 1} aria-valuenow=${at + 1} aria-label=${t("Progress")}><i></i></div>`, head);
    /** @type {HTMLElement} */ (head.querySelector(".fill-progress i")).style.inlineSize = `${Math.round(((at + 1) / (all.length + 1)) * 100)}%`;
    render(html`<h2 tabindex="-1">${place.section === END ? t("Check and finish") : html`<span>${section ? sectionName(all, section) : title}</span>${section?.total && !place.row ? html` · <bdi>${section.answered}/${section.total}</bdi>` : nothing}`}</h2>
      <span class="saved"></span>`, status);
    drawSaved();
  }

  function drawSaved() {
    const line = status.querySelector(".saved");
    if (!line) return;
    line.className = `saved ${session.state}`;
    line.textContent = session.state === "saved" ? t("Saved on the phone") : session.state === "saving" ? t("Saving…") : t("Not saved yet: trying again");
  }

  function drawFoot() {
    if (place.row) {
      const { list, rows, at } = rowsAround();
      const following = rows[at + 1];
      render(html`${following || session.form.canAdd(list)
          ? html`<button type="button" class="btn plain" @click=${() => (following ? go({ ...place, row: following.path }, { replace: true }) : addAnother(list))}>${following ? t("Next line") : t("Add another")}</button>`
          : nothing}<button type="button" class="go" @click=${back}>${t("Done")}</button>`, foot);
      return;
    }
    const all = placed.sections;
    const first = index(all) === 0;
    render(html`<button type="button" class="btn plain" @click=${first ? exit : previous}>${first ? t("Leave") : t("Previous")}</button>
      ${place.section === END
        ? html`<button type="button" class="go" @click=${finish}>${askedAnyway ? t("Send anyway") : t("Finish")}</button>`
        : html`<button type="button" class="go" @click=${next}>${warned.has(place.section) ? t("Go on anyway") : t("Next")}</button>`}`, foot);
  }

  function rowsAround() {
    const list = place.row.replace(/\[\d+\]$/, "");
    const rows = session.form.rows(list);
    return { list, rows, at: rows.findIndex(({ path }) => path === place.row) };
  }

  function drawExtra() {
    if (!place.row) {
      render(nothing, extra);
      return;
    }
    const { list, at } = rowsAround();
    render(html`${later.copyRow && session.form.canAdd(list)
      ? html`<button type="button" class="btn plain" @click=${() => {
          const { row } = place;
          later.copyRow?.(page, row, (copy) => go({ ...place, row: copy }, { replace: true }), () => go({ ...place, row }, { replace: true }));
        }}>${t("Duplicate this line")}</button>`
      : nothing}${session.form.canRemove(place.row)
      ? html`<button type="button" class="btn danger" @click=${() => {
          const row = place.row;
          const name = rowName(session, session.form.rows(list)[at], at);
          back();
          // The list is drawn before its row goes: the message belongs there.
          addEventListener("popstate", () => setTimeout(() => deleteRow(page, row, name)), { once: true });
        }}>${t("Delete this line")}</button>`
      : nothing}`, extra);
  }

  /** Every question of the place, also what is still to be made. */
  function whole() {
    mounted?.rest();
    return blocks;
  }

  /** Draws the place anew. */
  function mount() {
    mounted?.dispose();
    mounted = null;
    blocks.clear();
    body.replaceChildren();
    // What will go is seen before it goes.
    if (place.section === END) session.tidy();
    const all = sections();
    if (place.section !== END && !all.some(({ path }) => path === place.section)) place = { section: all[0]?.path ?? END, row: "" };
    if (place.row && !session.form.view(place.row)) place = { ...place, row: "" };
    intro = made("div");
    drawAround(all);
    if (place.section === END) {
      const last = made("div");
      body.append(last);
      drawFinish(page, last);
    } else {
      const blocksHost = made("div", "blocks");
      blocksHost.dataset.look = lookOf(all[index(all)]);
      body.append(intro, blocksHost);
      const drawn = mountBlocks(page, blocksHost, pathsHere(all), scroll ? undefined : FIRST_PAINTED);
      mounted = drawn;
      afterPaint(drawn.idly);
    }
  }

  /** All but the questions. */
  function drawAround(all = sections()) {
    placed.sections = all;
    drawHead(all);
    if (place.section !== END) render(introduction(all), intro);
    drawExtra();
    drawFoot();
  }

  /** @param {Section[]} all */
  function pathsHere(all) {
    if (place.row) return session.form.children(place.row);
    const section = all[index(all)];
    return section.kind === "repeat" ? [section.path] : section.children;
  }

  /** The appearance of the group that is the section. @param {Section} section */
  function lookOf(section) {
    return section.kind === "group" && !place.row ? session.view(section.path).node.appearance ?? "" : "";
  }

  /** @param {Section[]} all */
  function introduction(all) {
    if (place.row) {
      const { list, rows, at } = rowsAround();
      const view = session.view(place.row.replace(/\[\d+\]$/, ""));
      return html`<p class="row-title"><bdi>${at + 1}/${rows.length}</bdi> ${plain(view.label)}${page.second(view.path, view.node.label)}</p>`;
    }
    const first = index(all) === 0;
    const general = session.remarks.filter(({ question: at }) => !at);
    const section = all[index(all)];
    const asked = session.remarks.filter(({ question: at }) => at);
    const loose = section.kind === "loose";
    const { node, hint } = session.view(loose ? "" : section.path);
    return html`${loose ? nothing : page.second(section.path, node.label)}${first || section.path === firstShown ? general.map(remarkTemplate) : nothing}
      ${section.path === firstShown && asked.length ? html`<h3>${n("{n} remark to answer", "{n} remarks to answer", asked.length)}</h3>${remarkList(page, asked)}` : nothing}
      ${hint && !loose && section.kind !== "repeat" ? html`<p class="q-hint">${markdown(hint)}${page.second(section.path, node.hint)}</p>` : nothing}`;
  }

  /**
   * @param {Place} to
   * @param {{replace?: boolean, stay?: boolean, from?: string}} [options]  replace: instead of the entry one is on; stay: history has it already;
   *   from: the section one came from, where "previous" is "back"
   */
  function go(to, { replace = false, stay = false, from } = {}) {
    const { row } = place;
    place = { ...to };
    question = "";
    scroll = 0;
    // What was said, and can be undone, is said of the page one leaves.
    hush();
    if (to.section !== END) askedAnyway = false;
    mount();
    if (!stay) {
      // The entry of a list over the page, replaced by where it leads, is one more of ours.
      if (!replace || history.state?.overlay) depth += 1;
      enter(place, from, replace);
    }
    scrollTo(0, 0);
    session.place({ ...place, question, scroll }, progress());
    /** @type {HTMLElement | null} */ (status.querySelector("h2"))?.focus({ preventScroll: true });
    // Back from a row: to its place in the list.
    const card = /** @type {HTMLElement | "" | false | null} */ (row && row !== to.row && (whole(), body.querySelector(`[data-row="${row}"]`)));
    if (!card) return;
    card.scrollIntoView({ block: "center" });
    card.focus({ preventScroll: true });
  }

  /** Notes a page in the browser's history. @param {Place} at @param {string | undefined} from @param {boolean} replace */
  function enter(at, from, replace) {
    history[replace ? "replaceState" : "pushState"]({ ...history.state, overlay: undefined, from, form: session.id, ...at, depth }, "");
  }

  /** @param {string} path @returns {Section | undefined} the section a question stands in */
  function sectionWith(path) {
    return sections().find((one) => one.kind === "loose" ? one.children.some((at) => path === at || path.startsWith(`${at}/`)) : path === one.path || path.startsWith(`${one.path}/`) || path.startsWith(`${one.path}[`));
  }

  /** Opens the page a question stands on and puts it in sight. @param {string} path @param {{replace?: boolean}} [options] */
  function openQuestion(path, options = {}) {
    const section = sectionWith(path);
    if (!section) return;
    const to = { section: section.path, row: "" };
    judged.add(section.path);
    if (to.section !== place.section || place.row) go(to, options);
    // A question inside a row may stand on the row's own page.
    for (let shown = whole().get(path); !shown; shown = whole().get(path)) {
      const rows = [...path.matchAll(/\[\d+\](?=\/)/g)].map((match) => path.slice(0, (match.index ?? 0) + match[0].length));
      const deeper = rows.find((row) => row.length > place.row.length && !blocks.has(row));
      if (!deeper) break;
      go({ ...place, row: deeper }, options);
    }
    for (const block of blocks.values()) block.update();
    const found = blocks.get(path);
    if (!found) return;
    reveal(found.element, false);
    if ("focus" in found) /** @type {any} */ (found).focus();
  }

  function back() {
    if (depth > 0) history.back();
    else go(place.row ? { section: place.section, row: "" } : place, { replace: true });
  }

  function previous() {
    const all = sections();
    const to = all[index(all) - 1];
    if (!to) return;
    // The entry before is mostly that page; if one jumped here, it is not.
    if (history.state?.from === to.path && depth > 0) history.back();
    else go({ section: to.path, row: "" });
  }

  function next() {
    const all = sections();
    const here = place.section;
    const problems = session.problems(here);
    if (problems.length && !warned.has(here)) {
      judged.add(here);
      warned.add(here);
      for (const block of whole().values()) block.update();
      drawFoot();
      toast(n("{n} answer to check on this page.", "{n} answers to check on this page.", problems.length));
      const shown = blocks.get(problems[0].path) ?? [...blocks.values()].find(({ path }) => problems[0].path.startsWith(path));
      if (shown) reveal(shown.element, true);
      return;
    }
    warned.delete(here);
    const to = all[index(all) + 1]?.path ?? END;
    go({ section: to, row: "" }, { from: here });
  }

  /** @param {string} list */
  function addAnother(list) {
    apply(session.addRow(list));
    const rows = session.form.rows(list);
    go({ ...place, row: rows[rows.length - 1].path }, { replace: true });
  }

  async function finish() {
    judged.add(END);
    if (!askedAnyway && place.section === END && !session.problems().length && session.unansweredRemarks().length) {
      askedAnyway = true;
      mount();
      body.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
      return;
    }
    const result = await session.finish().catch((error) => error);
    if (result instanceof Error) {
      complain(result instanceof FormProblem ? result : new FormProblem("form.not_saved", {}));
      if (!(result instanceof FormProblem)) console.error(result);
      return;
    }
    if ("problems" in result) {
      if (place.section === END) drawFinish(page, /** @type {HTMLElement} */ (body.firstElementChild), result.problems);
      toast(n("{n} answer to check before finishing.", "{n} answers to check before finishing.", result.problems.length));
      return;
    }
    close();
    await unwind();
    navigate(`#/summary/${result.revisionId}`, { replace: true });
  }

  async function exit() {
    for (const block of blocks.values()) block.leave?.();
    if (!(await session.flush())) {
      complain(new FormProblem("form.not_saved", {}));
      return;
    }
    close();
    await unwind();
    navigate(history.state?.before || "#/today", { replace: true });
  }

  /** Takes this form's pages out of "back". */
  async function unwind() {
    if (depth <= 0) return;
    await new Promise((resolve) => {
      addEventListener("popstate", resolve, { once: true });
      history.go(-depth);
      depth = 0;
      setTimeout(resolve, 500);
    });
  }

  /** @param {string} text @param {string} [action] @param {() => void} [act] */
  function toast(text, action, act) {
    clearTimeout(toastTimer);
    render(html`<div class="fill-toast"><span>${text}</span>${action ? html`<button type="button" @click=${() => {
      hush();
      act?.();
    }}>${action}</button>` : nothing}</div>`, toasts);
    toastTimer = window.setTimeout(hush, TOAST_MS);
  }

  /** @param {FormProblem} problem */
  function complain(problem) {
    const { title, next: todo } = explain(problem);
    toast(`${title} ${todo}`);
  }

  /** Takes the message away. */
  function hush() {
    clearTimeout(toastTimer);
    render(nothing, toasts);
  }

  /** The same place in other words. */
  function redraw() {
    const at = scroll;
    // What shows rows, or all of the form, is made anew.
    if (place.section === END || [...blocks.values()].some(({ structure }) => structure)) mount();
    else say();
    // At the top already, this would only lay the page out once more.
    if (at) scrollTo(0, at);
  }

  /** What is in sight changes at once, the rest of the page as there is time. */
  function say() {
    const start = performance.now();
    /** @type {Block[]} */
    const unseen = [];
    /** @type {Block[]} */
    const seen = [];
    for (const block of blocks.values()) {
      // Where each is, and how high the window, nobody knows before the page is laid out in its new direction: at its top the first are in sight.
      const isSeen = scroll ? isInSight(block.element) : !block.element.hidden && seen.length <= FIRST_PAINTED;
      (isSeen ? seen : unseen).push(block);
      if (!scroll && !isSeen) block.element.style.contentVisibility = "hidden";
    }
    drawAround();
    for (const block of seen) block.update();
    // Scrolled to where it is, a page is laid out anyway: what little else there is changes with it.
    while (scroll && unseen.length && performance.now() - start < SWITCH_MS) unseen.shift()?.update();
    afterPaint(() => inSlices(unseen, (block) => {
      if (blocks.get(block.path) === block) block.update();
      block.element.style.contentVisibility = "";
    }));
  }

  /** @param {PopStateEvent} event */
  function onPop(event) {
    if (backClosesOverlay()) return;
    const state = event.state;
    if (state?.form !== session.id) return;
    depth = state.depth;
    go({ section: state.section, row: state.row ?? "" }, { stay: true });
  }

  let scrollTimer = 0;
  function onScroll() {
    scroll = scrollY;
    clearTimeout(scrollTimer);
    scrollTimer = window.setTimeout(() => session.place({ ...place, question, scroll }, progress()), 800);
  }

  /** "Next" on the keyboard goes to the next question that is typed in; before another kind it only closes the keyboard. @param {KeyboardEvent} event */
  function onKey(event) {
    const input = event.target;
    if (event.key !== "Enter" || event.isComposing || !(input instanceof HTMLInputElement) || !input.closest(".q")) return;
    if (/radio|checkbox|file/.test(input.type)) return;
    event.preventDefault();
    input.blur();
    const all = [...whole().values()].filter(({ element }) => !element.hidden);
    const after = all[all.findIndex(({ element }) => element.contains(input)) + 1];
    const field = after?.element.querySelector("input.input, textarea.input");
    if (after && "isOpen" in after && field instanceof HTMLElement) {
      field.focus({ preventScroll: true });
      reveal(after.element, true);
    }
  }

  /** The camera may cost the page its life: what was typed before it opens is kept. @param {any} event */
  const onFile = ({ target }) => target.type === "file" && void session.flush();
  const stopLanguage = onLanguage((code) => {
    if (session.pkg.languages.includes(code)) session.setLanguage(code);
    redraw();
  });
  /** @type {(() => void) | undefined} */
  let stopLater;
  afterPaint(() => whenIdle(() => ensureLater().then(() => {
    if (!isClosed) stopLater = later.attach?.(page, root);
  }, () => {})));
  const stopSession = session.on((what) => what === "state" && drawSaved());
  addEventListener("popstate", onPop);
  addEventListener("scroll", onScroll, { passive: true });
  root.addEventListener("pointerdown", standStill);
  root.addEventListener("pointerup", () => (lastTap = performance.now()));
  // Who goes on has read it; what can be undone stays until the page changes.
  // Not before the tap is whole: at the end of a page what stands under the finger moves when the message goes.
  main.addEventListener("click", () => toasts.querySelector("button") || hush(), true);
  root.addEventListener("keydown", onKey);
  root.addEventListener("click", onFile, true);

  function close() {
    if (isClosed) return;
    isClosed = true;
    for (const timer of [headTimer, toastTimer, glideTimer, scrollTimer]) clearTimeout(timer);
    stopLanguage();
    stopSession();
    stopLater?.();
    removeEventListener("popstate", onPop);
    removeEventListener("scroll", onScroll);
    mounted?.dispose();
    while (backClosesOverlay());
    void session.flush().then(() => session.close());
    root.remove();
  }

  // First drawing: where the person was, or what the office asks.
  const start = session.position;
  const goTo = session.takeGoTo();
  const asked = goTo && sectionWith(goTo);
  if (asked) place = { section: asked.path, row: "" };
  const all = sections();
  firstShown = (asked || all[Math.min(index(all), all.length - 1)])?.path ?? "";
  scroll = asked ? 0 : start.scroll;
  mount();
  const state = history.state;
  if (state?.form === session.id) {
    // A reload keeps the entry's own depth; a list that was open over the page is gone, and its entry is one of ours.
    depth = state.depth + (state.overlay ? 1 : 0);
    enter(place, state.from, true);
  } else {
    // A draft that is resumed has the pages before it behind "back", as if one had come through them; a remark leads to its page alone.
    const before = asked ? [] : all.slice(0, index(all)).slice(-MOST_BEHIND).map(({ path }) => ({ section: path, row: "" }));
    if (place.row) before.push({ ...place, row: "" });
    let from;
    for (const at of before) {
      enter(at, from, !depth);
      depth += 1;
      from = at.section;
    }
    enter(place, from, !depth);
  }
  session.log?.at(place);
  if (asked) session.place({ ...place, question: goTo, scroll: 0 }, progress());
  // After whoever opened this page has put it at its top.
  if (scroll) afterPaint(() => scrollTo(0, start.scroll));
  else if (goTo && session.wasAskedFor) afterPaint(() => openQuestion(goTo, { replace: true }));
  return page;
}

/** @param {HTMLElement} element */
function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** @param {string} tag @param {string} [className] */
const made = (tag, className = "") => Object.assign(document.createElement(tag), { className });
