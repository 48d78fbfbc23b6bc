"""Incidents: what may mean lost work on a phone, open until a person has looked into it (I-5). Callers commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Device, Incident, Person
from app.core import audit
from app.core.db import db, iso
from app.core.ids import new_id
from app.core.permissions import Actor

# What the phone noticed itself, and what the server noticed about it.
TOLD = ("data_lost", "items_missing", "store_damaged")
KINDS = (*TOLD, "unsent_missing", "signed_in_afresh", "lost_came_back")
MOST_NOTE = 2000


def signed_in_afresh(person: Person, device: Device, *, now: datetime) -> None:
    """A new phone of a person while one that looks the same still held work: it may be that one, emptied.

    Whoever clears a browser's data takes its id along, so the phone itself cannot say so.
    """
    others = db.session.scalars(
        sa.select(Device).where(
            Device.person_id == person.id,
            Device.id != device.id,
            Device.label == device.label,
            Device.revoked_at.is_(None),
            Device.lost_at.is_(None),
        )
    )
    for other in others:
        report = other.report or {}
        unsent = report.get("unsent")
        if device.label and isinstance(unsent, int) and unsent > 0:
            details = {
                "unsent": unsent,
                "ids": report.get("unsent_ids") or [],
                "since": report.get("at"),
                "new_device": device.id,
            }
            _open(other.id, "signed_in_afresh", str(report.get("at") or device.id)[:64], details, now=now)


def _open(device_id: str, kind: str, key: str, details: dict[str, Any], *, now: datetime) -> None:
    known = sa.select(Incident.id).where(Incident.device_id == device_id, Incident.kind == kind, Incident.key == key)
    if db.session.scalar(known) is None:
        db.session.add(Incident(id=new_id(), device_id=device_id, kind=kind, key=key, at=now, details=details, note=""))
        db.session.flush()


def close(incident: Incident, *, note: str, by: Actor, now: datetime) -> None:
    """Somebody looked into it; what she found stands beside it for ever."""
    incident.closed_at, incident.closed_by, incident.note = now, by.person_id, note.strip()[:MOST_NOTE]
    db.session.flush()
    audit.record(
        "incident.closed",
        at=now,
        actor_id=by.person_id,
        object_id=incident.device_id,
        details={"incident": incident.id, "kind": incident.kind, "opened": iso(incident.at)},
    )
