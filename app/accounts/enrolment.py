"""Making a phone ready by a link: the office shows it as a QR code, the phone opens it once. No password is typed.

The link names nobody: it ends in a random token behind `#`, which browsers send to no server and no log. Callers commit.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import lazy_gettext

from app.accounts.credentials import hashed
from app.accounts.models import Device, Enrolment, Person
from app.accounts.operations import enrol_device
from app.core import audit
from app.core.db import db
from app.core.ids import new_id
from app.core.permissions import Actor
from app.core.problems import Kind

LIFETIME = timedelta(hours=24)

LINK_UNKNOWN = Kind(
    "enrolment.unknown",
    404,
    lazy_gettext("This link is not known. Scan the code again, or ask the coordinator for a new one."),
)
LINK_USED = Kind(
    "enrolment.used", 410, lazy_gettext("This link has already made a phone ready. Ask the coordinator for a new one.")
)
LINK_EXPIRED = Kind(
    "enrolment.expired", 410, lazy_gettext("This link is more than a day old. Ask the coordinator for a new one.")
)
LINK_CANCELLED = Kind(
    "enrolment.cancelled", 410, lazy_gettext("The office cancelled this link. Ask the coordinator for a new one.")
)


def make_link(person: Person, *, by: Actor, now: datetime) -> tuple[Enrolment, str]:
    """A link for this person, good for a day and one phone; the token is stored nowhere."""
    token = secrets.token_urlsafe(24)
    made = Enrolment(
        id=new_id(),
        person_id=person.id,
        token_hash=hashed(token),
        created_by=by.person_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("enrolment.made", at=now, actor_id=by.person_id, object_id=person.id, details={"enrolment": made.id})
    return made, token


def unused(people: Sequence[Person], *, now: datetime) -> list[tuple[Enrolment, Person]]:
    """Links of these people that a phone could still use, the next to end first."""
    by_id = {one.id: one for one in people}
    query = (
        sa.select(Enrolment)
        .where(Enrolment.used_at.is_(None), Enrolment.cancelled_at.is_(None), Enrolment.expires_at > now)
        .order_by(Enrolment.expires_at, Enrolment.id)
    )
    return [(one, by_id[one.person_id]) for one in db.session.scalars(query) if one.person_id in by_id]


def cancel(link: Enrolment, *, by: Actor, now: datetime) -> None:
    """No phone can use it any more. Raises LINK_USED: then the phone can be revoked. The caller began with begin_writing()."""
    if link.cancelled_at is not None:
        return
    cancelled = db.session.execute(
        sa.update(Enrolment).where(Enrolment.id == link.id, Enrolment.used_at.is_(None)).values(cancelled_at=now)
    )
    if not cancelled.rowcount:  # type: ignore[attr-defined]  # a phone was quicker
        raise LINK_USED()
    audit.record("enrolment.cancelled", at=now, actor_id=by.person_id, object_id=link.person_id, details={"enrolment": link.id})


def look(token: str, *, claim: str, now: datetime, demo_allowed: bool) -> tuple[Enrolment, Person]:
    """The link and whom it is for, unused. `claim` is the secret of the phone that asks: what it used itself it may use again.

    Raises LINK_UNKNOWN, LINK_CANCELLED, LINK_USED, LINK_EXPIRED.
    """
    found = db.session.scalar(sa.select(Enrolment).where(Enrolment.token_hash == hashed(token)))
    person = db.session.get(Person, found.person_id) if found else None
    if found is None or person is None or not person.is_active or (person.is_demo and not demo_allowed):
        raise LINK_UNKNOWN()
    if found.cancelled_at is not None:
        raise LINK_CANCELLED()
    if found.used_at is not None and found.claim_hash != hashed(claim):
        raise LINK_USED()
    if found.expires_at <= now:
        raise LINK_EXPIRED()
    return found, person


def use(
    token: str, *, claim: str, label: str, device_id: str | None, now: datetime, demo_allowed: bool
) -> tuple[Person, Device, str]:
    """Enrol the phone that holds the link; the person, her phone, its credential. The caller began with begin_writing().

    An answer that was lost on the way costs nothing: the same phone asks again with the same claim and gets another
    credential for the same device.
    """
    found, person = look(token, claim=claim, now=now, demo_allowed=demo_allowed)
    taken = db.session.execute(
        sa.update(Enrolment)
        .where(
            Enrolment.id == found.id,
            Enrolment.cancelled_at.is_(None),
            sa.or_(Enrolment.used_at.is_(None), Enrolment.claim_hash == hashed(claim)),
        )
        .values(used_at=now, claim_hash=hashed(claim))
    )
    if not taken.rowcount:  # type: ignore[attr-defined]  # another phone, or the office, was quicker
        raise LINK_USED()
    device, credential = enrol_device(person, label=label, device_id=found.device_id or device_id, now=now)
    if found.device_id != device.id:
        db.session.execute(sa.update(Enrolment).where(Enrolment.id == found.id).values(device_id=device.id))
        audit.record("enrolment.used", at=now, actor_id=person.id, object_id=device.id, details={"enrolment": found.id})
    return person, device, credential
