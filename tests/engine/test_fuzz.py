"""Damaged packages and answers: the server's engine computes or says what it could not; it never hangs or falls."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from app.core.problems import Problem
from app.engine import host
from tests.engine.cases import NOW, OFFSET
from tests.engine.test_host import COOPS, SENT, VISIT, package_of

JUNK: list[Any] = [
    None,
    True,
    -1,
    10**9,
    "",
    "x",
    "[",
    "../../..",
    [],
    {},
    [[]],
    {"ar": ["", {"x": 99}]},
    ["fn", "nothing"],
    "\u202e\0",
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with every key of it."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield value, index
            yield from places(one)


def damaged(value: Any, chance: random.Random) -> Any:
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        container, key = chance.choice(list(places(value)))
        if chance.random() < 0.3 and isinstance(container, dict):
            container.pop(key, None)
        else:
            container[key] = copy.deepcopy(chance.choice(JUNK))
    return value


def test_a_damaged_package_gives_a_result_or_a_problem() -> None:
    package = package_of(VISIT, {"coops": COOPS})
    chance = random.Random(20261121)
    outcomes = {"result": 0, "problem": 0}
    for _ in range(250):
        try:
            host.recompute(damaged(package, chance), SENT, {"coops": COOPS}, now=NOW, offset_minutes=OFFSET, seconds=2)
            outcomes["result"] += 1
        except Problem:
            outcomes["problem"] += 1
    assert min(outcomes.values()) > 20


def test_damaged_answers_give_a_result() -> None:
    package = package_of(VISIT, {"coops": COOPS})
    chance = random.Random(20261122)
    for _ in range(250):
        answers = damaged(SENT, chance)
        result = host.recompute(package, answers, {"coops": COOPS}, now=NOW, offset_minutes=OFFSET, seconds=2)
        assert set(result) == {"differences", "problems", "scores", "title"}
