/**
 * regex() in a time that grows with pattern × text: a browser cannot interrupt its own RegExp, and one careless pattern of
 * an author would freeze the phone at a keystroke. All ways to match are followed at once, none is tried after another.
 * Only single characters are left to RegExp. Back references and looking behind are refused: they cannot be bounded.
 *
 * @typedef {(char: string) => boolean} Test
 * @typedef {{to: number[]} & ({op: "char", test: Test} | {op: "split"} | {op: "at", where: string}
 *   | {op: "look", program: Instruction[], wanted: boolean} | {op: "match"})} Instruction  to: where it goes on
 */

const LARGEST = 4000;
/** Steps of one call. A pattern of a few lines over a page of text takes a few thousand. */
const MOST_STEPS = 1000000;
let steps = 0;
const KEPT = 100;
/** @type {Map<string, Instruction[]>} */
const programs = new Map();

/** @param {string} text @param {string} pattern @returns {boolean} whether the pattern is found in the text */
export function matchesPattern(text, pattern) {
  let program = programs.get(pattern);
  if (!program) {
    program = new Reader(pattern).whole();
    if (programs.size >= KEPT) programs.clear();
    programs.set(pattern, program);
  }
  steps = 0;
  return found(program, [...text], 0, true);
}

/** Whether one character belongs to a class such as [a-z], \d or \p{L}. @param {string} source @returns {Test} */
function classTest(source) {
  let single;
  try {
    single = new RegExp(`^${source}$`, "u");
  } catch {
    // Older ways of writing, such as an escaped hyphen outside a class.
    single = new RegExp(`^${source}$`);
  }
  const known = new Map();
  return (char) => {
    let answer = known.get(char);
    if (answer === undefined) known.set(char, (answer = single.test(char)));
    return answer;
  };
}

const isWord = classTest("\\w");

/** @typedef {(next: number, out: Instruction[]) => number} Build  appends instructions that go on at `next`; gives the entry */

class Reader {
  /** @param {string} pattern */
  constructor(pattern) {
    this.chars = [...pattern];
    this.at = 0;
  }

  /** @returns {Instruction[]} whose first instruction is the entry */
  whole() {
    const build = this.alternatives();
    if (this.at < this.chars.length) throw this.wrong();
    return assembled(build);
  }

  /** @returns {Error} */
  wrong() {
    return new Error(`pattern not understood at ${this.at + 1}: ${this.chars.join("")}`);
  }

  /** @param {string} text */
  takes(text) {
    const is = this.chars.slice(this.at, this.at + text.length).join("") === text;
    if (is) this.at += text.length;
    return is;
  }

  /** @returns {Build} */
  alternatives() {
    const all = [this.sequence()];
    while (this.takes("|")) all.push(this.sequence());
    if (all.length === 1) return all[0];
    return (next, out) => push(out, { op: "split", to: all.map((build) => build(next, out)) });
  }

  /** @returns {Build} */
  sequence() {
    /** @type {Build[]} */
    const parts = [];
    while (this.at < this.chars.length && this.chars[this.at] !== "|" && this.chars[this.at] !== ")") parts.push(this.quantified());
    return (next, out) => parts.reduceRight((to, build) => build(to, out), next);
  }

  /** @returns {Build} */
  quantified() {
    const build = this.atom();
    const range = this.quantifier();
    if (!range) return build;
    const [min, max] = range;
    return (next, out) => {
      let to = next;
      if (max === Infinity) {
        const loop = push(out, { op: "split", to: [next] });
        out[loop].to.push(build(loop, out));
        to = loop;
      } else {
        for (let i = min; i < max; i += 1) to = push(out, { op: "split", to: [next, build(to, out)] });
      }
      for (let i = 0; i < min; i += 1) to = build(to, out);
      return to;
    };
  }

  /** @returns {[number, number] | null} */
  quantifier() {
    const rest = this.chars.slice(this.at, this.at + 16).join("");
    const read = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})[?+]?/.exec(rest);
    if (!read) return null;
    this.at += read[0].length;
    if (read[1] === undefined) return read[0][0] === "*" ? [0, Infinity] : read[0][0] === "+" ? [1, Infinity] : [0, 1];
    const min = Number(read[1]);
    const max = read[3] ? Number(read[3]) : read[2] ? Infinity : min;
    if (min > 1000 || (max !== Infinity && max > 1000) || max < min) throw this.wrong();
    return [min, max];
  }

  /** @returns {Build} */
  atom() {
    if (this.takes("(")) return this.group();
    if (this.takes("[")) return this.set();
    const char = this.chars[this.at];
    this.at += 1;
    if (char === "^" || char === "$") return position(char);
    if (char === ".") return single((one) => one !== "\n" && one !== "\r");
    if (char === "*" || char === "+" || char === "?") throw this.wrong();
    if (char === "\\") return this.escape();
    return single((one) => one === char);
  }

  /** @returns {Build} */
  group() {
    let look = "";
    if (this.takes("?=")) look = "=";
    else if (this.takes("?!")) look = "!";
    else if (this.takes("?<=") || this.takes("?<!")) throw this.wrong();
    else if (this.takes("?<")) {
      while (this.at < this.chars.length && !this.takes(">")) this.at += 1;
    } else if (!this.takes("?:") && this.chars[this.at] === "?") throw this.wrong();
    const inner = this.alternatives();
    if (!this.takes(")")) throw this.wrong();
    if (!look) return inner;
    const program = assembled(inner);
    return (next, out) => push(out, { op: "look", program, wanted: look === "=", to: [next] });
  }

  /** @returns {Build} */
  set() {
    const from = this.at - 1;
    if (this.chars[this.at] === "^") this.at += 1;
    if (this.chars[this.at] === "]") throw this.wrong();
    while (this.at < this.chars.length && this.chars[this.at] !== "]") this.at += this.chars[this.at] === "\\" ? 2 : 1;
    if (!this.takes("]")) throw this.wrong();
    return single(classTest(this.chars.slice(from, this.at).join("")));
  }

  /** @returns {Build} */
  escape() {
    const char = this.chars[this.at];
    this.at += 1;
    if (char === undefined || /[1-9k]/.test(char)) throw this.wrong();
    if (char === "b" || char === "B") return position(char);
    let source = `\\${char}`;
    const rest = this.chars.slice(this.at, this.at + 40).join("");
    const more = /[pP]/.test(char) ? /^\{[^}]*\}/.exec(rest) : char === "u" ? /^(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]+\})/.exec(rest) : char === "x" ? /^[0-9a-fA-F]{2}/.exec(rest) : null;
    if (more) {
      source += more[0];
      this.at += more[0].length;
    }
    return /[a-zA-Z0]/.test(char) ? single(classTest(source)) : single((one) => one === char);
  }
}

/** @param {Build} build @returns {Instruction[]} */
function assembled(build) {
  /** @type {Instruction[]} */
  const out = [{ op: "split", to: [] }, { op: "match", to: [] }];
  // The entry stands first, where a search begins.
  out[0].to.push(build(1, out));
  return out;
}

/** @param {Instruction[]} out @param {Instruction} instruction @returns {number} */
function push(out, instruction) {
  if (out.length > LARGEST) throw new Error("pattern too large");
  return out.push(instruction) - 1;
}

/** @param {Test} test @returns {Build} */
const single = (test) => (next, out) => push(out, { op: "char", test, to: [next] });

/** @param {string} where @returns {Build} */
const position = (where) => (next, out) => push(out, { op: "at", where, to: [next] });

/** @param {string} where @param {string[]} text @param {number} at */
function holds(where, text, at) {
  if (where === "^") return at === 0;
  if (where === "$") return at === text.length;
  const edge = (at > 0 && isWord(text[at - 1])) !== (at < text.length && isWord(text[at]));
  return edge === (where === "b");
}

/** @param {Instruction[]} program @param {string[]} text @param {number} from @param {boolean} anywhere @returns {boolean} */
function found(program, text, from, anywhere) {
  /** @type {Set<number>} */
  let states = new Set();
  for (let at = from; at <= text.length; at += 1) {
    if (anywhere || at === from) states.add(0);
    // What follows without reading a character joins the set while it is walked.
    for (const state of states) {
      if ((steps += 1) > MOST_STEPS) throw new Error("the pattern takes too long on this text");
      const one = program[state];
      if (one.op === "match") return true;
      const passes =
        one.op === "split" ||
        (one.op === "at" && holds(one.where, text, at)) ||
        (one.op === "look" && found(one.program, text, at, false) === one.wanted);
      if (passes) one.to.forEach((to) => states.add(to));
    }
    if (at === text.length) break;
    /** @type {Set<number>} */
    const after = new Set();
    for (const state of states) {
      const one = program[state];
      if (one.op === "char" && one.test(text[at])) after.add(one.to[0]);
    }
    states = after;
    if (!states.size && !anywhere) return false;
  }
  return false;
}
