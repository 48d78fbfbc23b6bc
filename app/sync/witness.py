"""What a phone says of itself at each contact, held against what it said before: no phone forgets silently (I-5).

Everything happens in the delivery's transaction, before its items are filed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.accounts.incidents import TOLD
from app.core.driver import Statements
from app.core.ids import is_id, new_id

MOST_INCIDENTS = 20  # kept in the report of one phone
MOST_IDS = 60


def hear(do: Statements, device_id: str, report: dict[str, Any], going: set[str], *, now: datetime) -> None:
    """Keep the report, and open an incident where something is missing.

    going    revisions of the same request: the report does not count them
    """
    rows = do.rows("SELECT report, lost_at FROM devices WHERE id = ?", (device_id,))
    if not rows:
        return
    before = _object(rows[0][0])
    at = do.moment_text(do.moment(now))
    _what_it_told(do, device_id, report, now)
    _what_it_forgot(do, device_id, before, report, going, now)
    if rows[0][1] is not None:
        _open(do, device_id, "lost_came_back", do.moment_text(rows[0][1]), {"unsent": _count(report) + len(going)}, now)
    # A phone tells of lost data once: the next report must not wipe it out.
    told = [one for one in before.get("incidents", []) if isinstance(one, dict)]
    said = report.get("incidents")
    told += [one for one in said if isinstance(one, dict) and one not in told] if isinstance(said, list) else []
    if told:
        report = report | {"incidents": told[-MOST_INCIDENTS:]}
    do.execute(
        "UPDATE devices SET report = ?, last_seen_at = ? WHERE id = ?",
        (orjson.dumps(report | {"at": at}).decode(), do.moment(now), device_id),
    )


def _object(value: Any) -> dict[str, Any]:
    found = orjson.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}


def _count(report: dict[str, Any]) -> int:
    unsent = report.get("unsent")
    return unsent if type(unsent) is int and unsent > 0 else 0


def _ids(value: Any) -> list[str]:
    return [one for one in value[:MOST_IDS] if is_id(one)] if isinstance(value, list) else []


def _what_it_told(do: Statements, device_id: str, report: dict[str, Any], now: datetime) -> None:
    """Losses that the phone noticed itself."""
    said = report.get("incidents")
    for one in said[:MOST_INCIDENTS] if isinstance(said, list) else []:
        if not isinstance(one, dict) or one.get("kind") not in TOLD:
            continue
        details = one.get("details")
        details = details if isinstance(details, dict) else {}
        drafts = details.get("drafts")
        kept = {"unsent": _count(details), "ids": _ids(details.get("ids")), "drafts": drafts if type(drafts) is int else 0}
        _open(do, device_id, one["kind"], str(one.get("at"))[:64], kept, now)


def _what_it_forgot(
    do: Statements, device_id: str, before: dict[str, Any], report: dict[str, Any], going: set[str], now: datetime
) -> None:
    """Work it said it held, which it neither holds, nor sends, nor ever delivered, by whatever way."""
    since = str(before.get("at") or "")
    if "unsent_ids" in before:
        named = _ids(report.get("unsent_ids"))
        here = going | set(named)
        # It names its oldest only: of a later one that it held nothing is known while it holds more than it names.
        until = max(named) if len(named) < _count(report) and named else None
        gone = [one for one in _ids(before["unsent_ids"]) if one not in here and (until is None or one < until)]
        arrived = {row[0] for row in do.among("SELECT id FROM revisions WHERE id IN (:ids)", gone)}
        arrived |= {row[0] for row in do.among("SELECT revision_id FROM quarantined WHERE revision_id IN (:ids)", gone)}
        missing = [one for one in gone if one not in arrived]
        if missing:
            _open(do, device_id, "unsent_missing", since[:64], {"unsent": len(missing), "ids": missing, "since": since}, now)
        return
    # A client that gives no ids: counted. What other people of the same phone delivered since is no loss.
    lacking = _count(before) - _count(report) - len(going)
    if lacking <= 0 or not before.get("at"):
        return
    when = datetime.fromisoformat(since)
    seen = do.rows("SELECT id, report FROM devices WHERE last_seen_at >= ?", (do.moment(when),))
    install = before.get("install")
    mates = {device_id, *(row[0] for row in seen if install and _object(row[1]).get("install") == install)}
    for mate in sorted(mates):
        lacking -= int(
            do.rows("SELECT count(*) FROM revisions WHERE device_id = ? AND received_at >= ?", (mate, do.moment(when)))[0][0]
        )
    if lacking > 0:
        _open(do, device_id, "unsent_missing", since[:64], {"unsent": lacking, "ids": [], "since": since}, now)


def _open(do: Statements, device_id: str, kind: str, key: str, details: dict[str, Any], now: datetime) -> None:
    do.insert(
        "incidents",
        "id, device_id, kind, key, at, details, note",
        [(new_id(), device_id, kind, key, do.moment(now), orjson.dumps(details).decode(), "")],
        " ON CONFLICT (device_id, kind, key) DO NOTHING",
    )
