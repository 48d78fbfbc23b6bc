/** The last page: what still has to be answered or corrected, each a tap away, and what was left blank on purpose or not. */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { n, t } from "../core/i18n.js";
import { sectionName, sectionStates } from "./jump-list.js";
import { plain } from "./plain.js";
import { remarkList } from "./remarks.js";
import { rowName } from "./rows.js";

/**
 * @param {import("./form-page.js").Page} page @param {HTMLElement} host
 * @param {{path: string, uid: number, section: string, kind: string, message: string, label: string}[]} [problems]
 */
export function drawFinish(page, host, problems = page.session.problems()) {
  const { session } = page;
  const states = sectionStates(page);
  const skipped = states.filter(({ section }) => section.answered < section.total && !problems.some((one) => one.section === section.path));
  const unusual = session.form.warnings();
  const unchanged = session.unansweredRemarks();
  const changed = session.remarks.filter((remark) => remark.question && !unchanged.includes(remark));
  const gone = session.gone();
  render(html`
    ${gone.length
      ? html`<p class="finish-state warn">${t("Blank lines do not go. These answers depended on them and do not go either:")}</p>
        <ul class="faults calm">${gone.map(({ path, label }) => html`<li><span class="fault"><bdi>${[rowOf(page, path), plain(label)].filter(Boolean).join(" · ")}</bdi></span></li>`)}</ul>` : nothing}
    ${problems.length
      ? html`<p class="finish-state warn">${n("{n} answer is missing or to correct before finishing.", "{n} answers are missing or to correct before finishing.", problems.length)}</p>
        ${states.filter(({ section }) => problems.some((one) => one.section === section.path)).map(({ section }) => html`
          <h3>${sectionName(page.sections(), section)}</h3>
          <ul class="faults">${faultsOf(page, problems.filter((one) => one.section === section.path)).map((fault) => html`<li>
            <button type="button" class="fault" @click=${() => page.openQuestion(fault.path)}>
              <span><bdi>${fault.name}</bdi></span><small>${fault.text}</small></button></li>`)}</ul>`)}`
      : html`<p class="finish-state good">✓ ${t("Nothing required is missing.")}</p>
        <p>${t("Finishing keeps the form on this phone until it is received. Afterwards it can only change if the office returns it.")}</p>`}
    ${unusual.length
      ? html`<h3>${t("Unusual answers: please check them")}</h3>
        <ul class="faults calm">${unusual.map(({ path, label, message }) => html`<li><button type="button" class="fault" @click=${() => page.openQuestion(path)}>
          <span><bdi>${[rowOf(page, path), plain(label)].filter(Boolean).join(" · ")}</bdi></span><small>${message}${page.second(path, session.view(path).node.expect_message)}</small></button></li>`)}</ul>`
      : nothing}
    ${unchanged.length
      ? html`<h3>${n("{n} remark whose answer has not changed", "{n} remarks whose answer has not changed", unchanged.length)}</h3>
        ${page.isAskedAnyway() ? html`<p class="finish-state warn" role="alert">${t("Send anyway? If the answer was right, yes.")}</p>` : nothing}
        ${remarkList(page, unchanged)}`
      : nothing}
    ${changed.length ? html`<h3>${t("Remarks whose answer has changed")}</h3>${remarkList(page, changed)}` : nothing}
    ${skipped.length
      ? html`<h3>${t("Left blank, not required")}</h3>
        <ul class="faults calm">${skipped.map(({ section }) => html`<li><button type="button" class="fault" @click=${() => page.go({ section: section.path, row: "" })}>
          <span>${sectionName(page.sections(), section)}</span><small>${n("{n} blank answer", "{n} blank answers", section.total - section.answered)}</small></button></li>`)}</ul>`
      : nothing}`, host);
}

/**
 * One line a question; of a row of a repeat one line for the whole row, by its name: twenty-five people with three blank days
 * are twenty-five lines.
 * @param {import("./form-page.js").Page} page
 * @param {{path: string, kind: string, message: string, label: string}[]} problems of one section
 * @returns {{path: string, name: string, text: any}[]}
 */
function faultsOf(page, problems) {
  /** @type {Map<string, {path: string, name: string, labels: string[], only: any}>} */
  const faults = new Map();
  for (const problem of problems) {
    const row = /^.*?\[\d+\](?=\/)/.exec(problem.path)?.[0] ?? "";
    const key = row || problem.path;
    const known = faults.get(key);
    if (known) known.labels.push(plain(problem.label));
    else faults.set(key, { path: problem.path, name: rowOf(page, problem.path) || plain(problem.label), labels: [plain(problem.label)], only: row ? "" : page.problem(page.session.view(problem.path), problem) });
  }
  return [...faults.values()].map(({ path, name, labels, only }) => ({ path, name, text: only || [...new Set(labels)].join(t(", ")) }));
}

/** The name of the outermost row a question stands in, "" outside rows. @param {import("./form-page.js").Page} page @param {string} path */
function rowOf({ session }, path) {
  const row = /^.*?\[\d+\](?=\/)/.exec(path)?.[0];
  if (!row) return "";
  const rows = session.form.rows(row.replace(/\[\d+\]$/, ""));
  const index = rows.findIndex((one) => one.path === row);
  return rowName(session, rows[index], index);
}
