"""What each store must be before it may hold anything, checked when a server starts, and the room it has, asked while it runs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

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


LONGEST_LOG = 1 << 30
LEAST_FREE = 2 << 30


@dataclass(frozen=True)
class Room:
    """Bytes. `log`: what SQLite has not yet written into its file, None on PostgreSQL; `free`: on the disk, of texts or
    photos, that has less."""

    log: int | None
    free: int

    def alarms(self) -> list[str]:
        """What an operator must see to, as sentences."""
        found = []
        if self.log is not None and self.log > LONGEST_LOG:
            found.append(
                f"The log of the store has grown to {self.log >> 20} MB: something keeps reading since long ago. "
                "Look for a copy or a query that does not end; the room comes back when it does."
            )
        if self.free < LEAST_FREE:
            found.append(f"{self.free >> 20} MB are free for texts and photos: make room, or move the instance to a larger disk.")
        return found


def room(app: Flask) -> Room:
    """The room of this server's store, now."""
    log = None
    if db.engine.dialect.name == "sqlite":
        file = Path(f"{db.engine.url.database}-wal")
        log = file.stat().st_size if file.exists() else 0
    folders = [Path(app.config[name]) for name in ("INSTANCE", "ATTACHMENTS")]
    return Room(log, min(shutil.disk_usage(folder).free for folder in folders if folder.exists()))
