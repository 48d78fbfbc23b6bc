"""The lists of a programme and the properties of their records, in the words of its forms."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from flask_babel import gettext as _

import app.instruments
from app.core.db import db
from app.core.web import local_text
from app.instruments.models import Instrument, InstrumentVersion
from app.registry import queries
from app.registry.applying import LABEL
from app.registry.erased import is_mark
from app.registry.finding import ID
from app.registry.models import Entity
from app.registry.names import record_name
from app.submissions.answers import SEPARATOR, Form, Node, asked, form_of, shown

MOST_CHOICES = 60  # of a filter: longer lists are searched by name
_LISTS = Path(app.instruments.__file__).parent / "library" / "entity-lists.csv"


@cache
def _library_lists() -> dict[str, dict[str, str]]:
    with _LISTS.open(encoding="utf-8", newline="") as stream:
        return {row["name"]: {"ar": row["label_ar"], "fr": row["label_fr"]} for row in csv.DictReader(stream)}


def list_title(name: str, programme_id: str = "") -> str:
    """Of a list that comes with Daftar its name; one of a programme's own is called as the form that writes it."""
    known = _library_lists().get(name)
    if known is None and programme_id:
        known = next((form.package["title"] for form in _forms(programme_id) if name in _written(form)), None)
    return local_text(known) if known else name


def _forms(programme_id: str) -> Iterator[Form]:
    query = (
        sa.select(InstrumentVersion.sha256)
        .join(Instrument, Instrument.current_id == InstrumentVersion.id)
        .where(Instrument.programme_id == programme_id)
        .order_by(Instrument.form_id)
    )
    for sha256 in db.session.scalars(query):
        form = form_of(sha256)
        if form is not None:
            yield form


def _written(form: Form) -> set[str]:
    return {rule["list"] for rule in form.package.get("entities", [])}


def lists(programme_id: str) -> list[str]:
    """Lists of the programme in the order of the library, those that forms added after them."""
    there = {*queries.lists_of(programme_id), "cooperatives"}
    order = list(_library_lists())
    return sorted(there, key=lambda name: (order.index(name) if name in order else len(order), name))


# What a diagnostic keeps for the phone's record page, in codes; the office has the rounds themselves (docs/registry.md).
FOR_THE_PHONE = {"last_axes", "prev_diag", "prev_score", "prev_axes", "last_version", "prev_version", "train_themes"}


def _own_words(name: str) -> str:
    """Names of properties that no question of a form is labelled for."""
    return {
        "status": _("State"),
        "due": _("Due date"),
        "done_on": _("Done on"),
        "progress": _("Progress (%)"),
        "seen_on": _("Last seen on"),
        "last_diag": _("Last diagnostic"),
        "last_score": _("Last score"),
        "last_level": _("Last level"),
        "agreed_on": _("Agreed on"),
        "remark": _("Remark of the last visit"),
        "block": _("What stands in the way"),
        "coops": _("Cooperatives of the participants"),
        "coop": _("Cooperative"),
        "grp": _("Group"),
        "source": _("Question that proposed it"),
        LABEL: _("Name"),
    }.get(name, "")


def _state_words(code: str) -> str:
    """States of actions, while no published form has a question that asks for them."""
    return {
        "todo": _("Not begun"),
        "ongoing": _("Being carried out"),
        "done": _("Carried out"),
        "blocked": _("Blocked"),
        "dropped": _("Dropped"),
    }.get(code, code)


class Properties:
    """A list's properties, named and shown by the questions that write them."""

    def __init__(self, programme_id: str, list_name: str, language: str) -> None:
        self.language = language
        self.list = list_name
        self.known: dict[str, tuple[Form, Node]] = {}
        plain: dict[str, tuple[Form, Node]] = {}
        marked: set[str] = set()
        for form in _forms(programme_id):
            for rule in form.package.get("entities", []):
                if rule["list"] != list_name:
                    continue
                for name, index in rule["save"]:
                    node = asked(form, form.nodes[index])
                    if form.nodes[index].get("attributes", {}).get("listed") == "yes":
                        marked.add(name)
                    if node.get("label"):
                        self.known.setdefault(name, (form, node))
                    else:
                        plain.setdefault(name, (form, node))
        for name, one in plain.items():
            self.known.setdefault(name, one)
        self.order = {name: n for n, name in enumerate(self.known)}
        self.listed = [name for name in self.known if name in marked]  # what the forms mark for lists, in their order

    def label(self, name: str) -> str:
        form, node = self.known.get(name, (None, None))
        said = form.label(node, self.language) if form is not None and node is not None else ""
        # What each form asks in its own words has a name of ours: a state is not "the state today".
        return _own_words(name) or said or name

    def show(self, name: str, value: str, records: Mapping[str, str]) -> str:
        if is_mark(value):
            return _("(erased)")
        form, node = self.known.get(name, (None, None))
        if name == "status" and (node is None or not (node.get("choices") or node.get("attributes", {}).get("list"))):
            return _state_words(value)
        text = shown(form, node, value, self.language, records) if value and form is not None and node is not None else value
        parts = value.split(" ")
        if text != value or not all(map(ID.fullmatch, parts)):
            return text
        return SEPARATOR[self.language].join(records.get(one, one) for one in parts)

    def name_of(self, record: Entity) -> str:
        """What a record is called; what was taken as a form proposed it (`source`, a choice) in the reader's language."""
        form, node = self.known.get("source", (None, None))
        text = form.choices(node).get(record.data.get("source", "")) if form is not None and node is not None else None
        if form is not None and text and record.label in text.values():
            return form.text(text, self.language)
        return record_name(record, self.language)

    def choices(self, name: str) -> list[tuple[str, str]]:
        """(code, words) of a property whose answers are choices, in the order of the form; none for places and records."""
        form, node = self.known.get(name, (None, None))
        if form is None or node is None:
            return []
        codes = list(form.choices(node))
        return [(code, form.choice(node, code, self.language)) for code in codes] if len(codes) <= MOST_CHOICES else []

    def is_telling(self, name: str, value: str) -> bool:
        """Whether its words say enough without its name: a choice, a record, an amount; not a bare number, a yes, a date."""
        form, node = self.known.get(name, (None, None))
        if form is None or node is None or name == "status":
            return True
        if value in ("yes", "no"):
            return False
        return (
            bool(node.get("choices") or node.get("attributes", {}).get("list")) or len(value) >= 36 or node.get("type") == "text"
        )

    def is_number(self, name: str) -> bool:
        """Whether a spreadsheet can count with it as it is stored."""
        _form, node = self.known.get(name, (None, None))
        return node is not None and node.get("type") in ("integer", "decimal")

    def is_personal(self, name: str) -> bool:
        """Whether it says who somebody is (docs/personal-data.md)."""
        form, node = self.known.get(name, (None, None))
        return form is not None and node is not None and node["i"] in form.personal()

    def sorted(self, names: Iterable[str]) -> list[str]:
        """In the order of the forms, without what the record's chart and table of rounds show."""
        shown = (name for name in names if name not in FOR_THE_PHONE)
        return sorted(shown, key=lambda name: (self.order.get(name, len(self.order)), name))
