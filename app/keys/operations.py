"""Data keys: taking them into escrow, giving one back to its owner, opening what they sealed. Callers commit."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.accounts.models import Device, SignInSession
from app.core import audit
from app.core.db import db
from app.core.ids import is_id
from app.core.permissions import Actor
from app.keys import pairs, problems
from app.keys.models import DeviceKey
from app.keys.sealing import Unreadable, point_from, raw_point, unwrap, wrap, wrapped_for
from app.registry.models import Programme

FRESH = timedelta(minutes=10)  # a key is given back only this soon after the password
MOST_IN_CLEAR = 2000


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, and whose it is; nobody's when no sign-in brought it."""

    id: str
    key: bytes
    person_id: str | None
    device_id: str | None


def from_base64(text: object) -> bytes:
    """Raises Unreadable."""
    if not isinstance(text, str):
        raise Unreadable
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable from None


def to_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def public_key() -> dict[str, str]:
    """What phones wrap new data keys for."""
    name, private = pairs.current()
    return {"id": name, "key": to_base64(raw_point(private.public_key()))}


def unwrapped(wrapped: object, *, person_id: str, key_id: str) -> bytes:
    """The data key in an escrow wrap. Raises Unreadable when it is not one, or for a key pair that is not here."""
    content = from_base64(wrapped)
    private = pairs.find(wrapped_for(content))
    if private is None:
        raise Unreadable
    return unwrap(content, private, "escrow", person_id, key_id)


def register(session: SignInSession, key_id: object, wrapped: object, in_clear: object, *, now: datetime) -> DeviceKey:
    """Take a data key into escrow for the person who just signed in on this phone. Raises BAD_KEY.

    in_clear    revisions that the phone finished before it sealed: they will come in clear
    """
    if not is_id(key_id) or session.device_id is None:
        raise problems.BAD_KEY()
    key_id = str(key_id)
    try:
        unwrapped(wrapped, person_id=session.person_id, key_id=key_id)
    except Unreadable:
        raise problems.BAD_KEY() from None
    wrapped = str(wrapped)
    found = db.session.get(DeviceKey, key_id)
    if found is not None:
        # Another's id, or another phone's: a phone makes a new one.
        if (found.person_id, found.device_id) != (session.person_id, session.device_id):
            raise problems.BAD_KEY()
        return found
    told = [one for one in in_clear if is_id(one)][:MOST_IN_CLEAR] if isinstance(in_clear, list) else []
    found = DeviceKey(
        id=key_id,
        person_id=session.person_id,
        device_id=session.device_id,
        pair_id=wrapped_for(from_base64(wrapped)),
        wrapped=wrapped,
        in_clear=told,
        created_at=now,
    )
    db.session.add(found)
    db.session.flush()
    audit.record("key.escrowed", at=now, actor_id=session.person_id, object_id=key_id, details={"device": session.device_id})
    return found


def give_back(session: SignInSession, key_id: object, to: object, wrapped: object = None, *, now: datetime) -> str:
    """A forgotten PIN: the data key again, wrapped for the phone that asks and for nobody else. Audited.

    to         a public key that the phone made for this answer, as a point in base64
    wrapped    the escrow wrap, which only the phone that made the key has: it may be enrolled anew since, after a revocation

    Raises SIGN_IN_AGAIN, NO_KEY (not this person's on this phone, or the phone is revoked or lost), BAD_KEY.
    """
    if now - session.created_at > FRESH:
        raise problems.SIGN_IN_AGAIN()
    found = db.session.get(DeviceKey, key_id) if is_id(key_id) else None
    device = db.session.get(Device, session.device_id) if session.device_id else None
    made_on = db.session.get(Device, found.device_id) if found else None
    if found is None or made_on is None or device is None or found.person_id != session.person_id:
        raise problems.NO_KEY()
    if made_on is not device and not (isinstance(wrapped, str) and hmac.compare_digest(found.wrapped.encode(), wrapped.encode())):
        raise problems.NO_KEY()
    # Of a phone that is lost nobody knows who holds it; found again, all is as before.
    if device.revoked_at is not None or device.lost_at is not None or made_on.lost_at is not None:
        raise problems.NO_KEY()
    try:
        key = unwrapped(found.wrapped, person_id=found.person_id, key_id=found.id)
        public = point_from(from_base64(to))
    except Unreadable:
        raise problems.BAD_KEY() from None
    audit.record("key.returned", at=now, actor_id=session.person_id, object_id=found.id, details={"device": device.id})
    return to_base64(wrap(key, public, "return", device.id, found.person_id, found.id))


def keys_of(device_id: str) -> list[str]:
    """Ids of the data keys that came from this phone."""
    return list(db.session.scalars(sa.select(DeviceKey.id).where(DeviceKey.device_id == device_id).order_by(DeviceKey.id)))


def data_key(connection: sa.Connection, key_id: str) -> DataKey | None:
    """The key of that id, opened; None when it is not in escrow here or its key pair is lost."""
    row = connection.execute(sa.select(DeviceKey).where(DeviceKey.id == key_id)).first()
    if row is None:
        return None
    try:
        return DataKey(key_id, unwrapped(row.wrapped, person_id=row.person_id, key_id=key_id), row.person_id, row.device_id)
    except Unreadable:
        return None


def fingerprint(key: DataKey) -> str:
    """Id and hash of a key: says later whether a registered key is the very one that opened something."""
    return f"{key.id} {hashlib.sha256(b'daftar-1 key ' + key.id.encode() + key.key).hexdigest()}"


def count_by_pair() -> dict[str, int]:
    """{id of a key pair: how many data keys only it opens}."""
    rows = db.session.execute(sa.select(DeviceKey.pair_id, sa.func.count()).group_by(DeviceKey.pair_id))
    return {row[0]: row[1] for row in rows}


def ask_for_pin(programme: Programme, asked: bool, *, now: datetime, by: Actor | None = None) -> None:
    """Phones hear of it when somebody signs in; one of her programmes that asks is enough."""
    programme.phone_pin = asked
    action = "programme.pin_asked" if asked else "programme.pin_not_asked"
    audit.record(action, at=now, actor_id=by.person_id if by else None, programme_id=programme.id, object_id=programme.id)


def rotate(*, now: datetime) -> str:
    """A new current key pair; the older ones stay and go on opening what was wrapped for them."""
    before = pairs.current()[0]
    made = pairs.make(now)
    audit.record("key.rotated", at=now, actor_id=None, object_id=made, details={"before": before})
    return made
