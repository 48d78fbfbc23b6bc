"""What pyxform lets pass and the field would pay for. docs/instruments.md lists the checks."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from app.instruments.findings import Finding, error
from app.instruments.rows import Row, all_rows, list_of
from app.instruments.workbook import Workbook
from app.instruments.xpath import Dependencies

# name: fewest and most arguments; None: any number.
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "abs": (1, 1), "acos": (1, 1), "area": (1, 1), "asin": (1, 1), "atan": (1, 1), "atan2": (2, 2), "base64-decode": (1, 1), "boolean": (1, 1),
    "boolean-from-string": (1, 1), "ceiling": (1, 1), "checklist": (2, None), "coalesce": (1, None), "concat": (0, None), "contains": (2, 2),
    "cos": (1, 1), "count": (1, 1), "count-non-empty": (1, 1), "count-selected": (1, 1), "current": (0, 0), "date": (1, 1), "date-time": (1, 1),
    "decimal-date-time": (1, 1), "decimal-time": (1, 1), "digest": (2, 3), "distance": (1, None), "ends-with": (2, 2), "exp": (1, 1), "exp10": (1, 1),
    "false": (0, 0), "floor": (1, 1), "format-date": (2, 2), "format-date-time": (2, 2), "geofence": (2, 2), "if": (3, 3), "indexed-repeat": (3, 7),
    "instance": (1, 1), "int": (1, 1), "join": (2, None), "jr:choice-name": (2, 2), "jr:itext": (1, 1), "last": (0, 0), "local-name": (0, 1),
    "log": (1, 1), "log10": (1, 1), "lower-case": (1, 1), "max": (1, None), "min": (1, None), "name": (0, 1), "namespace-uri": (0, 1),
    "normalize-space": (0, 1), "not": (1, 1), "now": (0, 0), "number": (0, 1), "once": (1, 1), "pi": (0, 0), "position": (0, 1), "pow": (2, 2),
    "pulldata": (4, 4), "random": (0, 0), "randomize": (1, 2), "regex": (2, 2), "round": (1, 2), "selected": (2, 2), "selected-at": (2, 2),
    "sin": (1, 1), "sqrt": (1, 1), "starts-with": (2, 2), "string": (0, 1), "string-length": (0, 1), "substr": (2, 3), "substring": (2, 3),
    "substring-after": (2, 2), "substring-before": (2, 2), "sum": (1, 1), "tan": (1, 1), "today": (0, 0), "translate": (3, 3), "true": (0, 0),
    "upper-case": (1, 1), "uuid": (0, 1), "weighted-checklist": (2, None), "id": (1, 1), "lang": (1, 1),
}  # fmt: skip


def language_code(name: str) -> str:
    """`العربية (ar)` -> `ar`; a language without a code is its own name."""
    match = re.search(r"\(([\w-]+)\)\s*$", name)
    return match.group(1) if match else name


def readable(text: str) -> str:
    """An expression with the names of questions for their paths, cut to a line."""
    text = re.sub(r"(?:/\w+)+/(\w+)", r"${\1}", re.sub(r"\s+", " ", text)).strip()
    return text if len(text) <= 120 else text[:117] + "…"


def rows_of(workbook: Workbook, sheet: str) -> list[tuple[int, dict[str, str]]]:
    return workbook.sheets[sheet].rows if sheet in workbook.sheets else []


def where_list_stands(workbook: Workbook, name: str) -> dict[str, Any]:
    """The first question that reads a list, as keyword arguments of a finding."""
    for row in all_rows(workbook.sheets["survey"]):
        if list_of(row.type).rpartition(".")[0] == name or list_of(row.type) == name:
            return {"sheet": "survey", "row": row.number, "column": row.column("type")}
        if any(f"instance('{name}')" in cell or f'instance("{name}")' in cell for cell in row.cells.values()):
            return {"sheet": "survey", "row": row.number, "column": ""}
    return {"sheet": "survey", "row": 0, "column": ""}


def _near(name: str, names: Any) -> dict[str, str]:
    found = difflib.get_close_matches(name, list(names), 1, 0.7)
    return {"near": found[0]} if found else {}


def check_expression(found: Dependencies, sheet: str, row: int, column: str) -> list[Finding]:
    """Names and functions of one expression."""
    at = {"sheet": sheet, "row": row, "column": column}
    findings = [error("question_unknown", name=name, **at) for name in dict.fromkeys(found.unknown)]
    for name, given in dict.fromkeys(found.functions):
        if name not in FUNCTIONS:
            findings.append(error("function_unknown", name=name, **_near(name, FUNCTIONS), **at))
            continue
        fewest, most = FUNCTIONS[name]
        if given < fewest or (most is not None and given > most):
            wanted = str(fewest) if fewest == most else f"{fewest}…" if most is None else f"{fewest}–{most}"
            findings.append(error("function_arity", name=name, given=given, wanted=wanted, **at))
    return findings


def check_dataset(name: str, rows: list[dict[str, str]], at: dict[str, Any]) -> list[Finding]:
    """A CSV list needs codes that differ, and labels."""
    findings = []
    for column in ("name", "label"):
        if not rows or column not in rows[0]:
            findings.append(error("list_columns", name=name, column=column, **at))
    seen = set()
    for row in rows:
        code = row.get("name", "")
        if code in seen:
            findings.append(error("list_code_twice", name=name, code=code, **at))
            break
        seen.add(code)
    return findings


def check_workbook(workbook: Workbook) -> list[Finding]:
    """What can be said before conversion, in better words than the converter's."""
    return []


def check_package(
    workbook: Workbook, package: dict[str, Any], rows: Mapping[str, Row], datasets: Mapping[str, list[dict[str, str]]]
) -> list[Finding]:
    """What only the parsed rules show."""
    return []
