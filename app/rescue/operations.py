"""Rescue files: what a phone could not send itself, brought by hand (docs/encryption.md, "Rescue file").

It is delivered like a push, so that bringing it twice changes nothing. What has no place here yet stays in a copy (copies.py) and
is delivered again now and then.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import logging
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, BinaryIO

import orjson
from flask import Flask

from app.accounts.models import Device
from app.core import audit
from app.core.db import begin_writing, db, iso
from app.core.ids import is_id
from app.core.problems import BAD_REQUEST, NOT_FOUND, Problem
from app.keys.sealing import SEALED
from app.rescue import copies
from app.rescue.copies import Left
from app.rescue.files import MAGIC, Body, Record, is_whole, of_kind, records
from app.submissions import attachments, intake
from app.submissions.attachments import MAX_CHUNK_BYTES
from app.submissions.envelope import Envelope, is_sha256, read
from app.submissions.intake import Sender, Sent
from app.sync import delivery, opening, wire

log = logging.getLogger(__name__)

MOST_AT_ONCE = 20
AGAIN_EVERY_S = 600
# Whoever brings the file proves nothing about who wrote what is not sealed.
BY_HAND = Sender("", "", None, {})


@dataclass
class Brought:
    """What became of a rescue file."""

    results: dict[str, int] = field(default_factory=dict)  # {"accepted": 3, "duplicate": 1, "quarantined": 0, …}
    files: int = 0  # complete now
    files_waiting: int = 0  # their form waits for a person
    damaged: int = 0
    is_cut: bool = False  # the file does not reach its end
    receipts: list[dict[str, Any]] = field(default_factory=list)
    sha256: str = ""  # of the file
    left: Left | None = None  # what of it has no place here yet: it stays in a copy

    @property
    def items(self) -> int:
        return sum(self.results.values())


def bring(app: Flask, content: BinaryIO, *, actor_id: str | None, now: datetime) -> Brought:
    """Deliver everything in a rescue file; what has no place here yet stays in a copy of it. Commits. Raises NOT_ONE."""
    made = Brought()
    next(records(content), None)
    with copies.kept(content) as (made.sha256, file):
        _take(app, file, made, now=now)
        forms = _forms(file)
        made.receipts = _receipts(forms)
    copies.note_forms(made.sha256, forms)
    copies.shrink(made.sha256)
    made.left = copies.left_in(made.sha256)
    begin_writing()
    told = {
        "results": made.results,
        "files": made.files,
        "damaged": made.damaged,
        "cut": made.is_cut,
        "kept": made.left is not None,
    }
    audit.record("rescue.brought", at=now, actor_id=actor_id, object_id=made.sha256, details=told)
    db.session.commit()
    return made


def settle(app: Flask, *, now: datetime) -> None:
    """Deliver once more what the copies keep: photos whose form was accepted meanwhile. Commits."""
    for sha256 in copies.all_kept():
        try:
            with copies.opened_copy(sha256) as file:
                copies.note_forms(sha256, _forms(file) | _noted(sha256))
                _take(app, file, Brought(), now=now)
        except (Problem, OSError, delivery.NotStored) as error:
            db.session.rollback()
            log.warning("A copy of a rescue file was not looked at: %s", type(error).__name__)
    copies.shrink_all(now=now)
    db.session.rollback()


_next_settling = 0.0


def settle_now_and_then(app: Flask, *, now: datetime) -> None:
    """For the process beside the server: looks every few minutes, if there is a copy at all."""
    global _next_settling
    if time.monotonic() >= _next_settling:
        _next_settling = time.monotonic() + AGAIN_EVERY_S
        settle(app, now=now)


def drop(actor_id: str | None, sha256: str, *, now: datetime) -> None:
    """A person says that what is left of a copy is needed no more. Commits. Raises NOT_FOUND."""
    left = copies.left_in(sha256)
    if left is None:
        raise NOT_FOUND()
    begin_writing()
    told = {"forms": left.forms, "files": left.files, "cut": left.cut}
    audit.record("rescue.dropped", at=now, actor_id=actor_id, object_id=sha256, details=told)
    db.session.commit()
    copies.remove(sha256)


def _noted(sha256: str) -> dict[str, str]:
    try:
        return copies.forms_of(sha256)
    except Problem:
        return {}


def _take(app: Flask, file: BinaryIO, made: Brought, *, now: datetime) -> None:
    # A key may stand behind what it opens, and a photo before its form.
    offered = {record["id"]: record for record, _ in of_kind(file, "key") if isinstance(record.get("id"), str)}
    items = (record for record, _ in of_kind(file, "item"))
    while some := list(itertools.islice(items, MOST_AT_ONCE)):
        _deliver(app, some, offered, made)
    for record, body in of_kind(file, "file"):
        _place(record, body, made, now=now)
    made.is_cut = not is_whole(file)
    db.session.rollback()  # what was just filed stands in another transaction


def _deliver(app: Flask, items: list[Record], offered: dict[str, Any], made: Brought) -> None:
    sent: list[Sent] = []
    for item in items:
        try:
            sent.append(_read(app, item, offered, made))
        except Problem:
            made.damaged += 1
    db.session.rollback()  # what is filed now is to be seen
    delivery.of(app).deliver(sent, "")
    for one in sent:
        made.results[one.result] = made.results.get(one.result, 0) + 1


def _read(app: Flask, item: Record, offered: dict[str, Any], made: Brought) -> Sent:
    text, ids = item.get("envelope"), (item.get("submission_id"), item.get("revision_id"))
    if not isinstance(text, str) or not is_id(ids[0]) or not is_id(ids[1]):
        raise BAD_REQUEST()
    # By what it is: other bytes than the phone announced are kept for a person, and the phone does not take them for its own.
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    named = (str(ids[0]), str(ids[1]))
    if item.get("encryption") == SEALED:
        sent = opening.sealed_item(delivery.of(app), named, sha256, text, BY_HAND, offered)
    else:
        envelope = read(text.encode())
        if (envelope.submission_id, envelope.revision_id) != named:
            raise BAD_REQUEST()
        body = gzip.compress(text.encode(), 1, mtime=0)
        sent = Sent(*named, sha256, "none", body, envelope, BY_HAND, aside="author_unproven")
    made.damaged += item.get("sha256") != sha256
    if sent.sender is BY_HAND and sent.envelope is not None:
        sent.sender = _phone_it_names(sent.envelope, sent.body)
    return sent


def _phone_it_names(envelope: Envelope, body: bytes) -> Sender:
    """Proves nothing, and says whose coordinator is to look at it and which phone hears what she decides."""
    device_id = orjson.loads(gzip.decompress(body)).get("device_id")
    phone = db.session.get(Device, device_id) if is_id(device_id) else None
    return replace(BY_HAND, device_id=phone.id) if phone is not None and phone.person_id == envelope.author_id else BY_HAND


def _place(record: Record, body: Body, made: Brought, *, now: datetime) -> None:
    sha256, submission_id = str(record.get("sha256")), str(record.get("submission_id"))
    if body.sha256() != sha256:
        made.damaged += 1
        return
    try:
        done = attachments.progress(None, submission_id, sha256, now=now)
        while not done.is_complete:
            piece = body.read(done.offset, MAX_CHUNK_BYTES)
            digest = hashlib.sha256(piece).hexdigest()
            done = attachments.append(None, submission_id, sha256, offset=done.offset, chunk=piece, chunk_sha256=digest, now=now)
        made.files += 1
    except Problem:
        made.files_waiting += 1


def _forms(file: BinaryIO) -> dict[str, str]:
    """{revision: hash} of a file's forms, as the phone names them."""
    named = ((record.get("revision_id"), record.get("sha256")) for record, _ in of_kind(file, "item"))
    return {str(revision_id): str(sha256) for revision_id, sha256 in named if is_id(revision_id) and is_sha256(sha256)}


def _receipts(forms: dict[str, str]) -> list[dict[str, Any]]:
    with wire.reading() as do:
        return list(intake.receipts(do, forms).values())


def receipts_of(sha256: str) -> list[dict[str, Any]]:
    """What the server has of a file that was brought before. Raises NOT_FOUND."""
    return _receipts(copies.forms_of(sha256))


def receipts_file(receipts: list[dict[str, Any]], *, now: datetime) -> bytes:
    """A file for the phone that the forms came from: what the server has of them, and what of that waits for a person."""
    with wire.reading() as do:
        epoch = delivery.state(do).epoch
        aside = intake.reasons(do, {one["revision_id"]: one["sha256"] for one in receipts})
    lines: list[dict[str, Any]] = [{"kind": "head", "made_at": iso(now)}]
    for one in receipts:
        reason = aside.get(one["revision_id"])
        said = {"problem": wire.why_aside(reason)} if reason else {}
        lines.append({"kind": "receipt", "receipt": one | {"epoch": epoch}, **said})
    lines.append({"kind": "end", "records": len(lines)})
    return MAGIC + b"".join(orjson.dumps(line) + b"\n" for line in lines)
