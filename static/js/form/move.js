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
 * @property {string} [home]  where it stands in the version the draft is in, which does not ask for it now (a condition, a number of rows)
 * @property {true} [shared]  others had its name in that version: only its very place is its own
 * @property {Place[]} [places]  of the rows around it in the version the draft is in, outermost first
 *
 * @typedef {{name: string, of: number, at: number}} Place  the at-th of so many rows of this name
 * @typedef {import("../engine/form.js").Form} Form
 * @typedef {(given: {question: string, value: string}[]) => Pick<Aside, "label" | "said" | "row" | "relevant">[]} Describe
 * @typedef {{pkg: any, sha256: string, snapshot: Record<string, any>, describe: Describe, names: (repeat: string) => string[]}} From  names: of a repeat's rows
 * @typedef {{pkg: any, snapshot: Record<string, any>}} To  snapshot: of a new form, with its defaults
 * @typedef {{snapshot: Record<string, any>, aside: Aside[], kept: number, paths: Map<string, string>, settle: (names: (repeat: string) => string[], isAsked: (path: string) => boolean) => Aside[]}} Moved
 *   kept: answers that found their place; paths: old -> new; settle: to be called with the form made of the snapshot: notes the rows of
 *   what is aside, and gives what is in its place but not asked for there
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
    /** What stands directly in a group or repeat. @type {Map<number, any[]>} */
    this.below = new Map();
    for (const node of pkg.nodes) {
      if (node.i) this.below.set(node.parent, [...(this.below.get(node.parent) ?? []), node]);
      if (!node.i || node.kind === "group") continue;
      const key = `${repeatsAround(pkg, node).map(({ name }) => name).join("/")}|${node.name}`;
      this.byKey.set(key, [...(this.byKey.get(key) ?? []), node]);
    }
  }

  /**
   * What a new row starts with: as the new form's first one, or by its defaults where that has none. What it works out is its own.
   * @param {any} group @param {Record<string, any>} [first] @returns {Record<string, any>}
   */
  freshRow(group, first) {
    /** @type {Record<string, any>} */
    const row = first ? { ...first } : {};
    for (const { i, kind, name, calculation, default: begins } of this.below.get(group.i) ?? []) {
      if (kind === "group") row[name] = this.freshRow({ i }, first?.[name]);
      else if (calculation !== undefined) delete row[name];
      else if (!first && begins !== undefined) row[name] = begins;
    }
    return row;
  }

  /** Names of the groups from the closest repeat, or the root, down to a node. @param {any} node @returns {string[]} */
  groups(node) {
    const names = [];
    for (let at = this.pkg.nodes[node.parent]; at.i && at.kind !== "repeat"; at = this.pkg.nodes[at.parent]) names.unshift(at.name);
    return names;
  }

  /** @param {string} chain @param {string} name */
  named = (chain, name) => this.byKey.get(`${chain}|${name}`) ?? [];

  /** The node that a name means: the one at the same place, else the only one where it was the only one. @param {string} chain @param {string} name @param {string} groups @param {boolean} [shared] */
  find(chain, name, groups, shared) {
    const found = this.named(chain, name);
    return found.find((node) => this.groups(node).join("/") === groups) ?? (found.length === 1 && !shared ? found[0] : null);
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
  if (node.calculation !== undefined) return false;
  if (node.type === type) return true;
  if (node.kind !== "question") return false;
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
  /** @type {Map<string, string>} */
  const paths = new Map();
  let kept = 0;
  /** What is there but not asked for since an earlier move. */
  const hidden = new Set(before.map(({ home }) => home));
  /** What is put aside now. @type {{node: any, path: string, value: string, shared: boolean}[]} */
  const leaves = [];
  /** Where the rows stand now: old path -> new. @type {Map<string, string>} */
  const rowHomes = new Map();
  /** Answers that found their place. @type {{node: any, path: string, home: string, value: string}[]} */
  const placed = [];
  /** Names of questions that have been answered, by the group or row they stand in. @type {Map<Record<string, any>, Set<string>>} */
  const given = new Map();
  /** What a new row starts with, by chain of repeats. @type {Map<string, Record<string, any>>} */
  const fresh = new Map();

  /** @param {any} node @param {string} path @param {string} value @param {boolean} shared */
  function keepAside(node, path, value, shared) {
    // What the form began with, or worked out, nobody has said.
    if (node.calculation === undefined && node.type !== "note" && value !== "" && value !== node.default) leaves.push({ node, path, value, shared });
  }

  /** @param {{node: any, path: string, value: string, shared?: boolean, home?: string}[]} given @returns {Aside[]} */
  function asAside(given) {
    const words = from.describe(given.map(({ path, value }) => ({ question: path, value })));
    return given.map(({ node, path, value, shared, home }, i) => ({
      question: path, type: node.type, value, form_version: from.pkg.version, form_sha256: from.sha256, ...words[i],
      // What nobody was asked for comes back with the version before, and is told nobody.
      relevant: node.kind === "question" && (words[i].relevant || hidden.has(path)), ...(shared && { shared }), ...(home && { home }),
    }));
  }

  /**
   * @param {Record<string, any>} saved  a group or row of the old version @param {any} group its node @param {string} path with its "/"
   * @param {string[]} chain  names of the repeats around @param {string[]} groups  names since the closest @param {Record<string, any> | null} target  row of the new version, null where its repeat is gone
   */
  function move(saved, group, path, chain, groups, target) {
    for (const node of older.below.get(group.i) ?? []) {
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
    const shared = older.named(chain.join("/"), node.name).length > 1;
    const home = target && index.find(chain.join("/"), node.name, groups.join("/"), shared);
    const isValue = node.kind === "value";
    // What is worked out comes along too: once() keeps what it made.
    const goes = home && (isValue ? home.kind === "value" && home.type === node.type : home.kind === "question" && fits(home, node.type, value));
    if (!home || !goes || !target) {
      keepAside(node, path, value, shared);
      return;
    }
    const [mine, left] = taken(to.pkg, home, value);
    const at = inside(target, index.groups(home));
    // What was cleared stays so, whatever the new form starts with.
    if (mine === "") delete at[home.name];
    else at[home.name] = mine;
    paths.set(path, pathIn(home, path));
    if (!isValue && home.calculation === undefined && mine !== "") {
      kept += 1;
      given.set(at, (given.get(at) ?? new Set()).add(home.name));
      placed.push({ node, path, home: pathIn(home, path), value: mine });
    }
    if (left) keepAside(node, path, left, shared);
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
    const found = target && index.find(chain.join("/"), node.name, groups.join("/"), older.named(chain.join("/"), node.name).length > 1);
    const home = found?.kind === "repeat" ? found : null;
    const inner = [...chain, node.name];
    const box = home && target ? inside(target, index.groups(home)) : null;
    const model = fresh.get(inner.join("/")) ?? (home && index.freshRow(home, box?.[node.name]?.[0])) ?? {};
    fresh.set(inner.join("/"), model);
    const rows = saved[node.name] ?? [];
    const parked = saved["@parked"]?.[node.name] ?? [];
    const moved = [...rows, ...parked].map((row, at) => {
      const next = box ? structuredClone(model) : null;
      const here = `${path}[${at + 1}]`;
      if (home) rowHomes.set(here, pathIn(home, here));
      move(row, node, `${here}/`, inner, [], next);
      return next;
    });
    if (!box) return;
    box[node.name] = moved.slice(0, rows.length);
    if (parked.length) (box["@parked"] ??= {})[node.name] = moved.slice(rows.length);
  }

  move(from.snapshot, from.pkg.nodes[0], "", [], [], snapshot);
  const aside = asAside(leaves);
  // What only was not asked for has moved as any answer.
  const stays = before.filter((one) => !one.home && !putBack(one));
  return { snapshot, aside: [...stays, ...aside], kept, paths, settle };

  /** @param {(repeat: string) => string[]} names @param {(path: string) => boolean} isAsked */
  function settle(names, isAsked) {
    for (const one of aside) {
      const homes = [...one.question.matchAll(/\](?=\/)/g)].map(({ index }) => rowHomes.get(one.question.slice(0, index + 1)));
      if (homes.length && homes.every(Boolean)) one.places = homes.map((home) => placeOf(names, /** @type {string} */ (home)));
    }
    return asAside(placed.filter(({ node, home, value }) => value !== node.default && !isAsked(home))).filter(({ relevant }) => relevant);
  }

  /** Puts what was aside into its place, if that is there, not answered since, and in the same row. @param {Aside} one @returns {boolean} */
  function putBack(one) {
    const parts = one.question.split("/");
    const rows = parts.filter((part) => part.includes("[")).map((part) => ({ name: part.replace(/\[.*/, ""), number: Number(part.replace(/.*\[|\]/g, "")) }));
    const groups = parts.slice(parts.findLastIndex((part) => part.includes("[")) + 1, -1).join("/");
    const home = index.find(rows.map(({ name }) => name).join("/"), parts[parts.length - 1], groups, one.shared);
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
        const { name: called, of, at: which } = one.places?.[depth] ?? { name: one.row, of: 1, at: 0 };
        const all = from.names(above);
        const same = all.flatMap((each, i) => (each === called ? [i + 1] : []));
        // Where none was asked for nor is, none was deleted.
        if (of ? same.length !== of : all.length) number = 0;
        else if (of) number = same[which];
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

/** @param {(repeat: string) => string[]} names @param {string} row @returns {Place} */
function placeOf(names, row) {
  const [, repeat, number] = /** @type {RegExpExecArray} */ (/^(.*)\[(\d+)\]$/.exec(row));
  const all = names(repeat);
  const name = all[Number(number) - 1];
  const same = all.flatMap((each, i) => (each === name ? [i + 1] : []));
  return { name, of: same.length, at: same.indexOf(Number(number)) };
}

/** What the rows of a repeat are called, each asked for once. @param {Form} form @returns {(repeat: string) => string[]} */
export function rowNames(form) {
  /** @type {Map<string, string[]>} */
  const known = new Map();
  return (repeat) => {
    let names = known.get(repeat);
    if (!names) {
      known.set(repeat, (names = []));
      // Rows that are not asked for have a number too.
      if (form.view(repeat)) for (const { path, summary } of form.rows(repeat)) names[Number(/\d+(?=\]$)/.exec(path)) - 1] = summary.split(" · ")[0];
    }
    return names;
  };
}
