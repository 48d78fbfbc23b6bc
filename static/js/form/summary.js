/**
 * What a finished (or nearly finished) form gives back on the spot: the score, its shape, what is strong, what was agreed;
 * for a form without scores, a calm page that counts what was entered. It works from the phone's own copy, offline.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { formatDate, formatNumber, formatWhen, n, onLanguage, t } from "../core/i18n.js";
import { problemText } from "../core/problem.js";
import { plain } from "./plain.js";
import { explain, FormProblem } from "./problems.js";
import { axisBars, radar } from "./radar.js";
import { sectionName } from "./jump-list.js";
import { answerSections } from "./answers.js";
import { asideSection } from "./aside.js";
import { readForm } from "./session.js";

const STRENGTHS = 3;

/**
 * @param {HTMLElement} host
 * @param {{phone: any, draftId?: string, revisionId?: string, navigate: (hash: string, options?: {replace?: boolean}) => void}} options
 * @returns {Promise<{close: () => void}>}
 */
export async function openSummaryPage(host, { phone, draftId, revisionId, navigate }) {
  let closed = false;
  /** @type {any} */
  let shown = null;

  async function load() {
    const kept = draftId ? await fromDraft(phone, draftId) : await fromOutbox(phone, revisionId ?? "");
    const read = await readForm(phone, kept.source).catch(() => null);
    return { ...kept, ...read };
  }

  function draw() {
    if (closed || !shown) return;
    render(template(shown, navigate), host);
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
  const stopLanguage = onLanguage((code) => {
    if (shown?.form && shown.pkg.languages.includes(code)) shown.form.setLanguage(code);
    draw();
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

/** @param {any} shown @param {(hash: string, options?: any) => void} navigate */
function template(shown, navigate) {
  const { form, pkg, source, title, at, state, receipt, problem } = shown;
  const scores = form?.scores() ?? null;
  const hasScore = scores !== null && (scores.overall !== null || scores.axes.some((/** @type {any} */ axis) => axis.score !== null));
  const kind = form ? form.text(pkg.title) : "";
  return html`<div class="result">
    <header class="top"><h1>${hasScore ? t("Result") : t("Form kept")}</h1></header>
    <main class="result-main">
      <div class="result-name"><h2><bdi>${title || kind}</bdi></h2>
        <p>${[title ? kind : "", form ? placeOf(form, pkg) : "", formatDate(form ? dateOf(form, pkg) || at : at)].filter(Boolean).map((part, index) => html`${index ? " · " : nothing}<bdi>${part}</bdi>`)}</p></div>
      ${stateLine(state, receipt, problem)}
      ${form ? (hasScore ? scoreParts(form, pkg, scores) : countParts(form, pkg, scores)) : html`<p>${t("The form itself is no longer on this phone; what was entered is kept.")}</p>`}
      ${form ? answerSections(form, pkg) : nothing}
      ${asideSection(source.aside)}
    </main>
    <footer class="fill-foot">
      <button type="button" class="btn plain" @click=${() => print()}>${t("Print")}</button>
      <button type="button" class="go" @click=${() => navigate("#/today", { replace: true })}>${t("Back to today")}</button>
    </footer></div>`;
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

/** @param {any} form @param {any} pkg @param {any} scores */
function scoreParts(form, pkg, scores) {
  const said = ownStrengths(form, pkg);
  const strong = strengths(scores.axes);
  const agreed = actions(form, pkg);
  const name = levelName(form, pkg, scores.level);
  return html`
    ${scores.overall === null
      ? html`<p class="result-none">${t("No overall score: too few axes have one.")}</p>`
      : html`<div class="result-score"><b class=${`l${scores.level ?? 0}`} dir="ltr">${formatNumber(scores.overall, 1)}<small>/100</small></b>
          <span>${scores.level ? html`${name ? t("Level {level}: {name}", { level: scores.level, name }) : t("Level {level}", { level: scores.level })}<br />` : nothing}
          ${scores.confidence === null ? nothing : html`<small>${t("Confidence: {share} % of what was said was seen", { share: formatNumber(scores.confidence, 0) })}</small>`}</span></div>`}
    ${scores.capped ? html`<p class="status asks"><span class="text">${capReason(form, pkg) || t("The level is limited by a critical answer.")}</span></p>` : nothing}
    ${radar(scores.axes)}
    <section><h3 class="section-title">${t("Scores by axis")}</h3>${axisBars(scores.axes)}</section>
    ${said.length ? html`<section><h3 class="section-title">${t("Strengths, as the group says")}</h3><ul class="plain-list">${said.map((text) => html`<li dir="auto">${text}</li>`)}</ul></section>` : nothing}
    ${strong.length ? html`<section><h3 class="section-title">${t("Strongest axes")}</h3><ul class="plain-list">${strong.map((text) => html`<li>${text}</li>`)}</ul></section>` : nothing}
    <section><h3 class="section-title">${t("What we agreed")}</h3>
      ${agreed.length ? html`<ul class="plain-list">${agreed.map((one) => html`<li><bdi>${one.text}</bdi>${one.about.length ? html`<small>${one.about.map((part, index) => html`${index ? t(", ") : nothing}<bdi>${part}</bdi>`)}</small>` : nothing}</li>`)}</ul>`
        : html`<p class="soft">${t("No action was agreed yet.")}</p>`}</section>`;
}

/** @param {any} form @param {any} pkg @param {any} scores */
function countParts(form, pkg, scores) {
  const sections = form.sections().filter((/** @type {any} */ section) => section.relevant && section.total);
  return html`
    ${scores ? html`<p class="result-none">${t("No score: too few questions of an axis were answered. The answers are kept.")}</p>` : nothing}
    <section><h3 class="section-title">${t("What was entered")}</h3>
    <dl class="counts">${sections.map((/** @type {any} */ section) => html`<div><dt>${sectionName(sections, section)}</dt>
      <dd><bdi>${section.kind === "repeat" ? n("{n} line", "{n} lines", form.rows(section.path).length) : t("{done} of {all}", { done: section.answered, all: section.total })}</bdi></dd></div>`)}</dl></section>`;
}

/** The instrument's own word for a level. @param {any} form @param {any} pkg @param {number} level */
function levelName(form, pkg, level) {
  const node = pkg.nodes.find((/** @type {any} */ one) => one.attributes?.role === "level");
  const item = pkg.lists?.[node?.attributes.list]?.find((/** @type {any} */ one) => one.name === String(level));
  return item ? plain(form.text(item.label)) : "";
}

/** What the instrument itself says of the cap: the note that appears because of it. @param {any} form @param {any} pkg */
function capReason(form, pkg) {
  const cap = pkg.nodes.find((/** @type {any} */ node) => node.attributes?.role === "cap");
  if (!cap) return "";
  const note = pkg.nodes.find((/** @type {any} */ node) => node.type === "note" && node.relevant !== undefined
    && pkg.expressions[node.relevant].deps.some((/** @type {any} */ dep) => dep[0] === cap.i));
  const view = note && form.view(pathTo(pkg, note));
  return view?.relevant ? plain(view.label) : "";
}

/** The path of a node that is in no repeat. @param {any} pkg @param {any} node */
function pathTo(pkg, node) {
  const names = [];
  for (let at = node; at.i !== 0; at = pkg.nodes[at.parent]) names.unshift(at.name);
  return names.join("/");
}

/** @param {any} pkg @param {any} node */
function inRepeat(pkg, node) {
  for (let at = node; at.i !== 0; at = pkg.nodes[at.parent]) if (at.kind === "repeat") return true;
  return false;
}

/** Names of the best axes, of those that reach half. @param {import("./radar.js").Axis[]} axes @returns {string[]} */
function strengths(axes) {
  const best = axes.filter(({ score }) => (score ?? 0) >= 50).sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  return best.map(({ label }) => label).slice(0, STRENGTHS);
}

/** What the group itself calls its strengths, a line each. @param {any} form @param {any} pkg @returns {string[]} */
function ownStrengths(form, pkg) {
  const node = pkg.nodes.find((/** @type {any} */ one) => (one.attributes?.role === "strengths" || one.name === "swot_s") && one.kind === "question" && !inRepeat(pkg, one));
  const view = node && form.view(pathTo(pkg, node));
  return view?.relevant ? view.value.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean) : [];
}

/** Rows that become actions: who, until when. @param {any} form @param {any} pkg @returns {{text: string, about: string[]}[]} */
function actions(form, pkg) {
  const rules = (pkg.entities ?? []).filter((/** @type {any} */ rule) => rule.save.some((/** @type {any} */ one) => one[0] === "due"));
  return rules.flatMap((/** @type {any} */ rule) => form.entities().filter((/** @type {any} */ one) => one.list === rule.list).map((/** @type {any} */ entity) => {
    const node = pkg.nodes[rule.save.find((/** @type {any} */ one) => one[0] === "responsible")?.[1]];
    const item = pkg.lists?.[node?.choices?.list]?.find((/** @type {any} */ one) => one.name === entity.data.responsible);
    const due = entity.data.due ? formatDate(entity.data.due) : "";
    return { text: entity.label, about: [item ? plain(form.text(item.label)) : "", due].filter(Boolean) };
  }));
}

/** @param {any} form @param {any} pkg */
function placeOf(form, pkg) {
  const node = pkg.nodes.find((/** @type {any} */ one) => one.attributes?.role === "territory" && one.kind === "question" && !inRepeat(pkg, one));
  if (!node) return "";
  const path = pathTo(pkg, node);
  const { value } = form.view(path);
  return value ? form.choices(path).find((/** @type {any} */ choice) => choice.value === value)?.label ?? "" : "";
}

/** The day the form itself gives. @param {any} form @param {any} pkg */
function dateOf(form, pkg) {
  const node = pkg.nodes.find((/** @type {any} */ one) => one.type === "date" && one.kind === "question" && !inRepeat(pkg, one));
  return node ? form.view(pathTo(pkg, node)).value : "";
}
