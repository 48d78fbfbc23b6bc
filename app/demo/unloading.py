"""Taking demonstrations away: their programmes, their accounts and all that these sent. What real people did stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Device, Membership, Person
from app.core import audit
from app.core.db import db
from app.demo.problems import HOLDS_REAL_WORK
from app.imports.models import RecordImport
from app.packs import loading
from app.registry.models import Entity, EntityMerge, EntityVersion, Programme
from app.submissions import attachments
from app.submissions.models import Attachment, Quarantined, Remark, Rescore, ReviewEvent, Revision, Submission


def unload(now: datetime, code: str = "", *, with_real_work: bool = False) -> list[str]:
    """Delete the demonstrations and commit; the codes of their programmes. `code`: only that one, by its own or its pack's.

    with_real_work    also what real people did in them

    Raises HOLDS_REAL_WORK(submissions=…, imports=…, decisions=…, records=…) where somebody who is not of a demonstration worked
    in one; nothing is deleted then.
    """
    kept_as = sa.func.coalesce(Attachment.opened_sha256, Attachment.sha256)
    with loading.at_once():
        found = db.session.scalars(sa.select(Programme).where(Programme.is_demo).order_by(Programme.code)).all()
        chosen = {one.id: one.code for one in found if not code or one.code in (code, f"{code}-demo")}
        if not with_real_work:
            _require_no_real_work(list(chosen))
        here = sa.select(Submission.id).where(Submission.programme_id.in_(chosen))
        files = set(db.session.scalars(sa.select(kept_as).where(Attachment.submission_id.in_(here))))
        _delete(list(chosen), _people(chosen, {one.id for one in found} - chosen.keys()))
        kept = set(db.session.scalars(sa.select(kept_as).where(kept_as.in_(files))))
        for programme_id in chosen:
            audit.record("demo.unloaded", at=now, programme_id=programme_id, object_id=programme_id)
    for sha256 in files - kept:
        attachments.path_of(sha256).unlink(missing_ok=True)
    return sorted(chosen.values())


def _require_no_real_work(programmes: Sequence[str]) -> None:
    people = sa.select(Person.id).where(Person.is_demo)
    submissions = sa.select(Submission.id).where(Submission.programme_id.in_(programmes))
    revisions = sa.select(Revision.id).where(Revision.submission_id.in_(submissions))
    entities = sa.select(Entity.id).where(Entity.programme_id.in_(programmes))
    # Whose work it is; nobody's where the server did it. Whose submission a change of a record follows from is asked there.
    by_hand = EntityVersion.submission_id.is_(None)
    kinds: dict[str, list[tuple[sa.ColumnElement[Any], sa.ColumnElement[bool]]]] = {
        "submissions": [(Submission.author_id.expression, Submission.programme_id.in_(programmes))],
        "imports": [(RecordImport.created_by.expression, RecordImport.programme_id.in_(programmes))],
        "decisions": [
            (ReviewEvent.actor_id.expression, ReviewEvent.submission_id.in_(submissions)),
            (Remark.author_id.expression, Remark.submission_id.in_(submissions)),
            (Rescore.actor_id.expression, Rescore.revision_id.in_(revisions)),
        ],
        "records": [
            (EntityVersion.actor_id.expression, sa.and_(EntityVersion.entity_id.in_(entities), by_hand)),
            (EntityVersion.settled_by.expression, EntityVersion.entity_id.in_(entities)),
            (EntityMerge.actor_id.expression, EntityMerge.programme_id.in_(programmes)),
            (EntityMerge.undone_by.expression, EntityMerge.programme_id.in_(programmes)),
        ],
    }
    found = {
        kind: sum(
            db.session.scalar(sa.select(sa.func.count()).where(where, who.is_not(None), who.not_in(people))) or 0
            for who, where in asked
        )
        for kind, asked in kinds.items()
    }
    if any(found.values()):
        raise HOLDS_REAL_WORK(**found)


def _people(chosen: dict[str, str], others: set[str]) -> list[str]:
    """Accounts of these demonstrations that no other one needs."""
    if not chosen:
        return []
    elsewhere = sa.select(Membership.person_id).where(Membership.programme_id.in_(others))
    query = sa.select(Person.id).where(Person.is_demo, Person.id.not_in(elsewhere))
    return list(db.session.scalars(query.where(~Person.is_administrator) if others else query))


def _delete(programmes: Sequence[str], people: Sequence[str]) -> None:
    """Every row that belongs to these, whatever table a package keeps it in: what a row's keys lead to decides.

    A key that may be empty is no belonging: who published a form is forgotten, the form stays.
    """
    going: dict[sa.Table, sa.ColumnElement[bool]] = {}
    for table in db.metadata.sorted_tables:
        conditions: list[sa.ColumnElement[bool]] = []
        if table.name == Programme.__tablename__:
            conditions.append(table.c.id.in_(programmes))
        if table.name == Person.__tablename__:
            conditions.append(table.c.id.in_(people))
        if table.name == Quarantined.__tablename__:  # it keeps bytes as they came, and no key holds it
            phones = db.session.scalars(sa.select(Device.id).where(Device.person_id.in_(people))).all()
            # What they sent to another programme that is here waits there for its people.
            others = db.session.scalars(sa.select(Programme.id).where(Programme.id.not_in(programmes))).all()
            elsewhere = sa.func.coalesce(table.c.programme_id, "").in_(others)
            conditions.append(sa.and_(table.c.device_id.in_(phones), ~elsewhere))
        for key in table.foreign_keys:
            if key.column.table in going and not key.parent.nullable:
                conditions.append(key.parent.in_(_keys(key, going)))
        if conditions:
            going[table] = sa.or_(*conditions)
    for table in reversed(db.metadata.sorted_tables):
        if table in going:
            db.session.execute(sa.delete(table).where(going[table]))
        for key in table.foreign_keys:
            if key.column.table in going and key.parent.nullable:
                forgotten = sa.update(table).where(key.parent.in_(_keys(key, going))).values({key.parent.name: None})
                db.session.execute(forgotten)
    db.session.expire_all()


def _keys(key: sa.ForeignKey, going: dict[sa.Table, sa.ColumnElement[bool]]) -> sa.Select[tuple[str]]:
    return sa.select(key.column).where(going[key.column.table])
