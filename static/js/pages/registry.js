/** The registry of cooperatives: search across spellings, a row a record, as many rows as one looks at. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { n, t } from "../core/i18n.js";
import { explain } from "../form/problems.js";
import { icon } from "./icons.js";
import { begin, communesOf, instrumentsOf, placeOf, registersRecords } from "./instruments.js";
import { inTurn, levelChip, placeAndName, sectionTitle, topBar } from "./page.js";
import { createSearch } from "../core/find.js";
import { nameOf } from "./words.js";

const LIST = "cooperatives";
const PAGE = 24;
/** As many as a screen shows, while one types. */
const FIRST = 9;
const INDEX_STEP = 250;
/** What was looked for stays while one goes to a record and comes back. */
const kept = { query: "", shown: PAGE };

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openRegistry(host, app) {
  const { phone } = app;
  /** As the store gives it, the same until a record changes: what `search` looks in. @type {any[] | null} */
  let source = null;
  /** @type {any[] | null} */
  let records = null;
  /** @type {ReturnType<typeof createSearch<any>> | null} */
  let search = null;
  /** @type {Map<string, any>} */
  let communes = new Map();
  /** @type {import("./instruments.js").Opened | null} */
  let registration = null;
  /** @type {{title: string, next: string} | null} */
  let refusal = null;
  let closed = false;

  const refresh = inTurn(async () => {
    const [found, instruments] = await Promise.all([phone.catalogue.entities(LIST), instrumentsOf(app)]);
    const places = await communesOf(app, instruments);
    const isNew = found !== source || places !== communes;
    if (isNew) {
      communes = places;
      records = [...found].sort((/** @type {any} */ a, /** @type {any} */ b) => (a.label < b.label ? -1 : 1));
    }
    paint();
    registration = await registrationOf(instruments);
    paint();
    if (isNew && (await index(/** @type {any[]} */ (records)))) {
      source = found;
      paint();
    }
  });

  /** Made in slices that leave the page free; what was found before is found until it is there. @param {any[]} all @returns {Promise<boolean>} */
  async function index(all) {
    const coming = createSearch(all, (record) => `${record.label} ${record.coop_name_fr ?? ""} ${placeWords(record)} ${record.douar ?? ""} ${record.registry_no ?? ""}`);
    while (coming.prepare(INDEX_STEP)) {
      await new Promise((resolve) => setTimeout(resolve));
      if (closed) return false;
    }
    search = coming;
    return true;
  }

  /** The name of its commune in both scripts. @param {any} record */
  function placeWords(record) {
    const row = communes.get(record.commune ?? record.territory);
    return row ? `${row.label_ar ?? row.label ?? ""} ${row.label_fr ?? row.label ?? ""}` : "";
  }

  /** The instrument with which a new cooperative is registered. @param {import("./instruments.js").Opened[]} instruments */
  async function registrationOf(instruments) {
    for (const one of instruments) {
      if (!one.instrument.is_open) continue;
      const pkg = await phone.catalogue.package(one.instrument.sha256);
      if (pkg && registersRecords(pkg, LIST)) return one;
    }
    return null;
  }

  async function register() {
    refusal = null;
    try {
      if (registration) await begin(app, registration);
    } catch (error) {
      refusal = explain(error);
      paint();
    }
  }

  /** @param {Event} event */
  function typed(event) {
    kept.query = /** @type {HTMLInputElement} */ (event.target).value;
    kept.shown = FIRST;
    paint();
  }

  /** @param {any} record */
  function row(record) {
    return html`<li><a class="card" href="#/record/${LIST}/${record.name}">
      <div class="row"><strong><bdi>${nameOf(record)}</bdi></strong>${record.last_level ? levelChip(record.last_level) : record.last_diag ? nothing : html`<span class="chip">${t("New")}</span>`}</div>
      <p>${placeAndName(placeOf(record, communes), record)}</p>
    </a></li>`;
  }

  function registerButton() {
    return registration
      ? html`<button class="btn" type="button" @click=${register}>${icon("plus")}<span>${t("Register a new cooperative")}</span></button>`
      : nothing;
  }

  function results() {
    const asked = kept.query.trim();
    if (!records || (asked && !search)) return html`<p class="soft" role="status">${t("Opening the registry…")}</p>`;
    if (!records.length) {
      return html`<div class="empty"><strong>${t("No cooperative on this phone yet")}</strong>
        <span>${t("Those of your area come with the next update. A new one can be registered now, without network.")}</span>
        ${registration ? registerButton() : html`<a class="btn" href="#/outbox">${t("Send and update")}</a>`}${otherLists()}</div>`;
    }
    const found = asked && search ? search.find(asked) : records;
    if (!found.length) {
      return html`<div class="empty" role="status"><strong>${t("No cooperative is called “{name}”", { name: asked })}</strong>
        <span>${t("Try a part of the name, the commune, or the name in Latin letters.")}</span>${registerButton()}</div>`;
    }
    const rows = found.slice(0, kept.shown);
    return html`<section aria-label=${t("Cooperatives")}>
      <div role="status">${asked ? sectionTitle(t("Found"), found.length) : sectionTitle(n("{n} cooperative", "{n} cooperatives", found.length))}</div>
      <ul class="list">${repeat(rows, (record) => record.name, row)}</ul>
      ${found.length > rows.length ? html`<button class="btn plain more" type="button" @click=${more}>${t("Show more")}</button>` : nothing}
    </section>
    ${registerButton()}${otherLists()}`;
  }

  const otherLists = () => html`<a class="btn plain" href="#/lists">${t("Groups, premises, projects…")}</a>`;

  function more() {
    kept.shown += PAGE;
    paint();
  }

  function paint() {
    if (closed) return;
    render(html`
      ${topBar(app, { title: t("Cooperatives") })}
      <main class="content" id="content" tabindex="-1">
        <form class="find" role="search" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
          ${icon("search")}
          <input type="search" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search" dir="auto"
            aria-label=${t("Search a cooperative")} placeholder=${t("Name, in Arabic or Latin letters")} .value=${kept.query} @input=${typed} />
        </form>
        ${refusal ? html`<div class="note asks" role="alert"><strong>${refusal.title}</strong><span>${refusal.next}</span></div>` : nothing}
        ${results()}
      </main>`, host);
    watchEnd();
  }

  // Rows come as one reaches the end of those that are there.
  const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && more(), { rootMargin: "600px" });
  function watchEnd() {
    seen.disconnect();
    const end = host.querySelector(".more");
    if (end) seen.observe(end);
  }

  paint();
  const stop = phone.on((/** @type {{store?: string}} */ change) => {
    if (!["drafts", "meta", "chunks"].includes(change.store ?? "")) void refresh();
  });
  return {
    title: t("Cooperatives"),
    ready: refresh(),
    close() {
      closed = true;
      seen.disconnect();
      stop();
    },
  };
}
