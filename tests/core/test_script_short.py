"""Short names: a script does what it did, whatever declares a name and wherever one hides another."""

from __future__ import annotations

import pytest

from app.core.script_short import with_short_names
from tests.core.test_scripts import TANGLED, run

# Each gives a text; the names are such that a wrong one would be another's.
SCRIPTS = {
    "a default sees what stands around, not what the body declares": """
        const outer = 1, inner = 2;
        function f(given = outer, more = () => inner) { const outer = 5, inner = 6; return [given, more(), outer, inner]; }
        return f().join();""",
    "each round of a loop has its own variable, and a body may hide it": """
        const calls = [];
        for (let i = 0, end = 2; i < end; i++) { calls.push(() => i); }
        for (const i of [7, 8]) { const j = i; { const i = j + 1; calls.push(() => i); } }
        for (const key in { a: 1 }) calls.push(() => key);
        let last;
        for (last of [1, 2]);
        return [...calls.map((call) => call()), last].join();""",
    "what is caught is known in its block only": """
        const error = "outside"; const said = [];
        try { throw { message: "thrown" }; } catch ({ message }) { const more = message; said.push(more); }
        try { throw "again"; } catch (error) { said.push(error); }
        try { throw 1; } catch { said.push(error); }
        return said.join();""",
    "functions and classes know themselves by their own names": """
        const walk = function step(n) { return n ? step(n - 1) + "." : ""; };
        const step = "other";
        const Made = class Inner { static make() { return new Inner(); } is() { return this instanceof Inner; } };
        class Inner { is() { return "outer"; } }
        { function walk() { return "block"; } step.concat(walk()); }
        return [walk(3), step, Made.make().is(), new Inner().is(), hoisted()].join();
        function hoisted() { return typeof walk; }""",
    "private members belong to their class": """
        class Left { #count = 1; #step() { return this.#count++; }
          get #twice() { return this.#count * 2; } set #twice(v) { this.#count = v; }
          run(other) { this.#step(); this.#twice = this.#twice + 1; return [this.#count, #count in other].join(); } }
        class Right { #step = 5; #count = 6; static count = 7; count = 8;
          sum() { return this.#step + this.#count + this.count + Right.count; } }
        return [new Left().run(new Right()), new Left().run(new Left()), new Right().sum()].join();""",
    "properties keep their names, in whatever way they are written": """
        const name = "n", value = 2, key = "k";
        const made = { name, value, [key]: key, key, get read() { return value; },
          [name](name) { return name; }, async value2() {} };
        const { name: renamed, value: { length = value } = {}, ...rest } = made;
        const copy = ({ name, value = 9 }) => ({ name, value });
        let first, second;
        [first, second = value] = [name]; ({ name: first, missing: second = key } = made);
        return JSON.stringify([made, renamed, length, Object.keys(rest), copy({ name }), first, second, made.n("called")]);""",
    "globals are not hidden": """
        const f = (a, b, c, d, e, g, h, i, n, o, r, s, t) => [a, b, c, d, e, g, h, i, n, o, r, s, t].filter(Boolean).length;
        globalThis.e = "global e"; globalThis.t = "global t";
        return [f(1, 1), e, t, typeof undefinedThing, Math.max(1, 2), ((x, y) => [e, t, x, y].join())(3, 4)].join();""",
    "labels, switches and old declarations": """
        var old = 1; let sum = 0;
        { var old = old + 1; }
        outer: for (const one of [1, 2, 3]) {
          for (const outer of [1, 2]) { if (outer === 2) continue outer; sum += one * outer; } }
        switch (sum) { case 6: { const old = "case"; sum += old; break; } default: let late = 1; sum = late; }
        function inner() { if (true) { var old = "inner"; } return old; }
        return [old, sum, inner(), `${old}${`${sum}`}`].join();""",
    "more names than one letter": "".join(f"const name{i} = {i};" for i in range(300))
    + "return [" + ",".join(f"((x, y) => x + y + name{i})(1, 2)" for i in range(300)) + "].join();",
}  # fmt: skip


def called(body: str) -> str:
    return f'(() => {{ "use strict"; {body} }})()'


@pytest.mark.parametrize("what", SCRIPTS)
def test_a_script_with_short_names_does_the_same(what: str) -> None:
    script = called(SCRIPTS[what])
    short = with_short_names(script)
    assert run("", short) == run("", script)
    assert len(short) <= len(script)


def test_every_kind_of_place_at_once() -> None:
    script = called(TANGLED.replace("export ", "") + "return all();")
    assert run("", with_short_names(script)) == run("", script)


def test_like_places_have_like_names() -> None:
    script = called("const one = (first, second) => first + second; return (alpha, beta) => { return one(alpha, beta); };")
    assert "e = (e, t) => e + t; return (t, n) => { return e(t, n); };" in with_short_names(script)
