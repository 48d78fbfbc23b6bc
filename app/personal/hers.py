"""Which answers and properties say who somebody is, and whether a text is about the person who is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from app.core.db import db
from app.instruments.models import Instrument, InstrumentVersion
from app.registry.applying import LABEL
from app.registry.erased import print_of
from app.registry.finding import normalise
from app.submissions.answers import FILES, Form, Node, asked, form_of

# Lists whose records are persons: their name is personal whatever their forms say.
PERSONS = frozenset({"persons", "apprentices"})
_TOLD = re.compile(r"(?:^|_)(?:phone|email|full_name)$")
_NUMBER = re.compile(r"(?:\+|00)?[\d][\d .\-]{7,}\d")


@dataclass(frozen=True)
class Wanted:
    """Who is looked for: by words of her name, by a telephone number, by records that are hers."""

    words: frozenset[str] = frozenset()
    digits: str = ""  # the last nine of a telephone number
    records: frozenset[str] = frozenset()
    prints: frozenset[str] = frozenset()  # of what was erased before (app/registry/erased.py)
    everybody: bool = False  # whoever is named: retention

    def is_in(self, value: str) -> bool:
        """Whether a name or a number is hers: every word of the name, as a whole word in any spelling; or the number."""
        if self.everybody:
            return bool(value)
        if self.digits and _digits(value) == self.digits:
            return True
        if self.prints and len(value) > 2 and print_of(value) in self.prints:
            return True
        return bool(self.words) and self.words <= set(normalise(value).split(" "))

    def is_told_in(self, text: str) -> bool:
        """Whether a free text tells of her: all words of her name, or her number somewhere in it."""
        if self.everybody:
            return bool(text)
        if self.digits and len(text) > 8 and any(_digits(one) == self.digits for one in _NUMBER.findall(text)):
            return True
        if not self.words or 2 * len(text) < max(map(len, self.words)):
            return False
        if text.isascii() and not any(word.isascii() for word in self.words):
            return False  # a code: most of what records say
        return self.words <= set(normalise(text).split(" "))

    def names(self, value: str) -> bool:
        """Whether the value names one of her records."""
        return bool(self.records) and len(value) >= 36 and not self.records.isdisjoint(value.split(" "))


def _digits(value: str) -> str:
    found = "".join(filter(str.isdecimal, normalise(value)))
    return found[-9:] if len(found) >= 9 else ""


def wanted(search: str, records: Iterable[str] = ()) -> Wanted:
    digits = _digits(search)
    words = frozenset() if digits else frozenset(word for word in normalise(search).split(" ") if word)
    return Wanted(words, digits, frozenset(records))


def without(text: str, who: Wanted, values: Iterable[str] = ()) -> str:
    """A free text without her: the values themselves, the words of her name, her numbers however they are written."""
    known = sorted({one for one in values if len(one) > 2}, key=len, reverse=True)
    for value in known:
        text = text.replace(value, "…")
    numbers = {who.digits, *(_digits(value) for value in known if len(value) < 24)} - {""}
    if numbers:
        text = _NUMBER.sub(lambda found: "…" if _digits(found[0]) in numbers else found[0], text)
    if who.words:
        text = re.sub(r"[^\W\d_]+", lambda found: "…" if normalise(found[0]) in who.words else found[0], text)
    return re.sub(r"…(?:\s+…)+", "…", text)


# -- what is personal in a form


@dataclass
class Personal:
    """Personal nodes of a form version, by path without row numbers."""

    form: Form
    paths: frozenset[str]
    files: frozenset[str]  # pictures and recordings that may show somebody
    free: frozenset[str]  # texts in which anything may have been written
    derived: frozenset[str]  # calculations that carry a personal answer on
    properties: dict[str, set[str]] = field(default_factory=dict)  # {list: names}


@lru_cache(maxsize=64)
def personal_of(sha256: str) -> Personal | None:
    form = form_of(sha256)
    if form is None:
        return None
    personal = form.personal()
    paths = {form.path(index) for index in personal}
    photos = {node["i"] for node in form.nodes if node.get("attributes", {}).get("role") == "consent-photo"}
    files = {
        form.path(node["i"])
        for node in form.nodes
        if node.get("type") in FILES and (node["i"] in personal or photos & _reads(form, node.get("relevant")))
    }
    free = {form.path(node["i"]) for node in form.nodes if node.get("type") == "text" and node["i"] not in personal}
    derived = frozenset(form.path(index) for index in personal if form.nodes[index]["kind"] == "value")
    found = Personal(form, frozenset(paths), frozenset(files), frozenset(free), derived)
    for rule in form.package.get("entities", []):
        names = found.properties.setdefault(rule["list"], set())
        for name, index in rule["save"]:
            node = form.nodes[index]
            if index in personal or asked(form, node)["i"] in personal or _TOLD.search(name):
                names.add(name)
        if rule["list"] in PERSONS or (rule.get("label") is not None and personal & _reads(form, rule["label"])):
            names.add(LABEL)
    return found


def _reads(form: Form, expression: int | None) -> set[int]:
    if expression is None:
        return set()
    return {index for index, _scope in form.package["expressions"][expression].get("deps", [])}


def properties_of(programme_id: str) -> dict[str, frozenset[str]]:
    """{list: properties that say who somebody is, the label under ""}, by every version of the programme's forms."""
    query = (
        sa.select(InstrumentVersion.sha256)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(Instrument.programme_id == programme_id)
    )
    found: dict[str, set[str]] = {name: {LABEL} for name in PERSONS}
    for sha256 in db.session.scalars(query).all():
        personal = personal_of(sha256)
        for name, properties in (personal.properties if personal else {}).items():
            found.setdefault(name, set()).update(properties)
    return {name: frozenset(properties) for name, properties in found.items()}


# -- answers with their rows


@dataclass(frozen=True)
class Leaf:
    """One answer: its path with row numbers, the same without, the row it stands in ("" for the form), its value."""

    path: str
    plain: str
    row: str
    value: str


def leaves(answers: Any, path: str = "", plain: str = "", row: str = "") -> Iterator[Leaf]:
    if isinstance(answers, Mapping):
        for name, value in answers.items():
            here, bare = (f"{path}/{name}", f"{plain}/{name}") if path else (name, name)
            if isinstance(value, list):
                for number, one in enumerate(value, start=1):
                    yield from leaves(one, f"{here}[{number}]", bare, f"{here}[{number}]")
            else:
                yield from leaves(value, here, bare, row)
    elif answers is not None and path:
        yield Leaf(path, plain, row, str(answers))


def take_out(answers: dict[str, Any], path: str) -> None:
    """Remove the answer at a path with row numbers."""
    at: Any = answers
    *steps, last = path.split("/")
    for step in steps:
        name, _, rest = step.partition("[")
        at = at.get(name) if isinstance(at, dict) else None
        if rest and isinstance(at, list):
            number = int(rest.rstrip("]")) - 1
            at = at[number] if number < len(at) else None
    if isinstance(at, dict):
        at.pop(last, None)


def node_of(form: Form, plain: str) -> Node | None:
    return form.by_path(plain)
