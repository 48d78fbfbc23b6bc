"""Workbooks (XLSX) in which nothing runs, written row by row: memory does not grow with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import xlsxwriter

from app.core.cells import Value

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # of one sheet; what is more goes on to another sheet
MOST_CHARACTERS = 32_767  # of one cell
MOST_OF_A_NAME = 31  # of a sheet
FIRST_DATE = date(1900, 3, 1)  # before it, spreadsheets count days in two ways

UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold, and no keyboard writes


class Sheet:
    """A table of a workbook; goes on to another sheet where one is full."""

    def __init__(
        self, book: Any, name: str, heads: Sequence[Sequence[str]], formats: Mapping[str, Any], rtl: bool, most: int
    ) -> None:
        self.book, self.name, self.heads, self.formats, self.rtl, self.most = book, name, heads, formats, rtl, most
        self.parts: list[str] = []  # names of the sheets that it takes
        self._begin()

    def _begin(self) -> None:
        self.sheet = self.book.add_worksheet(sheet_name(self.name, len(self.parts) + 1, self.book))
        self.parts.append(self.sheet.get_name())
        if self.rtl:
            self.sheet.right_to_left()
        self.sheet.freeze_panes(len(self.heads), 1)
        for n, head in enumerate(self.heads[-1] if self.heads else ()):
            self.sheet.set_column(n, n, min(max(len(head), 10), 40))
        for row, texts in enumerate(self.heads):
            for n, text in enumerate(texts):
                self.sheet.write_string(row, n, text, self.formats["head" if row else "code"])
        self.row = len(self.heads)

    def write(self, values: Sequence[Value]) -> None:
        if self.row >= self.most:
            self._begin()
        sheet, row, formats = self.sheet, self.row, self.formats
        for n, value in enumerate(values):
            if value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(row, n, UNWRITABLE.sub("", value)[:MOST_CHARACTERS])
            elif isinstance(value, datetime):
                _write_moment(sheet, row, n, value, formats)
            elif isinstance(value, date):
                if value < FIRST_DATE:
                    sheet.write_string(row, n, value.isoformat())
                else:
                    sheet.write_datetime(row, n, datetime(value.year, value.month, value.day), formats["date"])
            elif isinstance(value, time):
                sheet.write_datetime(row, n, value, formats["time"])
            else:
                sheet.write_number(row, n, float(value) if isinstance(value, Decimal) else value)
        self.row += 1


def _write_moment(sheet: Any, row: int, column: int, value: datetime, formats: Mapping[str, Any]) -> None:
    if value.date() < FIRST_DATE:
        sheet.write_string(row, column, value.isoformat(sep=" "))
    else:
        sheet.write_datetime(row, column, value, formats["moment"])


def sheet_name(wanted: str, part: int, book: Any) -> str:
    """At most 31 characters, none of []:*?/\\, and each only once in a workbook."""
    clean = re.sub(r"[\[\]:*?/\\]", " ", wanted).strip("' ") or "data"
    if len(clean) > MOST_OF_A_NAME:  # "Produits (5 au plus)": what stands in brackets goes first
        clean = re.sub(r"\s*\([^)]*\)$", "", clean)
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    end = f" ({part})" if part > 1 else ""
    name, n = _whole_words(clean, MOST_OF_A_NAME - len(end)) + end, 2
    while name.lower() in taken:
        end = f" ({n})"
        name, n = _whole_words(clean, MOST_OF_A_NAME - len(end)) + end, n + 1
    return name


def _whole_words(text: str, most: int) -> str:
    """A start of the text that does not end within a word, unless its first word alone is too long."""
    if len(text) <= most:
        return text
    start = text[: most + 1].rpartition(" ")[0] or text[:most]
    return start.rstrip(" ,;:،؛-–(")


class Book:
    """A workbook on its way, right to left in Arabic. `sheets` are those begun by `sheet()`."""

    def __init__(self, book: Any, rtl: bool) -> None:
        self.book, self.rtl = book, rtl
        self.sheets: list[Sheet] = []
        self.formats = {
            "code": book.add_format({"bold": True, "bg_color": "#E3EFE9", "font_color": "#0A4D3E"}),
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#FBF7EF"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "time": book.add_format({"num_format": "hh:mm"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }

    def sheet(self, name: str, heads: Sequence[Sequence[str]] = (), most: int = MOST_ROWS) -> Sheet:
        """A sheet under these heading rows; of a full one (`most` rows) the rest stands on "name (2)" and so on."""
        self.sheets.append(Sheet(self.book, name, heads, self.formats, self.rtl, most))
        return self.sheets[-1]


@contextmanager
def workbook(target: BinaryIO, *, title: str, created: datetime, rtl: bool) -> Iterator[Book]:
    """Give a workbook to fill; written to `target` at the end.

    Every text is written as a text: nothing in it becomes a formula, a link or a number.
    """
    with TemporaryDirectory(prefix="daftar-workbook-") as folder:
        path = Path(folder) / "made.xlsx"
        # constant_memory: each row goes to a temporary file as soon as the next one begins.
        settings = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        book = xlsxwriter.Workbook(str(path), settings)
        book.set_properties({"title": title, "author": "Daftar", "created": created.replace(tzinfo=None)})
        yield Book(book, rtl)
        book.close()
        with path.open("rb") as made:
            while block := made.read(1 << 20):
                target.write(block)
