"""The server's clock, in one place so that tests and commands can say what time it is."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    return datetime.now(UTC)
