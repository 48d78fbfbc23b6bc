"""One cell of a file as a value of a property: what people write in spreadsheets, made into what forms store.

Dates become YYYY-MM-DD, numbers digits with a point, telephones ten digits, names of places and choices their codes. What
cannot be read is a Mistake; nothing is guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.core.ids import is_id
from app.imports.columns import Target
from app.registry import places
from app.registry.finding import normalise, sounds

MOST_SIGNS = 2000
MOST_LOOKED_FOR = 500  # different unknown words that get suggestions: each costs a look at a whole list
COUNTRY = (20.5, 36.2, -17.5, -0.9)  # south, north, west, east: Morocco with its seas near the coast
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789,")


@dataclass(frozen=True)
class Mistake:
    """Something wrong in a cell; `letter` "" concerns the row. `details` are what the sentence needs (imports/words.py)."""

    code: str
    letter: str
    details: dict[str, Any]


class Wrong(Exception):
    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code, self.details = code, details


def _plain(text: str) -> str:
    return re.sub(r"[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+", " ", text.translate(_ARABIC_DIGITS)).strip()


def number(text: str, *, whole: bool) -> str:
    """`1 234,50` is 1234.50; a comma or a point before three digits is a thousand only where another mark follows."""
    told = re.sub(r"(?<=\d)(?:MAD|dhs?|درهم)$", "", re.sub(r"[\s'’]", "", _plain(text)), flags=re.IGNORECASE)
    if "," in told and "." in told:
        last = max(told.rfind(","), told.rfind("."))
        told = re.sub("[.,]", "", told[:last]) + "." + told[last + 1 :]
    else:
        told = told.replace(",", ".")
    if not re.fullmatch(r"-?\d{1,18}(\.\d{1,12})?", told):
        raise Wrong("number_bad", value=text)
    sign, digits = ("-", told[1:]) if told.startswith("-") else ("", told)
    head, _, tail = digits.partition(".")
    tail = tail.rstrip("0")
    if whole and tail:
        raise Wrong("whole_bad", value=text)
    head = head.lstrip("0") or "0"
    told = f"{head}.{tail}" if tail else head
    return told if told == "0" else f"{sign}{told}"


_DATE = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
_ISO_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]00:00(?::00)?)?")


def day(text: str) -> str:
    """`31/05/2019`, `31-5-2019`, `2019-05-31`: the day stands first, as in Morocco."""
    told = _plain(text)
    try:
        if match := _ISO_DATE.fullmatch(told):
            return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        if match := _DATE.fullmatch(told):
            return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
    except ValueError:
        pass
    raise Wrong("date_bad", value=text)


def phone(text: str) -> str:
    """Ten digits that begin with 05 to 08. A spreadsheet that took it for a number lost its first 0."""
    told = re.sub(r"[\s.\-/()]", "", _plain(text))
    told = re.sub(r"^(?:\+|00)212(?:0(?=\d{9}$))?", "0", told)
    if re.fullmatch(r"[5-8]\d{8}", told):
        told = f"0{told}"
    if not re.fullmatch(r"0[5-8]\d{8}", told):
        raise Wrong("phone_bad", value=text)
    return told


def point(text: str) -> str:
    """`33.0461 -3.9924` or `33,0461; -3,9924`, as forms store it."""
    told = _plain(text)
    parts = re.split(r"\s*;\s*|\s*,\s+|\s+", told)
    if len(parts) == 1 and told.count(",") == 1 and told.count(".") >= 1:
        parts = told.split(",")
    found = [one.replace(",", ".") for one in parts if one]
    if len(found) not in (2, 3, 4) or not all(re.fullmatch(r"-?\d{1,4}(\.\d+)?", one) for one in found):
        raise Wrong("point_bad", value=text)
    return position(found[0], found[1], text)


def position(latitude: str, longitude: str, text: str) -> str:
    south, north, west, east = COUNTRY
    if not (south <= float(latitude) <= north and west <= float(longitude) <= east):
        raise Wrong("point_outside", value=text)
    return f"{latitude} {longitude} 0 0"


class Words:
    """Names of a list and the codes they stand for, in either language and whatever the spelling."""

    def __init__(self, named: Iterable[tuple[str, Iterable[str]]]) -> None:
        self.codes: dict[str, list[str]] = {}
        self.sounding: dict[str, list[str]] = {}
        self.known: dict[str, None] = {}
        for code, names in named:
            self.known[code] = None
            for name in names:
                self.codes.setdefault(normalise(name), []).append(code)
        for said, codes in self.codes.items():
            if len(heard := sounds(said)) > 1:
                self.sounding.setdefault(heard, []).extend(codes)
        self._near: dict[tuple[str, str], list[str]] = {}

    def find(self, text: str) -> list[str]:
        code = _plain(text).rstrip(".")
        for one in (text, code, f"{code}."):
            if one in self.known:
                return [one]
        return list(dict.fromkeys(self.codes.get(normalise(text), [])))

    def near(self, text: str, within: str = "", most: int = 3) -> list[str]:
        """Codes of names like it, in the place `within` first."""
        said = normalise(text)
        if (said, within) not in self._near:
            if len(self._near) >= MOST_LOOKED_FOR:
                return []
            found = list(self.sounding.get(sounds(said), []))
            for one in difflib.get_close_matches(said, self.codes, 8, 0.6):
                found += self.codes[one]
            found = list(dict.fromkeys(found))
            here = [one for one in found if within and f"{one}.".startswith(f"{within}.")]
            self._near[said, within] = (here or found)[:most]
        return self._near[said, within]


def place(words: Words, text: str, within: str) -> str:
    """The code of a place; `within`: that of the place that the row already named around it, or ""."""
    last = text.rpartition("·")[2].strip()
    found = words.find(last) or words.find(text)
    if not found:
        raise Wrong("place_unknown", value=text, near=words.near(text, within))
    inside = [one for one in found if f"{one}".startswith(f"{within}.")] if within else found
    if not inside:
        raise Wrong("place_elsewhere", value=text, within=within, found=found[:3])
    if len(inside) > 1:
        raise Wrong("place_several", value=text, found=inside[:5])
    return inside[0]


def choice(words: Words, text: str, shown: list[str]) -> str:
    found = words.find(text)
    if len(found) != 1:
        raise Wrong("choice_unknown", value=text, choices=shown, near=words.near(text, most=2) if len(words.known) > 8 else [])
    return found[0]


def record(names: Mapping[str, Words], text: str) -> str:
    """The id of the record that a name means, in any of the lists."""
    found = [one for words in names.values() for one in words.find(text)]
    if len(found) == 1:
        return found[0]
    if not found:
        near = [one for words in names.values() for one in words.near(text, most=2)]
        raise Wrong("record_unknown", value=text, lists=list(names), near=near[:3])
    raise Wrong("record_several", value=text, lists=list(names), count=len(found))


def several(text: str, one: Callable[[str], str]) -> str:
    """Choices between commas or semicolons; a choice whose own words hold a comma is read whole."""
    try:
        return one(text)
    except Wrong:
        parts = [part.strip() for part in re.split(r"[;,،|\n/]", text) if part.strip()]
        if len(parts) < 2:
            raise
        return " ".join(dict.fromkeys(one(part) for part in parts))


def words_of(target: Target) -> Words:
    """The choices of a target, with their texts in both languages."""
    assert target.form is not None
    assert target.node is not None
    known = target.form.choices(target.node)
    if target.kind == "place":
        return Words((code, _place_names(code.rstrip("."), text)) for code, text in known.items())
    return Words((code, [str(one) for one in text.values() if isinstance(one, str)]) for code, text in known.items())


def _place_names(code: str, text: Mapping[str, Any]) -> list[str]:
    said = [str(one) for one in text.values() if isinstance(one, str)]
    return [*said, *(places.full_name(code, language) for language in ("ar", "fr"))]


def read(text: str, target: Target, words: Words | None, names: Mapping[str, Words], within: str) -> str:
    """The value of a cell. Raises Wrong."""
    if len(text) > MOST_SIGNS:
        raise Wrong("too_long", limit=MOST_SIGNS)
    match target.kind:
        case "integer" | "number":
            return number(text, whole=target.kind == "integer")
        case "date":
            return day(text)
        case "phone":
            return phone(text)
        case "point":
            return point(text)
        case "coordinate":
            return number(text, whole=False)
        case "place":
            assert words is not None
            return place(words, text, within)
        case "choice" | "choices":
            assert words is not None
            shown = list(words.known)[:8]
            if target.kind == "choice":
                return choice(words, text, shown)
            return several(text, lambda one: choice(words, one, shown))
        case "record":
            return text if is_id(text) else record(names, text)
        case _:
            return re.sub(r"[\s\0]+", " ", text).strip() if "\n" not in text else text.replace("\0", "").strip()
