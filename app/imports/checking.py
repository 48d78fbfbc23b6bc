"""Every row of a file as the record it would become, and what is wrong with it. Reads only."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from app.core.db import db
from app.core.languages import MOROCCO, chosen_language
from app.core.permissions import Actor, can, visible
from app.engine.host import evaluate_cases
from app.imports.columns import LABEL_COLUMN, LATITUDE, LONGITUDE, TERRITORIES, Target, Targets
from app.imports.models import ImportedRecord
from app.imports.values import Mistake, Words, Wrong, position, read, words_of
from app.registry.finding import links_of, normalise, territory_of
from app.registry.models import Entity
from app.registry.names import LATIN_NAME, latin_name
from app.registry.places import full_name

CASES_AT_ONCE = 500
GOOD, WRONG, KNOWN = "good", "wrong", "known"

Cells = Mapping[str, str]  # {letter: text}


@dataclass
class Row:
    """A row as it would be recorded."""

    number: int  # in the file
    label: str = ""
    values: dict[str, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    known: str = ""  # id of the record that is the same

    @property
    def state(self) -> str:
        return WRONG if self.mistakes else KNOWN if self.known else GOOD

    @property
    def territory(self) -> str | None:
        return territory_of(self.values)

    def to_json(self) -> list[Any]:
        wrong = [[one.code, one.letter, one.details] for one in self.mistakes]
        return [self.number, self.label, self.values, wrong, self.known]

    @classmethod
    def from_json(cls, found: list[Any]) -> Row:
        number, label, values, wrong, known = found
        return cls(number, label, values, [Mistake(*one) for one in wrong], known)


def packed(found: Any) -> bytes:
    return gzip.compress(orjson.dumps(found), 5, mtime=0)


def unpacked(body: bytes | None) -> Any:
    return orjson.loads(gzip.decompress(body)) if body else []


def keys_of(label: str, values: Mapping[str, str], territory: str | None, numbers: Iterable[str]) -> list[tuple[str, ...]]:
    """What tells two records of a list apart: name and place (or, without a place, what it belongs to), and each number."""
    where = territory or " ".join(sorted(target for _name, target in links_of(values)))
    names = {normalise(label), normalise(latin_name(dict(values)))} - {""}
    found: list[tuple[str, ...]] = [("name", name, where) for name in sorted(names)]
    return found + [("number", one, normalise(values[one])) for one in numbers if values.get(one)]


class Known:
    """Records of the list that are in use, by what tells them apart."""

    def __init__(
        self, programme_id: str, list_name: str, numbers: Sequence[str], *, after_seq: int = -1, not_of_import: str = ""
    ) -> None:
        self.ids: dict[tuple[str, ...], str] = {}
        where = [Entity.programme_id == programme_id, Entity.list == list_name, Entity.archived_at.is_(None)]
        if after_seq >= 0:
            where.append(Entity.seq > after_seq)
        if not_of_import:
            own = sa.select(ImportedRecord.entity_id).where(ImportedRecord.import_id == not_of_import)
            where.append(Entity.id.not_in(own))
        query = sa.select(Entity.id, Entity.label, Entity.territory, Entity.data).where(*where)
        for one in db.session.execute(query.execution_options(yield_per=2000)):
            for key in keys_of(one.label, one.data, one.territory, numbers):
                self.ids.setdefault(key, one.id)

    def find(self, keys: Iterable[tuple[str, ...]]) -> tuple[str, tuple[str, ...]] | None:
        return next(((self.ids[key], key) for key in keys if key in self.ids), None)


class Checker:
    """Reads rows for one list, as one person may bring them for one organisation."""

    def __init__(
        self,
        actor: Actor,
        programme_id: str,
        list_name: str,
        organisation_id: str | None,
        targets: Targets,
        chosen: Mapping[str, str],
        now: datetime,
    ) -> None:
        self.actor, self.programme_id, self.list_name, self.organisation_id = actor, programme_id, list_name, organisation_id
        self.targets, self.now = targets, now
        columns = [(letter, targets.by_name[name]) for letter, name in chosen.items() if name in targets.by_name]
        # What holds a place is read before the place.
        order = {"region": 0, "province": 1, "commune": 2, "arrondissement": 3}
        self.columns = sorted(columns, key=lambda one: order.get(_level(one[1]), -1))
        self.letters = {target.name: letter for letter, target in self.columns}
        self.words = {target.name: words_of(target) for _l, target in columns if target.kind in ("place", "choice", "choices")}
        self.names = self._names_of({name for _letter, target in columns for name in target.lists})
        self.numbers = [target.name for target in targets.by_name.values() if target.is_number]

    def _names_of(self, lists: Iterable[str]) -> dict[str, Words]:
        found = {}
        for name in sorted(lists):
            query = sa.select(Entity.id, Entity.label, Entity.data[LATIN_NAME].as_string()).where(
                visible(self.actor, self.programme_id, Entity), Entity.list == name, Entity.archived_at.is_(None)
            )
            found[name] = Words((key, [one for one in (label, latin) if one]) for key, label, latin in db.session.execute(query))
        return found

    def check(self, rows: Iterable[tuple[int, Cells]]) -> list[Row]:
        found = [self._row(number, cells) for number, cells in rows]
        self._check_rules(found)
        known = Known(self.programme_id, self.list_name, self.numbers)
        seen: dict[tuple[str, ...], int] = {}
        for row in found:
            keys = keys_of(row.label, row.values, row.territory, self.numbers)
            if (same := known.find(keys)) is not None:
                row.known = same[0]
            else:
                twice = next((key for key in keys if key in seen), None)
                if twice is not None:
                    letter = self.letters.get(twice[1] if twice[0] == "number" else self.targets.name, "")
                    row.mistakes.append(Mistake("twice", letter, {"row": seen[twice], "number": twice[0] == "number"}))
            for key in keys:
                seen.setdefault(key, row.number)
            row.mistakes.sort(key=lambda wrong: (len(wrong.letter), wrong.letter))
        return found

    def correction(self, entity: Entity, texts: Mapping[str, str]) -> Row:
        """The record with what texts say of its properties; blank takes out. Mistakes concern what was typed only."""
        row = Row(0, entity.label, dict(entity.data))
        changed: dict[str, str] = {}  # places, by level
        for name, target in self.columns:
            value = ""
            if texts[name]:
                above = [code for level, code in changed.items() if _LEVELS[level] < _LEVELS.get(_level(target), 0)]
                around = ".".join(max(above, default="").split(".")[:2])
                try:
                    value = read(texts[name], target, self.words.get(name), self.names, around)
                except Wrong as wrong:
                    row.mistakes.append(Mistake(wrong.code, name, wrong.details))
                    continue
                if target.kind == "place":
                    changed[_level(target)] = value.rstrip(".")
            if name == LABEL_COLUMN or (name == self.targets.name and entity.label == entity.data.get(name, "")):
                row.label = value
                if not value:
                    row.mistakes.append(Mistake("name_missing", name, {}))
            if name != LABEL_COLUMN:
                row.values[name] = value
        if changed:
            self._places_around(row, changed)
        said = Row(0, row.label, {name: value for name, value in row.values.items() if value})
        self._check_rules([said])
        row.mistakes += [one for one in said.mistakes if one.letter]
        territory = row.territory or entity.territory
        where = {"organisation_id": self.organisation_id, "territory": territory}
        if not can(self.actor, "entity.edit", programme_id=self.programme_id, **where):
            row.mistakes.append(Mistake("out_of_territory", self._place_letter(), {"place": territory or ""}))
        return row

    def _places_around(self, row: Row, changed: Mapping[str, str]) -> None:
        """What holds a place that was corrected follows it; what lies in one must still lie there."""
        deepest = max(changed.values(), key=len)
        for target in self.targets.by_name.values():
            level = _level(target)
            if not level or target.name in self.letters:
                continue
            code = row.values.get(target.name, "").rstrip(".")
            if _LEVELS[level] < len(deepest.split(".")) and level in ("region", "province"):
                found = words_of(target).find(".".join(deepest.split(".")[: _LEVELS[level]]))
                row.values[target.name] = found[0] if len(found) == 1 else row.values.get(target.name, "")
            elif code and not f"{code}.".startswith(".".join(deepest.split(".")[:2]) + "."):
                mistake = {"value": full_name(code, chosen_language()), "within": deepest, "found": [code]}
                row.mistakes.append(Mistake("place_elsewhere", target.name, mistake))

    def _row(self, number: int, cells: Cells) -> Row:
        row = Row(number)
        parts: dict[str, str] = {}
        within = ""
        for letter, target in self.columns:
            # An apostrophe before it keeps a spreadsheet from running it, as in our own exports.
            text = re.sub(r"^'(?=[=+\-@])", "", cells.get(letter, "").strip())
            if not text:
                continue
            around = ".".join(within.split(".")[:2]) if _level(target) == "arrondissement" else within
            try:
                value = read(text, target, self.words.get(target.name), self.names, around)
            except Wrong as wrong:
                row.mistakes.append(Mistake(wrong.code, letter, wrong.details))
                continue
            if target.kind == "place":
                within = value.rstrip(".")
            if target.kind == "coordinate":
                parts[target.name] = value
            else:
                row.values[target.name] = value
        self._place_above(row, within)
        self._position(row, parts)
        row.label = row.values.pop(LABEL_COLUMN, "") or row.values.get(self.targets.name, "") or latin_name(row.values)
        unnamed = self.letters.get(self.targets.name, "")
        if not row.label and not any(one.letter == unnamed for one in row.mistakes if unnamed):
            row.mistakes.append(Mistake("name_missing", unnamed, {}))
        where = {"organisation_id": self.organisation_id, "territory": row.territory}
        if not can(self.actor, "entity.edit", programme_id=self.programme_id, **where):
            row.mistakes.append(Mistake("out_of_territory", self._place_letter(), {"place": row.territory or ""}))
        return row

    def _place_letter(self) -> str:
        return next((letter for letter, target in reversed(self.columns) if target.kind == "place"), "")

    def _place_above(self, row: Row, within: str) -> None:
        """Region and province follow from the commune where the file does not say them."""
        parts = within.split(".")
        for name, length in (("region", 1), ("province", 2)):
            target = self.targets.by_name.get(name)
            code = ".".join(parts[:length])
            if target is not None and target.kind == "place" and name not in row.values and len(parts) > length:
                if name not in self.words:
                    self.words[name] = words_of(target)
                found = self.words[name].find(code)
                if len(found) == 1 and not any(one.letter == self.letters.get(name) for one in row.mistakes):
                    row.values[name] = found[0]

    def _position(self, row: Row, parts: dict[str, str]) -> None:
        if not parts:
            return
        target = next((one for one in self.targets.by_name.values() if one.kind == "point"), None)
        if len(parts) == 2 and target is not None:
            said = f"{parts[LATITUDE]} {parts[LONGITUDE]}"
            try:
                row.values.setdefault(target.name, position(parts[LATITUDE], parts[LONGITUDE], said))
            except Wrong as wrong:
                row.mistakes.append(Mistake(wrong.code, self.letters[LATITUDE], wrong.details))
        elif not any(one.letter in (self.letters.get(LATITUDE), self.letters.get(LONGITUDE)) for one in row.mistakes):
            there = self.letters[next(iter(parts))]
            row.mistakes.append(Mistake("point_half", there, {}))

    # What the forms' own rules say of a value, asked of the one engine.

    def _check_rules(self, rows: Sequence[Row]) -> None:
        asked: dict[bytes, dict[str, Any]] = {}
        wanted: list[tuple[Row, Target, bytes]] = []
        for row in rows:
            for name in row.values:
                target = self.targets.by_name.get(name)
                if target is None or target.node is None or target.node.get("constraint") is None:
                    continue
                case = self._case(target, row)
                if case is not None:
                    key = orjson.dumps([target.name, case["document"]])
                    asked.setdefault(key, case)
                    wanted.append((row, target, key))
        answers = dict(zip(asked, self._asked_of_engine(list(asked.values())), strict=True))
        for row, target, key in wanted:
            if answers[key].get("boolean") is False:
                assert target.node is not None
                said = {
                    language: target.form.text(target.node.get("constraint_message"), language) if target.form else ""
                    for language in ("ar", "fr")
                }
                details = {"value": row.values[target.name], "message": said}
                row.mistakes.append(Mistake("rule", self.letters.get(target.name, ""), details))

    def _asked_of_engine(self, cases: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(cases), CASES_AT_ONCE):
            yield from evaluate_cases(cases[start : start + CASES_AT_ONCE], seconds=20)

    def _case(self, target: Target, row: Row) -> dict[str, Any] | None:
        form, node = target.form, target.node
        if form is None or node is None:
            return None
        compiled = form.package["expressions"][node["constraint"]]
        if compiled.get("lists"):
            return None  # asks other records: the form's business
        values = {
            one.node["i"]: row.values.get(name, "")
            for name, one in self.targets.by_name.items()
            if one.node is not None and one.form is form
        }
        needed = {node["i"], *(index for index, _scope in compiled.get("deps", []))}
        document: dict[str, Any] = {"name": "data", "children": []}
        context = "/"
        for index in sorted(needed):
            at, place = document, "/*[1]"
            for step in form.path(index).split("/"):
                children = at["children"]
                found = next((one for one in children if one["name"] == step), None)
                if found is None:
                    found = {"name": step, "children": []}
                    children.append(found)
                place += f"/*[{children.index(found) + 1}]"
                at = found
            if values.get(index):
                at["children"] = []
                at["text"] = values[index]
            if index == node["i"]:
                context = place
        zone = self.now.astimezone(MOROCCO).utcoffset() or timedelta(0)
        clock = {"now": int(self.now.timestamp() * 1000), "offset": int(zone.total_seconds() // 60), "language": "fr"}
        return {"document": document, "context": context, "ast": compiled["ast"], **clock}


_LEVELS = {"region": 1, "province": 2, "commune": 3, "arrondissement": 4}


def _level(target: Target) -> str:
    if target.kind != "place" or target.node is None:
        return ""
    return TERRITORIES.get(target.node.get("choices", {}).get("list", ""), "")
