"""Names of Morocco's regions, provinces and communes, for pages that speak of territories before any form is published."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

# The same official lists that forms read; as data they belong to nobody's layer.
_LISTS = Path(__file__).parent.parent / "instruments" / "library" / "lists"
_CODE = re.compile(r"\d{2}(?:\.\d{1,4})*\.?")


@cache
def names() -> dict[str, dict[str, str]]:
    """{code: {"ar", "fr"}}, a place after the one that holds it."""
    found: dict[str, dict[str, str]] = {}
    for name in ("regions", "provinces", "cercles", "communes", "arrondissements"):
        with (_LISTS / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                found.setdefault(row["name"].rstrip("."), {"ar": row["label_ar"], "fr": row["label_fr"]})
    return found


def name(code: str, language: str) -> str:
    """The place's name; the code itself for a place that the lists do not hold."""
    known = names().get(code.rstrip("."))
    return known[language] if known else code


def full_name(code: str, language: str) -> str:
    """`Guigou, Boulemane`: places of the same name are told apart by what holds them."""
    parts = code.rstrip(".").split(".")
    here = name(code, language)
    above = name(".".join(parts[:2]), language) if len(parts) > 2 else ""
    return f"{here}{'، ' if language == 'ar' else ', '}{above}" if above and above != here else here


@cache
def choices(language: str) -> tuple[str, ...]:
    """What a person picks from, larger places first: `Guigou, Boulemane · 03.131.03.05`."""
    codes = sorted(names(), key=lambda code: (min(code.count("."), 2), full_name(code, language)))
    return tuple(f"{full_name(code, language)} · {code}" for code in codes)


def code_of(text: str) -> str | None:
    """The code of what was picked, of a code or of a name as typed; None where no place, or more than one, is meant."""
    text = text.strip()
    last = text.rpartition("·")[2].strip()
    if _CODE.fullmatch(last):
        return last.rstrip(".")
    wanted = text.casefold()
    found = [
        code
        for code, known in names().items()
        if wanted in (known["ar"], known["fr"].casefold(), full_name(code, "ar"), full_name(code, "fr").casefold())
    ]
    # A province and its chief town often share a name: the larger one is meant.
    found.sort(key=lambda code: code.count("."))
    is_clear = len(found) == 1 or (len(found) > 1 and found[0].count(".") < found[1].count("."))
    return found[0] if is_clear else None
