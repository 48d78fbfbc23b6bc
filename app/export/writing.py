"""Writing an export out: XLSX and CSV, in files on disk, so that memory does not grow with the rows."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import xlsxwriter

from app.core.cells import neutral
from app.core.languages import LANGUAGES, MOROCCO, date_and_time, long_date
from app.export import words
from app.export.gather import Export
from app.export.tables import Column, Table, Value
from app.submissions.answers import SEPARATOR

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # of one sheet; what is more goes on to another sheet
MOST_CHARACTERS = 32_767  # of one cell
MOST_OF_A_NAME = 31  # of a sheet
FIRST_DATE = date(1900, 3, 1)  # before it, spreadsheets count days in two ways

UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold, and no keyboard writes


def columns_of(export: Export, table: Table) -> list[Column]:
    """All columns of a table: what says which row it is, then the answers."""
    if not table.name:
        return [*export.metadata, *table.columns]
    around = [one for one in export.tables if one.name and f"{table.name}/".startswith(f"{one.name}/")]
    around.sort(key=lambda one: len(one.steps))
    numbers = [words.row_number(name, one.labels) for name, one in zip(table.indexes, around, strict=True)]
    return [words.SUBMISSION_ID, *numbers, *table.columns]


def file_name(export: Export, extension: str) -> str:
    """`daftar-boulemane-diag-2026-11-21-seq57.xlsx`: no name of a person, no text of an answer."""
    code = re.sub(r"[^a-z0-9-]+", "-", export.programme.code.lower())
    form = re.sub(r"[^A-Za-z0-9_-]+", "-", export.instrument.form_id)
    day = export.now.astimezone(MOROCCO).date().isoformat()
    names = "-noms" if export.request.options.names else ""
    return f"daftar-{code}-{form}{names}-{day}-seq{export.seq}.{extension}"


def title_of(table: Table, language: str) -> str:
    return words.SHEETS[language][""] if not table.name else str(table.labels.get(language) or table.name)


def readme(export: Export, by: str) -> list[tuple[str, str]]:
    """What the file is, in the words of its language."""
    options, filters = export.request.options, export.request.filters
    language = options.language
    text = words.README[language]
    states = [words.STATES[language][state] for state in filters.states] or [text["all"]]
    if filters.date_from or filters.date_to:
        ends = [long_date(day, language) if day else "…" for day in (filters.date_from, filters.date_to)]
        received = text["from_to"].format(start=ends[0], end=ends[1])
    else:
        received = text["any_day"]
    found = [
        (text["as_of"], date_and_time(export.now, language)),
        (text["programme"], str(export.programme.name.get(language) or export.programme.code)),
        (text["instrument"], f"{export.instrument.title.get(language) or ''} ({export.instrument.form_id})"),
        (text["versions"], ", ".join(export.versions)),
        (text["states"], SEPARATOR[language].join(states)),
        (text["received"], received),
        (text["rows"], str(export.counts.get("", 0))),
        *(
            (text["table_rows"].format(table=title_of(table, language)), str(export.counts.get(table.name, 0)))
            for table in export.tables
            if table.name
        ),
        (text["seq"], str(export.seq)),
        (text["content"], text["labels"] if options.labels else text["codes"]),
        (text["names"], text["names_in"] if options.names else text["names_out"]),
        (text["by"], by),
        ("", text["quarantine"]),
        ("", text["blank"]),
        ("", text["safe"]),
    ]
    if export.unreadable:
        found.insert(7, (text["unreadable"], str(export.unreadable)))
    return found


def codebook(export: Export) -> Iterator[list[str]]:
    language = export.request.options.language
    yield list(words.CODEBOOK[language])
    for table in export.tables:
        for column in columns_of(export, table):
            kind = words.TYPES[language].get(column.kind, column.kind)
            texts = [column.labels.get(one, "") for one in LANGUAGES]
            yield [title_of(table, language), column.code, *texts, kind, column.unit]


# -- CSV


def csv_cell(value: Value) -> str:
    """Numbers stay numbers, with a point; dates are ISO 8601; texts are neutralised."""
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def write_csv(export: Export, target: BinaryIO, *, by: str, separator: str = ",") -> None:
    """A zip of CSV files, UTF-8 with BOM: the form, each repeat, the columns in words, and a readme."""
    language = export.request.options.language
    with TemporaryDirectory(prefix="daftar-export-") as folder, ExitStack() as opened:
        files: dict[str, Path] = {}
        writers: dict[str, Any] = {}
        for table in export.tables:
            path = Path(folder) / f"{len(files)}.csv"
            files[table.name] = path
            stream = opened.enter_context(path.open("w", encoding="utf-8-sig", newline=""))
            writers[table.name] = csv.writer(stream, delimiter=separator, lineterminator="\r\n")
            columns = columns_of(export, table)
            writers[table.name].writerow([neutral(column.code) for column in columns])
            if export.request.options.label_row:
                writers[table.name].writerow([neutral(column.label(language)) for column in columns])
        for batch in export.batches():
            for name, rows in batch.items():
                writers[name].writerows([csv_cell(value) for value in row] for row in rows)
        opened.close()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for table in export.tables:
                name = table.name.replace("/", "-") or export.instrument.form_id
                archive.write(files[table.name], f"{name}.csv")
            archive.writestr("columns.csv", _csv_bytes(codebook(export), separator))
            archive.writestr("readme.csv", _csv_bytes((list(line) for line in readme(export, by)), separator))


def _csv_bytes(rows: Iterator[list[str]], separator: str) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, lineterminator="\r\n")
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


# -- XLSX


class _Sheet:
    """A table of a workbook; goes on to another sheet where one is full."""

    def __init__(self, book: Any, name: str, heads: Sequence[Sequence[str]], formats: Mapping[str, Any], rtl: bool) -> None:
        self.book, self.name, self.heads, self.formats, self.rtl = book, name, heads, formats, rtl
        self.part = 0
        self._begin()

    def _begin(self) -> None:
        self.part += 1
        self.sheet = self.book.add_worksheet(sheet_name(self.name, self.part, self.book))
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
        if self.row >= MOST_ROWS:
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


def write_xlsx(export: Export, target: BinaryIO, *, by: str) -> None:
    """A workbook: the form, each repeat, the columns in words, and a readme; right to left in Arabic.

    Every text is written as a text: nothing in it becomes a formula, a link or a number.
    """
    options = export.request.options
    language, rtl = options.language, options.language == "ar"
    with TemporaryDirectory(prefix="daftar-export-") as folder:
        path = Path(folder) / "export.xlsx"
        # constant_memory: each row goes to a temporary file as soon as the next one begins.
        settings = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        book = xlsxwriter.Workbook(str(path), settings)
        book.set_properties({"title": file_name(export, "xlsx"), "author": "Daftar", "created": export.now.replace(tzinfo=None)})
        formats = {
            "code": book.add_format({"bold": True, "bg_color": "#E3EFE9", "font_color": "#0A4D3E"}),
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#FBF7EF"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "time": book.add_format({"num_format": "hh:mm"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        sheets = {}
        for table in export.tables:
            columns = columns_of(export, table)
            heads = [[column.code for column in columns]]
            if options.label_row:
                heads.append([column.label(language) for column in columns])
            sheets[table.name] = _Sheet(book, title_of(table, language), heads, formats, rtl)
        for batch in export.batches():
            for name, rows in batch.items():
                write = sheets[name].write
                for row in rows:
                    write(row)
        lines = codebook(export)
        columns_sheet = _Sheet(book, words.SHEETS[language]["columns"], [next(lines)], formats, rtl)
        for line in lines:
            columns_sheet.write(line)
        about = _Sheet(book, words.SHEETS[language]["readme"], [], formats, rtl)
        about.sheet.set_column(0, 0, 34)
        about.sheet.set_column(1, 1, 80)
        for fact in readme(export, by):
            about.write(fact)
        book.close()
        with path.open("rb") as made:
            while block := made.read(1 << 20):
                target.write(block)
