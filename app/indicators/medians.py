"""Medians from values that cells keep apart, bucket by bucket (counting.py). docs/indicators.md, "How it is counted".

The store finds the bucket in which the middle rows of each part stand; the rows of that bucket alone are read, where it is wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.core.db import db
from app.indicators.counting import Sums, beyond_bucket
from app.indicators.models import SCALE


@dataclass(frozen=True, slots=True)
class Bucket:
    least: int
    is_wide: bool  # other values stand in it than the least
    before: int  # rows with less, of the part
    n: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums of a part, and the buckets in which its middle rows stand."""

    sums: Sums
    middle: tuple[Bucket, ...]

    def quarter(self, k: int, values: Mapping[int, int]) -> Decimal:
        """The median (2), or another quarter: what so many quarters of the rows do not exceed, between two rows in proportion.

        values  {value: rows} of the part, all in its wide buckets and maybe others
        """
        place = Decimal(k * (self.sums.n - 1)) / 4
        low = self._nth(int(place), values)
        return Decimal(low + (place % 1) * (self._nth(int(place) + 1, values) - low) if place % 1 else low) / SCALE

    def _nth(self, place: int, values: Mapping[int, int]) -> int:
        bucket = next(one for one in self.middle if one.before <= place < one.before + one.n)
        if not bucket.is_wide:
            return bucket.least
        end = beyond_bucket(bucket.least)
        inside = sorted((value, n) for value, n in values.items() if bucket.least < value < end)
        return _nth(inside, place - bucket.before)


def of_values(values: Iterable[int]) -> Decimal:
    ordered = sorted(values)
    return Decimal(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / (2 * SCALE)


def tallied(counted: Sequence[sa.Select[Any]], quarters: Sequence[int] = (2,)) -> dict[str, Tally]:
    """By part, of all that is `counted` together: each a query of part, bucket, n, total, weight, squares, which may take off."""
    every = sa.union_all(*counted).cte("every").c if len(counted) > 1 else counted[0].cte("every").c
    sums = [whole(every[name]).label(name) for name in ("n", "total", "weight")]
    sums.append(sa.func.sum(every.squares).label("squares"))
    whole_of = sa.select(every.part, *sums).group_by(every.part).subquery().c
    stacks = sa.select(every.part, every.bucket, whole(every.n).label("n")).group_by(every.part, every.bucket)
    one = stacks.having(sa.func.sum(every.n) != 0).subquery().c if len(counted) > 1 else every
    # The least value of its bucket, twice, and 1 more where others stand in it: the order of the rows.
    least = sa.cast(sa.func.ltrim(one.bucket, "~"), sa.BigInteger)
    place = (2 * least + sa.case((one.bucket.startswith("~"), 1), else_=0)).label("place")
    upto = sa.func.sum(one.n).over(partition_by=one.part, order_by=place, rows=(None, 0))
    at = sa.select(one.part, place, one.n, sa.cast(upto, sa.BigInteger).label("upto")).subquery().c
    holds = [sa.and_(at.upto > k * (whole_of.n - 1) // 4, at.upto - at.n <= (k * (whole_of.n - 1) + 3) // 4) for k in quarters]
    columns = (at.part, at.place, at.n, at.upto, whole_of.n, whole_of.total, whole_of.weight, whole_of.squares)
    middle = sa.select(*columns).where(at.part == whole_of.part, sa.or_(*holds)).order_by(at.part, at.place)
    found: dict[str, Tally] = {}
    for part, where, n, upto, all_n, total, weight, squares in db.session.execute(middle):
        bucket = Bucket(where // 2, bool(where % 2), upto - n, n)
        before = found.get(part)
        sums_of = before.sums if before else Sums(all_n, total, weight, float(squares))
        found[part] = Tally(sums_of, (*before.middle, bucket) if before else (bucket,))
    return found


def wide_spans(tallies: Mapping[str, Tally]) -> list[tuple[int, int]]:
    """(from, to): the stretches of values that hold the wide buckets in the middle of parts, each value in one of them."""
    found: list[tuple[int, int]] = []
    for least in sorted({one.least for tally in tallies.values() for one in tally.middle if one.is_wide}):
        if found and found[-1][1] == least:
            found[-1] = (found[-1][0], beyond_bucket(least))
        else:
            found.append((least, beyond_bucket(least)))
    return found


def whole(column: Any) -> sa.ColumnElement[int]:
    """The sum. PostgreSQL adds whole numbers up to decimal ones, which take long to read."""
    return sa.cast(sa.func.sum(column), sa.BigInteger)


def _nth(counts: Sequence[tuple[int, int]], place: int) -> int:
    """Of (value, how many), in order."""
    for value, n in counts:
        place -= n
        if place < 0:
            return value
    raise IndexError(place)
