/**
 * A repeat: cards with a line of summary, each opening a page of its own; short rows stand open in place; people by days are
 * a grid (grid.js). What is deleted can be brought back.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { t } from "../core/i18n.js";
import { gridOf } from "./grid.js";
import { plain } from "./plain.js";
import { heading, rowName } from "./rows.js";
import { later } from "./given.js";
import { drawnChildren, standsOpen } from "./untouched.js";

/** @param {import("./form-page.js").Page} page @param {string} path */
export function createRepeat(page, path) {
  const { session } = page;
  const { node } = session.view(path);
  return gridOf(page, path, node, drawnChildren(session.pkg, node)) ?? (standsOpen(session.pkg, node) ? createInline : createCards)(page, path);
}

/** What offers rows back while the message does, the last one last. @type {(() => void)[]} */
let offers = [];

/** Deletes a row; the message offers it back, and then those deleted before it. @param {import("./form-page.js").Page} page @param {string} row @param {string} name */
export function deleteRow(page, row, name) {
  const change = page.session.removeRow(row);
  page.apply(change);
  if (!document.querySelector(".fill-toast button")) offers = [];
  const offer = () => page.toast(t("Deleted: {name}", { name }), t("Undo"), () => {
    offers.pop();
    page.apply(page.session.restoreRow(change.undo));
    offers.at(-1)?.();
  });
  offers.push(offer);
  offer();
}

/** @param {import("./form-page.js").Page} page @param {string} path */
function addAndOpen(page, path) {
  const rows = page.session.form.rows(path);
  const last = rows[rows.length - 1];
  if (last && page.session.isUntouched(last.path)) {
    page.openRow(last.path);
    return;
  }
  const change = page.session.addRow(path);
  page.apply(change);
  page.openRow(change.row ?? "");
}

/** @param {import("./form-page.js").Page} page @param {string} path */
function createCards(page, path) {
  const { session } = page;
  const { form } = session;
  const element = document.createElement("section");
  element.className = "repeat";
  element.dataset.path = path;
  function update() {
    const view = session.view(path);
    element.hidden = !view.relevant;
    if (!view.relevant) return;
    const rows = form.rows(path);
    const wrong = new Map();
    for (const problem of session.problems(page.sectionOf(path))) {
      const row = rows.find((one) => problem.path.startsWith(`${one.path}/`));
      if (row) wrong.set(row.uid, (wrong.get(row.uid) ?? 0) + 1);
    }
    render(html`
      ${heading(page, path, view)}
      ${rows.length ? nothing : html`<p class="q-note">${t("Nothing here yet.")}</p>`}
      <ol class="rows">${repeat(rows, (row) => row.uid, (row, index) => html`<li>
        <button type="button" class="row-card" data-row=${row.path} @click=${() => page.openRow(row.path)}>
          <bdi class="row-number">${index + 1}</bdi>
          <span class="row-name"><bdi>${rowName(session, row, index)}</bdi></span>
          <span class="row-state">${page.remarksUnder(row.path) ? html`<span class="chip asks">${t("Remark")}</span>` : nothing}
            ${session.isUntouched(row.path) ? html`<span class="chip plain">${t("not begun")}</span>` : wrong.get(row.uid) ? html`<span class="chip asks">${t("to complete")}</span>` : html`<span class="chip">✓</span>`} ${later.chosenIn?.(session, row)}</span>
        </button></li>`)}</ol>
      ${form.canAdd(path) ? html`<button type="button" class="btn add" @click=${() => addAndOpen(page, path)}>${t("Add a line")}</button>` : nothing}`, element);
  }
  update();
  return { path, element, update, structure: update, dispose: () => render(nothing, element) };
}

/** @param {import("./form-page.js").Page} page @param {string} path */
function createInline(page, path) {
  const { session } = page;
  const { form } = session;
  const element = document.createElement("section");
  element.className = "repeat inline";
  element.dataset.path = path;
  const head = document.createElement("div");
  const list = document.createElement("div");
  const foot = document.createElement("div");
  element.append(head, list, foot);
  /** @type {Map<number, {path: string, element: HTMLElement, dispose: () => void}>} */
  const mounted = new Map();

  function update() {
    const view = session.view(path);
    element.hidden = !view.relevant;
    render(heading(page, path, view), head);
    const rows = view.relevant ? form.rows(path) : [];
    for (const [uid, row] of mounted) {
      if (rows.some((one) => one.uid === uid && one.path === row.path)) continue;
      row.dispose();
      mounted.delete(uid);
    }
    rows.forEach((row, index) => {
      const known = mounted.get(row.uid) ?? mountRow(row, index);
      mounted.set(row.uid, known);
      if (list.children[index] !== known.element) list.insertBefore(known.element, list.children[index] ?? null);
    });
    render(view.relevant && form.canAdd(path)
      ? html`<button type="button" class="btn add" @click=${() => page.apply(session.addRow(path))}>${t("Add a line")}</button>` : nothing, foot);
  }

  /** @param {{uid: number, path: string, summary: string}} row @param {number} index */
  function mountRow(row, index) {
    const box = document.createElement("section");
    box.className = "row-box";
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", `l${row.uid}`);
    const title = document.createElement("div");
    box.append(title);
    render(html`<h4 id="l${row.uid}"><span>${session.form.canAdd(path) ? "" : plain(session.view(path).label)} <bdi>${index + 1}</bdi></span>${later.copyRow && form.canAdd(path)
      ? html`<button type="button" class="quiet" @click=${() => later.copyRow?.(page, row.path)}>${t("Duplicate")}</button>` : nothing}${form.canRemove(row.path)
      ? html`<button type="button" class="quiet danger" @click=${() => deleteRow(page, row.path, rowName(session, row, index))}>${t("Delete")}</button>` : nothing}</h4>`, title);
    const inside = page.mountBlocks(box, form.children(row.path));
    return {
      path: row.path,
      element: box,
      dispose() {
        inside.dispose();
        box.remove();
      },
    };
  }

  update();
  return {
    path, element, update, structure: update,
    dispose() {
      for (const row of mounted.values()) row.dispose();
    },
  };
}
