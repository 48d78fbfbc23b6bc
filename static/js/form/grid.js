/**
 * Rows as lines of a table, one tap or a few digits a cell: attendance (a repeat whose rows hold a counted repeat of one choice:
 * people by days), and any repeat of short questions with the appearance `grid`. Cells are plain elements kept by reference: a tap
 * touches one cell and two totals, whatever the number of rows.
 *
 * @typedef {{name: string, label: any, sign?: string, share?: string}} Status
 * @typedef {object} Shape
 * @property {any | null} days  the counted repeat of attendance; null: the row's own questions are the columns
 * @property {any[]} asked  the questions of the cells: of attendance the one of a day
 * @property {any | null} name  the question that holds a row's name
 * @property {any | null} person  the list to pick a name from: a register, a list of the form
 * @property {any[]} gates  short questions to answer before a name may be kept (the person's agreement)
 * @typedef {{path: string, node: any, element: HTMLElement, value: string, cycle: Status[] | null}} Cell
 *   cycle: the choices a tap goes through, whose columns sign and share say how one is written and what part of a day it counts
 * @typedef {{path: string, uid: number, name: string, cells: Cell[], total: HTMLElement, head: HTMLElement}} Line
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { formatNumber, n, t } from "../core/i18n.js";
import { parseInteger, parseNumber } from "../core/number.js";
import { isMoney, readAmount } from "./amount.js";
import { plain } from "./plain.js";
import { heading, namingQuestion } from "./rows.js";
import { byName, chooseFrom, whereIn } from "./widgets/select-list.js";

/** More choices than that are no cell to tap. */
const MOST_CHOICES = 6;
const MOST_COLUMNS = 10;
const TYPED = /^(integer|decimal|text|date)$/;

/**
 * The grid of a repeat, if it is drawn as one.
 * @param {import("./form-page.js").Page} page @param {string} path @param {any} node @param {any[]} children
 */
export function gridOf(page, path, node, children) {
  const shape = attendanceShape(page.session.pkg, node, children) ?? tableShape(page.session.pkg, node, children);
  return shape && createGrid(page, path, shape);
}

/** @param {any} pkg @param {any} node @returns {Status[] | null} */
function cycleOf(pkg, node) {
  const list = node.type === "select_one" ? pkg.lists?.[node.choices?.list] : null;
  return list && list.length <= MOST_CHOICES ? list : null;
}

/** Who or what a row is: the question with its name, the list it is picked from, what must be answered before. @param {any} pkg @param {any} node @param {any[]} children */
function namedBy(pkg, node, children) {
  const rule = (pkg.entities ?? []).find((/** @type {any} */ one) => one.scope === node.i);
  const name = namingQuestion(children);
  const lists = children.filter((child) => child.type === "select_one" && child.choices?.list && !cycleOf(pkg, child));
  const needs = name?.relevant === undefined ? [] : pkg.expressions[name.relevant].deps.map((/** @type {any} */ dep) => dep[0]);
  const gates = children.filter((child) => needs.includes(child.i) && child.type === "select_one" && child.relevant === undefined
    && (child.attributes?.role === "consent" || (child.required !== undefined && pkg.lists?.[child.choices?.list]?.length === 2)));
  // A register the row feeds, or a list that stands first or decides on the name.
  const person = lists.find((child) => rule && child.choices.list === rule.list)
    ?? lists.find((child) => child === children[0] || needs.includes(child.i) || child.triggers?.some((/** @type {any} */ { node: at }) => at === name?.i)) ?? null;
  return { name, person, gates };
}

/** @param {any} pkg @param {any} node @param {any[]} children @returns {Shape | null} */
function attendanceShape(pkg, node, children) {
  for (const days of children) {
    if (days.kind !== "repeat" || days.repeat_count === undefined) continue;
    const inside = pkg.nodes.filter((/** @type {any} */ one) => one.parent === days.i && one.kind !== "value");
    if (inside.length === 1 && cycleOf(pkg, inside[0])) return { days, asked: inside, ...namedBy(pkg, node, children) };
  }
  return null;
}

/** What app/instruments/tables.py says of at publication. @param {any} pkg @param {any} node @param {any[]} children @returns {Shape | null} */
export function tableShape(pkg, node, children) {
  if (!/\bgrid\b/.test(node.appearance ?? "") || node.repeat_count !== undefined) return null;
  const named = namedBy(pkg, node, children);
  const asked = children.filter((child) => child !== named.name && child !== named.person && child.type !== "note");
  const isShort = asked.length > 0 && asked.length <= MOST_COLUMNS && asked.every((child) => child.kind === "question" && (TYPED.test(child.type) || cycleOf(pkg, child)));
  return isShort ? { days: null, asked, ...named } : null;
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
  const said = document.createElement("div");
  const foot = document.createElement("div");
  element.append(head, scroller, said, foot);
  /** @type {Line[]} */
  let people = [];
  /** @type {HTMLElement[]} */
  let dayTotals = [];
  /** @type {Record<string, string>} */
  const asked = {};
  let typed = "";
  let problem = "";
  let isAdding = false;
  let second = false;

  const inOther = (/** @type {any} */ text) => page.second(path, text, second);
  /** A tap on the words of the table says them in both languages. */
  function turn() {
    second = !second;
    draw();
    frame();
  }
  const label = (/** @type {any} */ text) => plain(session.form.text(text));
  const sign = (/** @type {Status} */ one) => one.sign || label(one.label).slice(0, 1);
  const share = (/** @type {Cell} */ { cycle, value, node }) => {
    const one = cycle?.find(({ name }) => name === value);
    if (cycle) return Number(one?.share ?? (one === cycle[0] ? 1 : 0));
    return /^(integer|decimal)$/.test(node.type) ? Number(value) || 0 : 0;
  };
  /** Whether a line can be added up: all its cells are choices, or all numbers. */
  const sort = shape.asked.every((node) => cycleOf(session.pkg, node)) ? "part" : shape.asked.every(({ type }) => /^(integer|decimal)$/.test(type)) ? "sum" : "";
  const columnName = (/** @type {Cell} */ cell, /** @type {number} */ at) => (shape.days ? t("day {number}", { number: at + 1 }) : label(cell.node.label));

  /** @param {Cell} cell @param {string} name @param {number} at */
  function showCell(cell, name, at) {
    const { element, cycle, value } = cell;
    const says = `${name}${t(", ")}${columnName(cell, at)}`;
    if (!cycle) {
      const input = /** @type {HTMLInputElement} */ (element);
      const known = /^-?\d+(\.\d+)?$/.test(value) && cell.node.type !== "date" && cell.node.type !== "text" ? formatNumber(value) : value;
      if (document.activeElement !== input) input.value = known;
      input.setAttribute("aria-label", says);
    } else {
      const index = cycle.findIndex((one) => one.name === value) + 1;
      element.textContent = index ? sign(cycle[index - 1]) : "";
      element.className = `cell c${Math.min(index, 4)}`;
      element.setAttribute("aria-label", `${says}: ${index ? label(cycle[index - 1].label) : t("blank")}`);
    }
    const view = shape.days ? null : session.view(cell.path);
    if (view) /** @type {HTMLButtonElement} */ (element).disabled = !view.relevant || view.readonly;
  }

  /** @param {Line} person */
  function showTotal(person) {
    const sum = person.cells.reduce((all, cell) => all + share(cell), 0);
    person.total.textContent = sort === "sum" ? formatNumber(sum) : `${formatNumber(sum)}/${person.cells.length}`;
  }

  /** @param {number} at */
  function showColumn(at) {
    if (!dayTotals[at]) return;
    const cells = people.flatMap((person) => person.cells[at] ?? []);
    const counts = cells.some(({ cycle, node }) => cycle || /^(integer|decimal)$/.test(node.type));
    dayTotals[at].textContent = counts ? formatNumber(Math.round(cells.reduce((all, cell) => all + share(cell), 0) * 1e6) / 1e6) : "";
  }

  /** @param {Line} person @param {number} at @param {string} value @param {{typing?: boolean}} [how] */
  function answer(person, at, value, how) {
    const cell = person.cells[at];
    const change = session.set(cell.path, value, how);
    cell.value = value;
    showCell(cell, person.name, at);
    if (!shape.days) refresh(person, at);
    showTotal(person);
    showColumn(at);
    page.apply(change);
  }

  /** Other cells of a line may have come, gone or been computed. @param {Line} person @param {number} but */
  function refresh(person, but) {
    person.cells.forEach((cell, at) => {
      if (at === but) return;
      const { value } = session.view(cell.path);
      const isOther = value !== cell.value;
      cell.value = value;
      showCell(cell, person.name, at);
      if (isOther) showColumn(at);
    });
  }

  /** @param {Line} person @param {number} at */
  function tap(person, at) {
    const { cycle, value } = person.cells[at];
    const names = ["", ...(cycle ?? []).map(({ name }) => name)];
    answer(person, at, names[(names.indexOf(value) + 1) % names.length]);
  }

  /** What is wrong with a cell that was typed in, said under the table. @param {Line} person @param {number} at */
  function judge(person, at) {
    const cell = person.cells[at];
    const problem = session.form.check(cell.path);
    const isWrong = problem !== null && problem.kind !== "required";
    cell.element.classList.toggle("wrong", isWrong);
    cell.element.setAttribute("aria-invalid", String(isWrong));
    const warning = session.form.warning(cell.path);
    showCell(cell, person.name, at);
    const reading = isMoney(cell.node) ? readAmount(cell.value) : "";
    render(isWrong || warning || reading ? html`<p class=${isWrong ? "q-error" : warning ? "q-outside q-warn" : "q-reading"} role=${isWrong || warning ? "alert" : "status"}><span><bdi>${person.name}</bdi> · ${columnName(cell, at)}: ${isWrong ? page.problem(cell, problem, second) : html`${warning || reading}${warning && page.second(cell.path, cell.node.expect_message, second)}`}</span></p>` : nothing, said);
  }

  /** Everybody still blank that day was there: the usual case in one tap. @param {number} at */
  function fillColumn(at) {
    const blank = people.filter((person) => person.cells[at]?.value === "" && (shape.days || !/** @type {HTMLButtonElement} */ (person.cells[at].element).disabled));
    if (!blank.length) return;
    const set = (/** @type {string} */ value) => blank.forEach((person) => answer(person, at, value));
    set(blank[0].cells[at].cycle?.[0].name ?? "");
    page.toast(shape.days ? n("{n} person marked present", "{n} people marked present", blank.length) : n("{n} line filled", "{n} lines filled", blank.length), t("Undo"), () => set(""));
  }

  /** @param {string} row @returns {Cell[]} */
  function cellsOf(row) {
    const paths = shape.days ? session.form.rows(`${row}/${shape.days.name}`).map((day) => `${day.path}/${shape.asked[0].name}`) : shape.asked.map(({ name }) => `${row}/${name}`);
    return paths.map((path) => {
      const { node, value } = session.view(path);
      const cycle = cycleOf(session.pkg, node);
      const element = document.createElement(cycle ? "button" : "input");
      return { path, node, element, value, cycle };
    });
  }

  /** @param {Cell} cell @param {Line} person @param {number} at */
  function listen({ element, node, cycle }, person, at) {
    if (cycle) {
      /** @type {HTMLButtonElement} */ (element).type = "button";
      element.onclick = () => tap(person, at);
      return;
    }
    const input = /** @type {HTMLInputElement} */ (element);
    const isNumber = node.type === "integer" || node.type === "decimal";
    input.className = `input in-cell ${node.type}`;
    if (node.type === "date") input.type = "date";
    if (isNumber) input.inputMode = node.type === "integer" ? "numeric" : "decimal";
    input.dir = node.type === "text" ? "auto" : "ltr";
    input.autocomplete = "off";
    const read = (/** @type {string} */ typed) => (isNumber ? (node.type === "integer" ? parseInteger : parseNumber)(typed) ?? typed.trim() : typed);
    input.oninput = () => answer(person, at, read(input.value), { typing: true });
    input.onblur = () => judge(person, at);
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
      open.dataset.row = row.path;
      const number = document.createElement("bdi");
      number.textContent = String(index + 1);
      const text = document.createElement("span");
      text.textContent = page.remarksUnder(row.path) ? `${name} · ${t("Remark")}` : name;
      open.append(number, text);
      open.onclick = () => page.openRow(row.path);
      cell.append(open);
      line.append(cell);
      const last = document.createElement("td");
      last.className = "total";
      const total = document.createElement("div");
      total.className = "sum";
      last.append(total);
      /** @type {Line} */
      const person = { path: row.path, uid: row.uid, name, cells: cellsOf(row.path), total, head: open };
      person.cells.forEach((one, at) => {
        const holder = document.createElement("td");
        if (!one.cycle) holder.className = "typed";
        listen(one, person, at);
        showCell(one, name, at);
        holder.append(one.element);
        line.append(holder);
      });
      showTotal(person);
      if (sort) line.append(last);
      body.append(line);
      return person;
    });
    const count = Math.max(0, ...people.map((person) => person.cells.length));
    table.append(header(count), body, footer(count));
    scroller.replaceChildren(...(people.length ? [table] : []));
    dayTotals.forEach((_, at) => showColumn(at));
    markIncomplete();
  }

  /** @param {number} count */
  function header(count) {
    const part = document.createElement("thead");
    part.onclick = ({ target }) => /** @type {Element} */ (target).closest("button") || turn();
    const line = document.createElement("tr");
    const corner = document.createElement("th");
    corner.textContent = shape.days ? n("{n} person", "{n} people", people.length) : n("{n} line", "{n} lines", people.length);
    line.append(corner);
    for (let at = 0; at < count; at++) {
      const cell = document.createElement("th");
      cell.scope = "col";
      if (!cycleOf(session.pkg, shape.asked[shape.days ? 0 : at])) cell.className = "typed";
      const node = shape.asked[shape.days ? 0 : at];
      const cycle = cycleOf(session.pkg, node);
      const button = document.createElement(cycle ? "button" : "span");
      button.className = "day";
      const name = document.createElement("span");
      if (shape.days) name.textContent = t("D{number}", { number: at + 1 });
      else render(html`${label(node.label)}${inOther(node.label)}`, name);
      button.append(name);
      if (cycle) {
        /** @type {HTMLButtonElement} */ (button).type = "button";
        button.onclick = () => fillColumn(at);
        const does = document.createElement("span");
        does.className = "for-readers";
        does.textContent = shape.days ? t("Day {number}: mark everybody still blank as present", { number: at + 1 })
          : t("{question}: fill what is still blank with {choice}", { question: label(node.label), choice: label(cycle[0].label) });
        name.setAttribute("aria-hidden", "true");
        button.append(does);
      }
      cell.append(button);
      line.append(cell);
    }
    if (sort) {
      const total = document.createElement("th");
      total.textContent = shape.days ? t("Days") : t("Total");
      line.append(total);
    }
    part.append(line);
    return part;
  }

  /** @param {number} count */
  function footer(count) {
    const part = document.createElement("tfoot");
    const line = document.createElement("tr");
    const title = document.createElement("th");
    title.scope = "row";
    title.textContent = shape.days ? t("There that day") : t("Total");
    line.append(title);
    dayTotals = Array.from({ length: count }, () => {
      const cell = document.createElement("td");
      const sum = document.createElement("div");
      sum.className = "sum";
      cell.append(sum);
      line.append(cell);
      return sum;
    });
    if (sort) line.append(document.createElement("td"));
    part.append(line);
    return part;
  }

  /** @param {{path: string}} row @param {number} index */
  function nameOf(row, index) {
    const held = shape.name ? session.view(`${row.path}/${shape.name.name}`) : null;
    const picked = shape.person ? session.view(`${row.path}/${shape.person.name}`) : null;
    const chosen = picked?.relevant && picked.value ? plain(session.form.choices(picked.path).find(({ value }) => value === picked.value)?.label) : "";
    return (held?.relevant && held.value) || chosen || (shape.days ? t("Person {number}", { number: index + 1 }) : t("Line {number}", { number: index + 1 }));
  }

  /** Whose page still lacks something: found after the grid is painted, it is not needed to tap. */
  function markIncomplete() {
    const drawn = people;
    page.afterPaint(() => {
      if (drawn !== people) return;
      const days = shape.days ? `/${shape.days.name}[` : "\n";
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
    const isThere = name && people.some((person) => person.name === name);
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
    const next = foot.querySelector("input") ?? people.find((person) => person.path === row)?.cells[0]?.element;
    next?.focus();
    if (isThere) page.toast(t("{name} stands in the list twice now.", { name }), t("Undo"), () => page.apply(session.removeRow(row)));
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
      choices: byName(session.pkg, shape.person, [...session.form.choices(at)]),
      where: whereIn(session),
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
      ${[...new Set(shape.asked.map((node) => cycleOf(session.pkg, node)))].map((cycle) => (cycle ? html`<ul class="legend" @click=${turn}>${cycle.map((status, index) => html`<li><span class="cell c${Math.min(index + 1, 4)}" aria-hidden="true">${sign(status)}</span> ${label(status.label)} ${inOther(status.label)}</li>`)}<li class="todo">${t("to complete")}</li></ul>` : nothing))}
      ${people.length && !people.some((person) => person.cells.length)
        ? html`<p class="q-note">${t("No column yet: the number comes from an earlier answer that is still blank.")}</p>` : nothing}
      ${people.length ? nothing : html`<p class="q-note">${shape.days ? t("Nobody yet. Add the first person below; each line has one cell a day.") : t("Nothing here yet.")}</p>`}`, head);
    if (!form.canAdd(path)) {
      render(nothing, foot);
      return;
    }
    const named = shape.gates.every((gate) => asked[gate.name] !== "no");
    if (!shape.name && !shape.gates.length && !shape.days) {
      render(html`<div class="buttons">${shape.person ? html`<button type="button" class="btn add" @click=${fromList}>${t("From the list")}</button>` : nothing}
        <button type="button" class="btn add" @click=${() => add("")}>${t("Add a line")}</button></div>`, foot);
      return;
    }
    render(html`<form class="quick-add" @submit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      add(typed.trim());
    }}>
      <h3>${shape.days ? t("Add a person") : t("Add a line")}</h3>
      ${shape.gates.map((gate) => html`<fieldset><legend>${label(gate.label)}${inOther(gate.label)}</legend><div class="options pair">
        ${session.pkg.lists[gate.choices.list].map((/** @type {any} */ item) => html`<label class=${asked[gate.name] === item.name ? "option on" : "option"}>
          <input type="radio" name="quick-${gate.name}" .checked=${asked[gate.name] === item.name} @change=${() => {
            asked[gate.name] = item.name;
            problem = "";
            frame();
          }} /><span class="mark" aria-hidden="true"></span><span>${label(item.label)}${inOther(item.label)}</span></label>`)}</div></fieldset>`)}
      ${problem ? html`<p class="q-error" role="alert">${problem}</p>` : nothing}
      <div class="quick-line">
        ${shape.name && named
          ? html`<input class="input" dir="auto" autocomplete="off" enterkeyhint="done" aria-label=${label(shape.name.label)} placeholder=${label(shape.name.label)} .value=${live(typed)}
              @input=${(/** @type {any} */ event) => {
                typed = event.target.value;
              }} />` : html`<p class="q-note">${t("Counted without a name.")}</p>`}
        <button type="submit" class="go">${t("Add")}</button>
      </div>
      ${shape.person && named ? html`<button type="button" class="btn plain" @click=${fromList}>${session.pkg.datasets?.[shape.person.choices.list]?.kind === "entities" ? t("From the register") : t("From the list")}</button>` : nothing}
    </form>`, foot);
  }

  function update() {
    if (isAdding) return;
    element.hidden = !session.view(path).relevant;
    element.classList.toggle("judged", page.showsProblems());
    draw();
    frame();
  }

  /** Rows that came or went are drawn anew; else nothing moves under the finger that types. */
  function structure() {
    const rows = session.form.rows(path);
    const isSame = rows.length === people.length && rows.every((row, i) => row.path === people[i].path && row.uid === people[i].uid)
      && (!shape.days || people.every((person) => session.form.rows(`${person.path}/${shape.days.name}`).length === person.cells.length));
    if (!isSame || shape.days) update();
    else for (const person of people) refresh(person, -1);
  }

  update();
  return {
    path, element, structure,
    // Cells show themselves at the tap; only rows coming and going draw the table anew.
    update() {
      element.classList.toggle("judged", page.showsProblems());
    },
    dispose() {
      render(nothing, head);
      render(nothing, foot);
      render(nothing, said);
    },
  };
}
