"""Instruments: XLSForms checked, compiled and published, version by version; and the lists they read."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Json, Model, UtcDateTime


class Instrument(Model):
    """A form of a programme; its versions hold the content."""

    __tablename__ = "instruments"
    __table_args__ = (sa.UniqueConstraint("programme_id", "form_id"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    form_id: Mapped[str] = mapped_column(sa.String(64))  # "diag", as in the XLSForm's settings
    title: Mapped[dict[str, str]] = mapped_column(Json)  # of the current version
    current_id: Mapped[str | None] = mapped_column(sa.String(36))  # InstrumentVersion phones start new forms with
    is_open: Mapped[bool] = mapped_column(default=True)  # closed: no new forms, what is on its way is still taken
    retention_months: Mapped[int | None]  # how long personal answers are kept after reception; none: until somebody decides


class InstrumentVersion(Model):
    """One published XLSForm. Immutable, never deleted."""

    __tablename__ = "instrument_versions"
    __table_args__ = (sa.UniqueConstraint("instrument_id", "version"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    instrument_id: Mapped[str] = mapped_column(sa.ForeignKey("instruments.id"))
    version: Mapped[str] = mapped_column(sa.String(64))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)  # of `package`
    package: Mapped[str] = mapped_column(sa.Text)  # JSON, docs/package.md
    source_name: Mapped[str] = mapped_column(sa.String(200))
    source: Mapped[bytes] = mapped_column(sa.LargeBinary)  # the workbook as uploaded
    xform: Mapped[str] = mapped_column(sa.Text)  # what pyxform made of it
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str | None] = mapped_column(sa.ForeignKey("people.id"))
    seq: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    instrument: Mapped[Instrument] = relationship()


class Dataset(Model):
    """A CSV list that instruments read (`select_one_from_file communes.csv`), one row a content."""

    __tablename__ = "datasets"
    __table_args__ = (sa.UniqueConstraint("programme_id", "name", "sha256"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    name: Mapped[str] = mapped_column(sa.String(64))  # "communes"
    sha256: Mapped[str] = mapped_column(sa.String(64))  # of `content`
    content: Mapped[str] = mapped_column(sa.Text)  # JSON {"columns": […], "rows": [[…], …]}
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class InstrumentDraft(Model):
    """A form on trial: checked, not published. Nothing that phones receive, nothing that is counted ever comes from here."""

    __tablename__ = "instrument_drafts"
    __table_args__ = (sa.UniqueConstraint("programme_id", "form_id"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    form_id: Mapped[str] = mapped_column(sa.String(64))  # one draft a form: the last one sent
    version: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[dict[str, str]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(sa.String(64))  # of `package`
    package: Mapped[str] = mapped_column(sa.Text)  # JSON, docs/package.md
    source_name: Mapped[str] = mapped_column(sa.String(200))
    source: Mapped[bytes] = mapped_column(sa.LargeBinary)  # the workbook as uploaded
    lists: Mapped[str] = mapped_column(sa.Text)  # JSON {"lists", "media"}: files sent with it
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_by: Mapped[str | None] = mapped_column(sa.ForeignKey("people.id"))
