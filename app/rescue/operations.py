"""Rescue files: what a phone could not send itself, brought by hand (docs/encryption.md, "Rescue file").

    DAFTAR-RESCUE-1⏎
    {"kind": …, "bytes": n}⏎        a record: a line of JSON, then n bytes of its own
    …
    {"kind": "end", "records": n}⏎

Everything in it is as the phone keeps it, sealed. It is delivered like a push, so that bringing it twice changes nothing.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from flask import Flask, current_app

from app.accounts.models import Device
from app.core import audit
from app.core.db import begin_writing, db, iso
from app.core.ids import is_id
from app.core.problems import BAD_REQUEST, NOT_FOUND, Problem
from app.keys.sealing import SEALED
from app.rescue import problems
from app.submissions import attachments, intake
from app.submissions.attachments import MAX_CHUNK_BYTES
from app.submissions.envelope import Envelope, is_sha256, read
from app.submissions.intake import Sender, Sent
from app.sync import delivery, opening, wire

MAGIC = b"DAFTAR-RESCUE-1\n"
MOST_AT_ONCE = 20
LONGEST_LINE = 4 * 1024 * 1024  # an envelope has at most 1 MB, and is written in letters when it is sealed
PIECE = 1024 * 1024
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


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes that follow a record, where they lie in the file: a phone's photos together are larger than memory."""

    file: BinaryIO
    at: int
    size: int

    def read(self, offset: int, most: int) -> bytes:
        self.file.seek(self.at + offset)
        return self.file.read(min(most, self.size - offset))

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for offset in range(0, self.size, PIECE):
            digest.update(self.read(offset, PIECE))
        return digest.hexdigest()


def records(file: BinaryIO) -> Iterator[tuple[dict[str, Any], Body]]:
    """The records of a file, as far as it goes. Raises NOT_ONE."""
    size_of_all = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise problems.NOT_ONE()
    at = len(MAGIC)
    while at < size_of_all:
        file.seek(at)
        line = file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            return
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            return
        if not isinstance(record, dict):
            return
        body, size = at + len(line), record.get("bytes", 0)
        if type(size) is not int or size < 0 or body + size > size_of_all:
            return
        yield record, Body(file, body, size)
        at = body + size


def bring(app: Flask, content: BinaryIO, *, actor_id: str | None, now: datetime) -> Brought:
    """Deliver everything in a rescue file; what cannot be placed stays in a copy of the file. Commits."""
    made = Brought(is_cut=True)
    next(records(content), None)
    made.sha256 = kept_copy(content)
    with _copy_of(made.sha256).open("rb") as file:
        # A key may stand behind what it opens, and a photo before its form.
        offered = {record["id"]: record for record, _ in _of_kind(file, "key") if isinstance(record.get("id"), str)}
        items = (record for record, _ in _of_kind(file, "item"))
        while some := list(itertools.islice(items, MOST_AT_ONCE)):
            _deliver(app, some, offered, made)
        for record, body in _of_kind(file, "file"):
            _place(record, body, made, now=now)
        made.is_cut = not any(_of_kind(file, "end"))
        db.session.rollback()  # what was just filed stands in another transaction
        made.receipts = _receipts(file)
    begin_writing()
    told = {"results": made.results, "files": made.files, "damaged": made.damaged, "cut": made.is_cut}
    audit.record("rescue.brought", at=now, actor_id=actor_id, object_id=made.sha256, details=told)
    db.session.commit()
    return made


def _of_kind(file: BinaryIO, kind: str) -> Iterator[tuple[dict[str, Any], Body]]:
    return ((record, body) for record, body in records(file) if record.get("kind") == kind)


def _deliver(app: Flask, items: list[dict[str, Any]], offered: dict[str, Any], made: Brought) -> None:
    sent: list[Sent] = []
    for item in items:
        try:
            sent.append(_read(app, item, offered))
        except Problem:
            made.damaged += 1
    db.session.rollback()  # what is filed now is to be seen
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
        sent = opening.sealed_item(delivery.of(app), named, sha256, text, BY_HAND, offered)
    else:
        envelope = read(text.encode())
        if (envelope.submission_id, envelope.revision_id) != named:
            raise BAD_REQUEST()
        body = gzip.compress(text.encode(), 1, mtime=0)
        sent = Sent(*named, sha256, "none", body, envelope, BY_HAND, aside="author_unproven")
    if sent.sender is BY_HAND and sent.envelope is not None:
        sent.sender = _phone_it_names(sent.envelope, sent.body)
    return sent


def _phone_it_names(envelope: Envelope, body: bytes) -> Sender:
    """Proves nothing, and says whose coordinator is to look at it and which phone hears what she decides."""
    device_id = orjson.loads(gzip.decompress(body)).get("device_id")
    phone = db.session.get(Device, device_id) if is_id(device_id) else None
    return replace(BY_HAND, device_id=phone.id) if phone is not None and phone.person_id == envelope.author_id else BY_HAND


def _place(record: dict[str, Any], body: Body, made: Brought, *, now: datetime) -> None:
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


def kept_copy(content: BinaryIO) -> str:
    """The file as it came, under its hash: what could not be placed is still in it."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    content.seek(0)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part") as half:
        shutil.copyfileobj(content, half, PIECE)
        half.flush()
        os.fsync(half.fileno())
        half.seek(0)
        sha256 = hashlib.file_digest(half, "sha256").hexdigest()
        with contextlib.suppress(FileExistsError):
            os.link(half.name, _copy_of(sha256))
    return sha256


def _receipts(file: BinaryIO) -> list[dict[str, Any]]:
    named = ((record.get("revision_id"), record.get("sha256")) for record, _ in _of_kind(file, "item"))
    known = {str(revision_id): str(sha256) for revision_id, sha256 in named if is_id(revision_id) and is_sha256(sha256)}
    with wire.reading() as do:
        return list(intake.receipts(do, known).values())


def receipts_of(sha256: str) -> list[dict[str, Any]]:
    """What the server has of a file that was brought before. Raises NOT_FOUND."""
    if not is_sha256(sha256) or not _copy_of(sha256).exists():
        raise NOT_FOUND()
    with _copy_of(sha256).open("rb") as file:
        return _receipts(file)


def _copy_of(sha256: str) -> Path:
    return _folder() / f"{sha256}.daftar"


def _folder() -> Path:
    return Path(current_app.config["INSTANCE"]) / "rescue"


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
