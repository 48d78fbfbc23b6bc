"""Alembic's entry: the application's own database, on either store."""

from __future__ import annotations

from alembic import context
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


def run() -> None:
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target,
            render_as_batch=True,
            compare_type=True,
            render_item=render_item,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
