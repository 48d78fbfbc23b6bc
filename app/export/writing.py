"""Writing an export out: XLSX and CSV, in files on disk, so that memory does not grow with the rows."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from app.core import demonstration
from app.core.cells import Value, csv_cell, neutral
from app.core.languages import LANGUAGES, MOROCCO, date_and_time, long_date, number
from app.core.workbooks import MOST_ROWS, workbook
from app.export import words
from app.export.gather import Export
from app.export.tables import Column, Table
from app.submissions.answers import SEPARATOR


def columns_of(export: Export, table: Table) -> list[Column]:
    """All columns of a table: what says which row it is, then the answers."""
    if not table.name:
        return [*export.metadata, *table.columns, *_mark(export)]
    around = [one for one in export.tables if one.name and f"{table.name}/".startswith(f"{one.name}/")]
    around.sort(key=lambda one: len(one.steps))
    numbers = [words.row_number(name, one.labels) for name, one in zip(table.indexes, around, strict=True)]
    return [words.SUBMISSION_ID, *numbers, *table.columns, *_mark(export)]


def _mark(export: Export) -> list[Column]:
    return [Column(demonstration.CODE, demonstration.LABELS, "text")] if export.programme.is_demo else []


def _rows(export: Export) -> Iterator[tuple[str, list[list[Value]]]]:
    """(table, rows with all columns of columns_of()), batch by batch."""
    mark: list[Value] = [demonstration.SAID[export.request.options.language]] if export.programme.is_demo else []
    for batch in export.batches():
        for name, rows in batch.items():
            yield name, [[*row, *mark] for row in rows] if mark else rows


def file_name(export: Export, extension: str) -> str:
    """`daftar-boulemane-diag-2026-11-21-seq57.xlsx`: no name of a person, no text of an answer."""
    code = re.sub(r"[^a-z0-9-]+", "-", export.programme.code.lower())
    form = re.sub(r"[^A-Za-z0-9_-]+", "-", export.instrument.form_id)
    day = export.now.astimezone(MOROCCO).date().isoformat()
    answers = "-answers" if export.is_by_answer else ""
    names = "-noms" if export.request.options.names else ""
    return f"daftar-{code}-{form}{answers}{names}-{day}-seq{export.seq}.{extension}"


def title_of(export: Export, table: Table) -> str:
    options = export.request.options
    return str(table.labels.get(options.language) or table.name) if table.name else words.SHEETS[options.language][options.shape]


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
        (text["rows"], str(export.submissions)),
        *(
            (text["table_rows"].format(table=title_of(export, table)), str(export.counts.get(table.name, 0)))
            for table in export.tables
            if table.name or export.is_by_answer
        ),
        (text["seq"], str(export.seq)),
        (text["content"], text["both"] if export.is_by_answer else text["labels"] if options.labels else text["codes"]),
        (text["names"], text["names_in"] if options.names else text["names_out"]),
        (text["by"], by),
        ("", text["quarantine"]),
        ("", text["blank"]),
        ("", text["safe"]),
    ]
    if export.programme.is_demo:
        found.insert(0, (demonstration.LABELS[language], text["demonstration"]))
    if export.unreadable:
        found.insert(7 + export.programme.is_demo, (text["unreadable"], str(export.unreadable)))
    return found


def codebook(export: Export) -> Iterator[list[str]]:
    language = export.request.options.language
    yield list(words.CODEBOOK[language])

    def line(table: str, code: str, column: Column) -> list[str]:
        kind = words.TYPES[language].get(column.kind, column.kind)
        return [table, code, *(column.labels.get(one, "") for one in LANGUAGES), kind, column.unit]

    for table in export.tables:
        for column in columns_of(export, table):
            yield line(title_of(export, table), column.code, column)
    for table in export.questions if export.is_by_answer else ():
        for column in table.columns:  # what stands in the column `path`
            yield line(str(table.labels.get(language) or table.name), column.node_path, column)


# -- CSV


def write_csv(export: Export, target: BinaryIO, *, by: str, separator: str = ",") -> None:
    """A zip of CSV files, UTF-8 with BOM: the tables, the columns in words, and a readme."""
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
        for name, rows in _rows(export):
            writers[name].writerows([csv_cell(value) for value in row] for row in rows)
        opened.close()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for table in export.tables:
                name = table.name.replace("/", "-") or export.instrument.form_id + ("-answers" if export.is_by_answer else "")
                archive.write(files[table.name], f"{name}.csv")
            archive.writestr("columns.csv", _csv_bytes(codebook(export), separator))
            archive.writestr("readme.csv", _csv_bytes((list(line) for line in readme(export, by)), separator))


def _csv_bytes(rows: Iterator[list[str]], separator: str) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, lineterminator="\r\n")
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


# -- XLSX


def write_xlsx(export: Export, target: BinaryIO, *, by: str, most_rows: int = MOST_ROWS) -> None:
    """A workbook: the tables, the columns in words, and a readme; right to left in Arabic.

    most_rows  of one sheet; what is more stands on further ones, and the readme says so
    """
    language = export.request.options.language
    with workbook(target, title=file_name(export, "xlsx"), created=export.now, rtl=language == "ar") as book:
        sheets = {}
        for table in export.tables:
            columns = columns_of(export, table)
            heads = [[column.code for column in columns]]
            if export.request.options.label_row:
                heads.append([column.label(language) for column in columns])
            sheets[table.name] = book.sheet(title_of(export, table), heads, most_rows)
        for name, rows in _rows(export):
            write = sheets[name].write
            for row in rows:
                write(row)
        lines = codebook(export)
        columns_sheet = book.sheet(words.SHEETS[language]["columns"], [next(lines)])
        for line in lines:
            columns_sheet.write(line)
        about = book.sheet(words.SHEETS[language]["readme"])
        about.sheet.set_column(0, 0, 34)
        about.sheet.set_column(1, 1, 80)
        for fact in readme(export, by):
            about.write(fact)
        text = words.README[language]["goes_on"]
        for first, *rest in (one.parts for one in sheets.values()):
            if rest:
                about.write(("", text.format(first=first, most=number(most_rows), rest=SEPARATOR[language].join(rest))))
