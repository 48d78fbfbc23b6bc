"""Files that nothing names: set apart, and much later removed. Slow on purpose, so that a late envelope never finds its photo
gone (SV-12).

A file has no row only after a crash between the file and its row, or after a restore to an earlier moment; then phones send the
texts again, perhaps weeks later. So only what was untouched for three months is set apart, what is set apart stays a month,
and what an envelope announces anywhere, in quarantine too, is never touched.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from app.core.db import db
from app.submissions.envelope import is_sha256, read
from app.submissions.models import Attachment, Quarantined

UNTOUCHED = timedelta(days=90)
SET_APART = timedelta(days=30)


@dataclass(frozen=True)
class Swept:
    """Numbers of files, and the bytes that were given back."""

    set_apart: int
    put_back: int
    removed: int
    bytes: int


def sweep(*, now: datetime) -> Swept:
    """Set apart what nothing names, put back what somebody names again, remove what was long apart and still has no name."""
    root = Path(current_app.config["ATTACHMENTS"])
    apart = root / "apart"
    named = _named()
    put_back = removed = freed = 0
    for file in _files(apart):
        if file.name in named:
            home = root / file.name[:2] / file.name
            home.parent.mkdir(exist_ok=True)
            if not home.exists():
                os.replace(file, home)
            else:
                file.unlink()
            put_back += 1
        elif _age(file, now) > SET_APART:
            freed += file.stat().st_size
            file.unlink()
            removed += 1
    moved = 0
    for folder in root.iterdir() if root.exists() else ():
        if len(folder.name) != 2 or not folder.is_dir():
            continue
        for file in _files(folder):
            # Asked once more for each: a row may have come since the names were read.
            if file.name not in named and _age(file, now) > UNTOUCHED and not _has_row(file.name):
                apart.mkdir(exist_ok=True)
                os.replace(file, apart / file.name)
                # From now on its age says how long it has been apart.
                os.utime(apart / file.name, (now.timestamp(), now.timestamp()))
                moved += 1
    for half in list((root / "partial").glob("*.*")) if (root / "partial").exists() else ():
        if _age(half, now) > UNTOUCHED and not _is_awaited(half.name):
            freed += half.stat().st_size
            half.unlink(missing_ok=True)
            removed += 1
    return Swept(moved, put_back, removed, freed)


def _files(folder: Path) -> Iterator[Path]:
    if folder.exists():
        yield from (file for file in folder.iterdir() if is_sha256(file.name))


def _age(file: Path, now: datetime) -> timedelta:
    try:
        return timedelta(seconds=now.timestamp() - file.stat().st_mtime)
    except FileNotFoundError:  # somebody else took it
        return timedelta(0)


def _named() -> set[str]:
    """Hashes that a row or an envelope in quarantine names."""
    rows = db.session.execute(sa.select(Attachment.sha256, Attachment.opened_sha256))
    found = {sha for row in rows for sha in row if sha}
    for encryption, body in db.session.execute(sa.select(Quarantined.encryption, Quarantined.body)):
        if encryption == "none":
            for one in read(gzip.decompress(body)).attachments:
                found.add(one.sha256)
                if one.sealed:
                    found.add(one.sealed["sha256"])
    db.session.rollback()
    return found


def _has_row(sha256: str) -> bool:
    query = sa.select(Attachment.id).where(sa.or_(Attachment.sha256 == sha256, Attachment.opened_sha256 == sha256)).limit(1)
    found = db.session.scalar(query)
    db.session.rollback()
    return found is not None


def _is_awaited(name: str) -> bool:
    """Whether the file that grows under this name still waits for its rest: a phone may come back to it after a year."""
    submission_id, _, sha256 = name.partition(".")
    query = sa.select(Attachment.id).where(
        Attachment.submission_id == submission_id,
        Attachment.sha256 == sha256.partition(".")[0],
        Attachment.complete_at.is_(None),
        Attachment.lost_reason.is_(None),
    )
    found = db.session.scalar(query)
    db.session.rollback()
    return found is not None
