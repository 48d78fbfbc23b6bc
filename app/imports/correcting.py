"""One record corrected at the office: its properties as the programme's forms ask for them, read as cells of a table are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.permissions import Actor, visible
from app.imports.checking import Checker
from app.imports.columns import LABEL_COLUMN, Target, Targets, targets
from app.imports.values import Mistake
from app.registry.applying import LABEL
from app.registry.finding import ids_in
from app.registry.models import Entity
from app.registry.places import full_name
from app.submissions.answers import SEPARATOR, record_label, record_labels

LONG = 60  # signs from which a text is shown on several lines


@dataclass(frozen=True)
class Field:
    """A property as the form shows it."""

    name: str
    label: str
    kind: str  # of app/imports/columns.py
    text: str
    choices: Sequence[tuple[str, str]] = ()

    @property
    def is_long(self) -> bool:
        return self.kind == "text" and len(self.text) > LONG


def _consents(target: Target) -> bool:
    return target.node is not None and str(target.node.get("attributes", {}).get("role", "")).startswith("consent")


@dataclass(frozen=True)
class Correction:
    values: Mapping[str, str]  # what differs, the label under ""
    mistakes: Sequence[Mistake]


class Correcting:
    """A record's properties that can be corrected, in a reader's language.

    Left out is what only forms can say (a score, a count, a consent). What is personal can be changed or taken out where it
    stands, never added: that needs her consent, which a form asks for.
    """

    def __init__(self, actor: Actor, entity: Entity, language: str) -> None:
        self.actor, self.entity, self.language = actor, entity, language
        self.targets: Targets = targets(entity.programme_id, entity.list)
        self.able = {
            one.name: one
            for one in self.targets.by_name.values()
            if one.kind != "coordinate"
            and not _consents(one)
            and not (one.is_personal and not entity.data.get(one.name))
            and not (one.name == LABEL_COLUMN and entity.erased_at)
        }
        may_see = visible(actor, entity.programme_id, Entity)
        self.records = record_labels(ids_in(entity.data.values()), may_see, language)

    def fields(self, typed: Mapping[str, str]) -> list[Field]:
        """Each with what it says now, or with what was typed."""
        return [
            Field(one.name, one.label(self.language), one.kind, typed.get(one.name, self._shown(one)), self._choices(one))
            for one in self.able.values()
        ]

    def read(self, typed: Mapping[str, str], now: datetime) -> Correction:
        """What was typed over what the fields showed; blank takes out."""
        told = {name: typed[name].strip() for name in self.able if name in typed}
        texts = {name: text for name, text in told.items() if text != self._shown(self.able[name])}
        entity = self.entity
        columns = {name: name for name in texts}
        checker = Checker(self.actor, entity.programme_id, entity.list, entity.organisation_id, self.targets, columns, now)
        row = checker.correction(entity, texts)
        said = {name: text for name, text in row.values.items() if text != entity.data.get(name, "")}
        if row.label != entity.label:
            said[LABEL] = row.label
        return Correction(said, row.mistakes)

    def _shown(self, target: Target) -> str:
        value = self.entity.label if target.name == LABEL_COLUMN else self.entity.data.get(target.name, "")
        if not value:
            return ""
        if target.kind == "place":
            return f"{full_name(value, self.language)} · {value}"
        if target.kind == "record":
            return record_label(value, self.records, self.language)
        if target.kind == "choices" and target.form is not None and target.node is not None:
            return SEPARATOR[self.language].join(target.form.choice(target.node, one, self.language) for one in value.split(" "))
        return value

    def _choices(self, target: Target) -> list[tuple[str, str]]:
        if target.kind != "choice" or target.form is None or target.node is None:
            return []
        known = [(code, target.form.text(text, self.language) or code) for code, text in target.form.choices(target.node).items()]
        now_is = self.entity.data.get(target.name, "")
        return known if not now_is or now_is in dict(known) else [(now_is, now_is), *known]
