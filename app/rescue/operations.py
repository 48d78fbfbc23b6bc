"""Rescue files: what a phone could not send itself, brought by hand (docs/encryption.md, "Rescue file").

    DAFTAR-RESCUE-1⏎
    {"kind": …, "bytes": n}⏎        a record: a line of JSON, then n bytes of its own
    …
    {"kind": "end", "records": n}⏎

Everything in it is as the phone keeps it, sealed. It is delivered like a push, so that bringing it twice changes nothing.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, current_app

from app.core import audit
from app.core.db import begin_writing, db, iso
from app.core.ids import is_id
from app.core.problems import BAD_REQUEST, NOT_FOUND, Problem
from app.keys.sealing import SEALED
from app.rescue import problems
from app.submissions import attachments, intake
from app.submissions.attachments import MAX_CHUNK_BYTES
from app.submissions.envelope import is_sha256, read
from app.submissions.intake import Sender, Sent
from app.sync import delivery, opening, wire

MAGIC = b"DAFTAR-RESCUE-1\n"
MOST_AT_ONCE = 20
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
    sha256: str = ""  # of the file: its copy here

    @property
    def items(self) -> int:
        return sum(self.results.values())


def records(content: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The records of a file, as far as it goes. Raises NOT_ONE."""
    if not content.startswith(MAGIC):
        raise problems.NOT_ONE()
    at = len(MAGIC)
    while at < len(content):
        end = content.find(b"\n", at)
        if end < 0:
            return
        try:
            record = orjson.loads(content[at:end])
        except orjson.JSONDecodeError:
            return
        if not isinstance(record, dict):
            return
        size = record.get("bytes", 0)
        if type(size) is not int or size < 0 or end + 1 + size > len(content):
            return
        yield record, content[end + 1 : end + 1 + size]
        at = end + 1 + size


def bring(app: Flask, content: bytes, *, actor_id: str | None, now: datetime) -> Brought:
    """Deliver everything in a rescue file; what cannot be placed stays in a copy of the file. Commits."""
    made = Brought(is_cut=True)
    next(records(content), None)
    made.sha256 = kept_copy(content)
    items: list[dict[str, Any]] = []
    files: list[tuple[dict[str, Any], bytes]] = []
    offered: dict[str, Any] = {}
    for record, body in records(content):
        if record.get("kind") == "item":
            items.append(record)
        elif record.get("kind") == "file":
            files.append((record, body))
        elif record.get("kind") == "key" and isinstance(record.get("id"), str):
            offered[record["id"]] = record
        elif record.get("kind") == "end":
            made.is_cut = False
    for at in range(0, len(items), MOST_AT_ONCE):
        _deliver(app, items[at : at + MOST_AT_ONCE], offered, made)
    for record, body in files:
        _place(record, body, made, now=now)
    db.session.rollback()  # what was just filed stands in another transaction
    made.receipts = _receipts(items)
    begin_writing()
    told = {"results": made.results, "files": made.files, "damaged": made.damaged, "cut": made.is_cut}
    audit.record("rescue.brought", at=now, actor_id=actor_id, object_id=made.sha256, details=told)
    db.session.commit()
    return made


def _deliver(app: Flask, items: list[dict[str, Any]], offered: dict[str, Any], made: Brought) -> None:
    sent: list[Sent] = []
    for item in items:
        try:
            sent.append(_read(app, item, offered))
        except Problem:
            made.damaged += 1
    delivery.of(app).deliver(sent, "")
    for one in sent:
        made.results[one.result] = made.results.get(one.result, 0) + 1


def _read(app: Flask, item: dict[str, Any], offered: dict[str, Any]) -> Sent:
    text, ids = item.get("envelope"), (item.get("submission_id"), item.get("revision_id"))
    if not isinstance(text, str) or not is_id(ids[0]) or not is_id(ids[1]):
        raise BAD_REQUEST()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if item.get("sha256") != sha256:
        raise BAD_REQUEST()
    named = (str(ids[0]), str(ids[1]))
    if item.get("encryption") == SEALED:
        return opening.sealed_item(delivery.of(app), named, sha256, text, BY_HAND, offered)
    envelope = read(text.encode())
    if (envelope.submission_id, envelope.revision_id) != named:
        raise BAD_REQUEST()
    return Sent(*named, sha256, "none", gzip.compress(text.encode(), 1, mtime=0), envelope, BY_HAND, aside="author_unproven")


def _place(record: dict[str, Any], body: bytes, made: Brought, *, now: datetime) -> None:
    sha256, submission_id = str(record.get("sha256")), str(record.get("submission_id"))
    if hashlib.sha256(body).hexdigest() != sha256:
        made.damaged += 1
        return
    try:
        done = attachments.progress("", submission_id, sha256, now=now)
        while not done.is_complete:
            piece = body[done.offset : done.offset + MAX_CHUNK_BYTES]
            digest = hashlib.sha256(piece).hexdigest()
            done = attachments.append("", submission_id, sha256, offset=done.offset, chunk=piece, chunk_sha256=digest, now=now)
        made.files += 1
    except Problem:
        made.files_waiting += 1


def kept_copy(content: bytes) -> str:
    """The file as it came, under its hash: what could not be placed is still in it."""
    sha256 = hashlib.sha256(content).hexdigest()
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{sha256}.daftar"
    if not file.exists():
        half = file.with_suffix(".part")
        half.write_bytes(content)
        half.replace(file)
    return sha256


def _receipts(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = [one for one in items if is_id(one.get("revision_id")) and is_sha256(one.get("sha256"))]
    with wire.reading() as do:
        return list(intake.receipts(do, {one["revision_id"]: one["sha256"] for one in known}).values())


def receipts_of(sha256: str) -> list[dict[str, Any]]:
    """What the server has of a file that was brought before. Raises NOT_FOUND."""
    file = _folder() / f"{sha256}.daftar"
    if not is_sha256(sha256) or not file.exists():
        raise NOT_FOUND()
    return _receipts([record for record, _ in records(file.read_bytes()) if record.get("kind") == "item"])


def _folder() -> Path:
    return Path(current_app.config["INSTANCE"]) / "rescue"


def receipts_file(receipts: list[dict[str, Any]], *, now: datetime) -> bytes:
    """A file for the phone that the forms came from: what the server has of them."""
    with wire.reading() as do:
        epoch = delivery.state(do).epoch
    lines = [{"kind": "head", "made_at": iso(now)}, *({"kind": "receipt", "receipt": one | {"epoch": epoch}} for one in receipts)]
    lines.append({"kind": "end", "records": len(lines)})
    return MAGIC + b"".join(orjson.dumps(line) + b"\n" for line in lines)
