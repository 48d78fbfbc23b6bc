"""Statements spoken to the driver directly, for the one path that must stay fast: filing what phones deliver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from app.core.db import iso


class Statements:
    """A driver's cursor for both stores: `?` in statements, moments as each keeps them."""

    def __init__(self, connection: Any, dialect: str) -> None:
        self.cursor: Any = connection.cursor()
        self.is_sqlite = dialect == "sqlite"
        self.for_update = "" if self.is_sqlite else " ORDER BY id FOR UPDATE"

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        self.cursor.execute(statement if self.is_sqlite else statement.replace("?", "%s"), values)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.execute(statement, values)
        return list(self.cursor.fetchall())

    def among(self, statement: str, values: Iterable[str], *, lock: bool = False) -> list[tuple[Any, ...]]:
        """Rows of `… IN (:ids)`; no ids, no rows. `lock`: nobody else changes them until we commit."""
        statement += self.for_update if lock else ""
        found: list[tuple[Any, ...]] = []
        wanted = sorted(set(values))
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            if self.is_sqlite:
                found += self.rows(statement.replace("IN (:ids)", f"IN ({','.join('?' * len(part))})"), part)
            else:
                found += self.rows(statement.replace("IN (:ids)", "= ANY(?)"), [part])
        return found

    def insert(self, table: str, columns: str, rows: list[tuple[Any, ...]], conflict: str = "") -> None:
        if rows:
            mark = "?" if self.is_sqlite else "%s"
            marks = ",".join([mark] * len(rows[0]))
            self.cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks}){conflict}", rows)  # noqa: S608

    def moment(self, value: datetime) -> Any:
        return iso(value) if self.is_sqlite else value

    def moment_text(self, value: Any) -> str:
        return value if isinstance(value, str) else iso(value)


class Numbers:
    """Numbers of the commit-ordered counter. Taking the first locks it: whoever else writes waits until we commit."""

    def __init__(self, do: Statements, count: int) -> None:
        self.do = do
        self._take(count)

    def _take(self, count: int) -> None:
        statement = "UPDATE sequence SET value = value + ? WHERE name = 'server' RETURNING value"
        self.last = int(self.do.rows(statement, (count,))[0][0])
        self.at = self.last - count

    def next(self) -> int:
        if self.at == self.last:
            self._take(1)
        self.at += 1
        return self.at
