"""A list of records as a table to take along: the roadmap of premises, the partners of projects, the steps of groups."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app.core import audit
from app.core.cells import neutral
from app.core.languages import MOROCCO
from app.core.permissions import Actor, visible
from app.registry import queries
from app.registry.finding import ids_in
from app.registry.models import Entity
from app.registry.names import record_name
from app.registry.places import full_name
from app.registry.queries import Filters
from app.review.properties import Properties
from app.submissions.answers import record_labels

MOST = 20_000  # as many as an import takes
HEAD = {"ar": ("الاسم", "الجماعة", "آخر تحيين"), "fr": ("Nom", "Commune", "Dernière mise à jour")}
PERSONS = frozenset({"persons", "apprentices"})  # lists whose records are called by somebody's name


@dataclass(frozen=True)
class Made:
    name: str  # of the file
    content: bytes  # CSV, UTF-8 with BOM, semicolons


def made(actor: Actor, filters: Filters, language: str, *, now: datetime) -> Made:
    """What lists show stands first, then the rest in the order of the forms. Names of persons stay behind.

    Notes who took it out in the chain (`entity.exported`). The caller commits.
    """
    found = queries.page(actor, filters, size=MOST).records
    properties = Properties(filters.programme_id, filters.list, language)
    there = {name for entity in found for name, value in entity.data.items() if value}
    every = [name for name in properties.sorted(there) if not properties.is_personal(name)]
    columns = [*(name for name in properties.listed if name in every), *(name for name in every if name not in properties.listed)]
    ids = ids_in(entity.data.get(name, "") for entity in found for name in columns)
    nobody = sa.and_(visible(actor, filters.programme_id, Entity), Entity.list.not_in(PERSONS))
    records = record_labels(ids, nobody, language) if ids else {}
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    name, place, changed = HEAD[language]
    writer.writerow([neutral(text) for text in (name, place, *(properties.label(one) for one in columns), changed)])
    for entity in found:
        called = entity.id[:8] if filters.list in PERSONS else record_name(entity, language)
        where = full_name(entity.territory, language) if entity.territory else ""
        values = [(one, entity.data.get(one, "")) for one in columns]
        # Numbers as they are stored: their unit stands in the heading, and a spreadsheet adds them up.
        said = [value if properties.is_number(one) else properties.show(one, value, records) for one, value in values]
        day = entity.updated_at.astimezone(MOROCCO).date().isoformat()
        writer.writerow([neutral(text) for text in (called, where, *said, day)])
    details = {"list": filters.list, "rows": len(found), "filters": filters.to_args()}
    audit.record("entity.exported", at=now, actor_id=actor.person_id, programme_id=filters.programme_id, details=details)
    day = now.astimezone(MOROCCO).date().isoformat()
    return Made(f"daftar-{filters.list}-{day}.csv", stream.getvalue().encode("utf-8-sig"))
