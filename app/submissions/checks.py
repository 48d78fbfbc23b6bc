"""Computing received submissions again: what the phone calculated must agree, else the submission is flagged, never refused.

Runs beside the server in a process of its own, with low priority: a form that is slow to compute never delays a delivery.
One process an installation works, whoever holds the lease.
"""

from __future__ import annotations

import gzip
import logging
import os
import re
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Flask

from app.core.db import begin_writing, db
from app.core.models import Sequence, Setting
from app.core.problems import Problem
from app.engine import host
from app.instruments.models import Dataset, Instrument, InstrumentVersion
from app.registry.models import Entity
from app.submissions.models import Revision, Submission

log = logging.getLogger(__name__)

LEASE_S = 60
PAUSE_S = 3
BUSY = 100  # deliveries between two looks
FEW = 5
MOST_KEPT = 100  # differences and problems of one submission
# Any record id in the answers.
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def check_waiting(limit: int = 50) -> int:
    """Compute the oldest waiting revisions again and keep what came out; how many were done. Commits, once."""
    waiting = db.session.scalars(
        sa.select(Revision.id).where(Revision.check_state == "waiting").order_by(Revision.seq).limit(limit)
    ).all()
    found = []
    for revision_id in waiting:
        if revision := db.session.get(Revision, revision_id):
            erased_at = revision.erased_at
            found.append((revision_id, erased_at, *_check(revision)))
    if found:
        # Together and only now: whoever delivers waits for the write lock no longer than this takes.
        begin_writing()
        for revision_id, erased_at, state, result in found:
            # What was erased meanwhile is computed again: this may still say it.
            same = Revision.erased_at.is_not_distinct_from(erased_at)
            db.session.execute(
                sa.update(Revision)
                .where(Revision.id == revision_id, Revision.check_state == "waiting", same)
                .values(check_state=state, check_result=result)
            )
        db.session.commit()
        codes = Counter(result["code"] for _, _, state, result in found if state == "failed")
        if codes:
            log.warning("Not computed again: %s of %s (%s)", codes.total(), len(found), ", ".join(sorted(codes)))
    db.session.rollback()
    return len(found)


def _check(revision: Revision) -> tuple[str, dict[str, Any]]:
    """State and result of one revision."""
    if revision.encryption != "none":
        return "failed", {"code": "encryption"}
    submission = db.session.get(Submission, revision.submission_id)
    if submission is None:
        return "failed", {"code": "submission"}
    package = db.session.scalar(
        sa.select(InstrumentVersion.package)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(Instrument.programme_id == submission.programme_id, InstrumentVersion.sha256 == revision.form_sha256)
    )
    if package is None:
        return "failed", {"code": "form_unknown"}
    content = gzip.decompress(revision.body)
    envelope = orjson.loads(content)
    moment = moment_of(envelope.get("t_client"), revision.received_at)
    offset = moment.utcoffset() or timedelta(0)
    datasets = dict(datasets_of(orjson.loads(package).get("datasets", {}), submission.programme_id, content))
    sha256 = revision.form_sha256
    db.session.rollback()  # the computation may take seconds; no transaction waits for it
    try:
        found = host.recompute(
            package,
            envelope["answers"],
            datasets,
            now=int(moment.timestamp() * 1000),
            offset_minutes=int(offset.total_seconds() // 60),
            language=envelope.get("language") if envelope.get("language") in ("ar", "fr") else None,
            package_sha256=sha256,
        )
    except Problem as problem:
        return "failed", {"code": problem.kind.code}
    differences = found.get("differences", [])
    result = {
        "differences": differences[:MOST_KEPT],
        "problems": found.get("problems", [])[:MOST_KEPT],
        "scores": found.get("scores"),
        "title": found.get("title", ""),
    }
    return ("differs" if differences else "ok"), result


def moment_of(text: Any, otherwise: datetime) -> datetime:
    """When the phone finished, by its own clock and zone: that is what it computed with."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
    return found if found.tzinfo is not None else otherwise


def datasets_of(declared: dict[str, Any], programme_id: str, content: bytes) -> Iterator[tuple[str, Any]]:
    """Lists as published; of an entity list only the records that the answers name: no other can be looked up by them."""
    named = sorted({one.decode() for one in _ID.findall(content)})
    for name, dataset in declared.items():
        if "sha256" in dataset:
            stored = db.session.scalar(
                sa.select(Dataset.content).where(Dataset.programme_id == programme_id, Dataset.sha256 == dataset.get("sha256"))
            )
            if stored is not None and dataset.get("kind") == "xml":
                yield name, orjson.loads(stored)["rows"][0][0]
            elif stored is not None:
                yield name, stored
        else:
            rows = db.session.execute(
                sa.select(Entity.id, Entity.label, Entity.data).where(
                    Entity.programme_id == programme_id, Entity.list == name, Entity.id.in_(named[:500])
                )
            )
            yield name, [{**row.data, "name": row.id, "label": row.label} for row in rows]


# The process beside the server


def hold_lease(me: str, *, now: float) -> bool:
    """Whether this process is the one that works; renews the lease when it is."""
    stored = db.session.scalar(sa.select(Setting.value).where(Setting.name == "checker"))
    holder, _, until = (stored or "").partition(" ")
    db.session.rollback()
    if stored is not None and holder != me and float(until) > now:
        return False
    begin_writing()
    mine = f"{me} {now + LEASE_S:.0f}"
    if stored is None:
        taken = db.session.execute(_insert_lease(mine))
    else:
        taken = db.session.execute(
            sa.update(Setting).where(Setting.name == "checker", Setting.value == stored).values(value=mine)
        )
    db.session.commit()
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def _insert_lease(value: str) -> Any:
    return sa.text("INSERT INTO settings (name, value) VALUES ('checker', :value) ON CONFLICT (name) DO NOTHING").bindparams(
        value=value
    )


def run(app: Flask, stop: threading.Event, also: Callable[[], None] | None = None) -> None:
    """Work until told to stop, or until the process that started us is gone. `also`: what else is to be done now and then."""
    me, parent, last = secrets.token_hex(8), os.getppid(), 0
    while not stop.is_set() and os.getppid() == parent:
        done, began, busy = 0, time.monotonic(), False
        try:
            with app.app_context():
                number = db.session.scalar(sa.select(Sequence.value).where(Sequence.name == "server")) or 0
                busy, last = number - last > BUSY, number
                if hold_lease(me, now=time.time()):
                    done = check_waiting(FEW if busy else 20)
                    if also is not None and not busy:
                        also()
        except Exception as error:
            log.warning("Checking pauses after %s", type(error).__name__)
        # On a market day phones come first: a few now and then, the rest afterwards. Otherwise half of the time at most.
        stop.wait(PAUSE_S if busy or not done else max(0.05, time.monotonic() - began))


def work(app: Flask, also: Callable[[], None] | None = None) -> None:
    """The whole life of the process."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    os.nice(10)
    run(app, stop, also)
