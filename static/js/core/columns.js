/** Packages as they travel: lists of objects as columns (app/instruments/columns.py; docs/package.md, "On the way"). */

/** The value as it was. @param {any} value @returns {any} */
export function outOfColumns(value) {
  if (Array.isArray(value)) return value.map(outOfColumns);
  if (typeof value !== "object" || value === null) return value;
  if ("" in value) {
    const { "": count, ...columns } = value;
    return cellsOf(columns, count);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, outOfColumns(one)]));
}

/** What each row has in a column; a hole or undefined where it has nothing. @param {any} column @param {number} count @returns {any[]} */
function cellsOf(column, count) {
  if (Array.isArray(column)) return column.map((cell) => (cell === null ? undefined : outOfColumns(cell)));
  let sum = 0;
  if ("+" in column) return column["+"].map((/** @type {number | null} */ step) => (step === null ? undefined : (sum += step)));
  const rows = Array(count);
  for (const [name, inner] of Object.entries(column)) {
    cellsOf(inner, count).forEach((cell, i) => {
      if (cell !== undefined) (rows[i] ??= {})[name] = cell;
    });
  }
  return rows;
}

/** JSON as the server writes it to hash it: names in their order, no spaces. @param {any} value @returns {string} */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  // 1e-9 is 1e-09 there.
  if (typeof value === "number") return String(value).replace(/e-(\d)$/, "e-0$1");
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)}}`;
}
