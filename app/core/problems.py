"""What can go wrong, by name: one class, stable codes, one JSON shape (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import LazyString, force_locale, lazy_gettext

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


def in_both(problem: Problem) -> str:
    """In French and Arabic, for a terminal: it says nothing about its reader, and some show no Arabic."""
    message = problem.to_json()["message"]
    return f"{message['fr']}\n{message['ar']}"


NOT_ALLOWED = Kind(
    "core.not_allowed", 403, lazy_gettext("Your account does not allow this. Ask your coordinator if you need it.")
)
NOT_FOUND = Kind("core.not_found", 404, lazy_gettext("There is nothing at this address, or it is not open to your account."))
NOT_SIGNED_IN = Kind("core.not_signed_in", 401, lazy_gettext("Your session has ended. Sign in again; nothing is lost."))
BAD_REQUEST = Kind(
    "core.bad_request", 400, lazy_gettext("The server could not read this request. Reload the page and try again.")
)
WRONG_METHOD = Kind("core.wrong_method", 405, lazy_gettext("This address does not take that kind of request."))
TOO_LARGE = Kind(
    "core.too_large",
    413,
    lazy_gettext(
        "The file or the form is too large. At most %(limit)s MB can be sent at once: "
        "choose a smaller file, or send in several parts."
    ),
)
FORM_EXPIRED = Kind(
    "core.form_expired", 400, lazy_gettext("This page was open too long to be sent safely. Reload it and send again.")
)
BUG = Kind(
    "core.bug", 500, lazy_gettext("Something went wrong on the server. What you sent may not be stored; try again in a moment.")
)
STORE_BUSY = Kind("core.store_busy", 503, lazy_gettext("The server is busy. Try again in a moment; nothing is lost."))
