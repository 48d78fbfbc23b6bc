"""Packages in columns, as phones fetch them (app/instruments/columns.py), and out of them again (static/js/core/columns.js)."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import quickjs

from app.core import packing
from app.core.scripts import bundle
from app.instruments.columns import NotInColumns, columns_json, in_columns
from app.instruments.compiler import LIBRARY, compile_file
from app.instruments.files import canonical_json

FORMS = sorted(path.parent.name for path in LIBRARY.glob("*/form.md"))
MODULE = Path(__file__).resolve().parents[2] / "static/js/core/columns.js"


@pytest.fixture(scope="module")
def back():
    """What a phone makes of a value in columns: canonical JSON."""
    context = quickjs.Context()
    context.eval(bundle(MODULE, "Columns"))
    return lambda text: json.loads(context.eval(f"JSON.stringify(Columns.canonical(Columns.outOfColumns({text})))"))


@pytest.mark.parametrize("code", FORMS)
def test_a_form_of_the_library_comes_out_as_it_was_published_and_travels_lighter(back, code):
    package = compile_file(LIBRARY / code / "form.md").package_json
    columns = columns_json(package)
    assert back(columns) == package
    alone, together = (len(packing.packed(text.encode(), "br", packing.SOMETIMES)) for text in (package, columns))
    assert together < alone


NAMES = ["ar", "fr", "name", "i", "1", "10", "2", "__x", "لون", "a b"]
SIMPLE = [0, 1, -7, 2.5, 0.0001, 1e-9, -1.25e-12, "", "نعم", 'l’eau\n"x" \\ \u2028 \u0001', True, False, [], {}]


def any_value(draw: random.Random, depth: int):
    kind = draw.random() if depth else 1
    if kind < 0.3:
        names = draw.sample(NAMES, draw.randint(0, 4))
        return {name: any_value(draw, depth - 1) for name in names}
    if kind < 0.5:
        return [any_value(draw, depth - 1) for _ in range(draw.randint(0, 4))]
    if kind < 0.75:
        names = draw.sample(NAMES, 4)
        return [{name: any_value(draw, depth - 1) for name in names if draw.random() < 0.6} for _ in range(draw.randint(2, 6))]
    return draw.choice(SIMPLE)


def test_whatever_rows_lack_or_hold_they_come_out_as_they_went_in(back):
    for seed in range(400):
        value = {"nodes": [any_value(random.Random(seed), 4), any_value(random.Random(seed + 1000), 3)]}
        assert back(canonical_json(in_columns(value))) == canonical_json(value), seed


@pytest.mark.parametrize(
    "value",
    [{"": 1}, {"a": [{"+": 1}, {"b": 2}]}, {"a": None}, {"a": 1.0}, {"a": 5e-5}, {"a": 2**53}],
    ids=["no name", "the name of steps", "null", "a whole decimal", "an exponent", "beyond exact numbers"],
)
def test_what_would_come_out_otherwise_is_not_put_into_columns(value):
    with pytest.raises(NotInColumns):
        columns_json(json.dumps(value))
