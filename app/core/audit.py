"""The chain of what was done: each entry's hash covers the entry before it, and receipts carry the head out to phones (I-21)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from app.core.db import db, iso
from app.core.models import Audit

GENESIS = "0" * 64


def entry_hash(
    previous: str,
    at: datetime,
    programme_id: str | None,
    actor_id: str | None,
    action: str,
    object_id: str | None,
    details: dict[str, Any],
) -> str:
    """SHA-256 of the previous hash and the entry's canonical bytes; the time as text, so that no store rounds it."""
    entry = [iso(at), programme_id, actor_id, action, object_id, details]
    return hashlib.sha256(previous.encode() + orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)).hexdigest()


def record(
    action: str,
    *,
    at: datetime,
    actor_id: str | None = None,
    programme_id: str | None = None,
    object_id: str | None = None,
    details: dict[str, Any] | None = None,
) -> str:
    """Append an entry in the caller's transaction and return the new head. The caller commits."""
    # The counter's row is the one lock of whoever appends: next_seq() takes it too, so no two can wait for each other.
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    db.session.execute(sa.text("UPDATE sequence SET value = value WHERE name = 'server'"))
    number, previous = head()
    made = entry_hash(previous, at, programme_id, actor_id, action, object_id, details or {})
    db.session.execute(
        sa.insert(Audit).values(
            number=number + 1,
            at=at,
            programme_id=programme_id,
            actor_id=actor_id,
            action=action,
            object_id=object_id,
            details=details or {},
            hash=made,
        )
    )
    return made


def head() -> tuple[int, str]:
    """Number and hash of the newest entry."""
    row = db.session.execute(sa.select(Audit.number, Audit.hash).order_by(Audit.number.desc()).limit(1)).first()
    return (row.number, row.hash) if row else (0, GENESIS)


def first_broken_entry(session: Session | scoped_session[Session] | None = None) -> int | None:
    """Walk the chain; the number of the first entry that was changed, or after which one is missing. None: it holds.

    session    of another database, a copy
    """
    previous, expected = GENESIS, 1
    query = sa.select(Audit).order_by(Audit.number).execution_options(yield_per=1000)
    for entry in (session or db.session).scalars(query):
        made = entry_hash(previous, entry.at, entry.programme_id, entry.actor_id, entry.action, entry.object_id, entry.details)
        if entry.number != expected or entry.hash != made:
            return expected
        previous, expected = entry.hash, expected + 1
    return None


def not_in_chain(heads: set[str]) -> set[str]:
    """Those of these witnessed heads that no entry has: what they witnessed was removed or replaced."""
    wanted = sorted(heads - {GENESIS})
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        found |= set(db.session.scalars(sa.select(Audit.hash).where(Audit.hash.in_(wanted[start : start + 500]))))
    return set(wanted) - found
