"""Consent texts: which tokens an instrument's texts hold, and which of them a programme has not filled yet.

The phone decides (static/js/form/consent.js); the office says beforehand what it will decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from app.instruments.models import InstrumentVersion
from app.registry.models import Programme

_TOKEN = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
ALWAYS = "responsible_org"  # an instrument that stores names says who answers for them, in whatever words


def needed(package: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """(token, language) that must be filled before this instrument opens; none where it stores no names."""
    if not package.get("uses_names"):
        return frozenset()
    found = {(ALWAYS, language) for language in package["languages"]}
    for node in package["nodes"]:
        for part in ("label", "hint", "guidance"):
            for language, value in (node.get(part) or {}).items():
                found |= {(token, language) for text in _strings(value) for token in _TOKEN.findall(text)}
    return frozenset(found)


def _strings(value: Any) -> Iterator[str]:
    """A text of a package is a string, or a list of strings and answers between them."""
    yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def needed_by(version: InstrumentVersion) -> frozenset[tuple[str, str]]:
    """The same of a published version, which never changes: read once in a process."""
    if version.sha256 not in _NEEDED:
        _NEEDED[version.sha256] = needed(orjson.loads(version.package))
    return _NEEDED[version.sha256]


_NEEDED: dict[str, frozenset[tuple[str, str]]] = {}


def is_filled(programme: Programme, token: str, language: str) -> bool:
    value = ({"programme_name": programme.name} | (programme.consent or {})).get(token)
    text = value.get(language) if isinstance(value, dict) else value
    return bool(str(text or "").strip())


def missing(programme: Programme, version: InstrumentVersion) -> list[str]:
    """Tokens that keep this version closed on the programme's phones, by name."""
    return sorted({token for token, language in needed_by(version) if not is_filled(programme, token, language)})
