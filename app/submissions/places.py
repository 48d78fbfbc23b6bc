"""Names of territories, from the lists of places that the programme's instruments read."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from app.core.db import db
from app.core.permissions import SUPERVISOR, Actor, visible
from app.instruments.models import Dataset
from app.registry.models import Entity
from app.registry.queries import lists_of
from app.registry.remembered import rows_of

LISTS = ("regions", "provinces", "communes", "arrondissements")


@dataclass(frozen=True)
class Place:
    code: str
    name: str
    depth: int  # 0 region, 1 province, 2 commune or below


_names: dict[tuple[str, ...], dict[str, dict[str, str]]] = {}  # the contents of datasets never change


def names_of(programme_id: str) -> dict[str, dict[str, str]]:
    """{code: {"ar", "fr"}} of every place that the programme's lists know."""
    newest = (
        sa.select(Dataset.name, sa.func.max(Dataset.seq).label("seq"))
        .where(Dataset.programme_id == programme_id, Dataset.name.in_(LISTS))
        .group_by(Dataset.name)
        .subquery()
    )
    same = sa.and_(Dataset.name == newest.c.name, Dataset.seq == newest.c.seq, Dataset.programme_id == programme_id)
    hashes = tuple(sorted(db.session.scalars(sa.select(Dataset.sha256).join(newest, same))))
    if hashes not in _names:
        if len(_names) > 16:
            _names.clear()
        found: dict[str, dict[str, str]] = {}
        for content in db.session.scalars(sa.select(Dataset.content).where(Dataset.sha256.in_(hashes))):
            found |= _read(content)
        _names[hashes] = found
    return _names[hashes]


def _read(content: str) -> dict[str, dict[str, str]]:
    table = orjson.loads(content)
    place = {name: n for n, name in enumerate(table["columns"])}
    key = place.get("name", place.get("code"))
    if key is None:
        return {}

    def column(*names: str) -> int | None:
        return next((place[name] for name in names if name in place), None)

    ar, fr = column("label_ar", "name_ar", "label"), column("label_fr", "name_fr", "label")
    return {row[key]: {"ar": row[ar] if ar is not None else "", "fr": row[fr] if fr is not None else ""} for row in table["rows"]}


class Names:
    """Names of places in one language: asks the database once, however many places are named."""

    def __init__(self, programme_id: str, language: str) -> None:
        self.names, self.language = names_of(programme_id), language

    def of(self, code: str | None) -> str:
        """The commune's name, else the smallest place above it that has one, else the code."""
        parts = code.rstrip(".").split(".") if code else []
        for length in range(len(parts), 0, -1):
            start = ".".join(parts[:length])
            for known in (start, start + "."):
                if text := self.names.get(known, {}).get(self.language):
                    return text
        return code or ""


def places_of_records(actor: Actor, programme_id: str, language: str) -> list[Place]:
    """Regions, provinces and communes in which the actor's records lie, each under the one that holds it."""
    grant = actor.grants.get(programme_id)
    if grant is not None and grant.organisation_id is not None and not actor.is_administrator:
        query = sa.select(Entity.territory).where(visible(actor, programme_id, Entity), Entity.territory.is_not(None)).distinct()
        there = {code for (code,) in rows_of(programme_id, query.limit(5000))}
    else:
        # Whoever is kept to no organisation sees every record of a place: one jump a place, whatever the number of records.
        there = _territories(programme_id)
        if grant is not None and not actor.is_administrator and grant.role != SUPERVISOR:
            there = {code for code in there if grant.reaches(code)}
    codes: set[str] = set()
    for code in there:
        parts = str(code).rstrip(".").split(".")
        codes.update({parts[0], ".".join(parts[:2]), ".".join(parts)})
    depth, names = {1: 0, 2: 1}, Names(programme_id, language)
    return [Place(code, names.of(code), depth.get(code.count(".") + 1, 2)) for code in sorted(codes)]


_JUMPS = sa.text(
    "WITH RECURSIVE jump(code) AS ("
    "SELECT (SELECT min(territory) FROM entities WHERE programme_id = :programme AND list = :list) "
    "UNION ALL SELECT (SELECT min(territory) FROM entities WHERE programme_id = :programme AND list = :list "
    "AND territory > jump.code) FROM jump WHERE jump.code IS NOT NULL) SELECT code FROM jump WHERE code IS NOT NULL"
)


def _territories(programme_id: str) -> set[str | None]:
    found: set[str | None] = set()
    for name in lists_of(programme_id):
        found.update(db.session.scalars(_JUMPS, {"programme": programme_id, "list": name}))
    return found
