/** Answers that a newer version of the form has no place for, each with its question, as they were given. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatDate, formatNumber, language, n, t } from "../core/i18n.js";
import { asideOf } from "./envelope.js";

/** @typedef {import("./move.js").Aside} Aside */

/** @param {Record<string, string>} text */
const words = (text) => text[language()] ?? Object.values(text)[0] ?? "";

/** @param {Aside} one */
function said({ type, value, said: text }) {
  if (type === "image") return t("Photo");
  if (type === "date") return formatDate(value) || value;
  return (/^(integer|decimal)$/.test(type) && formatNumber(value)) || words(text);
}

/** @param {Aside[]} aside */
export const asideList = (aside) => html`<dl class="counts">${aside.map((one) => html`<div><dt>${one.row ? html`<bdi>${one.row}</bdi> · ` : nothing}${words(one.label)}</dt>
  <dd><bdi>${said(one)}</bdi></dd></div>`)}</dl>`;

/** Under the answers of a form that is read. @param {{aside?: Aside[]}} source  draft or envelope @param {import("../engine/form.js").Form | null} form */
export function asideSection(source, form) {
  const aside = asideOf(source, form);
  return aside.length ? html`<section class="answers"><details><summary>${n("{n} answer kept aside", "{n} answers kept aside", aside.length)}</summary>${asideList(aside)}</details></section>` : nothing;
}
