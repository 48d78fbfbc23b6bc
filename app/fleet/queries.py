"""Reads of the fleet pages: only phones of people whom the reader manages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.accounts import operations as accounts
from app.accounts import queries as people
from app.accounts.models import Device, Incident, Person
from app.core.db import db
from app.core.permissions import Actor
from app.submissions.models import Quarantined, Revision, Submission

SILENT_AFTER = timedelta(hours=48)
DORMANT_AFTER = timedelta(days=30)  # a phone that is put away and holds nothing alarms nobody
SKEW_MS = 5 * 60_000
MOST_RECEIPTS = 20


@dataclass(frozen=True)
class Phone:
    """A phone with its person; what its last report said, whatever the client that wrote it."""

    device: Device
    person: Person
    now: datetime
    incidents: list[Incident] = field(default_factory=list)  # open ones
    last_receipt: datetime | None = None

    @property
    def report(self) -> dict[str, Any]:
        return self.device.report or {}

    def _number(self, name: str) -> int:
        value = self.report.get(name)
        return value if type(value) is int and value > 0 else 0

    @property
    def unsent(self) -> int:
        return self._number("unsent")

    @property
    def photos(self) -> int:
        return self._number("photos")

    @property
    def oldest_unsent(self) -> datetime | None:
        """By the phone's own clock."""
        try:
            found = datetime.fromisoformat(str(self.report.get("oldest_unsent")))
        except ValueError:
            return None
        return found if found.tzinfo is not None else None

    @property
    def app(self) -> str:
        return str(self.report.get("app") or "")[:40]

    @property
    def persisted(self) -> bool | None:
        value = self.report.get("persisted")
        return value if isinstance(value, bool) else None

    @property
    def used_bytes(self) -> int | None:
        storage = self.report.get("storage")
        usage = storage.get("usage") if isinstance(storage, dict) else None
        return usage if type(usage) is int else None

    @property
    def skew_ms(self) -> int | None:
        """Server minus phone."""
        value = self.report.get("skew")
        return value if type(value) is int else None

    @property
    def clock_is_off(self) -> bool:
        return self.skew_ms is not None and abs(self.skew_ms) > SKEW_MS

    @property
    def todo(self) -> list[str]:
        """Steps of getting ready that the phone still lists (static/js/pages/readiness.js)."""
        value = self.report.get("todo")
        return [str(one) for one in value[:12]] if isinstance(value, list) else []

    @property
    def is_out(self) -> bool:
        return self.device.revoked_at is not None or self.device.lost_at is not None

    @property
    def is_silent(self) -> bool:
        """In use, and not heard from for two days; one that holds work is awaited however long it takes."""
        seen = self.device.last_seen_at or self.device.created_at
        away = self.now - seen
        return not self.is_out and away > SILENT_AFTER and (away < DORMANT_AFTER or self.unsent > 0)

    @property
    def needs_a_look(self) -> bool:
        return bool(self.incidents) or self.is_silent or (not self.is_out and (self.clock_is_off or self.persisted is False))


def managed_people(actor: Actor) -> list[Person]:
    return [one for one in people.people(actor, most=None) if actor.is_administrator or accounts.manages(actor, one)]


def phones(actor: Actor, *, now: datetime) -> list[Phone]:
    """All phones of the people the actor manages: those that need a look first, then the last seen."""
    found = people.phones(managed_people(actor))
    ids = [one.device.id for one in found]
    facts = _facts(ids)
    return _sorted([_with_facts(one.device, one.person, *facts, now=now) for one in found])


def _sorted(found: list[Phone]) -> list[Phone]:
    return sorted(found, key=lambda one: (not one.incidents, not (one.is_silent and one.unsent), not one.needs_a_look))


def _facts(ids: Sequence[str]) -> tuple[dict[str, list[Incident]], dict[str, datetime]]:
    opened: dict[str, list[Incident]] = {}
    for incident in db.session.scalars(
        sa.select(Incident).where(Incident.closed_at.is_(None), Incident.device_id.in_(ids)).order_by(Incident.at)
    ):
        opened.setdefault(incident.device_id, []).append(incident)
    # One look into the index a phone: grouped, the store would read all that each ever sent.
    last = sa.select(sa.func.max(Revision.received_at)).where(Revision.device_id == Device.id).scalar_subquery()
    query = sa.select(Device.id, last).where(Device.id.in_(ids))
    return opened, {key: at for key, at in db.session.execute(query) if at}


def _with_facts(
    device: Device, person: Person, opened: dict[str, list[Incident]], received: dict[str, datetime], *, now: datetime
) -> Phone:
    return Phone(device, person, now, opened.get(device.id, []), received.get(device.id))


def phone(actor: Actor, device_id: str, *, now: datetime) -> Phone | None:
    """The phone, if the actor manages its person."""
    device = db.session.get(Device, device_id)
    person = db.session.get(Person, device.person_id) if device else None
    if device is None or person is None or not (actor.is_administrator or accounts.manages(actor, person)):
        return None
    return _with_facts(device, person, *_facts([device_id]), now=now)


@dataclass(frozen=True)
class Receipt:
    """What the server took from a phone: the number that the phone shows too."""

    number: int
    at: datetime
    submission_id: str
    title: str
    form_id: str
    quarantined: bool
    can_open: bool


def receipts(device_id: str) -> list[Receipt]:
    """The newest first."""
    rows = db.session.execute(
        sa.select(Revision.seq, Revision.received_at, Submission)
        .join(Submission, Submission.id == Revision.submission_id)
        .where(Revision.device_id == device_id)
        .order_by(Revision.seq.desc())
        .limit(MOST_RECEIPTS)
    )
    found = [
        Receipt(row.seq, row.received_at, one.id, one.title, one.form_id, bool(one.quarantine), one.deleted_at is None)
        for row in rows
        for one in (row.Submission,)
    ]
    aside = db.session.scalars(
        sa.select(Quarantined).where(Quarantined.device_id == device_id).order_by(Quarantined.seq.desc()).limit(MOST_RECEIPTS)
    )
    found += [Receipt(one.seq, one.received_at, one.submission_id, "", "", True, False) for one in aside]
    return sorted(found, key=lambda one: -one.number)[:MOST_RECEIPTS]


def incidents(device_ids: Sequence[str], *, closed: bool) -> list[Incident]:
    query = sa.select(Incident).where(Incident.device_id.in_(device_ids))
    if closed:
        query = query.where(Incident.closed_at.is_not(None)).order_by(Incident.closed_at.desc()).limit(100)
    else:
        query = query.where(Incident.closed_at.is_(None)).order_by(Incident.at)
    return list(db.session.scalars(query))


def arrived_since(incident: Incident) -> int:
    """How many of what it names came after all: by a rescue file, from another phone, or from the store that came back."""
    ids = [one for one in incident.details.get("ids") or [] if isinstance(one, str)]
    here = set(db.session.scalars(sa.select(Revision.id).where(Revision.id.in_(ids))))
    here |= set(db.session.scalars(sa.select(Quarantined.revision_id).where(Quarantined.revision_id.in_(ids))))
    return len(here)


def alarms(now: datetime) -> tuple[int, int, int]:
    """Of the whole installation: silent phones, those of them that still hold work, open incidents."""
    rows = db.session.execute(
        sa.select(Device, Person).join(Person).where(Device.revoked_at.is_(None), Device.lost_at.is_(None), Person.is_active)
    )
    silent = [one for one in (Phone(row.Device, row.Person, now) for row in rows) if one.is_silent]
    opened = db.session.scalar(sa.select(sa.func.count()).select_from(Incident).where(Incident.closed_at.is_(None))) or 0
    return len(silent), sum(1 for one in silent if one.unsent), int(opened)
