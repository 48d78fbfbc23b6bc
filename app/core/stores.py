"""What each store must be before it may hold anything: checked once, when a server starts."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from app.core.db import db, sqlite_is_safe


class UnsafeStore(Exception):
    """The message says what is wrong and what to do."""


def check(app: Flask, workers: int) -> None:
    """Refuse a store that could lose what was acknowledged. `workers`: processes that write. Raises UnsafeStore."""
    with app.app_context(), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            version = connection.execute(sa.text("SELECT sqlite_version()")).scalar_one()
            if workers > 1 and not sqlite_is_safe(tuple(int(part) for part in version.split("."))):  # type: ignore[arg-type]
                raise UnsafeStore(
                    f"SQLite {version} can corrupt the database when several processes write "
                    "(sqlite.org/wal.html#walresetbug). Install the pinned pysqlite3, which has it not."
                )
            if connection.execute(sa.text("PRAGMA synchronous")).scalar_one() != 2:
                raise UnsafeStore("SQLite does not run with synchronous=FULL: what was acknowledged could be lost.")
            return
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            if connection.execute(sa.text(f"SHOW {name}")).scalar_one() == "off":
                raise UnsafeStore(f"PostgreSQL runs with {name}=off: what was acknowledged could be lost. Switch it on.")
