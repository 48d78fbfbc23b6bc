"""The declared home of a programme."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime


class Home(Model):
    """What the home of a programme shows, in its order. A programme without one gets a home made of what it has."""

    __tablename__ = "homes"
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"), primary_key=True)
    panels: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # as in home.json (docs/home.md)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
