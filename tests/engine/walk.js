/**
 * Fills a form at random and says where what the engine kept in step differs from what a form made anew computes.
 *
 * @typedef {import("../../static/js/engine/types.js").Package} Package
 */
import { createForm } from "../../static/js/engine/form.js";
import { recompute } from "../../static/js/engine/recompute.js";

/** @param {number} seed */
function chance(seed) {
  let state = (seed % 2147483646) + 1;
  return (/** @type {number} */ below) => {
    state = (state * 16807) % 2147483647;
    return state % below;
  };
}

const NOW = Date.UTC(2026, 10, 21, 13);

/** @param {Package} pkg @param {Record<string, any>} [saved] @param {string[]} [errors] */
function open(pkg, saved, errors = []) {
  return createForm(pkg, {
    datasets: {},
    now: () => NOW,
    offset: () => 60,
    random: () => 0.5,
    uuid: () => "00000000-0000-4000-8000-000000000001",
    saved,
    onError: (error, text) => errors.push(`${error} in ${text}`),
  });
}

/** All that a page could show. @param {ReturnType<typeof open>} form */
function shown(form) {
  /** @type {unknown[]} */
  const found = [];
  const visit = (/** @type {string} */ path) => {
    const view = form.view(path);
    if (!view) return;
    const { uid, node, ...rest } = view;
    found.push({ ...rest, check: form.check(path), choices: form.choices(path).map((choice) => choice.value) });
    if (node.kind === "repeat" && !path.endsWith("]")) form.rows(path).forEach((row) => visit(row.path));
    else form.children(path).forEach(visit);
  };
  form.children("").forEach(visit);
  const problems = form.problems().map(({ uid, ...rest }) => rest);
  return JSON.stringify({ found, problems, sections: form.sections(), answers: form.answers() });
}

/** Every path that is there. @param {ReturnType<typeof open>} form @param {string} path @param {{questions: string[], repeats: string[], rows: string[]}} into */
function paths(form, path, into) {
  for (const child of form.children(path)) {
    const kind = form.view(child)?.node.kind;
    if (kind === "question") into.questions.push(child);
    else if (kind === "repeat") {
      into.repeats.push(child);
      for (const row of form.rows(child)) {
        into.rows.push(row.path);
        paths(form, row.path, into);
      }
    } else paths(form, child, into);
  }
  return into;
}

/** A number that two texts hardly share. @param {string} text @param {number} from */
function mark(text, from) {
  let sum = from;
  for (let i = 0; i < text.length; i += 1) sum = (sum * 31 + text.charCodeAt(i)) % 2147483647;
  return sum;
}

/** @param {string} json {package, seed, steps} @returns {string} JSON: what differed in words, the steps, a mark of all that was shown */
export function walk(json) {
  const { package: pkg, seed, steps } = JSON.parse(json);
  const pick = chance(seed);
  /** @type {string[]} */
  const wrong = [];
  /** @type {string[]} */
  const errors = [];
  const form = open(pkg, undefined, errors);
  /** @type {string[]} */
  const done = [];
  /** @type {import("../../static/js/engine/form.js").Undo | null} */
  let undo = null;
  let before = shown(form);
  let trace = mark(before, 7);
  for (let step = 0; step < steps && !wrong.length; step += 1) {
    const { questions, repeats, rows } = paths(form, "", { questions: [], repeats: [], rows: [] });
    const free = repeats.filter((path) => form.canAdd(path));
    const loose = rows.filter((path) => form.canRemove(path));
    const what = pick(10);
    if (what === 0 && free.length) {
      const path = free[pick(free.length)];
      const at = 1 + pick(3);
      done.push(`add ${path} ${at}`);
      form.addRow(path, at);
    } else if (what === 1 && loose.length) {
      const path = loose[pick(loose.length)];
      done.push(`remove ${path}`);
      undo = form.removeRow(path).undo ?? null;
    } else if (what === 2 && undo) {
      done.push("undo");
      form.restoreRow(undo);
      undo = null;
    } else if (what === 3) {
      const at = 1 + pick(pkg.languages.length);
      done.push(`speak ${pkg.languages[at - 1]}`);
      form.setLanguage(pkg.languages[at - 1]);
    } else if (questions.length) {
      const path = questions[pick(pick(2) ? questions.length : Math.min(3, questions.length))];
      const value = ["", "0", "1", "2", "3", "5", "a", "a b"][pick(8)];
      done.push(`set ${path} ${value}`);
      const change = form.set(path, value);
      const after = shown(form);
      if (after !== before && !change.paths.size) wrong.push(`said nothing changed: ${done.join(", ")}`);
    }
    before = shown(form);
    trace = mark(before, trace);
    const anew = shown(open(pkg, JSON.parse(JSON.stringify(form.snapshot()))));
    if (anew !== before) wrong.push(`differs after ${done.join(", ")}\nkept ${before}\nanew ${anew}`);
  }
  const { differences } = recompute(pkg, form.answers(), { now: NOW, offset: 60 });
  if (differences.length) wrong.push(`the server differs after ${done.join(", ")}: ${JSON.stringify(differences)}`);
  if (errors.length) wrong.push(errors[0]);
  return JSON.stringify({ wrong, done, trace });
}
