/**
 * Turns the tree of an expression (docs/package.md) into a function, once; running it allocates little and asks only what
 * it needs: `and`, `or`, `if` and `coalesce` stop as soon as they know.
 *
 * @typedef {import("./values.js").XNode} XNode
 * @typedef {import("./values.js").Value} Value
 * @typedef {import("./values.js").NodeSet} NodeSet
 * @typedef {any[]} Ast
 *
 * @typedef {object} Environment  what expressions may ask of the world
 * @property {() => number} now  ms since 1970
 * @property {(ms: number) => number} offset  minutes east of UTC
 * @property {() => number} random
 * @property {() => string} uuid
 * @property {() => string} language
 * @property {(node: XNode) => XNode} root  the document that absolute paths start from
 * @property {(id: string) => XNode | null} instance
 * @property {(id: string) => string} itext
 * @property {(name: string) => string} property  device id, user name, …
 * @property {(value: string, path: string, node: XNode) => string} choiceName
 *
 * @typedef {object} Scope  one evaluation
 * @property {XNode} node  the context node
 * @property {number} position
 * @property {number} size
 * @property {XNode} current  the node that bears the expression
 * @property {Environment} env
 * @property {number} now  ms since 1970, the same throughout
 * @property {number} offset  minutes east of UTC then
 *
 * @typedef {(scope: Scope) => Value} Compiled
 */
import { callOf } from "./functions.js";
import { sorted, withoutPrefix } from "./tree.js";
import { compare, HIDDEN, isNodeSet, toBoolean, toNumber } from "./values.js";

/** @type {readonly any[]} */
const NONE = Object.freeze([]);
const REVERSE = new Set(["ancestor", "ancestor-or-self", "preceding", "preceding-sibling"]);
// A step along one of these from distinct nodes in document order keeps order and distinctness.
const ORDERLY = new Set(["child", "attribute", "self"]);

/**
 * @typedef {object} Step
 * @property {string} axis
 * @property {string} test
 * @property {Compiled[]} predicates
 * @property {boolean} isName  a child's name without more
 * @property {boolean} isUp  `..`
 * @property {{column: string, key: Compiled, rest: Compiled | null} | null} lookup  first predicate, where a list can look it up
 */

/** @param {Ast} ast @returns {Compiled} */
export function compile(ast) {
  const kind = ast[0];
  switch (kind) {
    case "num":
    case "str": {
      const value = ast[1];
      return () => value;
    }
    case "or": {
      const a = compile(ast[1]);
      const b = compile(ast[2]);
      return (scope) => toBoolean(a(scope)) || toBoolean(b(scope));
    }
    case "and": {
      const a = compile(ast[1]);
      const b = compile(ast[2]);
      return (scope) => toBoolean(a(scope)) && toBoolean(b(scope));
    }
    case "=":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const a = compile(ast[1]);
      const b = compile(ast[2]);
      return (scope) => compare(kind, a(scope), b(scope), scope.offset);
    }
    case "+":
    case "-":
    case "*":
    case "div":
    case "mod":
      return arithmetic(kind, compile(ast[1]), compile(ast[2]));
    case "neg": {
      const a = compile(ast[1]);
      return (scope) => -toNumber(a(scope), scope.offset);
    }
    case "|": {
      const a = compile(ast[1]);
      const b = compile(ast[2]);
      return (scope) => sorted([...nodeSet(a(scope)), ...nodeSet(b(scope))]);
    }
    case "path":
      return path(ast[1], ast[2], true);
    case "filter": {
      const inner = compile(ast[1]);
      /** @type {Compiled[]} */
      const predicates = ast[2].map(compile);
      return (scope) => predicates.reduce((nodes, predicate) => filtered(nodes, predicate, scope), nodeSet(inner(scope)));
    }
    case "fn":
      return call(ast[1], ast.slice(2));
    default:
      throw new Error(`unknown expression ${kind}`);
  }
}

/** @param {string} operator @param {Compiled} a @param {Compiled} b @returns {Compiled} */
function arithmetic(operator, a, b) {
  /** @type {Record<string, (x: number, y: number) => number>} */
  const operations = {
    "+": (x, y) => x + y,
    "-": (x, y) => x - y,
    "*": (x, y) => x * y,
    div: (x, y) => x / y,
    mod: (x, y) => x % y,
  };
  const operation = operations[operator];
  return (scope) => operation(toNumber(a(scope), scope.offset), toNumber(b(scope), scope.offset));
}

/** @param {string} name @param {Ast[]} args @returns {Compiled} */
function call(name, args) {
  if (name === "indexed-repeat") return indexedRepeat(args);
  return callOf(name, args.map(compile));
}

/** @param {Value} value @returns {NodeSet} */
function nodeSet(value) {
  if (!isNodeSet(value)) throw new Error("a path is needed here, not a value");
  return value;
}

/**
 * @param {readonly XNode[]} nodes @param {Compiled} predicate @param {Scope} scope
 * @returns {XNode[]}
 */
function filtered(nodes, predicate, scope) {
  const inner = { ...scope, size: nodes.length };
  const kept = [];
  for (let i = 0; i < nodes.length; i += 1) {
    inner.node = nodes[i];
    inner.position = i + 1;
    const value = predicate(inner);
    if (typeof value === "number" ? value === i + 1 : toBoolean(value)) kept.push(nodes[i]);
  }
  return kept;
}

/** Steps without predicates by test, and axis where that is not child: a form has thousands, of few kinds. @type {Map<string, Step>} */
const plainSteps = new Map();
const MOST_PLAIN = 5000;

/** @param {Ast} raw @returns {Step} */
function step(raw) {
  if (raw[2].length) return madeStep(raw);
  const key = raw[0] === "child" ? raw[1] : `${raw[0]} ${raw[1]}`;
  let found = plainSteps.get(key);
  if (!found) {
    if (plainSteps.size >= MOST_PLAIN) plainSteps.clear();
    found = madeStep(raw);
    plainSteps.set(key, found);
  }
  return found;
}

/** @param {Ast} raw @returns {Step} */
function madeStep([axis, test, predicates]) {
  const name = test.endsWith("()") || test === "*" ? test : withoutPrefix(test);
  const lookup = axis === "child" && predicates.length ? lookupOf(predicates[0]) : null;
  const one = { axis, test: name, predicates: predicates.map(compile), lookup, isName: false, isUp: false };
  one.isName = isName(one);
  one.isUp = axis === "parent" && test === "node()" && !predicates.length;
  return one;
}

/**
 * A predicate like [col = expr] or [col = expr and more], where expr is the same for every row: the list finds the rows
 * by an index instead of trying each.
 * @param {Ast} predicate @returns {Step["lookup"]}
 */
function lookupOf(predicate) {
  const parts = conjuncts(predicate);
  for (const [at, part] of parts.entries()) {
    if (part[0] !== "=") continue;
    for (const [mine, other] of [[part[1], part[2]], [part[2], part[1]]]) {
      const column = columnOf(mine);
      if (column === null || !isFixed(other)) continue;
      const others = parts.filter((_, i) => i !== at);
      if (others.some(usesPosition)) return null;
      const rest = others.length ? compile(others.reduce((a, b) => ["and", a, b])) : null;
      return { column, key: compile(other), rest };
    }
  }
  return null;
}

/** @param {Ast} ast @returns {Ast[]} */
const conjuncts = (ast) => (ast[0] === "and" ? [...conjuncts(ast[1]), ...conjuncts(ast[2])] : [ast]);

/** The column a predicate's path names: `col` or `./col`. @param {Ast} ast */
function columnOf(ast) {
  if (ast[0] !== "path" || ast[1] !== ".") return null;
  const steps = ast[2].filter((/** @type {Ast} */ one) => !(one[0] === "self" && one[1] === "node()" && !one[2].length));
  if (steps.length !== 1) return null;
  const [axis, test, predicates] = steps[0];
  return axis === "child" && test !== "*" && !test.endsWith("()") && !predicates.length ? test : null;
}

/** Functions whose result depends on the context node when they have no argument. */
const OF_CONTEXT = new Set(["position", "last", "string", "number", "name", "local-name", "normalize-space", "string-length", "once"]);

/** Whether the value is the same whatever the context node. @param {Ast} ast @returns {boolean} */
function isFixed(ast) {
  const [kind] = ast;
  if (kind === "num" || kind === "str") return true;
  if (kind === "path") return ast[1] === "/" || (ast[1] !== "." && isFixed(ast[1]));
  if (kind === "filter") return isFixed(ast[1]);
  if (kind === "fn") return ast[1] !== "random" && !(OF_CONTEXT.has(ast[1]) && (ast.length === 2 || ast[1] === "once")) && ast.slice(2).every(isFixed);
  return ast.slice(1).every(isFixed);
}

/** @param {Ast} ast @returns {boolean} */
function usesPosition(ast) {
  if (!Array.isArray(ast)) return false;
  if (ast[0] === "fn" && ast.length === 2 && (ast[1] === "position" || ast[1] === "last")) return true;
  return ast.some(usesPosition);
}

/**
 * @param {string | Ast} start @param {Ast[]} rawSteps
 * @param {boolean} bound  absolute paths stay inside the repeat instances that bear the expression
 * @returns {Compiled}
 */
function path(start, rawSteps, bound) {
  /** @type {Step[]} */
  const steps = [];
  for (let i = 0; i < rawSteps.length; i += 1) {
    const one = rawSteps[i];
    // `./x` is `x`.
    if (rawSteps.length === 1 || one[0] !== "self" || one[1] !== "node()" || one[2].length) steps.push(step(one));
  }
  if (start === ".") return (scope) => lead(scope.node, steps, 0, scope);
  if (start !== "/") {
    const from = compile(/** @type {Ast} */ (start));
    return (scope) => walk(nodeSet(from(scope)), steps, 0, scope);
  }
  // Only the names down to the first predicate can be bound.
  let plain = 0;
  while (plain < steps.length && steps[plain].isName) plain += 1;
  return (scope) => {
    const root = scope.env.root(scope.current);
    if (!bound || plain < 2 || !scope.current.inRow) return lead(root, steps, 0, scope);
    const [node, depth] = nearest(root, steps, plain, scope.current);
    return lead(node, steps, depth, scope);
  };
}

/** @param {{axis: string, test: string, predicates: Compiled[]}} one */
const isName = (one) => one.axis === "child" && !one.predicates.length && one.test !== "*" && !one.test.endsWith("()");

/**
 * walk() from one node. Most paths go up and then down by names, from one node to one node: those need no lists.
 * @param {XNode} node @param {Step[]} steps @param {number} from @param {Scope} scope @returns {NodeSet}
 */
function lead(node, steps, from, scope) {
  let at = node;
  /** @type {NodeSet | null} */
  let found = null;
  for (let i = from; i < steps.length; i += 1) {
    const one = steps[i];
    if (one.isUp) {
      if (!at.parent) return NONE;
      at = at.parent;
      found = null;
    } else if (one.isName) {
      found = at.named(one.test);
      if (found.length !== 1) return found.length ? walk(found, steps, i + 1, scope) : found;
      at = found[0];
    } else {
      return walk([at], steps, i, scope);
    }
  }
  return found ?? [at];
}

/**
 * ODK XForms, "A Big Deviation with XForms": an absolute path used inside a repeat means the instance it is used in. The
 * last name is not bound: count(/data/repeat) counts all instances.
 * @param {XNode} root @param {Step[]} steps @param {number} plain @param {XNode} current
 * @returns {[XNode, number]} where to start, and with which step
 */
function nearest(root, steps, plain, current) {
  const above = [];
  for (let at = /** @type {XNode | null} */ (current); at && at !== root; at = at.parent) above.push(at);
  let node = root;
  let depth = 0;
  while (depth < plain) {
    const next = above.pop();
    if (!next || next.name !== steps[depth].test || (next.isRow && depth === steps.length - 1)) break;
    node = next;
    depth += 1;
  }
  // Names shared without a repeat among them are simply walked: relevance is tested on the way.
  return [node, depth];
}

/**
 * @param {NodeSet} nodes @param {Step[]} steps @param {number} from @param {Scope} scope
 * @returns {NodeSet}
 */
function walk(nodes, steps, from, scope) {
  let current = nodes;
  let orderly = true;
  for (let i = from; i < steps.length; i += 1) {
    if (!current.length) return NONE;
    const one = steps[i];
    if (current.length === 1) {
      current = take(current[0], one, scope);
      if (REVERSE.has(one.axis) && current.length > 1) current = [...current].reverse();
    } else {
      /** @type {XNode[]} */
      const found = [];
      for (const node of current) {
        const some = take(node, one, scope);
        for (let k = 0; k < some.length; k += 1) found.push(some[k]);
      }
      if (one.axis === "parent" && orderly) current = [...new Set(found)];
      else current = orderly && ORDERLY.has(one.axis) ? found : sorted(found);
    }
    // Nodes may now lie inside one another: the children of an outer one would come before those of an inner one.
    orderly &&= ORDERLY.has(one.axis) || one.axis === "parent";
  }
  return current;
}

/** The nodes one step leads to from one node, in the order of its axis. @param {XNode} node @param {Step} one @param {Scope} scope @returns {NodeSet} */
function take(node, one, scope) {
  const { axis, test, predicates } = one;
  if (one.lookup && node.lookup) {
    const found = lookedUp(node, one, scope);
    if (found) {
      let rows = found;
      for (let i = 1; i < predicates.length; i += 1) rows = filtered(rows, predicates[i], scope);
      return rows;
    }
  }
  let nodes = /** @type {NodeSet} */ (NONE);
  if (axis === "child") {
    if (test === "*") nodes = node.children();
    else if (test === "node()") nodes = node.contents();
    else if (test === "text()") nodes = node.contents().filter(isText);
    else nodes = node.named(test);
  } else if (axis === "attribute") {
    nodes = node.attributes?.(test === "node()" ? "*" : test) ?? NONE;
  } else {
    nodes = along(node, axis).filter(test === "node()" ? () => true : matcher(test));
  }
  for (let i = 0; i < predicates.length && nodes.length; i += 1) nodes = filtered(nodes, predicates[i], scope);
  return nodes;
}

/** @param {XNode} node */
const isText = (node) => node.name === "#text";

/** @param {string} test @returns {(node: XNode) => boolean} */
function matcher(test) {
  if (test === "*") return (node) => node.name !== "#text" && node.name !== "";
  if (test === "text()") return isText;
  return (node) => node.name === test;
}

/** @param {XNode} node @param {Step} one @param {Scope} scope @returns {NodeSet | null} */
function lookedUp(node, one, scope) {
  const { column, key, rest } = /** @type {NonNullable<Step["lookup"]>} */ (one.lookup);
  const value = key(scope);
  if (typeof value === "boolean") return null;
  const lookup = /** @type {NonNullable<XNode["lookup"]>} */ (node.lookup);
  let rows;
  if (isNodeSet(value)) {
    const keys = value === HIDDEN ? [""] : [...new Set(value.map((each) => each.text()))];
    if (keys.length > 1) return null;
    rows = keys.length ? lookup.call(node, one.test, column, keys[0]) : NONE;
  } else {
    rows = lookup.call(node, one.test, column, value);
  }
  return rows && rest ? filtered(rows, rest, scope) : rows;
}

/** @param {XNode} node @param {string} axis @returns {XNode[]} in the order of the axis */
function along(node, axis) {
  switch (axis) {
    case "self": return [node];
    case "parent": return node.parent ? [node.parent] : [];
    case "ancestor": return ancestors(node);
    case "ancestor-or-self": return [node, ...ancestors(node)];
    case "descendant": return descendants(node);
    case "descendant-or-self": return [node, ...descendants(node)];
    case "following-sibling": return siblings(node).after;
    case "preceding-sibling": return siblings(node).before.reverse();
    case "following":
      return [node, ...ancestors(node)].flatMap((one) => siblings(one).after.flatMap((next) => [next, ...descendants(next)]));
    case "preceding":
      return [node, ...ancestors(node)].flatMap((one) => siblings(one).before.reverse().flatMap((next) => [next, ...descendants(next)].reverse()));
    default: throw new Error(`unknown axis ${axis}`);
  }
}

/** @param {XNode} node @returns {XNode[]} nearest first */
function ancestors(node) {
  const found = [];
  for (let at = node.parent; at; at = at.parent) found.push(at);
  return found;
}

/** @param {XNode} node @returns {XNode[]} */
function descendants(node) {
  return node.contents().flatMap((kid) => [kid, ...descendants(kid)]);
}

/** @param {XNode} node */
function siblings(node) {
  const all = node.parent ? node.parent.contents() : NONE;
  const at = all.indexOf(node);
  return at < 0 ? { before: [], after: [] } : { before: all.slice(0, at), after: all.slice(at + 1) };
}

/**
 * indexed-repeat(node, repeat1, index1, …): the node inside the index-th instance of the repeat. Its paths are not bound to
 * the instance that bears the expression: they say themselves which one is meant.
 * @param {Ast[]} args @returns {Compiled}
 */
function indexedRepeat(args) {
  const [target, ...pairs] = args.map((ast) => (ast[0] === "path" ? path(ast[1], ast[2], false) : compile(ast)));
  return (scope) => {
    /** @type {XNode | null} */
    let within = null;
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      /** @type {XNode | null} */
      const outer = within;
      /** @type {XNode[]} */
      const rows = nodeSet(pairs[i](scope)).filter((row) => !outer || isInside(row, outer));
      const index = toNumber(pairs[i + 1](scope), scope.offset);
      within = rows[index - 1] ?? null;
      if (!within) return NONE;
    }
    const row = within;
    return row ? nodeSet(target(scope)).filter((node) => isInside(node, row)) : NONE;
  };
}

/** @param {XNode} node @param {XNode} above */
function isInside(node, above) {
  for (let at = /** @type {XNode | null} */ (node); at; at = at.parent) if (at === above) return true;
  return false;
}
