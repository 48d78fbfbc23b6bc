"""Sums of rows: which cells a row stands in, and what changes in them when rows come and go. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.indicators.models import SCALE

NONE = "-"  # a row's organisation or place that is none; "" is all of them
EXACT_DIGITS = 3  # values of a median with no more stand in a bucket of their own

# (dim, shape, month, place, organisation, key, bucket): the key of a cell, without its indicator
Key = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A row as indicator_rows keeps it, without its indicator."""

    day: date
    source_id: str
    number: int
    organisation_id: str | None
    territory: str | None
    author_id: str | None
    said: str | None
    identity: str | None
    value: int | None
    total: int
    weight: int
    squares: float
    by: tuple[str, ...]
    person: int | None = None  # the number of `identity` (people.py)


@dataclass(slots=True)
class Sums:
    n: int = 0
    total: int = 0
    weight: int = 0
    squares: float = 0.0
    persons: int = 0
    came: list[int] = field(default_factory=list)  # numbers of persons who were not in the cell, where it keeps who is
    went: list[int] = field(default_factory=list)

    def add(self, row: Kept, sign: int) -> None:
        self.n += sign
        self.total += sign * row.total
        self.weight += sign * row.weight
        self.squares += sign * row.squares

    @property
    def is_nothing(self) -> bool:
        return not (self.n or self.total or self.weight or self.persons or self.came or self.went)


def places_of(territory: str | None) -> list[str]:
    """Region, province, commune and what lies below; a cercle is none of them: "03.131.03.05" is in "03", "03.131", itself."""
    if not territory:
        return [NONE]
    parts = territory.rstrip(".").split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1) if n in (1, 2) or n >= 4 or n == len(parts)]


def month_of(day: date) -> str:
    """ "2026-11", "0026-11": of slips too, which strftime() gives without their zeros."""
    return day.isoformat()[:7]


def level_of(place: str) -> int:
    """1 a region, 2 a province, 3 a cercle, 4 a commune, 5 an arrondissement; 0: no place."""
    return 0 if place == NONE else place.count(".") + 1


def bucket_of(value: int | None) -> str:
    """The value itself where it has few digits or is negative (those are few), else "~" and the least value of its bucket."""
    if value is None:
        return ""
    if value < 0:
        return str(value)
    step = 10 ** max(len(str(abs(value))) - EXACT_DIGITS, 0)
    least = value - value % step
    return str(value) if least == value else f"~{least}"


def beyond_bucket(least: int) -> int:
    """The first value beyond the "~" bucket that begins here."""
    return least + 10 ** max(len(str(abs(least))) - EXACT_DIGITS, 0)


def has_people(shape: str) -> bool:
    """Whether cells of the shape keep who stands in them: days and months make a period, places of an organisation to hers."""
    return shape.endswith(("m", "d")) or shape.startswith("op")


def keys_of(row: Kept, dims: Sequence[str], *, median: bool, distinct: bool) -> Iterator[Key]:
    """Every cell that the row stands in."""
    organisation, month = row.organisation_id or NONE, month_of(row.day)
    places = places_of(row.territory)
    shapes: list[tuple[str, str, str, str]] = [("", "", "", ""), ("o", "", "", organisation), ("m", month, "", "")]
    shapes.append(("om", month, "", organisation))
    if distinct:  # of other measures days are read from the rows, or taken off a month
        shapes += [("d", row.day.isoformat(), "", ""), ("od", row.day.isoformat(), "", organisation)]
    for place in places:
        level = f"p{level_of(place)}"
        shapes += [(level, "", place, ""), (f"o{level}", "", place, organisation), (f"{level}m", month, place, "")]
    bucket = bucket_of(row.value) if median else ""
    for shape, at, place, whose in shapes:
        yield "", shape, at, place, whose, "", bucket
        for dim, said in zip(dims, row.by, strict=False):
            for key in said.split(" "):
                yield dim, shape, at, place, whose, key[:80], bucket


def changed_cells(
    old: Iterable[Kept],
    new: Iterable[Kept],
    others: Mapping[str, Sequence[Kept]],
    dims: Sequence[str],
    *,
    median: bool,
    distinct: bool,
) -> dict[Key, Sums]:
    """What to add to each cell when the rows `old` go and `new` come.

    others    {identity: rows that stay}, of every identity in old and new: a person counts once in a cell
    """
    cells: dict[Key, Sums] = {}
    numbers: dict[str, int] = {}
    before: dict[str, set[Key]] = {}
    after: dict[str, set[Key]] = {}
    for rows, sign, stood in ((old, -1, before), (new, 1, after)):
        for row in rows:
            if row.identity is not None and row.person is not None:
                numbers[row.identity] = row.person
            for key in keys_of(row, dims, median=median, distinct=distinct):
                sums = cells.get(key)
                if sums is None:
                    sums = cells[key] = Sums()
                sums.add(row, sign)
                if not distinct:
                    continue
                if row.identity is None:
                    sums.persons += sign
                else:
                    stood.setdefault(row.identity, set()).add(key)
    for identity in before.keys() | after.keys():
        stay = {key for row in others.get(identity, ()) for key in keys_of(row, dims, median=median, distinct=distinct)}
        had, has = before.get(identity, set()), after.get(identity, set())
        for key in had - has - stay:
            cells[key].persons -= 1
            if has_people(key[1]):
                cells[key].went.append(numbers[identity])
        for key in has - had - stay:
            cells[key].persons += 1
            if has_people(key[1]):
                cells[key].came.append(numbers[identity])
    return {key: sums for key, sums in cells.items() if not sums.is_nothing or sums.squares}


def deviation(sums: Sums) -> float | None:
    """Standard deviation of the rows, each by its weight; None below two rows."""
    if sums.n < 2 or sums.weight <= 0:
        return None
    weight = sums.weight / SCALE
    mean = sums.total / sums.weight
    return max(sums.squares / weight - mean * mean, 0.0) ** 0.5
