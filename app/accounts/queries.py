"""Reads of the pages of people and phones: only those whom the reader manages."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app.accounts.models import Device, Membership, Person, SignInSession
from app.core.db import db
from app.core.permissions import Actor, programmes_where
from app.registry.models import Organisation, Programme

MOST_LISTED = 500
# Easy to read out and to type on a phone: no look-alikes, no layout that Arabic and French keyboards disagree on.
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


def a_password() -> str:
    """`bodi-kuna-vare-27`: about 50 bits."""
    words = ["".join(secrets.choice(_SYLLABLES) for _ in range(2)) for _ in range(3)]
    return "-".join([*words, f"{secrets.randbelow(900) + 100}"])


def programmes(actor: Actor) -> list[Programme]:
    """Those in which the actor manages people."""
    mine = programmes_where(actor, "people.manage")
    query = sa.select(Programme).order_by(Programme.code)
    return list(db.session.scalars(query if mine is None else query.where(Programme.id.in_(mine))))


def organisations(actor: Actor, programme_ids: list[str], held: str | None = None) -> list[Organisation]:
    """Those to which the actor may attach somebody: not the closed ones, but for the one that she is attached to (`held`)."""
    is_offered = sa.or_(Organisation.closed_at.is_(None), Organisation.id == held)
    query = sa.select(Organisation).where(Organisation.programme_id.in_(programme_ids), is_offered).order_by(Organisation.code)
    found = db.session.scalars(query)
    if actor.is_administrator:
        return list(found)
    return [one for one in found if (grant := actor.grants.get(one.programme_id)) and grant.organisation_id in (None, one.id)]


def people(actor: Actor, search: str = "", most: int | None = MOST_LISTED) -> list[Person]:
    """Accounts that the actor manages, by username; `most` None: all of them."""
    query = sa.select(Person).order_by(Person.username).limit(most)
    if not actor.is_administrator:
        conditions = []
        for programme_id in programmes_where(actor, "people.manage") or []:
            here = Membership.programme_id == programme_id
            organisation_id = actor.grants[programme_id].organisation_id
            conditions.append(here if organisation_id is None else here & (Membership.organisation_id == organisation_id))
        query = query.where(
            Person.is_administrator.is_(False),
            Person.id.in_(sa.select(Membership.person_id).where(sa.or_(sa.false(), *conditions))),
        )
    if search:
        pattern = f"%{search.lower().replace('%', '').replace('_', '')}%"
        names = sa.func.lower(sa.cast(Person.name["ar"].as_string() + " " + Person.name["fr"].as_string(), sa.Text))
        query = query.where(sa.or_(Person.username.like(pattern), names.like(pattern)))
    return list(db.session.scalars(query))


def sessions_of(person: Person, now: datetime) -> list[SignInSession]:
    return list(
        db.session.scalars(
            sa.select(SignInSession)
            .where(SignInSession.person_id == person.id, SignInSession.ended_at.is_(None), SignInSession.expires_at > now)
            .order_by(SignInSession.last_seen_at.desc())
        )
    )


@dataclass(frozen=True)
class Phone:
    device: Device
    person: Person

    @property
    def unsent(self) -> int:
        """What it last said it still holds."""
        unsent = self.device.report.get("unsent", 0)
        return unsent if isinstance(unsent, int) else 0


def phones(people: list[Person]) -> list[Phone]:
    """Their phones, the last seen first."""
    by_id = {person.id: person for person in people}
    rows = db.session.scalars(
        sa.select(Device)
        .where(Device.person_id.in_(by_id))
        .order_by(sa.func.coalesce(Device.last_seen_at, Device.created_at).desc())
    )
    return [Phone(device, by_id[device.person_id]) for device in rows]
