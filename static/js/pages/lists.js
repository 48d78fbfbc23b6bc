/** What is registered beside cooperatives: each list that an open form asks its record from, with what its forms mark for lists. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../core/i18n.js";
import { communesOf, instrumentsOf, placeOf } from "./instruments.js";
import { inTurn, sectionTitle, topBar } from "./page.js";
import { createSearch } from "../core/find.js";
import { listTitle } from "./tied.js";
import { nameOf } from "./words.js";

const MOST = 60; // rows of a list: who looks for another types its name

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openLists(host, app) {
  const { phone } = app;
  /** @type {{list: string, records: any[], search: ReturnType<typeof createSearch<any>>}[] | null} */
  let lists = null;
  /** @type {Map<string, any>} */
  let communes = new Map();
  let query = "";
  let closed = false;

  const refresh = inTurn(async () => {
    const instruments = await instrumentsOf(app);
    communes = await communesOf(app, instruments);
    const packages = await Promise.all(instruments.map(({ instrument }) => phone.catalogue.package(instrument.sha256)));
    const asked = new Set(packages.flatMap((pkg) => (pkg?.nodes ?? []).filter((/** @type {any} */ node) => node.attributes?.role === "subject").map((/** @type {any} */ node) => node.choices?.list)));
    asked.delete("cooperatives");
    lists = await Promise.all([...asked].filter(Boolean).map(async (list) => {
      const records = [...(await phone.catalogue.entities(list))].sort((/** @type {any} */ a, /** @type {any} */ b) => (a.label < b.label ? -1 : 1));
      const search = createSearch(records, (record) => `${record.label} ${placeOf(record, communes)}`);
      while (search.prepare(250)) await new Promise((resolve) => setTimeout(resolve));
      return { list, records, search };
    }));
    paint();
  });

  function body() {
    if (!lists) return html`<p class="soft" role="status">${t("Opening the registry…")}</p>`;
    const found = lists.map(({ list, records, search }) => ({ list, records: query.trim() ? search.find(query.trim()) : records })).filter(({ records }) => records.length);
    if (!found.length) return html`<div class="empty" role="status"><span>${query.trim() ? t("Nothing matches: try another spelling, or fewer letters.") : t("Nothing here yet.")}</span></div>`;
    return found.map(({ list, records }) => html`<section aria-label=${listTitle(list)}>${sectionTitle(listTitle(list), records.length)}<ul class="list">${records.slice(0, MOST).map((record) => html`<li>
      <a class="card" href="#/record/${list}/${record.name}"><strong><bdi>${nameOf(record)}</bdi></strong>${placeOf(record, communes) ? html`<p>${placeOf(record, communes)}</p>` : nothing}</a></li>`)}</ul></section>`);
  }

  function paint() {
    if (closed) return;
    render(html`${topBar(app, { title: t("Groups, premises, projects…"), back: true })}
      <main class="content" id="content" tabindex="-1">
        <form class="find" role="search" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
          <input type="search" autocomplete="off" enterkeyhint="search" dir="auto" aria-label=${t("Search")} placeholder=${t("Search")} .value=${query}
            @input=${(/** @type {any} */ event) => {
              query = event.target.value;
              paint();
            }} /></form>
        ${body()}</main>`, host);
  }

  paint();
  const stop = phone.on((/** @type {{store?: string}} */ change) => change.store !== "chunks" && void refresh());
  return {
    title: t("Groups, premises, projects…"),
    ready: refresh(),
    close() {
      closed = true;
      stop();
    },
  };
}
