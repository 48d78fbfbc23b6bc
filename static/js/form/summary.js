/**
 * What a finished (or nearly finished) form gives back on the spot: the score, its shape, what is strong, what was agreed;
 * for a form without scores, a calm page that counts what was entered. It works from the phone's own copy, offline.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { languageSwitch } from "../core/dom.js";
import { formatDate, formatNumber, formatWhen, n, onLanguage, t } from "../core/i18n.js";
import { problemText } from "../core/problem.js";
import { explain, FormProblem } from "./problems.js";
import { axisBars, radar } from "./radar.js";
import { sectionName } from "./jump-list.js";
import { later } from "./given.js";
import { backClosesOverlay } from "./overlay.js";
import { readForm } from "./session.js";
import { ensureLater } from "./second.js";
import { dateOf, hasSomething, levelWords, ownStrengths, placeOf, sheetOf, strongest, updatedRecords } from "./sheet.js";

/**
 * @param {HTMLElement} host
 * @param {{phone: any, draftId?: string, revisionId?: string, navigate: (hash: string, options?: {replace?: boolean}) => void}} options
 * @returns {Promise<{close: () => void}>}
 */
export async function openSummaryPage(host, { phone, draftId, revisionId, navigate }) {
  let closed = false;
  /** @type {any} */
  let shown = null;
  /** The page for the group, while it is open. @type {ReturnType<typeof import("./room.js").openRoom> | null} */
  let room = null;

  const showRoom = () => {
    room = later.openRoom?.({ sheet: () => sheetOf(shown.form, shown.pkg, shown), onClose: () => (room = null) }) ?? null;
  };

  async function load() {
    const kept = draftId ? await fromDraft(phone, draftId) : await fromOutbox(phone, revisionId ?? "");
    const read = await readForm(phone, kept.source).catch(() => null);
    const known = read ? await updatedRecords(phone, read.form, read.pkg) : new Map();
    return { ...kept, ...read, known };
  }

  function draw() {
    if (closed || !shown) return;
    render(template(shown, navigate, showRoom), host);
  }

  async function refresh() {
    try {
      shown = await load();
      draw();
    } catch (error) {
      if (closed) return;
      const { title, next } = explain(error);
      render(html`<main class="fill-stop"><h1>${title}</h1><p>${next}</p>
        <button type="button" class="btn plain" @click=${() => navigate("#/today")}>${t("Back to today")}</button></main>`, host);
    }
  }

  await refresh();
  if (!later.openRoom) ensureLater().then(draw, () => {});
  addEventListener("popstate", backClosesOverlay);
  const stopLanguage = onLanguage((code) => {
    if (shown?.form && shown.pkg.languages.includes(code)) shown.form.setLanguage(code);
    draw();
    room?.redraw();
  });
  const stopStore = phone.on(async (/** @type {{store: string}} */ { store }) => {
    // Only the state of the sending moves; the answers are frozen.
    if (closed || !shown || !revisionId || (store !== "items" && store !== "receipts")) return;
    const kept = await fromOutbox(phone, revisionId).catch(() => null);
    if (!kept) return;
    shown = { ...shown, state: kept.state, receipt: kept.receipt, problem: kept.problem };
    draw();
  });
  return {
    close() {
      closed = true;
      removeEventListener("popstate", backClosesOverlay);
      room?.leave();
      stopLanguage();
      stopStore?.();
      render(nothing, host);
    },
  };
}

/** @param {any} phone @param {string} id */
async function fromDraft(phone, id) {
  const draft = await phone.drafts.get(id);
  if (!draft || (await isAnothers(phone, draft))) throw new FormProblem("form.no_draft", {});
  return { source: draft, title: draft.title, at: draft.updated_at, state: "draft", receipt: null, problem: null };
}

/** @param {any} phone @param {string} revisionId */
async function fromOutbox(phone, revisionId) {
  const [item, receipt] = await Promise.all([phone.outbox.get(revisionId), phone.outbox.receipt(revisionId)]);
  if (!item || (await isAnothers(phone, item))) throw new FormProblem(receipt ? "form.sent_and_gone" : "form.no_item", {});
  return { source: await phone.outbox.content(item), title: item.title, at: item.finished_at, state: item.rejected ? "rejected" : item.state, receipt, problem: item.problem };
}

/** A shared phone: "back" and old addresses do not lead to what another person wrote. @param {any} phone @param {{owner: string}} kept */
async function isAnothers(phone, kept) {
  const person = await phone.meta.get("person");
  return Boolean(person) && person.id !== kept.owner;
}

/** @param {any} shown @param {(hash: string, options?: any) => void} navigate @param {() => void} showRoom */
function template(shown, navigate, showRoom) {
  const { form, pkg, source, title, at, state, receipt, problem } = shown;
  const scores = form?.scores() ?? null;
  const hasScore = scores !== null && (scores.overall !== null || scores.axes.some((/** @type {any} */ axis) => axis.score !== null));
  const kind = form ? form.text(pkg.title) : "";
  const sheet = form ? sheetOf(form, pkg, shown) : null;
  const forGroup = later.paperSheet && sheet && hasSomething(sheet);
  return html`<div class=${forGroup ? "result for-group" : "result"}>
    <header class="top"><h1>${hasScore ? t("Result") : t("Form kept")}</h1>${languageSwitch()}</header>
    <main class="result-main">
      <div class="result-name"><h2><bdi>${title || kind}</bdi></h2>
        <p>${[title ? kind : "", form ? placeOf(form, pkg) : "", formatDate(form ? dateOf(form, pkg) || at : at)].filter(Boolean).map((part, index) => html`${index ? " · " : nothing}<bdi>${part}</bdi>`)}</p></div>
      ${stateLine(state, receipt, problem)}
      ${form && sheet ? (hasScore ? scoreParts(form, pkg, scores, sheet) : countParts(form, scores, sheet)) : html`<p>${t("The form itself is no longer on this phone; what was entered is kept.")}</p>`}
      ${form ? later.answerSections?.(form, pkg) : nothing}
      ${later.asideSection?.(source, form)}
    </main>
    <footer class="fill-foot">
      ${forGroup
        ? html`<button type="button" class="btn plain" @click=${() => navigate("#/today", { replace: true })}>${t("Back to today")}</button>
          <button type="button" class="go" @click=${showRoom}>${t("Show to the group")}</button>`
        : html`<button type="button" class="btn plain" @click=${() => print()}>${t("Print")}</button>
          <button type="button" class="go" @click=${() => navigate("#/today", { replace: true })}>${t("Back to today")}</button>`}
    </footer>
    ${forGroup ? later.paperSheet?.(sheet) : nothing}</div>`;
}

/** @param {string} state @param {any} receipt @param {any} problem */
function stateLine(state, receipt, problem) {
  if (state === "draft") return html`<p class="status calm"><i class="dot"></i><span class="text">${t("Draft: not finished yet")}</span></p>`;
  if (state === "refused") return html`<p class="status wrong"><i class="dot"></i><span class="text">${t("Kept on the phone; the server could not take it.")} ${problemText(problem)}</span></p>`;
  if (state === "rejected") return html`<p class="status wrong"><i class="dot"></i><span class="text">${t("Rejected at the office; the reason stands under Sending.")}</span></p>`;
  if (state === "gone") return html`<p class="status asks"><i class="dot"></i><span class="text">${t("Deleted at the office; this copy stays on the phone.")}</span></p>`;
  if (receipt) {
    return html`<p class=${state === "quarantined" ? "status asks" : "status"}><i class="dot"></i><span class="text">${t("Reached the server, {time}", { time: formatWhen(receipt.received_at) })}
      ${state === "quarantined" ? html`<br />${t("Somebody at the office looks at it first.")} ${problemText(problem)}` : nothing}</span></p>`;
  }
  return html`<p class="status"><i class="dot"></i><span class="text">${t("Saved on the phone")} · ${t("waits to be sent")}</span></p>`;
}

/** @param {any} form @param {any} pkg @param {any} scores @param {import("./sheet.js").Sheet} sheet */
function scoreParts(form, pkg, scores, sheet) {
  const said = ownStrengths(form, pkg);
  const strong = strongest(scores.axes);
  return html`
    ${scores.overall === null
      ? html`<p class="result-none">${t("No overall score: too few axes have one.")}</p>`
      : html`<div class="result-score"><b class=${`l${scores.level ?? 0}`} dir="ltr">${formatNumber(scores.overall, 1)}<small>/100</small></b>
          <span>${scores.level ? html`${levelWords(sheet)}<br />` : nothing}
          ${scores.confidence === null ? nothing : html`<small>${t("Confidence: {share} % of what was said was seen", { share: formatNumber(scores.confidence, 0) })}</small>`}</span></div>`}
    ${sheet.cap ? html`<p class="status asks"><span class="text">${sheet.cap}</span></p>` : nothing}
    ${radar(scores.axes)}
    <section><h3 class="section-title">${t("Scores by axis")}</h3>${axisBars(scores.axes)}</section>
    ${said.length ? html`<section><h3 class="section-title">${t("Strengths, as the group says")}</h3><ul class="plain-list">${said.map((text) => html`<li dir="auto">${text}</li>`)}</ul></section>` : nothing}
    ${strong.length ? html`<section><h3 class="section-title">${t("Strongest axes")}</h3><ul class="plain-list">${strong.map(({ label }) => html`<li>${label}</li>`)}</ul></section>` : nothing}
    ${agreedList(sheet) ?? html`<section><h3 class="section-title">${t("What we agreed")}</h3><p class="soft">${t("No action was agreed yet.")}</p></section>`}`;
}

/** @param {import("./sheet.js").Sheet} sheet @returns {unknown} null when nothing was agreed */
function agreedList({ agreed }) {
  if (!agreed.length) return null;
  return html`<section><h3 class="section-title">${t("What we agreed")}</h3>
    <ul class="plain-list">${agreed.map(({ text, who, due }) => html`<li><bdi>${text}</bdi>${who || due ? html`<small>${[who, due].filter(Boolean).map((part, index) => html`${index ? t(", ") : nothing}<bdi>${part}</bdi>`)}</small>` : nothing}</li>`)}</ul></section>`;
}

/** @param {any} form @param {any} scores @param {import("./sheet.js").Sheet} sheet */
function countParts(form, scores, sheet) {
  const sections = form.sections().filter((/** @type {any} */ section) => section.relevant && section.total);
  return html`
    ${scores ? html`<p class="result-none">${t("No score: too few questions of an axis were answered. The answers are kept.")}</p>` : nothing}
    ${agreedList(sheet)}
    <section><h3 class="section-title">${t("What was entered")}</h3>
    <dl class="counts">${sections.map((/** @type {any} */ section) => html`<div><dt>${sectionName(sections, section)}</dt>
      <dd><bdi>${section.kind === "repeat" ? n("{n} line", "{n} lines", form.rows(section.path).length) : t("{done} of {all}", { done: section.answered, all: section.total })}</bdi></dd></div>`)}</dl></section>`;
}
