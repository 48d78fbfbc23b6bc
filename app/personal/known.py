"""What was erased before, as what arrives is compared with it: at filing (arriving.py), and at night (later.py)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.personal.finding import Found, in_envelope
from app.personal.hers import Wanted

_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Known:
    """A decision: her records, the submissions and properties it reached, and the prints of her names and numbers."""

    id: str
    records: frozenset[str]
    submissions: frozenset[str]
    properties: tuple[tuple[str, str], ...]
    prints: frozenset[str]

    @property
    def who(self) -> Wanted:
        return Wanted(records=self.records, prints=self.prints)


def known(decision_id: str, places: Mapping[str, Any], prints: Iterable[str]) -> Known:
    return Known(
        decision_id,
        frozenset(places["entities"]),
        frozenset(places["submissions"]),
        tuple((entity_id, name) for entity_id, name in places["properties"]),
        frozenset(prints),
    )


@dataclass(frozen=True)
class Earlier:
    """A revision from which somebody was erased, as it is now: it still names her record."""

    form_sha256: str
    envelope: dict[str, Any]
    ids: frozenset[str]

    @classmethod
    def read(cls, form_sha256: str, body: bytes) -> Earlier:
        content = gzip.decompress(body)
        return cls(form_sha256, orjson.loads(content), frozenset(ids_in(content)))


def of_form(one: Known, submission_id: str, erased: Iterable[Earlier]) -> list[Earlier] | None:
    """Of the revisions of a form that something was erased from, those of this decision; None where it did not reach the form."""
    found = list(erased)
    reached = submission_id in one.submissions or any(not one.records.isdisjoint(each.ids) for each in found)
    return found if reached else None


@dataclass
class Again:
    """What of a decision came back in one envelope."""

    hers: list[Found] = field(default_factory=list)
    perhaps: list[Found] = field(default_factory=list)  # the same name or number: a person looks

    def chooses(self, place: Found) -> bool:
        return any((place.kind, place.name) == (one.kind, one.name) for one in self.hers)


def came_back(one: Known, envelope: dict[str, Any], form_sha256: str, look_earlier: Callable[[], list[Earlier] | None]) -> Again:
    """Surely hers: rows that name her record, a form about it, and whatever says the same in a form from which she was erased,
    but for what was left in it then: a namesake's. The same name elsewhere may be somebody else's.

    look_earlier    the revisions of this form from which she was erased, as they are now; None: she was not erased from it
    """
    places = _sure(one, envelope, form_sha256)
    if not places:
        return Again()
    if (earlier := look_earlier()) is not None:
        left = {tuple(place.values) for before in earlier for place in _sure(one, before.envelope, before.form_sha256)}
        return Again([place for place in places if tuple(place.values) not in left])
    rows = {place.name for place in in_envelope(envelope, form_sha256, Wanted(records=one.records)) if place.kind == "row"}
    # Where no row stands for what the form says of her record, its own answers do.
    about = set() if rows else _said_of(one.records, envelope)
    found = Again()
    for place in places:
        is_hers = place.name in rows if place.kind == "row" else about.issuperset(place.values)
        (found.hers if is_hers else found.perhaps).append(place)
    return found


def _sure(one: Known, envelope: dict[str, Any], form_sha256: str) -> list[Found]:
    return [place for place in in_envelope(envelope, form_sha256, one.who) if place.is_sure and (place.values or place.files)]


def _said_of(records: frozenset[str], envelope: dict[str, Any]) -> set[str]:
    """What the form says of these records."""
    said: set[str] = set()
    for change in envelope.get("entities", []):
        if isinstance(change, dict) and change.get("id") in records:
            said |= {str(value) for value in (change.get("data") or {}).values()} | {str(change.get("label") or "")}
    return said


def ids_in(content: bytes) -> set[str]:
    """Ids that stand anywhere in an envelope's bytes."""
    return {one.decode() for one in _ID.findall(content)}
