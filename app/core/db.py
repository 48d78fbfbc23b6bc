"""The database: one SQLAlchemy handle, the column types, and what each store must be told before its first statement."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase

# Constraints carry names that migrations can refer to on both stores.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)

if TYPE_CHECKING:
    Model = Base  # what a checker can follow
else:
    Model = db.Model


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment, with its zone: UTC text with milliseconds in SQLite, timestamptz in PostgreSQL. Naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(sa.String(24) if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return iso(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


def iso(moment: datetime) -> str:
    """`2026-11-21T18:42:10.123Z`: as stored, and as sent to phones."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# JSON that PostgreSQL can index and SQLite keeps as text.
Json = sa.JSON().with_variant(JSONB(), "postgresql")


def engine_options(url: str) -> dict[str, Any]:
    """Options for create_engine: SQLite through the wheel that lacks the WAL-reset bug (docs/decisions/0002-stores.md)."""
    if url.startswith("sqlite"):
        import pysqlite3

        return {"module": pysqlite3, "hide_parameters": True, "connect_args": {"timeout": 10, "check_same_thread": False}}
    return {"hide_parameters": True, "pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}


FIRST_SAFE_SQLITE = (3, 51, 3)
SAFE_BACKPORTS = {(3, 44, 6), (3, 50, 7)}


def sqlite_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite is free of the WAL-reset bug (sqlite.org/wal.html#walresetbug)."""
    return version >= FIRST_SAFE_SQLITE or version in SAFE_BACKPORTS


PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "cache_size=-65536",
    "journal_size_limit=67108864",  # a long reader lets the log grow: its room is given back once it ends
)


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    if "sqlite3" not in type(connection).__module__:
        return
    connection.isolation_level = None  # BEGIN is ours: a writer takes its lock at once, see begin_writing()
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")


def begin_writing() -> None:
    """Start the transaction of a request that will write, before it reads what it decides on.

    SQLite refuses a transaction that has read and then wants to write after somebody else wrote; one that takes the
    write lock at its start waits its turn instead. Call it first in the view or command: what was read before is
    forgotten. PostgreSQL needs no lock and only gets a fresh transaction.
    """
    session = db.session
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("begin_writing() comes before the first change")
    session.rollback()
    session.connection(execution_options={"writing": True})


def next_seq(count: int = 1) -> int:
    """Take `count` numbers of the one commit-ordered sequence; return the last.

    The counter row stays locked until the caller commits, so numbers become visible in their order and a
    pull that has seen n has seen all below n. Call it late in a transaction. Source: docs/sync.md, "Cursor".
    """
    taken = db.session.execute(
        sa.text("UPDATE sequence SET value = value + :count WHERE name = 'server' RETURNING value"), {"count": count}
    ).scalar_one()
    return int(taken)
