"""Files of submissions: taken in pieces, checked, kept under their hash. Access is asked of the submission (AS-12)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from flask import Response, current_app, send_file

from app.accounts.models import Device
from app.core import audit
from app.core.db import begin_writing, db, next_seq
from app.core.disk import flush
from app.core.ids import is_id
from app.core.permissions import Actor, can
from app.core.problems import NOT_FOUND, Problem
from app.keys import operations as keys
from app.keys.sealing import Unreadable, key_id_of, open_file
from app.submissions import problems
from app.submissions.envelope import is_sha256
from app.submissions.models import ERASED, Attachment, Quarantined, Submission

log = logging.getLogger(__name__)

MAX_CHUNK_BYTES = 256 * 1024
# Shown inside our pages; everything else is only downloaded (AS-18). The first bytes must agree with the name.
SHOWN = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.S),
    "image/gif": re.compile(rb"GIF8[79]a"),
}


@dataclass(frozen=True)
class Progress:
    offset: int
    size: int
    is_complete: bool


def path_of(sha256: str) -> Path:
    return Path(current_app.config["ATTACHMENTS"]) / sha256[:2] / sha256


def _partial(submission_id: str, sha256: str) -> Path:
    return Path(current_app.config["ATTACHMENTS"]) / "partial" / f"{submission_id}.{sha256}"


def _slot(person_id: str | None, submission_id: str, sha256: str) -> Attachment:
    """The place that an envelope of this person's made for the file; None: of anybody's, for the office that holds the bytes.
    Unknown and not hers look the same."""
    found = None
    if is_id(submission_id) and is_sha256(sha256):
        mine = sa.select(Device.id).where(Device.person_id == person_id)
        # The hash of sealed bytes is known to nobody but a phone that holds them: anybody's may bring them.
        # What was given to another author is still brought by the phone that holds it.
        hers = sa.or_(Submission.author_id == person_id, Submission.device_id.in_(mine), Attachment.sealed.is_not(None))
        found = db.session.scalar(
            sa.select(Attachment)
            .join(Submission, Submission.id == Attachment.submission_id)
            .where(Attachment.submission_id == submission_id, Attachment.sha256 == sha256)
            .where(hers if person_id is not None else sa.true())
        )
        if found is None:
            # An item that was set aside and accepted: its phone knows it by the ids it gave.
            kept = (
                sa.select(Quarantined.became_submission_id)
                .where(Quarantined.submission_id == submission_id)
                .where(Quarantined.device_id.in_(mine) if person_id is not None else sa.true())
            )
            found = db.session.scalar(
                sa.select(Attachment).where(Attachment.submission_id.in_(kept), Attachment.sha256 == sha256).limit(1)
            )
    if found is None:
        raise NOT_FOUND()
    return found


def progress(person_id: str | None, submission_id: str, sha256: str, *, now: datetime) -> Progress:
    """How far the file is. One that is all here, because the server died or had no room before it could complete it, is
    completed now: the phone has no further piece to send. Commits then.
    """
    slot = _slot(person_id, submission_id, sha256)
    if slot.complete_at is not None or slot.lost_reason == ERASED:
        return Progress(slot.size, slot.size, True)
    partial = _partial(submission_id, sha256)
    stored = partial.stat().st_size if partial.exists() else 0
    slot_id, size, sealed = slot.id, slot.size, slot.sealed
    if stored < size or not stored:
        return Progress(stored, size, False)
    db.session.rollback()
    with _storage_problems(), _locked(partial) as file:
        if _is_complete(slot_id):
            partial.unlink(missing_ok=True)
            return Progress(size, size, True)
        if (stored := file.seek(0, os.SEEK_END)) < size:  # somebody else found it damaged and it began again
            return Progress(stored, size, False)
        try:
            _finish(slot_id, file, partial, sha256, sealed, now=now)
        except Problem:
            return Progress(0, size, False)
    return Progress(size, size, True)


def append(
    person_id: str | None, submission_id: str, sha256: str, *, offset: int, chunk: bytes, chunk_sha256: str, now: datetime
) -> Progress:
    """Write the next piece; after the last one the file is checked, made durable, and only then called complete.

    Raises OFFSET_WRONG(offset) and writes nothing when the piece does not continue the file, CHUNK_DAMAGED when it is not
    what the phone sent, FILE_DAMAGED when the whole is not what the envelope announced. Commits.
    """
    slot = _slot(person_id, submission_id, sha256)
    if slot.complete_at is not None or slot.lost_reason == ERASED:
        return Progress(slot.size, slot.size, True)
    if not chunk:
        raise problems.CHUNK_EMPTY()
    if len(chunk) > MAX_CHUNK_BYTES or slot.size > current_app.config["MAX_ATTACHMENT_BYTES"]:
        raise problems.CHUNK_TOO_LARGE()
    if hashlib.sha256(chunk).hexdigest() != chunk_sha256:
        raise problems.CHUNK_DAMAGED()
    slot_id, size, sealed = slot.id, slot.size, slot.sealed
    db.session.rollback()  # a slow disk must not hold a reader's snapshot open
    partial = _partial(submission_id, sha256)
    with _storage_problems(), _locked(partial) as file:
        if _is_complete(slot_id):  # another request brought the last piece while this one waited
            partial.unlink(missing_ok=True)
            return Progress(size, size, True)
        stored = file.seek(0, os.SEEK_END)
        if stored != offset:
            raise problems.OFFSET_WRONG(offset=stored)
        if offset + len(chunk) > size:
            file.truncate(0)
            raise problems.FILE_DAMAGED()
        try:
            file.write(chunk)
            file.flush()
        except OSError:
            file.truncate(stored)
            raise
        if stored + len(chunk) < size:
            return Progress(stored + len(chunk), size, False)
        _finish(slot_id, file, partial, sha256, sealed, now=now)
    return Progress(size, size, True)


def _finish(slot_id: str, file: BinaryIO, partial: Path, sha256: str, sealed: dict[str, Any] | None, *, now: datetime) -> None:
    opened = _complete(file, partial, sha256, sealed)
    begin_writing()
    done = {"complete_at": now, "lost_reason": None, "opened_sha256": opened}
    wanted = sa.and_(Attachment.id == slot_id, Attachment.lost_reason.is_distinct_from(ERASED))
    if not db.session.execute(sa.update(Attachment).where(wanted).values(done)).rowcount:  # type: ignore[attr-defined]
        db.session.rollback()  # it was erased while its last piece came
        remove_unless_named(path_of(opened or sha256))
        return
    db.session.execute(sa.update(Attachment).where(Attachment.id == slot_id).values(seq=next_seq()))
    db.session.commit()


def remove_unless_named(path: Path) -> None:
    """Take an erased file from the disk, and what was set apart of it, unless another submission has the same one."""
    sha256 = path.name
    here = sa.or_(Attachment.sha256 == sha256, Attachment.opened_sha256 == sha256)
    if db.session.scalar(sa.select(Attachment.id).where(here, Attachment.complete_at.is_not(None)).limit(1)) is None:
        path.unlink(missing_ok=True)
        (Path(current_app.config["ATTACHMENTS"]) / "apart" / sha256).unlink(missing_ok=True)
        if path.parent.exists():
            flush(path.parent)


def _is_complete(slot_id: str) -> bool:
    found = db.session.scalar(sa.select(Attachment.complete_at).where(Attachment.id == slot_id))
    db.session.rollback()
    return found is not None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The growing file, for one request at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever held it may have moved it to its final place: what is complete is never written to.
            if _is_at(file, path):
                yield file
                return


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _storage_problems() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise problems.STORAGE_FULL(after_s=300) from None
        raise


def _complete(file: BinaryIO, partial: Path, sha256: str, sealed: dict[str, Any] | None) -> str | None:
    """Whole hash, file to disk, under its final name, folder to disk: in this order. The hash of what was sealed, if it opened.

    What does not open is kept as it came: its bytes are what the phone announced, and its key may come back.
    """
    with partial.open("rb") as whole:
        if hashlib.file_digest(whole, "sha256").hexdigest() != sha256:
            file.truncate(0)
            raise problems.FILE_DAMAGED()
    content = _opened(partial, sealed) if sealed else None
    if content is None:
        os.fsync(file.fileno())
        _settle(partial, path_of(sha256))
        return None
    opened = _write_opened(partial.with_suffix(".opened"), content)
    partial.unlink()
    return opened


def _write_opened(beside: Path, content: bytes) -> str:
    """What was sealed, durably under its own hash, by way of `beside`."""
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    opened = hashlib.sha256(content).hexdigest()
    _settle(beside, path_of(opened))
    return opened


def _opened(partial: Path, sealed: dict[str, Any]) -> bytes | None:
    content = partial.read_bytes()
    try:
        with db.engine.connect() as connection:
            key = keys.data_key(connection, key_id_of(content))
        if key is not None:
            found = open_file(key.key, content, sealed["file"])
            if hashlib.sha256(found).hexdigest() == sealed["sha256"]:
                return found
    except Unreadable:
        pass
    log.warning("A sealed file could not be opened; it is kept as it came")
    return None


def _settle(made: Path, final: Path) -> None:
    """Under its final name, durably."""
    final.parent.mkdir(parents=True, exist_ok=True)
    os.replace(made, final)
    for folder in (final.parent, final.parent.parent):
        flush(folder)


def open_kept(*, now: datetime) -> int:
    """Open the files that were kept sealed, where their key is here now; how many. Commits each."""
    wanted = sa.select(Attachment.id, Attachment.sha256, Attachment.sealed).where(
        Attachment.sealed.is_not(None), Attachment.opened_sha256.is_(None), Attachment.complete_at.is_not(None)
    )
    rows = db.session.execute(wanted).all()
    db.session.rollback()
    done = 0
    for slot_id, sha256, sealed in rows:
        kept = path_of(sha256)
        content = _opened(kept, sealed) if kept.exists() else None
        if content is None:
            continue
        try:
            opened = _write_opened(kept.with_suffix(".opened"), content)
        except OSError as error:
            log.warning("A file whose key is here was not opened: %s", type(error).__name__)
            continue
        begin_writing()
        db.session.execute(sa.update(Attachment).where(Attachment.id == slot_id).values(opened_sha256=opened))
        db.session.commit()
        done += 1
    if done:
        begin_writing()
        audit.record("attachments.opened", at=now, actor_id=None, object_id="", details={"files": done})
        db.session.commit()
    return done


def mark_lost(person_id: str, submission_id: str, sha256: str, *, reason: str, now: datetime) -> Progress:
    """The caller commits."""
    slot = _slot(person_id, submission_id, sha256)
    if slot.complete_at is None and slot.lost_reason is None:
        slot.lost_reason = reason[:64].replace("\0", "") or "lost"
        db.session.flush()
        slot.seq = next_seq()
        audit.record("attachment.lost", at=now, actor_id=person_id, object_id=submission_id, details={"sha256": sha256})
    return Progress(slot.size if slot.complete_at else 0, slot.size, slot.complete_at is not None)


def open_attachment(actor: Actor, submission_id: str, sha256: str) -> Response:
    """The file, to whoever may read the submission; never as a page of ours. Raises NOT_FOUND."""
    submission = db.session.get(Submission, submission_id)
    if submission is None or submission.deleted_at is not None or not can(actor, "submission.read", **submission.scope):
        raise NOT_FOUND()
    slot = db.session.scalar(sa.select(Attachment).where(Attachment.submission_id == submission_id, Attachment.sha256 == sha256))
    if slot is None or slot.complete_at is None or not path_of(slot.kept_as).exists():
        raise NOT_FOUND()
    path = path_of(slot.kept_as)
    with path.open("rb") as file:
        start = file.read(16)
    shown = slot.type in SHOWN and SHOWN[slot.type].match(start) is not None
    response = send_file(
        path,
        mimetype=slot.type if shown else "application/octet-stream",
        as_attachment=not shown,
        download_name=slot.name,
        etag=False,
        conditional=False,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
