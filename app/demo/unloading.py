"""Taking demonstrations away: their programmes, their accounts and all that these sent. What real people did stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from app.accounts.models import Device, Membership, Person
from app.core import audit
from app.core.db import db
from app.demo.problems import HOLDS_REAL_WORK
from app.packs import loading
from app.registry.models import Programme
from app.submissions import attachments
from app.submissions.models import Attachment, Quarantined, Submission


def unload(now: datetime, code: str = "") -> list[str]:
    """Delete the demonstrations and commit; the codes of their programmes. `code`: only that one, by its own or its pack's.

    Raises HOLDS_REAL_WORK(count=…) when somebody who is not of a demonstration sent submissions to one; nothing is deleted then.
    """
    kept_as = sa.func.coalesce(Attachment.opened_sha256, Attachment.sha256)
    with loading.at_once():
        found = db.session.scalars(sa.select(Programme).where(Programme.is_demo).order_by(Programme.code)).all()
        chosen = {one.id: one.code for one in found if not code or one.code in (code, f"{code}-demo")}
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
    real = sa.select(sa.func.count()).select_from(Submission)
    count = db.session.scalar(real.where(Submission.programme_id.in_(programmes), Submission.author_id.not_in(people)))
    if count:
        raise HOLDS_REAL_WORK(count=count)


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
        conditions = []
        if table.name == Programme.__tablename__:
            conditions.append(table.c.id.in_(programmes))
        if table.name == Person.__tablename__:
            conditions.append(table.c.id.in_(people))
        if table.name == Quarantined.__tablename__:  # it keeps bytes as they came, and no key holds it
            conditions.append(table.c.device_id.in_(sa.select(Device.id).where(Device.person_id.in_(people))))
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
