"""A list of records as a table to take along: the roadmap of premises, the partners of projects, the steps of groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal

import sqlalchemy as sa

from app.core import audit, demonstration
from app.core.cells import Value, csv_cell, neutral
from app.core.db import begin_writing, db
from app.core.languages import MOROCCO
from app.core.permissions import Actor, visible
from app.core.workbooks import XLSX, workbook
from app.registry import queries
from app.registry.finding import ids_in
from app.registry.models import Entity, Programme
from app.registry.names import record_name
from app.registry.places import full_name
from app.registry.queries import Filters
from app.review.properties import Properties, list_title
from app.submissions.answers import as_number, record_labels

BATCH = 500
DIGITS_A_SPREADSHEET_KEEPS = 15
HEAD = {
    "ar": ("الاسم", "الجماعة", "آخر تحيين", "رقم الملف"),
    "fr": ("Nom", "Commune", "Dernière mise à jour", "Numéro du dossier"),
}
PERSONS = frozenset({"persons", "apprentices"})  # lists whose records are called by somebody's name


@dataclass(frozen=True)
class Made:
    name: str  # of the file
    mimetype: str


def write(
    actor: Actor, filters: Filters, language: str, target: BinaryIO, file_format: Literal["xlsx", "csv"], *, now: datetime
) -> Made:
    """A row a record: what lists show stands first, then the rest in the order of the forms. Names of persons stay behind.

    The CSV is UTF-8 with BOM and semicolons. Notes who took it out in the chain (`entity.exported`). The caller commits.
    """
    table = _Table(actor, filters, language)
    if file_format == "xlsx":
        with workbook(target, title=filters.list, created=now, rtl=language == "ar") as book:
            sheet = book.sheet(list_title(filters.list, filters.programme_id), [table.heads])
            for row in table.rows():
                sheet.write(row)
    else:
        stream = io.TextIOWrapper(target, "utf-8-sig", newline="", write_through=True)
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerow([neutral(text) for text in table.heads])
        writer.writerows([csv_cell(value) for value in row] for row in table.rows())
        stream.detach()
    begin_writing()
    details = {"format": file_format, "list": filters.list, "rows": table.written, "filters": filters.to_args()}
    audit.record("entity.exported", at=now, actor_id=actor.person_id, programme_id=filters.programme_id, details=details)
    day = now.astimezone(MOROCCO).date().isoformat()
    return Made(f"daftar-{filters.list}-{day}.{file_format}", XLSX if file_format == "xlsx" else "text/csv; charset=utf-8")


class _Table:
    """Read twice, batch by batch: which properties there are, then the rows. Nothing is held but one batch."""

    def __init__(self, actor: Actor, filters: Filters, language: str) -> None:
        self.actor, self.filters, self.language, self.written = actor, filters, language, 0
        self.is_demo = db.session.get_one(Programme, filters.programme_id).is_demo
        self.properties = Properties(filters.programme_id, filters.list, language)
        there = {name for found in self._batches() for entity in found for name, value in entity.data.items() if value}
        every = [name for name in self.properties.sorted(there) if not self.properties.is_personal(name)]
        listed = [name for name in self.properties.listed if name in every]
        self.columns = [*listed, *(name for name in every if name not in listed)]

    @property
    def heads(self) -> list[str]:
        name, place, changed, number = HEAD[self.language]
        mark = [demonstration.LABELS[self.language]] if self.is_demo else []
        return [name, place, *(self.properties.label(one) for one in self.columns), changed, number, *mark]

    def _batches(self) -> Iterator[Sequence[Entity]]:
        after = ""
        while True:
            page = queries.page(self.actor, self.filters, after=after, size=BATCH)
            yield page.records
            if not page.next:
                return
            after = page.next

    def rows(self) -> Iterator[list[Value]]:
        mark: list[Value] = [demonstration.SAID[self.language]] if self.is_demo else []
        nobody = sa.and_(visible(self.actor, self.filters.programme_id, Entity), Entity.list.not_in(PERSONS))
        for found in self._batches():
            ids = ids_in(entity.data.get(name, "") for entity in found for name in self.columns)
            records = record_labels(ids, nobody, self.language) if ids else {}
            self.written += len(found)
            for entity in found:
                called = entity.id[:8] if self.filters.list in PERSONS else record_name(entity, self.language)
                where = full_name(entity.territory, self.language) if entity.territory else ""
                said = [self._value(name, entity.data.get(name, ""), records) for name in self.columns]
                yield [called, where, *said, entity.updated_at.astimezone(MOROCCO).date(), entity.id, *mark]

    def _value(self, name: str, value: str, records: dict[str, str]) -> Value:
        """Numbers as they are stored: their unit stands in the heading, and a spreadsheet adds them up."""
        if not self.properties.is_number(name):
            return self.properties.show(name, value, records)
        amount = as_number(value)
        return value if amount is None or len(amount.as_tuple().digits) > DIGITS_A_SPREADSHEET_KEEPS else amount
