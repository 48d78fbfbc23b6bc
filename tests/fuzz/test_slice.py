"""A part of `make fuzz` in every run of the suite: damaged forms, packages and answers give a message, never a fall, a hang or a
full memory."""

from __future__ import annotations

import random

from app.engine import host
from tests.engine.cases import NOW, OFFSET
from tests.engine.test_host import COOPS, SENT, VISIT, package_of
from tests.fuzz import fuzz, mutants

MUTANTS = 300


def test_damaged_forms_and_packages_are_answered() -> None:
    outcomes, peak = fuzz.run(MUTANTS, seed=2026, workers=1)
    assert [one for one in outcomes if one.fault] == []
    assert len(outcomes) == MUTANTS
    assert peak < fuzz.MOST_MB
    results = {one.result for one in outcomes}
    assert {"published", "refused", "computed", "problem engine.failed"} <= results


def test_a_number_is_always_the_same_mutant() -> None:
    assert mutants.mutant(7).content == mutants.mutant(7).content
    assert len({mutants.mutant(seed).content for seed in range(40, 60)}) > 5


def test_damaged_answers_to_a_whole_package_give_a_result() -> None:
    package = package_of(VISIT, {"coops": COOPS})
    chance = random.Random(20261122)
    for _ in range(250):
        answers = mutants.damaged(SENT, chance)
        result = host.recompute(package, answers, {"coops": COOPS}, now=NOW, offset_minutes=OFFSET)
        assert set(result) == {"differences", "problems", "scores", "title"}


def test_what_a_fault_looks_like_is_known() -> None:
    """A run that finds nothing could have found something."""
    assert "1 faults" in fuzz.report([fuzz.Outcome(1, "form", "", 0.1, "KeyError: x")], 10)
    assert "0 faults" in fuzz.report([fuzz.Outcome(1, "form", "refused", 0.1, "")], 10)
