/** The way back from an answer: to none. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../core/i18n.js";

/** @param {import("../part.js").Field} field @param {unknown} [offered]  whether the widget has something to take away */
export const clearTemplate = (field, offered = true) => offered && field.mayClear
  ? html`<button type="button" class="quiet clear" @click=${() => field.set("", { done: true })}>${t("Clear the answer")}</button>` : nothing;
