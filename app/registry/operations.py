"""Changes that the office makes to records. Callers began with begin_writing() and commit; every change is a version and an entry
of the chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.core import audit
from app.core.db import db, next_seq
from app.core.driver import Numbers, Statements
from app.core.ids import new_id
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND
from app.registry import applying
from app.registry.applying import LABEL, EntityChange, Source
from app.registry.finding import links_of, territory_of
from app.registry.models import Entity, EntityLink, EntityVersion, EntityWaiting
from app.registry.problems import MERGED, NO_CHOICE, NO_REASON, STALE

MOST_NOTE = 500


def editable(actor: Actor, entity_id: str, version: int | None = None) -> Entity:
    """A record that the actor may change, locked where the store can.

    version    what the person saw

    Raises NOT_FOUND, NOT_ALLOWED, and STALE when somebody changed it since.
    """
    entity = db.session.get(Entity, entity_id, with_for_update=True)
    if entity is None:
        raise NOT_FOUND()
    _require_edit(actor, entity)
    if version is not None and entity.version != version:
        raise STALE()
    return entity


def change(
    entity: Entity,
    values: Mapping[str, str],
    *,
    kind: str,
    actor: Actor,
    note: str = "",
    now: datetime,
    always: bool = False,
) -> EntityVersion | None:
    """Write properties (the label under "") as a new version; None where nothing differs, unless `always`."""
    said = {name: text for name, text in values.items() if text != (entity.label if name == LABEL else entity.data.get(name, ""))}
    if not said and not always:
        return None
    entity.data = entity.data | {name: text for name, text in said.items() if name != LABEL}
    entity.label = said.get(LABEL, entity.label)
    entity.territory = territory_of(entity.data) or entity.territory
    entity.version += 1
    entity.updated_at = now
    version = EntityVersion(
        id=new_id(),
        entity_id=entity.id,
        version=entity.version,
        changes=said,
        kind=kind,
        actor_id=actor.person_id,
        note=note.strip()[:MOST_NOTE],
        at=now,
    )
    db.session.add(version)
    relink(entity)
    db.session.flush()
    entity.seq = next_seq()
    return version


def relink(entity: Entity) -> None:
    db.session.execute(sa.delete(EntityLink).where(EntityLink.entity_id == entity.id))
    db.session.add_all(
        EntityLink(entity_id=entity.id, property=name, target_id=target)
        for name, target in {(name[:80], target) for name, target in links_of(entity.data)}
    )


def note_in_chain(action: str, entity: Entity, actor: Actor, now: datetime, **details: Any) -> None:
    """The chain names what was done and to which record; names and values stay out of it: nothing can be erased from it."""
    audit.record(
        action,
        at=now,
        actor_id=actor.person_id,
        programme_id=entity.programme_id,
        object_id=entity.id,
        details={"list": entity.list, "version": entity.version, **details},
    )


def correct(actor: Actor, entity_id: str, values: Mapping[str, str], *, version: int, note: str, now: datetime) -> Entity:
    """Correct properties at the office. Raises as editable(), and NO_REASON."""
    if not note.strip():
        raise NO_REASON()
    entity = editable(actor, entity_id, version)
    if (made := change(entity, values, kind="office", actor=actor, note=note, now=now)) is not None:
        _settle_said(entity, set(made.changes), actor, now)
        note_in_chain("entity.corrected", entity, actor, now, properties=sorted(values))
        db.session.flush()
    return entity


def archive(actor: Actor, entity_id: str, *, version: int, note: str, now: datetime) -> Entity:
    """Take a record from the lists and from phones; nothing is deleted. Raises as editable(), and NO_REASON."""
    if not note.strip():
        raise NO_REASON()
    entity = editable(actor, entity_id, version)
    if entity.archived_at is None:
        entity.archived_at = now
        change(entity, {}, kind="archived", actor=actor, note=note, now=now, always=True)
        note_in_chain("entity.archived", entity, actor, now)
        db.session.flush()
    return entity


def restore(actor: Actor, entity_id: str, *, now: datetime) -> Entity:
    """Raises as editable(), and MERGED for a duplicate: that is the merge's to undo."""
    entity = editable(actor, entity_id)
    if entity.merged_into:
        raise MERGED()
    if entity.archived_at is not None:
        entity.archived_at = None
        change(entity, {}, kind="restored", actor=actor, now=now, always=True)
        _settle_all(entity, actor, now, only_without_values=True)
        note_in_chain("entity.restored", entity, actor, now)
        db.session.flush()
    return entity


def settle(actor: Actor, entity_id: str, version_id: str, property_name: str, choice: str, *, seen: int, now: datetime) -> Entity:
    """Decide one conflict: `choice` "theirs", "ours", or "now" for what stands (docs/registry.md); "" of a version without
    values: seen.

    seen    the record's version that the person had before her

    The values that were not chosen stay in the history; other conflicts of the same property stood beside it and are decided
    with it. Raises as editable(), and STALE for one that somebody settled before.
    """
    entity = editable(actor, entity_id, seen)
    version = db.session.get(EntityVersion, version_id)
    if version is None or version.entity_id != entity.id:
        raise NOT_FOUND()
    if version.settled_at is not None:
        raise STALE()
    conflicts = {name: dict(one) for name, one in (version.conflicts or {}).items()}
    if conflicts:
        one = conflicts.get(property_name)
        if one is None or choice not in ("theirs", "ours", "now"):
            raise NO_CHOICE()
        if one.get("settled"):
            raise STALE()
        one["settled"] = choice
        version.conflicts = conflicts
        if choice != "now":
            change(entity, {property_name: one[choice]}, kind="settled", actor=actor, now=now)
    if all(one.get("settled") for one in conflicts.values()):
        version.settled_at, version.settled_by = now, actor.person_id
    db.session.flush()
    _settle_said(entity, {property_name} if conflicts else set(), actor, now)
    note_in_chain("entity.settled", entity, actor, now, property=property_name, choice=choice)
    db.session.flush()
    return entity


def _settle_said(entity: Entity, names: set[str], actor: Actor, now: datetime) -> None:
    """Close the conflicts of properties that a person who saw the record has just written."""
    for version in open_conflicts(entity.id):
        conflicts = version.conflicts or {}
        decided = {name for name, one in conflicts.items() if name in names and not one.get("settled")}
        if not decided:
            continue
        version.conflicts = {name: one | {"settled": "later"} if name in decided else one for name, one in conflicts.items()}
        if all(one.get("settled") for one in version.conflicts.values()):
            version.settled_at, version.settled_by = now, actor.person_id
    db.session.flush()
    _still_to_settle(entity)


def _settle_all(entity: Entity, actor: Actor, now: datetime, *, only_without_values: bool) -> None:
    for version in open_conflicts(entity.id):
        if not (only_without_values and version.conflicts):
            version.settled_at, version.settled_by = now, actor.person_id
    db.session.flush()
    _still_to_settle(entity)


def _still_to_settle(entity: Entity) -> None:
    there = bool(open_conflicts(entity.id))
    if entity.to_settle != there:
        entity.to_settle = there


def open_conflicts(entity_id: str) -> list[EntityVersion]:
    query = (
        sa.select(EntityVersion)
        .where(EntityVersion.entity_id == entity_id, EntityVersion.conflict, EntityVersion.settled_at.is_(None))
        .order_by(EntityVersion.version)
    )
    return list(db.session.scalars(query))


def begin_with(actor: Actor, waiting_id: str, *, now: datetime) -> str:
    """Make the record that an update has waited for out of what that says, as it does not come; the id of the record.

    Whatever else waits for it is applied. Should its creation come after all, it is taken as a second one.
    """
    waiting = _waiting(actor, waiting_id)
    entity_id, change_ = waiting.entity_id, EntityChange(**waiting.change)
    source = Source(
        waiting.programme_id,
        waiting.organisation_id,
        waiting.territory,
        waiting.submission_id,
        waiting.revision_id,
        waiting.actor_id,
    )
    db.session.delete(waiting)
    db.session.flush()
    change_.action = "create"
    do = Statements(db.session.connection().connection, db.engine.dialect.name)
    try:
        applying.apply(do, [change_], applying.find(do, [entity_id]), source, seqs=Numbers(do, 1), now=now)
    finally:
        do.cursor.close()
    db.session.expire_all()
    note_in_chain("entity.begun", db.session.get_one(Entity, entity_id), actor, now, submission=source.submission_id)
    db.session.flush()
    return entity_id


def dismiss_waiting(actor: Actor, waiting_id: str, *, now: datetime) -> None:
    """The submission keeps what it says; the record will not have it."""
    waiting = _waiting(actor, waiting_id)
    audit.record(
        "entity.dismissed",
        at=now,
        actor_id=actor.person_id,
        programme_id=waiting.programme_id,
        object_id=waiting.entity_id,
        details={"list": waiting.list, "submission": waiting.submission_id},
    )
    db.session.delete(waiting)
    db.session.flush()


def _waiting(actor: Actor, waiting_id: str) -> EntityWaiting:
    waiting = db.session.get(EntityWaiting, waiting_id)
    if waiting is None:
        raise NOT_FOUND()
    _require_edit(actor, waiting)
    return waiting


def _require_edit(actor: Actor, one: Entity | EntityWaiting) -> None:
    about = {"programme_id": one.programme_id, "organisation_id": one.organisation_id, "territory": one.territory}
    require(actor, "entity.edit", **about)
