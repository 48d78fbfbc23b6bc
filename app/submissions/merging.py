"""Merging two records that are one, and undoing it. Callers began with begin_writing() and commit. docs/registry.md."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from app.core.db import db, next_seq
from app.core.ids import new_id
from app.core.permissions import Actor
from app.core.problems import NOT_FOUND, Problem
from app.registry.applying import LABEL
from app.registry.models import Entity, EntityLink, EntityMerge
from app.registry.operations import change, editable, note_in_chain
from app.registry.problems import MERGED, NOT_THE_SAME, UNDONE
from app.submissions.models import Revision, Submission
from app.submissions.queries import envelope_of


def values_of(entity: Entity) -> dict[str, str]:
    """Its properties, the label under ""."""
    return {LABEL: entity.label, **entity.data}


def merged_values(survivor: Entity, duplicate: Entity, of_duplicate: Iterable[str]) -> dict[str, str]:
    """What the one that stays will say: its own values, the duplicate's where it has none or where they were chosen."""
    mine, theirs, chosen = values_of(survivor), values_of(duplicate), set(of_duplicate)
    return {
        name: theirs[name]
        for name in theirs
        if theirs[name] != mine.get(name, "") and (not mine.get(name) or (name in chosen and theirs[name]))
    }


def merge(
    actor: Actor,
    survivor_id: str,
    duplicate_id: str,
    *,
    of_duplicate: Iterable[str] = (),
    survivor_version: int,
    duplicate_version: int,
    now: datetime,
) -> EntityMerge:
    """Archive the duplicate into the one that stays: submissions and records that named it name that one.

    of_duplicate    properties whose value is taken from the duplicate, where both have one

    Raises NOT_FOUND, NOT_ALLOWED, STALE as editable(); NOT_THE_SAME, MERGED.
    """
    first, second = sorted((survivor_id, duplicate_id))
    # All rows before the counter, in the order of their ids: so does whoever delivers.
    _lock([survivor_id, duplicate_id])
    versions = {survivor_id: survivor_version, duplicate_id: duplicate_version}
    found = {one: editable(actor, one, versions[one]) for one in (first, second)}
    survivor, duplicate = found[survivor_id], found[duplicate_id]
    if survivor is duplicate or (survivor.programme_id, survivor.list) != (duplicate.programme_id, duplicate.list):
        raise NOT_THE_SAME()
    if survivor.merged_into or duplicate.merged_into:
        raise MERGED()
    after = merged_values(survivor, duplicate, of_duplicate)
    mine = values_of(survivor)
    made = EntityMerge(
        id=new_id(),
        programme_id=survivor.programme_id,
        survivor_id=survivor.id,
        duplicate_id=duplicate.id,
        before={name: mine.get(name, "") for name in after},
        after=after,
        was_archived=duplicate.archived_at is not None,
        actor_id=actor.person_id,
        at=now,
        moved={},
    )
    duplicate.archived_at = duplicate.archived_at or now
    duplicate.merged_into = survivor.id
    submissions = list(db.session.scalars(sa.select(Submission.id).where(Submission.subject_id == duplicate.id)))
    links = [
        [one.entity_id, one.property]
        for one in db.session.scalars(
            sa.select(EntityLink)
            .where(EntityLink.target_id == duplicate.id, EntityLink.entity_id.not_in([survivor.id, duplicate.id]))
            .order_by(EntityLink.entity_id)
        )
    ]
    place = survivor.territory
    db.session.add(made)
    change(survivor, after, kind="merged", actor=actor, note=duplicate.label, now=now, always=True)
    made.moved = {"submissions": submissions, "links": links, "place": [place, survivor.territory]}
    change(duplicate, {}, kind="merged", actor=actor, note=survivor.label, now=now, always=True)
    _say_other(links, duplicate.id, survivor.id, "merged", actor, now)
    _about(submissions, duplicate.id, survivor.id, now)
    note_in_chain("entity.merged", survivor, actor, now, duplicate=duplicate.id, merge=made.id)
    db.session.flush()
    return made


def undo(actor: Actor, merge_id: str, *, now: datetime) -> EntityMerge:
    """Both records again. What somebody changed since the merge stays as it was changed.

    Raises NOT_FOUND, NOT_ALLOWED, UNDONE; MERGED where the one that stayed was itself merged since: that is undone first.
    """
    made = db.session.get(EntityMerge, merge_id, with_for_update=True)
    if made is None:
        raise NOT_FOUND()
    if made.undone_at is not None:
        raise UNDONE()
    first, second = sorted((made.survivor_id, made.duplicate_id))
    _lock([made.survivor_id, made.duplicate_id])
    found = {one: editable(actor, one) for one in (first, second)}
    survivor, duplicate = found[made.survivor_id], found[made.duplicate_id]
    if survivor.merged_into:
        raise MERGED()
    now_said = values_of(survivor)
    back = {name: text for name, text in made.before.items() if now_said.get(name, "") == made.after[name]}
    duplicate.merged_into = None
    if not made.was_archived:
        duplicate.archived_at = None
    made.undone_at, made.undone_by = now, actor.person_id
    place, of_merge = made.moved.get("place", [None, None])
    if survivor.territory == of_merge != place:
        survivor.territory = place  # unless a property names a better one
    change(survivor, back, kind="unmerged", actor=actor, note=duplicate.label, now=now, always=True)
    change(duplicate, {}, kind="unmerged", actor=actor, note=survivor.label, now=now, always=True)
    _say_other(made.moved["links"], survivor.id, duplicate.id, "unmerged", actor, now)
    _about([*made.moved["submissions"], *_come_since(made)], survivor.id, duplicate.id, now)
    note_in_chain("entity.unmerged", survivor, actor, now, duplicate=duplicate.id, merge=made.id)
    db.session.flush()
    return made


def _lock(ids: list[str]) -> None:
    about = sa.select(Submission.id).where(Submission.subject_id.in_(ids)).order_by(Submission.id)
    db.session.execute(about.with_for_update())
    naming = sa.select(EntityLink.entity_id).where(EntityLink.target_id.in_(ids))
    rows = sa.select(Entity.id).where(sa.or_(Entity.id.in_(ids), Entity.id.in_(naming))).order_by(Entity.id)
    db.session.execute(rows.with_for_update())


def merges_of(entity_id: str) -> list[EntityMerge]:
    """Merges into this record that stand, newest first."""
    query = sa.select(EntityMerge).where(EntityMerge.survivor_id == entity_id, EntityMerge.undone_at.is_(None))
    return list(db.session.scalars(query.order_by(EntityMerge.at.desc())))


def _say_other(links: list[list[str]], old: str, new: str, kind: str, actor: Actor, now: datetime) -> None:
    """Records that named one name the other; those that say something else by now are left."""
    for entity_id, name in links:
        entity = db.session.get(Entity, entity_id, with_for_update=True)
        words = (entity.data.get(name) or "").split(" ") if entity is not None else []
        if entity is not None and old in words:
            said = list(dict.fromkeys(new if word == old else word for word in words))
            change(entity, {name: " ".join(said)}, kind=kind, actor=actor, now=now)


def _about(submissions: Iterable[str], old: str, new: str, now: datetime) -> None:
    """Submissions about one are about the other; their authors' phones are told."""
    wanted = sorted(set(submissions))
    for start in range(0, len(wanted), 500):
        db.session.execute(
            sa.update(Submission)
            .where(Submission.id.in_(wanted[start : start + 500]), Submission.subject_id == old)
            .values(subject_id=new, updated_at=now, seq=next_seq()),
            execution_options={"synchronize_session": False},
        )


def _come_since(made: EntityMerge) -> list[str]:
    """Submissions that named the duplicate and came after the merge."""
    query = (
        sa.select(Submission.id, Revision)
        .join(Revision, Revision.id == Submission.current_revision_id)
        .where(Submission.subject_id == made.survivor_id, Submission.received_at >= made.at)
    )
    found = []
    for submission_id, revision in db.session.execute(query):
        try:
            subject = envelope_of(revision).get("subject")
        except Problem:
            continue
        if isinstance(subject, dict) and subject.get("id") == made.duplicate_id:
            found.append(submission_id)
    return found
