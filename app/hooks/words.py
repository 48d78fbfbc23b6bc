"""Words for events, states and what went wrong."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

EVENTS: Final[dict[str, LazyString]] = {
    "received": lazy_gettext("A submission arrived"),
    "revised": lazy_gettext("A correction of it arrived"),
    "approved": lazy_gettext("It was approved"),
    "returned": lazy_gettext("It was returned with remarks"),
    "rejected": lazy_gettext("It was rejected"),
    "deleted": lazy_gettext("It was deleted"),
    "test": lazy_gettext("Test"),
}
STATES: Final[dict[str, tuple[LazyString, str]]] = {
    "waiting": (lazy_gettext("Waiting"), "warn"),
    "delivered": (lazy_gettext("Taken"), "ok"),
    "given_up": (lazy_gettext("Given up"), "bad"),
}
TROUBLES: Final[dict[str, LazyString]] = {
    "refused": lazy_gettext("Not sent: the name now stands for a machine of an internal network"),
    "unknown_host": lazy_gettext("No machine is known under this name"),
    "timeout": lazy_gettext("No answer in time"),
    "tls": lazy_gettext("The connection is not secure: the certificate does not fit"),
    "connection": lazy_gettext("The machine does not take the connection"),
    "no_http": lazy_gettext("The answer is not HTTP"),
}
REDIRECT: Final = lazy_gettext("it leads to another address, which is not followed")


def outcome(status: int | None, trouble: str | None) -> str:
    """How an attempt ended; "" before the first."""
    if trouble is not None:
        return str(TROUBLES[trouble])
    if status is None:
        return ""
    if 300 <= status < 400:
        return f"HTTP {status} – {REDIRECT}"
    return f"HTTP {status}"
