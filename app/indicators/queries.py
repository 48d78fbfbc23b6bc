"""Figures: the value of an indicator in a perimeter, split, over time, with its spread. Reads only.

Whoever wants what was decided a moment ago calls operations.refresh() first. docs/indicators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa

from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import chosen_language
from app.core.permissions import Actor, require
from app.core.web import local_text
from app.indicators import problems
from app.indicators.counting import NONE, Sums, beyond_bucket, deviation, level_of, places_of
from app.indicators.declarations import BUILT_IN, PLACES, Declaration, Target, restored
from app.indicators.forms import choice_words
from app.indicators.keeping import is_in_step, periods_in
from app.indicators.models import BY_COLUMNS, SCALE, Indicator, IndicatorCell, IndicatorRow
from app.indicators.people import Crowd, listed
from app.indicators.perimeter import (
    Part,
    Perimeter,
    Scope,
    Where,
    beyond,
    conditions,
    inside,
    months_between,
    scope_of,
    whole_months,
)
from app.indicators.summing import bucket_in_sql
from app.indicators.targets import Change, changes_in, holding
from app.registry.models import Organisation, Programme
from app.registry.places import full_name
from app.registry.places import name as place_name

LEVEL = {"region": 1, "province": 2, "commune": 4}
MOST_FROM_ROWS = 20_000
MOST_STACKS = 40  # parts of a split whose medians are read from values that are kept apart
CERCLE = 3  # no sums of its own are kept


@dataclass(frozen=True)
class Value:
    """A figure. `value` None: nothing to compute it from, or it is being counted for the first time (`is_counted` False)."""

    value: Decimal | None
    n: int  # rows in it
    target: Target | None
    situation: datetime  # everything up to this moment is in it
    is_counted: bool = True
    deviation: Decimal | None = None  # of means: how far rows lie from it
    mean: Decimal | None = None  # of medians: panels show both


@dataclass(frozen=True)
class Spread:
    n: int
    mean: Decimal | None
    median: Decimal | None
    deviation: Decimal | None


@dataclass(frozen=True)
class Shown:
    """An indicator of a programme, and how far it is counted."""

    id: int
    declaration: Declaration  # with the target that holds
    counted_at: datetime | None
    declared: Target | None  # what its file says
    changes: tuple[Change, ...]  # of its target by hand, oldest first


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
                mean = _quotient(sums.total, sums.weight)
                off = deviation(sums)
                one = Spread(sums.n, mean, medians.get(key), _rounded(off))
                found.append((code, key, reading.label(by, key) if by else "", one))
    return found


class Reading:
    """An indicator read by somebody in a perimeter; the time that was chosen narrows no stock."""

    def __init__(self, actor: Actor, programme: Programme, shown: Shown, perimeter: Perimeter | None) -> None:
        require(actor, "programme.read", programme_id=programme.id)
        self.actor, self.programme, self.shown, self.declaration = actor, programme, shown, shown.declaration
        phases, chosen = periods_in(getattr(programme, "phases", None)), perimeter or Perimeter()
        self.leaves_time_out = shown.declaration.is_stock and bool(chosen.date_from or chosen.date_to or chosen.phase)
        if self.leaves_time_out:
            chosen = replace(chosen, date_from=None, date_to=None, phase="")
        scope = scope_of(actor, programme.id, chosen, phases, of_records=bool(shown.declaration.over.list))
        self.scope = replace(scope, part=self._part_chosen(chosen))

    @cached_property
    def situation(self) -> datetime:
        return situation(self.programme, self.shown)

    def value(self) -> Value:
        sums = self.gather("").get("", Sums())
        medians = self.medians("", {"": sums}) if self.declaration.measure == "median" else {}
        return self.figure(sums, medians.get(""))

    def _part_chosen(self, chosen: Perimeter) -> Part | None:
        declaration, of = self.declaration, chosen.part_of
        if of not in declaration.dims:
            return None
        several = of in declaration.multiple
        return Part(of, declaration.dims.index(of), chosen.part_is, several)

    def is_quick(self, by: str, n: int) -> bool:
        """Whether a page can wait for this split: medians of many places are as many stacks of values; parts of a part of
        another question, and places of an organisation in a period, are read from the rows."""
        part = self.scope.part
        if part is not None and by in self.declaration.dims:
            return by != part.of and n <= MOST_FROM_ROWS
        from_rows = _shapes(by, self.scope.without_beyond()) is None
        return not (from_rows or (self.declaration.measure == "median" and by in PLACES)) or n <= MOST_FROM_ROWS

    def split(self, by: str) -> list[tuple[str, str, Value]]:
        if by not in BUILT_IN and by not in self.declaration.dims:
            raise problems.UNKNOWN(code=by)
        parts = {key: sums for key, sums in self.gather(by).items() if sums.n}
        if by in PLACES and self._is_additive:
            self._add_the_rest(parts)
        medians = self.medians(by, parts) if self.declaration.measure == "median" else {}
        labels = self.labels(by, parts)
        found = [(key, labels[key], self.figure(sums, medians.get(key))) for key, sums in parts.items()]
        found.sort(key=lambda one: (one[0] in ("", NONE), -(one[2].value or 0), one[1]))
        return found

    def over_time(self) -> list[tuple[str, Value]]:
        parts = {key: sums for key, sums in sorted(self.gather("month").items()) if sums.n}
        medians = self.medians("month", parts) if self.declaration.measure == "median" else {}
        return [(key, self.figure(sums, medians.get(key))) for key, sums in parts.items()]

    def _add_the_rest(self, parts: dict[str, Sums]) -> None:
        """Rows placed no more exactly than a larger place stand with those of no place: parts come to the whole."""
        whole = self.gather("").get("", Sums())
        placed = [sums for key, sums in parts.items() if key != NONE]
        rest = Sums(
            whole.n - sum(one.n for one in placed),
            whole.total - sum(one.total for one in placed),
            whole.weight - sum(one.weight for one in placed),
            whole.squares - sum(one.squares for one in placed),
        )
        if rest.n:
            parts[NONE] = rest

    def figure(self, sums: Sums, median: Decimal | None = None) -> Value:
        measure, off, mean = self.declaration.measure, None, None
        value: Decimal | None
        if measure == "rows":
            value = Decimal(sums.n)
        elif measure == "distinct":
            value = Decimal(sums.persons)
        elif measure == "sum":
            value = Decimal(sums.total) / SCALE
        elif measure == "median":
            value, mean = median, _quotient(sums.total, sums.weight)
        else:
            value = _quotient(sums.total * (100 if measure == "share" else 1), sums.weight)
            off = _rounded(deviation(sums)) if measure == "mean" else None
        is_counted = self.shown.counted_at is not None
        return Value(value if is_counted else None, sums.n, self.declaration.target, self.situation, is_counted, off, mean)

    # -- sums

    def gather(self, by: str) -> dict[str, Sums]:
        """{key of the part: its sums}; {"": …} when `by` is ""."""
        if self.scope.nothing:
            return {}
        if self.declaration.measure == "distinct":
            return self._each_once(by)
        scope = self.scope
        if scope.own:
            return self._scanned(by, scope)
        if scope.beyond:
            return _merged(self._cells(by, scope.without_beyond()), self._scan(by, beyond(self.shown.id, scope)))
        return self._cells(by, scope.without_beyond())

    @property
    def _is_additive(self) -> bool:
        return self.declaration.measure not in ("distinct", "median")

    def _scanned(self, by: str, scope: Scope) -> dict[str, Sums]:
        return self._scan(by, conditions(self.shown.id, scope))

    def _cells(self, by: str, scope: Scope) -> dict[str, Sums]:
        """From the sums that are kept, where they can say it; else from the rows."""
        where, months = self._kept(by, scope), whole_months(scope)
        if where is None or months is None:
            return self._scanned(by, scope)
        cell, group = IndicatorCell, self._part(by)
        sums = [sa.func.sum(getattr(cell, name)) for name in ("n", "total", "weight", "squares")]
        found: dict[str, Sums] = {}
        for row in db.session.execute(sa.select(group, *sums).where(*where).group_by(group)).all():
            key, n, total, weight, squares = tuple(row)
            found[str(key) if by else ""] = Sums(int(n), int(total), int(weight), float(squares))
        for edge in months[2]:
            found = _merged(found, self._scanned(by, replace(scope, date_from=edge[0], date_to=edge[1])))
        return found

    # -- distinct counts

    def _each_once(self, by: str) -> dict[str, Sums]:
        """From cells; where several make a part, from the sets of persons that they keep; days that no cell holds, and rows that
        only their author lets the reader see, from those rows."""
        scope, months = self.scope.without_beyond(), whole_months(self.scope)
        if scope.own or self._kept(by, scope) is None:
            return _counted(self._crowds_of(by, self._rows_in_scope))
        crowds = self._crowds_of(by, self._rows_beside)
        if months is None:
            return _counted(crowds)
        joins = bool(crowds) or self._joins(by, scope, months)
        where, cell, group = self._kept(by, scope, joins=joins), IndicatorCell.__table__.c, self._part(by)
        assert where is not None
        people = [cell.people] if joins else []
        for key, n, persons, *kept in db.session.execute(sa.select(group, cell.n, cell.persons, *people).where(*where)):
            crowd = crowds.setdefault(str(key) if by else "", Crowd())
            crowd.add_cell(int(n), int(persons), kept[0] if kept else None)
        return _counted(crowds)

    def _joins(self, by: str, scope: Scope, months: tuple[str, str, list[tuple[date, date]]]) -> bool:
        """Whether a part is several cells, so that somebody may stand in two of them."""
        is_timed = bool(scope.date_from or scope.date_to)
        return (
            (is_timed and by != "month" and not (months[0] and months[0] == months[1]))
            or (scope.organisations is not None and len(scope.organisations) > 1 and by != "organisation")
            or (scope.places is not None and len(scope.places) > 1 and by not in PLACES)
        )

    @cached_property
    def _rows_in_scope(self) -> list[_Alike]:
        return self._alike(conditions(self.shown.id, self.scope))

    @cached_property
    def _rows_beside(self) -> list[_Alike]:
        return [one for beside in self._beside for one in self._alike(beside)]

    @property
    def _beside(self) -> list[Where]:
        """The rows that no cell holds: of days around whole months, and of authors who are seen outside the places too."""
        scope, months = self.scope.without_beyond(), whole_months(self.scope)
        days = [(scope.date_from, scope.date_to)] if months is None else months[2]
        found = [conditions(self.shown.id, replace(scope, date_from=first, date_to=last)) for first, last in days]
        return [*found, beyond(self.shown.id, self.scope)] if self.scope.beyond else found

    def _alike(self, where: Where) -> list[_Alike]:
        row = IndicatorRow.__table__.c
        said = [row[f"by_{n}"] for n in range(1, len(self.declaration.dims) + 1)]
        query = sa.select(row.person, row.organisation_id, row.territory, _month_of(row.day), *said).where(*where)
        people: dict[tuple[Any, ...], list[Any]] = {}
        for one in db.session.execute(query):
            people.setdefault(one[1:], []).append(one[0])
        return [_Alike(what[0], what[1], what[2], what[3:], len(many), listed(many)) for what, many in people.items()]

    def _crowds_of(self, by: str, rows: Sequence[_Alike]) -> dict[str, Crowd]:
        found: dict[str, Crowd] = {}
        part = self.scope.part
        chosen = part.key if part is not None and part.of == by else None
        for one in rows:
            for key in one.parts(by, self.declaration) if chosen is None else [chosen]:
                found.setdefault(key, Crowd()).add_rows(one.n, one.people)
        return found

    # -- cells and rows

    def _part(self, by: str) -> Any:
        """The column of cells that tells the parts of a split."""
        cell = IndicatorCell
        if by in PLACES:
            return cell.place
        # Without a split every key is "".
        return {"organisation": cell.organisation, "month": cell.month}.get(by, cell.key)

    def _kept(self, by: str, scope: Scope, *, joins: bool = False) -> Where | None:
        """The cells that hold a figure or its parts; None where only the rows know. `joins`: those that keep who is in them."""
        shapes, months = _shapes(by, scope, joins), whole_months(scope)
        if shapes is None:
            return None
        months = months or ("", "", [])
        cell, dim, part = IndicatorCell, by if by in self.declaration.dims else "", scope.part
        if part is not None:
            if dim and dim != part.of:
                return None  # two questions at once
            dim = part.of
        where: Where = [cell.indicator_id == self.shown.id, cell.dim == dim]
        where += [cell.key == part.key] if part is not None else []
        where.append(cell.shape.in_(shapes))
        # The key of cells begins with month and place: named one by one, the store goes to each of them at once.
        blank = {"m": cell.month, "p": cell.place, "o": cell.organisation}
        fixed = {letter for shape in shapes for letter in shape}
        where += [column == "" for letter, column in blank.items() if letter not in fixed]
        if months[0] and months[1]:
            where.append(cell.month.in_(months_between(months[0], months[1])))
        elif "m" in fixed and (scope.organisations is not None or scope.places is not None):
            where.append(cell.month.in_([one for one in self._months if months[0] <= one <= (months[1] or one)]))
        else:
            where += [cell.month >= months[0]] if months[0] else []
            where += [cell.month <= months[1]] if months[1] else []
        if scope.organisations is not None:
            where.append(cell.organisation.in_(scope.organisations))
        if scope.places is not None and by in PLACES:
            where.append(sa.or_(*(cell.place == NONE if one == NONE else inside(cell.place, one) for one in scope.places)))
        elif scope.places is not None:
            where.append(cell.place.in_(scope.places))
        return where

    @cached_property
    def _months(self) -> list[str]:
        """In which there are rows."""
        cell = IndicatorCell
        here = (cell.indicator_id == self.shown.id, cell.dim == "", cell.shape == "m")
        return list(db.session.scalars(sa.select(cell.month).where(*here).distinct()))

    def _scan(self, by: str, where: Sequence[sa.ColumnElement[bool]]) -> dict[str, Sums]:
        """From the rows themselves."""
        row = IndicatorRow
        group, keys = self._grouping(by)
        columns = [] if group is None else [group.label("part")]
        sums = [sa.func.count(), *(sa.func.sum(column) for column in (row.total, row.weight, row.squares))]
        found: dict[str, Sums] = {}
        for one in db.session.execute(sa.select(*columns, *sums).where(*where).group_by(*columns)).all():
            values = tuple(one)[len(columns) :]
            n, total, weight, squares = int(values[0]), int(values[1] or 0), int(values[2] or 0), float(values[3] or 0)
            for key in keys(one[0] if columns else None):
                found = _merged(found, {key: Sums(n, total, weight, squares)})
        return found

    def _grouping(self, by: str) -> tuple[Any, Callable[[Any], Iterable[str]]]:
        """The column to group rows by, and the parts that its value belongs to."""
        row = IndicatorRow
        if by == "":
            return None, lambda _value: ("",)
        if by == "organisation":
            return row.organisation_id, lambda value: (value or NONE,)
        if by == "month":
            return _month_of(row.day), lambda value: (str(value),)
        if by in PLACES:
            return row.territory, lambda value: [one for one in places_of(value) if _is_level(one, by)]
        column = BY_COLUMNS[self.declaration.dims.index(by)]
        return column, lambda value: [one[:80] for one in str(value).split(" ")]

    # -- medians

    def medians(self, by: str, parts: dict[str, Sums]) -> dict[str, Decimal]:
        """{key: median} of the parts."""
        if self.scope.nothing:
            return {}
        stacks = self._stacks(by) if len(parts) <= MOST_STACKS else None
        if stacks is None:
            values = self._values(by, conditions(self.shown.id, self.scope), [{}])
            return {key: _median(sorted(counts.items())) for key, counts in values.items() if key in parts}
        middles = {key: _middle(several) for key, several in stacks.items()}
        wanted = sorted({least for many in middles.values() for least, is_wide, _before, _n in many if is_wide})
        row = IndicatorRow
        here = conditions(self.shown.id, replace(self.scope, date_from=None, date_to=None))
        # The index of values is far narrower than that of days: days are asked so that the store takes the first.
        day = sa.func.date(row.day, type_=sa.Date)
        here += [day >= self.scope.date_from] if self.scope.date_from else []
        here += [day <= self.scope.date_to] if self.scope.date_to else []
        between = [row.value > sa.bindparam("low"), row.value < sa.bindparam("high")]
        spans = [{"low": least, "high": beyond_bucket(least)} for least in wanted]
        values = self._values(by, [*here, *between], spans) if spans else {}
        return {key: _exact(stacks[key], middles[key], values.get(key, {})) for key in stacks if key in parts}

    def quartiles(self) -> list[Decimal]:
        """The values that a quarter, half and three quarters of the rows do not exceed; none without rows. Of a median."""
        if self.scope.nothing:
            return []
        kept = self._stacks("")
        if kept is None or any(is_wide for _least, is_wide, _n in kept.get("", ())):
            counts = sorted(self._values("", conditions(self.shown.id, self.scope), [{}]).get("", {}).items())
        else:
            counts = [(value, n) for value, _wide, n in kept.get("", ())]
        total = sum(n for _value, n in counts)
        if not total:
            return []
        return [Decimal(_between(counts, Decimal(quarter) * (total - 1) / 4)) / SCALE for quarter in (1, 2, 3)]

    def _stacks(self, by: str) -> dict[str, list[Stack]] | None:
        """{key of the part: its values in order}, from cells, and from the rows that no cell holds; None where only the rows
        know."""
        scope, months = self.scope.without_beyond(), whole_months(self.scope)
        where = self._kept(by, scope)
        if scope.own or where is None:
            return None
        found: dict[str, dict[str, int]] = {}
        if months is not None:
            cell, part = IndicatorCell, self._part(by)
            query = sa.select(part, cell.bucket, sa.func.sum(cell.n)).where(*where).group_by(part, cell.bucket)
            for key, bucket, n in db.session.execute(query):
                found.setdefault(key if by else "", {})[bucket] = int(n)
        group, keys = self._grouping(by)
        grouped = [] if group is None else [group.label("part")]
        bucket_of = sa.literal_column(bucket_in_sql("indicator_rows.value"), sa.Text).label("bucket")
        for beside in self._beside:
            query = sa.select(*grouped, bucket_of, sa.func.count()).where(*beside, IndicatorRow.value.is_not(None))
            for *value, bucket, n in db.session.execute(query.group_by(*grouped, bucket_of)):
                for key in keys(value[0] if value else None):
                    counts = found.setdefault(key, {})
                    counts[bucket] = counts.get(bucket, 0) + int(n)
        stacks = sorted((*_stack(bucket), bucket) for bucket in {bucket for counts in found.values() for bucket in counts})
        return {
            key: [(least, is_wide, counts[bucket]) for least, is_wide, bucket in stacks if bucket in counts]
            for key, counts in found.items()
        }

    def _values(self, by: str, where: Where, spans: Sequence[dict[str, int]]) -> dict[str, dict[int, int]]:
        """{key: {value: how many rows}} from the rows, asked once for each span: a stretch of the index of values."""
        group, keys = self._grouping(by)
        part = sa.literal("").label("part") if group is None else group.label("part")
        grouped = [] if group is None else [group]
        query = sa.select(part, IndicatorRow.value, sa.func.count()).where(*where, IndicatorRow.value.is_not(None))
        query = query.group_by(*grouped, IndicatorRow.value)
        found: dict[str, dict[int, int]] = {}
        for span in spans:
            for value, number, n in db.session.execute(query, span).all():
                for key in keys(value):
                    counts = found.setdefault(key, {})
                    counts[int(number)] = counts.get(int(number), 0) + int(n)
        return found

    # -- words

    def labels(self, by: str, keys: Iterable[str]) -> dict[str, str]:
        language = chosen_language()
        if by == "organisation":
            names = dict(
                db.session.execute(
                    sa.select(Organisation.id, Organisation.name).where(Organisation.programme_id == self.programme.id)
                ).all()
            )
            return {key: local_text(names.get(key)) for key in keys}
        if by in PLACES:
            name = place_name if by == "region" else full_name
            return {key: "" if key == NONE else name(key, language) for key in keys}
        words = choice_words(self.programme.id, self.declaration, by, language)
        return {key: words.get(key, key.replace("\u00a0", " ")) for key in keys}

    def part_words(self) -> tuple[str, str] | None:
        """The part that was chosen, in words: (the question as a declaration names it, what it says); None: no part was."""
        part = self.scope.part
        return None if part is None else (part.of, self.label(part.of, part.key) if part.key else "")

    def label(self, by: str, key: str) -> str:
        return self.labels(by, [key])[key]


def situation(programme: Programme, shown: Shown) -> datetime:
    """The moment up to which everything is in the figure."""
    now = utcnow()
    return now if shown.counted_at is None or is_in_step(programme.id) else shown.counted_at


def _shapes(by: str, scope: Scope, joins: bool = False) -> list[str] | None:
    """The shapes of the cells that hold it (IndicatorCell); None: three are fixed at once, or a place has no cells of its own.

    joins  cells that keep who stands in them: without a period they are those of all months
    """
    organisation = "o" if scope.organisations is not None or by == "organisation" else ""
    month = "m" if scope.date_from or scope.date_to or by == "month" else ""
    places = scope.places
    if places is None and by not in PLACES:
        return [organisation + ("m" if joins else month)]
    if organisation and month:
        return None
    month = "m" if joins and not organisation else month
    levels = {level_of(one) for one in places or ()}
    if by in PLACES:
        if any(level > LEVEL[by] or level == CERCLE for level in levels):
            return None  # a part of a place is chosen: the cell of the whole place holds more
        levels = {LEVEL[by]} | ({0} if places is None or NONE in places else set())
    return None if CERCLE in levels else [f"{organisation}p{level}{month}" for level in sorted(levels)]


def _month_of(day: Any) -> Any:
    if db.engine.dialect.name == "postgresql":
        return sa.func.to_char(day, sa.literal_column("'YYYY-MM'"))
    return sa.func.substr(day, 1, 7)


@dataclass(frozen=True, slots=True)
class _Alike:
    """Rows of one organisation, place and month that say the same."""

    organisation_id: str | None
    territory: str | None
    month: str
    said: tuple[str, ...]  # of each question that the indicator is split by
    n: int
    people: bytes  # of each that names somebody, her number

    def parts(self, by: str, declaration: Declaration) -> list[str]:
        if by in ("", "month"):
            return [self.month if by else ""]
        if by == "organisation":
            return [self.organisation_id or NONE]
        if by in PLACES:
            return [one for one in places_of(self.territory) if _is_level(one, by)]
        return [one[:80] for one in self.said[declaration.dims.index(by)].split(" ")]


def _counted(crowds: dict[str, Crowd]) -> dict[str, Sums]:
    return {key: Sums(crowd.n, persons=crowd.persons) for key, crowd in crowds.items()}


def _is_level(place: str, by: str) -> bool:
    """Communes hold arrondissements; what has no place stands in every split."""
    return level_of(place) in (0, LEVEL[by])


def _merged(one: dict[str, Sums], other: dict[str, Sums]) -> dict[str, Sums]:
    for key, sums in other.items():
        if key in one:
            mine = one[key]
            mine.n, mine.total, mine.weight = mine.n + sums.n, mine.total + sums.total, mine.weight + sums.weight
            mine.squares, mine.persons = mine.squares + sums.squares, mine.persons + sums.persons
        else:
            one[key] = sums
    return one


def _quotient(total: int, weight: int) -> Decimal | None:
    return round(Decimal(total) / weight, 4) if weight else None


def _rounded(number: float | None) -> Decimal | None:
    return None if number is None else round(Decimal(number), 4)


# -- medians

# (least value, whether others stand in it, how many rows)
Stack = tuple[int, bool, int]


def _median(counts: Sequence[tuple[int, int]]) -> Decimal:
    """Of (value, how many), in order."""
    total = sum(n for _value, n in counts)
    return Decimal(_nth(counts, (total - 1) // 2) + _nth(counts, total // 2)) / (2 * SCALE)


def _between(counts: Sequence[tuple[int, int]], place: Decimal) -> Decimal:
    """The value at a place among the rows, counted from 0: between two of them, as far as the place is."""
    whole = int(place)
    low = _nth(counts, whole)
    return low + (place - whole) * (_nth(counts, whole + 1) - low) if place > whole else Decimal(low)


def _nth(counts: Sequence[tuple[int, int]], place: int) -> int:
    for value, n in counts:
        place -= n
        if place < 0:
            return value
    raise IndexError(place)


@lru_cache(maxsize=16384)  # a page asks for thousands, mostly the same
def _stack(bucket: str) -> tuple[int, bool]:
    is_wide = bucket[0] == "~"
    return int(bucket[1:] if is_wide else bucket), is_wide


def _middle(stacks: Sequence[Stack]) -> list[tuple[int, bool, int, int]]:
    """(least, is wide, rows before it, rows) of the one or two stacks in which the middle rows stand."""
    total = sum(n for _least, _wide, n in stacks)
    first, last = (total - 1) // 2, total // 2
    found, before = [], 0
    for least, is_wide, n in stacks:
        if before > last:
            break
        if before + n > first:
            found.append((least, is_wide, before, n))
        before += n
    return found


def _exact(stacks: Sequence[Stack], middle: Sequence[tuple[int, bool, int, int]], values: dict[int, int]) -> Decimal:
    """The median, with the rows of the stacks in the middle in place of those."""
    total = sum(n for _least, _wide, n in stacks)
    before = middle[0][2]
    inside: list[tuple[int, int]] = []
    for least, is_wide, _before, n in middle:
        inside += sorted(one for one in values.items() if least < one[0] < beyond_bucket(least)) if is_wide else [(least, n)]
    return Decimal(_nth(inside, (total - 1) // 2 - before) + _nth(inside, total // 2 - before)) / (2 * SCALE)
