/**
 * One form being filled: docs/engine.md is its description. It answers when asked and does no more work than the question
 * needs.
 *
 * @typedef {import("./types.js").Package} Package
 * @typedef {import("./types.js").PackageNode} PackageNode
 * @typedef {import("./types.js").Text} Text
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("./choices.js").Choice} Choice
 * @typedef {import("./schema.js").SchemaNode} SchemaNode
 *
 * @typedef {object} Options  docs/engine.md, "Interface"
 * @property {Record<string, any>} [datasets]
 * @property {() => number} now
 * @property {(ms: number) => number} offset
 * @property {() => number} random
 * @property {() => string} uuid
 * @property {Record<string, string>} [meta]
 * @property {Record<string, any>} [saved]
 * @property {Record<string, string>} [values]
 * @property {string} [language]
 * @property {(error: unknown, text: string) => void} [onError]  an expression failed; the form goes on
 *
 * @typedef {object} View
 * @property {number} uid
 * @property {string} path
 * @property {PackageNode} node
 * @property {string} value
 * @property {boolean} relevant
 * @property {boolean} required
 * @property {boolean} readonly
 * @property {string} label
 * @property {string} hint
 * @property {string} guidance
 * @property {string} requiredMessage
 * @property {string} constraintMessage
 * @property {Record<string, string>} media  by kind: image, audio, video
 *
 * @typedef {{row: FormNode, repeat: Repeat, index: number}} Undo  what restoreRow() takes
 * @typedef {object} Change
 * @property {Set<string>} paths  what may look different now
 * @property {boolean} structure  rows came or went, or a section appeared or went: ask for rows and sections again
 * @property {string} [row]  path of the row that was added
 * @property {Undo} [undo]
 *
 * @typedef {{kind: "required" | "constraint" | "type", message: string}} Fault
 * @typedef {Fault & {path: string, uid: number, section: string, label: string}} FormProblem
 * @typedef {object} Section
 * @property {string} path
 * @property {"group" | "repeat" | "loose"} kind
 * @property {string} label
 * @property {boolean} relevant
 * @property {boolean} required  required questions are still blank
 * @property {number} missing  how many
 * @property {number} answered
 * @property {number} total
 * @property {string[]} children
 */
import { hasForm } from "./check.js";
import { choicesOf, rowLabel } from "./choices.js";
import { datasetDocument, ListDocument, rowsOf } from "./lists.js";
import { Model } from "./model.js";
import { above, FormNode, pathOf, Repeat, visitAll, whole } from "./nodes.js";
import { answersOf, entitiesOf, everythingOf, mediaNodes, scoresOf } from "./results.js";
import { Schema } from "./schema.js";
import { isoDate, isoDateTime } from "./xpath/dates.js";
import { documentOf, documentOfAnswers } from "./xpath/tree.js";
import { toString } from "./xpath/values.js";

const SELECTS = new Set(["select_one", "select_multiple", "rank"]);
/** The secondary instance that last-saved# reads. */
const LAST_SAVED = "__last-saved";
/** Functions whose result changes with the language. */
const SPOKEN = new Set(["jr:choice-name", "jr:itext", "format-date", "format-date-time"]);
/** Says without looking into it that an expression has none of them. */
const SPEAKS = /jr:|format-date/;

/** @param {Package} pkg @param {Options} options */
export function createForm(pkg, options) {
  return new Form(pkg, options);
}

export class Form {
  /** @type {Model} */
  #model;
  /** @type {Options} */
  #options;
  /** @type {Map<string, ListDocument | import("./xpath/tree.js").TreeNode>} */
  #instances = new Map();
  #language;
  #frozen = false;
  /** @type {{path: string, value: unknown}[]} */
  #unplaced = [];
  /** @type {SchemaNode[][] | null} */
  #loose = null;

  /** @param {Package} pkg @param {Options} options */
  constructor(pkg, options) {
    this.pkg = pkg;
    this.#options = options;
    const saved = options.saved?.["@form"] ? options.saved : null;
    const wanted = options.language ?? saved?.["@form"].language;
    this.#language = pkg.languages.includes(wanted) ? wanted : pkg.languages[0];
    const schema = Schema.of(pkg);
    this.#model = new Model(schema, this.#environment(), options.onError ?? (() => {}));
    const { root } = this.#model;
    this.#model.fill(root, options.saved ?? null, (path, value) => this.#unplaced.push({ path: path.join("/"), value }));
    if (options.saved) {
      this.#preload((type) => type === "instanceID");
      this.#model.start();
    } else {
      this.#begin(options.values ?? {});
    }
  }

  // Starting

  /** A new form: metadata, given values, dynamic defaults, everything computed. @param {Record<string, string>} values */
  #begin(values) {
    const model = this.#model;
    this.#preload(() => true);
    /** @type {FormNode[]} */
    const given = [];
    for (const [path, value] of Object.entries(values)) {
      const node = this.#find(path);
      if (node instanceof FormNode && !node.schema.isGroup) {
        node.value = value;
        given.push(node);
      }
    }
    /** @type {FormNode[]} */
    const late = [];
    visitAll(model.root, (node) => {
      if (!(node instanceof FormNode) || node.schema.source.first_load === undefined || given.includes(node)) return;
      if (this.#readsComputed(node.schema.source.first_load)) late.push(node);
      else this.#firstLoad(node);
    });
    model.start();
    // A default that reads a calculation waits for it.
    for (const node of late) {
      this.#firstLoad(node);
      model.settle();
    }
    model.changed = given.filter((node) => node.schema.source.triggers);
    model.finish();
    model.touched.clear();
  }

  /** @param {FormNode} node */
  #firstLoad(node) {
    const model = this.#model;
    const index = /** @type {number} */ (node.schema.source.first_load);
    model.write(node, model.ask(index, node, (value) => model.stored(node, value), ""));
  }

  /** @param {number} index */
  #readsComputed(index) {
    return this.pkg.expressions[index].deps.some(([i]) => this.#model.schema.nodes[i].source.calculation !== undefined);
  }

  /** @param {(type: string) => boolean} wanted */
  #preload(wanted) {
    const { now, offset, uuid, meta = {} } = this.#options;
    const ms = now();
    /** @type {Record<string, () => string>} */
    const values = {
      start: () => isoDateTime(ms, offset(ms)),
      today: () => isoDate(ms, offset(ms)),
      instanceID: () => `uuid:${uuid()}`,
      deviceid: () => meta.deviceid ?? "",
      username: () => meta.username ?? "",
      email: () => meta.email ?? "",
      phonenumber: () => meta.phonenumber ?? "",
    };
    for (const schema of this.#model.schema.nodes) {
      const make = wanted(schema.source.type) ? values[schema.source.type] : undefined;
      if (!make || schema.source.calculation !== undefined) continue;
      for (const node of this.#model.instancesFor(schema, this.#model.root)) if (node.value === "") node.value = make();
    }
  }

  /** @returns {import("./xpath/compile.js").Environment} */
  #environment() {
    const { now, offset, random, uuid, meta = {} } = this.#options;
    return {
      now,
      offset,
      random,
      uuid,
      language: () => (this.pkg.languages.length === 1 && this.#language === "default" ? this.#options.language ?? "ar" : this.#language),
      root: () => this.#model.document,
      instance: (id) => this.#instance(id),
      itext: (id) => this.#itext(id),
      property: (name) => meta[name] ?? "",
      choiceName: (value, path, node) => this.#choiceName(value, path, /** @type {FormNode} */ (node)),
    };
  }

  /** @param {string} id */
  #instance(id) {
    let found = this.#instances.get(id);
    if (!found) {
      found = this.#openInstance(id);
      this.#instances.set(id, found);
    }
    return found;
  }

  /** @param {string} id */
  #openInstance(id) {
    const items = this.pkg.lists?.[id];
    if (items) return this.#listDocument(id, items);
    const data = this.#options.datasets?.[id] ?? [];
    if (id === LAST_SAVED) return documentOfAnswers(this.pkg.nodes[0].name, Array.isArray(data) ? {} : data);
    if (Array.isArray(data) || "columns" in data) return datasetDocument(id, rowsOf(data));
    return documentOf(data);
  }

  /** @param {string} id @param {import("./types.js").Item[]} items */
  #listDocument(id, items) {
    return new ListDocument(
      id,
      items,
      (row, index, column) => {
        if (column === "label") return this.#say(row.label, this.#model.root);
        if (column === "itextId") return `${id}-${index}`;
        return row[column];
      },
      Object.keys,
      (column) => column !== "label",
    );
  }

  /** Labels by the ids pyxform gives them: "list-0" of a choice, "/data/x:label", ":hint", ":jr:constraintMsg", ":jr:requiredMsg" of a node. @param {string} id */
  #itext(id) {
    const at = id.lastIndexOf("-");
    const item = this.pkg.lists?.[id.slice(0, at)]?.[Number(id.slice(at + 1))];
    if (item) return this.#say(item.label, this.#model.root);
    const colon = id.indexOf(":");
    const path = id.slice(0, colon);
    const { source } = this.#model.schema.nodes.find((node) => schemaPath(node) === path) ?? {};
    /** @type {Record<string, Text | undefined>} */
    const texts = { label: source?.label, hint: source?.hint, "jr:constraintMsg": source?.constraint_message, "jr:requiredMsg": source?.required_message };
    return this.#say(texts[id.slice(colon + 1)], this.#model.root);
  }

  // Finding

  /** @param {string} path @returns {FormNode | Repeat | null} */
  #find(path) {
    if (path === "") return this.#model.root;
    let node = /** @type {FormNode | Repeat} */ (this.#model.root);
    for (const part of path.split("/")) {
      if (node instanceof Repeat) return null;
      const bracket = part.indexOf("[");
      const child = node.schema.byName.get(bracket < 0 ? part : part.slice(0, bracket));
      if (!child) return null;
      const slot = /** @type {FormNode | Repeat} */ (node.slots[child.slot]);
      if (bracket < 0) {
        node = slot;
      } else {
        const row = slot instanceof Repeat ? slot.rows[Number(part.slice(bracket + 1, -1)) - 1] : undefined;
        if (!row) return null;
        node = row;
      }
    }
    return node;
  }

  /** @param {string} path @returns {FormNode | Repeat} */
  #at(path) {
    const node = this.#find(path);
    if (!node) throw new Error(`nothing at ${path}`);
    return node;
  }

  /** @param {string} path @returns {Repeat} */
  #repeatAt(path) {
    const node = this.#at(path);
    if (!(node instanceof Repeat)) throw new Error(`${path} is no repeat`);
    return node;
  }

  /** Where what a view showed stands now: rows before it may have gone. @param {number} uid @returns {string} "" when it is gone itself */
  pathOf(uid) {
    let found = "";
    visitAll(this.#model.root, (node) => {
      if (node.uid === uid) found = pathOf(node);
    });
    return found;
  }

  // Texts

  get language() {
    return this.#language;
  }

  /** @param {Text | undefined} text @param {FormNode | Repeat} node whose answers `${}` in it means @param {string} [language] @returns {string} */
  #say(text, node, language = this.#language) {
    if (text === undefined) return "";
    if (typeof text === "string") return text;
    const part = text[language] ?? text[this.pkg.languages[0]] ?? Object.values(text)[0] ?? "";
    if (typeof part === "string") return part;
    return part.map((one) => (typeof one === "string" ? one : this.#model.ask(one.x, node, toString, ""))).join("");
  }

  /** A Text of the package in the current language. @param {Text | undefined} text */
  text(text) {
    return this.#say(text, this.#model.root);
  }

  /** A Text in one language, with the answers that `${}` in it means at a path. @param {string} path @param {Text | undefined} text @param {string} language */
  say(path, text, language) {
    return this.#say(text, this.#at(path), language);
  }

  /** @param {FormNode | Repeat} node @param {string} name @param {Text | undefined} text */
  #label(node, name, text) {
    if (text === undefined) return "";
    // Rows share the label of their repeat but not its answers.
    if (node instanceof FormNode && node.isRow) return this.#say(text, node);
    const labels = (node.kept.label ??= {});
    return (labels[name] ??= this.#say(text, node));
  }

  /** @param {string} code @returns {Change} everything must be drawn again; values change only where they name choices or dates */
  setLanguage(code) {
    if (!this.pkg.languages.includes(code) || code === this.#language) return this.#change();
    this.#language = code;
    const model = this.#model;
    const spoken = new Set(model.schema.order.filter((node) => this.#isSpoken(node.source)));
    visitAll(model.root, (node) => {
      node.kept = {};
      if (spoken.has(node.schema)) model.mark(node);
      if (node.schema.hasDrawn) model.touched.add(node);
    });
    model.finish();
    const { touched } = model;
    model.touched = new Set();
    model.structure = false;
    // All that is drawn: named only for who asks.
    const named = () => this.#named(touched);
    return { get paths() { return named(); }, structure: true };
  }

  /** Whether what is computed of a node has words in it. @param {PackageNode} source */
  #isSpoken(source) {
    return [source.calculation, source.relevant, source.repeat_count].some((index) => {
      if (index === undefined) return false;
      const { text, ast } = this.pkg.expressions[index];
      return SPEAKS.test(text) && isSpoken(ast);
    });
  }

  /**
   * The label of a choice of the question at a path that is written inside an expression.
   * @param {string} value @param {string} path @param {FormNode} node
   */
  #choiceName(value, path, node) {
    const target = this.#questionAt(path.trim(), node);
    if (!target || value === "") return "";
    const name = (/** @type {string} */ one) => this.#labelOfChoice(target, one);
    return name(value) ?? value.split(" ").map((one) => name(one) ?? "").filter(Boolean).join(", ");
  }

  /** @param {FormNode} question @param {string} value @returns {string | undefined} */
  #labelOfChoice(question, value) {
    const filtered = this.#choices(question).find((choice) => choice.value === value);
    if (filtered) return filtered.label;
    // A value that the filter no longer lets through still has a name.
    const source = question.schema.source.choices;
    const id = source?.list ?? "";
    const listed = this.pkg.lists?.[id]?.find((item) => item.name === value);
    if (listed) return this.#say(listed.label, question);
    const document = id in (this.pkg.datasets ?? {}) ? this.#instance(id) : null;
    const [item] = document instanceof ListDocument && source ? document.root.lookup("item", source.value, value) ?? [] : [];
    return item && source ? rowLabel(/** @type {any} */ (item).row, source.label, this.#language) : undefined;
  }

  /** @param {string} path "/data/a/b", "../b" or "b" @param {FormNode} from @returns {FormNode | null} */
  #questionAt(path, from) {
    const names = path.replace(/^current\(\)\//, "").split("/");
    let at = /** @type {FormNode | null} */ (from);
    if (path.startsWith("/")) {
      const schema = this.#model.schema.nodes.find((node) => schemaPath(node) === path);
      return schema ? this.#model.instancesFor(schema, from)[0] ?? null : null;
    }
    for (const name of names) {
      if (!at) return null;
      if (name === "..") at = above(at);
      else if (name !== ".") at = /** @type {FormNode | undefined} */ (at.named(name)[0]) ?? null;
    }
    return at;
  }

  // Looking

  /** @param {FormNode | Repeat} node @param {"required" | "readonly" | "constraint" | "expect"} property @param {boolean} absent @param {boolean} failed */
  #flag(node, property, absent, failed) {
    const index = node.schema.source[property];
    if (index === undefined) return absent;
    const kept = node.kept[property];
    if (kept !== undefined) return kept;
    const value = this.#model.truth(index, node, failed);
    // What reads the clock is asked each time: a form may stay open past midnight.
    if (!this.pkg.expressions[index].volatile) node.kept[property] = value;
    return value;
  }

  /** @param {string} path @returns {View | null} null when nothing is there any more */
  view(path) {
    const node = this.#find(path);
    return node ? this.#view(node, path) : null;
  }

  /** @param {FormNode | Repeat} node @param {string} path @returns {View} */
  #view(node, path) {
    const { source } = node.schema;
    /** @type {Record<string, string>} */
    const media = {};
    for (const [kind, text] of Object.entries(source.media ?? {})) media[kind] = this.#label(node, `media:${kind}`, text);
    return {
      uid: node.uid,
      path,
      node: source,
      value: node instanceof FormNode ? node.value : "",
      relevant: node.relevant,
      required: this.#flag(node, "required", false, false),
      readonly: this.#frozen || this.#isReadonly(node),
      label: this.#label(node, "label", source.label),
      hint: this.#label(node, "hint", source.hint),
      guidance: this.#label(node, "guidance", source.guidance),
      requiredMessage: this.#label(node, "required", source.required_message),
      constraintMessage: this.#label(node, "constraint", source.constraint_message),
      media,
    };
  }

  /** Also inside a group that is read-only, as XForms has it. @param {FormNode | Repeat} node @returns {boolean} */
  #isReadonly(node) {
    for (let at = /** @type {FormNode | Repeat | null} */ (node); at; at = above(at)) {
      if (this.#flag(at, "readonly", false, false)) return true;
    }
    return false;
  }

  /** @param {FormNode} node @returns {Choice[]} */
  #choices(node) {
    if (node.kept.choices) return node.kept.choices;
    const found = choicesOf(this.#model, node, this.#language, (text, at) => this.#say(text, at));
    const index = node.schema.source.choices?.nodeset;
    if (index === undefined || !this.pkg.expressions[index].volatile) node.kept.choices = found;
    return found;
  }

  /** @param {string} path @returns {Choice[]} */
  choices(path) {
    const node = this.#find(path);
    return node instanceof FormNode ? this.#choices(node) : [];
  }

  /** What was chosen and is not offered now, by the names it had. @param {string} path @returns {{value: string, label: string, item: any, lost: true}[]} */
  lost(path) {
    const node = this.#find(path);
    if (!(node instanceof FormNode)) return [];
    return this.#notOffered(node).map((value) => ({ value, label: this.#labelOfChoice(node, value) ?? value, item: {}, lost: true }));
  }

  /** @param {string} path @returns {string[]} what is drawn in a group, a row or a section, irrelevant questions too */
  children(path) {
    if (path.startsWith("@")) return this.#sectionNodes().find((section) => section.path === path)?.nodes.map(pathOf) ?? [];
    const node = this.#find(path);
    if (!(node instanceof FormNode)) return [];
    return node.slots.filter((slot) => slot.schema.hasDrawn).map(pathOf);
  }

  /** @param {string} path of a repeat @returns {{uid: number, path: string, summary: string}[]} */
  rows(path) {
    return this.#repeatAt(path).present().map((row) => ({ uid: row.uid, path: pathOf(row), summary: this.#summary(row) }));
  }

  /** The first answers of a row, in words. @param {FormNode} row */
  #summary(row) {
    /** @type {string[]} */
    const words = [];
    visitAll(row, (node) => {
      if (words.length >= 2 || !(node instanceof FormNode) || !node.relevant || !node.schema.isDrawn || node.value === "") return;
      const { type } = node.schema.source;
      if (["image", "audio", "video", "file", "geopoint", "geotrace", "geoshape", "note", "acknowledge"].includes(type)) return;
      words.push(SELECTS.has(type) ? this.#valueInWords(node) : node.value);
    });
    return words.join(" · ");
  }

  /** @param {FormNode} node */
  #valueInWords(node) {
    return node.value.split(" ").map((value) => this.#labelOfChoice(node, value) ?? value).join(", ");
  }

  /** @returns {{path: string, kind: Section["kind"], nodes: (FormNode | Repeat)[]}[]} */
  #sectionNodes() {
    /** @type {{path: string, kind: Section["kind"], nodes: (FormNode | Repeat)[]}[]} */
    const found = [];
    let loose = 0;
    let open = false;
    for (const slot of this.#model.root.slots) {
      if (!slot.schema.hasDrawn) continue;
      if (slot.schema.isGroup) {
        found.push({ path: slot.name, kind: slot instanceof Repeat ? "repeat" : "group", nodes: [slot] });
        open = false;
      } else if (open) {
        found[found.length - 1].nodes.push(slot);
      } else {
        loose += 1;
        found.push({ path: `@${loose}`, kind: "loose", nodes: [slot] });
        open = true;
      }
    }
    return found;
  }

  /** @param {ReadonlySet<string>} [uncounted]  paths of rows whose questions do not count @returns {Section[]} */
  sections(uncounted = new Set()) {
    return this.#sectionNodes().map(({ path, kind, nodes }) => this.#section(path, kind, nodes, uncounted));
  }

  /**
   * What costs time is found when it is asked for: a page needs it only of the section it shows.
   * @param {string} path @param {Section["kind"]} kind @param {(FormNode | Repeat)[]} nodes @param {ReadonlySet<string>} uncounted
   * @returns {Section}
   */
  #section(path, kind, nodes, uncounted) {
    const [first] = nodes;
    /** @type {{missing: number, answered: number, total: number} | null} */
    let counted = null;
    const count = () => {
      if (!counted) {
        counted = { missing: 0, answered: 0, total: 0 };
        for (const node of nodes) this.#count(node, counted, uncounted);
      }
      return counted;
    };
    const label = () => (kind === "loose" ? "" : this.#label(first, "label", first.schema.source.label));
    const children = () => (kind === "loose" ? nodes.map(pathOf) : this.children(path));
    return {
      path,
      kind,
      get label() { return label(); },
      relevant: nodes.some((node) => node.relevant),
      get required() { return count().missing > 0; },
      get missing() { return count().missing; },
      get answered() { return count().answered; },
      get total() { return count().total; },
      get children() { return children(); },
    };
  }

  /** @param {FormNode | Repeat} node @param {{missing: number, answered: number, total: number}} count @param {ReadonlySet<string>} uncounted */
  #count(node, count, uncounted) {
    if (!node.relevant) return;
    if (node instanceof Repeat) {
      for (const row of node.rows) if (!uncounted.has(pathOf(row))) this.#count(row, count, uncounted);
    } else if (node.schema.isGroup) {
      for (const child of node.slots) this.#count(child, count, uncounted);
    } else if (node instanceof FormNode && node.schema.isAsked && !this.#isReadonly(node)) {
      count.total += 1;
      if (node.value !== "") count.answered += 1;
      else if (this.#flag(node, "required", false, false)) count.missing += 1;
    }
  }

  // Changing

  /** @returns {Change} what changed since the last time */
  #change() {
    const model = this.#model;
    const change = { paths: this.#named(model.touched), structure: model.structure };
    model.touched.clear();
    model.structure = false;
    return change;
  }

  /** @param {Iterable<FormNode | Repeat>} nodes @returns {Set<string>} paths of those that are there */
  #named(nodes) {
    /** @type {Set<string>} */
    const paths = new Set();
    for (const node of nodes) if (this.#model.isAttached(node)) paths.add(pathOf(node));
    return paths;
  }

  #mustBeOpen() {
    if (this.#frozen) throw new Error("the form is finalised");
  }

  /** @param {string} path @param {string} value in XForms form; "" is blank @returns {Change} */
  set(path, value) {
    this.#mustBeOpen();
    const node = this.#at(path);
    if (!(node instanceof FormNode) || node.schema.isGroup) throw new Error(`${path} has no value`);
    this.#model.write(node, whole(String(value)));
    this.#model.finish();
    return this.#change();
  }

  /** @param {string} path of a repeat */
  canAdd(path) {
    return !this.#frozen && this.#repeatAt(path).schema.source.repeat_count === undefined;
  }

  /** @param {string} path of a row */
  canRemove(path) {
    const node = this.#at(path);
    return !this.#frozen && node.schema.isRepeat && node.schema.source.repeat_count === undefined;
  }

  /** @param {string} path of a repeat @param {number} [at] the number the new row will have; without it, last @returns {Change} */
  addRow(path, at) {
    this.#mustBeOpen();
    const repeat = this.#repeatAt(path);
    if (!this.canAdd(path)) throw new Error(`the rows of ${path} are counted`);
    const model = this.#model;
    const index = Math.max(0, Math.min(repeat.rows.length, (at ?? repeat.rows.length + 1) - 1));
    const row = model.newRow(repeat, null);
    model.attach(repeat, row, index, true);
    model.finish();
    return { ...this.#change(), row: pathOf(row) };
  }

  /** @param {string} path of a row @returns {Change} with `undo` for restoreRow() */
  removeRow(path) {
    this.#mustBeOpen();
    const row = this.#at(path);
    if (!(row instanceof FormNode) || !row.repeat || !this.canRemove(path)) throw new Error(`${path} is no row that can go`);
    const { repeat, index } = row;
    this.#model.detach(repeat, row);
    this.#model.finish();
    return { ...this.#change(), undo: { row, repeat, index } };
  }

  /** @param {Undo} token @returns {Change} */
  restoreRow({ row, repeat, index }) {
    this.#mustBeOpen();
    const model = this.#model;
    if (repeat.rows.includes(row) || !model.isAttached(repeat)) return this.#change();
    model.attach(repeat, row, Math.min(index, repeat.rows.length));
    model.finish();
    return { ...this.#change(), row: pathOf(row) };
  }

  // Judging

  /** @param {string} path of a question @returns {Fault | null} */
  check(path) {
    const node = this.#find(path);
    return node instanceof FormNode ? this.#check(node) : null;
  }

  /** @param {FormNode} node @returns {Fault | null} */
  #check(node) {
    if (!node.relevant || !node.schema.isDrawn) return null;
    const { source } = node.schema;
    if (node.value === "") {
      if (!this.#flag(node, "required", false, false) || this.#isReadonly(node)) return null;
      return { kind: "required", message: this.#label(node, "required", source.required_message) };
    }
    if (!hasForm(source.type, node.value) || this.#notOffered(node).length) return { kind: "type", message: "" };
    if (this.#flag(node, "constraint", true, true)) return null;
    return { kind: "constraint", message: this.#label(node, "constraint", source.constraint_message) };
  }

  /** What is unusual about an answer that stands, "" when nothing is. It blocks nothing. @param {string} path @returns {string} */
  warning(path) {
    const node = this.#find(path);
    return node instanceof FormNode && this.#isUnusual(node) ? this.#label(node, "expect", node.schema.source.expect_message) : "";
  }

  /** @returns {{path: string, section: string, label: string, message: string, messages: Record<string, string>}[]} in document order; messages: by language */
  warnings() {
    /** @type {ReturnType<Form["warnings"]>} */
    const found = [];
    for (const { path: section, nodes } of this.#sectionNodes()) {
      for (const top of nodes) {
        visitAll(top, (node) => {
          if (!(node instanceof FormNode) || !this.#isUnusual(node)) return;
          const { label, expect_message: text } = node.schema.source;
          const messages = Object.fromEntries(this.pkg.languages.map((code) => [code, this.#say(text, node, code)]));
          found.push({ path: pathOf(node), section, label: this.#label(node, "label", label), message: this.#say(text, node), messages });
        });
      }
    }
    return found;
  }

  /** @param {FormNode} node */
  #isUnusual(node) {
    return node.schema.source.expect !== undefined && node.relevant && node.value !== "" && !this.#flag(node, "expect", true, true) && !this.#check(node);
  }

  /** Chosen values that are not (or no longer) among the choices. @param {FormNode} node @returns {string[]} */
  #notOffered(node) {
    const { type, choices } = node.schema.source;
    if (!node.value || !SELECTS.has(type) || !choices) return [];
    // A list that is not on this phone or server proves nothing.
    const id = choices.list ?? "";
    if (id in (this.pkg.datasets ?? {}) && !this.#options.datasets?.[id]) return [];
    const offered = this.#choices(node);
    const chosen = type === "select_one" ? [node.value] : node.value.split(" ");
    return chosen.filter((value) => !offered.some((choice) => choice.value === value));
  }

  /** @param {string} [sectionPath] only there, or only under that path @returns {FormProblem[]} in document order */
  problems(sectionPath) {
    /** @type {FormProblem[]} */
    const found = [];
    const top = sectionPath?.split(/[/[]/)[0];
    for (const section of this.#sectionNodes()) {
      let { nodes } = section;
      if (sectionPath !== undefined && sectionPath !== section.path) {
        const below = nodes.some((node) => node.name === top) ? this.#find(sectionPath) : null;
        nodes = below ? [below] : [];
      }
      for (const node of nodes) this.#findProblems(node, section.path, found);
    }
    return found;
  }

  /** @param {FormNode | Repeat} node @param {string} section @param {FormProblem[]} found */
  #findProblems(node, section, found) {
    if (!node.relevant) return;
    if (node.schema.isGroup) {
      for (const child of node instanceof Repeat ? node.rows : node.slots) this.#findProblems(child, section, found);
    } else if (node instanceof FormNode) {
      const fault = this.#check(node);
      if (fault) found.push({ path: pathOf(node), uid: node.uid, section, ...fault, label: this.#label(node, "label", node.schema.source.label) });
    }
  }

  // Giving

  /** Everything for the draft; `saved` takes it back. @returns {Record<string, any>} */
  snapshot() {
    const { form_id: id, version } = this.pkg;
    return { "@form": { id, version, language: this.#language }, ...everythingOf(this.#model.root) };
  }

  /** What a draft of another version held that has no place in this one. @returns {{path: string, value: unknown}[]} */
  unplaced() {
    return this.#unplaced;
  }

  /** Sets the end of filling; answers can no longer change. */
  finalise() {
    const { now, offset } = this.#options;
    const model = this.#model;
    for (const schema of model.schema.nodes) {
      if (schema.source.type !== "end") continue;
      for (const node of model.instancesFor(schema, model.root)) model.write(node, isoDateTime(now(), offset(now())));
    }
    model.finish();
    this.#frozen = true;
  }

  /** @returns {Record<string, any>} */
  answers() {
    return answersOf(this.#model.root);
  }

  entities() {
    return entitiesOf(this.#model, this.#options.uuid);
  }

  scores() {
    return scoresOf(this.#model, (text, node) => this.#say(text, node));
  }

  /** @param {string} name @returns {string} value of the first node with that role */
  role(name) {
    const schema = this.#model.schema.nodes.find((node) => node.source.attributes?.role === name);
    const [node] = schema ? this.#model.instancesFor(schema, this.#model.root) : [];
    return node?.relevant ? node.value : "";
  }

  title() {
    const schema = this.#model.schema.nodes.find((node) => node.source.type === "instanceName" || node.name === "instanceName");
    const [node] = schema ? this.#model.instancesFor(schema, this.#model.root) : [];
    return node?.value ?? "";
  }

  /** @returns {{path: string, name: string}[]} */
  media() {
    return mediaNodes(this.#model.root).map((node) => ({ path: pathOf(node), name: node.value }));
  }
}

/** @param {SchemaNode} node @returns {string} "/data/group/x" */
function schemaPath(node) {
  return `${node.parent ? schemaPath(node.parent) : ""}/${node.name}`;
}

/** @param {any} ast @returns {boolean} */
function isSpoken(ast) {
  return Array.isArray(ast) && ((ast[0] === "fn" && SPOKEN.has(ast[1])) || ast.some(isSpoken));
}
