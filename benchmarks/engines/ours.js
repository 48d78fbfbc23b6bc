/**
 * The same pictures from static/js/engine: what stands at every node after every step. compare.py runs it in QuickJS.
 */
import { createForm } from "../../static/js/engine/form.js";
import { addRareFunctions } from "../../static/js/engine/xpath/rare.js";

addRareFunctions();

/** @param {string} json {package, datasets, now, offset, language, steps} @returns {string} */
export function fill(json) {
  const { package: pkg, datasets, now, offset, language, steps } = JSON.parse(json);
  let count = 0;
  /** @type {string[]} */
  const errors = [];
  const form = createForm(pkg, {
    datasets,
    now: () => now,
    offset: () => offset,
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String((count += 1)).padStart(12, "0")}`,
    meta: { deviceid: "phone-1", username: "amina" },
    language,
    onError: (error, text) => errors.push(`${error} in ${text}`),
  });
  const below = pkg.nodes.map((/** @type {any} */ node) => pkg.nodes.filter((/** @type {any} */ one) => one.parent === node.i));

  /** @param {number} index @param {string} above @param {Record<string, any>} found */
  const walk = (index, above, found) => {
    for (const node of below[index]) {
      if (index === 0 && node.name === "meta") continue;
      const path = `${above}${node.name}`;
      const places = node.kind === "repeat" ? form.rows(path).map((row) => row.path) : [path];
      for (const place of places) {
        const view = /** @type {any} */ (form.view(place));
        /** @type {Record<string, any>} */
        const one = { relevant: view.relevant };
        if (node.kind === "group" || node.kind === "repeat") {
          found[place] = one;
          walk(node.i, `${place}/`, found);
          continue;
        }
        if (view.relevant) {
          one.value = view.value;
          if (node.kind === "question") {
            Object.assign(one, { required: view.required, readonly: view.readonly, label: view.label, hint: view.hint });
            one.fault = form.check(place)?.kind ?? null;
            if (node.choices) one.choices = form.choices(place).map((choice) => [choice.value, choice.label]);
          }
        }
        found[place] = one;
      }
    }
    return found;
  };

  const pictures = [walk(0, "", {})];
  for (const [what, path, value] of steps) {
    try {
      if (what === "language") form.setLanguage(path);
      else if (what === "rows") {
        while (form.rows(path).length < value) form.addRow(path);
        while (form.rows(path).length > value) form.removeRow(`${path}[${form.rows(path).length}]`);
      } else if (what === "add") form.addRow(path);
      else if (what === "remove") form.removeRow(path);
      else form.set(path, value);
      pictures.push(walk(0, "", {}));
    } catch (error) {
      pictures.push({ error: `${what} ${path}: ${error}` });
    }
  }
  return JSON.stringify({ pictures, errors });
}
