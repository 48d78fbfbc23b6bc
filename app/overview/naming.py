"""Names of institutions as people wrote them: spellings of one name are one, and so are the names of one institution.

Known are the programme's partners and organisations and the institutions that come with Daftar, in both languages, with the
acronym that stands in brackets and without the word for their kind ("Fondation Drosos", "Drosos"). Answers stay as they were
written: only what is counted, grouped and shown by institution goes by these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import sqlalchemy as sa

from app.core.db import db
from app.instruments.compiler import library_lists
from app.registry.finding import normalise
from app.registry.models import Organisation, Programme

_BRACKETS = re.compile(r"\(([^()]*)\)")
_ACRONYM = re.compile(r"[A-Z]{2,8}")
_LETTERS = re.compile(r"\b([a-z]) (?=[a-z]\b)")  # "o d c o"
KINDS = frozenset({"fondation", "association", "organisation", "موسسه", "جمعيه", "منظمه"})

Texts = Mapping[str, str]


def key_of(text: str) -> str:
    """The same for spellings that differ in case, accents, vowel signs, articles, punctuation and spaces only."""
    return _LETTERS.sub(r"\1", normalise(text))


def _names(text: str) -> list[str]:
    """Keys of a whole name: with what stands in its brackets, and without."""
    return [key_of(text), key_of(_BRACKETS.sub(" ", text))]


def _shorter(text: str) -> list[str]:
    """Keys of what people call it for short."""
    found = [key_of(one) for one in _BRACKETS.findall(text) if _ACRONYM.fullmatch(one)]
    for name in _names(text):
        first, _space, rest = name.partition(" ")
        found += [rest] if first in KINDS and rest else []
    return found


@cache
def _library() -> tuple[Texts, ...]:
    return tuple({"ar": row["label_ar"], "fr": row["label_fr"]} for row in library_lists().get("institutions", ()))


class Names:
    """Institutions of a programme as a reader of a language calls them."""

    def __init__(self, programme_id: str, language: str) -> None:
        self.language = language
        self._spelt: dict[str, tuple[int, str]] = {}  # {key: how often its commonest spelling was met, and which it is}
        programme = db.session.get_one(Programme, programme_id)
        query = sa.select(Organisation.name).where(Organisation.programme_id == programme_id).order_by(Organisation.code)
        partners = [one["name"] for one in programme.financing or ()]
        self._known, self._one = _joined([*partners, *db.session.scalars(query), *_library()])

    def key(self, text: str) -> str:
        """What spellings of one name, and names of one institution, have in common; "" of nothing."""
        found = key_of(text)
        return self._one.get(found, found)

    def met(self, text: str, times: int = 1) -> str:
        """The key of a name that was read; what is not known is called as most call it."""
        key = self.key(text)
        if key not in self._known:
            self._spelt[key] = max(self._spelt.get(key, (0, "")), (times, " ".join(text.split())))
        return key

    def label(self, key: str) -> str:
        """What the institution of a key that was met is called."""
        known = self._known.get(key)
        return known.get(self.language) or key if known is not None else self._spelt.get(key, (0, key))[1]

    def say(self, text: str) -> str:
        """A name as its institution is called in the reader's language, or as it was written."""
        known = self._known.get(self.key(text))
        return known.get(self.language) or text if known is not None else text


def _joined(known: Iterable[Texts]) -> tuple[dict[str, Texts], dict[str, str]]:
    """{key: names} and {any of its keys: key}: entries that share a whole name are one institution, called as the first of them
    says; a short name counts where it means one institution only."""
    names: dict[str, Texts] = {}
    one_of: dict[str, str] = {}
    short: dict[str, set[str]] = {}
    for texts in known:
        wholes = [key for text in texts.values() for key in _names(text) if key]
        if not wholes:
            continue
        key = next((one_of[one] for one in wholes if one in one_of), wholes[0])
        names.setdefault(key, texts)
        for one in wholes:
            one_of.setdefault(one, key)
        for text in texts.values():
            for one in _shorter(text):
                short.setdefault(one, set()).add(key)
    for one, keys in short.items():
        if one not in one_of and len(keys) == 1:
            one_of[one] = next(iter(keys))
    return names, one_of
