"""What the pages of programmes show: how far each is set up, and what its forms still wait for."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from app.accounts.models import Device, Membership, Person
from app.core.db import db
from app.core.permissions import COORDINATOR, FACILITATOR, Actor, programmes_where
from app.instruments import consent
from app.instruments.lint import TOKENS
from app.instruments.queries import Published, published
from app.registry.models import Organisation, Programme


@dataclass(frozen=True)
class Progress:
    """How far a programme is set up. None of it: there is no programme yet."""

    programme: Programme | None
    organisations: int  # not closed
    instruments: int  # published and open
    closed_instruments: list[Published]  # published, and shut on phones: a consent text is missing
    facilitators: int  # active accounts
    coordinators: int
    phones: int  # enrolled by its people, neither lost nor revoked

    @property
    def consent_is_filled(self) -> bool:
        return bool(self.instruments) and not self.closed_instruments

    @property
    def is_ready(self) -> bool:
        """Somebody can fill a form on a phone, and somebody reviews it."""
        people = bool(self.facilitators and self.coordinators)
        return bool(self.organisations and self.consent_is_filled and people and self.phones)


@dataclass(frozen=True)
class Token:
    """One consent text: what the programme says, and which of its published forms ask for it."""

    name: str
    is_filled: bool
    needed_by: list[Published]


def programmes(actor: Actor) -> list[Programme]:
    """Those that the actor sets up, by code."""
    mine = programmes_where(actor, "programme.manage")
    query = sa.select(Programme).order_by(Programme.code)
    return list(db.session.scalars(query if mine is None else query.where(Programme.id.in_(mine))))


def progress(programme: Programme | None) -> Progress:
    if programme is None:
        return Progress(None, 0, 0, [], 0, 0, 0)
    here = Membership.programme_id == programme.id
    active = sa.select(Membership.role, sa.func.count()).join(Person, Person.id == Membership.person_id)
    rows = db.session.execute(active.where(here, Person.is_active).group_by(Membership.role))
    roles = {row[0]: row[1] for row in rows}
    people = sa.select(Membership.person_id).where(here)
    phones = sa.select(sa.func.count()).select_from(Device)
    phones = phones.where(Device.person_id.in_(people), Device.revoked_at.is_(None), Device.lost_at.is_(None))
    forms = [one for one in published(programme.id) if one.instrument.is_open]
    return Progress(
        programme,
        sum(1 for one in organisations(programme) if one.closed_at is None),
        len(forms),
        [one for one in forms if consent.missing(programme, one.version)],
        roles.get(FACILITATOR, 0),
        roles.get(COORDINATOR, 0),
        db.session.scalar(phones) or 0,
    )


def organisations(programme: Programme) -> list[Organisation]:
    """Open ones first, each by code."""
    query = sa.select(Organisation).where(Organisation.programme_id == programme.id).order_by(Organisation.code)
    return sorted(db.session.scalars(query), key=lambda one: one.closed_at is not None)


def people_by_organisation(programme: Programme) -> dict[str | None, int]:
    """{organisation: how many active accounts are kept to it}."""
    query = sa.select(Membership.organisation_id, sa.func.count()).join(Person, Person.id == Membership.person_id)
    query = query.where(Membership.programme_id == programme.id, Person.is_active).group_by(Membership.organisation_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def tokens(programme: Programme) -> list[Token]:
    """Every consent text, in the order in which forms say them."""
    forms = published(programme.id)
    return [
        Token(
            name,
            all(consent.is_filled(programme, name, language) for language in ("ar", "fr")),
            [one for one in forms if any(token == name for token, _language in consent.needed_by(one.version))],
        )
        for name in TOKENS
    ]
