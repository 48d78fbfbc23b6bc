"""Imports of records: kept and checked, written in parts once confirmed, undone by archiving.

Each part is one transaction that also says how far the import is: whoever asks again, after a lost connection or a server that
stopped, goes on from there, and two who ask at once take turns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.core import audit
from app.core.db import begin_writing, db, next_seq
from app.core.ids import new_id
from app.core.models import Sequence as Counter
from app.core.permissions import Actor, can, require
from app.core.problems import NOT_FOUND
from app.imports import problems
from app.imports.checking import GOOD, KNOWN, WRONG, Checker, Known, Row, keys_of, packed, unpacked
from app.imports.columns import Targets, targets
from app.imports.models import ImportedRecord, RecordImport
from app.imports.words import unreadable
from app.instruments.consent import ALWAYS, is_filled
from app.instruments.convert import run_table
from app.instruments.workbook import MAX_BYTES, Sheet, Unreadable
from app.registry import operations as registry
from app.registry.applying import LABEL
from app.registry.finding import links_of
from app.registry.models import Entity, EntityLink, EntityVersion, Programme
from app.submissions.models import Submission

MOST_ROWS = 20_000
PART = 500
KEPT = timedelta(days=14)  # rows that nobody confirmed, and those that were left out


def read_file(file_name: str, content: bytes, max_bytes: int = MAX_BYTES) -> Sheet:
    """The table of a file. Raises UNREADABLE, NO_ROWS."""
    try:
        sheet = run_table(file_name, content, MOST_ROWS, max_bytes)
    except Unreadable as trouble:
        what, mend = unreadable(trouble.code, trouble.details)
        raise problems.UNREADABLE(what=what, mend=mend) from None
    if not sheet.rows:
        raise problems.NO_ROWS()
    return sheet


def begin(
    actor: Actor,
    programme_id: str,
    list_name: str,
    organisation_id: str | None,
    file_name: str,
    content: bytes,
    sheet: Sheet,
    *,
    now: datetime,
) -> RecordImport:
    """Keep the rows of a file, checked with the columns that its headings mean; nothing is recorded. Commits."""
    require(actor, "entity.edit", programme_id=programme_id, organisation_id=organisation_id)
    known = targets(programme_id, list_name)
    made = RecordImport(
        id=new_id(),
        programme_id=programme_id,
        list=list_name,
        organisation_id=organisation_id,
        file_name=file_name.replace("\0", "")[-200:],
        sha256=hashlib.sha256(content).hexdigest(),
        state="checked",
        head={"letters": sheet.letters, "columns": sheet.columns, "targets": known.guess(sheet.columns)},
        rows=packed(sheet.rows),
        created_at=now,
        created_by=actor.person_id,
        check_number=0,
    )
    _check(actor, made, known, now)
    begin_writing()
    forget_old(now=now)
    db.session.add(made)
    db.session.commit()
    return made


def _check(actor: Actor, one: RecordImport, known: Targets, now: datetime) -> None:
    """Reads what stands in the registry; the import is changed, not stored."""
    seq = int(db.session.scalar(sa.select(Counter.value).where(Counter.name == "server")) or 0)
    chosen = {letter: name for letter, name in zip(one.head["letters"], one.head["targets"], strict=True) if name}
    checker = Checker(actor, one.programme_id, one.list, one.organisation_id, known, chosen, now)
    rows = checker.check((number, cells) for number, cells in unpacked(one.rows))
    states = [row.state for row in rows]
    one.counts = {"rows": len(rows), **{state: states.count(state) for state in (GOOD, WRONG, KNOWN)}, "written": 0, "late": 0}
    one.result = packed([row.to_json() for row in rows])
    one.check_number, one.seq, one.next_row = one.check_number + 1, seq, 0


def choose_columns(actor: Actor, import_id: str, chosen: Sequence[str], *, now: datetime) -> RecordImport:
    """Other columns than the headings meant, and a new check. `chosen`: a property or "" for each column. Commits.

    Raises NOT_FOUND, STALE, TWICE, NO_NAME.
    """
    one = found(actor, import_id)
    known = targets(one.programme_id, one.list)
    wanted = [name if name in known.by_name else "" for name in chosen]
    if one.state != "checked" or len(wanted) != len(one.head["letters"]):
        raise problems.STALE()
    twice = next((name for name in wanted if name and wanted.count(name) > 1), None)
    if twice:
        raise problems.TWICE(name=known.by_name[twice].label(actor.language))
    fresh = RecordImport(
        programme_id=one.programme_id,
        list=one.list,
        organisation_id=one.organisation_id,
        head={**one.head, "targets": wanted},
        rows=one.rows,
        check_number=one.check_number,
    )
    _check(actor, fresh, known, now)
    begin_writing()
    one = found(actor, import_id, lock=True)
    if one.state != "checked" or one.check_number != fresh.check_number - 1:
        raise problems.STALE()
    for name in ("head", "counts", "result", "check_number", "seq", "next_row"):
        setattr(one, name, getattr(fresh, name))
    db.session.commit()
    return one


def found(actor: Actor, import_id: str, *, lock: bool = False) -> RecordImport:
    """An import that the actor began (administrators: any): its rows may hold names. Raises NOT_FOUND."""
    one = db.session.get(RecordImport, import_id, with_for_update=lock or None, populate_existing=lock)
    if one is None or (one.created_by != actor.person_id and not actor.is_administrator):
        raise NOT_FOUND()
    if not can(actor, "entity.edit", programme_id=one.programme_id, organisation_id=one.organisation_id):
        raise NOT_FOUND()
    return one


def personal_columns(one: RecordImport, known: Targets) -> list[str]:
    """Names of the properties it fills that say who somebody is."""
    return [name for name in one.head["targets"] if name in known.by_name and known.by_name[name].is_personal]


def write(actor: Actor, import_id: str, *, check_number: int, agreed: bool, now: datetime) -> RecordImport:
    """Record the rows without mistakes, in parts that are each committed. Asked again, it goes on where it stopped.

    check_number    what the person saw
    agreed          she says that those named agreed to be recorded

    Raises NOT_FOUND, STALE, NO_NAME, NOTHING, NOT_AGREED, NO_CONSENT_SETTINGS.
    """
    one = found(actor, import_id)
    known = targets(one.programme_id, one.list)
    if one.state == "checked":
        _may_be_written(actor, one, known, agreed)
    numbers = [target.name for target in known.by_name.values() if target.is_number]
    while True:
        begin_writing()
        one = found(actor, import_id, lock=True)
        if one.check_number != check_number or one.state == "undone":
            raise problems.STALE()
        if one.state == "done":
            db.session.rollback()
            return found(actor, import_id)
        one.state = "writing"
        _write_part(actor, one, numbers, now)
        db.session.commit()


def _may_be_written(actor: Actor, one: RecordImport, known: Targets, agreed: bool) -> None:
    names = {known.name, "coop_name_fr"} & set(one.head["targets"])
    if not names:
        raise problems.NO_NAME(name=known.by_name[known.name].label(actor.language))
    if not one.counts[GOOD]:
        raise problems.NOTHING()
    personal = personal_columns(one, known)
    if personal:
        programme = db.session.get_one(Programme, one.programme_id)
        if not all(is_filled(programme, ALWAYS, language) for language in ("ar", "fr")):
            raise problems.NO_CONSENT_SETTINGS(name=known.by_name[personal[0]].label(actor.language))
        if not agreed:
            raise problems.NOT_AGREED()


def _write_part(actor: Actor, one: RecordImport, numbers: Sequence[str], now: datetime) -> None:
    rows = [Row.from_json(row) for row in unpacked(one.result)]
    part = rows[one.next_row : one.next_row + PART]
    good = [row for row in part if row.state == GOOD]
    late = _known_since(one, numbers) if good else None
    fresh = []
    for row in good:
        where = {"organisation_id": one.organisation_id, "territory": row.territory}
        came = late is not None and late.find(keys_of(row.label, row.values, row.territory, numbers)) is not None
        if not came and can(actor, "entity.edit", programme_id=one.programme_id, **where):
            fresh.append(row)
    _record(actor, one, fresh, now)
    one.counts = one.counts | {
        "written": one.counts["written"] + len(fresh),
        "late": one.counts["late"] + len(good) - len(fresh),
    }
    one.next_row += len(part)
    if one.next_row >= len(rows):
        one.state, one.done_at = "done", now
        left = [row for row in rows if row.state != GOOD]
        numbers_left = {row.number for row in left}
        one.result = packed([row.to_json() for row in left])
        one.rows = packed([line for line in unpacked(one.rows) if line[0] in numbers_left])


def _known_since(one: RecordImport, numbers: Sequence[str]) -> Known:
    """Records that came since the check, but for its own."""
    return Known(one.programme_id, one.list, numbers, after_seq=one.seq, not_of_import=one.id)


def _record(actor: Actor, one: RecordImport, rows: Sequence[Row], now: datetime) -> None:
    if not rows:
        return
    seq = next_seq(len(rows)) - len(rows)
    made = [(new_id(), row) for row in rows]
    for entity_id, row in made:
        seq += 1
        entity = Entity(
            id=entity_id,
            programme_id=one.programme_id,
            list=one.list,
            label=row.label,
            organisation_id=one.organisation_id,
            territory=row.territory,
            data=row.values,
            version=1,
            updated_at=now,
            seq=seq,
        )
        db.session.add(entity)
    db.session.flush()
    for entity_id, row in made:
        changes = {**row.values, LABEL: row.label}
        db.session.add(
            EntityVersion(
                id=new_id(), entity_id=entity_id, version=1, changes=changes, kind="import", actor_id=actor.person_id, at=now
            )
        )
        db.session.add_all(
            EntityLink(entity_id=entity_id, property=name[:80], target_id=target) for name, target in links_of(row.values)
        )
        db.session.add(ImportedRecord(import_id=one.id, number=row.number, entity_id=entity_id))
    db.session.flush()
    # One entry a part: how many and of which file; names stay out of the chain.
    details = {"list": one.list, "records": len(rows), "rows": [rows[0].number, rows[-1].number], "file": one.sha256}
    audit.record(
        "entity.imported", at=now, actor_id=actor.person_id, programme_id=one.programme_id, object_id=one.id, details=details
    )


def undo(actor: Actor, import_id: str, *, note: str, now: datetime) -> tuple[int, int]:
    """Archive the records it made that nobody used since; (archived, left). Commits in parts; asked again, it goes on.

    Left are those that were changed since, that a submission is about, or that another record names.
    Raises NOT_FOUND, STALE.
    """
    archived = 0
    while True:
        begin_writing()
        one = found(actor, import_id, lock=True)
        if one.state not in ("writing", "done", "undone"):
            raise problems.STALE()
        part = _unused(one.id, PART)
        db.session.execute(sa.select(Entity.id).where(Entity.id.in_(part)).order_by(Entity.id).with_for_update())
        done = 0
        for entity_id in part:
            entity = db.session.get(Entity, entity_id, populate_existing=True)
            if entity is None or entity.version != 1 or entity.archived_at is not None:
                continue
            where = {"organisation_id": entity.organisation_id, "territory": entity.territory}
            require(actor, "entity.edit", programme_id=entity.programme_id, **where)
            entity.archived_at = now
            registry.change(entity, {}, kind="archived", actor=actor, note=note, now=now, always=True)
            done += 1
        archived += done
        if done:
            details = {"list": one.list, "records": done}
            audit.record(
                "entity.import_undone",
                at=now,
                actor_id=actor.person_id,
                programme_id=one.programme_id,
                object_id=one.id,
                details=details,
            )
        if len(part) < PART:
            one.state, one.undone_at, one.rows, one.result = "undone", now, None, None
            db.session.commit()
            return archived, len(used(import_id))
        db.session.commit()


def _unused(import_id: str, limit: int) -> list[str]:
    named = sa.select(EntityLink.entity_id).where(EntityLink.target_id == Entity.id).exists()
    filled = sa.select(Submission.id).where(Submission.subject_id == Entity.id).exists()
    query = (
        sa.select(Entity.id)
        .join(ImportedRecord, ImportedRecord.entity_id == Entity.id)
        .where(ImportedRecord.import_id == import_id, Entity.version == 1, Entity.archived_at.is_(None), ~named, ~filled)
    )
    return list(db.session.scalars(query.order_by(Entity.id).limit(limit)))


def used(import_id: str, limit: int = 200) -> list[Entity]:
    """Its records that are still in use."""
    query = sa.select(Entity).join(ImportedRecord, ImportedRecord.entity_id == Entity.id)
    query = query.where(ImportedRecord.import_id == import_id, Entity.archived_at.is_(None))
    return list(db.session.scalars(query.order_by(Entity.sort_key).limit(limit)))


def drop(actor: Actor, import_id: str) -> None:
    """Forget an import that recorded nothing. The caller began with begin_writing() and commits. Raises NOT_FOUND, STALE."""
    one = found(actor, import_id, lock=True)
    if one.state != "checked":
        raise problems.STALE()
    db.session.delete(one)
    db.session.flush()


def forget_old(*, now: datetime) -> None:
    """Rows wait for a decision two weeks, no longer: they may hold names. The caller commits."""
    old = RecordImport.created_at < now - KEPT
    db.session.execute(sa.delete(RecordImport).where(old, RecordImport.state == "checked"))
    db.session.execute(
        sa.update(RecordImport)
        .where(old, RecordImport.state != "writing", RecordImport.rows.is_not(None))
        .values(rows=None, result=None)
    )


def of_list(actor: Actor, programme_id: str, list_name: str, limit: int = 20) -> list[RecordImport]:
    """Imports of a list that the actor may open, newest first."""
    query = sa.select(RecordImport).where(RecordImport.programme_id == programme_id, RecordImport.list == list_name)
    if not actor.is_administrator:
        query = query.where(RecordImport.created_by == actor.person_id)
    return list(db.session.scalars(query.order_by(RecordImport.created_at.desc()).limit(limit)))
