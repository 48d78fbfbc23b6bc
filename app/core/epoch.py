"""The epoch: which life of the database this is. After a restore it is another one, and phones offer again what they hold."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from flask import Flask

from app.core import audit
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.models import Setting

log = logging.getLogger(__name__)

SIDE_FILE = "epoch"  # beside an SQLite database: a file that was put back by hand disagrees with it


def a_new_epoch() -> str:
    return secrets.token_hex(8)


def ensure(app: Flask) -> str:
    """At the start of a server: the database's epoch, or a new one when it has none or the file beside it knows another."""
    begin_writing()
    row = db.session.get(Setting, "epoch")
    beside = Path(app.config["INSTANCE"]) / SIDE_FILE if db.engine.dialect.name == "sqlite" else None
    known = beside.read_text("ascii").strip() if beside and beside.exists() else None
    if row is None:
        row = Setting(name="epoch", value=a_new_epoch())
        db.session.add(row)
        audit.record("server.new_epoch", at=utcnow(), details={"why": "none", "epoch": row.value})
    elif known not in (None, row.value):
        log.warning("The database is not the one that was here before: it gets a new epoch, and phones send again what they hold")
        row.value = a_new_epoch()
        audit.record("server.new_epoch", at=utcnow(), details={"why": "restored", "epoch": row.value})
    epoch = row.value
    db.session.commit()
    if beside and known != epoch:
        beside.parent.mkdir(parents=True, exist_ok=True)
        fresh = beside.with_suffix(".new")
        fresh.write_text(epoch + "\n", "ascii")
        fresh.replace(beside)
    return epoch
