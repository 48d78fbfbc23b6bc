"""The sweeper takes what nothing names, and never what may still be named (SV-12).

W1  a file whose text comes a day, a month or years later is where it was, or comes back
W2  what is named by a submission or by anything in quarantine is never touched, however old
W3  a photo that is half here keeps its half while its submission waits for it
W4  what nothing named for three months is set apart, and after another month removed
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.core.clock import utcnow
from app.core.ids import new_id
from app.submissions import sweeper
from app.submissions.attachments import path_of
from tests.conftest import Someone


def announced(content: bytes) -> dict[str, object]:
    sha = hashlib.sha256(content).hexdigest()
    return {"name": "p.jpg", "question": "photo", "sha256": sha, "size": len(content), "type": "image/jpeg"}


def a_file(content: bytes, *, days: int, now: datetime) -> Path:
    """A file without a row, last written so many days ago."""
    path = path_of(hashlib.sha256(content).hexdigest())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    aged(path, days, now)
    return path


def aged(path: Path, days: int, now: datetime) -> None:
    then = (now - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))


@pytest.mark.parametrize("days", [0, 1, 30, 89])
def test_a_file_whose_text_may_still_come_stays(app: Flask, days: int):  # W1
    now = utcnow()
    path = a_file(b"late", days=days, now=now)
    assert sweeper.sweep(now=now).set_apart == 0
    assert path.exists()


def test_what_was_set_apart_comes_back_when_its_text_comes(app: Flask, amina: Someone):  # W1, W4
    now, content = utcnow(), b"a photo of long ago"
    path = a_file(content, days=100, now=now)
    assert sweeper.sweep(now=now).set_apart == 1
    assert not path.exists()
    amina.deliver(attachments=[announced(content)])
    assert sweeper.sweep(now=now + timedelta(days=400)).put_back == 1
    assert path.read_bytes() == content


def test_what_something_names_is_never_touched(app: Flask, amina: Someone):  # W2
    now = utcnow()
    filed, aside = b"of a submission", b"of an item in quarantine"
    paths = [a_file(content, days=900, now=now) for content in (filed, aside)]
    amina.deliver(attachments=[announced(filed)])
    amina.push(amina.envelope(author_id=new_id(), attachments=[announced(aside)]))
    swept = sweeper.sweep(now=now)
    assert (swept.set_apart, swept.removed) == (0, 0)
    assert all(path.exists() for path in paths)


def test_half_a_photo_is_kept_while_its_submission_waits_for_it(app: Flask, amina: Someone):  # W3
    now, content = utcnow(), b"x" * 1000
    one = announced(content)
    envelope = amina.deliver(attachments=[one])
    address = f"/api/sync/att/{envelope['submission_id']}/{one['sha256']}"
    piece = content[:400]
    headers = amina.delivering | {"Upload-Offset": "0", "X-Chunk-Sha256": hashlib.sha256(piece).hexdigest()}
    assert amina.app.test_client().patch(address, data=piece, headers=headers).status_code == 204
    folder = Path(app.config["ATTACHMENTS"]) / "partial"
    (half,) = folder.iterdir()
    stray = folder / f"{new_id()}.{'0' * 64}"
    stray.write_bytes(b"of nothing")
    for path in (half, stray):
        aged(path, 200, now)
    assert sweeper.sweep(now=now).removed == 1
    assert (half.exists(), stray.exists()) == (True, False)
    rest = content[400:]
    headers |= {"Upload-Offset": "400", "X-Chunk-Sha256": hashlib.sha256(rest).hexdigest()}
    answer = amina.app.test_client().patch(address, data=rest, headers=headers)
    assert answer.headers["Upload-Complete"] == "?1"


def test_what_nothing_names_is_set_apart_and_much_later_removed(app: Flask):  # W4
    now = utcnow()
    path = a_file(b"of nobody", days=91, now=now)
    runner = app.test_cli_runner()
    assert "1 set apart" in runner.invoke(args=["submissions", "sweep"]).output
    assert sweeper.sweep(now=now + timedelta(days=28)).removed == 0
    assert (Path(app.config["ATTACHMENTS"]) / "apart" / path.name).exists()
    swept = sweeper.sweep(now=now + timedelta(days=31))
    assert (swept.removed, swept.bytes) == (1, 9)
    assert not (Path(app.config["ATTACHMENTS"]) / "apart" / path.name).exists()


def test_what_is_set_apart_stays_a_month_however_long_ago_it_was_written(app: Flask):  # W4
    now = utcnow()
    path = a_file(b"of a server that was swept for the first time", days=400, now=now)
    assert sweeper.sweep(now=now).set_apart == 1
    for days in (0, 29):
        assert sweeper.sweep(now=now + timedelta(days=days)).removed == 0
    assert sweeper.sweep(now=now + timedelta(days=31)).removed == 1
    assert not path.exists()
