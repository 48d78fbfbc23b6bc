"""What stands in the history of a record for a value that was erased: enough to recognise it when an old phone says it again,
not enough to read it. docs/personal-data.md."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app

from app.registry.finding import normalise

MARK = "erased:"
# Where consent was refused afterwards: nothing is known of what it was, so that whoever agrees again may say the same again.
REFUSED = f"{MARK}refused"


def print_of(value: str) -> str:
    """A keyed hash of a name or a number: without the server's key, names and numbers cannot be tried out against it."""
    digits = "".join(filter(str.isdecimal, value))
    said = digits[-9:] if len(digits) >= 9 else normalise(value)
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"erased\n{said}".encode(), hashlib.sha256).hexdigest()[:32]


def mark(value: str) -> str:
    """What the history keeps instead of the value; of nothing, nothing."""
    return value if not value or value.startswith(MARK) else f"{MARK}{print_of(value)}"


def is_mark(value: str) -> bool:
    return value.startswith(MARK)


def is_same(kept: str, value: str) -> bool:
    """Whether `value` is what was erased there."""
    return is_mark(kept) and bool(value) and hmac.compare_digest(kept, f"{MARK}{print_of(value)}")
