"""Changing what a programme lasts, costs and is paid by: its budget, a phase, a partner at a time.

Each is `programme.changed` in the chain, with the whole of what was and is. Callers commit; `actor` None: the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.languages import LANGUAGES
from app.core.permissions import Actor
from app.core.web import local_text
from app.indicators.queries import within_phase
from app.programmes import problems
from app.programmes.operations import Settings, both_texts, change, checked_code
from app.programmes.plan import KINDS, ROLES, Contribution, Partner, Phase, enumeration
from app.registry.models import Programme

Stored = Mapping[str, Any]


def set_budget(
    actor: Actor | None, programme: Programme, amount: Decimal | None, note: Mapping[str, str], *, now: datetime
) -> bool:
    """Write the budget in MAD; None: not known. Whether it is new. Raises NOT_ALLOWED, NOTE_INCOMPLETE."""
    text, before = checked_note(note), Settings.of(programme)
    budget = {} if amount is None and not text else {"amount": None if amount is None else f"{amount:.2f}", "note": text}
    return change(actor, programme, replace(before, budget=budget), now=now)


def save_phase(actor: Actor | None, programme: Programme, phase: Phase, *, is_new: bool, now: datetime) -> bool:
    """Add a phase at the end, or write the one of its code anew; whether anything is different.

    Raises NOT_ALLOWED, BAD_CODE, CODE_TAKEN, NO_SUCH_PHASE, NAME_INCOMPLETE, PHASE_REVERSED. Overlaps and gaps are warned of
    elsewhere (Plan.uneven).
    """
    name = _name(phase.name)
    if phase.starts_on and phase.ends_on and phase.ends_on < phase.starts_on:
        raise problems.PHASE_REVERSED()
    settings = Settings.of(programme)
    code = _place(settings.phases, phase.code, problems.NO_SUCH_PHASE, is_new=is_new)
    phases = _with(settings.phases, replace(phase, code=code, name=name).stored())
    return change(actor, programme, replace(settings, phases=phases), now=now)


def remove_phase(actor: Actor | None, programme: Programme, code: str, *, now: datetime) -> None:
    """Take a phase away. Raises NOT_ALLOWED, NO_SUCH_PHASE, PHASE_IN_USE(phase, indicators)."""
    settings = Settings.of(programme)
    _place(settings.phases, code, problems.NO_SUCH_PHASE, is_new=False)
    used = within_phase(programme.id, code)
    if used:
        raise problems.PHASE_IN_USE(phase=code, indicators=", ".join(local_text(dict(one.name)) for one in used))
    change(actor, programme, replace(settings, phases=_without(settings.phases, code)), now=now)


def save_partner(actor: Actor | None, programme: Programme, partner: Partner, *, is_new: bool, now: datetime) -> bool:
    """Add a partner at the end, or write the one of its code anew; whether anything is different.

    Raises NOT_ALLOWED, BAD_CODE, CODE_TAKEN, NO_SUCH_PARTNER, NAME_INCOMPLETE, NOTE_INCOMPLETE. Sums that differ from the budget
    are warned of elsewhere (Plan.difference).
    """
    assert partner.role in ROLES
    assert all(one.kind in KINDS for one in partner.contributions)
    settings, name = Settings.of(programme), _name(partner.name)
    code = _place(settings.financing, partner.code, problems.NO_SUCH_PARTNER, is_new=is_new)
    brought = tuple(Contribution(one.kind, one.amount, checked_note(one.note)) for one in partner.contributions)
    partners = _with(settings.financing, replace(partner, code=code, name=name, contributions=brought).stored())
    return change(actor, programme, _financed(settings, partners), now=now)


def remove_partner(actor: Actor | None, programme: Programme, code: str, *, now: datetime) -> None:
    """Take a partner away with its contributions. Raises NOT_ALLOWED, NO_SUCH_PARTNER."""
    settings = Settings.of(programme)
    _place(settings.financing, code, problems.NO_SUCH_PARTNER, is_new=False)
    change(actor, programme, _financed(settings, _without(settings.financing, code)), now=now)


def checked_note(note: Mapping[str, str]) -> dict[str, str]:
    """Both languages or none. Raises NOTE_INCOMPLETE."""
    texts = both_texts(note)
    if texts and len(texts) < len(LANGUAGES):
        raise problems.NOTE_INCOMPLETE()
    return texts


def _financed(settings: Settings, partners: Sequence[Stored]) -> Settings:
    """The line that names the partners follows them, unless somebody wrote another one."""
    follows = dict(settings.partners) in ({}, enumeration(settings.financing))
    line = enumeration(partners) if follows else settings.partners
    return replace(settings, financing=tuple(partners), partners=line)


def _name(given: Mapping[str, str]) -> dict[str, str]:
    texts = both_texts(given)
    if len(texts) < len(LANGUAGES):
        raise problems.NAME_INCOMPLETE()
    return texts


def _place(there: Sequence[Stored], code: str, missing: Any, *, is_new: bool) -> str:
    """The code of one that is there, or that is free."""
    taken = any(one["code"] == code.strip().lower() for one in there)
    if not is_new:
        if not taken:
            raise missing(code=code)
        return code.strip().lower()
    if taken:
        raise problems.CODE_TAKEN(code=code.strip().lower())
    return checked_code(code)


def _with(there: Sequence[Stored], one: Stored) -> tuple[Stored, ...]:
    """In the place of the one of its code, else at the end."""
    if any(other["code"] == one["code"] for other in there):
        return tuple(one if other["code"] == one["code"] else other for other in there)
    return (*there, one)


def _without(there: Sequence[Stored], code: str) -> tuple[Stored, ...]:
    return tuple(one for one in there if one["code"] != code.strip().lower())
