"""Who works in the demonstration of a pack: demonstration/people.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.packs.places import parsed
from app.packs.reading import folder_of

PASSWORD = "daftar-demo"  # noqa: S105 (printed by `make run`; refused where DAFTAR_DEMO is off)
MARK = {"ar": "تجربة", "fr": "démonstration"}
ROLES = ("administrator", "supervisor", "coordinator", "facilitator")


def marked(text: Mapping[str, str]) -> dict[str, str]:
    """A name that says itself that it is of a demonstration."""
    return {language: f"{text[language]} ({mark})" for language, mark in MARK.items()}


@dataclass(frozen=True)
class Account:
    username: str
    role: str  # of ROLES
    name: dict[str, str]  # marked
    language: str = "ar"
    organisation: str | None = None


def people(folder: Path) -> list[Account]:
    """Raises WRONG, with the place."""
    found = []
    for one in parsed(folder, "demonstration/people.json").items():
        said = one.keys(("username", "role", "name"), ("language", "organisation"))
        found.append(
            Account(
                said["username"].code(),
                said["role"].one_of(ROLES),
                marked(said["name"].texts()),
                said["language"].one_of(("ar", "fr")) if "language" in said else "ar",
                said["organisation"].code() if "organisation" in said else None,
            )
        )
    return found


def of_pack(code: str) -> list[Account]:
    return people(folder_of(code))
