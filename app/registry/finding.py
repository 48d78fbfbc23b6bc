"""What a record is found by: its name in the order of a list, its words whatever their spelling, its place on a map.

`normalise` and `sounds` say what static/js/core/search.js and static/js/core/sounds.js say, so that the office finds what
the phone finds; tests/registry/test_finding.py compares them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Together they are one index entry, which PostgreSQL limits to 2 704 bytes.
MOST_SORTED, MOST_WORDS, MOST_SOUNDS = 80, 320, 160

_FOLD = str.maketrans(
    {
        "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ۃ": "ه", "ہ": "ه", "ھ": "ه", "ک": "ك", "گ": "ك", "ڭ": "ك", "ݣ": "ك",
        "ڨ": "ك", "ڤ": "ف", "پ": "ب", "چ": "ج", "ء": "", "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ı": "i",
    }
)  # fmt: skip
_MARKS = re.compile("[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u08d3-\u08ff]")
_DIGITS = {code: str(code & 0xF) for start in (0x660, 0x6F0) for code in range(start, start + 10)}
_BETWEEN = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"(^| )(?:ال|لل)(?=[^\W\d_]{2})")

_SOUNDS = dict(
    zip(
        "بتثجخدذرزسشصضطظغفقكلمنbptjdrzscqkgfvlmnx",
        [*"bttjkddrzscsdtdkfkklmn", *"bbtjdrzskkkkffl", "m", "n", "ks"],
        strict=True,
    )
)
_LATIN_ARTICLE = re.compile(r"^(?:al|el|ar|er|as|es|at|et|an|en|az|ez|ad|ed)$")

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CODE = re.compile(r"\d{2}(?:\.\d{1,4}){0,4}\.?")
_PLACE = re.compile(r"(?:.*_)?(?:territory|region|province|commune|arrondissement)")
_POINT = re.compile(r"(-?\d{1,2}(?:\.\d+)?) (-?\d{1,3}(?:\.\d+)?)(?: -?\d+(?:\.\d+)?){0,2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# States of actions, commitments and payments that wait for nobody any more, by the codes of the library's lists.
CLOSED = frozenset({"done", "dropped", "kept", "broken", "closed", "left", "paid"})
# What people look a record up by, besides its names.
_SAID = re.compile(r"name|phone|^ice$|registry_no|_no$")


def normalise(text: str) -> str:
    """The text as it is compared: lower case words with one space between; no hamza, vowel signs, accents or article."""
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text).lower()).translate(_DIGITS).translate(_FOLD)
    return _ARTICLE.sub(r"\1", _BETWEEN.sub(" ", text)).strip()


def _word_sounds(word: str) -> str:
    word = _LATIN_ARTICLE.sub("", word)
    # A ta marbuta that is heard ("zahrat") is not written with a t in Arabic.
    word = re.sub(r"(?<=.[a-z])[ae]t$", "", word)
    for pattern, letter in (("ch|sh", "ش"), ("kh", "خ"), ("gh", "غ"), ("ph", "f"), ("g(?=[eiy])", "j"), ("c(?=[eiy])", "s")):
        word = re.sub(pattern, letter, word)
    found = ""
    for letter in word:
        for sound in _SOUNDS.get(letter, letter if letter.isdecimal() and letter.isascii() else ""):
            if not found.endswith(sound):
                found += sound
    return found


def sounds(normalised: str) -> str:
    """The consonants of each word, which Arabic and Latin spellings of a name share: "tifawin" and «تيفاوين» are `tfn`."""
    return " ".join(found for word in normalised.split(" ") if (found := _word_sounds(word)))


@dataclass(frozen=True, slots=True)
class Found:
    """Columns of a record that follow from its name and properties."""

    sort_key: str
    words: str  # " word word "
    sounds: str
    lat: float | None
    lon: float | None
    waits_until: str | None


def derived(label: str, data: Mapping[str, str]) -> Found:
    names = [value for name, value in data.items() if value and _SAID.search(name)]
    words = normalise(" | ".join([label, *dict.fromkeys(names)]))
    lat, lon = point_of(data)
    heard = sounds(words)[:MOST_SOUNDS]
    return Found(normalise(label)[:MOST_SORTED], f" {words[:MOST_WORDS]} ", f" {heard} ", lat, lon, waits_until(data))


def waits_until(data: Mapping[str, str]) -> str | None:
    """The day "2026-12-01" by which something should be done, as long as its state does not say that it is over."""
    day = _DAY.match(data.get("due") or "")
    return day[0] if day and data.get("status") not in CLOSED else None


def point_of(data: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Where the record is: its property `geometry`, as ODK Entities has it, else the first that holds a point."""
    for value in (data.get("geometry", ""), *data.values()):
        if match := _POINT.fullmatch(value):
            lat, lon = float(match[1]), float(match[2])
            if abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon):
                return lat, lon
    return None, None


def territory_of(data: Mapping[str, str]) -> str | None:
    """The smallest place that the properties name by its HCP code."""
    codes = [value.rstrip(".") for name, value in data.items() if _PLACE.fullmatch(name) and _CODE.fullmatch(value)]
    return max(codes, key=len)[:16] if codes else None


def links_of(data: Mapping[str, str]) -> set[tuple[str, str]]:
    """(property, id) of the records that the properties name."""
    return {(name, one) for name, value in data.items() if len(value) >= 36 for one in value.split(" ") if ID.fullmatch(one)}


def asked_for(search: str) -> tuple[list[str], list[str]]:
    """Words of a search, and what they sound like where that is enough to tell names apart."""
    words = normalise(search).split(" ")
    heard = [found for word in words if (found := _word_sounds(word))]
    return [word for word in words if word], heard if len("".join(heard)) >= 2 else []


def ids_in(values: Iterable[str]) -> set[str]:
    return {one for value in values if len(value) >= 36 for one in value.split(" ") if ID.fullmatch(one)}
