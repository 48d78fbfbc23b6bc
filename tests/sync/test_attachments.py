"""Photos: resumed where they stopped, complete only when their hash is right (I-12); access through the submission (AS-12)."""

from __future__ import annotations

import hashlib
import itertools
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.backup import operations as backup
from app.core.db import db
from app.core.ids import new_id
from app.core.problems import Problem
from app.submissions import attachments
from app.submissions.models import Attachment
from tests.conftest import NOW, Someone, assert_problem, count, item_of, settle

PHOTO = b"\xff\xd8\xff" + os.urandom(120_000)
SHA256 = hashlib.sha256(PHOTO).hexdigest()
CHUNK = 48 * 1024


def with_photo(someone: Someone, content: bytes = PHOTO, type: str = "image/jpeg", size: int | None = None) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    slot = {"name": "photo.jpg", "question": "photo", "sha256": sha256, "size": size or len(content), "type": type}
    return str(someone.deliver(attachments=[slot])["submission_id"])


def patch(someone: Someone, submission_id: str, sha256: str, offset: int, chunk: bytes, **headers: str) -> Any:
    sent = someone.delivering | {"Upload-Offset": str(offset), "X-Chunk-Sha256": hashlib.sha256(chunk).hexdigest()} | headers
    return someone.app.test_client().patch(f"/api/sync/att/{submission_id}/{sha256}", data=chunk, headers=sent)


def head(someone: Someone, submission_id: str, sha256: str = SHA256) -> Any:
    return someone.app.test_client().head(f"/api/sync/att/{submission_id}/{sha256}", headers=someone.delivering)


def upload(someone: Someone, submission_id: str, content: bytes = PHOTO) -> Any:
    sha256 = hashlib.sha256(content).hexdigest()
    for offset in range(0, len(content), CHUNK):
        answer = patch(someone, submission_id, sha256, offset, content[offset : offset + CHUNK])
    return answer


def test_a_photo_cut_on_the_way_goes_on_where_it_stopped(amina: Someone):  # NS-09
    submission = with_photo(amina)
    assert head(amina, submission).headers["Upload-Offset"] == "0"
    answer = patch(amina, submission, SHA256, 0, PHOTO[:CHUNK])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(CHUNK))
    answer = head(amina, submission)
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Complete"]) == (str(CHUNK), "?0")
    assert answer.headers["Upload-Length"] == str(len(PHOTO))
    again = patch(amina, submission, SHA256, 0, PHOTO[:CHUNK])
    assert_problem(again, "attachment.offset_wrong", 409, offset=CHUNK)
    assert again.headers["Upload-Offset"] == str(CHUNK)
    patch(amina, submission, SHA256, CHUNK, PHOTO[CHUNK : 2 * CHUNK])
    last = patch(amina, submission, SHA256, 2 * CHUNK, PHOTO[2 * CHUNK :])
    assert last.headers["Upload-Complete"] == "?1"
    assert attachments.path_of(SHA256).read_bytes() == PHOTO
    assert count(Attachment, Attachment.complete_at.is_not(None)) == 1
    assert head(amina, submission).headers["Upload-Complete"] == "?1"
    assert patch(amina, submission, SHA256, 0, b"x").headers["Upload-Complete"] == "?1", "complete stays complete"
    assert not list(Path(amina.app.config["ATTACHMENTS"], "partial").iterdir())


@pytest.mark.sqlite_only
def test_a_photo_that_comes_after_the_backup_of_its_text_stays_on_the_phone_until_the_next(  # I-20, 4.6
    amina: Someone, tmp_path: Path
):
    """What a phone asks before it removes anything: the number that a backup must have reached, photos and all."""
    here, gone = b"\xff\xd8\xff here", b"\xff\xd8\xff gone"
    slots = [
        {"name": "p.jpg", "question": "p", "sha256": hashlib.sha256(one).hexdigest(), "size": len(one), "type": "image/jpeg"}
        for one in (here, gone)
    ]
    envelope = amina.envelope(attachments=slots)
    first = amina.push(envelope).json["results"][0]["receipt"]

    def backed_up() -> None:
        backup.make(tmp_path / "backups", now=NOW + timedelta(hours=next(hours)), off_host=True)
        settle()

    hours = itertools.count()

    def is_backed_up() -> bool:
        asked = {"items": {envelope["revision_id"]: item_of(envelope)["sha256"]}}
        answer = amina.app.test_client().post("/api/sync/have", json=asked, headers=amina.delivering).json
        (receipt,) = answer["have"].values()
        assert amina.push(envelope).json["results"][0]["receipt"] == receipt
        assert receipt["number"] == first["number"] == first["server_seq"]
        return bool(receipt["server_seq"] <= answer["backup_seq"])

    backed_up()
    assert is_backed_up()
    assert upload(amina, envelope["submission_id"], here).headers["Upload-Complete"] == "?1"
    assert not is_backed_up(), "the text without its photo"
    backed_up()
    assert is_backed_up()
    said = f"/api/sync/att/{envelope['submission_id']}/{slots[1]['sha256']}/lost"
    assert amina.app.test_client().post(said, json={"reason": "missing"}, headers=amina.delivering).status_code == 200
    assert not is_backed_up(), "a slot that waits for ever"
    backed_up()
    assert is_backed_up()


def test_a_photo_that_one_phone_lost_is_still_taken_from_one_that_has_it(amina: Someone):  # I-12
    slot = {"name": "p", "question": "photo", "sha256": SHA256, "size": len(PHOTO), "type": "image/jpeg"}
    empty = {"name": "e", "question": "sound", "sha256": hashlib.sha256(b"").hexdigest(), "size": 0, "type": "audio/mp4"}
    envelope = amina.deliver(attachments=[slot, empty])
    said = f"/api/sync/att/{envelope['submission_id']}/{SHA256}/lost"
    assert amina.app.test_client().post(said, json={"reason": "missing"}, headers=amina.delivering).status_code == 200
    assert amina.push(envelope).json["results"][0]["receipt"]["missing"] == [SHA256]
    assert upload(amina, envelope["submission_id"]).headers["Upload-Complete"] == "?1"
    assert amina.push(envelope).json["results"][0]["receipt"]["missing"] == []
    assert count(Attachment, Attachment.lost_reason == "missing") == 0


def test_the_receipt_of_a_form_sent_again_names_what_is_still_missing(amina: Someone):  # I-12
    slot = {"name": "p", "question": "photo", "sha256": SHA256, "size": len(PHOTO), "type": "image/jpeg"}
    envelope = amina.deliver(attachments=[slot])
    assert amina.push(envelope).json["results"][0]["receipt"]["missing"] == [SHA256]
    upload(amina, envelope["submission_id"])
    assert amina.push(envelope).json["results"][0]["receipt"]["missing"] == []


def test_a_damaged_piece_is_refused_and_nothing_is_written(amina: Someone):  # NS-10
    submission = with_photo(amina)
    answer = patch(amina, submission, SHA256, 0, PHOTO[:100], **{"X-Chunk-Sha256": "0" * 64})
    assert_problem(answer, "attachment.chunk_damaged", 460)
    assert head(amina, submission).headers["Upload-Offset"] == "0"


def test_a_file_that_is_not_what_was_announced_starts_again(amina: Someone):
    submission = with_photo(amina, PHOTO)
    other = bytes(reversed(PHOTO))
    for offset in range(0, len(other), CHUNK):
        answer = patch(amina, submission, SHA256, offset, other[offset : offset + CHUNK])
    assert_problem(answer, "attachment.file_damaged", 422)
    assert head(amina, submission).headers["Upload-Offset"] == "0"
    assert_problem(patch(amina, submission, SHA256, 0, PHOTO + b"more"), "attachment.file_damaged", 422)
    assert not attachments.path_of(SHA256).exists()
    assert upload(amina, submission).headers["Upload-Complete"] == "?1"


@pytest.mark.parametrize(
    ("chunk", "code", "status"), [(b"", "attachment.chunk_empty", 400), (b"x" * 262_145, "attachment.chunk_too_large", 413)]
)
def test_a_piece_has_one_byte_to_256_kb(amina: Someone, chunk: bytes, code: str, status: int):
    submission = with_photo(amina, os.urandom(300_000), size=300_000)
    sha256 = db.session.scalars(sa.select(Attachment.sha256)).one()
    assert_problem(patch(amina, submission, sha256, 0, chunk), code, status)


def test_what_is_not_this_persons_looks_like_what_does_not_exist(amina: Someone, fatima: Someone):  # AS-12
    submission = with_photo(amina)
    upload(amina, submission)
    answers = [
        head(fatima, submission),
        head(fatima, new_id()),
        head(amina, submission, "0" * 64),
        head(amina, "../../etc/passwd"),
        patch(fatima, submission, SHA256, 0, b"x"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    own = with_photo(fatima)
    assert head(fatima, own).headers["Upload-Offset"] == "0", "a hash that the server has is not a proof of having the photo"


def test_a_photo_the_phone_no_longer_has_is_named_lost(amina: Someone):  # I-12
    submission = with_photo(amina)
    client, address = amina.app.test_client(), f"/api/sync/att/{submission}/{SHA256}/lost"
    assert client.post(address, json={"reason": "deleted by a cleaner"}, headers=amina.delivering).status_code == 200
    assert db.session.scalars(sa.select(Attachment.lost_reason)).one() == "deleted by a cleaner"
    assert upload(amina, submission).headers["Upload-Complete"] == "?1", "found again, it is taken"
    assert db.session.scalars(sa.select(Attachment.lost_reason)).one() is None


def test_a_full_disk_is_said_and_takes_back_what_was_half_written(amina: Someone, monkeypatch):  # SV-05
    submission = with_photo(amina)
    patch(amina, submission, SHA256, 0, PHOTO[:CHUNK])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(attachments, "_complete", full)
    patch(amina, submission, SHA256, CHUNK, PHOTO[CHUNK : 2 * CHUNK])
    answer = patch(amina, submission, SHA256, 2 * CHUNK, PHOTO[2 * CHUNK :])
    assert_problem(answer, "attachment.storage_full", 507)
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("spoilt", [False, True])
def test_a_photo_that_was_whole_when_the_server_died_is_completed_when_the_phone_asks(amina: Someone, monkeypatch, spoilt: bool):
    # I-12, SV-01: all bytes are here and nothing says so; the phone has no further piece to send.
    submission = with_photo(amina)
    complete = attachments._complete

    def dies(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(attachments, "_complete", dies)
    for at in range(0, len(PHOTO), CHUNK):
        patch(amina, submission, SHA256, at, PHOTO[at : at + CHUNK])
    monkeypatch.setattr(attachments, "_complete", complete)
    with amina.app.app_context():
        growing = attachments._partial(submission, SHA256)
    assert growing.stat().st_size == len(PHOTO)
    if spoilt:
        growing.write_bytes(b"x" * len(PHOTO))
    asked = amina.app.test_client().head(f"/api/sync/att/{submission}/{SHA256}", headers=amina.delivering)
    assert (asked.headers["Upload-Complete"], asked.headers["Upload-Offset"]) == (
        ("?0", "0") if spoilt else ("?1", str(len(PHOTO)))
    )
    assert upload(amina, submission).headers["Upload-Complete"] == "?1"
    with amina.app.app_context():
        assert attachments.path_of(SHA256).read_bytes() == PHOTO


def test_a_photo_opens_for_whoever_may_read_the_submission(amina: Someone, fatima: Someone, khadija: Someone, said: Someone):
    submission = with_photo(amina)
    upload(amina, submission)
    with amina.app.test_request_context():
        for reader in (amina, khadija, said):
            answer = attachments.open_attachment(reader.actor, submission, SHA256)
            assert answer.mimetype == "image/jpeg"
            assert answer.headers["Content-Disposition"].startswith("inline")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            answer.close()
        for stranger, sha256 in ((fatima, SHA256), (amina, "0" * 64)):
            with pytest.raises(Problem):
                attachments.open_attachment(stranger.actor, submission, sha256)


@pytest.mark.parametrize("type", ["text/html", "image/svg+xml", "image/png", "application/pdf"])
def test_what_is_no_photo_is_only_downloaded(amina: Someone, type: str):  # AS-18
    page = b"<script>alert(1)</script>"
    submission = with_photo(amina, page, type)
    upload(amina, submission, page)
    with amina.app.test_request_context():
        answer = attachments.open_attachment(amina.actor, submission, hashlib.sha256(page).hexdigest())
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        answer.close()
