"""Sets of persons as cells keep them, so that whoever stands in several cells counts once in all of them. Pure.

A person is a number here, one in each indicator (IndicatorRow.person). A few numbers are kept as they are, 4 bytes each: hundreds
of small sets are joined faster so. Many are kept as a Roaring bitmap: 30,000 of 200,000 take 25 kB, and twelve such sets are
joined in a fifth of a millisecond.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from pyroaring import BitMap

FEW = 128
_FEW, _MANY = b"f", b"m"  # the first byte says which of the two follows


def packed(people: Collection[int] | BitMap) -> bytes:
    if len(people) <= FEW:
        return _FEW + _bytes(sorted(people))
    bitmap = people if isinstance(people, BitMap) else BitMap(people)
    bitmap.run_optimize()
    return _MANY + bitmap.serialize()


def unpacked(kept: bytes | None) -> BitMap:
    if kept is None:
        return BitMap()
    return BitMap(_numbers(kept[1:])) if kept[:1] == _FEW else BitMap.deserialize(kept[1:])


def changed(kept: bytes | None, came: Iterable[int], went: Iterable[int]) -> bytes:
    people = unpacked(kept)
    people.difference_update(BitMap(went))
    people.update(came)
    return packed(people)


def numbers(text: str) -> bytes:
    """As add_rows() takes them, of "3,17,3": a number a row that names somebody."""
    return _bytes(map(int, text.split(","))) if text else b""


@dataclass(slots=True)
class Crowd:
    """Rows of several cells, or of none, and who stands in them."""

    n: int = 0
    unnamed: int = 0  # rows that name nobody: each counts as one
    few: list[bytes] = field(default_factory=list)
    many: list[BitMap] = field(default_factory=list)

    def add_cell(self, n: int, persons: int, kept: bytes | None) -> None:
        """`persons`: the distinct count of the cell, unnamed rows included."""
        self.n += n
        if kept is None:
            self.unnamed += persons
        elif kept[:1] == _FEW:
            self.few.append(kept[1:])
            self.unnamed += persons - (len(kept) - 1) // 4
        else:
            self.many.append(BitMap.deserialize(kept[1:]))
            self.unnamed += persons - len(self.many[-1])

    def add_rows(self, n: int, people: bytes) -> None:
        """`people`: of the rows that name somebody, as numbers() gives it."""
        self.n += n
        self.unnamed += n - len(people) // 4
        self.few.append(people)

    @property
    def persons(self) -> int:
        few = _numbers(b"".join(self.few))
        if not self.many:
            return self.unnamed + len(set(few))
        return self.unnamed + len(BitMap(few).union(*self.many))


def _bytes(numbers: Iterable[int]) -> bytes:
    found = numbers if isinstance(numbers, array) else array("I", numbers)
    if sys.byteorder == "big":
        found = array("I", found)
        found.byteswap()
    return found.tobytes()


def _numbers(content: bytes) -> array[int]:
    found = array("I")
    found.frombytes(content)
    if sys.byteorder == "big":
        found.byteswap()
    return found
