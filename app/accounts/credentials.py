"""The credential by which a phone delivers: a bearer token that says, under this server's seal, whose phone it is.

Ordinarily its hash stands in `devices`. A database that was put back may be older than the credential, and a phone that nobody
unlocks has no other way to prove itself: then the seal does, and the phone delivers what it holds by itself (I-14).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app

from app.accounts.models import Device, Person
from app.core import audit
from app.core.clock import EPOCH
from app.core.db import db

_LENGTH = 16 + 16 + 8 + 16  # device, person, milliseconds, chance


@dataclass(frozen=True)
class Claim:
    """What a credential with a true seal says."""

    device_id: str
    person_id: str
    issued_at: datetime


def hashed(token: str) -> str:
    """Tokens have 128 random bits or more: a fast hash is enough, and a stolen table opens nothing."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def made(device_id: str, person_id: str, *, now: datetime) -> str:
    """A new credential, 120 characters; only its hash is stored."""
    moment = (now - EPOCH) // timedelta(milliseconds=1)
    content = UUID(device_id).bytes + UUID(person_id).bytes + moment.to_bytes(8) + secrets.token_bytes(16)
    return base64.urlsafe_b64encode(content + _seal(content)).decode("ascii").rstrip("=")


def read(credential: str) -> Claim | None:
    """What it says, if this server sealed it."""
    try:
        content = base64.urlsafe_b64decode(credential + "=" * (-len(credential) % 4))
    except ValueError:
        return None
    content, seal = content[:_LENGTH], content[_LENGTH:]
    if len(content) != _LENGTH or not hmac.compare_digest(seal, _seal(content)):
        return None
    issued_at = EPOCH + timedelta(milliseconds=int.from_bytes(content[32:40]))
    return Claim(str(UUID(bytes=content[:16])), str(UUID(bytes=content[16:32])), issued_at)


def take_back(credential: str, *, now: datetime) -> bool:
    """Know a phone again whose credential is younger than what the database knows of it. The caller began with begin_writing().

    A credential that was renewed since is older than the phone's last contact and stays refused; so does one of a person whom
    the database does not have.
    """
    claim = read(credential)
    person = db.session.get(Person, claim.person_id) if claim else None
    if claim is None or person is None:
        return False
    device = db.session.get(Device, claim.device_id)
    if device is None:
        device = Device(id=claim.device_id, person_id=person.id, label="", created_at=claim.issued_at, report={})
        db.session.add(device)
    elif device.person_id != person.id or claim.issued_at <= (device.last_seen_at or device.created_at):
        return False
    device.secret_hash = hashed(credential)
    device.last_seen_at = now
    db.session.flush()
    audit.record("device.taken_back", at=now, actor_id=person.id, object_id=device.id)
    return True


def _seal(content: bytes) -> bytes:
    key = hmac.digest(current_app.config["SECRET_KEY"].encode(), b"daftar: credentials of phones", "sha256")
    return hmac.digest(key, content, "sha256")
