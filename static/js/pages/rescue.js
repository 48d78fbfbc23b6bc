/** A rescue file made on a phone that is locked, or whose key only the office can give back: what is sealed needs no PIN to be carried away. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { n, t } from "../core/i18n.js";
import { handOver, rescueFile } from "../keys/rescue.js";
import { topBar } from "./page.js";
import { toSend } from "./words.js";

/** Makes the file and hands it over; what came of it, in words. @param {import("../store/phone.js").Phone} phone @param {{locked?: boolean}} [how] @returns {Promise<string>} */
export async function makeRescue(phone, how) {
  const { file, items, receipts, clear } = await rescueFile(phone, how);
  const left = clear ? n("{n} form is not sealed: unlock the phone to take it along.", "{n} forms are not sealed: unlock the phone to take them along.", clear) : "";
  if (!items && !receipts) return left || t("Everything is at the office: there is nothing to rescue.");
  await handOver(file);
  const made = items
    ? t("{what} in the file {name}. They stay on this phone, too.", { what: toSend(items), name: file.name })
    : t("Receipts for the other phone are in the file {name}.", { name: file.name });
  return [made, left].filter(Boolean).join(" ");
}

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openRescue(host, app) {
  let said = "";
  let closed = false;

  async function make() {
    said = await makeRescue(app.phone, { locked: true });
    paint();
  }

  function paint() {
    if (closed) return;
    render(html`${topBar(app, { title: t("Rescue file"), back: true })}
      <main class="content" id="content" tabindex="-1">
        <p>${t("When this phone cannot send: a file with everything that waits, as unreadable as on the phone. The office or another phone brings it in.")}</p>
        <p class="soft">${t("No PIN is needed: nobody can read what is in the file. Bringing in a file waits until the phone is unlocked.")}</p>
        <button class="go" type="button" @click=${make}>${t("Make a rescue file")}</button>
        ${said ? html`<p class="note" role="status">${said}</p>` : nothing}
      </main>`, host);
  }

  paint();
  return { title: t("Rescue file"), close: () => void (closed = true) };
}
