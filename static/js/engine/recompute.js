/**
 * What the server asks of received answers: do the phone's calculated values agree with this engine's, and what would a
 * check of the form say.
 *
 * @typedef {import("./types.js").Package} Package
 * @typedef {import("./schema.js").SchemaNode} SchemaNode
 * @typedef {{path: string, sent: string | null, computed: string | null}} Difference  null: nothing there
 * @typedef {object} Context
 * @property {Record<string, any>} [datasets]
 * @property {number} now  ms since 1970: when the phone finished
 * @property {number} offset  minutes east of UTC of the phone
 * @property {Record<string, string>} [meta]
 * @property {string} [language]  in which it was filled; without it, calculations that put words together are not compared
 */
import { createForm } from "./form.js";
import { Schema } from "./schema.js";

/** Functions whose result the server cannot know without the phone's language. */
const SPOKEN = new Set(["jr:choice-name", "jr:itext", "format-date", "format-date-time"]);

/**
 * @param {Package} pkg @param {Record<string, any>} answers @param {Context} context
 * @returns {{differences: Difference[], problems: import("./form.js").FormProblem[], scores: import("./results.js").Scores | null, title: string}}
 */
export function recompute(pkg, answers, context) {
  let uuids = 0;
  /** @type {unknown} */
  let exhausted = null;
  const form = createForm(pkg, {
    datasets: context.datasets ?? {},
    now: () => context.now,
    offset: () => context.offset,
    random: () => 0,
    uuid: () => `00000000-0000-4000-8000-${String((uuids += 1)).padStart(12, "0")}`,
    meta: context.meta ?? {},
    saved: answers,
    language: context.language,
    onError: (error) => {
      // QuickJS's word for memory or stack run out: what follows would be wrong, not merely blank.
      if (error instanceof Error && error.name === "InternalError") exhausted = error;
    },
  });
  const sent = flattened(answers);
  const computed = flattened(form.answers());
  const open = openNodes(pkg, context.language !== undefined);
  /** @type {Difference[]} */
  const differences = [];
  for (const path of new Set([...sent.keys(), ...computed.keys()])) {
    const was = sent.get(path) ?? null;
    const is = computed.get(path) ?? null;
    if (was === is || (was !== null && is !== null && sameNumber(was, is))) continue;
    const schema = nodeAt(pkg, path);
    // A value that only this side has is a difference only where it is calculated.
    if (schema && (open.has(schema) || (was === null && schema.source.calculation === undefined))) continue;
    differences.push({ path, sent: was, computed: is });
  }
  const result = { differences, problems: form.problems(), scores: form.scores(), title: form.title() };
  if (exhausted) throw exhausted;
  return result;
}

/** @param {Record<string, any>} answers @param {string} [before] @param {Map<string, string>} [into] */
function flattened(answers, before = "", into = new Map()) {
  for (const [name, value] of Object.entries(answers)) {
    if (name.startsWith("@")) continue;
    const path = before + name;
    if (Array.isArray(value)) value.forEach((row, index) => flattened(row ?? {}, `${path}[${index + 1}]/`, into));
    else if (value !== null && typeof value === "object") flattened(value, `${path}/`, into);
    else if (value !== null && value !== "") into.set(path, String(value));
  }
  return into;
}

/** Engines of JavaScript may differ in the last digit of a sine or a power. @param {string} a @param {string} b */
function sameNumber(a, b) {
  const [x, y] = [Number(a), Number(b)];
  return Number.isFinite(x) && Number.isFinite(y) && Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y));
}

/** @param {Package} pkg @param {string} path @returns {SchemaNode | null} */
function nodeAt(pkg, path) {
  let node = /** @type {SchemaNode | undefined} */ (Schema.of(pkg).root);
  for (const part of path.split("/")) node = node?.byName.get(part.replace(/\[\d+\]$/, ""));
  return node ?? null;
}

/**
 * Nodes whose value or presence rests, through any chain, on what the server cannot repeat: the clock, chance, the entity
 * lists as the phone had them that day, the form filled before.
 * @param {Package} pkg @param {boolean} knowsLanguage @returns {Set<SchemaNode>}
 */
function openNodes(pkg, knowsLanguage) {
  const known = knowsLanguage ? openWithLanguage : openWithout;
  let open = known.get(pkg);
  if (!open) {
    open = findOpenNodes(pkg, knowsLanguage);
    known.set(pkg, open);
  }
  return open;
}

/** @type {WeakMap<Package, Set<SchemaNode>>} */
const openWithLanguage = new WeakMap();
/** @type {WeakMap<Package, Set<SchemaNode>>} */
const openWithout = new WeakMap();

/** @param {Package} pkg @param {boolean} knowsLanguage @returns {Set<SchemaNode>} */
function findOpenNodes(pkg, knowsLanguage) {
  const { nodes } = Schema.of(pkg);
  /** @param {number | undefined} index */
  const isOpen = (index) => {
    if (index === undefined) return false;
    const { ast, lists, volatile } = pkg.expressions[index];
    return volatile === true || (lists ?? []).some((id) => ["entities", "last-saved"].includes(pkg.datasets?.[id]?.kind ?? "")) || mentions(ast, knowsLanguage);
  };
  const rules = (/** @type {SchemaNode} */ { source }) => [source.calculation, source.relevant, source.repeat_count];
  const open = new Set(nodes.filter((node) => rules(node).some(isOpen)));
  // Along what reads them, and into the groups they open or close, until nothing is added.
  const waiting = [...open];
  while (waiting.length) {
    const node = /** @type {SchemaNode} */ (waiting.pop());
    const readers = node.dependents.filter(({ property }) => ["calculation", "relevant", "count"].includes(property)).map((one) => one.node);
    for (const next of [...readers, ...node.children]) {
      if (!open.has(next)) {
        open.add(next);
        waiting.push(next);
      }
    }
  }
  return open;
}

/** @param {any} ast @param {boolean} knowsLanguage @returns {boolean} */
function mentions(ast, knowsLanguage) {
  if (!Array.isArray(ast)) return false;
  if (ast[0] === "fn" && (ast[1] === "property" || (!knowsLanguage && SPOKEN.has(ast[1])))) return true;
  return ast.some((one) => mentions(one, knowsLanguage));
}
