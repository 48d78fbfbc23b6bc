"""What becomes of each answer when a draft moves to another version (static/js/form/move.js), run in QuickJS with the engine.

The page that offers it is tried in tests/form/test_moves.py.

M1  nothing is dropped: each answer stands in its place, or is kept aside and would be sent
M2  an answer never takes the place of another: names that stood twice keep to their very place, rows without a name to their
    number
M3  going back gives what was there: hidden values, what once() made, the moment of a trigger too
M4  what the form worked out is no answer that lost its place
M5  what is in its place and not asked for there (a condition, fewer rows) is kept aside as long as that is so
M6  rows that come along begin with the new version's defaults, counted rows too; each works out its own
M7  over several versions as over one
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import quickjs

from app.core.scripts import bundle
from app.instruments.compiler import compile_instrument

COLUMNS = ("type", "name", "label", "default", "calculation", "relevant", "repeat_count", "trigger")
Run = Callable[..., dict[str, Any]]


def form(*rows: str, choices: str = "a b c") -> dict[str, Any]:
    """A version from rows as `integer n | relevant=${x} = '1'`; groups end with `end`."""
    lines = [COLUMNS]
    opened: list[str] = []
    for row in rows:
        head, *rest = row.split(" | ")
        kind, _, name = head.rpartition(" ") if " " in head else (head, "", "")
        cells = dict(one.split("=", 1) for one in rest)
        if head == "end":
            kind = f"end_{opened.pop()}"
        elif kind.startswith("begin_"):
            opened.append(kind[6:])
        cells |= {"type": kind, "name": name, "label": "" if kind in ("calculate", "hidden") or head == "end" else name}
        lines.append(tuple(cells.get(column, "") for column in COLUMNS))
    listed = [("list_name", "name", "label"), *(("l", one, one.upper()) for one in choices.split())]
    sheets = {"survey": lines, "choices": listed, "settings": [("form_title", "form_id", "version"), ("T", "t", "1")]}
    text = ""
    for sheet, table in sheets.items():
        text += f"| {sheet} |\n" + "|---" * (len(table[0]) + 1) + "|\n"
        text += "".join(f"| | {' | '.join(cells)} |\n" for cells in table) + "\n"
    compiled = compile_instrument("t.md", text.encode(), {})
    assert not compiled.errors, [(one.code, one.details) for one in compiled.errors]
    return compiled.package


@pytest.fixture(scope="module")
def run() -> Run:
    context = quickjs.Context()
    context.set_max_stack_size(1024 * 1024)
    context.eval("globalThis.structuredClone = (one) => JSON.parse(JSON.stringify(one));")
    context.eval(bundle(Path(__file__).parent / "moves.js", "Moves"))

    def call(*packages: dict[str, Any], steps: list[Any], values: dict[str, str] | None = None) -> dict[str, Any]:
        """Steps: ("q", value), "+r" and "-r[1]" for rows, 1 moves to that version."""
        asked = json.dumps({"packages": packages, "values": values or {}, "steps": steps})
        found = json.loads(context.eval(f"Moves.run({json.dumps(asked)})"))
        found["told"] = {one["question"]: one["value"] for one in found["aside"] if one["relevant"]}
        found["answers"].pop("meta")
        return found

    return call


def test_two_questions_of_one_name_of_which_one_goes_keep_their_answers(run):  # M1, M2
    both = form("begin_group a", "text why", "end", "begin_group b", "text why", "end")
    one = form("begin_group a", "text why", "end")
    other = form("begin_group c", "text why", "end")
    given = [("a/why", "X"), ("b/why", "Y")]
    moved = run(both, one, steps=[*given, 1])
    assert (moved["answers"], moved["told"], moved["kept"]) == ({"a": {"why": "X"}}, {"b/why": "Y"}, 1)
    moved = run(both, one, other, steps=[*given, 1, 2])
    assert (moved["answers"], moved["told"]) == ({"c": {"why": "X"}}, {"b/why": "Y"})
    moved = run(both, other, steps=[*given, 1])
    assert (moved["answers"], moved["told"]) == ({}, {"a/why": "X", "b/why": "Y"})
    assert run(both, one, steps=[*given, 1, 0])["answers"] == {"a": {"why": "X"}, "b": {"why": "Y"}}
    moved = run(both, one, other, steps=[*given, 1, 2, 0])
    assert (moved["answers"], moved["told"]) == ({"b": {"why": "Y"}}, {"c/why": "X"})


def test_what_nobody_was_asked_for_is_there_again_after_going_back(run):  # M3, M4
    old = form(
        "text gone", "integer n", "integer total | calculation=${n} * 2", "hidden ref",
        "calculate id | calculation=once(uuid())", "calculate at | calculation=now() | trigger=${n}",
    )  # fmt: skip
    new = form("integer n", "integer total | calculation=${n} * 2", "calculate id | calculation=once(uuid())")
    given: list[Any] = [("gone", "x"), ("n", "4")]
    before, moved, back = (run(old, new, steps=[*given, *moves], values={"ref": "r-1"}) for moves in ([], [1], [1, 0]))
    assert moved["told"] == {"gone": "x"}, "neither the total nor what nobody sees"
    assert moved["answers"].keys() == {"n", "total", "id"}
    for one in (before, back):  # each run makes values of its own
        assert (one["answers"]["ref"], one["answers"]["total"], one["told"]) == ("r-1", "8", {})
    assert [moved["made"], back["made"]] == [moved["answers"]["id"], back["answers"]["id"]], "the id of before is kept"
    assert back["answers"]["at"] == back["moment"]


@pytest.mark.parametrize(
    ("old", "new", "said", "there", "told"),
    [
        ("integer", "decimal", "12", "12", None),
        ("decimal", "integer", "12", "12", None),
        ("decimal", "integer", "12.5", None, "12.5"),
        ("text", "select_one l", "a", None, "a"),
        ("text", "integer", "12", None, "12"),
        ("select_one l", "text", "a", None, "a"),
        ("select_one l", "select_multiple l", "a", "a", None),
        ("select_multiple l", "select_one l", "a", "a", None),
        ("select_multiple l", "select_one l", "a b", None, "a b"),
        ("rank l", "select_multiple l", "b a c", None, "b a c"),
        ("date", "dateTime", "2026-11-21", None, "2026-11-21"),
        ("image", "text", "p.jpg", None, "p.jpg"),
        ("text", "hidden", "x", None, "x"),
        ("text", "text", "x", "x", None),
    ],
)
def test_an_answer_goes_where_its_type_fits_and_comes_back(run, old, new, said, there, told):  # M1
    versions = form(f"{old} q"), form(f"{new} q")
    moved = run(*versions, steps=[("q", said), 1])
    assert (moved["answers"].get("q"), moved["told"].get("q")) == (there, told)
    assert run(*versions, steps=[("q", said), 1, 0])["answers"] == {"q": said}


def test_choices_that_went_stay_aside_and_join_the_others_again(run):  # M1, M7
    more, fewer, one = form("select_multiple l q"), form("select_multiple l q", choices="a b"), form("select_one l q")
    moved = run(more, fewer, steps=[("q", "c a"), 1])
    assert (moved["answers"], moved["told"]) == ({"q": "a"}, {"q": "c"})
    assert run(more, fewer, one, steps=[("q", "c a"), 1, ("q", "b"), 2])["answers"] == {"q": "b"}
    assert run(more, fewer, one, steps=[("q", "c a"), 1, ("q", "b"), 2, 0])["answers"] == {"q": "b c"}


ROWS: list[Any] = [("r[1]/name", "A"), ("r[1]/phone", "1"), "+r", ("r[2]/name", "B"), ("r[2]/phone", "2")]
PRODUCTS = "begin_repeat r", "text name", "text phone", "end"


@pytest.mark.parametrize(
    "new",
    [
        ("begin_group r", "text name", "text phone", "end"),
        ("text name", "text phone"),
        ("begin_repeat s", *PRODUCTS, "end"),
        ("text other",),
    ],
    ids=["a group", "no repeat", "in another repeat", "gone"],
)
def test_rows_whose_repeat_is_no_repeat_are_kept_and_come_back(run, new):  # M1, M3
    versions = form(*PRODUCTS), form(*new)
    moved = run(*versions, steps=[*ROWS, 1])
    assert moved["told"] == {"r[1]/name": "A", "r[1]/phone": "1", "r[2]/name": "B", "r[2]/phone": "2"}
    assert run(*versions, steps=[*ROWS, 1, 0])["answers"] == {"r": [{"name": "A", "phone": "1"}, {"name": "B", "phone": "2"}]}


def test_a_question_that_came_into_a_repeat_is_kept_aside(run):  # M1
    versions = form("text name", "text phone"), form(*PRODUCTS)
    assert run(*versions, steps=[("name", "A"), 1])["told"] == {"name": "A"}
    moved = run(*versions, steps=[("name", "A"), 1, ("r[1]/name", "Z"), 0])
    assert (moved["answers"], moved["told"]) == ({"name": "A"}, {"r[1]/name": "Z"})


def test_a_row_without_a_name_gets_back_only_what_is_surely_its_own(run):  # M2
    versions = form(*PRODUCTS), form("begin_repeat r", "text name", "end")
    unnamed: list[Any] = [("r[1]/phone", "1"), "+r", ("r[2]/phone", "2")]
    assert run(*versions, steps=[*unnamed, 1, 0])["answers"] == {"r": [{"phone": "1"}, {"phone": "2"}]}
    moved = run(*versions, steps=[*unnamed, 1, "-r[1]", 0])
    assert (moved["answers"], moved["told"]) == ({"r": [{}]}, {"r[1]/phone": "1", "r[2]/phone": "2"})


def test_what_is_not_asked_for_any_more_is_told_until_it_is(run):  # M5, M7
    plain, asked = form("text q"), form("select_one l g", "text q | relevant=${g} = 'a'")
    moved = run(plain, asked, steps=[("q", "x"), 1])
    assert (moved["answers"], moved["told"], moved["kept"]) == ({}, {"q": "x"}, 0)
    assert moved["aside"][0]["home"] == "q"
    assert run(plain, asked, steps=[("q", "x"), 1, ("g", "a")])["answers"] == {"g": "a", "q": "x"}
    assert run(plain, asked, steps=[("q", "x"), 1, 0])["aside"] == []
    assert run(plain, asked, form("text other"), steps=[("q", "x"), 1, 2])["told"] == {"q": "x"}
    assert run(plain, asked, form("text other"), steps=[("q", "x"), 1, 2, 0])["answers"] == {"q": "x"}


def test_rows_beyond_a_smaller_number_are_told(run):  # M5, M6
    old = form("integer n", "begin_repeat r | repeat_count=${n}", "text name", "end")
    two = form(
        "begin_repeat r | repeat_count=2", "text name", "text more | default=D", "calculate id | calculation=once(uuid())", "end"
    )
    other = form("integer m", "begin_repeat r | repeat_count=${m}", "text name", "text more | default=D", "end")
    given: list[Any] = [("n", "3"), *((f"r[{i}]/name", name) for i, name in enumerate("ABC", 1))]
    moved = run(old, two, steps=[*given, 1])
    assert [row["name"] + row["more"] for row in moved["answers"]["r"]] == ["AD", "BD"]
    assert len({row["id"] for row in moved["answers"]["r"]}) == 2, "each row its own"
    assert moved["told"] == {"n": "3", "r[3]/name": "C"}
    assert run(old, other, steps=[*given, 1])["told"] == {"n": "3", "r[1]/name": "A", "r[2]/name": "B", "r[3]/name": "C"}
    there = run(old, other, steps=[*given, 1, ("m", "3")])["answers"]
    assert [row["name"] + row["more"] for row in there["r"]] == ["AD", "BD", "CD"]
    assert len(run(old, two, steps=[*given, 1, 0])["answers"]["r"]) == 3


def test_rows_of_rows_keep_theirs(run):  # M2, M3
    deep = "begin_repeat r", "text name", "begin_repeat s", "text x"
    versions = form(*deep, "text y", "end", "end"), form(*deep, "end", "end")
    steps: list[Any] = [("r[1]/name", "A"), ("r[1]/s[1]/x", "x1"), ("r[1]/s[1]/y", "y1"), "+r"]
    steps += [("r[2]/name", "B"), ("r[2]/s[1]/x", "x2"), ("r[2]/s[1]/y", "y2"), 1]
    assert run(*versions, steps=steps)["told"] == {"r[1]/s[1]/y": "y1", "r[2]/s[1]/y": "y2"}
    moved = run(*versions, steps=[*steps, "-r[1]", 0])
    assert moved["answers"] == {"r": [{"name": "B", "s": [{"x": "x2", "y": "y2"}]}]}
    assert moved["told"] == {"r[1]/s[1]/y": "y1"}
