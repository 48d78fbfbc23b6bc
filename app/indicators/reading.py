"""An indicator read in a perimeter: which sums, cells and rows hold its figures, and what is added to or taken off them.

Reads only. docs/indicators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import chosen_language
from app.core.permissions import Actor, require
from app.core.web import local_text
from app.indicators import medians, problems
from app.indicators.counting import NONE, Sums, deviation, level_of, places_of
from app.indicators.declarations import BUILT_IN, PLACES, Declaration, Target
from app.indicators.forms import choice_words
from app.indicators.keeping import is_in_step, periods_in
from app.indicators.medians import Tally
from app.indicators.models import BY_COLUMNS, SCALE, IndicatorCell, IndicatorRow
from app.indicators.people import Crowd, numbers
from app.indicators.perimeter import (
    Months,
    Part,
    Perimeter,
    Scope,
    Where,
    beyond,
    conditions,
    days_between,
    inside,
    months_between,
    nearest_months,
    scope_of,
    whole_months,
)
from app.indicators.summing import bucket_in_sql
from app.indicators.targets import Change
from app.registry.models import Organisation, Programme
from app.registry.places import full_name
from app.registry.places import name as place_name

LEVEL = {"region": 1, "province": 2, "commune": 4}
MOST_FROM_ROWS = 20_000
MOST_NAMED = 1200  # months; a period of more has slips at its ends, and stores take no list of so many
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
        self._tallied: dict[str, dict[str, Tally] | None] = {}

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
            value, mean = median, quotient(sums.total, sums.weight)
        else:
            value = quotient(sums.total * (100 if measure == "share" else 1), sums.weight)
            off = rounded(deviation(sums)) if measure == "mean" else None
        is_counted = self.shown.counted_at is not None
        return Value(value if is_counted else None, sums.n, self.declaration.target, self.situation, is_counted, off, mean)

    # -- sums

    def gather(self, by: str) -> dict[str, Sums]:
        """{key of the part: its sums}; {"": …} when `by` is ""."""
        if self.scope.nothing:
            return {}
        if self.declaration.measure == "distinct":
            return self._each_once(by)
        if self.declaration.measure == "median":
            return self._sums_of_median(by)
        return self._added_up(by)

    def _added_up(self, by: str) -> dict[str, Sums]:
        scope = self.scope
        if scope.own:
            return self._scanned(by, scope)
        found = self._cells(by, scope.without_beyond())
        for beyond_places in self._beyond:
            found = _merged(found, self._scan(by, beyond_places))
        return found

    @property
    def _is_additive(self) -> bool:
        return self.declaration.measure not in ("distinct", "median")

    @cached_property
    def _months(self) -> Months:
        """Of the period, as cells are asked. A deviation is computed from squares, which lose digits where they are taken off;
        distinct persons cannot be taken off."""
        return (whole_months if self.declaration.measure in ("distinct", "mean") else nearest_months)(self.scope)

    def _days_beside(self, scope: Scope) -> list[tuple[Where, int]]:
        """The rows of days beside the months, and whether they are added (1) or taken off."""
        return [
            (conditions(self.shown.id, replace(scope, date_from=first, date_to=last)), sign)
            for first, last, sign in self._months.days
        ]

    @property
    def _beyond(self) -> list[Where]:
        """The rows that only their author lets the reader see."""
        return [beyond(self.shown.id, self.scope)] if self.scope.beyond else []

    def _scanned(self, by: str, scope: Scope) -> dict[str, Sums]:
        return self._scan(by, conditions(self.shown.id, scope))

    def _cells(self, by: str, scope: Scope) -> dict[str, Sums]:
        """From the sums that are kept, where they can say it; else from the rows."""
        where = self._kept(by, scope)
        if where is None:
            return self._scanned(by, scope)
        found: dict[str, Sums] = {}
        if not self._months.are_none:
            cell, part = IndicatorCell, self._part(by)
            sums = [medians.whole(column) for column in (cell.n, cell.total, cell.weight)]
            query = sa.select(part, *sums, sa.func.sum(cell.squares)).where(*where).group_by(*([part] if by else []))
            for key, n, total, weight, squares in db.session.execute(query):
                if n is not None:  # nothing adds up to a row of nothing
                    found[key] = Sums(n, total, weight, float(squares))
        for days, sign in self._days_beside(scope):
            found = _merged(found, self._scan(by, days), sign)
        return found

    # -- distinct counts

    def _each_once(self, by: str) -> dict[str, Sums]:
        """From cells; where several make a part, from the sets of persons that they keep; what no cell holds, and rows that only
        their author lets the reader see, from those rows."""
        scope, months = self.scope.without_beyond(), self._months
        days = self._days_of(by, scope)
        joins = bool(days or months.days or self.scope.beyond) or self._joins(by, scope)
        where = self._kept(by, scope, joins=joins, days=days)
        if scope.own or where is None:
            return _counted(self._crowds(by, [conditions(self.shown.id, self.scope)]))
        beside = [] if days is not None else self._days_beside(scope)
        crowds = self._crowds(by, [one for one, _sign in beside] + self._beyond)
        if months.are_none and not days:
            return _counted(crowds)
        cell, part = IndicatorCell.__table__.c, self._part(by)
        people = [cell.people] if joins else []
        for key, n, persons, *kept in db.session.execute(sa.select(part, cell.n, cell.persons, *people).where(*where)):
            crowd = crowds.setdefault(key[:7] if by == "month" else key, Crowd())  # cells of days too
            crowd.add_cell(int(n), int(persons), kept[0] if kept else None)
        return _counted(crowds)

    def _days_of(self, by: str, scope: Scope) -> list[str] | None:
        """The days around whole months, where cells hold them: of all places together; None where only rows do."""
        if by in PLACES or scope.places is not None:
            return None
        return [day for first, last, _sign in self._months.days for day in days_between(first, last)]

    def _joins(self, by: str, scope: Scope) -> bool:
        """Whether a part is several cells, so that somebody may stand in two of them."""
        is_timed = bool(scope.date_from or scope.date_to)
        return (
            (is_timed and by != "month" and not (self._months.first and self._months.first == self._months.last))
            or (scope.organisations is not None and len(scope.organisations) > 1 and by != "organisation")
            or (scope.places is not None and len(scope.places) > 1 and by not in PLACES)
        )

    def _crowds(self, by: str, rows: Iterable[Where]) -> dict[str, Crowd]:
        """Who stands in these rows, by part."""
        row, (group, keys) = IndicatorRow, self._grouping(by)
        grouped = [] if group is None else [group.label("part")]
        named = sa.func.aggregate_strings(sa.cast(row.person, sa.Text), ",")
        found: dict[str, Crowd] = {}
        for where in rows:
            for *part, n, people in db.session.execute(
                sa.select(*grouped, sa.func.count(), named).where(*where).group_by(*grouped)
            ):
                listed = numbers(people or "")
                for key in keys(part[0] if part else None) if n else ():
                    found.setdefault(key, Crowd()).add_rows(n, listed)
        return found

    # -- cells and rows

    def _part(self, by: str) -> Any:
        """The column of cells that tells the parts of a split."""
        cell = IndicatorCell
        if by in PLACES:
            return cell.place
        return {"": sa.literal_column("''"), "organisation": cell.organisation, "month": cell.month}.get(by, cell.key)

    def _kept(self, by: str, scope: Scope, *, joins: bool = False, days: Sequence[str] | None = None) -> Where | None:
        """The cells that hold a figure or its parts; None where only the rows know.

        joins  those that keep who is in them
        days   and the cells of these days
        """
        shapes, months = _shapes(by, scope, joins), self._months
        if shapes is None:
            return None
        cell, dim, part = IndicatorCell, by if by in self.declaration.dims else "", scope.part
        if part is not None:
            if dim and dim != part.of:
                return None  # two questions at once
            dim = part.of
        where: Where = [cell.indicator_id == self.shown.id, cell.dim == dim]
        where += [cell.key == part.key] if part is not None else []
        # The key of cells begins with month and place: named one by one, the store goes to each of them at once.
        blank = {"m": cell.month, "p": cell.place, "o": cell.organisation}
        fixed = {letter for shape in shapes for letter in shape}
        where += [column == "" for letter, column in blank.items() if letter not in fixed]
        if "m" not in fixed:
            where.append(cell.shape.in_(shapes))
        elif (named := self._months_named(scope, days)) is not None:
            where += [cell.shape.in_([*shapes, *(one.replace("m", "d") for one in shapes if days)]), cell.month.in_(named)]
        else:
            timed: Where = [cell.shape.in_(shapes)]
            timed += [cell.month >= months.first] if months.first else []
            timed += [cell.month <= months.last] if months.last else []
            of_days = sa.and_(cell.shape.in_([one.replace("m", "d") for one in shapes]), cell.month.in_(days or ()))
            where.append(sa.or_(sa.and_(*timed), of_days) if days else sa.and_(*timed))
        if scope.organisations is not None:
            where.append(cell.organisation.in_(scope.organisations))
        if scope.places is not None and by in PLACES:
            here = [cell.place == NONE if one == NONE else inside(cell.place, one) for one in scope.places]
            where.append(sa.or_(sa.false(), *here))  # of a place where only her people's rows count she is given no cell
        elif scope.places is not None:
            where.append(cell.place.in_(scope.places))
        return where

    def _months_named(self, scope: Scope, days: Sequence[str] | None) -> list[str] | None:
        """The months, and days, of the period; None where all that there are can be read as well."""
        months = self._months
        if months.are_none:
            return list(days or ())
        if months.first and months.last:
            here = months_between(months.first, months.last)
        elif days or scope.organisations is not None or scope.places is not None:
            here = [one for one in self._months_counted if months.first <= one <= (months.last or one)]
        else:
            return None
        return [*here, *(days or ())] if len(here) <= MOST_NAMED else None

    @cached_property
    def _months_counted(self) -> list[str]:
        """From the first with rows to the last."""
        cell = IndicatorCell
        here = (cell.indicator_id == self.shown.id, cell.dim == "", cell.shape == "m")
        first, last = (db.session.scalar(sa.select(edge(cell.month)).where(*here)) for edge in (sa.func.min, sa.func.max))
        return months_between(first, last) if first and last else []

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
        if (part := self.scope.part) is not None and part.of == by:
            return None, lambda _value: (part.key,)
        column = BY_COLUMNS[self.declaration.dims.index(by)]
        return column, lambda value: [one[:80] for one in str(value).split(" ")]

    # -- medians

    def medians(self, by: str, parts: dict[str, Sums]) -> dict[str, Decimal]:
        """{key: median} of the parts."""
        if self.scope.nothing:
            return {}
        tallies = None if self._is_read_whole(by) else self._tallies(by)
        if tallies is None:
            return {key: medians.of_values([one.value for one in rows]) for key, rows in self._valued(by).items() if key in parts}
        values = self._values_inside(by, tallies)
        return {key: tally.quarter(2, values.get(key, {})) for key, tally in tallies.items() if key in parts}

    def _sums_of_median(self, by: str) -> dict[str, Sums]:
        if by in PLACES and not self._is_read_whole(by):
            return self._added_up(by)
        tallies = None if self._is_read_whole(by) else self._tallies(by)
        if tallies is not None:
            return {key: tally.sums for key, tally in tallies.items()}
        return {key: _sums_of(rows) for key, rows in self._valued(by).items()}

    def _is_read_whole(self, by: str) -> bool:
        """Whether all parts come from the rows at once, which are few. The whole is asked first, of cells: where those tell its
        middle without a row, they tell that of parts, but for places."""
        if not by:
            return False
        whole = list((self._tallies("") or {}).values())
        are_few = sum(one.sums.n for one in whole) <= MOST_FROM_ROWS
        return bool(whole) and are_few and (by in PLACES or any(bucket.is_wide for one in whole for bucket in one.middle))

    @cached_property
    def _rows_valued(self) -> list[_Valued]:
        row = IndicatorRow.__table__.c
        said = [row[f"by_{n}"] for n in range(1, len(self.declaration.dims) + 1)]
        query = sa.select(
            row.organisation_id, row.territory, _month_of(row.day), row.value, row.total, row.weight, row.squares, *said
        )
        found = db.session.execute(query.where(*conditions(self.shown.id, self.scope)))
        return [_Valued(one[0], one[1], one[2], one[7:], *one[3:7]) for one in found]

    def _parts_of(self, row: _Valued, by: str) -> Sequence[str]:
        part = self.scope.part
        return row.parts(by, self.declaration) if part is None or part.of != by else [part.key]

    def _valued(self, by: str) -> dict[str, list[_Valued]]:
        """{key of the part: its rows}"""
        found: dict[str, list[_Valued]] = {}
        for one in self._rows_valued:
            for key in self._parts_of(one, by):
                found.setdefault(key, []).append(one)
        return found

    def quartiles(self) -> list[Decimal]:
        """The values that a quarter, half and three quarters of the rows do not exceed; none without rows. Of a median."""
        counted = None if self.scope.nothing else self._counted("")
        if counted is None:
            return []
        tallies = medians.tallied(counted, (1, 2, 3))
        values = self._values_inside("", tallies)
        return [tally.quarter(k, values.get(key, {})) for key, tally in tallies.items() for k in (1, 2, 3)]

    def _tallies(self, by: str) -> dict[str, Tally] | None:
        """{key of the part: its sums, and where its middle is}; None where only the rows know."""
        if by not in self._tallied:
            counted = self._counted(by)
            self._tallied[by] = None if counted is None else medians.tallied(counted)
        return self._tallied[by]

    def _counted(self, by: str) -> list[sa.Select[Any]] | None:
        """Parts and buckets, as tallied() takes them: of cells, and of the rows that add to those or take off. None: of places,
        or where a row may stand in several parts and cells do not hold all."""
        scope, months = self.scope.without_beyond(), self._months
        where = self._kept(by, scope)
        if scope.own or where is None:
            months, beside = Months("", "", (), are_none=True), [(conditions(self.shown.id, self.scope), 1)]
        else:
            beside = [*self._days_beside(scope), *((one, 1) for one in self._beyond)]
        if by in PLACES or (beside and by in self.declaration.multiple):
            return None
        counted = []
        if where is not None and not months.are_none:
            cell, part = IndicatorCell, self._part(by).label("part")
            if self._joins(by, scope):
                sums = _summed(cell, cell.n)
                counted.append(sa.select(part, cell.bucket, *sums).where(*where).group_by(*([part] if by else []), cell.bucket))
            else:
                counted.append(sa.select(part, cell.bucket, cell.n, cell.total, cell.weight, cell.squares).where(*where))
        bucket = sa.literal_column(bucket_in_sql("indicator_rows.value"), sa.Text).label("bucket")
        for here, sign in beside:
            part = self._part_of_rows(by).label("part")
            sums = _summed(IndicatorRow, sa.literal_column("1"), sign)
            counted.append(sa.select(part, bucket, *sums).where(*here).group_by(*([part] if by else []), bucket))
        return counted

    def _part_of_rows(self, by: str) -> Any:
        """As cells say it; of what a row says once."""
        row = IndicatorRow
        if by == "":
            return sa.literal_column("''")
        if by == "organisation":
            return sa.func.coalesce(row.organisation_id, NONE)
        return _month_of(row.day) if by == "month" else sa.func.substr(BY_COLUMNS[self.declaration.dims.index(by)], 1, 80)

    def _values_inside(self, by: str, tallies: Mapping[str, Tally]) -> dict[str, dict[int, int]]:
        """{key: {value: how many rows}} of the wide buckets in the middle of parts."""
        row = IndicatorRow
        here = conditions(self.shown.id, replace(self.scope, date_from=None, date_to=None))
        # The index of values is far narrower than that of days: days are asked so that the store takes the first.
        day = sa.func.date(row.day, type_=sa.Date)
        here += [day >= self.scope.date_from] if self.scope.date_from else []
        here += [day <= self.scope.date_to] if self.scope.date_to else []
        found: dict[str, dict[int, int]] = {}
        for low, high in medians.wide_spans(tallies):
            for key, counts in self._values(by, [*here, row.value > low, row.value < high]).items():
                found.setdefault(key, {}).update(counts)
        return found

    def _values(self, by: str, where: Where) -> dict[str, dict[int, int]]:
        """{key: {value: how many rows}} from the rows."""
        group, keys = self._grouping(by)
        part = sa.literal("").label("part") if group is None else group.label("part")
        grouped = [] if group is None else [group]
        query = sa.select(part, IndicatorRow.value, sa.func.count()).where(*where).group_by(*grouped, IndicatorRow.value)
        found: dict[str, dict[int, int]] = {}
        for value, number, n in db.session.execute(query):
            for key in keys(value):
                counts = found.setdefault(key, {})
                counts[number] = counts.get(number, 0) + n
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
class _Valued:
    """A row with its value, and what it stands in."""

    organisation_id: str | None
    territory: str | None
    month: str
    said: Sequence[str]  # of each question that the indicator is split by
    value: int
    total: int
    weight: int
    squares: float

    def parts(self, by: str, declaration: Declaration) -> Sequence[str]:
        if by in ("", "month"):
            return [self.month if by else ""]
        if by == "organisation":
            return [self.organisation_id or NONE]
        if by in PLACES:
            return [one for one in places_of(self.territory) if _is_level(one, by)]
        return [one[:80] for one in self.said[declaration.dims.index(by)].split(" ")]


def _sums_of(rows: Sequence[_Valued]) -> Sums:
    sums = (sum(one.total for one in rows), sum(one.weight for one in rows), sum(one.squares for one in rows))
    return Sums(len(rows), *sums)


def _counted(crowds: dict[str, Crowd]) -> dict[str, Sums]:
    return {key: Sums(crowd.n, persons=crowd.persons) for key, crowd in crowds.items()}


def _is_level(place: str, by: str) -> bool:
    """Communes hold arrondissements; what has no place stands in every split."""
    return level_of(place) in (0, LEVEL[by])


def _summed(of: Any, n: Any, sign: int = 1) -> list[sa.Label[Any]]:
    """Sums of rows or cells, by their names."""
    whole = (medians.whole(one) for one in (n, of.total, of.weight))
    sums: zip[tuple[str, Any]] = zip(("n", "total", "weight", "squares"), (*whole, sa.func.sum(of.squares)), strict=True)
    return [(one if sign > 0 else -one).label(name) for name, one in sums]


def _merged(one: dict[str, Sums], other: dict[str, Sums], sign: int = 1) -> dict[str, Sums]:
    for key, sums in other.items():
        mine = one.setdefault(key, Sums())
        mine.n, mine.total, mine.weight = mine.n + sign * sums.n, mine.total + sign * sums.total, mine.weight + sign * sums.weight
        mine.squares += sign * sums.squares
    return one


def quotient(total: int, weight: int) -> Decimal | None:
    return round(Decimal(total) / weight, 4) if weight else None


def rounded(number: float | None) -> Decimal | None:
    return None if number is None else round(Decimal(number), 4)
