/**
 * Signing in, the one thing that needs network. Opened for the first time it says what this is and what to do; afterwards it
 * shows the phone getting ready, step by step, until one can leave for the field.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { showButton } from "../core/dom.js";
import { n, t } from "../core/i18n.js";
import { Problem, problemText } from "../core/problem.js";
import { pinIsToChoose, takeKey } from "../keys/enrol.js";
import { createPinForm } from "../keys/pin.js";
import { icon } from "./icons.js";
import { alarmNotes } from "./later.js";
import { inTurn, nameBar } from "./page.js";
import { checkList, minutesWords, readiness, stillNeeded } from "./readiness.js";
import { rescueLink, statusLine } from "./status.js";

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openSignIn(host, app) {
  const { phone, sync } = app;
  /** @type {import("./words.js").Counts | null} */
  let counts = null;
  let drafts = 0;
  let busy = false;
  /** @type {{tone: "wrong" | "calm", title: string, text: string, field?: boolean} | null} */
  let failure = null;
  let waitUntil = 0;
  /** @type {import("./readiness.js").Check[] | null} */
  let checks = null;
  let closed = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking;

  /** Signed in, and the phone gets ready. */
  const entered = () => app.person !== null && sync.state.phase !== "signed_out" && (phone.vault.state === "open" || phone.vault.state === "none");
  const choosing = () => pinIsToChoose(app.person?.id);
  const pinForm = createPinForm({
    phone, paint: () => paint(),
    done: () => void refresh().then(() => host.querySelector("h1")?.focus()),
  });

  const refresh = inTurn(async () => {
    counts = await app.counts();
    drafts = await phone.drafts.count();
    if (entered()) checks = await readiness(app);
    paint();
  });

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (busy || waitUntil > Date.now()) return;
    const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const username = String(fields.get("username") ?? "").trim();
    const password = String(fields.get("password") ?? "");
    if (!username || !password) {
      failure = { tone: "wrong", title: t("Write the username and the password."), text: t("The coordinator gives them."), field: true };
      paint();
      /** @type {HTMLElement | null} */ (host.querySelector(username ? "#password" : "#username"))?.focus();
      return;
    }
    busy = true;
    failure = null;
    paint();
    try {
      const person = await sync.signIn(username, password, takeKey);
      await app.personChanged();
      void phone.protect();
      await refresh();
      host.querySelector("h1")?.focus();
      await sync.now({ reason: "signed_in" });
    } catch (error) {
      if (!entered()) failed(error);
    } finally {
      busy = false;
      await refresh();
    }
  }

  /** @param {unknown} error */
  function failed(error) {
    const problem = error instanceof Problem ? error : null;
    switch (problem?.code) {
      case "accounts.wrong_password":
        failure = { tone: "wrong", title: t("The username or the password is not right"), text: t("Check both, capital letters too, then try again. Forgotten: the coordinator gives a new password."), field: true };
        break;
      case "accounts.too_many_tries":
        wait(Number(problem.details.after_s) || 60);
        break;
      case "sync.offline":
        failure = { tone: "calm", title: t("No network"), text: t("Signing in needs Internet once. What is kept on this phone stays. Go where there is network, then press again.") };
        break;
      case "sync.timeout":
        failure = { tone: "calm", title: t("The server did not answer in time"), text: t("The network is weak here. Try again in a moment or from another place; nothing was lost.") };
        break;
      case "sync.not_ours":
        failure = { tone: "calm", title: t("The answer is not our server's"), text: t("This network probably shows a page first (Wi-Fi sign-in, credit used up). Open the browser, pass that page, then try again.") };
        break;
      default:
        failure = { tone: "calm", title: problem ? problemText(problem.toJSON()) || t("Signing in did not work") : t("Signing in did not work"), text: t("Try again in a moment. If it stays so, tell the coordinator; nothing on this phone was lost.") };
    }
    if (failure?.field) setTimeout(() => /** @type {HTMLInputElement | null} */ (host.querySelector("#password"))?.select());
  }

  /** Says when to try again, and counts down. @param {number} seconds */
  function wait(seconds) {
    waitUntil = Date.now() + seconds * 1000;
    clearInterval(ticking);
    const tick = () => {
      const left = Math.ceil((waitUntil - Date.now()) / 1000);
      if (left <= 0) {
        clearInterval(ticking);
        waitUntil = 0;
        failure = null;
      } else {
        const again = left < 90 ? n("{n} second", "{n} seconds", left) : minutesWords(left * 1000);
        failure = { tone: "calm", title: t("Too many tries with a wrong password"), text: t("To protect the account, try again in {again}.", { again }) };
      }
      paint();
    };
    ticking = setInterval(tick, 1000);
    tick();
  }

  function welcome() {
    return html`<div class="welcome"><h1 tabindex="-1">${t("Welcome")}</h1>
      <p>${t("The notebook of those who accompany cooperatives: fill forms without network, send them when there is some.")}</p></div>
      <ul class="checks">
        ${[t("Sign in once, with network"), t("Wait until forms and records are on the phone"), t("Leave for the field: everything works offline")]
          .map((step, i) => html`<li><span class="tick" aria-hidden="true"><bdi>${i + 1}</bdi></span><div class="words"><span>${step}</span></div></li>`)}
      </ul>`;
  }

  function form() {
    const waiting = waitUntil > Date.now();
    const invalid = failure?.field ? "true" : "false";
    return html`<form class="enter" novalidate @submit=${submit} aria-label=${t("Sign in")}>
      <div class="field"><label for="username">${t("Username")}</label>
        <input id="username" name="username" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" dir="ltr" enterkeyhint="next"
          aria-invalid=${invalid} aria-describedby=${failure?.field ? "failure" : nothing} ?readonly=${busy} /></div>
      <div class="field"><label for="password">${t("Password")}</label>
        <div class="with-button"><input id="password" class="secret" name="password" type="password" autocomplete="current-password" autocapitalize="none" autocorrect="off" spellcheck="false" dir="ltr" enterkeyhint="go"
          aria-invalid=${invalid} aria-describedby=${failure?.field ? "failure" : nothing} ?readonly=${busy} />
          ${showButton()}</div></div>
      ${failure ? html`<div class=${failure.tone === "wrong" ? "note wrong" : "note"} id="failure" role="alert"><strong>${failure.title}</strong><span>${failure.text}</span></div>` : nothing}
      <button class="go" type="submit" ?disabled=${busy || waiting}>${busy ? t("Signing in…") : t("Sign in")}</button>
    </form>`;
  }

  /** What is on the phone of people who signed out: it is safe and still leaves. */
  function kept() {
    if (!counts) return nothing;
    const line = counts.waiting || counts.photos || drafts;
    if (!line) return nothing;
    return html`${counts.waiting || counts.photos ? statusLine(sync.state, counts) : nothing}
      <p class="soft">${counts.waiting || counts.photos ? t("What is finished on this phone is sent without signing in, as soon as there is network.") : nothing}
        ${drafts ? t("Drafts wait on this phone for the person who began them.") : nothing}</p>${phone.vault.state === "sign_in" ? rescueLink() : nothing}`;
  }

  function gettingReady() {
    const open = checks?.filter((check) => check.state !== "done") ?? [];
    const working = busy || ["sending", "receiving"].includes(sync.state.phase) || open.some((check) => check.state === "working");
    const needed = stillNeeded(open);
    const line = !open.length
      ? t("Everything needed is on this phone. Have a good day in the field.")
      : working
        ? t("This takes a minute with good network. Keep this page open.")
        : needed.length
          ? t("The network was lost on the way. What came is kept; go on when there is network again.")
          : t("One can leave: what remains is advice.");
    return html`<div class="welcome"><h1 tabindex="-1">${open.length && working ? t("Getting the phone ready") : needed.length ? t("The phone is not wholly ready") : t("The phone is ready")}</h1><p role="status">${line}</p></div>
      ${checks ? checkList(checks) : nothing}
      ${needed.length && !working ? html`<button class="btn" type="button" @click=${again}>${t("Go on")}</button>` : nothing}
      <a class=${needed.length ? "btn plain" : "go"} href="#/today">${needed.length ? t("Begin meanwhile") : t("Begin")}</a>`;
  }

  async function again() {
    busy = true;
    paint();
    try {
      await sync.now({ reason: "button" });
    } finally {
      busy = false;
      await refresh();
    }
  }

  function paint() {
    if (closed) return;
    render(html`
      ${nameBar()}
      <main class="content" id="content" tabindex="-1">
        ${alarmNotes(phone, paint)}
        ${choosing() ? html`<div class="welcome"><h1 tabindex="-1">${t("Choose a PIN")}</h1></div>${pinForm()}` : entered() ? gettingReady() : html`${app.person ? html`<div class="welcome"><h1 tabindex="-1">${t("Sign in again")}</h1><p>${["open", "none"].includes(phone.vault.state) ? t("The office asks for the password again. Filling and sending go on without it.") : t("Nothing was deleted. Sign in with network, then choose a new PIN.")}</p></div>` : welcome()} ${kept()} ${form()}
          ${phone.vault.state === "locked" ? html`<a class="btn plain" href="#/afresh">${t("Forgotten PIN and no network")}</a>` : nothing}
          ${app.person ? html`<a class="btn plain" href="#/today">${t("Not now")}</a>` : nothing}`}
      </main>`, host);
  }

  paint();
  const stops = [phone.on(() => void refresh()), sync.on(() => (entered() ? void refresh() : paint())), app.update.on(() => void refresh())];
  return {
    title: t("Sign in"),
    ready: refresh(),
    close() {
      closed = true;
      clearInterval(ticking);
      for (const stop of stops) stop();
    },
  };
}
