"""The rows behind a figure: pages that stay stable while rows arrive, each row with what it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from app.core.db import db
from app.core.languages import chosen_language
from app.core.permissions import visible
from app.indicators.evaluating import day_of
from app.indicators.forms import choice_words
from app.indicators.models import BY_COLUMNS, SCALE, IndicatorRow
from app.indicators.perimeter import conditions
from app.indicators.reading import Reading
from app.registry.models import Entity, Organisation
from app.registry.names import record_name
from app.registry.places import full_name
from app.submissions.answers import SEPARATOR, record_labels
from app.submissions.models import Submission
from app.submissions.names import titles_of

PAGE = 50


@dataclass(frozen=True)
class Line:
    day: date
    number: int
    source_id: str
    title: str
    list_name: str  # of a record; "" for a submission
    organisation: str
    place: str
    territory: str
    person: str  # the record that a distinct count goes by
    value: Decimal | None
    parts: tuple[str, ...]  # what it is split by, in words


@dataclass(frozen=True)
class Page:
    lines: list[Line]
    next: str = ""  # cursor of the page that follows


def page(reading: Reading, after: str = "", size: int = PAGE) -> Page:
    """Newest first. The place in the list is a row, never a number of rows to skip."""
    rows = _rows(reading, _cursor(after), size + 1)
    lines = _lines(reading, rows[:size])
    return Page(lines, _place(rows[size - 1]) if len(rows) > size else "")


def every(reading: Reading, size: int = 1000) -> Iterator[Line]:
    """All of them, a stretch at a time."""
    after = None
    while True:
        rows = _rows(reading, after, size)
        yield from _lines(reading, rows)
        if len(rows) < size:
            return
        after = (rows[-1].day, rows[-1].source_id, rows[-1].number)


def _place(row: IndicatorRow) -> str:
    return f"{row.day.isoformat()}~{row.source_id}~{row.number}"


def _cursor(text: str) -> tuple[date, str, int] | None:
    day, _, rest = text.replace("\0", "")[:80].partition("~")
    source_id, _, number = rest.partition("~")
    moment = day_of(day)
    return (moment, source_id, int(number)) if moment and number.isdecimal() and len(number) < 9 else None


def _rows(reading: Reading, after: tuple[date, str, int] | None, limit: int) -> Sequence[IndicatorRow]:
    row = IndicatorRow
    query = sa.select(row).where(*conditions(reading.shown.id, reading.scope))
    if after is not None:
        edge = sa.tuple_(sa.literal(after[0], row.day.type), sa.literal(after[1]), sa.literal(after[2]))
        query = query.where(sa.tuple_(row.day, row.source_id, row.number) < edge)
    return list(db.session.scalars(query.order_by(row.day.desc(), row.source_id.desc(), row.number.desc()).limit(limit)))


def _lines(reading: Reading, rows: Sequence[IndicatorRow]) -> list[Line]:
    language, programme_id, declaration = chosen_language(), reading.programme.id, reading.declaration
    ids = {one.source_id for one in rows}
    seen = visible(reading.actor, programme_id, Entity)
    titles: dict[str, str]
    if declaration.over.list:
        found = db.session.scalars(sa.select(Entity).where(Entity.id.in_(ids)))
        titles = {one.id: record_name(one, language) for one in found}
    else:
        titles = titles_of(list(db.session.scalars(sa.select(Submission).where(Submission.id.in_(ids)))), seen, language)
    names = {
        one.id: one.name for one in db.session.scalars(sa.select(Organisation).where(Organisation.programme_id == programme_id))
    }
    persons = record_labels({one.identity for one in rows if one.identity}, seen, language)
    words = [choice_words(programme_id, declaration, dim, language) for dim in declaration.dims]
    lines = []
    for one in rows:
        parts = [
            SEPARATOR[language].join(
                known.get(key, key.replace("\u00a0", " ")) for key in getattr(one, column.key).split(" ") if key
            )
            for known, column in zip(words, BY_COLUMNS, strict=False)
        ]
        organisation = names.get(one.organisation_id or "", {})
        lines.append(
            Line(
                one.day,
                one.number,
                one.source_id,
                titles.get(one.source_id, ""),
                declaration.over.list,
                organisation.get(language) or next(iter(organisation.values()), ""),
                full_name(one.territory, language) if one.territory else "",
                one.territory or "",
                persons.get(one.identity or "", ""),
                None if one.value is None else Decimal(one.value) / SCALE,
                tuple(parts),
            )
        )
    return lines
