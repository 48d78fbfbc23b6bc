"""What a phone that still has an erased person's name says of her again is taken out before it is filed, in the same transaction.

The rule is that of `flask person again` (known.py), which looks every night at what could not be looked at here: what was sealed
then, put back from a copy, or filed while somebody was being erased.
"""

from __future__ import annotations

import gzip
from typing import Any

import orjson

from app.core.driver import Statements
from app.personal.erasing import take_out_of
from app.personal.known import Earlier, Known, came_back, ids_in, known, of_form
from app.submissions.envelope import read
from app.submissions.intake import Sent

# A decision is another once `flask person again` has looked.
_REMEMBERED: dict[tuple[str, int], Known] = {}
MOST_REMEMBERED = 1000


def take_out_erased(do: Statements, items: list[Sent]) -> None:
    """`body` and `envelope` of the items without what is surely hers; `erased` says how much went."""
    readable = [(item, item.envelope) for item in items if item.envelope is not None]
    decisions = _decisions(do, {envelope.programme_id for _item, envelope in readable})
    readable = [(item, envelope) for item, envelope in readable if decisions.get(envelope.programme_id)]
    earlier = _earlier(do, {item.submission_id for item, _envelope in readable})
    for item, envelope in readable:
        content = gzip.decompress(item.body)
        named = ids_in(content)
        value: dict[str, Any] | None = None
        for one in decisions[envelope.programme_id]:
            before = of_form(one, item.submission_id, earlier.get(item.submission_id, []))
            if before is None and one.records.isdisjoint(named):
                continue
            value = value or orjson.loads(content)
            again = came_back(one, value, envelope.form_sha256, lambda before=before: before)  # type: ignore[misc]
            if again.hers:
                gone = take_out_of(value, envelope.form_sha256, again.hers, one.who)
                item.erased += gone.places + len(gone.files)
        if value is not None and item.erased:
            content = orjson.dumps(value)
            item.body, item.envelope = gzip.compress(content, 1, mtime=0), read(content)


def _decisions(do: Statements, programmes: set[str]) -> dict[str, list[Known]]:
    rows = do.among("SELECT id, seq, programme_id FROM erasures WHERE programme_id IN (:ids)", programmes)
    if len(_REMEMBERED) > MOST_REMEMBERED:
        _REMEMBERED.clear()
    missing = [row[0] for row in rows if (row[0], row[1]) not in _REMEMBERED]
    for decision_id, seq, places, prints in do.among("SELECT id, seq, places, prints FROM erasures WHERE id IN (:ids)", missing):
        _REMEMBERED[decision_id, seq] = known(decision_id, _json(places), _json(prints))
    found: dict[str, list[Known]] = {}
    for decision_id, seq, programme_id in rows:
        found.setdefault(programme_id, []).append(_REMEMBERED[decision_id, seq])
    return found


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _earlier(do: Statements, submissions: set[str]) -> dict[str, list[Earlier]]:
    rows = do.among(
        "SELECT submission_id, form_sha256, body FROM revisions WHERE erased_at IS NOT NULL AND encryption = 'none' "
        "AND submission_id IN (:ids)",
        submissions,
    )
    found: dict[str, list[Earlier]] = {}
    for submission_id, form_sha256, body in rows:
        found.setdefault(submission_id, []).append(Earlier.read(form_sha256, body))
    return found
