/** Fills a form, moves it from version to version as form/newer.js does, and says what is where. */
import { createForm } from "../../static/js/engine/form.js";
import { moveAnswers, rowNames } from "../../static/js/form/move.js";
import { addRareFunctions } from "../../static/js/engine/xpath/rare.js";

addRareFunctions();

let made = 0;
/** @param {any} pkg @param {any} [saved] @param {any} [values] */
const open = (pkg, saved, values) =>
  createForm(pkg, { datasets: {}, now: () => Date.UTC(2026, 10, 21, 13) + 60_000 * made, offset: () => 60, random: () => 0.5, uuid: () => `made-${(made += 1)}`, saved, values });

/** @param {string} json {packages, values, steps: [path, value] | "+repeat" | "-row" | version} @returns {string} made, moment: what the first version worked out */
export function run(json) {
  const { packages, values, steps } = JSON.parse(json);
  let at = 0;
  let form = open(packages[0], null, values);
  /** @type {any[]} */
  let aside = [];
  let kept = 0;
  let first;
  for (const step of steps) {
    if (Array.isArray(step)) form.set(step[0], step[1]);
    else if (step[0] === "+") form.addRow(step.slice(1));
    else if (step[0] === "-") form.removeRow(step.slice(1));
    else {
      first ??= form.answers();
      const old = form;
      const names = rowNames(old);
      const describe = (/** @type {any[]} */ given) => given.map(({ question }) => {
        const [, repeat, number] = /^(.*)\[(\d+)\]/.exec(question) ?? [];
        return { label: {}, said: {}, relevant: old.view(question)?.relevant ?? false, row: repeat ? names(repeat)[number - 1] ?? "" : "" };
      });
      const from = { pkg: packages[at], sha256: String(at), snapshot: old.snapshot(), describe, names };
      const moved = moveAnswers(from, { pkg: packages[step], snapshot: open(packages[step]).snapshot() }, aside);
      at = step;
      form = open(packages[at], JSON.parse(JSON.stringify(moved.snapshot)));
      const hidden = moved.settle(rowNames(form), (path) => Boolean(form.view(path)?.relevant));
      aside = [...moved.aside, ...hidden];
      kept = moved.kept - hidden.length;
    }
  }
  return JSON.stringify({ answers: form.answers(), snapshot: form.snapshot(), aside, kept, made: first?.id, moment: first?.at });
}
