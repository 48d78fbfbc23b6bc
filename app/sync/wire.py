"""Shapes of what goes over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from flask import Response

from app.accounts.models import Person
from app.core import packing
from app.core.db import db
from app.core.driver import Statements
from app.core.ids import is_id
from app.core.problems import Problem
from app.submissions import problems as filing
from app.submissions.attachments import Progress
from app.submissions.intake import Sent
from app.sync.delivery import Answered

MAX_REPORT_BYTES = 8192
RETRY_AFTER_S = 60


def result(item: Sent) -> dict[str, Any]:
    """What became of one item; `id` first, so that a cut answer cannot be taken for another item's."""
    said: dict[str, Any] = {"id": item.revision_id, "submission_id": item.submission_id, "result": item.result}
    if item.receipt is not None:
        said["receipt"] = item.receipt
    if item.result == "quarantined" and item.reason:
        said["reason"] = item.reason
        said["problem"] = why_aside(item.reason)
    elif item.result == "gone":
        said["problem"] = filing.GONE().to_json()
    elif item.result == "retry":
        said["after_s"] = RETRY_AFTER_S
        said["problem"] = filing.NOT_STORED().to_json()
    return said


def why_aside(reason: str) -> dict[str, Any] | None:
    """A reason of quarantine, in words."""
    kind = filing.QUARANTINED.get(reason)
    return kind(reason=reason).to_json() if kind else None


def refused(item: Any, problem: Problem) -> dict[str, Any]:
    """Not stored: the phone keeps it and shows why."""
    ids = item if isinstance(item, dict) else {}
    revision_id, submission_id = ids.get("revision_id"), ids.get("submission_id")
    return {
        "id": revision_id if is_id(revision_id) else None,
        "submission_id": submission_id if is_id(submission_id) else None,
        "result": "too_large" if problem.kind is filing.TOO_LARGE else "malformed",
        "problem": problem.to_json(),
    }


def report(value: Any) -> bytes | None:
    """What a phone says of itself, if it is an object of a decent size."""
    if not isinstance(value, dict):
        return None
    content = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return content if len(content) <= MAX_REPORT_BYTES and b"\\u0000" not in content else None


def seen(value: dict[str, Any]) -> tuple[str, int] | None:
    """What the phone knows of the server: (epoch, greatest number)."""
    epoch, number = value.get("epoch_seen"), value.get("high_water_seen")
    return (epoch, number) if isinstance(epoch, str) and type(number) is int else None


def store_state(answered: Answered) -> dict[str, Any]:
    return {"epoch": answered.epoch, "high_water": answered.high_water, "backup_seq": answered.backup_seq}


def person(one: Person) -> dict[str, Any]:
    return {
        "person": {"id": one.id, "name": one.name, "language": one.language, "email": one.email, "phone": one.phone},
        "programmes": [
            {
                "id": membership.programme.id,
                "code": membership.programme.code,
                "name": membership.programme.name,
                "role": membership.role,
                "organisation": {"id": membership.organisation.id, "name": membership.organisation.name}
                if membership.organisation
                else None,
                "territories": membership.territories or [],
            }
            for membership in sorted(one.memberships, key=lambda one: one.programme.code)
        ],
    }


def pin_is_asked(one: Person) -> bool:
    """Unless every programme she works in leaves it to the phone's own screen lock."""
    return any(membership.programme.phone_pin for membership in one.memberships) or not one.memberships


def upload(progress: Progress, status: int) -> Response:
    response = Response(status=status)
    response.headers["Upload-Offset"] = str(progress.offset)
    response.headers["Upload-Length"] = str(progress.size)
    response.headers["Upload-Complete"] = "?1" if progress.is_complete else "?0"
    return response


def kept(text: str) -> Response:
    """Something immutable, sent as it is stored; the phone keeps it itself. Every phone of a programme asks for the same few."""
    content = text.encode()
    response = Response(content, content_type="application/json")
    return packing.answered(response, lambda encoding: packing.packed_before(content, encoding, packing.SOMETIMES))


@contextmanager
def reading() -> Iterator[Statements]:
    """A driver's cursor for statements that only read, on the session's connection."""
    connection = db.session.connection()
    do = Statements(connection.connection, db.engine.dialect.name)
    try:
        yield do
    finally:
        do.cursor.close()
        db.session.commit()
