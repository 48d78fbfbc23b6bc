"""What was erased, without a name: so that it stays erased when old phones and old backups bring it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime


class Erasure(Model):
    """One decision to erase what is held about somebody, or what was kept long enough."""

    __tablename__ = "erasures"
    __table_args__ = (sa.Index("ix_erasures_programme", "programme_id", "seq"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    kind: Mapped[str] = mapped_column(sa.String(16))  # "person", "retention"
    # {"entities": [id], "properties": [[entity id, name]], "submissions": [id], "archived": true}
    places: Mapped[dict[str, Any]] = mapped_column(Json)
    prints: Mapped[list[str]] = mapped_column(Json)  # of names and telephone numbers (app/registry/erased.py)
    actor_id: Mapped[str | None] = mapped_column(sa.String(36))  # none: the command line
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)  # what arrived later has not been looked at
