/**
 * A draft moves to another version of its form: each answer goes to the question of the same name and type, wherever that stands
 * now, in the same rows. What has no place is kept aside, with its words; a later move, back or on, puts it in its place again.
 *
 * @typedef {object} Aside  an answer without a place in the version the draft is in
 * @property {string} question  its path in the version it was given in
 * @property {string} type
 * @property {string} value
 * @property {string} form_version
 * @property {string} form_sha256
 * @property {Record<string, string>} label  by language
 * @property {Record<string, string>} said  the answer in words, by language
 * @property {string} row  the name of the row it stood in, "" outside rows
 * @property {boolean} relevant  it would have been sent
 *
 * @typedef {(path: string, value: string) => Pick<Aside, "label" | "said" | "row" | "relevant">} Describe
 * @typedef {{pkg: any, sha256: string, snapshot: Record<string, any>, describe: Describe}} From
 * @typedef {{pkg: any, snapshot: Record<string, any>}} To  snapshot: of a new form, with its defaults
 * @typedef {{snapshot: Record<string, any>, aside: Aside[], kept: number, paths: Map<string, string>}} Moved  kept: answers that found their place; paths: old -> new
 */

const NUMBERS = /^(integer|decimal|range)$/;
const SELECTS = /^select_(one|multiple)$/;
const CHOSEN = /^(select_|rank)/;

/** @param {any} pkg @param {any} node @returns {any[]} the repeats a node stands in, outermost first */
function repeatsAround(pkg, node) {
  const found = [];
  for (let at = node.i ? pkg.nodes[node.parent] : null; at?.i; at = pkg.nodes[at.parent]) if (at.kind === "repeat") found.unshift(at);
  return found;
}

/** Nodes by their repeats and name: `part/att|status`. */
class Index {
  /** @param {any} pkg */
  constructor(pkg) {
    this.pkg = pkg;
    /** @type {Map<string, any[]>} */
    this.byKey = new Map();
    for (const node of pkg.nodes) {
      if (!node.i || node.kind === "group") continue;
      const key = `${repeatsAround(pkg, node).map(({ name }) => name).join("/")}|${node.name}`;
      this.byKey.set(key, [...(this.byKey.get(key) ?? []), node]);
    }
  }

  /** Names of the groups from the closest repeat, or the root, down to a node. @param {any} node @returns {string[]} */
  groups(node) {
    const names = [];
    for (let at = this.pkg.nodes[node.parent]; at.i && at.kind !== "repeat"; at = this.pkg.nodes[at.parent]) names.unshift(at.name);
    return names;
  }

  /** The node that a name means: the one at the same place, else the only one. @param {string} chain @param {string} name @param {string} groups */
  find(chain, name, groups) {
    const found = this.byKey.get(`${chain}|${name}`) ?? [];
    return found.find((node) => this.groups(node).join("/") === groups) ?? (found.length === 1 ? found[0] : null);
  }
}

/** @param {any} pkg @param {any} node @param {string} value @returns {[string, string]} what of a value a question takes, and what not */
function taken(pkg, node, value) {
  const items = CHOSEN.test(node.type) && pkg.lists?.[node.choices?.list];
  if (!items) return [value, ""];
  const known = new Set(items.map((/** @type {any} */ item) => item.name));
  const codes = node.type === "select_one" ? [value] : value.split(" ");
  return [codes.filter((code) => known.has(code)).join(" "), codes.filter((code) => !known.has(code)).join(" ")];
}

/** Whether a question takes an answer of another type as it is. @param {any} node of the new version @param {string} type of the answer @param {string} value */
function fits(node, type, value) {
  if (node.kind !== "question" || node.calculation !== undefined) return false;
  if (node.type === type) return true;
  if (NUMBERS.test(type) && NUMBERS.test(node.type)) return node.type !== "integer" || /^-?\d*$/.test(value);
  return SELECTS.test(type) && SELECTS.test(node.type) && (node.type !== "select_one" || !value.includes(" "));
}

/** The object that holds a node's groups, made where it is missing. @param {Record<string, any>} from @param {string[]} groups */
function inside(from, groups) {
  return groups.reduce((at, name) => (at[name] ??= {}), from);
}

/** @param {From} from @param {To} to @param {Aside[]} [before] what earlier moves kept aside @returns {Moved} */
export function moveAnswers(from, to, before = []) {
  const index = new Index(to.pkg);
  const older = new Index(from.pkg);
  const snapshot = { ...structuredClone(to.snapshot), "@form": { id: to.pkg.form_id, version: to.pkg.version, language: from.snapshot["@form"]?.language } };
  /** @type {Aside[]} */
  const aside = [];
  /** @type {Map<string, string>} */
  const paths = new Map();
  let kept = 0;
  /** Names of questions that have been answered, by the group or row they stand in. @type {Map<Record<string, any>, Set<string>>} */
  const given = new Map();
  /** What a new row starts with, by chain of repeats. @type {Map<string, Record<string, any>>} */
  const fresh = new Map();

  /** @param {any} node @param {string} path @param {string} value */
  function keepAside(node, path, value) {
    // What the form began with, nobody has said.
    if (node.kind !== "question" || node.type === "note" || value === "" || value === node.default) return;
    aside.push({ question: path, type: node.type, value, form_version: from.pkg.version, form_sha256: from.sha256, ...from.describe(path, value) });
  }

  /**
   * @param {Record<string, any>} saved  a group or row of the old version @param {any} group its node @param {string} path with its "/"
   * @param {string[]} chain  names of the repeats around @param {string[]} groups  names since the closest @param {Record<string, any> | null} target  row of the new version, null where its repeat is gone
   */
  function move(saved, group, path, chain, groups, target) {
    for (const node of from.pkg.nodes) {
      if (node.parent !== group.i || !node.i) continue;
      const value = saved[node.name];
      if (node.kind === "group") move(value ?? {}, node, `${path}${node.name}/`, chain, [...groups, node.name], target);
      else if (node.kind === "repeat") moveRows(saved, node, path + node.name, chain, groups, target);
      else place(node, path + node.name, String(value ?? ""), chain, groups, target);
    }
    const ids = saved["@entities"];
    if (ids && target) Object.assign((inside(target, groups)["@entities"] ??= {}), ids);
  }

  /** @param {any} node @param {string} path @param {string} value @param {string[]} chain @param {string[]} groups @param {Record<string, any> | null} target */
  function place(node, path, value, chain, groups, target) {
    const home = target && index.find(chain.join("/"), node.name, groups.join("/"));
    const isValue = node.kind === "value";
    const goes = home && (isValue ? home.kind === "value" && home.calculation === undefined && home.type === node.type : fits(home, node.type, value));
    if (!home || !goes || !target) {
      keepAside(node, path, value);
      return;
    }
    const [mine, left] = taken(to.pkg, home, value);
    const at = inside(target, index.groups(home));
    // What was cleared stays so, whatever the new form starts with.
    if (mine === "") delete at[home.name];
    else at[home.name] = mine;
    if (!isValue && mine !== "") {
      kept += 1;
      given.set(at, (given.get(at) ?? new Set()).add(home.name));
    }
    paths.set(path, pathIn(home, path));
    if (left) keepAside(node, path, left);
  }

  /** @param {any} home @param {string} path of the old version: its row numbers stay @returns {string} */
  function pathIn(home, path) {
    const numbers = [...path.matchAll(/\[(\d+)\]/g)].map((match) => match[0]);
    const names = [];
    for (let at = home; at.i; at = to.pkg.nodes[at.parent]) names.unshift(at.kind === "repeat" ? at.name + (numbers.pop() ?? "") : at.name);
    return names.join("/");
  }

  /** @param {Record<string, any>} saved @param {any} node @param {string} path @param {string[]} chain @param {string[]} groups @param {Record<string, any> | null} target */
  function moveRows(saved, node, path, chain, groups, target) {
    const found = target && index.find(chain.join("/"), node.name, groups.join("/"));
    const home = found?.kind === "repeat" ? found : null;
    const inner = [...chain, node.name];
    const box = home && target ? inside(target, index.groups(home)) : null;
    const model = fresh.get(inner.join("/")) ?? box?.[node.name]?.[0] ?? {};
    fresh.set(inner.join("/"), model);
    const rows = saved[node.name] ?? [];
    const parked = saved["@parked"]?.[node.name] ?? [];
    const moved = [...rows, ...parked].map((row, at) => {
      const next = box ? structuredClone(model) : null;
      move(row, node, `${path}[${at + 1}]/`, inner, [], next);
      return next;
    });
    if (!box) return;
    box[node.name] = moved.slice(0, rows.length);
    if (parked.length) (box["@parked"] ??= {})[node.name] = moved.slice(rows.length);
  }

  move(from.snapshot, from.pkg.nodes[0], "", [], [], snapshot);
  const stays = before.filter((one) => !putBack(one));
  return { snapshot, aside: [...stays, ...aside], kept, paths };

  /** Puts what was aside into its place, if that is there, not answered since, and in the same row. @param {Aside} one @returns {boolean} */
  function putBack(one) {
    const parts = one.question.split("/");
    const rows = parts.filter((part) => part.includes("[")).map((part) => ({ name: part.replace(/\[.*/, ""), number: Number(part.replace(/.*\[|\]/g, "")) }));
    const groups = parts.slice(parts.findLastIndex((part) => part.includes("[")) + 1, -1).join("/");
    const home = index.find(rows.map(({ name }) => name).join("/"), parts[parts.length - 1], groups);
    if (!home || !fits(home, one.type, one.value)) return false;
    const [mine, left] = taken(to.pkg, home, one.value);
    if (left) return false;
    /** @type {Record<string, any>} */
    let at = snapshot;
    let here = "";
    for (const [depth, repeat] of repeatsAround(to.pkg, home).entries()) {
      const { name } = rows[depth];
      let { number } = rows[depth];
      const box = inside(at, index.groups(repeat));
      const list = (box[name] ??= []);
      const known = older.byKey.get(`${rows.slice(0, depth).map((row) => row.name).join("/")}|${name}`)?.find(({ kind }) => kind === "repeat");
      // The repeat itself was gone: its rows come back with what stood in them.
      while (!known && list.length < number) list.push({});
      const above = `${here && `${here}/`}${[...(known ? older.groups(known) : []), name].join("/")}`;
      if (known) {
        // A row is known by its name: others may have gone or come before it.
        const same = list.map((/** @type {unknown} */ _, /** @type {number} */ i) => i + 1).filter((/** @type {number} */ i) => from.describe(`${above}[${i}]`, "").row === one.row);
        if (!same.includes(number)) [number] = one.row && same.length === 1 ? same : [0];
      }
      if (!list[number - 1]) return false;
      here = `${above}[${number}]`;
      at = list[number - 1];
    }
    const box = inside(at, index.groups(home));
    const there = given.get(box)?.has(home.name) ? String(box[home.name]) : "";
    // Of several choices, those that were aside join the others.
    if (there && home.type !== "select_multiple") return false;
    box[home.name] = there ? `${there} ${mine}` : mine;
    kept += 1;
    return true;
  }
}
