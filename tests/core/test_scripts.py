"""The bundler: modules become one classic script that behaves as the modules did, or an error says where."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from app.core.scripts import Bundle, ScriptError, bundle, content_hash

STATIC = Path(__file__).resolve().parents[2] / "static"
NODE = shutil.which("node")


@pytest.fixture
def write(tmp_path):
    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.js").write_text(text, "utf-8")
        return tmp_path / "main.js"

    return write


def run(script: str, then: str) -> str:
    """What QuickJS says after the script; the same engine runs on the server."""
    import quickjs

    context = quickjs.Context()
    context.eval(script)
    return str(context.eval(then))


def test_modules_run_once_in_order_and_keep_their_names_to_themselves(write):
    entry = write(
        base="export const log = [];\nlog.push('base');\nconst secret = 1;\n"
        "export function next() { return log.length + secret; }\n",
        left='import { log, next } from "./base.js";\nconst secret = "left";\nlog.push(secret);\nexport const left = next();\n',
        main='import { log as seen } from "./base.js";\n'
        'import {\n  left,\n} from "./left.js";\nexport { seen, left as result };\n',
    )
    assert run(bundle(entry, "Out"), "Out.seen.join() + ' ' + Out.result") == "base,left 3"


def test_strings_templates_and_regular_expressions_that_look_like_imports_are_left_alone(write):
    entry = write(
        other="export const one = 1;\n",
        main="import { one } from './other.js';\n"
        "const a = 'export default ' + \"import x\";\n"
        "const b = `import { y } from ${one ? `}${'`'}export *` : `{`} export`;\n"
        "const c = /[/`'\"]export{2}\\/import/.test('x') || one / 2 / 1;\n"
        "// export let nothing\n/* import('./no.js') */\n"
        "const d = { import: 1, export: 2 };\n"
        "export const text = [a, b, c, d.import + d.export].join('|');\n",
    )
    assert run(bundle(entry, "Out"), "Out.text") == "export default import x|import { y } from }`export * export|0.5|3"


def test_a_page_of_templates_within_templates_is_not_mistaken_for_code(write):
    entry = write(
        main="const html = (parts, ...values) => parts.raw.map((part, i) => part + (values[i] ?? '')).join('');\n"
        "const rows = ['a', 'b'];\n"
        "export const page = html`<p>it's  //${ "
        "rows.map((row) => html`<b>l'eau ${ row }  // ${ { b: '}' }.b }</b>`).join(' + ') } ,  x</p>`;\n"
    )
    expected = "<p>it's  //<b>l'eau a  // }</b> + <b>l'eau b  // }</b> ,  x</p>"
    assert run(bundle(entry, "Out"), "Out.page") == expected


def test_numbers_stay_what_they_are_when_the_script_is_shortened(write):
    entry = write(
        main="const f = (x) => [Math.trunc(x), Math.abs(x), Math.sqrt(x), isNaN('a'), x === undefined ? 'none' : x];\n"
        "export const all = [f(3e9 + 0.5), f(Number.NaN), f()].map(String).join(' ');\n"
    )
    expected = "3000000000,3000000000.5,54772.255755080965,true,3000000000.5 NaN,NaN,NaN,true,NaN NaN,NaN,NaN,true,none"
    assert run(bundle(entry, "Out"), "Out.all") == expected


def test_what_is_declared_stays_in_its_order_when_the_script_is_shortened(write):
    entry = write(
        main="const said = [];\nconst say = (word) => { said.push(word); return [word]; };\n"
        "function f() {\n  const a = say('a');\n  const b = say('b');\n  const [c] = say('c');\n  let d = say('d');\n"
        "  let { length } = say('e');\n  d = length += 1;\n  for (const [i] of say('f')) say(i);\n  return [a, b, c, d];\n}\n"
        "const [first] = f();\nexport const all = [said.join(''), first].join();\n"
    )
    assert run(bundle(entry, "Out"), "Out.all") == "abcdeff,a"


def test_white_space_inside_templates_survives(write):
    entry = write(main="export const text = `a   b\n   // not a comment\n  c`;\n")
    assert run(bundle(entry, "Out"), "Out.text") == "a   b\n   // not a comment\n  c"


def test_a_name_that_means_something_else_in_another_module_keeps_both_meanings(write):
    entry = write(
        clock="export function now() { return 'clock'; }\nexport const parse = 1;\nexport function open() { return 'open'; }\n",
        other="export const now = 'other';\nexport const global = typeof open;\n",
        left="/** @license Left */\nexport const both = 'left';\n",
        right="/** @license Right */\nexport const both = 'right';\n",
        main="import { now as time, open } from './clock.js';\nimport { now, global } from './other.js';\n"
        "import { both as left } from './left.js';\nimport { both as right } from './right.js';\n"
        "const keys = { left: 1, both: 'key' };\n"
        "export const said = [time(), now, open(), global, left, right, keys.both].join();\n",
    )
    assert run(bundle(entry, "Out"), "Out.said") == "clock,other,open,undefined,left,right,key"


TANGLED = """
export const MOST = 3;
const PER_DAY = 24 * 60;
export const label = "WHERE";
const name = "_", list = [1, 2];
const { length: size, extra = label } = list;
let count = 0;
const never = () => `${name}`;
function onlyFor() { return never() + onlyFor.neverRead; }
class Thing {
  name = name; list = [...list]; #count = 1; static size = size; ["x" + name] = extra;
  get count() { return this.#count + count; }
  set count(value) { this.#count = value; }
  label(label = name) { return { label, name, count, size: label, list() { return list; } }; }
  async *each() { yield* list; }
}
function walk({ name, list: [first, ...list] = [0], label: { count = MOST } = {} }, ...size) {
  outer: for (const label of list) {
    for (let count = 0; count < 2; count++) { if (count) continue outer; first += label; }
  }
  try { throw { name: "caught" }; } catch ({ name }) { first += name; }
  switch (size.length) { case MOST: first += "!"; }
  label: { break label; }
  return `${first}${name}${count}${size}`;
}
const swap = (list) => {
  let name, size;
  [name, size] = list;
  ({ name, size: count } = { name: size, size: name });
  return name + count;
};
const thing = new Thing();
thing.count = 4;
count ??= 1; count += MOST;
export const all = () => [
  walk({ name, list, label: {} }, 1, 2, 3), swap([5, 6]), count, thing.count, thing["x_"], Thing.size, thing.list,
  PER_DAY / 2 + PER_DAY, JSON.stringify(thing.label()), thing.label().list(),
  ((name) => name?.label ?? name)({ label }), function name() { return size; }(),
].join(" ");
"""


def test_names_change_only_where_they_are_variables(write):
    """Every kind of place, the same names in two modules that come to stand in one scope; what nobody names is left out."""
    left, right = (TANGLED.replace("WHERE", where) for where in ("left", "right"))
    entry = write(
        left=left,
        right=right,
        main="import { all as left, MOST } from './left.js';\nimport { all as right, label } from './right.js';\n"
        "const name = (MOST) => MOST + 1;\nexport const said = [left(), right(), label, name(1), -MOST].join('\\n');\n",
    )
    alone = [run("", f"(() => {{{module.replace('export ', '')} return all(); }})()") for module in (left, right)]
    script = bundle(entry, "Out")
    assert run(script, "Out.said").split("\n") == [*alone, "right", "2", "-3"]
    assert "neverRead" not in script


def test_a_second_script_takes_from_the_first_what_that_has(write, tmp_path):
    main = write(
        base="export const log = ['base'];\nexport function add(word) { log.push(word); }\nexport const unused = 1;\n",
        main='import { add } from "./base.js";\nadd("main");\n',
        extra='import { t } from "./i18n.js";\nimport { log } from "./base.js";\nexport const word = t("Hello") + log.length;\n',
        more='import { add, log } from "./base.js";\nimport { word } from "./extra.js";\nadd(word);\n'
        "globalThis.all = log.join();\n",
        i18n="export const t = (text) => `<${text}>`;\n",
    )
    first = Bundle(main)
    second = Bundle(tmp_path / "more.js", texts={"Hello": "7"}, shared=first)
    scripts = first.script(lends={"lent": second.borrowed}), second.script(borrows="lent")
    assert run(";\n".join(scripts), "all") == "base,main,<7>2"
    assert "base" not in scripts[1]


def test_the_vendored_templates_library_bundles_and_keeps_its_licence(write, tmp_path):
    main = STATIC / "vendor/lit-html/directives/repeat.js"
    script = bundle(main, "Repeat")
    assert "Copyright 2017 Google LLC" in script
    assert "BSD-3-Clause" in script
    assert "sourceMappingURL" not in script
    (tmp_path / "check.js").write_text(script, "utf-8")
    assert NODE is None or subprocess.run([NODE, "--check", tmp_path / "check.js"], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("export default 1;", "main.js:1: only “export function”"),
        ("\nexport let a = 1;", "main.js:2: only “export function”"),
        ("export * from './other.js';", "no default, let"),
        ("export { one } from './other.js';", "re-export"),
        ("export const { a } = {};", "destructuring"),
        ("export const a = 1, b = 2;", "main.js:1: one name for each"),
        ("import all from './other.js';", "main.js:1: write it as"),
        ("import * as all from './other.js';", "write it as"),
        ("import { default as x } from './other.js';", "only named imports"),
        ("import { two } from './other.js';", "main.js:1: {folder}other.js exports no “two”"),
        ("import { one } from './missing.js';", "main.js:1: there is no file {folder}missing.js"),
        ("import { one } from 'lit';", "“lit” is not a relative path"),
        ("const f = () => import('./other.js');", "import() is dynamic"),
        ("const here = import.meta.url;", "import.meta"),
        ("const a = 'no end;", "a string has no end"),
        ("const a = `no end;", "a template literal has no end"),
        ("const f = () => { const a = 1, { b } = a; };", "main.js:1: what takes an array or object apart"),
        ("\nsay((x) => void (x && say(x)));", "main.js:2: “void (… && …)” would be left out"),
        ("const f = () => { void (one() || `${two()}`); };", "would be left out"),
        ("const a = 1;\nconst b = = 2;", "main.js: unexpected = in expression on line 2"),
        ("const a$1 = 1;", "main.js:1: “a$1” looks like a name that the bundler gives"),
        ("export function a() {}\nexport { a };", "main.js:2: “a” is exported twice"),
    ],
)
def test_what_cannot_be_bundled_is_refused_with_its_place(write, text, says):
    entry = write(main=text, other="export const one = 1;\n")
    with pytest.raises(ScriptError) as caught:
        bundle(entry)
    assert all(part in str(caught.value) for part in says.split("{folder}"))


def test_a_circle_is_shown_whole(write):
    entry = write(
        main="import { a } from './left.js';\nexport const b = a;", left="import { b } from './main.js';\nexport const a = b;"
    )
    with pytest.raises(ScriptError, match=r"circle: .*main\.js → .*left\.js → .*main\.js"):
        bundle(entry)


def test_the_hash_names_the_content():
    assert content_hash("دفتر") == content_hash("دفتر".encode()) != content_hash("دفتر ")
