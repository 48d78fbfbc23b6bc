/** The Phone page: is it ready for offline, who is signed in, what is kept, which version. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { localDay } from "../core/clock.js";
import { reportError } from "../core/events.js";
import { formatSize, formatWhen, language, setLanguage, t } from "../core/i18n.js";
import { Problem } from "../core/problem.js";
import { changePin } from "../keys/change.js";
import { createPinForm } from "../keys/pin.js";
import { sealPhotos } from "../keys/older.js";
import { forget } from "../keys/remove.js";
import { bringIn } from "../keys/rescue.js";
import { onWifi } from "../sync/meter.js";
import { alarmNotes } from "./later.js";
import { confirmed, inTurn, sectionTitle, topBar } from "./page.js";
import { checkList, minutesWords, readiness, stillNeeded } from "./readiness.js";
import { makeRescue } from "./rescue.js";
import { lastSuccess, statusLine } from "./status.js";
import { formIsOpen } from "./update.js";
import { said, toSend } from "./words.js";

const PATIENCE_MS = 3000;

/** @param {HTMLElement} host @param {import("./page.js").App} app @returns {import("./page.js").Page} */
export function openPhonePage(host, app) {
  const { phone, sync, install, update } = app;
  let changing = false;
  let rescued = "";
  /** What keeps a person on this phone. */
  let kept = "";
  /** @type {{key: import("../store/vault.js").KeptKey | undefined, checks: import("./readiness.js").Check[], counts: import("./words.js").Counts, drafts: number, storage: import("../store/phone.js").StorageState, device: any, last: number | null, used: {month: string, bytes: number} | undefined, byWifi: boolean} | null} */
  let data = null;
  /** The new version was asked for while a form is open in another window. */
  let blocked = false;
  let closed = false;

  const refresh = inTurn(async () => {
    const [checks, counts, drafts, storage, device, last, used, byWifi] = await Promise.all([
      readiness(app), app.counts(), phone.drafts.count(app.person?.id), phone.storage(), phone.meta.get("device"), lastSuccess(app),
      phone.meta.get("data_used"), phone.meta.get("photos_by_wifi"),
    ]);
    const key = app.person ? await phone.vault.kept(app.person.id) : undefined;
    data = { key, checks, counts, drafts, storage, device, last, used, byWifi: byWifi === true };
    paint();
  });

  async function signOut() {
    if (!data) return;
    const { counts, drafts } = data;
    const remains = [
      counts.waiting ? toSend(counts.waiting) : "",
      drafts ? t("drafts: {number}", { number: drafts }) : "",
    ].filter(Boolean).join(t(", "));
    const yes = await confirmed({
      title: t("Sign out?"),
      text: remains
        ? t("Nothing is deleted. On this phone remain: {what}. What is finished goes on being sent; drafts wait for you.", { what: remains })
        : data.key?.pin ? t("Nothing is deleted. The PIN opens the phone again, without network.") : t("Nothing is deleted. Signing in again needs network."),
      yes: t("Sign out"),
      no: t("Stay signed in"),
    });
    if (!yes) return;
    // The server is told when it can be reached; the person need not wait for that.
    await Promise.race([sync.signOut(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    if (!data.key?.pin) await phone.meta.set("person", null);
    await phone.vault.lock();
    await app.personChanged();
  }

  /** Her key leaves this phone; what the office has not received would leave with it, so that is refused. */
  async function removePerson() {
    if (!data || !app.person) return;
    const { id } = app.person;
    const counts = await phone.outbox.counts(id);
    const drafts = await phone.drafts.count(id);
    kept = [
      counts.waiting + counts.refused ? toSend(counts.waiting + counts.refused) : "",
      counts.photos ? t("photos: {number}", { number: counts.photos }) : "",
      drafts ? t("drafts: {number}", { number: drafts }) : "",
    ].filter(Boolean).join(t(", "));
    paint();
    if (kept) return;
    const yes = await confirmed({
      title: t("Remove this person from the phone?"), text: t("Everything of hers was received. Records and received forms can no longer be read here; signing in needs network again."),
      yes: t("Remove"), no: t("Leave everything as it is"), danger: true,
    });
    if (!yes) return;
    await Promise.race([sync.signOut(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    await forget(phone, id);
    await app.personChanged();
  }

  const pinForm = createPinForm({
    phone, change: (before, pin) => changePin(phone, app.person?.id ?? "", before, pin), paint: () => paint(),
    done() {
      changing = false;
      app.toast(t("The new PIN is kept"));
    },
  });

  async function rescue() {
    rescued = await makeRescue(phone);
    paint();
  }

  /** @param {Event} event */
  async function takeRescue(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const file = field.files?.[0];
    if (!file) return;
    try {
      const { items, known, receipts, damaged } = await bringIn(phone, file);
      rescued = [
        items ? t("{what} taken in; they are sent from here.", { what: toSend(items) }) : "",
        known ? t("Here already: {number}.", { number: known }) : "",
        receipts ? t("Arrived at the office: {number}.", { number: receipts }) : "",
        damaged ? t("A part of the file is damaged: make it again on the other phone.") : "",
      ].filter(Boolean).join(" ") || t("Nothing new in this file.");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      rescued = error.code === "phone.full" ? t("There is no room for it on this phone.") : t("This is not a rescue file of Daftar.");
    }
    field.value = "";
    paint();
  }

  function rescueSection() {
    return html`<section aria-label=${t("Rescue file")}>${sectionTitle(t("Rescue file"))}
      <div class="card"><p>${t("When this phone cannot send: a file with everything that waits, as unreadable as on the phone. The office or another phone brings it in.")}</p>
        <button class="btn" type="button" @click=${rescue}>${t("Make a rescue file")}</button>
        <label class="btn plain file">${t("Bring in a file")}<input type="file" hidden @change=${takeRescue} /></label>
        ${rescued ? html`<p role="status">${rescued}</p>` : nothing}</div></section>`;
  }

  function keySection() {
    const key = data?.key;
    if (!key) return nothing;
    const sealed = key.older?.some((one) => one.pin && !one.sealed);
    return html`${sealed ? html`<div class="note asks"><strong>${t("Drafts and forms from before the new PIN are sealed")}</strong><span>${t("Nothing of them is lost. Sign in with network and they open again.")}</span><a class="btn plain" href="#/sign-in">${t("Sign in")}</a></div>` : nothing}${key.pin
        ? changing
          ? pinForm()
          : html`<div class="pair"><button class="btn plain" type="button" @click=${() => void phone.vault.lock()}>${t("Lock now")}</button>
              <button class="btn plain" type="button" @click=${() => { changing = true; paint(); }}>${t("Change the PIN")}</button></div>`
        : html`<p class="note">${t("This programme asks for no PIN: whoever opens this phone can read what Daftar keeps. Use the phone's own screen lock.")}</p>`}
      <button class="btn plain" type="button" @click=${removePerson}>${t("Remove this person from the phone")}</button>
      ${kept ? html`<div class="note asks" role="alert"><strong>${t("Not yet: something of hers is only on this phone")}</strong><span>${t("Waiting: {what}. Send first, finish or delete the drafts; then remove.", { what: kept })}</span></div>` : nothing}`;
  }

  async function takeOver() {
    blocked = await formIsOpen();
    if (blocked) paint();
    else update.take();
  }

  function versionSection() {
    const version = document.documentElement.dataset.version ?? "";
    return html`<section aria-label=${t("Application")}>${sectionTitle(t("Application"))}
      <div class="card">
        ${version ? html`<p>${t("Version {version}", { version })}</p>` : nothing}
        ${update.waiting
          ? html`<strong>${t("A new version is ready")}</strong><p>${t("It takes a second. Drafts and forms stay as they are.")}</p>
              ${blocked ? html`<p role="alert">${t("A form is open in another window: close it there first.")}</p>` : nothing}
              <button class="go" type="button" @click=${takeOver}>${t("Use the new version")}</button>`
          : html`<p>${t("A new version comes by itself when there is network.")}</p>`}
      </div>
    </section>`;
  }

  /** @param {Event} event */
  const choosePhotos = (event) => void phone.meta.set("photos_by_wifi", /** @type {HTMLInputElement} */ (event.target).checked);

  /** How much Internet it used, and whether photos may use mobile data. */
  function dataCard() {
    const { used, byWifi } = /** @type {NonNullable<typeof data>} */ (data);
    const bytes = used?.month === localDay().slice(0, 7) ? used.bytes : 0;
    const known = onWifi() !== null;
    return html`<div class="card"><dl class="facts"><div><dt>${t("Internet used this month, about")}</dt><dd>${formatSize(bytes)}</dd></div></dl>
      <label class="switch"><input type="checkbox" .checked=${byWifi && known} ?disabled=${!known} @change=${choosePhotos} /><span>${t("Photos wait for Wi-Fi")}</span></label>
      <p class="soft">${known ? t("Texts always go at once. Photos that wait can be sent by hand, on the page Sending.") : t("This browser does not say whether it is on Wi-Fi: photos go by any network, after the texts.")}</p></div>`;
  }

  function paint() {
    if (closed || !data) return;
    const { checks, counts, storage, device, last } = data;
    const advice = checks.some((check) => check.state !== "done");
    const needed = stillNeeded(checks).length;
    const person = app.person;
    const programmes = person?.programmes ?? [];
    const offset = sync.state.clock_offset;
    render(html`
      ${topBar(app, { title: t("Phone") })}
      <main class="content" id="content" tabindex="-1">
        ${alarmNotes(phone, paint)}
        <section aria-label=${t("Ready for a day without network?")}>
          ${sectionTitle(t("Ready for a day without network?"))}
          <p class="soft" role="status">${needed ? t("Not everything is ready yet.") : advice ? t("One can leave: what remains is advice.") : t("Yes: everything needed is on this phone.")}</p>
          ${checkList(checks)}
        </section>
        <section aria-label=${t("Sending and updating")}>
          ${sectionTitle(t("Sending and updating"))}
          ${statusLine(sync.state, counts, { link: true, last })}
          <div class="card"><dl class="facts">
            <div><dt>${t("Last contact with the server")}</dt><dd>${last ? formatWhen(last) : t("none yet")}</dd></div>
            ${typeof offset === "number" ? html`<div><dt>${t("Phone's clock")}</dt><dd>${Math.abs(offset) < 60_000 ? t("same as the server's") : offset > 0 ? t("{off} behind the server's", { off: minutesWords(offset) }) : t("{off} ahead of the server's", { off: minutesWords(-offset) })}</dd></div>` : nothing}
            <div><dt>${t("Space used on the phone")}</dt><dd>${formatSize(storage.usage)}</dd></div>
          </dl></div>
          ${dataCard()}
        </section>
        <section aria-label=${t("Person")}>
          ${sectionTitle(t("Person"))}
          ${person
            ? html`<div class="card"><strong><bdi>${said(person.name)}</bdi></strong>
                ${programmes.map((one) => html`<p>${said(one.name)}${one.organisation ? html` · ${said(one.organisation.name)}` : nothing}</p>`)}
                ${device?.id ? html`<p>${t("Phone number in the office's list: {code}", { code: device.id.slice(-6) })}</p>` : nothing}</div>
              ${sync.state.phase === "signed_out" ? html`<a class="go" href="#/sign-in">${t("Sign in again to update")}</a>` : nothing}
              <button class="btn plain" type="button" @click=${signOut}>${t("Sign out")}</button>${keySection()}`
            : html`<div class="empty"><span>${t("Nobody is signed in.")}</span><a class="go" href="#/sign-in">${t("Sign in")}</a></div>`}
        </section>
        <section aria-label=${t("Language")}>
          ${sectionTitle(t("Language"))}
          <div class="pair">
            <button class="pill" type="button" lang="ar" aria-pressed=${language() === "ar"} @click=${() => setLanguage("ar")}>العربية</button>
            <button class="pill" type="button" lang="fr" aria-pressed=${language() === "fr"} @click=${() => setLanguage("fr")}>Français</button>
          </div>
        </section>
        ${rescueSection()} ${versionSection()}
      </main>`, host);
  }

  if (app.person) sealPhotos(phone, app.person.id).catch(reportError);
  const stops = [
    phone.on((/** @type {{store: string}} */ change) => change.store !== "chunks" && void refresh()),
    sync.on(() => void refresh()), install.on(paint), update.on(() => void refresh()),
  ];
  return {
    title: t("Phone"),
    ready: refresh(),
    close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}
