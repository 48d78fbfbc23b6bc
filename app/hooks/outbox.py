"""What is to be told, written in the transaction of its cause: neither can be there without the other (I-8)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from app.core.db import db, iso
from app.core.driver import Statements

COLUMNS = "id, hook_id, submission_id, number, event, body, created_at, since, state, due_at, attempts"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a submission. Nothing of what it says: who is told fetches the rest, if she may."""

    event: str  # one of app.hooks.models.EVENTS
    number: int  # of the review event; 1 is the arrival
    source: str  # what makes it this event and no other: the revision that arrived, or the decision
    programme_id: str
    organisation_id: str | None
    submission_id: str
    revision_id: str
    form_id: str
    form_version: str
    receipt: int  # number on the receipt of this revision
    quarantine: str | None


def note(do: Statements, events: Sequence[Event], *, now: datetime) -> None:
    """Write a delivery for each receiver that wants one. Where there is none, this is one statement on a table without rows."""
    hooks = do.among(
        "SELECT h.id, h.events, h.programme_id, p.code FROM hooks h JOIN programmes p ON p.id = h.programme_id "
        "WHERE h.programme_id IN (:ids) AND h.is_on",
        {one.programme_id for one in events},
    )
    if not hooks:
        return
    named = {one.organisation_id for one in events if one.organisation_id}
    organisations = dict(do.among("SELECT id, code FROM organisations WHERE id IN (:ids)", named))
    moment, rows = do.moment(now), []
    for hook_id, wanted, programme_id, code in hooks:
        for one in events:
            if one.programme_id != programme_id or one.event not in wanted.split():
                continue
            made = str(uuid.uuid5(uuid.UUID(hook_id), f"{one.event} {one.source}"))
            body = _body(one, code, organisations.get(one.organisation_id), now)
            rows.append((
                made, hook_id, one.submission_id, one.number, one.event, body, moment, moment, "waiting", moment, 0,
            ))  # fmt: skip
    do.insert("hook_deliveries", COLUMNS, rows, " ON CONFLICT (id) DO NOTHING")


def _body(one: Event, programme: str, organisation: str | None, now: datetime) -> str:
    data = {
        "programme": programme,
        "organisation": organisation,
        "submission_id": one.submission_id,
        "revision_id": one.revision_id,
        "form_id": one.form_id,
        "form_version": one.form_version,
        "receipt": one.receipt,
        "number": one.number,
        "quarantine": one.quarantine,
    }
    return orjson.dumps({"type": f"submission.{one.event}", "timestamp": iso(now), "data": data}).decode()


def note_here(event: Event, *, now: datetime) -> None:
    """The same in the transaction of the session."""
    do = Statements(db.session.connection().connection, db.engine.dialect.name)
    try:
        note(do, [event], now=now)
    finally:
        do.cursor.close()
