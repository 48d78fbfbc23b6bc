"""Reading records: filtered pages that stay stable while rows arrive, and what a record is tied to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from app.core.db import db
from app.core.permissions import Actor, visible
from app.registry.finding import asked_for, normalise, sounds
from app.registry.models import Entity, EntityLink, EntityVersion, EntityWaiting

PAGE = 50
MANY = 1000  # a list says "1 000+" rather than count a large table
STATES = ("open", "to_settle", "archived", "all")
LIST_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
PROPERTY = "p."  # before the name of a property in an address: p.pr_use=closed
PROPERTY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

Where = list[sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Filters:
    """What a list of records is narrowed to."""

    programme_id: str
    list: str
    search: str = ""
    territory: str = ""
    organisation_id: str = ""
    follower_id: str = ""
    state: str = "open"
    properties: tuple[tuple[str, str], ...] = ()  # (name, code): records that say so, alone or among several answers

    @property
    def are_any(self) -> bool:
        return self != Filters(self.programme_id, self.list, state=self.state)

    def to_args(self) -> dict[str, str]:
        args = {
            "q": self.search,
            "territory": self.territory,
            "organisation": self.organisation_id,
            "person": self.follower_id,
            "state": "" if self.state == "open" else self.state,
        } | {f"{PROPERTY}{name}": code for name, code in self.properties}
        return {name: value for name, value in args.items() if value}


def filters_from(programme_id: str, list_name: str, args: Any) -> Filters:
    """Filters of an address; what cannot be read is left out."""
    state, territory = args.get("state", ""), args.get("territory", "").strip()
    return Filters(
        programme_id,
        list_name,
        search=args.get("q", "").replace("\0", "")[:100].strip(),
        territory=territory if re.fullmatch(r"[0-9]{2}(\.[0-9]{1,4}){0,5}\.?", territory) else "",
        organisation_id=args.get("organisation", "").replace("\0", "")[:36],
        follower_id=args.get("person", "").replace("\0", "")[:36],
        state=state if state in STATES else "open",
        properties=tuple(
            (name, code[:100])
            for key, code in args.items()
            if key.startswith(PROPERTY) and PROPERTY_NAME.fullmatch(name := key[len(PROPERTY) :]) and code and "\0" not in code
        ),
    )


def conditions(actor: Actor, filters: Filters) -> Where:
    """Without the search. Every column but those of properties stands in ix_entities_found."""
    found: Where = [visible(actor, filters.programme_id, Entity), Entity.list == filters.list]
    if filters.territory:
        place = filters.territory.rstrip(".")
        found.append(sa.or_(Entity.territory == place, Entity.territory.startswith(place + ".", autoescape=True)))
    if filters.organisation_id:
        none = filters.organisation_id == "none"
        found.append(Entity.organisation_id.is_(None) if none else Entity.organisation_id == filters.organisation_id)
    if filters.follower_id:
        found.append(Entity.follower_id == filters.follower_id)
    if filters.state == "open":
        found.append(Entity.archived_at.is_(None))
    elif filters.state == "archived":
        found.append(Entity.archived_at.is_not(None))
    elif filters.state == "to_settle":
        found.append(Entity.to_settle.is_(True))
    # These read the records themselves: a list is looked through only when somebody asks.
    for name, code in filters.properties:
        said = sa.literal(" ").concat(Entity.data[name].as_string()).concat(" ")
        found.append(said.contains(f" {code} ", autoescape=True))
    return found


def _searches(search: str) -> list[Where]:
    """By letters; where nothing is written so, by how it sounds in the other script."""
    words, heard = asked_for(search)
    by_letters = [Entity.words.contains(word, autoescape=True) for word in words]
    by_sound = [Entity.sounds.contains(f" {sound}", autoescape=True) for sound in heard]
    return [by_letters, by_sound] if by_letters and by_sound else [by_letters]


@dataclass(frozen=True)
class Page:
    records: Sequence[Entity]
    next: str = ""  # cursor of the page that follows; "" where there is none
    count: int = 0
    many: bool = False  # there are more than `count`
    by_sound: bool = False


def page(actor: Actor, filters: Filters, *, after: str = "", size: int = PAGE) -> Page:
    """By name. `after` is a cursor: the place of a record in the list, so that what comes meanwhile moves nothing."""
    where = conditions(actor, filters)
    found: list[str] = []
    chosen: Where = []
    number = 0
    for number, chosen in enumerate(_searches(filters.search)):  # noqa: B007
        found = _ids([*where, *chosen], after, size + 1)
        if found or (after and _ids([*where, *chosen], "", 1)):
            break
    records = {one.id: one for one in db.session.scalars(sa.select(Entity).where(Entity.id.in_(found[:size])))}
    listed = [records[one] for one in found[:size] if one in records]
    next_ = f"{listed[-1].sort_key}\t{listed[-1].id}" if len(found) > size and listed else ""
    count = len(found)
    if after or count > size:  # a whole first page has been counted by reading it
        some = sa.select(sa.literal(1)).select_from(Entity).where(*where, *chosen).limit(MANY + 1).subquery()
        count = db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return Page(listed, next_, min(count, MANY), count > MANY, by_sound=number > 0 and bool(found))


def _ids(where: Where, after: str, limit: int) -> list[str]:
    """Ids alone, so that the index answers."""
    query = sa.select(Entity.id).where(*where).order_by(Entity.sort_key, Entity.id).limit(limit)
    sort_key, _tab, last_id = after.partition("\t")
    if last_id:
        query = query.where(sa.tuple_(Entity.sort_key, Entity.id) > sa.tuple_(sa.literal(sort_key), sa.literal(last_id)))
    return list(db.session.scalars(query))


def find(actor: Actor, list_name: str, record_id: str) -> Entity | None:
    """A record that the actor may see, archived or not."""
    query = sa.select(Entity).where(Entity.id == record_id, Entity.list == list_name)
    entity = db.session.scalar(query)
    if entity is None:
        return None
    allowed = sa.select(sa.literal(1)).where(Entity.id == entity.id, visible(actor, entity.programme_id, Entity))
    return entity if db.session.scalar(allowed) else None


def versions_of(entity_id: str) -> list[EntityVersion]:
    """Oldest first."""
    query = sa.select(EntityVersion).where(EntityVersion.entity_id == entity_id).order_by(EntityVersion.version)
    return list(db.session.scalars(query))


def naming(actor: Actor, entity: Entity, limit: int = 300) -> list[Entity]:
    """Records that name this one and that the actor may see, newest first."""
    # First the links by their own index, whatever a store thinks of the order that is wanted.
    ids = set(db.session.scalars(sa.select(EntityLink.entity_id).where(EntityLink.target_id == entity.id).limit(5000)))
    found: list[Entity] = []
    for some in in_parts(ids):
        there = sa.and_(visible(actor, entity.programme_id, Entity), Entity.archived_at.is_(None))
        found += db.session.scalars(sa.select(Entity).where(Entity.id.in_(some), there))
    return sorted(found, key=lambda one: one.seq, reverse=True)[:limit]


def in_parts(ids: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    """The ids, so many at a time; none where there are none: an empty IN (…) reads a whole table."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), size):
        yield wanted[start : start + size]


def lists_of(programme_id: str) -> list[str]:
    """Lists that have records, found by jumping from one name to the next."""
    found: list[str] = []
    while len(found) < 100:
        query = sa.select(sa.func.min(Entity.list)).where(Entity.programme_id == programme_id)
        name = db.session.scalar(query.where(Entity.list > found[-1]) if found else query)
        if name is None:
            break
        found.append(name)
    return found


def waiting(actor: Actor, programme_id: str, list_name: str, limit: int = 100) -> list[EntityWaiting]:
    query = (
        sa.select(EntityWaiting)
        .where(visible(actor, programme_id, EntityWaiting, "entity.read"), EntityWaiting.list == list_name)
        .order_by(EntityWaiting.seq)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def with_state(filters: Filters, state: str) -> Filters:
    return replace(filters, state=state)


def near(actor: Actor, entity: Entity, limit: int = 6) -> list[Entity]:
    """Records of the same list that may be the same: those that stand within about 50 m, or whose name sounds the same in the
    same commune."""
    here = [
        visible(actor, entity.programme_id, Entity),
        Entity.list == entity.list,
        Entity.id != entity.id,
        Entity.merged_into.is_(None),
    ]
    found: list[Entity] = []
    if entity.lat is not None and entity.lon is not None:
        box = 0.0005  # degrees: 55 m north, a little less east
        north, east = (
            Entity.lat.between(entity.lat - box, entity.lat + box),
            Entity.lon.between(entity.lon - box, entity.lon + box),
        )
        found += db.session.scalars(sa.select(Entity).where(*here, north, east).limit(limit))
    name = sounds(normalise(entity.label))
    if entity.territory and len(name) > 2:
        alike = Entity.sounds.startswith(f" {name} ", autoescape=True)
        found += db.session.scalars(sa.select(Entity).where(*here, Entity.territory == entity.territory, alike).limit(limit))
    return list(dict.fromkeys(found))[:limit]
