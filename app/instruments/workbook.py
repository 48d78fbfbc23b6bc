"""Reads an XLSForm workbook (.xlsx, markdown tables, CSV) into sheets whose cells know their row and column.

A workbook comes from anybody who may publish: everything is measured before it is unpacked. Of the application this module
imports headings.py alone, which imports nothing, so that app/instruments/convert.py starts quickly in its own process.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from app.instruments.headings import doubled, name_languages

MAX_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 2_000
MAX_INFLATED = 64 * 1024 * 1024
MAX_CELLS = 200_000
MAX_CELL_LENGTH = 40_000
MAX_TABLE_CELLS = 1_000_000
FORMATS = (".xlsx", ".md", ".csv")
SHEETS = ("survey", "choices", "settings", "entities", "external_choices", "osm")


class Unreadable(Exception):
    """The file is not a workbook we can read. `code` is a key of app/instruments/messages.py."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code, self.details = code, details


@dataclass
class Sheet:
    """Rows as {column header: text}, with the number each row has in the file."""

    name: str
    columns: list[str]
    letters: list[str]  # what the reader sees above each column: "C", or its header in .md and .csv
    header_row: int
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "columns": self.columns,
            "letters": self.letters,
            "header_row": self.header_row,
            "rows": self.rows,
        }


@dataclass
class Workbook:
    name: str
    sheets: dict[str, Sheet]
    sheet_names: list[str]  # all of them, as written

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sheet_names": self.sheet_names,
            "sheets": {key: one.to_json() for key, one in self.sheets.items()},
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Workbook:
        sheets = {
            key: Sheet(
                one["name"], one["columns"], one["letters"], one["header_row"], [(row, cells) for row, cells in one["rows"]]
            )
            for key, one in found["sheets"].items()
        }
        return cls(found["name"], sheets, found["sheet_names"])


def _kind(filename: str, content: bytes, max_bytes: int) -> str:
    """The end of the file's name, `.xlsx`; Unreadable when it is too large or holds nothing."""
    if len(content) > max_bytes:
        raise Unreadable("file_too_large", limit=max_bytes // (1024 * 1024))
    if not content.strip():
        raise Unreadable("file_empty")
    return f".{filename.rpartition('.')[2].lower()}"


def read_workbook(filename: str, content: bytes, max_bytes: int = MAX_BYTES) -> Workbook:
    """The sheets of a file, or Unreadable."""
    stem = filename.rpartition(".")[0]
    suffix = _kind(filename, content, max_bytes)
    if suffix == ".xlsx":
        sheets = _read_xlsx(content)
    elif suffix in (".md", ".csv"):
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Unreadable("file_not_utf8") from None
        sheets = _read_markdown(text) if suffix == ".md" else _read_csv(text)
    else:
        raise Unreadable("file_kind", kind=suffix)
    name_languages(sheets)
    found = {sheet.name.lower(): sheet for sheet in sheets if sheet.name.lower() in SHEETS}
    if "survey" not in found:
        if len(sheets) != 1:
            raise Unreadable("no_survey")
        found["survey"] = sheets[0]
    return Workbook(stem, found, [sheet.name for sheet in sheets])


def read_table(filename: str, content: bytes, max_rows: int, max_bytes: int = MAX_BYTES) -> Sheet:
    """The one table of a file of records (.xlsx: its first sheet that holds something; .csv), or Unreadable.

    Unlike a form's, its rows may be many, and its columns are named by their letter: {"A": text}.
    """
    suffix = _kind(filename, content, max_bytes)
    if suffix == ".xlsx":
        return _table_of(_rows_of_xlsx(content), max_rows)
    if suffix != ".csv":
        raise Unreadable("file_kind", kind=suffix)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("file_not_utf8") from None
    return _table_of(_rows_of_csv(text), max_rows)


def _rows_of_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        before = 0
        for row in reader:
            yield before + 1, row
            before = reader.line_num
    except csv.Error:
        raise Unreadable("file_corrupt") from None


def _rows_of_xlsx(content: bytes) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    file = _unpacked(content)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            for worksheet in book.worksheets:
                worksheet.reset_dimensions()
                there = False
                for number, row in enumerate(worksheet.iter_rows(values_only=True), start=1):
                    values = [_text(value) for value in row]
                    there = there or any(values)
                    yield number, values
                if there:
                    return
        finally:
            book.close()
    except Unreadable:
        raise
    except Exception as error:  # openpyxl lets its parsers' own errors through: KeyError, ValueError, ParseError…
        raise Unreadable("file_corrupt") from error


def _table_of(rows: Iterator[tuple[int, list[str]]], max_rows: int) -> Sheet:
    """The first row that holds something is the heading."""
    sheet: Sheet | None = None
    counter = _Counter(MAX_TABLE_CELLS)
    for number, values in rows:
        counter.add(max(len(values), 1))
        texts = [_CONTROL.sub("", value).replace("\u00a0", " ").strip() for value in values]
        if not any(texts):
            continue
        if sheet is None:
            while not texts[-1]:
                texts.pop()
            sheet = _sheet("", number, texts, lettered=True)
            continue
        if len(sheet.rows) >= max_rows:
            raise Unreadable("too_many_rows", limit=max_rows)
        if any(len(text) > MAX_CELL_LENGTH for text in texts):
            raise Unreadable("cell_too_long", sheet="", column="", limit=MAX_CELL_LENGTH)
        cells = {letter: text for letter, text in zip(sheet.letters, texts, strict=False) if text}
        if cells:
            sheet.rows.append((number, cells))
    if sheet is None:
        raise Unreadable("file_empty")
    return sheet


class _Counter:
    """Counts cells over all sheets of one file."""

    def __init__(self, most: int = MAX_CELLS) -> None:
        self.count, self.most = 0, most

    def add(self, cells: int) -> None:
        self.count += cells
        if self.count > self.most:
            raise Unreadable("too_many_cells", limit=self.most)


def _sheet(name: str, header_row: int, header: list[str], lettered: bool) -> Sheet:
    columns = [re.sub(" +", " ", one.strip()) for one in header]
    letters = [_letter(i) for i in range(len(columns))] if lettered else list(columns)
    if not any("::" in one for one in columns):
        columns = [doubled(one) for one in columns]
    return Sheet(name, columns, letters, header_row)


def _letter(index: int) -> str:
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML cannot hold them


def _cells(sheet: Sheet, values: list[str]) -> dict[str, str]:
    found = {}
    for column, value in zip(sheet.columns, values, strict=False):
        value = _CONTROL.sub("", value)
        if column and value:
            if len(value) > MAX_CELL_LENGTH:
                raise Unreadable("cell_too_long", sheet=sheet.name, column=column, limit=MAX_CELL_LENGTH)
            found[column] = value
    return found


# Markdown: | survey | | | and below it | | type | name |, as pyxform reads it. A cell is one line; <br> breaks a line in it.
_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^[\s|:\-]+$")


def _read_markdown(text: str) -> list[Sheet]:
    sheets: list[Sheet] = []
    pending: str | None = None
    counter = _Counter()
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if not line.startswith("|") or _RULE.match(line):
            continue
        cells = [one.strip().replace(r"\|", "|") for one in _PIPE.split(line)[1:]]
        if cells and cells[-1] == "" and line.endswith("|"):
            cells.pop()
        if not cells:
            continue
        counter.add(len(cells))
        if cells[0]:
            pending = cells[0]
        values = [one.replace("<br>", "\n") for one in cells[1:]]
        if not any(values):
            continue
        if pending is not None:
            sheets.append(_sheet(pending, number, values, lettered=False))
            pending = None
        elif sheets:
            sheets[-1].rows.append((number, _cells(sheets[-1], values)))
    if not sheets:
        raise Unreadable("no_tables")
    return sheets


def _read_csv(text: str) -> list[Sheet]:
    sheets: list[Sheet] = []
    pending: str | None = None
    counter = _Counter()
    # A spreadsheet of a French machine separates by semicolons. The name of the sheet and its headings show it.
    head = "\n".join(text.lstrip().splitlines()[:2])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        while True:
            number = reader.line_num + 1
            row = next(reader, None)
            if row is None:
                break
            counter.add(len(row))
            if row and row[0].strip():
                pending = row[0].strip()
            values = [one.strip() for one in row[1:]]
            if not any(values):
                continue
            if pending is not None:
                sheets.append(_sheet(pending, number, values, lettered=False))
                pending = None
            elif sheets:
                sheets[-1].rows.append((number, _cells(sheets[-1], values)))
    except csv.Error:
        raise Unreadable("no_tables") from None
    if not sheets:
        raise Unreadable("no_tables")
    return sheets


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _read_xlsx(content: bytes) -> list[Sheet]:
    return _sheets_of(_unpacked(content))


def _unpacked(content: bytes) -> io.BytesIO:
    """A measured copy of an .xlsx."""
    if content.startswith(_OLE):  # an old .xls, or a workbook with a password
        encrypted = "EncryptedPackage".encode("utf-16-le") in content
        raise Unreadable("file_encrypted" if encrypted else "file_old_excel")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Unreadable("file_corrupt") from None
    with archive:
        return _measured(archive)


def _measured(archive: zipfile.ZipFile) -> io.BytesIO:
    """A copy of the archive that really inflates to what it may; its own directory may lie about sizes."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Unreadable("file_bomb")
    if sum(entry.file_size for entry in entries) > MAX_INFLATED:
        raise Unreadable("file_bomb")
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Unreadable("file_encrypted")
    if any(name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name for name in names):
        raise Unreadable("file_corrupt")
    if len(set(names)) != len(names) or "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise Unreadable("file_not_xlsx")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Unreadable("file_macros")
    left = MAX_INFLATED
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        for entry in entries:
            # Pictures, charts and printer settings say nothing about a form.
            if not entry.filename.endswith((".xml", ".rels")) or entry.filename.startswith(
                ("xl/drawings/", "xl/charts/", "xl/media/")
            ):
                continue
            try:
                with archive.open(entry) as stream:
                    data = stream.read(left + 1)
            except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError, RuntimeError):
                raise Unreadable("file_corrupt") from None
            except Exception as error:  # zlib.error has no base of its own
                if type(error).__module__ in ("zlib", "lzma", "_lzma", "bz2"):
                    raise Unreadable("file_corrupt") from None
                raise
            left -= len(data)
            if left < 0:
                raise Unreadable("file_bomb")
            if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
                raise Unreadable("file_entities")
            if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16 would hide a DOCTYPE from the line above
                raise Unreadable("file_corrupt")
            target.writestr(entry.filename, data)
    copy.seek(0)
    return copy


def _sheets_of(file: io.BytesIO) -> list[Sheet]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            counter = _Counter()
            return [sheet for one in book.worksheets if (sheet := _read_sheet(one, counter)) is not None]
        finally:
            book.close()
    except Unreadable:
        raise
    except Exception as error:  # openpyxl lets its parsers' own errors through: KeyError, ValueError, ParseError…
        raise Unreadable("file_corrupt") from error


EMPTY_ROWS = 60  # after as many, the sheet has ended, as for pyxform


def _read_sheet(worksheet: Any, counter: _Counter) -> Sheet | None:
    sheet: Sheet | None = None
    worksheet.reset_dimensions()  # what the file says of its size may be wrong
    empty = 0
    for number, row in enumerate(worksheet.iter_rows(values_only=True), start=1):
        counter.add(max(len(row), 1))
        values = [_text(value) for value in row]
        if sheet is None:
            while values and not values[-1]:
                values.pop()
            if values:
                sheet = _sheet(worksheet.title, number, values, lettered=True)
            continue
        cells = _cells(sheet, values)
        empty = 0 if cells else empty + 1
        if empty > EMPTY_ROWS:
            break
        if cells:
            sheet.rows.append((number, cells))
    return sheet


def _text(value: Any) -> str:
    """What pyxform makes of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):  # XForms knows no exponent: 1e-05 would be no number
        return str(int(value)) if value.is_integer() else f"{Decimal(str(value)):f}"
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, date | datetime | time):
        return str(value)
    return str(value).replace("\u00a0", " ").strip() if isinstance(value, str) else str(value)


def to_xlsx(workbook: Workbook) -> bytes:
    """The same workbook as .xlsx, for other tools and for spreadsheet hands."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    for sheet in workbook.sheets.values():
        target = book.create_sheet(sheet.name)
        target.append(sheet.columns)
        for _, cells in sheet.rows:
            row = [WriteOnlyCell(target, cells.get(column, "")) for column in sheet.columns]
            for cell in row:
                cell.data_type = "s"  # a rule that begins with "=" is text, not a formula
            target.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
