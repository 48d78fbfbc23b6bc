"""The envelope: the bytes a phone froze, read with suspicion. docs/sync.md, "Envelope"."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.ids import is_id
from app.registry.applying import EntityChange
from app.submissions.problems import MALFORMED, TOO_LARGE

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_ATTACHMENTS = 500
MAX_ENTITIES = 500
_KEY = re.compile(rb'"\s*:')
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TERRITORY = re.compile(r"[0-9A-Za-z.]{1,16}")


@dataclass(slots=True)
class Manifest:
    """One file that the envelope announces."""

    name: str
    question: str
    sha256: str
    size: int
    type: str
    sealed: dict[str, Any] | None = None  # {"file", "sha256", "size"} of what is inside; those above are of what is sent


@dataclass(slots=True)
class Envelope:
    """What the server needs to know of a submission in order to file it; the answers stay in the bytes."""

    submission_id: str
    revision_id: str
    parent_revision_id: str | None
    programme_id: str
    form_id: str
    form_version: str
    form_sha256: str
    author_id: str
    title: str
    subject_id: str | None
    territory: str | None
    entities: list[EntityChange]
    attachments: list[Manifest]
    t_client: str
    clock_offset_ms: int | None


def is_sha256(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def read(content: bytes) -> Envelope:
    """Raises TOO_LARGE or MALFORMED(reason=…); the reason is for the log of the phone and the people who help."""
    if len(content) > MAX_BYTES:
        raise TOO_LARGE(limit_kb=MAX_BYTES // 1024)
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise MALFORMED(reason="not JSON") from None
    if not isinstance(value, dict):
        raise MALFORMED(reason="not an object")
    # A key said twice is one key after parsing. Quotes before colons are never fewer than keys, so that equal numbers
    # prove there is none; a value with `":` in it only costs the slower look.
    if _count_keys(value, MAX_DEPTH) != len(_KEY.findall(content)):
        _refuse_repeated_keys(content)
    if b"\\u0000" in content and _has_nul(value):
        raise MALFORMED(reason="NUL character")
    return _typed(value)


def _count_keys(value: Any, depth: int) -> int:
    if not depth:
        raise MALFORMED(reason="nested too deeply")
    if type(value) is dict:
        count = len(value)
        for one in value.values():
            if type(one) is dict or type(one) is list:
                count += _count_keys(one, depth - 1)
        return count
    count = 0
    for one in value:
        if type(one) is dict or type(one) is list:
            count += _count_keys(one, depth - 1)
    return count


def _refuse_repeated_keys(content: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise MALFORMED(reason="a key twice")
        return found

    json.loads(content, object_pairs_hook=unique)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(_has_nul(one) for one in value)


def _typed(value: dict[str, Any]) -> Envelope:
    subject = value.get("subject")
    if subject is not None and not (isinstance(subject, dict) and is_id(subject.get("id"))):
        raise MALFORMED(reason="subject")
    if not isinstance(value.get("answers"), dict):
        raise MALFORMED(reason="answers")
    offset = value.get("clock_offset_last_seen")
    territory = value.get("territory")
    return Envelope(
        submission_id=_id(value, "submission_id"),
        revision_id=_id(value, "revision_id"),
        parent_revision_id=_id(value, "parent_revision_id") if value.get("parent_revision_id") is not None else None,
        programme_id=_id(value, "programme_id"),
        form_id=_text(value, "form_id", 64),
        form_version=_text(value, "form_version", 64),
        form_sha256=_sha256(value, "form_sha256"),
        author_id=_id(value, "author_id"),
        title=_text(value, "title", 100_000)[:300] if value.get("title") is not None else "",
        subject_id=subject["id"] if subject else None,
        # A place that is none is no reason to refuse a form.
        territory=territory if isinstance(territory, str) and _TERRITORY.fullmatch(territory) else None,
        entities=[_entity(one) for one in _list(value, "entities", MAX_ENTITIES)],
        attachments=[_manifest(one) for one in _list(value, "attachments", MAX_ATTACHMENTS)],
        t_client=_text(value, "t_client", 40) if value.get("t_client") is not None else "",
        clock_offset_ms=int(offset) if isinstance(offset, int | float) and abs(offset) < 2**62 else None,
    )


def _id(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not is_id(found):
        raise MALFORMED(reason=name)
    return str(found)


def _sha256(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not is_sha256(found):
        raise MALFORMED(reason=name)
    return str(found)


def _text(value: dict[str, Any], name: str, longest: int) -> str:
    found = value.get(name)
    if not isinstance(found, str) or len(found) > longest:
        raise MALFORMED(reason=name)
    return found


def _list(value: dict[str, Any], name: str, longest: int) -> list[dict[str, Any]]:
    found = value.get(name) or []
    if not isinstance(found, list) or len(found) > longest or not all(isinstance(one, dict) for one in found):
        raise MALFORMED(reason=name)
    return found


def _entity(one: dict[str, Any]) -> EntityChange:
    data = one.get("data") or {}
    if one.get("action") not in ("create", "update") or not isinstance(data, dict):
        raise MALFORMED(reason="entities")
    if not all(isinstance(text, str) for text in data.values()):
        raise MALFORMED(reason="entities: data")
    label = _text(one, "label", 100_000) if one.get("label") is not None else ""
    branch = one.get("branch_id")
    return EntityChange(
        _text(one, "list", 64),
        _id(one, "id"),
        one["action"],
        label,
        data,
        _version(one.get("base_version")),
        _version(one.get("trunk_version")),
        str(branch) if is_id(branch) else None,
    )


def _version(value: Any) -> int | None:
    """A phone that counts wrongly loses the comparison with what others said, never its form."""
    return value if type(value) is int and 0 < value < 2**31 else None


def _manifest(one: dict[str, Any]) -> Manifest:
    size = one.get("size")
    if type(size) is not int or not 0 <= size < 2**53:
        raise MALFORMED(reason="attachments: size")
    sealed = one.get("sealed")
    if sealed is not None:
        if not isinstance(sealed, dict) or not is_id(sealed.get("file")) or not is_sha256(sealed.get("sha256")):
            raise MALFORMED(reason="attachments: sealed")
        if type(sealed.get("size")) is not int:
            raise MALFORMED(reason="attachments: sealed")
        sealed = {name: sealed[name] for name in ("file", "sha256", "size")}
    return Manifest(
        sealed=sealed,
        name=_text(one, "name", 200),
        question=_text(one, "question", 400),
        sha256=_sha256(one, "sha256"),
        size=size,
        type=_text(one, "type", 80),
    )
