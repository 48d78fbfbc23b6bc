/**
 * Rows nobody has written in. A repeat opens with one (pyxform's rule): it is an invitation, not something to complete, so its
 * required questions do not count and it does not go with the finished form. Where rows are cards or lines of a table it is taken out
 * at once, so that what counts rows says what the page shows; the other one goes before the last page is shown.
 */

/** Rows with at most that many questions are answered in place. */
const SHORT = 3;
const UNASKED = new Set(["note", "hidden"]);

/** @typedef {import("../engine/form.js").Form} Form */

/** @param {any} pkg @param {any} node @returns {any[]} what its rows draw */
export function drawnChildren(pkg, node) {
  return pkg.nodes.filter((/** @type {any} */ one) => one.parent === node.i && one.kind !== "value");
}

/** Whether the rows of a repeat stand open one below the other. @param {any} pkg @param {any} node */
export function standsOpen(pkg, node) {
  const children = drawnChildren(pkg, node);
  return children.length <= SHORT && children.every(({ kind }) => kind === "question") && !/\bgrid\b/.test(node.appearance ?? "");
}

/** Repeats, and groups that have some, by what they stand in. @type {WeakMap<any, Map<number, any[]>>} */
const known = new WeakMap();

/** @param {any} pkg @returns {Map<number, any[]>} */
function withRepeats(pkg) {
  let found = known.get(pkg);
  if (!found) {
    found = new Map();
    // What stands in a node comes after it.
    for (const node of [...pkg.nodes].reverse()) {
      if (node.parent === undefined || (node.kind !== "repeat" && !found.has(node.i))) continue;
      found.set(node.parent, [node, ...(found.get(node.parent) ?? [])]);
    }
    known.set(pkg, found);
  }
  return found;
}

/** @param {any} pkg @param {any} node  its closest repeats below, each with the names that lead there @returns {{node: any, names: string}[]} */
function repeatsBelow(pkg, node) {
  return (withRepeats(pkg).get(node.i) ?? []).flatMap((/** @type {any} */ one) => {
    if (one.kind === "repeat") return [{ node: one, names: one.name }];
    if (one.kind !== "group") return [];
    return repeatsBelow(pkg, one).map((below) => ({ node: below.node, names: `${one.name}/${below.names}` }));
  });
}

/**
 * Paths of the rows that may go: outermost ones only, in document order.
 * @param {any} pkg @param {Form} form @param {() => Form} pristine  the form as it opens, for defaults that are computed
 * @returns {string[]}
 */
export function untouchedRows(pkg, form, pristine) {
  /** @type {string[]} */
  const found = [];
  /** @param {any} node @param {string} above  path with its "/" */
  function look(node, above) {
    for (const { node: list, names } of repeatsBelow(pkg, node)) {
      if (!form.view(above + names)?.relevant) continue;
      for (const row of form.rows(above + names)) {
        if (list.repeat_count === undefined && isUntouched(form, row.path, pristine)) found.push(row.path);
        else look(list, `${row.path}/`);
      }
    }
  }
  look(pkg.nodes[0], "");
  return found;
}

/** @param {Form} form @param {string} path of a row or a group @param {() => Form} pristine @returns {boolean} */
function isUntouched(form, path, pristine) {
  return form.children(path).every((child) => {
    const view = form.view(child);
    if (!view) return true;
    const { node, value, readonly } = view;
    if (node.kind === "repeat") return form.rows(child).every((row) => isUntouched(form, row.path, pristine));
    if (node.kind === "group") return isUntouched(form, child, pristine);
    if (UNASKED.has(node.type) || value === "" || value === node.default) return true;
    // What the form computed by itself, nobody has said.
    if (readonly && node.first_load === undefined) return true;
    return node.first_load !== undefined && value === pristine().view(child.replace(/\[\d+\]/g, "[1]"))?.value;
  });
}
