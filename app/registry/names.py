"""What a record is called: in Arabic as it was registered, for a reader of French with its Latin name in front."""

from __future__ import annotations

from app.registry.models import Entity

LATIN_NAME = "coop_name_fr"
LATIN_NAMES = (LATIN_NAME, "ag_title_fr")  # of a cooperative, of a project


def in_both_scripts(name: str, latin: str, language: str) -> str:
    """For a reader of French the Latin name first, where one is recorded, and the Arabic one beside it."""
    if language != "fr" or not latin or latin.casefold() in name.casefold():
        return name
    return f"{latin} · \u2068{name}\u2069"


def latin_name(data: dict[str, str]) -> str:
    return next((text for name in LATIN_NAMES if (text := str(data.get(name) or "").strip())), "")


def record_name(entity: Entity, language: str) -> str:
    return in_both_scripts(entity.label, latin_name(entity.data), language)
