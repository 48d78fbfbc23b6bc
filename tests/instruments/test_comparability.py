"""Whether scores of two versions of an instrument say the same (docs/results.md):

1. an axis is comparable when nothing of what its score is made of changed; wording is told and changes nothing
2. in part, when what both versions ask with the same answers weighs at least half of the axis in each; otherwise not
3. each reason names its question: came, went, other answers, another weight; or the way of computing
4. two rounds are compared on the questions that both answered, by the newer version's weights
"""

from __future__ import annotations

from typing import Any

import pytest

from app.instruments.comparability import Compared, compare, for_grid, on_common

LADDER = "0 1 2 3 4"


def package(*items: str, fin: str = "", weight: int = 2, formula: str = "sum") -> dict[str, Any]:
    """Axis LEG of these items, "name weight [choices]", and FIN of one. A formula is a word here: only its change matters."""
    nodes: list[dict[str, Any]] = [{"i": 0, "kind": "group", "name": "data", "type": "group"}]
    lists: dict[str, Any] = {}
    expressions: list[dict[str, Any]] = []

    def add(**node: Any) -> int:
        nodes.append({"i": len(nodes), "parent": 0, "kind": "question", **node})
        return len(nodes) - 1

    for axis, some, axis_weight in (("LEG", items, weight), ("FIN", (fin or "fin01 1",), 1)):
        made = []
        for one in some:
            name, item_weight, *choices = one.split(" ", 2)
            name, _, label = name.partition("=")
            lists[name] = [{"name": code, "label": {"fr": code}} for code in (choices[0] if choices else LADDER).split()]
            attributes = {"role": "item", "axis": axis, "weight": item_weight, "scale": "ladder"}
            words = {"ar": label or name, "fr": label or name}
            made.append(add(name=name, type="select_one", choices={"list": name}, attributes=attributes, label=words))
        expressions.append(
            {"ast": ["fn", formula, *[nodes[one]["name"] for one in made]], "deps": [[one, "same"] for one in made]}
        )
        role = {"role": "axis-score", "axis": axis, "weight": str(axis_weight)}
        add(name=f"score_{axis}", kind="value", calculation=len(expressions) - 1, attributes=role)
    expressions.append({"ast": ["fn", "all"], "deps": []})
    add(name="score_all", kind="value", calculation=len(expressions) - 1, attributes={"role": "overall"})
    return {"nodes": nodes, "lists": lists, "expressions": expressions}


def told(compared: Compared, axis: str = "LEG") -> tuple[str, list[tuple[str, str]]]:
    found = compared.axes[axis]
    return found.degree, [(change.kind, change.name) for change in found.changes]


OLD = package("leg01 2", "leg02 1", "leg03 1")


@pytest.mark.parametrize(
    ("newer", "expected"),
    [
        (package("leg01 2", "leg02 1", "leg03 1"), ("same", [])),
        (package("leg01 2", "leg02=mieux 1", "leg03 1"), ("same", [("reworded", "leg02")])),
        (package("leg01 2", "leg02 1 0 1 2 3 4 na", "leg03 1"), ("same", [])),
        (package("leg01 2", "leg02 1", "leg03 1", "leg04 1"), ("partly", [("came", "leg04")])),
        (package("leg01 2", "leg02 1"), ("partly", [("went", "leg03")])),
        (package("leg01 1", "leg02 1", "leg03 1"), ("partly", [("weight", "leg01")])),
        (package("leg01 2", "leg02 1 0 1 2", "leg03 1"), ("partly", [("choices", "leg02")])),
        (package("leg01 2", "leg02 1", "leg03 1", formula="mean"), ("partly", [("rule", "")])),
        (package("leg01 2 0 2 4", "leg02 1 0 1", "leg03 1"), ("not", [("choices", "leg01"), ("choices", "leg02")])),
        (package("leg09 2", "leg03 1"), ("not", [("came", "leg09"), ("went", "leg01"), ("went", "leg02")])),
        (package(), ("not", [("axis_went", "")])),
    ],
)
def test_an_axis_says_how_far_it_can_be_compared_and_why(newer, expected):  # 1, 2, 3
    assert told(compare(OLD, newer)) == expected


def test_the_overall_score_follows_its_axes_and_their_weights():
    assert compare(OLD, package("leg01 2", "leg02 1", "leg03 1")).degree == "same"
    heavier = compare(OLD, package("leg01 2", "leg02 1", "leg03 1", weight=5))
    assert (heavier.degree, [(one.kind, one.before, one.after) for one in heavier.changes]) == ("partly", [("axis_weight", 2, 5)])
    assert compare(OLD, package("other 1", fin="fin09 1")).degree == "not"


def test_two_rounds_are_compared_on_what_both_answered():  # 4
    newer = package("leg01 2", "leg02 1 0 1 2", "leg03 3", "leg04 1")
    then = {"leg01": "1", "leg02": "4", "leg03": "2", "fin01": "na"}
    now = {"leg01": "3", "leg02": "1", "leg03": "2", "leg04": "4", "fin01": "4"}
    axes, overall = on_common(compare(OLD, newer), newer, then, now)
    # (2·1 + 3·2) and (2·3 + 3·2) of 4·(2+3): leg02 takes other answers, leg04 is new, fin01 was not applicable.
    assert {axis: (one.then, one.now, one.questions) for axis, one in axes.items()} == {"LEG": (40.0, 60.0, 2)}
    assert overall == (40.0, 60.0)


def test_answers_that_mean_something_else_now_are_not_given_to_the_newer_grid():
    newer = package("leg01 2", "leg02 1 0 1 2", "leg03 1")
    answers = {"ax": {"leg01": "4", "leg02": "4"}, "part": [{"leg02": "1"}]}
    assert for_grid(compare(OLD, newer), answers) == {"ax": {"leg01": "4"}, "part": [{"leg02": "1"}]}
