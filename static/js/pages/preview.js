/**
 * A form on trial, before it is published: the phone's own form page and summary, on made-up records, in the frame of the
 * office's page or on a real phone. Nothing is kept: closing the page forgets all of it.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { outOfColumns } from "../core/columns.js";
import { languageSwitch } from "../core/dom.js";
import { reportError } from "../core/events.js";
import { applyLanguage, bringLanguage, language, onLanguage, setLanguage, t } from "../core/i18n.js";
import { openFormPage } from "../form/form-page.js";
import { plain } from "../form/plain.js";
import { explain } from "../form/problems.js";
import { readForm, startDraft } from "../form/session.js";
import { openSummaryPage } from "../form/summary.js";
import { createPreviewPhone } from "./preview-phone.js";
import { sentTemplate } from "./preview-sent.js";

/** Said in the place of other words (app/pwa/preview_assets.py). */
export const SAID = () => [t("On trial: nothing is kept"), t("nothing is sent"), t("Form on trial"), t("Finishing shows what would be sent."), t("What would be sent"), t("Leave the trial form")];

/** @param {HTMLElement} root @param {import("./preview-phone.js").Trial} trial  what the office gives */
async function start(root, trial) {
  setLanguage(document.documentElement.lang === "fr" ? "fr" : "ar");
  applyLanguage();
  const phone = createPreviewPhone(trial);
  /** @type {{close: () => void} | null} */
  let shown = null;
  /** @type {HTMLElement} */
  let host = root;
  let turn = 0;

  /** @param {string} hash */
  async function show(hash) {
    const mine = ++turn;
    shown?.close();
    shown = null;
    host = document.createElement("div");
    host.className = "view";
    root.replaceChildren(host);
    const [, page, id] = hash.split("/");
    const opened = page === "form"
      ? await openFormPage(host, { phone, draftId: id, navigate })
      : page === "summary" ? await openSummaryPage(host, { phone, revisionId: id, navigate }) : await home();
    if (mine !== turn) opened.close();
    else shown = opened;
    scrollTo(0, 0);
    // Nobody waits for the other language, and it is there when the network is not.
    if (page) void bringLanguage(language() === "ar" ? "fr" : "ar");
  }

  /** @param {string} hash */
  function navigate(hash) {
    history.replaceState(null, "", location.pathname + location.search);
    void show(hash).catch(fail);
  }

  async function begin() {
    const id = await startDraft(phone, { instrument: phone.instrument, programme: await phone.catalogue.programme(), person: phone.person });
    navigate(`#/form/${id}`);
  }

  /** @returns {Promise<{close: () => void}>} */
  async function home() {
    const here = host;
    const items = (await phone.outbox.all()).reverse();
    const drafts = await phone.drafts.all();
    const read = await Promise.all(items.map((item) => readForm(phone, JSON.parse(item.envelope))));
    const title = (/** @type {Record<string, string>} */ text) => plain(text[language()] ?? Object.values(text)[0]);
    const draw = () => {
      for (const { form } of read) if (phone.pkg.languages.includes(language())) form.setLanguage(language());
      render(html`<header class="top"><h1 tabindex="-1">${title(phone.pkg.title)}</h1>
          ${languageSwitch()}</header>
        <main class="content">
          <div class="note asks"><strong>${t("Form on trial")}</strong><span>${t("It is filled here with made-up records. Nothing is kept, nothing is sent, nothing is counted.")}</span></div>
          ${drafts.map((draft) => html`<a class="btn" href="#/form/${draft.id}" @click=${(/** @type {Event} */ event) => {
            event.preventDefault();
            navigate(`#/form/${draft.id}`);
          }}>${t("Go on filling")}</a>`)}
          <button type="button" class="go" @click=${() => begin().catch(fail)}>${t("Fill the form")}</button>
          ${items.length ? html`<h2 class="section-title">${t("What would be sent")}</h2>` : nothing}
          ${items.map((item, index) => sentTemplate(item, read[index].form))}
        </main>`, here);
    };
    draw();
    const stop = onLanguage(draw);
    return {
      close() {
        stop();
        render(nothing, here);
      },
    };
  }

  /** @param {unknown} error */
  function fail(error) {
    const { title, next } = explain(error);
    render(html`<main class="fill-stop" role="alert"><h1>${title}</h1><p>${next}</p></main>`, host);
    reportError(error);
  }

  await show("").catch(fail);
}

// The trial speaks the language it was opened in. What is chosen in it (language, both languages at once) is not what this browser's
// own phone page is to remember.
/** @type {Map<string, string>} */
const chosen = new Map();
Object.defineProperty(globalThis, "localStorage", {
  value: { getItem: (/** @type {string} */ key) => chosen.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => chosen.set(key, value) },
});
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const held = (/** @type {string} */ id) => JSON.parse(document.getElementById(id)?.textContent ?? "");
start(root, { ...held("trial"), package: outOfColumns(held("package")) }).catch(reportError);
