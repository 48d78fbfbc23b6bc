"""Data keys of phones in escrow."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime


class DeviceKey(Model):
    """The data key of one person on one phone, wrapped by a key pair of the server. What it sealed, its owner wrote."""

    __tablename__ = "device_keys"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)  # made on the phone
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id"), index=True)
    device_id: Mapped[str] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    pair_id: Mapped[str] = mapped_column(sa.String(16))  # of the server's key pair that opens the wrap
    wrapped: Mapped[str] = mapped_column(sa.String(300))  # base64
    # Revisions that the phone had finished in clear before it had this key: from then on it owes sealed ones.
    in_clear: Mapped[list[str]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
