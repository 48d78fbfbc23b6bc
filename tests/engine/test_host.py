"""The server's engine: it agrees with the phone, says where it does not, and stays within its limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.core.problems import Problem
from app.engine import host, problems
from tests.engine.cases import NOW, OFFSET, package_of

VISIT = [
    "| survey |",
    "| | type | name | label | calculation | relevant | constraint | required |",
    "| | select_one_from_file coops.csv | coop | تعاونية | | | | |",
    "| | integer | women | نساء | | | . >= 0 | yes |",
    "| | integer | men | رجال | | | | |",
    "| | calculate | total | | ${women} + ${men} | | | |",
    "| | text | why | لماذا | | ${total} > 50 | | |",
    "| | calculate | since | | today() - '2026-01-01' | | | |",
    "| | calculate | old | | ${since} > 10 | | | |",
    "| | begin repeat | sale | بيع | | | | |",
    "| | decimal | price | ثمن | | | | |",
    "| | calculate | taxed | | round(${price} * 1.2, 2) | | | |",
    "| | end repeat | | | | | | |",
]
COOPS = [{"name": "k1", "label": "تعاونية الأمل"}]
SENT = {
    "coop": "k1",
    "women": "12",
    "men": "3",
    "total": "15",
    "since": "9",
    "old": "false",
    "sale": [{"price": "10", "taxed": "12"}, {"price": "2.5", "taxed": "3"}],
    "meta": {"instanceID": "uuid:1"},
}


def recompute(answers: dict[str, Any], **options: Any) -> dict[str, Any]:
    package = package_of(VISIT, {"coops": COOPS})
    return host.recompute(package, answers, {"coops": COOPS}, now=NOW, offset_minutes=OFFSET, **options)


def test_what_the_phone_computed_agrees_and_what_hangs_on_its_clock_is_not_compared() -> None:
    assert recompute(SENT) == {"differences": [], "problems": [], "scores": None, "title": ""}


def test_a_changed_result_is_a_difference_with_both_values() -> None:
    sale = [{"price": "10", "taxed": "99"}, {"price": "2.5", "taxed": "3"}]
    assert recompute(SENT | {"total": "16", "sale": sale})["differences"] == [
        {"path": "total", "sent": "16", "computed": "15"},
        {"path": "sale[1]/taxed", "sent": "99", "computed": "12"},
    ]


def test_an_answer_that_should_not_be_there_is_a_difference() -> None:
    assert recompute(SENT | {"why": "غاب", "gone": "1"})["differences"] == [
        {"path": "why", "sent": "غاب", "computed": None},
        {"path": "gone", "sent": "1", "computed": None},
    ]


def test_problems_are_those_a_page_would_show() -> None:
    found = recompute({"coop": "k2", "women": ""})["problems"]
    assert [(one["path"], one["kind"]) for one in found] == [("coop", "type"), ("women", "required")]


def test_a_list_of_the_form_is_asked_for_once_and_kept_by_its_hash() -> None:
    asked = []

    def rows() -> list[dict[str, str]]:
        asked.append(1)
        return COOPS

    package = package_of([*VISIT, "| | text | own_list_once | س | | | | |"], {"coops": COOPS})
    for _ in range(3):
        host.recompute(package, SENT, {"coops": rows}, now=NOW, offset_minutes=OFFSET)
    assert len(asked) <= 1


def rows_of(*conditions: Any) -> list[Any]:
    """count() of the rows of the list that fulfil the conditions."""
    steps = [["child", "root", []], ["child", "item", list(conditions)]]
    return ["fn", "count", ["path", ["fn", "instance", ["str", "coops"]], steps]]


def endless() -> dict[str, Any]:
    """A package whose one calculation goes through every row for every row."""
    return tiny(rows_of([">", rows_of(["path", ".", [["child", "name", []]]]), ["num", 1]]))


def growing() -> dict[str, Any]:
    """A package whose calculations double a text forty times."""
    package = tiny(["str", "0123456789abcdef"])
    for i in range(2, 42):
        before = ["path", "/", [["child", "data", []], ["child", f"c{i - 1}", []]]]
        doubled = ["fn", "translate", ["fn", "concat", before, before], ["str", "x"], ["str", "y"]]
        package["nodes"].append(calculate(i))
        package["expressions"].append({"text": "", "ast": doubled, "deps": [[i - 1, "same"]]})
        package["order"].append(i)
    return package


def calculate(i: int) -> dict[str, Any]:
    return {"i": i, "parent": 0, "kind": "value", "type": "calculate", "name": f"c{i}", "calculation": i - 1}


def tiny(calculation: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "form_id": "tiny",
        "version": "1",
        "languages": ["default"],
        "nodes": [{"i": 0, "kind": "group", "name": "data", "type": "group"}, calculate(1)],
        "expressions": [{"text": "", "ast": calculation, "deps": []}],
        "lists": {},
        "datasets": {"coops": {"kind": "entities"}},
        "entities": [],
        "order": [1],
    }


def test_what_takes_too_long_is_given_up_and_the_next_call_works() -> None:
    many = [{"name": str(i)} for i in range(4000)]
    with pytest.raises(Problem) as raised:
        host.recompute(endless(), {}, {"coops": many}, now=NOW, offset_minutes=OFFSET, seconds=0.3)
    assert raised.value.kind is problems.TOO_LONG
    assert recompute(SENT)["differences"] == []


def test_what_needs_too_much_memory_is_given_up_and_the_next_call_works() -> None:
    with pytest.raises(Problem) as raised:
        host.recompute(growing(), {}, now=NOW, offset_minutes=OFFSET, seconds=20)
    assert raised.value.kind in (problems.TOO_LARGE, problems.TOO_LONG)
    assert recompute(SENT)["differences"] == []


def test_a_broken_package_is_a_problem_that_names_no_answer() -> None:
    with pytest.raises(Problem) as raised:
        host.recompute({"format": 1, "nodes": "?"}, {"name": "Amina"}, now=NOW, offset_minutes=OFFSET)
    assert raised.value.kind is problems.FAILED
    assert "Amina" not in str(raised.value.details)


def test_threads_have_an_engine_each() -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: recompute(SENT)["differences"], range(12)))
    assert results == [[]] * 12
