"""Databases as earlier versions left them (tests/fixtures/databases, made by scripts/freeze-database)."""

from __future__ import annotations

import functools
import json
import lzma
from collections import Counter
from pathlib import Path
from typing import Any

import flask_migrate
import sqlalchemy as sa
from flask import Flask

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "fixtures" / "databases"
NAMES = sorted(file.name.removesuffix(".json.xz") for file in FOLDER.glob("*.json.xz"))

Rows = dict[str, Counter[str]]


@functools.cache
def _frozen(name: str) -> dict[str, Any]:
    return json.loads(lzma.decompress((FOLDER / f"{name}.json.xz").read_bytes()))


def lay_down(app: Flask, name: str) -> None:
    """Brings an empty database to the tables of that version and puts its rows there, whichever store it is."""
    frozen = _frozen(name)
    with app.app_context():
        flask_migrate.upgrade(str(ROOT / "migrations"), frozen["revision"])
        with _engine(app).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SET session_replication_role = replica"))  # rows come table by table
            else:
                connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            for table, content in frozen["tables"].items():
                connection.execute(sa.text(f"DELETE FROM {table}"))  # what a migration began
                kinds = {one["name"]: one["type"] for one in sa.inspect(connection).get_columns(table)}
                values = ", ".join(_cast(column, kinds[column], connection.dialect.name) for column in content["columns"])
                insert = sa.text(f"INSERT INTO {table} ({', '.join(content['columns'])}) VALUES ({values})")
                if content["rows"]:
                    rows = [dict(zip(content["columns"], map(_value, row), strict=True)) for row in content["rows"]]
                    connection.execute(insert, rows)


def _cast(column: str, kind: Any, store: str) -> str:
    """SQLite's own values go in as they are; PostgreSQL is told what they are to become."""
    if store == "sqlite":
        return f":{column}"
    return f"CAST(CAST(:{column} AS integer) AS boolean)" if isinstance(kind, sa.Boolean) else f"CAST(:{column} AS {kind})"


def missing(app: Flask, name: str) -> Rows:
    """Rows of that database that are not in this one, by table: each as the columns both have say it."""
    found: Rows = {}
    with app.app_context(), _engine(app).connect() as connection:
        inspector = sa.inspect(connection)
        for table, content in _frozen(name)["tables"].items():
            if table == "sequence":  # the number of the last change, which a migration may raise
                continue
            types = {one["name"]: one["type"] for one in inspector.get_columns(table)}
            columns = [column for column in content["columns"] if column in types]
            rows = connection.execute(sa.text(f"SELECT {', '.join(columns)} FROM {table}"))
            now = Counter(_said(columns, row, types) for row in rows)
            at = [content["columns"].index(column) for column in columns]
            before = Counter(_said(columns, [_value(row[one]) for one in at], types) for row in content["rows"])
            if gone := before - now:
                found[table] = gone
    return found


def _engine(app: Flask) -> sa.Engine:
    return app.extensions["sqlalchemy"].engine


def _value(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def _said(columns: list[str], row: Any, types: dict[str, Any]) -> str:
    """A row in one writing for both stores: times to the second without offset, JSON by its content, booleans as numbers."""
    return json.dumps({column: _plain(value, types[column]) for column, value in zip(columns, row, strict=True)}, sort_keys=True)


def _plain(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(kind, sa.JSON):
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(kind, sa.DateTime | sa.Date):
        return str(value).replace("T", " ")[:19]
    return float(value) if isinstance(value, bool | int | float) else str(value)
