"""Tables that belong to the installation itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime


class Sequence(Model):
    """The commit-ordered counter behind every `seq` (next_seq in app/core/db.py)."""

    __tablename__ = "sequence"
    name: Mapped[str] = mapped_column(sa.String(16), primary_key=True)  # "server"
    value: Mapped[int] = mapped_column(sa.BigInteger)


class Setting(Model):
    """A fact of this installation: "epoch", "backup_seq"."""

    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)


class Audit(Model):
    """An entry of the chain of what was done: each names the hash of the one before it (I-21)."""

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    programme_id: Mapped[str | None] = mapped_column(sa.String(36))
    actor_id: Mapped[str | None] = mapped_column(sa.String(36))
    action: Mapped[str] = mapped_column(sa.String(64))  # "submission.received"
    object_id: Mapped[str | None] = mapped_column(sa.String(80), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    hash: Mapped[str] = mapped_column(sa.String(64))  # SHA-256 of the previous hash and this entry's canonical bytes
