/**
 * Where a person works, in the questions that say where something is (`ci:place`). HCP codes: "03", "03.131", "03.131.05.01".
 * No territory means everywhere.
 */

/** @typedef {import("../engine/form.js").Form} Form */

const LEVELS = ["region", "province"];

/** @param {any} person @param {string} programmeId @returns {string[]} */
export function territoriesOf(person, programmeId) {
  const programme = person?.programmes?.find((/** @type {any} */ one) => one.id === programmeId);
  return (programme?.territories ?? []).map((/** @type {string} */ code) => code.replace(/\.$/, ""));
}

/** The region or province that all the territories share, "" when they do not. @param {string[]} territories @param {number} level */
function shared(territories, level) {
  const codes = new Set(territories.map((code) => code.split(".").slice(0, level + 1).join(".")));
  const [code = ""] = codes;
  return codes.size === 1 && code.split(".").length === level + 1 ? code : "";
}

/** Region and province of a new form, where nothing else has said them. @param {any} pkg @param {Form} form @param {string[]} territories */
export function prefillPlaces(pkg, form, territories) {
  LEVELS.forEach((level, index) => {
    const code = shared(territories, index);
    if (!code) return;
    for (const node of pkg.nodes) {
      if (node.attributes?.place !== level || node.kind !== "question") continue;
      const names = [];
      let at = node;
      for (; at.i && at.kind !== "repeat"; at = pkg.nodes[at.parent]) names.unshift(at.name);
      if (at.i) continue;
      const path = names.join("/");
      const view = form.view(path);
      if (view?.relevant && !view.readonly && view.value === "" && form.choices(path).some(({ value }) => value === code)) form.set(path, code);
    }
  });
}

/** Whether a place lies in none of the territories and holds none of them. @param {string} value  of one choice, or several @param {string[]} territories */
export function isOutside(value, territories) {
  if (!territories.length) return false;
  return value.split(" ").filter(Boolean).some((code) => !territories.some((one) => `${code}.`.startsWith(`${one}.`) || `${one}.`.startsWith(`${code}.`)));
}
