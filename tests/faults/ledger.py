"""What was promised to people, written down outside every phone, and the checkers that hold the server to it.

The server is read through its tables and its files, never through its own answers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from tests.faults.station import Station, sha256


@dataclass
class Verdict:
    """Counts; all of them must be 0 at rest."""

    lost: int = 0  # "saved" was shown, and neither a phone nor the server has it
    acked_lost: int = 0  # "received" was shown, and the server has it not
    undelivered: int = 0  # a phone still holds it
    duplicated: int = 0  # stored, filed or counted more than once
    differing: int = 0  # other bytes than the phone finished
    photos_missing: int = 0  # of what was received
    photos_differing: int = 0
    broken_chain: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{one.name} {getattr(self, one.name)}" for one in fields(self))


@dataclass
class Ledger:
    saved: dict[str, str] = field(default_factory=dict)  # revision -> SHA-256 of its envelope; "" when not known
    received: dict[str, str] = field(default_factory=dict)
    photos: dict[str, set[str]] = field(default_factory=dict)  # submission -> SHA-256 of its files
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_saved(self, revision_id: str, sha: str = "", submission_id: str = "", photos: Iterable[str] = ()) -> None:
        with self._lock:
            self.saved[revision_id] = sha
            if submission_id:
                self.photos.setdefault(submission_id, set()).update(photos)

    def note_received(self, revision_id: str, sha: str = "") -> None:
        with self._lock:
            self.received[revision_id] = sha

    def check(self, station: Station, held: Iterable[str] = ()) -> Verdict:
        """`held`: revisions that phones still hold and have not delivered."""
        verdict = Verdict()
        stored: dict[str, set[str]] = {}
        where: Counter[tuple[str, str]] = Counter()
        rows = station.rows("SELECT id AS revision_id, sha256, key_id IS NOT NULL AS sealed, body FROM revisions")
        rows += station.rows("SELECT revision_id, sha256, encryption <> 'none' AS sealed, body FROM quarantined")
        for row in rows:
            stored.setdefault(row["revision_id"], set()).add(row["sha256"])
            where[row["revision_id"], row["sha256"]] += 1
            # The hash of what arrived sealed is that of the sealed bytes; they could not have been opened if they had changed.
            if not row["sealed"] and _hash_of(row["body"]) != row["sha256"]:
                verdict.differing += 1
        waiting = set(held)
        with self._lock:
            for revision, sha in self.saved.items():
                if revision not in stored:
                    verdict.lost += revision not in waiting
                elif sha and sha not in stored[revision]:
                    verdict.differing += 1
            verdict.acked_lost = sum(revision not in stored for revision in self.received)
            verdict.undelivered = len(waiting)
            photos = {submission: set(files) for submission, files in self.photos.items()}
        verdict.duplicated = sum(count - 1 for count in where.values())
        for statement in (
            "SELECT count(*) - count(DISTINCT object_id) FROM audit WHERE action = 'submission.received'",
            "SELECT count(*) - count(DISTINCT submission_id) FROM review_events WHERE action = 'received'",
            "SELECT count(*) - count(DISTINCT id) FROM submissions",
        ):
            verdict.duplicated += int(station.value(statement))
        rows = station.rows("SELECT submission_id, sha256, opened_sha256 FROM attachments WHERE complete_at IS NOT NULL")
        complete = {(row["submission_id"], row["sha256"]) for row in rows}
        for submission, files in photos.items():
            verdict.photos_missing += sum((submission, one) not in complete for one in files)
        for one in {row["opened_sha256"] or row["sha256"] for row in rows}:  # what was sealed is kept as it was opened
            file = station.attachments / one[:2] / one
            verdict.photos_differing += not file.exists() or sha256(file.read_bytes()) != one
        verdict.broken_chain = _broken(station)
        return verdict


def _hash_of(body: object) -> str:
    from tests.faults.station import text_of

    return sha256(text_of(body))


def _broken(station: Station) -> int:
    """Entries of the audit that do not follow from the one before."""
    from app import create_app
    from app.core import audit
    from app.core.db import db

    app = create_app({"INSTANCE": station.instance, "SQLALCHEMY_DATABASE_URI": station.store, "SECRET_KEY": "tests"})
    with app.app_context():
        try:
            return 0 if audit.first_broken_entry() is None else 1
        finally:
            db.session.remove()
            db.engine.dispose()
