"""The functions of expressions: what the engine knows, docs/engine.md says and publication accepts are one list."""

from __future__ import annotations

import re
from pathlib import Path

from app.engine import host
from app.instruments.lint import FUNCTIONS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "engine.md"


def arity(fewest: int, most: int | None) -> str:
    return f"{fewest}+" if most is None else str(fewest) if fewest == most else f"{fewest}-{most}"


def test_the_documentation_lists_the_functions_of_the_engine() -> None:
    section = DOCS.read_text("utf-8").split("\n## Functions\n")[1].split("\n## ")[0]
    written = dict(re.findall(r"`([\w:-]+)` (\d+(?:\+|-\d+)?)", section.partition("\n\n")[2]))
    assert written == {name: arity(*bounds) for name, bounds in host.functions().items()}


def test_what_publication_accepts_the_engine_computes() -> None:
    known = host.functions()
    for name, (fewest, most) in FUNCTIONS.items():
        low, high = known[name]
        assert low <= fewest, name
        assert high is None or (most is not None and most <= high), name


def test_every_function_of_the_specification_has_a_case() -> None:
    written = "".join(path.read_text("utf-8") for path in DOCS.parents[1].joinpath("tests", "vectors").glob("*.json"))
    called = set(re.findall(r"([\w:-]+)\(", written))
    assert set(FUNCTIONS) - called == set()
