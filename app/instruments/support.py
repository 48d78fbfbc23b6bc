"""Says what of a form is not drawn, or does nothing, so that nobody finds out in the field. The tables are kinds.py."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from app.instruments import kinds
from app.instruments.findings import Finding, error, warning
from app.instruments.rows import Row, canonical_type, list_of, parameters
from app.instruments.workbook import Workbook


def plain_type(text: str) -> str:
    """The kind as the tables of what does not work have it: `select_one_external list` -> `select-one-external`."""
    if re.match(r"select[ _-]one[ _-]external\b", text):
        return "select-one-external"
    if match := re.match(r"begin[ _](loop|score|rank|kobomatrix)\b", text, re.IGNORECASE):
        return match.group(1).lower() if match.group(1).lower() == "loop" else f"begin-{match.group(1).lower()}"
    return canonical_type(text).replace("_", "-").replace(" ", "-").lower()


def is_unseen(text: str) -> bool:
    """Whether nobody reads a label of it."""
    return canonical_type(text) in kinds.UNSEEN or plain_type(text) in kinds.BLANK


def is_of_file(text: str) -> bool:
    """Whether the choices are those of a file or of records."""
    return "." in list_of(text) and "${" not in text


def kind_of(row: Row) -> str:
    return ("repeat" if row.is_repeat else "group") if row.is_container else canonical_type(row.type)


def check(workbook: Workbook, rows: Iterable[Row]) -> list[Finding]:
    found = [finding for row in rows if row.type and not row.is_end for finding in _row(row)]
    return found + list(_settings(workbook))


def _row(row: Row) -> Iterator[Finding]:
    kind = kind_of(row)
    if kind not in kinds.drawn() and kind not in kinds.UNSEEN:
        return  # said of the kind already
    at = ("survey", row.number, row.column("appearance"))
    known = {*kinds.drawn().get(kind, {}), *kinds.drawn()["*"], *kinds.FALLS_BACK.get(kind, {})} - {""}
    for word in kinds.words(row.cell("appearance")):
        if word.startswith("search("):
            continue
        why = kinds.reason(kind, word, of_file=is_of_file(row.type))
        if why:
            yield warning("appearance_falls_back", *at, name=word, type=kind, reason=kinds.REASONS[why])
        elif not kinds.is_drawn(kind, word):
            yield warning("appearance_unknown", *at, name=word, type=kind, **_near(word, known))
    at = ("survey", row.number, row.column("parameters"))
    allowed = kinds.PARAMETERS.get(kind, {})
    given = parameters(row.cell("parameters"))
    for name, value in given.items():
        pattern, example = kinds.PARAMETER_VALUES.get(name, ("", ""))
        together = kinds.TOGETHER.get(name, "")
        if name not in allowed:
            said = {"name": name, "type": kind, **_near(name, allowed)}
            is_refused = kind in kinds.PARAMETERS and kind != "video"  # of other kinds the converter looks at none
            yield error("parameter_unknown", *at, **said) if is_refused else warning("parameter_unknown", *at, **said)
        elif pattern and not re.fullmatch(pattern, value):
            yield error("parameter_value", *at, name=name, value=value, wanted=f"{name}={example}")
        elif not parameters(together).keys() <= given.keys():
            yield error("parameter_alone", *at, name=name, wanted=together)
        elif why := allowed[name] or ("quality_external" if (name, value) == ("quality", "external") else None):
            yield warning("parameter_ignored", *at, name=name, type=kind, reason=kinds.REASONS[why])


def _settings(workbook: Workbook) -> Iterator[Finding]:
    sheet = workbook.sheets.get("settings")
    if sheet is None or not sheet.rows:
        return
    number, cells = sheet.rows[0]
    for letter, column in zip(sheet.letters, sheet.columns, strict=False):
        name = re.sub(r"\s+", "_", column.strip().lower())
        why = kinds.SETTINGS.get(kinds.SETTING_ALIASES.get(name, name))
        if why and cells.get(column):
            yield warning("setting_ignored", "settings", number, letter, name=column, reason=kinds.REASONS[why])


def _near(name: str, known: Iterable[str]) -> dict[str, Any]:
    found = difflib.get_close_matches(name, [one.replace("#", "2") for one in known], 1, 0.7)
    return {"near": found[0]} if found else {}
