"""Copies of rescue files that were brought in: kept while something in one is not here yet, and no longer.

What a phone could not send may have no place at first: photos of a form that waits in quarantine, a part that is damaged or cut
off. Until it has, a copy keeps it, and nothing else: what the database holds is taken out of the copy. So an erasure finds in a
copy only what is not here, and what was erased here leaves the copies by the same rule (docs/personal-data.md).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import orjson
import sqlalchemy as sa
from flask import current_app

from app.core.db import db
from app.core.disk import flush
from app.core.driver import Statements
from app.core.ids import is_id
from app.core.problems import NOT_FOUND, Problem
from app.keys.sealing import SEALED
from app.rescue.files import MAGIC, PIECE, Body, Record, records, rest_of
from app.submissions import intake
from app.submissions.envelope import is_sha256
from app.submissions.models import ERASED, Attachment, Quarantined, Submission
from app.submissions.queries import opened

log = logging.getLogger(__name__)

# What stands in a file around its contents.
FRAME = frozenset({"head", "key", "receipt", "end"})
# Of a brought file stay the numbers and hashes of its forms, for receipts.
LISTS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Left:
    """What of a brought file is not here yet."""

    sha256: str
    brought_at: datetime
    forms: int = 0
    files: int = 0
    cut: int = 0  # the beginning of a part that was cut off
    unread: int = 0  # of all these, what nobody can look into

    @property
    def parts(self) -> int:
        return self.forms + self.files + self.cut


def folder() -> Path:
    return Path(current_app.config["INSTANCE"]) / "rescue"


def _path(sha256: str) -> Path:
    return folder() / f"{sha256}.daftar"


def _list(sha256: str) -> Path:
    return folder() / f"{sha256}.json"


@contextlib.contextmanager
def kept(content: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """The file as it came, durably under its hash before anything is done with it; and the copy, opened."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    content.seek(0)
    with tempfile.NamedTemporaryFile(dir=folder(), suffix=".part", delete=False) as half:
        try:
            shutil.copyfileobj(content, half, PIECE)
            half.flush()
            os.fsync(half.fileno())
            half.seek(0)
            sha256 = hashlib.file_digest(half, "sha256").hexdigest()
            os.replace(half.name, _path(sha256))
        except BaseException:
            Path(half.name).unlink(missing_ok=True)
            raise
        flush(folder())
        yield sha256, half  # type: ignore[misc]


def all_kept() -> list[str]:
    return sorted(file.stem for file in folder().glob("*.daftar") if is_sha256(file.stem))


@contextlib.contextmanager
def opened_copy(sha256: str) -> Iterator[BinaryIO]:
    """Raises NOT_FOUND."""
    if not is_sha256(sha256) or not _path(sha256).exists():
        raise NOT_FOUND()
    with _path(sha256).open("rb") as file:
        yield file


def note_forms(sha256: str, forms: dict[str, str]) -> None:
    """{revision: hash} of what was in the file."""
    _list(sha256).write_bytes(orjson.dumps(forms))


def forms_of(sha256: str) -> dict[str, str]:
    """Raises NOT_FOUND."""
    if not is_sha256(sha256) or not _list(sha256).exists():
        raise NOT_FOUND()
    forms: dict[str, str] = orjson.loads(_list(sha256).read_bytes())
    return forms


# -- what is not here yet


def is_here(do: Statements, record: Record) -> bool:
    """Whether the database has it, or somebody decided about it."""
    if record.get("kind") == "item":
        return _form_is_here(do, record)
    if record.get("kind") == "file":
        return _waits_for(str(record.get("sha256")), str(record.get("submission_id"))) is None
    return record.get("kind") in FRAME


def _form_is_here(do: Statements, item: Record) -> bool:
    text, submission_id, revision_id = item.get("envelope"), item.get("submission_id"), item.get("revision_id")
    if not isinstance(text, str) or not is_id(submission_id) or not is_id(revision_id):
        return False
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if intake.receipts(do, {str(revision_id): sha256}):
        return True
    there = db.session.get(Submission, submission_id)
    return there is not None and there.deleted_at is not None


def _waits_for(sha256: str, submission_id: str) -> str | None:
    """What a file of a form waits for: "place" that it has and does not fill, "form" that a person has to decide about, "" where
    that cannot be told; None: for nothing, it is here or wanted no more."""
    if not is_sha256(sha256) or not is_id(submission_id):
        return ""
    aside = list(db.session.scalars(sa.select(Quarantined).where(Quarantined.submission_id == submission_id)))
    became = [one.became_submission_id for one in aside if one.became_submission_id]
    places = sa.select(Attachment).where(Attachment.sha256 == sha256, Attachment.submission_id.in_([submission_id, *became]))
    found = list(db.session.scalars(places))
    if any(one.complete_at is None and one.lost_reason != ERASED for one in found):
        return "place"
    waiting = [one for one in aside if one.decided_at is None]
    if any(one.encryption != "none" for one in waiting):
        return ""
    if any(_announces(one, sha256) for one in waiting):
        return None if found else "form"
    known = found or aside or db.session.get(Submission, submission_id) is not None
    return None if known else ""


def _announces(kept: Quarantined, sha256: str) -> bool:
    try:
        files = opened(kept.encryption, kept.body).get("attachments", [])
    except (Problem, orjson.JSONDecodeError):
        return True
    return any(isinstance(one, dict) and one.get("sha256") == sha256 for one in files)


def left_in(sha256: str) -> Left | None:
    """What a copy still keeps; None: nothing. Reads only."""
    try:
        with opened_copy(sha256) as file, _reading() as do:
            made = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            counts = {"form": 0, "file": 0, "cut": 1 if rest_of(file).size else 0}
            unread = counts["cut"]
            for record, _body in records(file):
                kind = {"item": "form", "file": "file"}.get(str(record.get("kind")), "cut")
                if not is_here(do, record):
                    counts[kind] += 1
                    is_known = kind == "file" and _waits_for(str(record.get("sha256")), str(record.get("submission_id")))
                    unread += not is_known
    except Problem:
        return None
    left = Left(sha256, made, counts["form"], counts["file"], counts["cut"], unread)
    return left if left.parts else None


def all_left() -> list[Left]:
    """What the copies keep, newest first."""
    found = [left for sha256 in all_kept() if (left := left_in(sha256)) is not None]
    return sorted(found, key=lambda left: left.brought_at, reverse=True)


@contextlib.contextmanager
def _reading() -> Iterator[Statements]:
    do = Statements(db.session.connection().connection, db.engine.dialect.name)
    try:
        yield do
    finally:
        do.cursor.close()


# -- taking out what is here


def shrink(sha256: str, clean: Callable[[str], str] | None = None) -> None:
    """Leave in the copy what is not here yet; without that it goes.

    Without room for the smaller copy the larger one stays until the next time.

    clean   what becomes of the text of a form that nobody could read and that is not sealed: the words of somebody who is erased
    """
    with _alone(), _if_there_is_room(), contextlib.suppress(Problem), opened_copy(sha256) as file, _reading() as do:
        before, chosen = 0, []
        for record, body in records(file):
            before += record.get("kind") != "end"
            if record.get("kind") in FRAME - {"end"} or not is_here(do, record):
                chosen.append((_cleaned(record, clean) if clean else record, body))
        rest = rest_of(file)
        if rest.size:
            chosen.append(({"kind": "cut", "bytes": rest.size}, rest))
        if all(record.get("kind") in FRAME for record, _body in chosen):
            _path(sha256).unlink()
            flush(folder())
        elif clean or rest.size or len(chosen) < before:
            _write(sha256, file, chosen)


def _cleaned(record: Record, clean: Callable[[str], str]) -> Record:
    text = record.get("envelope")
    if record.get("kind") != "item" or record.get("encryption") == SEALED or not isinstance(text, str):
        return record
    return record | {"envelope": clean(text)}


def _write(sha256: str, file: BinaryIO, chosen: list[tuple[Record, Body]]) -> None:
    """With the time at which it was brought."""
    brought = os.fstat(file.fileno()).st_mtime
    with tempfile.NamedTemporaryFile(dir=folder(), suffix=".part", delete=False) as half:
        try:
            half.write(MAGIC)
            for record, body in [*chosen, _end(chosen, file)]:
                half.write(orjson.dumps(record) + b"\n")
                for piece in body.pieces():
                    half.write(piece)
            half.flush()
            os.utime(half.fileno(), (brought, brought))
            os.fsync(half.fileno())
            os.replace(half.name, _path(sha256))
        except BaseException:
            Path(half.name).unlink(missing_ok=True)
            raise
    flush(folder())


def _end(chosen: list[tuple[Record, Body]], file: BinaryIO) -> tuple[Record, Body]:
    return {"kind": "end", "records": len(chosen)}, Body(file, 0, 0)


@contextlib.contextmanager
def _if_there_is_room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("A copy of a rescue file was not made smaller: %s", error.strerror)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One writes copies anew at a time: what one took out, another would put back."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder() / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shrink_all(clean: Callable[[str], str] | None = None, *, now: datetime | None = None) -> None:
    """After an erasure, and now and then."""
    for sha256 in all_kept():
        shrink(sha256, clean)
    for list_ in folder().glob("*.json"):
        age = timedelta(0) if now is None else now - datetime.fromtimestamp(list_.stat().st_mtime, UTC)
        if age > LISTS_KEPT and not _path(list_.stem).exists():
            list_.unlink(missing_ok=True)


def remove(sha256: str) -> None:
    with _alone():
        _path(sha256).unlink(missing_ok=True)
        flush(folder())
