/**
 * Attendance: people down, days across, one tap a cell. Drawn for a repeat whose rows hold a counted repeat of one choice.
 * Cells are plain elements kept by reference: a tap touches one cell and two totals, whatever the number of people.
 *
 * @typedef {{days: any, status: any, statuses: {name: string, label: any}[], name: any | null, person: any | null, gates: any[]}} Shape
 *   days: the counted repeat; status: its question; statuses: its list, whose columns sign and share say how a status is written in a
 *   cell and what part of a day it counts; name: the question that holds a person's name; person: the list to pick
 *   somebody known; gates: short questions to answer before a name may be kept (the person's agreement)
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { formatNumber, n, t } from "../core/i18n.js";
import { plain } from "./plain.js";
import { heading, namingQuestion } from "./rows.js";
import { chooseFrom } from "./widgets/select-list.js";

/**
 * The grid of a repeat, if it is one of people by days.
 * @param {import("./form-page.js").Page} page @param {string} path @param {any} node @param {any[]} children
 */
export function gridOf(page, path, node, children) {
  const shape = attendanceShape(page.session.pkg, node, children);
  return shape && createGrid(page, path, shape);
}

/** @param {any} pkg @param {any} node @param {any[]} children @returns {Shape | null} */
function attendanceShape(pkg, node, children) {
  for (const days of children) {
    if (days.kind !== "repeat" || days.repeat_count === undefined) continue;
    const inside = pkg.nodes.filter((/** @type {any} */ one) => one.parent === days.i && one.kind !== "value");
    const statuses = pkg.lists?.[inside[0]?.choices?.list];
    if (inside.length !== 1 || inside[0].type !== "select_one" || !statuses || statuses.length > 6) continue;
    const rule = (pkg.entities ?? []).find((/** @type {any} */ one) => one.scope === node.i);
    const name = namingQuestion(children);
    const person = children.find((child) => child.type === "select_one" && rule && child.choices?.list === rule.list) ?? null;
    const needs = name?.relevant === undefined ? [] : pkg.expressions[name.relevant].deps.map((/** @type {any} */ dep) => dep[0]);
    const gates = children.filter((child) => needs.includes(child.i) && child.type === "select_one" && child.relevant === undefined
      && (child.attributes?.role === "consent" || (child.required !== undefined && pkg.lists?.[child.choices?.list]?.length === 2)));
    return { days, status: inside[0], statuses, name, person, gates };
  }
  return null;
}

/** @param {import("./form-page.js").Page} page @param {string} path @param {Shape} shape */
function createGrid(page, path, shape) {
  const { session } = page;
  const element = document.createElement("section");
  element.className = "repeat attendance";
  element.dataset.path = path;
  const head = document.createElement("div");
  const scroller = document.createElement("div");
  scroller.className = "grid-scroll";
  const foot = document.createElement("div");
  element.append(head, scroller, foot);
  const cycle = ["", ...shape.statuses.map(({ name }) => name)];
  /** @type {{path: string, name: string, cells: {path: string, button: HTMLButtonElement, value: string}[], total: HTMLElement, head: HTMLElement}[]} */
  let people = [];
  /** @type {HTMLElement[]} */
  let dayTotals = [];
  /** @type {Record<string, string>} */
  const asked = {};
  let typed = "";
  let problem = "";
  let isAdding = false;

  const label = (/** @type {any} */ text) => plain(session.form.text(text));
  const sign = (/** @type {string} */ value) => {
    const item = /** @type {any} */ (shape.statuses.find(({ name }) => name === value));
    return item?.sign || label(item?.label).slice(0, 1);
  };
  const share = (/** @type {string} */ value) => {
    const item = /** @type {any} */ (shape.statuses.find(({ name }) => name === value));
    return Number(item?.share ?? (value === cycle[1] ? 1 : 0));
  };

  /** @param {{path: string, button: HTMLButtonElement, value: string}} cell @param {string} name @param {number} day */
  function showCell(cell, name, day) {
    const index = Math.max(0, cycle.indexOf(cell.value));
    cell.button.textContent = cell.value ? sign(cell.value) : "";
    cell.button.className = `cell c${index}`;
    const status = cell.value ? label(shape.statuses[index - 1]?.label) : t("blank");
    cell.button.setAttribute("aria-label", `${name}${t(", ")}${t("day {number}", { number: day + 1 })}: ${status}`);
  }

  /** @param {typeof people[number]} person */
  function showTotal(person) {
    const sum = person.cells.reduce((all, cell) => all + share(cell.value), 0);
    person.total.textContent = `${formatNumber(sum)}/${person.cells.length}`;
  }

  /** @param {number} day */
  function showDay(day) {
    if (!dayTotals[day]) return;
    const here = people.reduce((all, person) => all + (person.cells[day] ? share(person.cells[day].value) : 0), 0);
    dayTotals[day].textContent = formatNumber(here);
  }

  /** @param {typeof people[number]} person @param {number} day */
  function tap(person, day) {
    const cell = person.cells[day];
    const next = cycle[(cycle.indexOf(cell.value) + 1) % cycle.length];
    const change = session.set(cell.path, next);
    cell.value = next;
    showCell(cell, person.name, day);
    showTotal(person);
    showDay(day);
    page.apply(change);
  }

  /** Everybody still blank that day was there: the usual case in one tap. @param {number} day */
  function fillDay(day) {
    const blank = people.filter((person) => person.cells[day]?.value === "");
    if (!blank.length) return;
    const set = (/** @type {string} */ value) => {
      for (const person of blank) {
        const cell = person.cells[day];
        page.apply(session.set(cell.path, value));
        cell.value = value;
        showCell(cell, person.name, day);
        showTotal(person);
      }
      showDay(day);
    };
    set(cycle[1]);
    page.toast(n("{n} person marked present", "{n} people marked present", blank.length), t("Undo"), () => set(""));
  }

  /** @param {string} row @returns {{path: string, button: HTMLButtonElement, value: string}[]} */
  function cellsOf(row) {
    const days = `${row}/${shape.days.name}`;
    return session.form.rows(days).map((day) => {
      const at = `${day.path}/${shape.status.name}`;
      return { path: at, button: document.createElement("button"), value: session.view(at).value };
    });
  }

  function draw() {
    const rows = session.form.rows(path);
    const table = document.createElement("table");
    table.className = "grid";
    const body = document.createElement("tbody");
    people = rows.map((row, index) => {
      const name = nameOf(row, index);
      const line = document.createElement("tr");
      const cell = document.createElement("th");
      cell.scope = "row";
      const open = document.createElement("button");
      open.type = "button";
      open.className = "person";
      const number = document.createElement("bdi");
      number.textContent = String(index + 1);
      const text = document.createElement("span");
      text.textContent = name;
      open.append(number, text);
      open.onclick = () => page.openRow(row.path);
      cell.append(open);
      line.append(cell);
      const last = document.createElement("td");
      last.className = "total";
      const total = document.createElement("div");
      total.className = "sum";
      last.append(total);
      const person = { path: row.path, name, cells: cellsOf(row.path), total, head: open };
      person.cells.forEach((one, day) => {
        const holder = document.createElement("td");
        one.button.type = "button";
        one.button.onclick = () => tap(person, day);
        showCell(one, name, day);
        holder.append(one.button);
        line.append(holder);
      });
      showTotal(person);
      line.append(last);
      body.append(line);
      return person;
    });
    const count = Math.max(0, ...people.map((person) => person.cells.length));
    table.append(header(count), body, footer(count));
    scroller.replaceChildren(...(people.length ? [table] : []));
    dayTotals.forEach((_, day) => showDay(day));
    markIncomplete();
  }

  /** @param {number} count */
  function header(count) {
    const part = document.createElement("thead");
    const line = document.createElement("tr");
    const corner = document.createElement("th");
    corner.textContent = n("{n} person", "{n} people", people.length);
    line.append(corner);
    for (let day = 0; day < count; day++) {
      const cell = document.createElement("th");
      cell.scope = "col";
      const button = document.createElement("button");
      button.type = "button";
      button.className = "day";
      const name = document.createElement("span");
      name.textContent = t("D{number}", { number: day + 1 });
      name.setAttribute("aria-hidden", "true");
      const does = document.createElement("span");
      does.className = "for-readers";
      does.textContent = t("Day {number}: mark everybody still blank as present", { number: day + 1 });
      button.append(name, does);
      button.onclick = () => fillDay(day);
      cell.append(button);
      line.append(cell);
    }
    const total = document.createElement("th");
    total.textContent = t("Days");
    line.append(total);
    part.append(line);
    return part;
  }

  /** @param {number} count */
  function footer(count) {
    const part = document.createElement("tfoot");
    const line = document.createElement("tr");
    const title = document.createElement("th");
    title.scope = "row";
    title.textContent = t("There that day");
    line.append(title);
    dayTotals = Array.from({ length: count }, () => {
      const cell = document.createElement("td");
      const sum = document.createElement("div");
      sum.className = "sum";
      cell.append(sum);
      line.append(cell);
      return sum;
    });
    line.append(document.createElement("td"));
    part.append(line);
    return part;
  }

  /** @param {{path: string}} row @param {number} index */
  function nameOf(row, index) {
    const held = shape.name ? session.view(`${row.path}/${shape.name.name}`) : null;
    return (held?.relevant && held.value) || t("Person {number}", { number: index + 1 });
  }

  /** Whose page still lacks something: found after the grid is painted, it is not needed to tap. */
  function markIncomplete() {
    const drawn = people;
    page.afterPaint(() => {
      if (drawn !== people) return;
      const days = `/${shape.days.name}[`;
      const open = session.problems(page.sectionOf(path)).filter(({ path: at }) => !at.includes(days)).map(({ path: at }) => at);
      for (const person of people) person.head.classList.toggle("todo", open.some((at) => at.startsWith(`${person.path}/`)));
    });
  }

  /** @param {string} name @returns {string} path of the new row, "" when an answer is lacking first */
  function add(name) {
    const lacking = shape.gates.find((gate) => !asked[gate.name]);
    if (lacking) {
      problem = t("First: {question}", { question: label(lacking.label) });
      frame();
      return "";
    }
    isAdding = true;
    const row = freeRow();
    for (const gate of shape.gates) page.apply(session.set(`${row}/${gate.name}`, asked[gate.name]));
    const nameAt = shape.name && `${row}/${shape.name.name}`;
    // A person who refuses stays without a name: what was typed goes no further.
    const mayBeNamed = shape.gates.every((gate) => asked[gate.name] !== "no");
    if (nameAt && name && mayBeNamed) page.apply(session.set(nameAt, name));
    for (const gate of shape.gates) delete asked[gate.name];
    typed = "";
    problem = "";
    isAdding = false;
    update();
    foot.querySelector("input")?.focus();
    return row;
  }

  /** A form opens a repeat with an empty row: that one is the first person's. @returns {string} */
  function freeRow() {
    const rows = session.form.rows(path);
    const last = rows[rows.length - 1]?.path;
    const questions = last ? session.form.children(last).map((at) => session.view(at)).filter(({ node }) => node.kind === "question") : [];
    if (last && questions.every(({ value, node }) => value === "" || node.default !== undefined)) return last;
    const change = session.addRow(path);
    page.apply(change);
    return change.row ?? "";
  }

  function fromList() {
    const row = add("");
    if (!row) return;
    const at = `${row}/${shape.person.name}`;
    let chosen = false;
    chooseFrom({
      title: plain(session.view(at).label),
      choices: session.form.choices(at),
      value: () => session.view(at).value,
      choose: (value) => {
        chosen = true;
        page.apply(session.set(at, value));
      },
      onClose: () => {
        if (!chosen) page.apply(session.removeRow(row));
        update();
      },
    });
  }

  function frame() {
    const { form } = session;
    const view = session.view(path);
    render(html`${heading(page, path, view)}
      <ul class="legend">${shape.statuses.map((status, index) => html`<li><span class="cell c${index + 1}" aria-hidden="true">${sign(status.name)}</span> ${label(status.label)}</li>`)}</ul>
      ${people.length && !people.some((person) => person.cells.length)
        ? html`<p class="q-note">${t("No column yet: the number comes from an earlier answer that is still blank.")}</p>` : nothing}
      ${people.length ? nothing : html`<p class="q-note">${t("Nobody yet. Add the first person below; each line has one cell a day.")}</p>`}`, head);
    if (!form.canAdd(path)) {
      render(nothing, foot);
      return;
    }
    const named = shape.gates.every((gate) => asked[gate.name] !== "no");
    render(html`<form class="quick-add" @submit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      add(typed.trim());
    }}>
      <h3>${t("Add a person")}</h3>
      ${shape.gates.map((gate) => html`<fieldset><legend>${label(gate.label)}</legend><div class="options pair">
        ${session.pkg.lists[gate.choices.list].map((/** @type {any} */ item) => html`<label class=${asked[gate.name] === item.name ? "option on" : "option"}>
          <input type="radio" name="quick-${gate.name}" .checked=${asked[gate.name] === item.name} @change=${() => {
            asked[gate.name] = item.name;
            problem = "";
            frame();
          }} /><span class="mark" aria-hidden="true"></span><span>${label(item.label)}</span></label>`)}</div></fieldset>`)}
      ${problem ? html`<p class="q-error" role="alert">${problem}</p>` : nothing}
      <div class="quick-line">
        ${shape.name && named
          ? html`<input class="input" dir="auto" autocomplete="off" enterkeyhint="done" aria-label=${label(shape.name.label)} placeholder=${label(shape.name.label)} .value=${live(typed)}
              @input=${(/** @type {any} */ event) => {
                typed = event.target.value;
              }} />` : html`<p class="q-note">${t("Counted without a name.")}</p>`}
        <button type="submit" class="go">${t("Add")}</button>
      </div>
      ${shape.person && named ? html`<button type="button" class="btn plain" @click=${fromList}>${t("From the register")}</button>` : nothing}
    </form>`, foot);
  }

  function update() {
    if (isAdding) return;
    element.hidden = !session.view(path).relevant;
    element.classList.toggle("judged", page.showsProblems());
    draw();
    frame();
  }

  update();
  return {
    path, element, structure: update,
    // Cells show themselves at the tap; only rows coming and going draw the table anew.
    update() {
      element.classList.toggle("judged", page.showsProblems());
    },
    dispose() {
      render(nothing, head);
      render(nothing, foot);
    },
  };
}
