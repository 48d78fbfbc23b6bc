/** What a finished form on trial would send: its answers as columns, its records, its files, and the very text. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatSize, language, n, t } from "../core/i18n.js";
import { plain } from "../form/plain.js";

/**
 * @param {any} item  of the outbox
 * @param {import("../engine/form.js").Form} form  its answers, to read
 */
export function sentTemplate(item, form) {
  const envelope = JSON.parse(item.envelope);
  const lines = answerLines(envelope.answers, "", form);
  const said = (/** @type {any} */ text) => plain(text?.[language()] ?? Object.values(text ?? {})[0] ?? "");
  return html`<section class="card trial-sent" aria-label=${t("What would be sent")}>
    <h2><bdi>${envelope.title || plain(form.text(form.pkg.title))}</bdi></h2>
    <h3>${n("{n} column would be filled in the exports", "{n} columns would be filled in the exports", lines.length)}</h3>
    <dl class="facts">${lines.map(({ path, label, value }) => html`<div><dt>${label} <bdi class="soft" dir="ltr">${path}</bdi></dt><dd><bdi>${value}</bdi></dd></div>`)}</dl>
    ${envelope.warnings ? html`<h3>${t("Unusual answers, which the reviewer would see")}</h3><ul>${envelope.warnings.map((/** @type {any} */ one) => html`<li>${said(one.message)}</li>`)}</ul>` : nothing}
    <h3>${t("Records")}</h3>
    ${envelope.entities.length
      ? html`<ul>${envelope.entities.map((/** @type {any} */ one) => html`<li>${one.action === "create" ? t("would be created") : t("would be changed")}: <bdi>${one.label || one.id}</bdi> <bdi class="soft" dir="ltr">${one.list}</bdi>
          <dl class="facts">${Object.entries(one.data).map(([name, value]) => html`<div><dt><bdi dir="ltr">${name}</bdi></dt><dd><bdi>${value}</bdi></dd></div>`)}</dl></li>`)}</ul>`
      : html`<p>${t("This form would create or change no record.")}</p>`}
    ${envelope.attachments.length ? html`<h3>${t("Files")}</h3><ul>${envelope.attachments.map((/** @type {any} */ file) => html`<li><bdi dir="ltr">${file.name}</bdi> · ${formatSize(file.size)}</li>`)}</ul>` : nothing}
    <details><summary>${t("The text that would be sent")}</summary><pre dir="ltr" tabindex="0">${JSON.stringify(envelope, null, 1)}</pre></details>
  </section>`;
}

/** @param {Record<string, any>} answers @param {string} above @param {import("../engine/form.js").Form} form @returns {{path: string, label: string, value: string}[]} */
function answerLines(answers, above, form) {
  return Object.entries(answers).flatMap(([name, value]) => {
    const path = above + name;
    if (Array.isArray(value)) return value.flatMap((row, index) => answerLines(row, `${path}[${index + 1}]/`, form));
    if (value !== null && typeof value === "object") return answerLines(value, `${path}/`, form);
    return [{ path, label: plain(form.view(path)?.label), value: String(value) }];
  });
}
