"""Making and changing programmes, their organisations and their consent texts. Callers commit. `actor` None: the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from app.core import audit
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.core.languages import LANGUAGES
from app.core.permissions import Actor, require
from app.instruments.lint import TOKENS
from app.keys.operations import ask_for_pin
from app.programmes import problems
from app.registry import places
from app.registry.models import Organisation, Programme

_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass(frozen=True)
class Settings:
    """What people write of a programme, beside its code and its consent texts."""

    name: Mapping[str, str]  # {"ar", "fr"}, both
    partners: Mapping[str, str] = field(default_factory=dict)  # both or none
    territories: Sequence[str] = ()  # HCP codes; none: anywhere
    starts_on: date | None = None
    ends_on: date | None = None
    phone_pin: bool = True
    # As a pack writes them (docs/programmes.md): kept as they are given.
    phases: Sequence[Mapping[str, Any]] = ()
    budget: Mapping[str, Any] = field(default_factory=dict)
    financing: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(cls, programme: Programme) -> Settings:
        return cls(
            programme.name,
            programme.partners or {},
            tuple(programme.territories or ()),
            programme.starts_on,
            programme.ends_on,
            programme.phone_pin,
            tuple(programme.phases or ()),
            programme.budget or {},
            tuple(programme.financing or ()),
        )


def create(actor: Actor | None, code: str, settings: Settings, *, now: datetime) -> Programme:
    """A new programme, without organisations or consent texts yet.

    Raises NOT_ALLOWED, BAD_CODE, CODE_TAKEN, and what check() raises.
    """
    may_manage(actor, None)
    code = checked_code(code)
    checked = check(settings)
    _take_turns()
    if db.session.scalar(sa.select(Programme.id).where(Programme.code == code)):
        raise problems.CODE_TAKEN(code=code)
    programme = Programme(id=new_id(), code=code, consent={}, created_at=now, phone_pin=checked.phone_pin)
    _write(programme, checked)
    db.session.add(programme)
    programme.seq = next_seq()
    db.session.flush()
    _record("programme.created", actor, programme, now, {"code": code, **_as_details(checked)})
    return programme


def change(actor: Actor | None, programme: Programme, settings: Settings, *, now: datetime) -> bool:
    """Write the settings; whether anything was different. Phones take a new name at their next contact.

    Raises NOT_ALLOWED and what check() raises.
    """
    may_manage(actor, programme)
    checked, before = check(settings), Settings.of(programme)
    was, will = _as_details(before), _as_details(checked)
    changed = {name: [was[name], will[name]] for name in will if was[name] != will[name] and name != "phone_pin"}
    if changed:
        _write(programme, checked)
        programme.seq = next_seq()
        db.session.flush()
        _record("programme.changed", actor, programme, now, changed)
    if before.phone_pin != checked.phone_pin:
        ask_for_pin(programme, checked.phone_pin, now=now, by=actor)
    return bool(changed) or before.phone_pin != checked.phone_pin


def check(settings: Settings) -> Settings:
    """The settings with blanks trimmed. Raises NAME_INCOMPLETE, PARTNERS_INCOMPLETE, PLACE_UNKNOWN(code), DATES_REVERSED."""
    name, partners = both_texts(settings.name), both_texts(settings.partners)
    if len(name) < len(LANGUAGES):
        raise problems.NAME_INCOMPLETE()
    if partners and len(partners) < len(LANGUAGES):
        raise problems.PARTNERS_INCOMPLETE()
    codes = _places(settings.territories)
    if settings.starts_on and settings.ends_on and settings.ends_on < settings.starts_on:
        raise problems.DATES_REVERSED()
    return replace(settings, name=name, partners=partners, territories=tuple(codes))


def set_consent(actor: Actor | None, programme: Programme, given: Mapping[str, Any], *, now: datetime) -> list[str]:
    """Fill consent texts; the tokens that changed. What is not given stays, an empty text takes one away.

    given       {token: {"ar", "fr"}, or one text for both languages (a number)}; tokens: docs/instruments.md

    Raises NOT_ALLOWED, TOKEN_UNKNOWN(token, known), TOKEN_INCOMPLETE(token).
    """
    may_manage(actor, programme)
    consent = dict(programme.consent or {})
    for token, value in given.items():
        if token not in TOKENS:
            raise problems.TOKEN_UNKNOWN(token=token, known=", ".join(TOKENS))
        texts = both_texts(value if isinstance(value, Mapping) else dict.fromkeys(LANGUAGES, str(value or "")))
        if texts and len(texts) < len(LANGUAGES):
            raise problems.TOKEN_INCOMPLETE(token=token)
        if texts:
            consent[token] = texts
        else:
            consent.pop(token, None)
    before = programme.consent or {}
    changed = sorted(token for token in TOKENS if before.get(token) != consent.get(token))
    if changed:
        programme.consent = consent
        programme.seq = next_seq()  # phones fill the texts: they look again
        db.session.flush()
        # Which organisation answered for the data, and when, is what an inspection asks.
        _record("programme.consent", actor, programme, now, {token: consent.get(token) for token in changed})
    return changed


# Organisations


def add_organisation(
    actor: Actor | None, programme: Programme, code: str, name: Mapping[str, str], *, now: datetime
) -> Organisation:
    """A new organisation of the programme. Raises NOT_ALLOWED, BAD_CODE, CODE_TAKEN, NAME_INCOMPLETE."""
    may_manage(actor, programme)
    code, texts = checked_code(code), _name(name)
    _take_turns()
    if find_organisation(programme, code) is not None:
        raise problems.CODE_TAKEN(code=code)
    organisation = Organisation(id=new_id(), programme_id=programme.id, code=code, name=texts)
    db.session.add(organisation)
    db.session.flush()
    _record("organisation.created", actor, programme, now, {"code": code, "name": texts}, organisation.id)
    return organisation


def rename_organisation(
    actor: Actor | None, programme: Programme, organisation: Organisation, name: Mapping[str, str], *, now: datetime
) -> bool:
    """Whether the name is new. Raises NOT_ALLOWED, NAME_INCOMPLETE."""
    may_manage(actor, programme)
    texts, before = _name(name), organisation.name
    if texts == before:
        return False
    organisation.name = texts
    db.session.flush()
    _record("organisation.changed", actor, programme, now, {"name": [before, texts]}, organisation.id)
    return True


def set_territories(
    actor: Actor | None, programme: Programme, organisation: Organisation, codes: Sequence[str], *, now: datetime
) -> bool:
    """Say where an organisation works; whether that is new. Several may work in one place. Raises NOT_ALLOWED, PLACE_UNKNOWN."""
    may_manage(actor, programme)
    places_of, before = _places(codes), organisation.territories or []
    if places_of == before:
        return False
    organisation.territories = places_of
    db.session.flush()
    _record("organisation.changed", actor, programme, now, {"territories": [before, places_of]}, organisation.id)
    return True


def set_closed(actor: Actor | None, programme: Programme, organisation: Organisation, closed: bool, *, now: datetime) -> None:
    """Close an organisation, or open it again. Closed: it is offered to nobody new; its people, records and history stay."""
    may_manage(actor, programme)
    if closed != (organisation.closed_at is not None):
        organisation.closed_at = now if closed else None
        db.session.flush()
        _record("organisation.closed" if closed else "organisation.opened", actor, programme, now, {}, organisation.id)


def find_organisation(programme: Programme, code: str) -> Organisation | None:
    query = sa.select(Organisation).where(Organisation.programme_id == programme.id, Organisation.code == code.strip().lower())
    return db.session.scalar(query)


def may_manage(actor: Actor | None, programme: Programme | None) -> None:
    if actor is not None:
        require(actor, "programme.manage", programme_id=programme.id if programme else None)


def _take_turns() -> None:
    """Two who take the same code at once: the counter's row is everybody's lock."""
    db.session.execute(sa.text("UPDATE sequence SET value = value WHERE name = 'server'"))


def checked_code(code: str) -> str:
    """Raises BAD_CODE."""
    code = code.strip().lower()
    if not _CODE.fullmatch(code):
        raise problems.BAD_CODE()
    return code


def _places(given: Sequence[str]) -> list[str]:
    codes = sorted({code.strip().rstrip(".") for code in given if code.strip()})
    for code in codes:
        if code not in places.names():
            raise problems.PLACE_UNKNOWN(code=code)
    return codes


def both_texts(given: Mapping[str, Any]) -> dict[str, str]:
    """The texts that are written, by language, on one line each."""
    texts = {language: " ".join(str(given.get(language) or "").split()) for language in LANGUAGES}
    return {language: text for language, text in texts.items() if text}


def _name(given: Mapping[str, str]) -> dict[str, str]:
    texts = both_texts(given)
    if len(texts) < len(LANGUAGES):
        raise problems.NAME_INCOMPLETE()
    return texts


def _write(programme: Programme, settings: Settings) -> None:
    programme.name, programme.partners = dict(settings.name), dict(settings.partners)
    programme.territories = list(settings.territories)
    programme.starts_on, programme.ends_on = settings.starts_on, settings.ends_on
    programme.phases = [dict(one) for one in settings.phases]
    programme.financing = [dict(one) for one in settings.financing]
    programme.budget = dict(settings.budget)


def _as_details(settings: Settings) -> dict[str, Any]:
    return {
        "name": dict(settings.name),
        "partners": dict(settings.partners),
        "territories": list(settings.territories),
        "starts_on": settings.starts_on.isoformat() if settings.starts_on else None,
        "ends_on": settings.ends_on.isoformat() if settings.ends_on else None,
        "phone_pin": settings.phone_pin,
        "phases": list(settings.phases),
        "budget": dict(settings.budget),
        "financing": list(settings.financing),
    }


def _record(
    action: str,
    actor: Actor | None,
    programme: Programme,
    now: datetime,
    details: dict[str, Any],
    object_id: str | None = None,
) -> None:
    audit.record(
        action,
        at=now,
        actor_id=actor.person_id if actor else None,
        programme_id=programme.id,
        object_id=object_id or programme.id,
        details=details,
    )
