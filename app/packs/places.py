"""A place in a file of a pack: it gives what stands there, or says what was found instead and what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.core.languages import LANGUAGES
from app.core.problems import Problem
from app.packs.problems import WRONG
from app.registry import places

CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_AMOUNT = re.compile(r"\d{1,13}(\.\d{1,2})?")
_MOST_SHOWN = 120


@dataclass(frozen=True)
class Place:
    file: str
    where: str  # "partners[2].contributions[1].amount"; "" for the whole file
    value: Any

    def wrong(self, allowed: str | Collection[str], found: Any = ...) -> Problem:
        value = self.value if found is ... else found
        shown = "—" if value is None else json.dumps(value, ensure_ascii=False)
        if len(shown) > _MOST_SHOWN:
            shown = f"{shown[:_MOST_SHOWN]}…"
        words = allowed if isinstance(allowed, str) else ", ".join(allowed)
        return WRONG(file=self.file, place=self.where or "—", found=shown, allowed=words)

    def keys(self, must: Collection[str], may: Collection[str] = ()) -> dict[str, Place]:
        """The members of an object: each of `must`, those of `may` that are there, and no other."""
        if not isinstance(self.value, dict):
            raise self.wrong(f"{{{', '.join(must)}}}")
        for key in self.value:
            if key not in must and key not in may:
                raise self._at(f".{key}", key).wrong([*must, *may])
        for key in must:
            if key not in self.value:
                raise self._at(f".{key}", None).wrong(f'"{key}": …')
        return {key: self._at(f".{key}", value) for key, value in self.value.items()}

    def items(self) -> list[Place]:
        if not isinstance(self.value, list):
            raise self.wrong("[…]")
        return [self._at(f"[{number}]", one) for number, one in enumerate(self.value, 1)]

    def _at(self, step: str, value: Any) -> Place:
        return Place(self.file, (self.where + step).lstrip("."), value)

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong('"…"')
        return self.value.strip()

    def texts(self) -> dict[str, str]:
        """Both languages."""
        found = self.keys(LANGUAGES)
        return {language: found[language].text() for language in LANGUAGES}

    def code(self) -> str:
        if not isinstance(self.value, str) or not CODE.fullmatch(self.value):
            raise self.wrong("a-z, 0-9, -, _")
        return self.value

    def one_of(self, allowed: Collection[str]) -> str:
        if not isinstance(self.value, str) or self.value not in allowed:
            raise self.wrong(sorted(allowed))
        return self.value

    def day(self) -> date | None:
        if self.value is None:
            return None
        try:
            return date.fromisoformat(self.value)
        except (TypeError, ValueError):
            raise self.wrong('"2016-12-08", null') from None

    def amount(self) -> str | None:
        """MAD as a decimal text with two decimals: "3700000.00". A number would have lost what it means on its way."""
        if self.value is None:
            return None
        if not isinstance(self.value, str) or not _AMOUNT.fullmatch(self.value):
            raise self.wrong('"3700000.00", null')
        return f"{Decimal(self.value):.2f}"

    def whole(self, least: int = 0) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            raise self.wrong(f"{least}, {least + 1}, {least + 2}, …")
        return self.value

    def territories(self) -> list[str]:
        """HCP codes."""
        for one in self.items():
            if not isinstance(one.value, str) or one.value.rstrip(".") not in places.names():
                raise one.wrong("05, 05.271, 05.271.01.01 (HCP)")
        return sorted({one.rstrip(".") for one in self.value})


def parsed(folder: Path, name: str, text: str | None = None, line: int = 0) -> Place:
    """The whole of a JSON file, or of one line of it. Raises WRONG where it is none."""
    try:
        text = (folder / name).read_text("utf-8-sig") if text is None else text
        return Place(name, f"line {line}" if line else "", json.loads(text))
    except OSError:
        raise Place(name, "", None).wrong(name) from None
    except json.JSONDecodeError as wrong:
        at = Place(name, f"line {line or wrong.lineno}, column {wrong.colno}", text)
        raise at.wrong("JSON", text.splitlines()[wrong.lineno - 1][:60] if text else None) from None
    except UnicodeDecodeError:
        raise Place(name, "", None).wrong("UTF-8") from None
