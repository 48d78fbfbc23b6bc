"""What a panel shows: a table that a page, a sheet of paper and a spreadsheet read alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from markupsafe import Markup

# A spreadsheet may run a cell that starts with one of these (as app/core/cells.py says).
RISKY = tuple("=+-@\t\r\n\0＝＋－＠")
SEPARATOR = ";"  # what spreadsheets of Morocco expect beside a decimal comma


@dataclass(frozen=True)
class Cell:
    """One figure or word, as read and as a spreadsheet takes it."""

    text: str = ""
    value: Decimal | date | None = None  # none: the text says it all
    address: str = ""  # the rows or the record behind it
    tone: str = ""  # "", "ok", "warn", "bad", "soft": always beside words or a number
    drawn: Markup | None = None  # a bar, a place on a scale
    note: str = ""  # small, below


@dataclass(frozen=True)
class Column:
    title: str
    is_number: bool = False
    drawn: bool = False  # its cells hold a drawing: it takes the room there is
    hint: str = ""  # spelled out, where the title is short
    is_personal: bool = False  # who somebody is: not in a file for readers without `names.export`


@dataclass(frozen=True)
class Row:
    cells: Sequence[Cell]
    kind: str = ""  # "", "group" (heads those below), "sub" (their sum), "total"


@dataclass(frozen=True)
class Table:
    """Rows below columns; the first cell of a row names it."""

    columns: Sequence[Column]
    rows: Sequence[Row] = ()
    foot: Sequence[Row] = ()
    notes: Sequence[str] = ()
    legend: Sequence[tuple[str, str]] = ()  # short sign -> its words
    title: str = ""
    tight: bool = False  # many narrow columns
    stacks: bool = False  # on a phone each row is a block of its own
    filed: Table | None = None  # as files hold it, where a page's headings and sums between rows would spoil filters and totals


@dataclass(frozen=True)
class Tile:
    """One indicator: what it is, what it is now, what it should be."""

    name: str
    figure: str
    unit: str = ""  # as it agrees with the figure
    measured_in: str = ""  # the unit on its own, for a column of units
    definition: str = ""
    target: str = ""
    drawn: Markup | None = None
    share: str = ""  # of the target
    situation: str = ""
    address: str = ""
    note: str = ""
    counted: str = ""  # persons, participations…
    in_millions: str = ""
    value: Decimal | None = None  # as a spreadsheet takes it


@dataclass(frozen=True)
class Empty:
    """Nothing yet, and the one thing to do."""

    title: str
    text: str = ""
    address: str = ""
    action: str = ""
    needs: str = ""  # the permission without which the action is not offered


@dataclass
class Shown:
    """A panel as it is shown to one reader."""

    tables: list[Table] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    in_files: list[Table] = field(default_factory=list)  # too long for the whole page: alone, and in files
    picture: Markup | None = None
    picture_words: str = ""
    map: dict[str, object] | None = None
    empty: Empty | None = None
    notes: list[str] = field(default_factory=list)
    situation: str = ""


def as_csv(tables: Sequence[Table], about: Sequence[Sequence[str]], *, names: bool) -> bytes:
    """The tables one after the other, with what they are about above: UTF-8 with a BOM, for Excel.

    names  whether columns that say who somebody is stay in
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=SEPARATOR, lineterminator="\r\n")
    for line in about:
        writer.writerow([_safe(one) for one in line])
    for shown in tables:
        table = shown.filed or shown
        writer.writerow([])
        if table.title:
            writer.writerow([_safe(table.title)])
        kept = [n for n, column in enumerate(table.columns) if names or not column.is_personal]
        writer.writerow([_safe(table.columns[n].hint or table.columns[n].title) for n in kept])
        for row in [*table.rows, *table.foot]:
            writer.writerow([_plain(row.cells[n]) if n < len(row.cells) else "" for n in kept])
        for note in table.notes:
            writer.writerow([_safe(note)])
    return stream.getvalue().encode("utf-8-sig")


def _plain(cell: Cell) -> str:
    """A number with a decimal comma and nothing between its thousands, a day as 2026-11-26."""
    if isinstance(cell.value, Decimal):
        exponent = cell.value.as_tuple().exponent
        # What was divided has no end; what was written keeps its own decimals.
        kept = round(cell.value, 2) if isinstance(exponent, int) and exponent < -4 else cell.value
        return f"{kept:f}".replace(".", ",")
    if isinstance(cell.value, date):
        return cell.value.isoformat()
    return _safe(f"{cell.text} {cell.note}".strip())


def _safe(text: str) -> str:
    text = text.translate({0x2066: None, 0x2067: None, 0x2068: None, 0x2069: None})
    return f"'{text}" if text.startswith(RISKY) else text
