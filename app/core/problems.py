"""What can go wrong, by name: one class, stable codes, one JSON shape (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import LazyString, force_locale

from app.core.languages import LANGUAGES


@dataclass(frozen=True)
class Kind:
    """A sort of problem. Each package lists its own in problems.py; docs/problems.md lists them all."""

    code: str  # "submission.changed": never renamed or reused, phones store it
    status: int  # HTTP status
    message: LazyString  # what happened and what to do next; %(name)s are details

    def __call__(self, **details: Any) -> Problem:
        return Problem(self, details)


@dataclass(eq=False)
class Problem(Exception):
    kind: Kind
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.kind.message) % self.details

    def to_json(self) -> dict[str, Any]:
        """Both languages: the phone may be switched after it has gone offline."""
        message = {}
        for language in LANGUAGES:
            with force_locale(language):
                message[language] = str(self.kind.message) % self.details
        return {"code": self.kind.code, "message": message, "details": self.details}
