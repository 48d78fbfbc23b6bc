"""What an instrument kept longer than it may: how many months its personal answers stay is said beside it."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from app.core.db import db
from app.instruments.models import Instrument
from app.submissions.models import Revision, Submission


def months_before(now: datetime, months: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return datetime(year, month + 1, min(now.day, 28), tzinfo=UTC)


def limited(programme_id: str) -> list[Instrument]:
    """Instruments for which somebody said how long."""
    query = sa.select(Instrument).where(Instrument.programme_id == programme_id, Instrument.retention_months.is_not(None))
    return list(db.session.scalars(query.order_by(Instrument.form_id)))


def kept_before(instrument: Instrument, before: datetime) -> list[sa.ColumnElement[bool]]:
    """Its submissions that were received before, and from which nothing was erased yet."""
    left = sa.select(Revision.id).where(
        Revision.submission_id == Submission.id, Revision.erased_at.is_(None), Revision.encryption == "none"
    )
    return [
        Submission.programme_id == instrument.programme_id,
        Submission.form_id == instrument.form_id,
        Submission.received_at < before,
        left.exists(),
    ]


def too_long(programme_id: str, *, now: datetime, most: int) -> tuple[int, datetime | None]:
    """How many submissions are due to lose their personal answers, at most so many of each instrument; the oldest's reception."""
    count, oldest = 0, None
    for one in limited(programme_id):
        before = months_before(now, one.retention_months or 0)
        some = sa.select(Submission.received_at).where(*kept_before(one, before)).order_by(Submission.received_at).limit(most)
        found = list(db.session.scalars(some))
        count += len(found)
        oldest = min([*found[:1], *([oldest] if oldest else [])], default=None)
    return count, oldest
