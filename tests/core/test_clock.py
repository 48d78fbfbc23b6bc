"""The hour that the office reads (docs/decisions/0006-clocks.md)."""

from __future__ import annotations

from datetime import UTC, datetime

from app.core.languages import date_and_time


def test_morocco_is_an_hour_ahead_until_the_decree_of_2026_and_on_utc_since() -> None:
    before, since = datetime(2026, 9, 10, 9, 55, tzinfo=UTC), datetime(2026, 11, 26, 9, 55, tzinfo=UTC)
    assert date_and_time(before, "fr") == "10 septembre 2026, 10:55"
    assert date_and_time(since, "fr") == "26 novembre 2026, 09:55"
    assert date_and_time(datetime(2026, 3, 1, 9, 55, tzinfo=UTC), "fr") == "1er mars 2026, 09:55"  # Ramadan
