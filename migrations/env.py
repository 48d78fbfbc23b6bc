"""Alembic's entry: the application's own database, on either store."""

from __future__ import annotations

from alembic import context
from alembic.runtime.migration import MigrationContext
from flask import current_app

from app.core.db import Json, UtcDateTime

database = current_app.extensions["migrate"].db
target = database.metadatas[None]


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """Our column types by their SQL meaning: a migration must not change when the code does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen_context.imports.add("from app.core.db import UtcDateTime")  # type: ignore[attr-defined]
        return "UtcDateTime()"
    if kind == "type" and item is Json:
        autogen_context.imports.add("from app.core.db import Json")  # type: ignore[attr-defined]
        return "Json"
    return False


def check_references(ctx: MigrationContext, **_: object) -> None:
    """After each migration, before it is committed: SQLite did not look while tables were made anew."""
    assert ctx.connection
    broken = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(
            f"The migration would leave {len(broken)} rows that name rows which do not exist, first {tuple(broken[0])}"
        )


def run() -> None:
    with database.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # It changes a table by making another one: with foreign keys on, dropping the old one is refused. They can be turned
            # off only outside a transaction, so on the driver's connection, which is closed afterwards.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")
        context.configure(
            connection=connection,
            target_metadata=target,
            render_as_batch=True,
            compare_type=True,
            render_item=render_item,
            transaction_per_migration=True,
            on_version_apply=check_references if is_sqlite else None,
        )
        with context.begin_transaction():
            context.run_migrations()
        if is_sqlite:
            connection.invalidate()


run()
