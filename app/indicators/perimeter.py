"""What a figure is narrowed to: what its reader may see, and what she chose. docs/indicators.md, "Perimeter".

The same rule as visible() in app/core/permissions.py, said in parts, because sums are kept by organisation, place and month;
tests/indicators compares the two.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from app.core.db import db
from app.core.permissions import ACTIONS, SUPERVISOR, Actor
from app.indicators.counting import NONE, month_of
from app.indicators.evaluating import Period
from app.indicators.keeping import periods_in
from app.indicators.models import BY_COLUMNS, Indicator, IndicatorCell, IndicatorRow
from app.registry import places
from app.registry.models import Entity, Organisation, Programme

_PLACE = re.compile(r"[0-9]{2}(\.[0-9]{1,4}){0,5}")


@dataclass(frozen=True)
class Perimeter:
    """What a reader chose; nothing: all that she may see."""

    organisation_id: str = ""
    territory: str = ""  # HCP code of a region, province or commune: what lies in it
    date_from: date | None = None  # days of the rows, both included
    date_to: date | None = None
    phase: str = ""  # a phase of the programme: its dates
    part_of: str = ""  # a question or property that the indicator is split by: only the rows that say
    part_is: str = ""  # this of it; "": nothing

    def to_args(self) -> dict[str, str]:
        """Of an address that shows the same."""
        args = {
            "organisation": self.organisation_id,
            "territory": self.territory,
            "from": self.date_from.isoformat() if self.date_from else "",
            "to": self.date_to.isoformat() if self.date_to else "",
            "phase": self.phase,
            "of": self.part_of,
            "is": self.part_is if self.part_of else "",
        }
        return {name: value for name, value in args.items() if value}


@dataclass(frozen=True)
class Part:
    """The rows that say one thing of what an indicator is split by."""

    of: str
    column: int  # of the rows, from 0
    key: str
    several: bool  # a row may say several


@dataclass(frozen=True)
class Asked:
    """What an address asks for, and which parts of it mean nothing here: those are left out, and the page says so."""

    perimeter: Perimeter
    unknown: tuple[str, ...] = ()  # of "organisation", "territory", "phase", "from", "to"


def asked_in(programme: Programme, args: Mapping[str, str]) -> Asked:
    """The one rule by which homes and indicators read their addresses."""
    unknown: list[str] = []

    def known(name: str, value: Any, is_known: bool) -> Any:
        if value and not is_known:
            unknown.append(name)
        return value if is_known else ""

    def day(name: str) -> date | None:
        text = args.get(name, "").strip()
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            unknown.append(name)
            return None

    organisation_id, phase = (args.get(name, "").replace("\0", "").strip()[:64] for name in ("organisation", "phase"))
    territory = args.get("territory", "").strip().rstrip(".")
    here = sa.select(Organisation.id).where(Organisation.id == organisation_id, Organisation.programme_id == programme.id)
    perimeter = Perimeter(
        known("organisation", organisation_id, bool(organisation_id) and db.session.scalar(here) is not None),
        known("territory", territory, bool(_PLACE.fullmatch(territory)) and _is_place(programme.id, territory)),
        day("from"),
        day("to"),
        known("phase", phase, phase in periods_in(programme.phases)),
    )
    return Asked(perimeter, tuple(unknown))


def _is_place(programme_id: str, territory: str) -> bool:
    """A place of the census, or one that records or figures of the programme name: lists of places are a programme's own."""
    if territory in places.names():
        return True
    own = sa.select(Indicator.id).where(Indicator.programme_id == programme_id)
    below = Entity.territory.startswith(f"{territory}.", autoescape=True)
    here = sa.select(Entity.id).where(Entity.programme_id == programme_id, sa.or_(Entity.territory == territory, below))
    counted = sa.select(IndicatorCell.n).where(IndicatorCell.indicator_id.in_(own), inside(IndicatorCell.place, territory))
    return bool(db.session.scalar(sa.select(sa.or_(here.exists(), counted.exists()))))


def inside(column: Any, place: str) -> sa.ColumnElement[bool]:
    """Of a column of codes that is ordered by its bytes, as those of rows and cells: a stretch of its index ("/" follows ".")."""
    # The stretch is said as a whole first: of "this one or that stretch" stores take the one, and read a hundred times the rows.
    return sa.and_(column >= place, column < f"{place}/", sa.or_(column == place, column >= f"{place}."))


def with_part(perimeter: Perimeter, args: Mapping[str, str]) -> Perimeter:
    """Narrowed to one value of what an indicator is split by, where its address names one."""
    of, said = (args.get(name, "").replace("\0", "")[:80] for name in ("of", "is"))
    return replace(perimeter, part_of=of, part_is=said)


@dataclass(frozen=True)
class Scope:
    """Which rows count."""

    nothing: bool = False
    own: str = ""  # only rows of this author
    organisations: tuple[str, ...] | None = None  # ids, and NONE for rows of no organisation; None: every one
    places: tuple[str, ...] | None = None  # codes, none inside another, and NONE for rows of no place; None: everywhere
    beyond: frozenset[str] = frozenset()  # authors whose rows are seen outside these places too
    inside: str = ""  # the place that was chosen: those authors' rows count only in it
    date_from: date | None = None
    date_to: date | None = None
    part: Part | None = None

    def without_beyond(self) -> Scope:
        return replace(self, beyond=frozenset())


def scope_of(actor: Actor, programme_id: str, chosen: Perimeter, phases: dict[str, Period], *, of_records: bool) -> Scope:
    """What the actor may see of what was chosen. `of_records`: the rows are records, which have no author."""
    scope = _seen(actor, programme_id, of_records=of_records)
    if scope.nothing:
        return scope
    if chosen.organisation_id:
        if scope.organisations is not None and chosen.organisation_id not in scope.organisations:
            return Scope(nothing=True)
        scope = replace(scope, organisations=(chosen.organisation_id,))
    if chosen.territory:
        scope = _placed(scope, chosen.territory.rstrip("."))
    first, last = chosen.date_from, chosen.date_to
    if chosen.phase:
        starts, ends = phases.get(chosen.phase, (None, None))
        first = max((one for one in (first, starts) if one), default=None)
        last = min((one for one in (last, ends) if one), default=None)
    if first and last and last < first:
        return Scope(nothing=True)
    return replace(scope, date_from=first, date_to=last)


def _seen(actor: Actor, programme_id: str, *, of_records: bool) -> Scope:
    rule = ACTIONS["entity.read" if of_records else "submission.read"]
    if actor.is_administrator:
        return Scope()
    grant = actor.grants.get(programme_id)
    if grant is None or grant.role not in rule.roles:
        return Scope(nothing=True)
    if grant.role in rule.own:
        return Scope(own=actor.person_id)
    if grant.role == SUPERVISOR:
        return Scope()
    organisations = (grant.organisation_id, NONE) if grant.organisation_id is not None else None
    if not grant.territories:
        return Scope(organisations=organisations)
    codes = sorted({code.rstrip(".") for code in grant.territories})
    places = tuple(code for code in codes if not any(code.startswith(f"{other}.") for other in codes))
    beyond = frozenset() if of_records else actor.answers_for(programme_id)
    return Scope(organisations=organisations, places=(*places, NONE), beyond=beyond)


def _placed(scope: Scope, territory: str) -> Scope:
    """Kept to a place: what has none is not in it."""
    if scope.places is None:
        return replace(scope, places=(territory,))
    if any(territory == one or territory.startswith(f"{one}.") for one in scope.places):
        return replace(scope, places=(territory,), beyond=frozenset())
    places = tuple(one for one in scope.places if one.startswith(f"{territory}."))
    if not places and not scope.beyond:
        return Scope(nothing=True)
    return replace(scope, places=places, inside=territory)


# -- in SQL, over indicator_rows

Where = list[sa.ColumnElement[bool]]


def conditions(indicator_id: int, scope: Scope) -> Where:
    found: Where = [IndicatorRow.indicator_id == indicator_id]
    if scope.nothing:
        return [*found, sa.false()]
    if scope.own:
        found.append(IndicatorRow.author_id == scope.own)
    if scope.organisations is not None:
        found.append(_among(IndicatorRow.organisation_id, scope.organisations))
    if scope.places is not None:
        here = [_in(one) for one in scope.places]
        if scope.beyond:
            of_hers: sa.ColumnElement[bool] = IndicatorRow.author_id.in_(sorted(scope.beyond))
            here.append(sa.and_(of_hers, _in(scope.inside)) if scope.inside else of_hers)
        found.append(sa.or_(*here) if here else sa.false())
    if scope.part is not None:
        found.append(_says(scope.part))
    if scope.date_from:
        found.append(IndicatorRow.day >= scope.date_from)
    if scope.date_to:
        found.append(IndicatorRow.day <= scope.date_to)
    return found


def beyond(indicator_id: int, scope: Scope) -> Where:
    """The rows that only their author lets the reader see."""
    assert scope.places is not None
    found = conditions(indicator_id, replace(scope, places=None, beyond=frozenset()))
    found.append(IndicatorRow.author_id.in_(sorted(scope.beyond)))
    if scope.inside:
        found.append(_in(scope.inside))
    found += [sa.not_(_in(one)) for one in scope.places if one != NONE]
    if NONE in scope.places or scope.inside:
        found.append(IndicatorRow.territory.is_not(None))
    return found


def _says(part: Part) -> sa.ColumnElement[bool]:
    column: Any = BY_COLUMNS[part.column]
    if part.several and part.key:
        return (sa.literal(" ") + column + " ").contains(f" {part.key} ", autoescape=True)
    said: sa.ColumnElement[bool] = column == part.key
    # As the index says it: SQLite takes an index of some rows only where the question names them.
    is_indexed = sa.and_(column != sa.literal_column("''"), sa.func.length(column) <= sa.literal_column("80"))
    return sa.and_(said, is_indexed) if part.key else said


def _among(column: Any, values: tuple[str, ...]) -> sa.ColumnElement[bool]:
    named = [one for one in values if one != NONE]
    here: sa.ColumnElement[bool] = column.in_(named)
    return sa.or_(here, column.is_(None)) if NONE in values else here


def _in(place: str) -> sa.ColumnElement[bool]:
    if place == NONE:
        return IndicatorRow.territory.is_(None)
    return inside(IndicatorRow.territory, place)


# -- months

BEFORE_ALL, AFTER_ALL = "0000-12", "9999-13"  # of a calendar that begins with 0001-01-01 and ends with 9999-12-31


@dataclass(frozen=True)
class Months:
    """A period as whole months, and days that are added to them (1) or taken off (-1). Open ends are ""."""

    first: str
    last: str
    days: tuple[tuple[date, date, int], ...]
    are_none: bool = False  # days only


def whole_months(scope: Scope) -> Months:
    """The months that are whole in the period, and the days around them."""
    return _months(scope, by_day=False)


def nearest_months(scope: Scope) -> Months:
    """The months that take the fewest days beside them: "2 to 31 March" is March without its first day."""
    return _months(scope, by_day=True)


def _months(scope: Scope, *, by_day: bool) -> Months:
    first, last, days = "", "", list[tuple[date, date, int]]()
    start, end = scope.date_from, scope.date_to
    if start and end and month_of(start) == month_of(end):
        off = start.day - 1 + (_last_of_month(end) - end).days
        if off and not (by_day and off < (end - start).days + 1):
            return Months("", "", ((start, end, 1),), are_none=True)
    if start:
        begins, ends = start.replace(day=1), _last_of_month(start)
        takes_off = start != begins and by_day and (start - begins) <= (ends - start)
        if start == begins or takes_off:
            first = month_of(begins)
        else:
            first = month_of(ends + timedelta(days=1)) if ends < date.max else AFTER_ALL
        if start != begins:
            days.append((begins, start - timedelta(days=1), -1) if takes_off else (start, ends, 1))
    if end:
        begins, ends = end.replace(day=1), _last_of_month(end)
        takes_off = end != ends and by_day and (ends - end) <= (end - begins)
        if end == ends or takes_off:
            last = month_of(end)
        else:
            last = month_of(begins - timedelta(days=1)) if begins > date.min else BEFORE_ALL
        if end != ends:
            days.append((end + timedelta(days=1), ends, -1) if takes_off else (begins, end, 1))
    if first and last and last < first:
        return Months("", "", tuple(days), are_none=True)
    return Months(first, last, tuple(days))


def months_between(first: str, last: str) -> list[str]:
    """ "2026-01" and "2026-03": both, and those between them."""
    start, end = (int(one[:4]) * 12 + int(one[5:]) - 1 for one in (first, last))
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(start, end + 1)]


def days_between(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
