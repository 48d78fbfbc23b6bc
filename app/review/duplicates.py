"""Two records side by side before they are merged, and the merges that can be undone."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.db import db
from app.core.permissions import Actor, visible
from app.registry.applying import LABEL
from app.registry.finding import ids_in
from app.registry.models import Entity, EntityMerge
from app.review.pages import people_names
from app.review.properties import Properties
from app.submissions.answers import record_labels
from app.submissions.merging import merges_of, values_of


@dataclass(frozen=True)
class Pair:
    """One property of two records."""

    name: str
    label: str
    here: str
    other: str
    differs: bool  # both say something, and not the same


def compared(actor: Actor, entity: Entity, duplicate: Entity, language: str) -> list[Pair]:
    """What differs between two records, what they disagree on first."""
    properties = Properties(entity.programme_id, entity.list, language)
    mine, theirs = values_of(entity), values_of(duplicate)
    known = record_labels(ids_in([*mine.values(), *theirs.values()]), visible(actor, entity.programme_id, Entity), language)
    found = [
        Pair(
            name,
            properties.label(name),
            properties.show(name, mine.get(name, ""), known),
            properties.show(name, theirs.get(name, ""), known),
            bool(mine.get(name) and theirs.get(name)),
        )
        for name in [LABEL, *properties.sorted({*mine, *theirs} - {LABEL})]
        if mine.get(name, "") != theirs.get(name, "")
    ]
    return sorted(found, key=lambda pair: not pair.differs)


def merges(entity: Entity) -> list[tuple[EntityMerge, str, str]]:
    """Merges into it that can be undone: (merge, name of the duplicate, who)."""
    found = merges_of(entity.id)
    names = people_names([one.actor_id for one in found])
    return [(one, db.session.get_one(Entity, one.duplicate_id).label, names.get(one.actor_id, "")) for one in found]
