/** What this phone noticed about its own storage, said before any new entry until somebody has read it. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { formatWhen, n, t } from "../core/i18n.js";
import { rememberedOutside } from "../store/canary.js";
import { alarmsOf } from "./later.js";

/** @typedef {import("../store/phone.js").Phone} Phone @typedef {import("../store/canary.js").Alarm} Alarm */

/** @param {Alarm} alarm @returns {{tone: "wrong" | "asks", title: string, text: string}} */
function words({ kind, details }) {
  switch (kind) {
    case "data_lost":
      return {
        tone: details.unsent || details.drafts ? "wrong" : "asks",
        title: t("The data of this page was removed from the phone"),
        text: details.unsent || details.drafts
          ? missing(details)
          : t("Nothing was waiting to be sent. Sign in and update: the forms and records come back."),
      };
    case "items_missing":
      return {
        tone: "wrong",
        title: t("Some forms are missing on this phone"),
        text: missing(details),
      };
    case "store_damaged":
      return {
        tone: "wrong",
        title: t("The phone's storage was damaged"),
        text: t("What you see is what could be kept. Send it as soon as there is network, and tell the coordinator."),
      };
    default:
      return {
        tone: "asks",
        title: t("Forms and records cannot be read on this phone now"),
        text: t("What was filled is safe. Close the page and open it again; with network the records come back."),
      };
  }
}

/** @param {number} unsent @param {number} drafts */
const counted = (unsent, drafts) => ({ forms: n("{n} form not sent yet", "{n} forms not sent yet", unsent), drafts: n("{n} draft", "{n} drafts", drafts) });

/** @param {Record<string, any>} details */
const missing = ({ unsent, drafts = 0 }) => t("Missing: {forms} and {drafts}. Tell the coordinator. What had been received is safe.", counted(unsent, drafts));

/** The store does not open: nothing can be read, begun or sent. @param {HTMLElement} host */
export function stuckPage(host) {
  const held = rememberedOutside();
  render(html`<main class="content" id="content" tabindex="-1"><div class="note wrong" role="alert"><h2>${t("The phone's storage does not open")}</h2>
    <span>${t("Restart the phone, then open Daftar again. If it stays so, tell the coordinator before anything is deleted from this phone.")}</span>
    ${held && (held.unsent.length || held.drafts) ? html`<span>${t("In it were {forms} and {drafts}. What had been received is safe.", counted(held.unsent.length, held.drafts))}</span>` : nothing}
    <button class="btn" type="button" @click=${() => location.reload()}>${t("Open again")}</button></div></main>`, host);
  return true;
}

/** @param {Phone} phone @param {number} unread  drafts that are here and cannot be opened */
export function noticesOf(phone, unread) {
  const closed = html`<div class="note asks" role="alert"><strong>${n("{n} draft cannot be read on this phone now", "{n} drafts cannot be read on this phone now", unread)}</strong>
    <span>${t("It is kept. Connect to Internet and sign in again with the password. If this stays, tell the coordinator, and do not delete anything from this phone.")}</span></div>`;
  return [unread ? closed : nothing, alarmsOf(phone).map((alarm) => {
    const { tone, title, text } = words(alarm);
    return html`<div class="note ${tone}" role="alert"><strong>${title}</strong><span>${text}</span>
      <span class="soft">${t("Noticed {time}", { time: formatWhen(alarm.at) })}</span>
      <button class="btn plain" type="button" @click=${() => void phone.acknowledge(alarm)}>${t("I have read this")}</button></div>`;
  })];
}
