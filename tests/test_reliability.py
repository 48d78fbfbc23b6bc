"""docs/reliability.md and the tests keep together: every id of the specification has a row, every row a test that names the id,
or the words "not yet"."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
ROW = re.compile(r"^\| ((?:I|PS|NS|SV|UM|AS|BI|RX)-\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$", re.M)
ROWS = {id: shown for id, _, shown, _ in ROW.findall(PAGE)}
SPECIFIED = {
    "PS": "01 04 05 08 09 10 11 12 14 15 16 17",
    "NS": "01 04 05 06 08 09 10 11 12 13 14 17 18 20 21 22 23",
    "SV": "01 04 05 06 07 08 09 10 12 13 14 15 16",
    "UM": "02 03 06 07 08 10 11 12 13",
    "AS": "01 03 04 05 07 08 09 10 12 13 14 15 16 17 18 19 21 22 23 24 25 26 27",
    "BI": "01 02 03 04 06 08 10 11 12 13 14 15 16",
    "RX": "03",
}


def test_every_fault_of_the_specification_has_its_row():
    wanted = {f"{group}-{number}" for group, numbers in SPECIFIED.items() for number in numbers.split()}
    assert wanted <= ROWS.keys()


def source_of(place: str) -> str:
    """The function at `path::name`, with the comment behind its first line."""
    path, _, name = place.partition("::")
    file = ROOT / path if "/" in path else ROOT / "tests" / "faults" / path
    text = file.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
    raise AssertionError(f"{path} has no {name}")


@pytest.mark.parametrize("id", sorted(ROWS))
def test_a_row_names_tests_that_name_it_or_says_that_there_is_none(id: str):
    if ROWS[id].startswith("not yet"):
        return
    places = re.findall(r"`([\w./]+::\w+)`", ROWS[id])
    assert places
    assert any(id in source_of(place) for place in places), f"none of {places} names {id}"
