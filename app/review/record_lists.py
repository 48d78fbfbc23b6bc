"""A list of records at the office: its rows with their last scores, and the updates that wait for their record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.core.db import db
from app.core.languages import chosen_language, number
from app.core.permissions import Actor, visible
from app.core.web import local_text
from app.instruments.models import Instrument, InstrumentVersion
from app.registry import queries
from app.registry.finding import ids_in
from app.registry.models import Entity, EntityWaiting, Organisation
from app.registry.names import record_name
from app.registry.places import full_name
from app.review.pages import may_read, people_names
from app.review.properties import Properties
from app.review.reading import one_decimal
from app.submissions.answers import as_number, form_of, record_labels
from app.submissions.models import Revision, Submission


def counted(page: queries.Page) -> str:
    return f"{number(page.count)}+" if page.many else number(page.count)


@dataclass(frozen=True)
class Row:
    entity: Entity
    name: str
    place: str
    organisation: str
    follower: str
    last_score: str
    last_level: str
    last_at: Any
    cells: list[str]  # what the forms mark for lists


MOST_COLUMNS = 6


def columns_of(properties: Properties) -> list[str]:
    """Properties that a list shows beside name and place; cooperatives have their scores there."""
    return [] if properties.list == "cooperatives" else properties.listed[:MOST_COLUMNS]


@dataclass(frozen=True)
class Choice:
    """A filter by what the records say."""

    field: str  # as in the address
    label: str
    options: list[tuple[str, str]]
    chosen: str


def choices_of(properties: Properties, filters: queries.Filters) -> list[Choice]:
    chosen = dict(filters.properties)
    found = [(name, properties.choices(name)) for name in properties.listed]
    return [
        Choice(queries.PROPERTY + name, properties.label(name), options, chosen.get(name, ""))
        for name, options in found
        if options
    ]


def organisations(programme_id: str) -> dict[str, str]:
    query = sa.select(Organisation.id, Organisation.name).where(Organisation.programme_id == programme_id)
    return {key: local_text(name) for key, name in db.session.execute(query)}


def rows(actor: Actor, programme_id: str, entities: Sequence[Entity]) -> list[Row]:
    language = chosen_language()
    properties = Properties(programme_id, entities[0].list, language) if entities else None
    columns = columns_of(properties) if properties else []
    ids = ids_in(entity.data.get(name, "") for entity in entities for name in columns)
    records = record_labels(ids, visible(actor, programme_id, Entity), language) if ids else {}
    named = organisations(programme_id)
    followers = people_names([entity.follower_id for entity in entities])
    last = last_scores(actor, programme_id, {entity.id: entity.data.get("last_score", "") for entity in entities})
    found = []
    for entity in entities:
        at, scores = last.get(entity.id, (None, {}))
        found.append(
            Row(
                entity,
                properties.name_of(entity) if properties else record_name(entity, language),
                full_name(entity.territory, language) if entity.territory else "",
                named.get(entity.organisation_id or "", ""),
                followers.get(entity.follower_id, ""),
                one_decimal(scores["overall"]) if scores else "",
                str(scores.get("level") or "") if scores else "",
                at,
                [properties.show(name, entity.data.get(name, ""), records) for name in columns] if properties else [],
            )
        )
    return found


def unscored_forms(programme_id: str) -> set[str]:
    """Forms that give no overall score: nothing is looked for in what was filled with them."""
    query = (
        sa.select(Instrument.form_id, InstrumentVersion.sha256)
        .join(InstrumentVersion, Instrument.current_id == InstrumentVersion.id)
        .where(Instrument.programme_id == programme_id)
    )
    return {
        form_id
        for form_id, sha256 in db.session.execute(query)
        if (form := form_of(sha256)) is not None and form.role("overall") is None
    }


def last_scores(actor: Actor, programme_id: str, ids: Mapping[str, str]) -> dict[str, tuple[datetime, Mapping[str, Any]]]:
    """{record: (when received, scores)} of the newest scored submission of each that the actor may read.

    ids    {record: the last score that it keeps, "" where it keeps none}: of several, the one that gave it. The record follows
           the days of the diagnostics; without it only the order of arrival is known.
    """
    if not ids:
        return {}
    unscored = unscored_forms(programme_id)
    # By subject alone, so that its index answers whatever else the table holds; who may read what is asked of the few rows.
    query = sa.select(Submission).where(
        Submission.subject_id.in_(list(ids)),
        Submission.deleted_at.is_(None),
        Submission.quarantine.is_(None),
        Submission.state != "rejected",
    )
    newest: dict[str, list[tuple[datetime, str]]] = {}
    for one in db.session.scalars(query):
        if one.subject_id and one.form_id not in unscored and one.programme_id == programme_id and may_read(actor, one):
            newest.setdefault(one.subject_id, []).append((one.received_at, one.current_revision_id))
    tried = {subject: sorted(several, reverse=True)[:3] for subject, several in newest.items()}
    wanted = [revision_id for several in tried.values() for _at, revision_id in several]
    results: dict[str, Any] = dict(
        db.session.execute(sa.select(Revision.id, Revision.check_result).where(Revision.id.in_(wanted))).all()
    )
    found = {}
    for subject, several in tried.items():
        scored = [
            (at, scores)
            for at, revision_id in several
            if (scores := (results.get(revision_id) or {}).get("scores")) and scores.get("overall") is not None
        ]
        kept = as_number(ids[subject])
        if scored:
            found[subject] = next(
                (one for one in scored if kept is not None and abs(float(kept) - one[1]["overall"]) < 1e-6), scored[0]
            )
    return found


@dataclass(frozen=True)
class Waiting:
    id: str
    label: str
    author: str
    at: datetime
    submission_id: str
    values: list[tuple[str, str]]


def waiting(actor: Actor, programme_id: str, list_name: str) -> list[Waiting]:
    """Updates of records that have not arrived."""
    found = queries.waiting(actor, programme_id, list_name)
    if not found:
        return []
    properties = Properties(programme_id, list_name, chosen_language())
    names = people_names([one.actor_id for one in found])
    ids = ids_in(value for one in found for value in one.change.get("data", {}).values())
    records = record_labels(ids, visible(actor, programme_id, Entity), chosen_language())
    return [_one_waiting(one, properties, names, records) for one in found]


def _one_waiting(
    one: EntityWaiting, properties: Properties, names: Mapping[str | None, str], records: Mapping[str, str]
) -> Waiting:
    data: Mapping[str, str] = one.change.get("data", {})
    filled = [name for name in properties.sorted(data) if data[name]]
    values = [(properties.label(name), properties.show(name, data[name], records)) for name in filled]
    label = one.change.get("label") or next((data[name] for name in data if "name" in name and data[name]), "")
    return Waiting(one.id, label, names.get(one.actor_id, ""), one.at, one.submission_id, values[:6])
