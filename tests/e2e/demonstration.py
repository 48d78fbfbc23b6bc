"""What people of Boulemane's demonstration say, for tests and measurements that fill the same forms by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from app.core.clock import utcnow
from app.demo import FIRST, lines
from app.demo.lines import Line, Values
from app.demo.people import of_pack
from app.packs.reading import folder_of

ACCOUNTS = of_pack(FIRST)


@cache
def told() -> dict[str, Line]:
    """The lines of the demonstration by their keys."""
    return {line.key: line for line in lines.read(folder_of(FIRST), utcnow())}


def organisation_of(username: str) -> str:
    return next(one.organisation for one in ACCOUNTS if one.username == username) or ""


@dataclass(frozen=True)
class Cooperative:
    key: str
    organisation: str
    name_ar: str
    name_fr: str
    commune: str

    @property
    def ar(self) -> str:
        """The name alone, as somebody searches for it."""
        return self.name_ar.removeprefix("تعاونية ").removesuffix(" (تجريبية)")

    @property
    def fr(self) -> str:
        return self.name_fr.removeprefix("Coopérative ").removesuffix(" (démonstration)")


def cooperatives(organisation: str = "") -> list[Cooperative]:
    found = [
        Cooperative(
            line.key,
            organisation_of(line.author),
            line.values["coop_name_ar"],
            line.values["coop_name_fr"],
            line.values["commune"],
        )
        for line in told().values()
        if line.form == "coop"
    ]
    return [one for one in found if not organisation or one.organisation == organisation]


def undiagnosed(organisation: str) -> Cooperative:
    subjects = {line.subject for line in told().values() if line.form == "diag"}
    return next(one for one in cooperatives(organisation) if f"@{one.key}" not in subjects)


def line_of(username: str, form: str) -> str:
    """The key of the first form of this kind that she filled; where she filled none, of a colleague's."""
    same = [line for line in told().values() if line.form == form]
    return next((line.key for line in same if line.author == username), same[0].key)


def answers(key: str, day: date, records: Mapping[str, str] | None = None) -> Values:
    """Answers of a line as given on `day`. `records`: ids of records by the keys of their lines; others are blank."""
    found: Any = lines.resolved(told()[key].values, day, lambda name, _rest: (records or {}).get(name, ""))
    return dict(found)
