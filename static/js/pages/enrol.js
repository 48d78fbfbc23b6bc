/**
 * A link of the office makes this phone ready for one person: no password. Says for whom before it does, because the phone may be
 * in another's hands; then the steps of getting ready follow, as after signing in.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../core/i18n.js";
import { Problem, problemText } from "../core/problem.js";
import { takeKey } from "../keys/enrol.js";
import { alarmNotes } from "./later.js";
import { nameBar } from "./page.js";
import { said } from "./words.js";

/** @param {HTMLElement} host @param {import("./page.js").App} app @param {string[]} args @returns {import("./page.js").Page} */
export function openEnrol(host, app, [token]) {
  const { phone, sync } = app;
  /** @type {{id: string, name: unknown, language: string} | null} */
  let person = null;
  let busy = true;
  /** @type {{title: string, text: string, again: boolean} | null} */
  let failure = null;
  let closed = false;

  /** @param {() => Promise<void>} work */
  async function tried(work) {
    busy = true;
    failure = null;
    paint();
    try {
      await work();
    } catch (error) {
      failure = explained(error);
    } finally {
      busy = false;
      paint();
    }
  }

  const look = () =>
    tried(async () => {
      person = await sync.lookAtLink(token);
    });

  const enter = () =>
    tried(async () => {
      const { id } = /** @type {NonNullable<typeof person>} */ (person);
      await sync.enrol(token, id, takeKey);
      await app.personChanged();
      void phone.protect();
      // The page of signing in shows the phone getting ready; the used link stays in no history.
      app.navigate("#/sign-in", { replace: true });
      void sync.now({ reason: "signed_in" });
    });

  /** @param {unknown} error @returns {NonNullable<typeof failure>} */
  function explained(error) {
    const problem = error instanceof Problem ? error : null;
    const words = problem ? problemText(problem.toJSON()) : "";
    if (words) return { title: t("This link does not work any more"), text: words, again: false };
    const isPortal = problem?.code === "sync.not_ours";
    return {
      title: isPortal ? t("The answer is not our server's") : t("No network"),
      text: isPortal
        ? t("This network probably shows a page first (Wi-Fi sign-in, credit used up). Open the browser, pass that page, then try again.")
        : t("Getting ready needs Internet once. The link stays good for a day: go where there is network, then try again."),
      again: true,
    };
  }

  function content() {
    if (failure) {
      return html`<div class="note" role="alert"><strong>${failure.title}</strong><span>${failure.text}</span></div>
        ${failure.again ? html`<button class="go" type="button" @click=${person ? enter : look}>${t("Try again")}</button>` : nothing}
        <a class="btn plain" href=${app.person ? "#/today" : "#/sign-in"}>${app.person ? t("Not now") : t("Sign in with a password")}</a>`;
    }
    if (!person) return html`<p role="status">${t("Asking the server…")}</p>`;
    const other = app.person && app.person.id !== person.id ? app.person : null;
    return html`<p>${t("The coordinator prepared this phone for:")}</p>
      <div class="card"><strong><bdi>${said(person.name)}</bdi></strong></div>
      ${other ? html`<p class="soft">${t("{name} is signed in here now. Her drafts and forms stay on the phone, and what is finished is still sent.", { name: said(other.name) })}</p>` : nothing}
      <button class="go" type="button" ?disabled=${busy} @click=${enter}>${busy ? t("Signing in…") : t("Yes, make this phone ready")}</button>
      <a class="btn plain" href=${app.person ? "#/today" : "#/sign-in"}>${t("No, this is not me")}</a>`;
  }

  function paint() {
    if (closed) return;
    render(html`
      ${nameBar()}
      <main class="content" id="content" tabindex="-1">${alarmNotes(phone, paint)}
        <div class="welcome"><h1 tabindex="-1">${t("Make this phone ready")}</h1></div>${content()}</main>`, host);
  }

  paint();
  return {
    title: t("Make this phone ready"),
    ready: look(),
    close() {
      closed = true;
    },
  };
}
