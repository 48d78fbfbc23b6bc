/** The PIN is forgotten and there is no network: what a new one means, then choosing it. */

import { html, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../core/i18n.js";
import { beginAfresh } from "../keys/afresh.js";
import { createPinForm } from "../keys/pin.js";
import { topBar } from "./page.js";
import { said } from "./words.js";

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openAfresh(host, app) {
  const { phone, person } = app;
  /** @type {Awaited<ReturnType<typeof beginAfresh>> | undefined} */
  let begun;
  let closed = false;
  const pinForm = createPinForm({ phone, paint: () => paint(), done: () => void enter() });

  async function begin() {
    begun = await beginAfresh(phone, /** @type {import("./page.js").Person} */ (person).id);
    paint();
    /** @type {HTMLElement | null} */ (host.querySelector("#pin-pin"))?.focus();
  }

  async function enter() {
    await begun?.open();
    app.navigate("#/today", { replace: true });
  }

  function explained() {
    return html`<ul class="plain-list">
        <li>${t("What is recorded stays sealed on this phone, nothing is deleted, and what is finished is sent.")}</li>
        <li>${t("It opens again when you sign in with your password, with network. Do that as soon as you can.")}</li>
        <li>${t("What you fill until then is sent too. It counts once you have signed in.")}</li>
        <li>${t("The forms are here; the records of cooperatives come back when you have signed in.")}</li>
      </ul>
      ${begun === null
        ? html`<div class="note asks" role="alert"><strong>${t("Not possible on this phone yet")}</strong><span>${t("It must have signed in once with this version. Go where there is network and sign in.")}</span></div>`
        : html`<button class="go" type="button" @click=${begin}>${t("Go on with a new PIN")}</button>`}
      <a class="btn plain" href="#/sign-in">${t("Back")}</a>`;
  }

  function paint() {
    if (closed) return;
    render(html`${topBar(app, { title: t("Without the old PIN") })}
      <main class="content" id="content" tabindex="-1">
        <h2><bdi>${said(person?.name)}</bdi></h2>
        ${begun ? pinForm() : explained()}
      </main>`, host);
  }

  // Open, or never sealed: there is nothing to go round.
  if (!person || phone.vault.state !== "locked") app.navigate("#/today", { replace: true });
  else paint();
  return { title: t("Without the old PIN"), close: () => void (closed = true) };
}
