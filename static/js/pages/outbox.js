/** The outbox: every finished form of this person with its state in words, and one button that sends. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { reportError } from "../core/events.js";
import { createHttp } from "../core/http.js";
import { formatWhen, n, t } from "../core/i18n.js";
import { hearDecisions, noteOf } from "../sync/decided.js";
import { icon } from "./icons.js";
import { instrumentsOf } from "./instruments.js";
import { itemAdvice, photoLine } from "./item-words.js";
import { alarmNotes } from "./later.js";
import { confirmed, inTurn, sectionTitle, topBar } from "./page.js";
import { itemChip, itemLine, submissionChip } from "./states.js";
import { lastSuccess, statusLine } from "./status.js";
import { namesIn, said, since, toSend } from "./words.js";

/** Received forms shown before one asks for more. */
const SHOWN = 30;

/** @typedef {import("../store/outbox.js").Item} Item @typedef {import("../store/outbox.js").Receipt} Receipt */

/** What the records that came last say of a form that was set aside. @param {Item} item @param {any[]} submissions @returns {Item} */
function asPulled(item, submissions) {
  const seen = item.state === "quarantined" && submissions.find(({ revision_id }) => revision_id === item.revision_id);
  if (!seen) return item;
  if (seen.state === "rejected") return { ...item, rejected: { at: "", note: seen.comment } };
  return seen.quarantine ? item : { ...item, state: "accepted", problem: null, rejected: null };
}

/** When it was filled; once it was received also when, under which number. @param {{finished_at: string}} item @param {Receipt} [receipt] */
function whenWords(item, receipt) {
  const filled = t("Finished {time}", { time: since(item.finished_at) });
  return receipt ? html`${filled} · ${itemLine(/** @type {Item} */ (item), receipt)}` : filled;
}

/** Of one whose answers left the phone: what its receipt says, else what the office knows. @param {any} submission @param {any} [receipt] */
function sentWords({ received_at }, receipt) {
  if (receipt?.finished_at) return whenWords(receipt, receipt);
  return received_at ? t("Received {time}", { time: since(received_at) }) : nothing;
}

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openOutbox(host, app) {
  const { phone, sync } = app;
  const owner = app.person?.id ?? "";
  let named = namesIn([]);
  const http = createHttp(fetch.bind(globalThis), { app: document.documentElement.dataset.version, session: () => phone.vault.session });
  /** @type {{items: Item[], notes: Map<string, string>, others: number, receipts: Map<string, Receipt>, submissions: any[], titles: Map<string, string>, counts: import("./words.js").Counts, last: number | null} | null} */
  let data = null;
  let shown = SHOWN;
  let sending = false;
  /** What the last "send" came to. @type {{tone: "good" | "calm" | "asks", text: string} | null} */
  let outcome = null;
  let closed = false;

  const refresh = inTurn(async () => {
    const [all, receipts, submissions, instruments, counts, last, records] = await Promise.all([
      phone.outbox.opened(), phone.outbox.receipts(), phone.catalogue.submissions(), instrumentsOf(app), app.counts(), lastSuccess(app), phone.catalogue.entities("cooperatives"),
    ]);
    const mine = all.filter((/** @type {Item} */ item) => item.owner === owner).reverse().map((/** @type {Item} */ item) => asPulled(item, submissions));
    named = namesIn(records);
    // What was said of the last sending holds for what there was then.
    if (!sending && data && (data.counts.waiting !== counts.waiting || data.counts.photos !== counts.photos)) outcome = null;
    data = {
      items: mine,
      notes: new Map(await Promise.all(mine.map(async (item) => /** @type {[string, string]} */ ([item.revision_id, await noteOf(phone, item)])))),
      others: all.filter((/** @type {Item} */ item) => item.owner !== owner && item.state === "waiting").length,
      receipts: new Map(receipts.map((/** @type {Receipt} */ receipt) => [receipt.revision_id, receipt])),
      submissions,
      titles: new Map(instruments.map(({ instrument }) => [instrument.form_id, said(instrument.title)])),
      counts,
      last,
    };
    paint();
  });

  /** Without network, or without a session, what is known stays. */
  const ask = inTurn(() => hearDecisions(phone, http, owner).catch(reportError));

  async function send(reason = "button") {
    if (sending || !data) return;
    sending = true;
    outcome = null;
    paint();
    const before = data.counts.waiting + data.counts.photos;
    try {
      await sync.now({ reason });
    } catch {
      // The state of sync says what happened; nothing of the outbox has changed.
    }
    await refresh();
    sending = false;
    outcome = told(before);
    paint();
  }

  /** @param {number} before forms and photos to send when the button was pressed @returns {{tone: "good" | "calm" | "asks", text: string}} */
  function told(before) {
    const counts = /** @type {NonNullable<typeof data>} */ (data).counts;
    const left = counts.waiting + counts.photos;
    const { phase, problem } = sync.state;
    const gone = Math.max(0, before - left);
    if (phase === "offline") {
      const why = problem?.code === "sync.not_ours" ? t("The network asks for something first (a Wi-Fi page, credit). Nothing was lost.") : t("No network right now. What waits is kept on the phone and goes by itself later.");
      return { tone: "calm", text: gone ? t("{done} sent, {left} left. {why}", { done: gone, left, why }) : why };
    }
    if (!counts.waiting && sync.state.photos_held) return { tone: "calm", text: n("Forms received; {n} photo waits for Wi-Fi", "Forms received; {n} photos wait for Wi-Fi", counts.photos) };
    if (left) return { tone: "calm", text: t("Not everything could be sent: {left} left. The phone tries again by itself.", { left }) };
    if (phase === "signed_out") return { tone: "calm", text: t("Everything was sent. Sign in again to update the forms and records.") };
    return { tone: "good", text: before ? t("Everything was received · {time}", { time: formatWhen(Date.now()) }) : t("Everything is up to date · {time}", { time: formatWhen(Date.now()) }) };
  }

  /** @param {Item} item */
  async function putAway(item) {
    const yes = await confirmed({
      title: t("Put this form away?"),
      text: item.rejected ? t("The office has it and rejected it. It will no longer be readable on this phone.") : t("The office deleted it. It will no longer be readable on this phone."),
      yes: t("Put it away"),
      no: t("Keep the form"),
      danger: true,
    });
    if (!yes) return;
    await phone.outbox.remove(item.revision_id);
    app.toast(t("Form put away"));
  }

  /** @param {Item} item */
  function saveCopy(item) {
    const address = URL.createObjectURL(new Blob([item.envelope], { type: "application/json" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: `daftar-${item.revision_id}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  /** @param {Item} item */
  function card(item) {
    const { notes, receipts, submissions, titles } = /** @type {NonNullable<typeof data>} */ (data);
    const submission = submissions.find((/** @type {any} */ one) => one.id === item.submission_id);
    const instrument = titles.get(item.form_id) ?? item.form_id;
    const advice = itemAdvice(item);
    const photos = photoLine(item);
    const note = notes.get(item.revision_id);
    const tone = item.state === "refused" || item.rejected ? "wrong" : item.state === "quarantined" || item.state === "gone" ? "fix" : "";
    return html`<li>
      <a class="card ${tone}" href="#/summary/${item.revision_id}">
        <div class="row"><strong><bdi>${named(item.title) || instrument}</bdi></strong>${itemChip(item, submission, sync.state.phase === "sending")}</div>
        ${item.title ? html`<p>${instrument}</p>` : nothing}
        <p>${whenWords(item, receipts.get(item.revision_id))}</p>
        ${photos ? html`<p>${photos}</p>` : nothing}
        ${advice ? html`<p class="quote">${advice}</p>` : nothing}
        ${note ? html`<p class="quote"><b>${t("Why:")}</b> <bdi>${note}</bdi></p>` : nothing}
      </a>
      ${item.state === "refused" ? html`<button class="btn plain" type="button" @click=${() => saveCopy(item)}>${t("Save a copy")}</button>` : nothing}
      ${item.state === "gone" || item.rejected ? html`<button class="btn plain" type="button" @click=${() => putAway(item)}>${t("Put it away")}</button>` : nothing}
    </li>`;
  }

  /** @param {string} title @param {Item[]} items @param {number} [limit] */
  function group(title, items, limit = items.length) {
    if (!items.length) return nothing;
    return html`<section aria-label=${title}>${sectionTitle(title, items.length)}
      <ul class="list">${repeat(items.slice(0, limit), (item) => item.revision_id, card)}</ul>
      ${items.length > limit ? html`<button class="btn plain" type="button" @click=${() => { shown += SHOWN; paint(); }}>${t("Show more")}</button>` : nothing}
    </section>`;
  }

  function paint() {
    if (closed || !data) return;
    const { items, others, submissions, titles, counts, last } = data;
    const here = new Set(items.map((item) => item.submission_id));
    const earlier = submissions.filter((/** @type {any} */ one) => !here.has(one.id));
    const waiting = items.filter((item) => item.state === "waiting");
    const attention = items.filter((item) => item.state === "refused" || item.state === "gone" || item.state === "quarantined");
    const received = items.filter((item) => item.state === "accepted");
    render(html`
      ${topBar(app, { title: t("Sending") })}
      <main class="content" id="content" tabindex="-1">
        ${sending || !outcome ? statusLine(sync.state, counts, { last }) : html`<div class="status ${outcome.tone}"><span class="dot"></span><span class="text" role="status">${outcome.text}</span></div>`}
        ${alarmNotes(phone, paint)}
        <button class="go" type="button" ?disabled=${sending} @click=${() => send()}>${icon("send")}<span>${sending ? progressWords() : t("Send and update")}</span></button>
        ${sync.state.photos_held && !sending ? html`<button class="btn plain" type="button" @click=${() => send("photos")}>${t("Send the photos now, by mobile data")}</button>` : nothing}
        ${others ? html`<p class="soft">${n("{n} form of another person on this phone is sent too.", "{n} forms of other people on this phone are sent too.", others)}</p>` : nothing}
        ${items.length || earlier.length
          ? nothing
          : html`<div class="empty"><strong>${t("Nothing was finished on this phone yet")}</strong>
              <span>${t("A finished form stands here with its state: waiting, being sent, received with its receipt. It leaves by itself when there is network.")}</span></div>`}
        ${group(t("To send"), waiting)} ${group(t("To look at"), attention)} ${group(t("Received"), received, shown)}
        ${earlier.length
          ? html`<section aria-label=${t("Sent earlier")}>${sectionTitle(t("Sent earlier"), earlier.length)}<ul class="list">${earlier.slice(0, shown).map((one) => html`<li><div class="card">
              <div class="row"><strong><bdi>${named(one.title) || titles.get(one.form_id) || one.form_id}</bdi></strong>${submissionChip(one)}</div>
              <p>${titles.get(one.form_id) ?? one.form_id}</p>
              <p>${sentWords(one, data?.receipts.get(one.revision_id))}</p></div></li>`)}</ul></section>`
          : nothing}
      </main>`, host);
  }

  function progressWords() {
    const { phase, progress } = sync.state;
    if (phase === "sending" && progress?.total) return t("Sending {done} of {total}…", { done: Math.min(progress.done + 1, progress.total), total: progress.total });
    if (phase === "receiving") return t("Updating the phone…");
    return data?.counts.waiting ? t("Sending: {left}", { left: toSend(data.counts.waiting) }) : t("Asking the server…");
  }

  let heard = false;
  /** Once for each time that everything went through. */
  function followed() {
    const idle = sync.state.phase === "idle";
    if (idle && !heard) void ask();
    heard = idle;
    paint();
  }

  const stops = [phone.on(() => void refresh()), sync.on(followed)];
  followed();
  return {
    title: t("Sending"),
    ready: refresh(),
    close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}
