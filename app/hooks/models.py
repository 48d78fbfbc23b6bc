"""Addresses that are told what happens to submissions, and what each of them was told."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, UtcDateTime

# In the order in which a submission meets them. A body's `type` is "submission." and the word.
EVENTS = ("received", "revised", "approved", "returned", "rejected", "deleted")
TEST = "test"


class Hook(Model):
    """One receiver of one programme."""

    __tablename__ = "hooks"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"), index=True)
    url: Mapped[str] = mapped_column(sa.Text)
    secret: Mapped[str] = mapped_column(sa.String(120))  # "whsec_" and base64: it signs, so it is kept as it is
    events: Mapped[str] = mapped_column(sa.String(200))  # "received approved": some of EVENTS
    is_on: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(default=0)  # attempts in a row that reached nobody or got no 2xx
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # after a failure nothing is tried before
    # The row stays for a while: whoever files a form at this moment may still write a delivery for it.
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HookDelivery(Model):
    """One thing to tell one receiver; written with its cause, told afterwards."""

    __tablename__ = "hook_deliveries"
    __table_args__ = (
        sa.Index("ix_hook_deliveries_page", "hook_id", "created_at", "id"),
        sa.Index("ix_hook_deliveries_order", "hook_id", "submission_id", "number"),
        sa.Index(
            "ix_hook_deliveries_waiting",
            "hook_id",
            "due_at",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
    )
    # Made from the receiver and what is told: the same arrival, filed again after a restore, has the same id.
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    hook_id: Mapped[str] = mapped_column(sa.ForeignKey("hooks.id"))
    submission_id: Mapped[str | None] = mapped_column(sa.String(36))  # none: a test
    number: Mapped[int]  # of the event in its submission: a later one waits for an earlier
    event: Mapped[str] = mapped_column(sa.String(16))  # one of EVENTS, or TEST
    body: Mapped[str] = mapped_column(sa.Text)  # JSON, the same bytes at each attempt
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # giving up counts from here: later than created_at if sent again
    state: Mapped[str] = mapped_column(sa.String(12), default="waiting")  # waiting, delivered, given_up
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # not to be tried before
    # Some process is telling it now. If that process dies, the moment passes and another takes it.
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # end of the last attempt
    status: Mapped[int | None]  # HTTP status of the last answer; what else an answer says is not kept
    trouble: Mapped[str | None] = mapped_column(sa.String(16))  # why there was no answer: app/hooks/asking.py, TROUBLES
    took_ms: Mapped[int | None]
