/** The phone is locked: whose it is, her PIN, the others who use this phone. What is finished goes on being sent. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { showButton } from "../core/dom.js";
import { n, t } from "../core/i18n.js";
import { Problem } from "../core/problem.js";
import { nameBar } from "./page.js";
import { rescueLink, statusLine } from "./status.js";
import { said } from "./words.js";

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openUnlock(host, app) {
  const { phone, sync } = app;
  const { vault } = phone;
  const me = /** @type {import("./page.js").Person} */ (app.person);
  let busy = false;
  let words = "";
  let left = 0;
  /** @type {import("./words.js").Counts | null} */
  let counts = null;
  /** @type {import("./page.js").Person[]} */
  let others = [];
  let closed = false;

  async function look() {
    const wait = await vault.wait(me.id);
    left = wait === Infinity ? wait : Math.ceil(wait / 1000);
    paint();
  }

  async function refresh() {
    counts = await app.counts();
    const keys = /** @type {import("../store/vault.js").KeptKey[]} */ (Object.values((await phone.meta.get("keys")) ?? {}));
    others = keys.flatMap(({ person }) => (person && person.id !== me.id ? [person] : []));
    await look();
  }

  /** @param {Event} event */
  async function open(event) {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (host.querySelector("#pin"));
    const pin = field.value.replace(/[٠-٩]/g, (one) => String(one.charCodeAt(0) - 0x660));
    if (busy || left || !pin) return;
    busy = true;
    words = "";
    paint();
    try {
      await vault.unlock(me.id, pin);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      words = t("This is not the PIN.");
      field.value = "";
      field.focus();
    } finally {
      busy = false;
      await look();
    }
  }

  function paint() {
    if (closed) return;
    const late = left === Infinity;
    render(html`
      ${nameBar()}
      <main class="content" id="content" tabindex="-1">
        <div class="welcome"><h1 tabindex="-1"><bdi>${said(me.name)}</bdi></h1></div>
        ${late
          ? html`<div class="note" role="alert"><strong>${t("Too many wrong PINs")}</strong><span>${t("Nothing was deleted. Sign in with network, then choose a new PIN.")}</span></div>`
          : html`<form class="enter" novalidate @submit=${open} aria-label=${t("Unlock")}>
              <div class="field"><label for="pin">${t("PIN")}</label>
                <div class="with-button"><input id="pin" class="secret" type="password" inputmode="numeric" autocomplete="off" dir="ltr" enterkeyhint="go" aria-invalid=${words ? "true" : "false"} aria-describedby=${words || left ? "failure" : nothing} ?readonly=${busy} />${showButton()}</div></div>
              ${words || left ? html`<div class="note wrong" id="failure" role="alert"><strong>${words}</strong>
                ${left ? html`<span>${t("Try again in {again}.", { again: n("{n} second", "{n} seconds", left) })}</span>` : nothing}</div>` : nothing}
              <button class="go" type="submit" ?disabled=${busy || left > 0}>${busy ? t("Unlocking…") : t("Unlock")}</button>
            </form>`}
        <a class=${late ? "go" : "btn plain"} href="#/sign-in">${late ? t("Sign in") : t("Forgotten PIN, or another person")}</a>
        ${counts && (counts.waiting || counts.photos) ? html`${statusLine(sync.state, counts)}<p class="soft">${t("It is sent while the phone is locked, too.")}</p>${rescueLink()}` : nothing}
        ${others.map((one) => html`<button class="btn plain" type="button" @click=${() => app.switchTo(one)}><bdi>${said(one.name)}</bdi></button>`)}
      </main>`, host);
  }

  const ticking = setInterval(() => left > 0 && left !== Infinity && void look(), 1000);
  const stops = [phone.on(({ store }) => store === "items" && void refresh()), sync.on(paint)];
  return {
    title: t("Unlock"),
    ready: refresh().then(() => /** @type {HTMLElement | null} */ (host.querySelector("#pin"))?.focus()),
    close() {
      closed = true;
      clearInterval(ticking);
      for (const stop of stops) stop();
    },
  };
}
