"""Declarations are checked before they are kept (docs/indicators.md, "What is refused"):

D1  what cannot be counted is refused with file, indicator, key, what was found and what is allowed, in both languages
D2  the page of the documentation says the keys, measures, tests, units as they are, and its examples can be counted
D3  what is stored is read back as it was checked
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.core.problems import Problem
from app.indicators.declarations import KEYS, MEASURES, TESTS, lists_in, read, restored
from app.indicators.words import COUNTS, UNITS
from app.instruments import queries
from app.instruments.compiler import LIBRARY, compile_instrument, entity_lists, library_lists
from app.submissions.answers import Form
from tests.conftest import ROOT, settings
from tests.indicators.making import DECLARED, changed

PAGE = (ROOT / "docs" / "indicators.md").read_text("utf-8")


@cache
def form(name: str) -> Form:
    session = Path(__file__).parent / "session.md"
    content = session.read_bytes() if name == "session" else queries.library()[name].content
    compiled = compile_instrument(f"{name}.md", content, library_lists(), entity_lists())
    assert not compiled.errors
    return Form(compiled.package, lambda _sha256, _label: {})


@pytest.fixture(scope="module", autouse=True)
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Messages need an application for their languages; no database."""
    with create_app(settings(tmp_path_factory.mktemp("declarations"), "sqlite://")).app_context():
        yield


def wrong(**changes: Any) -> Problem:
    """What is said about the declaration of women with these changes."""
    forms = {"session": form("session")}
    women = next(one for one in DECLARED if one["code"] == "women")
    with pytest.raises(Problem) as refused:
        read([changed(women, **changes)], forms, lists_in(forms), ["phase-1"], file="fes/indicators.json")
    return refused.value


ON_PERSONS = {
    "over": {"list": "persons"}, "where": None, "date": None, "by": None, "counts": None, "target": None,
    "measure": "mean", "unit": "days", "of": {"days": ["full_name", "full_name"]},
}  # fmt: skip
REFUSED = [
    ({"code": "Les femmes"}, "bad_code", "code"),
    ({"name": {"ar": "نساء"}}, "wrong_value", "name"),
    ({"definition": None}, "missing", "definition"),
    ({"units": "women"}, "unknown_key", "units"),
    ({"over": {"instrument": "train"}}, "unknown_instrument", "over.instrument"),
    ({"over": {"instrument": "session", "repeat": "parts"}}, "unknown_question", "over.repeat"),
    ({"over": {"list": "premises"}}, "unknown_list", "over.list"),
    ({"over": ["session"]}, "wrong_value", "over"),
    ({"where": [{"of": "p_sexe", "is": "f"}]}, "unknown_question", "where[1].of"),
    ({"where": [{"of": "p_sex", "is": "female"}]}, "wrong_value", "where[1].is"),
    ({"where": [{"of": "p_sex", "equals": "f"}]}, "wrong_value", "where[1]"),
    ({"where": [{"of": "score", "at_least": "many"}]}, "wrong_value", "where[1].at_least"),
    ({"by": ["village"]}, "unknown_question", "by"),
    ({"by": ["subject.village"]}, "unknown_question", "by"),
    ({"by": ["p_name"]}, "personal", "by"),
    ({**ON_PERSONS, "once": "full_name"}, "personal", "once"),
    ({**ON_PERSONS, "once": "label"}, "personal", "once"),
    ({**ON_PERSONS, "once": "name"}, "unknown_question", "once"),
    ({"date": "p_sex"}, "no_date", "date"),
    ({"phase": "phase-9"}, "wrong_value", "phase"),
    ({"states": ["validated"]}, "wrong_value", "states"),
    ({"each": "last"}, "wrong_value", "each"),
    ({"unit": "ladies"}, "unknown_unit", "unit"),
    ({"unit": "percent", "target": None}, "impossible", "unit"),
    ({"target": {"value": 300}}, "target_without_unit", "target.unit"),
    ({"target": {"value": 300, "unit": "persons"}}, "other_unit", "target.unit"),
    ({"target": {"value": "many", "unit": "women"}}, "wrong_value", "target.value"),
    ({"target": {"value": 300, "unit": "women", "by": "march"}}, "wrong_value", "target.by"),
    ({"measure": "count"}, "wrong_value", "measure"),
    ({"measure": "sum", "of": "p_name"}, "no_number", "of"),
    ({"measure": "sum"}, "missing", "of"),
    ({"measure": "rows"}, "impossible", "counts"),
    ({"counts": "participations"}, "impossible", "counts"),
    ({"weight": "score"}, "impossible", "weight"),
    ({"having": [{"of": "p_sex", "is": "f"}]}, "impossible", "having"),
    ({"measure": "share", "unit": "percent", "counts": None, "target": None}, "impossible", "measure"),
]


@pytest.mark.parametrize(("changes", "code", "key"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_cannot_be_counted_is_refused_with_its_place(changes: dict[str, Any], code: str, key: str):  # D1
    problem = wrong(**changes)
    assert problem.kind.code == f"indicators.{code}"
    assert problem.details["key"] == key
    told = problem.to_json()["message"]
    for language in ("ar", "fr"):
        assert "fes/indicators.json" in told[language]
        assert problem.details["found"] in told[language] or code in ("missing", "unknown_key")
        assert problem.details["allowed"] in told[language] or code in ("bad_code", "no_number", "no_date")
        assert code == "bad_code" or problem.details["indicator"] == "women"
    assert told["ar"] != told["fr"]


def test_what_looks_alike_is_offered():  # D1
    assert "p_sex" in wrong(where=[{"of": "p_sexe", "is": "f"}]).details["allowed"]
    assert wrong(where=[{"of": "p_sex", "is": "female"}]).details["allowed"] == "f, m"


def test_a_code_twice_and_what_is_no_list_are_refused():  # D1
    forms = {"session": form("session")}
    for raw, code in (([DECLARED[0], DECLARED[0]], "bad_code"), ({"women": 1}, "not_a_list"), (["women"], "not_a_list")):
        with pytest.raises(Problem) as refused:
            read(raw, forms, lists_in(forms))
        assert refused.value.kind.code == f"indicators.{code}"


def rows_of(heading: str) -> list[str]:
    """The codes in the first column of the table after a heading."""
    table = PAGE.split(heading, 1)[1].split("\n\n", 2)[1]
    return re.findall(r"^\| `(\w+)` \|", table, re.M)


def test_the_page_says_the_format_as_it_is():  # D2
    assert sorted(rows_of("| key | | what it says |") or re.findall(r"^\| `(\w+)` \| (?:needed)? ?\|", PAGE, re.M)) == sorted(
        KEYS
    )
    assert rows_of("**Measures**") == list(MEASURES) or sorted(rows_of("**Measures**")) == sorted(MEASURES)
    assert rows_of("**Conditions**") == list(TESTS)
    units = PAGE.split("**Units**: ", 1)[1].split(". Amounts", 1)[0]
    assert re.findall(r"`(\w+)`", units) == list(UNITS)
    told = re.search(r"\| `counts` \| \| (.+?): the sentence", PAGE)
    assert told is not None
    assert set(re.split(r", | or ", told[1])) == set(COUNTS)


def test_the_examples_of_the_page_can_be_counted():  # D2
    forms, lists = {"train": form("train")}, lists_in({"train": form("train")})
    for file in LIBRARY.glob("*/form.md"):
        for name, property_name in re.findall(r"\| (\w+)#(\w+) ", file.read_text("utf-8")):
            lists.setdefault(name, set()).add(property_name)
    blocks = [json.loads(one) for one in re.findall(r"```json\n(.+?)```", PAGE, re.S)]
    assert len(blocks) == 3
    for block in blocks:
        assert len(read(block, forms, lists)) == len(block)


def test_what_is_stored_is_read_back_as_it_was_checked():  # D3
    forms = {"session": form("session")}
    for one in read(DECLARED, forms, lists_in(forms)):
        assert restored(json.loads(json.dumps(one.stored()))) == one
