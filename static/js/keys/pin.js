/** Choosing a PIN: at the first signing in, after a forgotten one, and whenever she likes. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { showButton } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { Problem } from "../core/problem.js";
import { digitsOf, setPin, weakness } from "./enrol.js";

/**
 * A form that asks for a new PIN twice, and for the old one where it is known.
 *
 * @param {object} parts
 * @param {import("../store/phone.js").Phone} parts.phone
 * @param {(old: string, pin: string) => Promise<void>} [parts.change]  the PIN is changed, not chosen
 * @param {() => void} parts.paint
 * @param {() => void} parts.done
 */
export function createPinForm({ phone, change, paint, done }) {
  let busy = false;
  let words = "";

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const [before, pin, again] = ["old", "pin", "again"].map((name) => digitsOf(String(fields.get(name) ?? "")));
    const weak = weakness(pin);
    words =
      weak === "short" ? t("At least six digits.") : weak === "easy" ? t("Too easy to guess: not one digit again and again, not 123456.") : pin !== again ? t("The two are not the same. Write it again.") : "";
    if (words) return paint();
    busy = true;
    paint();
    try {
      await (change ? change(before, pin) : setPin(phone, pin));
      done();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      words = t("This is not the PIN.");
    } finally {
      busy = false;
      paint();
    }
  }

  /** @param {string} name @param {string} label */
  const field = (name, label) => html`<div class="field"><label for=${`pin-${name}`}>${label}</label>
    <div class="with-button"><input id=${`pin-${name}`} class="secret" name=${name} type="password" inputmode="numeric" autocomplete="off" dir="ltr" aria-describedby=${words ? "pin-failure" : nothing} ?readonly=${busy} />${name === "pin" ? showButton() : nothing}</div></div>`;

  return () => html`<form class="enter" novalidate @submit=${submit} aria-label=${t("Choose a PIN")}>
    ${change ? field("old", t("PIN until now")) : html`<p>${t("It opens Daftar on this phone, without network. Others who hold the phone cannot read your forms. It is asked at each start and after five minutes away.")}</p>`}
    ${field("pin", t("New PIN, six digits or more"))} ${field("again", t("The same PIN again"))}
    ${words ? html`<div class="note wrong" id="pin-failure" role="alert"><strong>${words}</strong></div>` : nothing}
    <button class="go" type="submit" ?disabled=${busy}>${busy ? t("One moment…") : t("Keep this PIN")}</button>
    ${change ? nothing : html`<p class="soft">${t("Forgotten: sign in with network and choose another. Nothing is lost.")}</p>`}
  </form>`;
}
