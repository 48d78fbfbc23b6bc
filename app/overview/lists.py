"""Records of an entity list as panels read them: those the reader may see, within what she chose, in the words of the forms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import MOROCCO, number
from app.core.permissions import Actor, visible
from app.core.web import local_text
from app.overview.perimeter import Perimeter
from app.panels.declarations import PLACES
from app.registry.models import Entity, Organisation
from app.registry.names import LATIN_NAMES, in_both_scripts, latin_name, record_name
from app.registry.places import full_name, name
from app.registry.remembered import rows_of
from app.review.properties import Properties
from app.submissions.answers import MULTIPLE, as_date, as_number, record_labels

MOST = 1000  # records of a table or a board
MOST_AT_HOME = 100  # of which the home shows no more, beside its other panels
MOST_COUNTED = 20_000  # records that are read to be counted; different ones, of which a matrix counts however many are alike
DEPTHS = {"region": 1, "province": 2}
_TODAY = re.compile(r"today([+-]\d{1,4})?")  # in a condition: the day on which the page is read, or so many days from it


@dataclass(frozen=True)
class Record:
    id: str
    list: str
    name: str
    organisation_id: str
    territory: str
    data: Mapping[str, str]
    lat: float | None = None
    lon: float | None = None

    def value(self, of: str) -> str:
        """What it says of a property; "" for nothing."""
        if of == "organisation":
            return self.organisation_id
        if of == "commune" and not self.data.get(of):
            return self.territory
        if of in DEPTHS and not self.data.get(of):
            return ".".join(self.territory.split(".")[: DEPTHS[of]])
        return str(self.data.get(of) or "")

    def number(self, of: str) -> Decimal | None:
        return as_number(self.value(of)) if self.value(of) else None

    def day(self, of: str) -> date | None:
        return as_date(self.value(of)) if self.value(of) else None


@dataclass(frozen=True)
class Records:
    rows: Sequence[Record]
    more: bool = False  # there are more than were read


Condition = Mapping[str, Any]


def _in_sql(one: Condition) -> sa.ColumnElement[bool] | None:
    """A condition that the store can decide; the others are decided on what was read."""
    if one["of"] in PLACES:
        return None
    said = sa.func.coalesce(Entity.data[one["of"]].as_string(), "")
    if "is" in one:
        return said == str(one["is"])
    if "in" in one:
        return said.in_([str(value) for value in one["in"]])
    if "is_not" in one:
        return said != str(one["is_not"])
    if "not_in" in one:
        return said.not_in([str(value) for value in one["not_in"]])
    return (said != "" if one["filled"] else said == "") if "filled" in one else None


def holds(record: Record, one: Condition, today: str) -> bool:
    """Whether a condition as in home.json holds for a record. Numbers are compared as numbers, days as days."""
    said = record.value(one["of"])
    if "is" in one:
        return said == str(one["is"])
    if "in" in one:
        return said in [str(value) for value in one["in"]]
    if "is_not" in one:
        return said != str(one["is_not"])
    if "not_in" in one:
        return said not in [str(value) for value in one["not_in"]]
    if "filled" in one:
        return bool(said) == one["filled"]
    if not said:
        return bool(one.get("or_blank"))
    edge = _edge(str(one["at_least"] if "at_least" in one else one["at_most"]), today)
    pair = (as_number(said), as_number(edge))
    if pair[0] is not None and pair[1] is not None:
        return pair[0] >= pair[1] if "at_least" in one else pair[0] <= pair[1]
    return said[: len(edge)] >= edge if "at_least" in one else said[: len(edge)] <= edge


def _edge(said: str, today: str) -> str:
    found = _TODAY.fullmatch(said)
    return (date.fromisoformat(today) + timedelta(days=int(found[1] or 0))).isoformat() if found else said


def today() -> date:
    return utcnow().astimezone(MOROCCO).date()


def read(
    actor: Actor,
    chosen: Perimeter,
    list_name: str,
    *,
    language: str,
    where: Iterable[Condition] = (),
    names: Mapping[str, str] | None = None,
    dated: str = "",
    most: int = MOST,
    only: Sequence[str] | None = None,
    saying: Iterable[tuple[str, str, bool]] = (),
) -> Records:
    """In the order of their names.

    where  conditions of home.json
    names  {"fr": "ag_title_fr"}: the property that holds the name in a language
    dated  the property that dates a record: then the chosen time counts
    only   the properties that are wanted, where many records are read; none: all of them
    saying (property, value, whether it may say several): records that say this
    """
    conditions, rest = _conditions(actor, chosen, list_name, where)
    conditions += [_says(*one) for one in saying]
    columns: list[Any] = [Entity.id, Entity.list, Entity.label, Entity.organisation_id, Entity.territory, Entity.lat, Entity.lon]
    wanted = None
    if only is not None:
        wanted = sorted({*only, *(one["of"] for one in rest), (names or {}).get(language, ""), *LATIN_NAMES, dated} - {""})
    said_of = [Entity.data] if wanted is None else [Entity.data[one].as_string() for one in wanted]
    query = sa.select(*columns, *said_of).where(*conditions).order_by(Entity.sort_key, Entity.id).limit(most + 1)
    found: Sequence[Any] = db.session.execute(query).all()
    day, rows = today().isoformat(), []
    for id_, in_list, label, organisation_id, territory, lat, lon, *values in found[:most]:
        data = (values[0] or {}) if wanted is None else dict(zip(wanted, values, strict=True))
        own = str(data.get((names or {}).get(language, "")) or "")
        said = own or in_both_scripts(label, latin_name(data), language)
        one_record = Record(id_, in_list, said, organisation_id or "", (territory or "").rstrip("."), data, lat, lon)
        if all(holds(one_record, one, day) for one in rest) and (not dated or chosen.holds_day(one_record.value(dated))):
            rows.append(one_record)
    return Records(rows, len(found) > most)


def _conditions(
    actor: Actor, chosen: Perimeter, list_name: str, where: Iterable[Condition]
) -> tuple[list[sa.ColumnElement[bool]], list[Condition]]:
    """What the store decides, and what is left to decide on what was read."""
    found = [visible(actor, chosen.programme_id, Entity, "entity.read"), Entity.list == list_name]
    found += [Entity.archived_at.is_(None), Entity.merged_into.is_(None)]
    if chosen.organisation_id:
        found.append(Entity.organisation_id == chosen.organisation_id)
    if chosen.territory:
        found.append(in_place(chosen.territory))
    rest: list[Condition] = []
    for one in where:
        decided = _in_sql(one)
        if decided is None:
            rest.append(one)
        else:
            found.append(decided)
    return found, rest


def in_place(place: str) -> sa.ColumnElement[bool]:
    inside = Entity.territory.startswith(f"{place}.", autoescape=True)
    return sa.or_(Entity.territory == place, inside)


def _says(of: str, value: str, several: bool) -> sa.ColumnElement[bool]:
    """As Record.value() would say it."""
    if of == "organisation":
        return Entity.organisation_id == value if value else Entity.organisation_id.is_(None)
    said = sa.func.coalesce(Entity.data[of].as_string(), "")
    if of in PLACES:
        placed = in_place(value) if value else sa.func.coalesce(Entity.territory, "") == ""
        return sa.or_(said == value, sa.and_(said == "", placed)) if value else sa.and_(said == "", placed)
    if several and value:
        return (sa.literal(" ") + said + " ").contains(f" {value} ", autoescape=True)
    return said == value


@dataclass(frozen=True)
class Alike:
    """Records that say the same of what was asked: one of them, without its name, and how many they are."""

    one: Record
    count: int


def alike(
    actor: Actor,
    chosen: Perimeter,
    list_name: str,
    *,
    of: Iterable[str],
    where: Sequence[Condition] = (),
    dated: str = "",
) -> tuple[list[Alike], bool]:
    """The records that read() finds, counted by the store by what they say `of`; and whether there are more than were counted."""
    conditions, rest = _conditions(actor, chosen, list_name, where)
    names = sorted({*of, *(one["of"] for one in rest), dated} - {"", "organisation"})
    is_placed, is_owned = not PLACES.isdisjoint(names), "organisation" in {*of, *(one["of"] for one in rest)}
    said = [Entity.data[one].as_string().label(f"p{n}") for n, one in enumerate(names)]
    columns = [*said, *([Entity.territory] if is_placed else []), *([Entity.organisation_id] if is_owned else [])]
    if not columns:
        columns = [Entity.list]
    inner = sa.select(*columns).where(*conditions).subquery()
    query = sa.select(*inner.c, sa.func.count()).group_by(*inner.c).limit(MOST_COUNTED + 1)
    rows = rows_of(chosen.programme_id, query)
    day, found = today().isoformat(), []
    for row in rows[:MOST_COUNTED]:
        data = dict(zip(names, row[: len(names)], strict=True))
        territory = (row[len(names)] or "").rstrip(".") if is_placed else ""
        record = Record("", list_name, "", (row[-2] or "") if is_owned else "", territory, data)
        if all(holds(record, one, day) for one in rest) and (not dated or chosen.holds_day(record.value(dated))):
            found.append(Alike(record, int(row[-1])))
    return found, len(rows) > MOST_COUNTED


def more_there(many: int) -> str:
    """Said where the home shows the beginning of so many rows."""
    return _("Here the first %(count)s; all %(all)s are on the panel’s own page.", count=number(MOST_AT_HOME), all=number(many))


def of_entity(entity: Entity, language: str) -> Record:
    place = (entity.territory or "").rstrip(".")
    owner, said = entity.organisation_id or "", record_name(entity, language)
    return Record(entity.id, entity.list, said, owner, place, entity.data, entity.lat, entity.lon)


def named(actor: Actor, programme_id: str, ids: Sequence[str], language: str) -> list[Record]:
    """Of the records of these ids those that the reader may see, in the order of their names."""
    mine = visible(actor, programme_id, Entity, "entity.read")
    query = sa.select(Entity).where(Entity.id.in_(ids), mine).order_by(Entity.sort_key, Entity.id)
    return [of_entity(one, language) for one in db.session.scalars(query)]


def place_label(of: str) -> str:
    return {"organisation": _("Organisation"), "region": _("Region"), "province": _("Province"), "commune": _("Commune")}[of]


@dataclass
class Words:
    """Properties of a list and their values, as the reader of a language reads them."""

    actor: Actor
    programme_id: str
    list: str
    language: str
    names: Mapping[str, str] = field(default_factory=dict)  # of a panel: the property that holds a record's name in a language
    _properties: Properties | None = None
    _organisations: dict[str, str] | None = None
    _records: dict[str, str] = field(default_factory=dict)
    _multiple: dict[str, bool] = field(default_factory=dict)

    @property
    def properties(self) -> Properties:
        if self._properties is None:
            self._properties = Properties(self.programme_id, self.list, self.language)
        return self._properties

    def label(self, of: str) -> str:
        if of in PLACES and of not in self.properties.known:
            return place_label(of)
        return self.properties.label(of)

    def is_multiple(self, of: str) -> bool:
        """Whether a value may name several choices, a space between them."""
        if of not in self._multiple:
            _form, node = self.properties.known.get(of, (None, None))
            self._multiple[of] = node is not None and node.get("type") in MULTIPLE
        return self._multiple[of]

    def is_personal(self, of: str) -> bool:
        """Whether the property says who somebody is, as exports see it."""
        form, node = self.properties.known.get(of, (None, None))
        return form is not None and node is not None and node["i"] in form.personal()

    def know(self, ids: Iterable[str]) -> None:
        """Records that values name: asked for once, all together."""
        wanted = {one for one in ids if len(one) == 36} - self._records.keys()
        if wanted:
            mine = visible(self.actor, self.programme_id, Entity, "entity.read")
            self._records |= record_labels(wanted, mine, self.language)
            if own := self.names.get(self.language):
                said = Entity.data[own].as_string()
                named = sa.select(Entity.id, said).where(mine, Entity.id.in_(wanted), sa.func.coalesce(said, "") != "")
                self._records |= dict(db.session.execute(named).all())

    def say(self, of: str, value: str) -> str:
        if not value:
            return ""
        if of == "organisation":
            return self.organisations().get(value, value)
        if of in PLACES and of not in self.properties.known:
            return full_name(value, self.language) if value.count(".") > 1 else name(value, self.language)
        return self.properties.show(of, value, self._records)

    def organisations(self) -> dict[str, str]:
        if self._organisations is None:
            query = sa.select(Organisation.id, Organisation.name).where(Organisation.programme_id == self.programme_id)
            self._organisations = {key: local_text(text) for key, text in db.session.execute(query)}
        return self._organisations
