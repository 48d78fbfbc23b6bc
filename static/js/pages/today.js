/** Today: what is to be corrected, finished, begun and seen, under one line that tells the truth about sync. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { localDay } from "../core/clock.js";
import { formatDate, n, t } from "../core/i18n.js";
import { isNewer } from "../form/newest.js";
import { startCorrection } from "../form/session.js";
import { explain } from "../form/problems.js";
import { icon } from "./icons.js";
import { begin, communesOf, instrumentsOf, placeOf } from "./instruments.js";
import { alarmNotes } from "./later.js";
import { confirmed, inTurn, levelChip, progressBar, sectionTitle, topBar } from "./page.js";
import { lastSuccess, statusLine } from "./status.js";
import { nameOf, namesIn, said, since } from "./words.js";

const SHOWN_RECORDS = 5;
const DIAGNOSTIC_MONTHS = 12;

/**
 * @typedef {import("./page.js").App} App
 * @typedef {{list: string, record: any, place: string, why: string[], isOthers: unknown}} ToSee  why: a visit that was planned, actions that are late
 */

/** @param {HTMLElement} host @param {App} app @returns {import("./page.js").Page} */
export function openToday(host, app) {
  const { phone, sync } = app;
  const owner = app.person?.id ?? "";
  let named = namesIn([]);
  /** @type {{drafts: any[], unread: number, returned: any[], instruments: import("./instruments.js").Opened[], counts: import("./status.js").Counts, last: number | null} | null} */
  let data = null;
  /** @type {ToSee[] | null} */
  let toSee = null;
  let toSeeTotal = 0;
  /** @type {{title: string, next: string} | null} */
  let refusal = null;
  let busy = false;
  let closed = false;

  const refresh = inTurn(async () => {
    const [kept, counts, submissions, instruments, last] = await Promise.all([
      phone.drafts.readable(owner), app.counts(), phone.catalogue.submissions(), instrumentsOf(app), lastSuccess(app),
    ]);
    const returned = submissions.filter((/** @type {any} */ one) => one.state === "has_issues");
    const answered = returned.length ? await corrections() : new Set();
    data = {
      ...kept,
      returned: returned.filter((/** @type {any} */ one) => !answered.has(one.revision_id)),
      instruments,
      counts,
      last,
    };
    paint();
  });

  /** Revisions that a finished form on this phone corrects already. @returns {Promise<Set<string>>} */
  async function corrections() {
    const items = await phone.outbox.opened();
    return new Set(items.map((/** @type {any} */ item) => item.parent_revision_id).filter(Boolean));
  }

  /** What the first paint does without: records to see. */
  const complete = inTurn(async () => {
    if (!data) return;
    const { entities } = phone.catalogue;
    const [cooperatives, groups, actions, communes] = await Promise.all([entities("cooperatives"), entities("groups"), entities("actions"), communesOf(app, data.instruments)]);
    const records = [...cooperatives, ...groups];
    named = namesIn(records);
    const begun = new Set(data.drafts.map((draft) => draft.subject?.id));
    const limit = monthsAgo(DIAGNOSTIC_MONTHS);
    const today = localDay();
    /** @type {Map<string, number>} */
    const late = new Map();
    for (const { coop, status, due: until } of actions) if (until && until < today && status !== "done" && status !== "dropped") late.set(coop, (late.get(coop) ?? 0) + 1);
    const due = records.flatMap((/** @type {any} */ record, i) => {
      const { name, last_diag: diagnosed = "", next_visit: planned = "", __follower: follower } = record;
      const list = i < cooperatives.length ? "cooperatives" : "groups";
      const isPlanned = planned && planned <= today;
      // Groups are not diagnosed; a group that became a cooperative is seen as that.
      if (begun.has(name) || record.activity_status === "closed" || record.gp_coop || !(isPlanned || late.has(name) || (list === "cooperatives" && diagnosed < limit))) return [];
      const why = [isPlanned ? t("visit planned for {date}", { date: formatDate(planned) }) : "", late.has(name) ? n("{n} action late", "{n} actions late", late.get(name) ?? 0) : ""].filter(Boolean);
      // Where something was agreed comes before where nothing was yet, and what others follow last.
      const isOthers = follower && follower !== owner;
      const rank = `${isOthers ? 2 : why.length ? 0 : 1}${why.length ? planned || today : diagnosed}`;
      return [{ list, record, why, rank, isOthers }];
    });
    due.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    toSeeTotal = due.length;
    toSee = !records.length ? null : due.slice(0, SHOWN_RECORDS).map((one) => ({ ...one, place: placeOf(one.record, communes) }));
    paint();
  });

  /** Starts something that may be refused, and says why. @param {() => Promise<void>} work */
  async function attempt(work) {
    if (busy) return;
    busy = true;
    refusal = null;
    try {
      await work();
    } catch (error) {
      refusal = explain(error);
      paint();
      host.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
    } finally {
      busy = false;
    }
  }

  /** @param {any} draft */
  async function deleteDraft(draft) {
    const name = draft.title || t("Form without a name yet");
    const yes = await confirmed({
      title: t("Delete this draft?"),
      text: draft.parent_revision_id
        ? t("The correction begun for {name} is removed. What was sent before stays.", { name })
        : t("What was filled for {name} is on this phone only.", { name }),
      yes: t("Delete the draft"),
      no: t("Keep the draft"),
    });
    if (!yes) return;
    await phone.drafts.remove(draft.id);
    app.toast(t("Draft deleted"), () => void phone.drafts.save(draft));
  }

  /** @param {string} formId */
  const titleOf = (formId) => said(data?.instruments.find(({ instrument }) => instrument.form_id === formId)?.instrument.title) || formId;

  /** @param {any} draft */
  function draftCard(draft) {
    const section = said(draft.progress?.label);
    const when = since(draft.updated_at);
    return html`<li class="split">
      <a class="card" href="#/form/${draft.id}">
        <strong><bdi>${named(draft.title) || t("Form without a name yet")}</bdi></strong>
        <p>${titleOf(draft.form_id)}</p>
        <p>${section ? t("Stopped at: {section} · {time}", { section, time: when }) : t("Last change: {time}", { time: when })}</p>
        ${progressBar(draft)}
        ${data?.instruments.some(({ instrument }) => isNewer(draft, instrument)) ? html`<span class="chip asks">${t("A newer version of this form is on the phone.")}</span>` : nothing}
      </a>
      <button class="remove" type="button" aria-label=${t("Delete the draft {name}", { name: draft.title || titleOf(draft.form_id) })}
        @click=${() => deleteDraft(draft)}>${icon("bin")}</button>
    </li>`;
  }

  /** @param {any} submission @param {any} draft  the correction begun, if any */
  function returnedCard(submission, draft) {
    const remarks = [{ text: submission.comment, question: "" }, ...(submission.remarks ?? [])].filter(({ text }) => text);
    /** @param {Event} event @param {string} question */
    const open = (event, question) => {
      event.preventDefault();
      event.stopPropagation();
      void attempt(async () => app.navigate(`#/form/${await startCorrection(phone, { submission, person: { id: owner }, question })}`));
    };
    return html`<li class="card fix"><a class="card-link" href=${draft ? `#/form/${draft.id}` : "#/today"}
      @click=${(/** @type {Event} */ event) => {
        if (!draft) open(event, "");
      }}>
      <strong><bdi>${named(submission.title) || titleOf(submission.form_id)}</bdi></strong>
      ${submission.title ? html`<p>${titleOf(submission.form_id)}</p>` : nothing}
      ${draft ? html`<p>${t("Correction begun · {time}", { time: since(draft.updated_at) })}</p>${progressBar(draft)}` : nothing}
      </a>
      ${remarks.slice(0, 2).map(({ text, question }) => html`<button class="quote" type="button" dir="auto" @click=${(/** @type {Event} */ event) => open(event, question ?? "")}>${t("“{text}”", { text })}</button>`)}
      ${remarks.length > 2 ? html`<p>${n("and {n} other remark", "and {n} other remarks", remarks.length - 2)}</p>` : nothing}
    </li>`;
  }

  function paint() {
    if (closed || !data) return;
    const { drafts, returned, instruments, counts, last } = data;
    const correcting = new Map(drafts.filter((draft) => draft.parent_revision_id).map((draft) => [draft.submission_id, draft]));
    const returnedIds = new Set(returned.map((one) => one.id));
    const shown = drafts.filter((draft) => !(draft.parent_revision_id && returnedIds.has(draft.submission_id)));
    const opened = instruments.filter(({ instrument }) => instrument.is_open);
    const several = new Set(opened.map(({ programme }) => programme.id)).size > 1;
    render(html`
      ${topBar(app, { title: t("Today") })}
      <main class="content" id="content" tabindex="-1">
        ${statusLine(sync.state, counts, { link: true, last })}
        ${alarmNotes(phone, paint, data.unread)}
        ${refusal ? html`<div class="note asks" role="alert"><strong>${refusal.title}</strong><span>${refusal.next}</span></div>` : nothing}
        ${returned.length
          ? html`<section aria-label=${t("To correct")}>${sectionTitle(t("To correct"), returned.length)}
              <ul class="list">${repeat(returned, (one) => one.id, (one) => returnedCard(one, correcting.get(one.id)))}</ul></section>`
          : nothing}
        <section aria-label=${t("Drafts")}>
          ${sectionTitle(t("Drafts"), shown.length)}
          ${shown.length
            ? html`<ul class="list">${repeat(shown, (draft) => draft.id, draftCard)}</ul>`
            : html`<div class="empty"><span>${t("A form you begin stands here until it is finished. Each answer is kept at once, without network.")}</span></div>`}
        </section>
        <section aria-label=${t("Start a form")}>
          ${sectionTitle(t("Start a form"))}
          ${opened.length
            ? html`<ul class="list">${opened.map((one) => html`<li><button class="start" type="button" @click=${() => attempt(() => begin(app, one))}>
                <span class="sign">${icon("plus")}</span>
                <span>${said(one.instrument.title)}${several ? html`<span class="soft"><br />${said(one.programme.name)}</span>` : nothing}</span>
              </button></li>`)}</ul>`
            : html`<div class="empty"><strong>${t("No form is on this phone yet")}</strong>
                <span>${t("They come with the next update: connect to Internet and send.")}</span>
                <a class="btn" href="#/outbox">${t("Send and update")}</a></div>`}
        </section>
        ${toSee === null ? nothing : toSeeSection(toSee)}
      </main>`, host);
  }

  /** @param {ToSee[]} rows */
  function toSeeSection(rows) {
    return html`<section aria-label=${t("To see")}>
      ${sectionTitle(t("To see"), toSeeTotal)}
      ${rows.length
        ? html`<ul class="list">${rows.map(({ list, record, place, why, isOthers }) => html`<li><a class="card" href="#/record/${list}/${record.name}">
            <div class="row"><strong><bdi>${nameOf(record)}</bdi></strong>${list === "groups" ? nothing : record.last_diag ? levelChip(record.last_level) : html`<span class="chip">${t("New")}</span>`}</div>
            <p>${[place, ...(why.length ? why : [record.last_diag ? t("last diagnostic: {date}", { date: formatDate(record.last_diag) }) : t("no diagnostic yet")]), isOthers ? t("followed by a colleague") : ""].filter(Boolean).join(" · ")}</p>
          </a></li>`)}</ul>`
        : html`<div class="empty"><span>${t("Every cooperative of this phone was diagnosed within the last 12 months.")}</span></div>`}
      ${toSeeTotal > rows.length ? html`<a class="btn plain" href="#/registry">${t("All the cooperatives")}</a>` : nothing}
    </section>`;
  }

  const ready = refresh();
  // The first paint goes first; what comes below it may wait a moment.
  const later = () => requestIdle(() => void complete());
  void ready.then(later);
  const stops = [
    phone.on((/** @type {{store?: string}} */ change) => void refresh().then(() => change.store !== "drafts" && later())),
    sync.on(() => paint()),
  ];
  return {
    title: t("Today"),
    ready,
    close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}

/** @param {() => void} work */
function requestIdle(work) {
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: 500 });
  else setTimeout(work, 50);
}

/** @param {number} months @returns {string} a date */
function monthsAgo(months) {
  const date = new Date();
  date.setMonth(date.getMonth() - months);
  return date.toISOString().slice(0, 10);
}
