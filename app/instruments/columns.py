"""Packages as phones fetch them: rows of objects turned into columns, where like stands beside like and packs a third smaller.

static/js/core/columns.js reads them, and a package's SHA-256 says that it is the same again. docs/package.md, "On the way".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from app.instruments.files import canonical_json

ROWS, STEPS = "", "+"  # names that no object of a package may have


class NotInColumns(ValueError):
    """A package that would not come out as it went in; it travels as a text."""


@lru_cache(maxsize=32)
def columns_json(package: str) -> str:
    """Of a package in canonical JSON. Raises NotInColumns."""
    return canonical_json(in_columns(orjson.loads(package)))


def in_columns(value: Any) -> Any:
    """The value with each list of objects as `{"": rows, name: Column, …}`. Raises NotInColumns.

    Column: a list of cells, null where a row has none, without those at its end; `{"+": [step, …]}` of whole numbers, each
    from the one before; or, where cells are objects, `{name: Column, …}`.
    """
    if isinstance(value, dict):
        _check_names(value)
        return {name: in_columns(one) for name, one in value.items()}
    if isinstance(value, list):
        if len(value) > 1 and all(isinstance(one, dict) and one for one in value):
            return {ROWS: len(value), **_columns(value)}
        return [in_columns(one) for one in value]
    if value is None or (isinstance(value, int | float) and _is_odd(value)):
        raise NotInColumns(repr(value))
    return value


def _is_odd(number: float) -> bool:
    """A browser reads it as another number, or writes it in another way than canonical() knows."""
    if isinstance(number, int):
        return abs(number) >= 2**53
    return number.is_integer() or 1e-6 <= abs(number) < 1e-4


def _columns(rows: Sequence[dict[str, Any] | None]) -> dict[str, Any]:
    names = sorted({name for row in rows if row is not None for name in row})
    _check_names(names)
    return {name: _column([None if row is None else row.get(name) for row in rows]) for name in names}


def _column(cells: list[Any]) -> Any:
    present = [cell for cell in cells if cell is not None]
    if all(isinstance(cell, dict) and cell for cell in present):
        return _columns(cells)
    if all(type(cell) is int for cell in present):
        return {STEPS: _steps(cells)}
    while cells[-1] is None:
        cells.pop()
    return [None if cell is None else in_columns(cell) for cell in cells]


def _steps(cells: list[int | None]) -> list[int | None]:
    last, steps = 0, []
    for cell in cells:
        steps.append(None if cell is None else cell - last)
        last = last if cell is None else cell
    return steps


def _check_names(names: Any) -> None:
    if ROWS in names or STEPS in names:
        raise NotInColumns(f"an object with the name {ROWS!r} or {STEPS!r}")
