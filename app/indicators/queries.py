"""Figures: the value of an indicator in a perimeter, split, over time, with its spread. Reads only.

Whoever wants what was decided a moment ago calls operations.refresh() first. docs/indicators.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from app.core.db import db
from app.core.permissions import Actor
from app.indicators import problems
from app.indicators.counting import deviation
from app.indicators.declarations import Declaration, restored
from app.indicators.models import Indicator
from app.indicators.perimeter import Perimeter
from app.indicators.reading import Reading, Shown, Spread, Value, quotient, rounded
from app.indicators.targets import changes_in, holding
from app.registry.models import Programme


def _shown(one: Indicator) -> Shown:
    declaration, changes = restored(one.declaration), changes_in(one.targets)
    holds = replace(declaration, target=holding(declaration, changes))
    return Shown(one.id, holds, one.counted_at, declaration.target, changes)


def indicators(programme: Programme, *, hidden: bool = False) -> list[Shown]:
    """In the order of their file."""
    query = sa.select(Indicator).where(Indicator.programme_id == programme.id).order_by(Indicator.position, Indicator.id)
    found = [_shown(one) for one in db.session.scalars(query)]
    return [one for one in found if hidden or not one.declaration.hidden]


def indicator(programme: Programme, code: str) -> Shown:
    """Raises UNKNOWN."""
    one = db.session.scalar(sa.select(Indicator).where(Indicator.programme_id == programme.id, Indicator.code == code))
    if one is None:
        raise problems.UNKNOWN(code=code)
    return _shown(one)


def within_phase(programme_id: str, phase: str) -> list[Declaration]:
    """Indicators that count only what is dated within this phase."""
    query = sa.select(Indicator.declaration).where(Indicator.programme_id == programme_id).order_by(Indicator.position)
    return [one for stored in db.session.scalars(query) if (one := restored(stored)).phase == phase]


def value(actor: Actor, programme: Programme, code: str, perimeter: Perimeter | None = None) -> Value:
    """Raises NOT_ALLOWED, UNKNOWN."""
    reading = Reading(actor, programme, indicator(programme, code), perimeter)
    return reading.value()


def split(
    actor: Actor, programme: Programme, code: str, by: str, perimeter: Perimeter | None = None
) -> list[tuple[str, str, Value]]:
    """(key, label, value) of each part that has rows, greatest first. `by`: organisation, region, province, commune, or what the
    declaration's `by` names. Raises NOT_ALLOWED, UNKNOWN."""
    reading = Reading(actor, programme, indicator(programme, code), perimeter)
    return reading.split(by)


def over_time(actor: Actor, programme: Programme, code: str, perimeter: Perimeter | None = None) -> list[tuple[str, Value]]:
    """(month "2026-11", value of that month alone), oldest first."""
    reading = Reading(actor, programme, indicator(programme, code), perimeter)
    return reading.over_time()


def spread(
    actor: Actor,
    programme: Programme,
    codes: Sequence[str],
    perimeter: Perimeter | None = None,
    by: str | None = None,
) -> list[tuple[str, str, str, Spread]]:
    """(code, key, label, spread) of indicators whose measure is median, or mean (then without a median).

    `key` and `label` are "" without `by`. Raises NOT_ALLOWED, UNKNOWN.
    """
    found = []
    query = sa.select(Indicator).where(Indicator.programme_id == programme.id, Indicator.code.in_(codes))
    here = {one.code: _shown(one) for one in db.session.scalars(query)}
    for code in codes:
        if code not in here:
            raise problems.UNKNOWN(code=code)
        reading = Reading(actor, programme, here[code], perimeter)
        parts = reading.gather(by or "")
        medians = reading.medians(by or "", parts) if reading.declaration.measure == "median" else {}
        for key, sums in sorted(parts.items()):
            if sums.n:
                mean = quotient(sums.total, sums.weight)
                off = deviation(sums)
                one = Spread(sums.n, mean, medians.get(key), rounded(off))
                found.append((code, key, reading.label(by, key) if by else "", one))
    return found
