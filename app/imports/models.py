"""An import of records on its way, and which records it made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.db import Json, Model, UtcDateTime

STATES = ("checked", "writing", "done", "undone")


class RecordImport(Model):
    """A file of records. Its rows stand here only until they are written or given up: they may hold names."""

    __tablename__ = "record_imports"
    __table_args__ = (sa.Index("ix_record_imports_programme", "programme_id", "list", "created_at"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    list: Mapped[str] = mapped_column(sa.String(64))
    organisation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("organisations.id"))  # who will follow the records
    file_name: Mapped[str] = mapped_column(sa.String(200))
    sha256: Mapped[str] = mapped_column(sa.String(64))  # of the file
    state: Mapped[str] = mapped_column(sa.String(16))  # one of STATES
    # {"letters": ["A", …], "columns": [heading, …], "targets": [property or "", …]}, one a column
    head: Mapped[dict[str, Any]] = mapped_column(Json)
    # {"rows", "good", "wrong", "known", "written", "late"}: numbers of rows; late: known only when they were to be written
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    check_number: Mapped[int]  # +1 at each check: what is confirmed is what was shown
    seq: Mapped[int] = mapped_column(sa.BigInteger)  # records up to here were compared with
    next_row: Mapped[int] = mapped_column(default=0)  # the first, by its place among the rows, that is not written yet
    rows: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary))  # gzip of [[number in the file, {letter: text}], …]
    result: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary))  # gzip of what each row became (checking.Row)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(sa.String(36))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportedRecord(Model):
    """Which record a row became."""

    __tablename__ = "imported_records"
    import_id: Mapped[str] = mapped_column(sa.ForeignKey("record_imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # of the row in the file
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entities.id"), index=True)
