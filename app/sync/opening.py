"""Opening what phones seal: the author is the owner of the key, whoever delivers."""

from __future__ import annotations

import gzip
from typing import Any

from app.core.ids import is_id
from app.keys import operations as keys
from app.keys.operations import DataKey, from_base64
from app.keys.sealing import SEALED, Unreadable, key_id_of, open_envelope
from app.submissions import problems as filing
from app.submissions.envelope import MAX_BYTES, read
from app.submissions.intake import Sender, Sent
from app.sync.delivery import Delivery


def sealed_item(delivery: Delivery, ids: tuple[str, str], sha256: str, text: str, phone: Sender, offered: dict[str, Any]) -> Sent:
    """A sealed item as it is filed. One that cannot be opened is kept as it came. Raises MALFORMED, TOO_LARGE of what is inside.

    offered     {key id: {"person", "wrapped"}}: wraps that the phone keeps too, for a server that lost its own; who they are
                is then unproven
    """
    if len(text) > 2 * MAX_BYTES:
        raise filing.TOO_LARGE(limit_kb=MAX_BYTES // 1024)
    try:
        sealed = from_base64(text)
        key_id = key_id_of(sealed)
    except Unreadable:
        return _kept(ids, sha256, text, phone, "unreadable")
    known = delivery.key(key_id)
    key, sender = known or (_offered_key(key_id, offered), phone)
    if key is None:
        return _kept(ids, sha256, text, phone, "encryption_unknown")
    try:
        content = open_envelope(key.key, sealed, *ids, most=MAX_BYTES)
    except Unreadable:
        return _kept(ids, sha256, text, phone, "unreadable")
    envelope = read(content)
    if (envelope.submission_id, envelope.revision_id) != ids:
        raise filing.MALFORMED(reason="ids differ")
    opened = gzip.compress(content, 1, mtime=0)
    if known:
        return Sent(*ids, sha256, "none", opened, envelope, sender, key_id)
    unproven = keys.fingerprint(key)
    return Sent(*ids, sha256, "none", opened, envelope, sender, key_id, aside="key_unproven", sealed_by=unproven)


def _kept(ids: tuple[str, str], sha256: str, text: str, phone: Sender, reason: str) -> Sent:
    return Sent(*ids, sha256, SEALED, gzip.compress(text.encode(), 1, mtime=0), None, phone, aside=reason)


def _offered_key(key_id: str, offered: dict[str, Any]) -> DataKey | None:
    one = offered.get(key_id)
    if not isinstance(one, dict) or not is_id(one.get("person")):
        return None
    try:
        return DataKey(key_id, keys.unwrapped(one.get("wrapped"), person_id=one["person"], key_id=key_id), None, None)
    except Unreadable:
        return None
