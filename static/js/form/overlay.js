/**
 * A page over the page: a list to choose from, the table of sections. The phone's "back" closes it, and only it.
 */

import { html, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../core/i18n.js";

/** Overlays that are open, the last one on top. @type {{closed: () => void}[]} */
const open = [];

/** True when a "back" was an overlay's to use. @returns {boolean} */
export function backClosesOverlay() {
  const top = open.pop();
  top?.closed();
  return top !== undefined;
}

/**
 * @param {{title: string, className?: string, draw: (close: () => void) => unknown, onClose?: () => void}} options
 * @returns {{close: () => void, leave: () => void, redraw: () => void, element: HTMLDialogElement}}
 *   close: as "back" does; leave: the caller replaces the history entry by where it goes next
 */
export function openOverlay({ title, className = "", draw, onClose }) {
  const element = document.createElement("dialog");
  element.className = `overlay ${className}`;
  const before = document.activeElement;
  const entry = {
    closed() {
      element.close();
      element.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
      onClose?.();
    },
  };
  const close = () => {
    if (open.includes(entry)) history.back();
  };
  const leave = () => {
    const at = open.indexOf(entry);
    if (at < 0) return;
    open.splice(at, 1);
    entry.closed();
  };
  const redraw = () => render(html`
    <header class="overlay-head"><h2>${title}</h2><button type="button" class="pill" @click=${close}>${t("Close")}</button></header>
    ${draw(close)}`, element);
  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  document.body.append(element);
  history.pushState({ ...history.state, overlay: true }, "");
  open.push(entry);
  redraw();
  element.showModal();
  return { close, leave, redraw, element };
}
