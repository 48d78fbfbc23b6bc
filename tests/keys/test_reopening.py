"""What was set aside because its key was not here is tried again when the key comes back (docs/encryption.md).

R1  a key pair that was put back files what came meanwhile, by command and when the server starts; its photos find their place
R2  a key that its phone brings with the password files what came before it
R3  what still can be no submission stays set aside, opened, with the reason that is left; what a person decided stays decided
R4  a photo that was kept sealed is opened
R6  what a phone sealed with a new key, and offered with it, counts once that very key came with the password
R5  each is an entry of the chain, and happens once
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from app import serve
from app.core import audit
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.keys import pairs
from app.submissions import quarantine
from app.submissions.models import Attachment, Quarantined, Revision, Submission
from tests.conftest import Someone, count
from tests.keys.phone import SealingPhone
from tests.keys.test_escrow import results

PHOTO = b"\xff\xd8\xff" + os.urandom(60_000)


@contextmanager
def without_key_pairs(app: Flask, tmp_path: Path) -> Iterator[None]:
    """As after a restore that forgot them."""
    away = tmp_path / "away"
    away.mkdir()
    for file in pairs.files(pairs.folder()):
        shutil.move(file, away / file.name)
    app.extensions["daftar-delivery"]._keys.clear()
    yield
    for file in away.glob("*.pem"):
        shutil.move(file, pairs.folder() / file.name)


def retry(app: Flask) -> str:
    db.session.rollback()
    done = app.test_cli_runner().invoke(args=["keys", "retry"])
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_a_key_pair_that_was_put_back_files_what_came_meanwhile(  # R1, R5
    app: Flask, amina: Someone, khadija: Someone, tmp_path: Path
):
    phone = SealingPhone.sign_in(amina)
    photo, sent = phone.file(PHOTO)
    envelope = amina.envelope(attachments=[photo])
    item = phone.item(envelope)
    with without_key_pairs(app, tmp_path):
        assert results(phone.push(item)) == [("quarantined", "encryption_unknown")]
        assert retry(app).endswith("1 still wait for their key.")
    assert retry(app).startswith("1 forms filed, 0 opened")
    submission = db.session.get_one(Submission, envelope["submission_id"])
    assert (submission.author_id, submission.quarantine, submission.title) == (amina.id, None, envelope["title"])
    revision = db.session.get_one(Revision, envelope["revision_id"])
    assert json.loads(gzip.decompress(revision.body)) == envelope
    assert (revision.sha256, revision.key_id) == (item["sha256"], phone.key_id)
    assert results(phone.push(item)) == [("duplicate", None)]
    assert phone.upload(envelope["submission_id"], photo["sha256"], sent).headers["Upload-Complete"] == "?1"
    assert retry(app).startswith("0 forms filed, 0 opened and set aside for another reason, 0 photos")
    assert count(Submission) == 1
    (case_id,) = db.session.scalars(sa.select(Quarantined.id))
    assert khadija.client.get(f"/quarantine/{case_id}").status_code == 200
    assert count(audit.Audit, audit.Audit.action == "quarantine.opened") == 1
    assert audit.first_broken_entry() is None


@pytest.mark.sqlite_only
def test_a_server_that_starts_tries_by_itself(app: Flask, amina: Someone, tmp_path: Path, capsys):  # R1
    phone = SealingPhone.sign_in(amina)
    with without_key_pairs(app, tmp_path):
        phone.push(phone.item(amina.envelope()))
    db.session.rollback()
    serve._try_keys_again(app)
    assert capsys.readouterr().out.startswith("1 forms filed")
    assert count(Submission) == 1


def test_a_key_that_comes_with_the_password_files_what_came_before_it(amina: Someone):  # R2
    phone = SealingPhone.sign_in(amina, register=False)
    envelope = amina.envelope()
    assert results(phone.push(phone.item(envelope))) == [("quarantined", "encryption_unknown")]
    assert phone.register().status_code == 200
    db.session.rollback()
    assert db.session.get_one(Submission, envelope["submission_id"]).quarantine is None


def test_what_still_can_be_no_submission_says_why_and_what_was_decided_stays(  # R3
    app: Flask, amina: Someone, fatima: Someone, khadija: Someone, tmp_path: Path
):
    phone = SealingPhone.sign_in(amina)
    foreign, rejected = amina.envelope(author_id=fatima.id), amina.envelope()
    with without_key_pairs(app, tmp_path):
        phone.push(phone.item(foreign), phone.item(rejected))
        begin_writing()
        one = db.session.scalar(sa.select(Quarantined).where(Quarantined.revision_id == rejected["revision_id"]))
        assert one is not None
        quarantine.reject(khadija.actor, one.id, note="En double.", now=utcnow())
        db.session.commit()
    assert retry(app).startswith("0 forms filed, 1 opened and set aside for another reason")
    kept = db.session.scalar(sa.select(Quarantined).where(Quarantined.decided_at.is_(None)))
    assert kept is not None
    assert (kept.reason, kept.encryption) == ("author_unproven", "none")
    assert khadija.client.get(f"/quarantine/{kept.id}").status_code == 200
    begin_writing()
    made = quarantine.accept(khadija.actor, kept.id, person_id=amina.id, now=utcnow())
    db.session.commit()
    assert (made, count(Submission)) == (foreign["submission_id"], 1)
    assert audit.first_broken_entry() is None


@pytest.mark.sqlite_only
def test_a_photo_that_was_kept_sealed_is_opened(app: Flask, amina: Someone, khadija: Someone, tmp_path: Path):  # R4
    phone = SealingPhone.sign_in(amina)
    photo, sent = phone.file(PHOTO)
    envelope = amina.envelope(attachments=[photo])
    phone.push(phone.item(envelope))
    with without_key_pairs(app, tmp_path):
        phone.upload(envelope["submission_id"], photo["sha256"], sent)
        db.session.rollback()
        assert db.session.scalar(sa.select(Attachment.opened_sha256)) is None
    assert "1 photos opened" in retry(app)
    shown = khadija.client.get(f"/submissions/{envelope['submission_id']}/files/{photo['sha256']}")
    assert shown.data == PHOTO
    assert "0 photos opened" in retry(app)


def test_what_a_new_key_sealed_counts_once_its_owner_has_signed_in(app: Flask, amina: Someone, khadija: Someone):  # R6
    old = SealingPhone.sign_in(amina)
    # Without network the phone made another key; it delivers with the credential it has, and offers the wrap.
    afresh = replace(old, key=os.urandom(32), key_id=new_id())
    photo, sent = afresh.file(PHOTO)
    envelope, forged = amina.envelope(attachments=[photo]), amina.envelope()
    item = afresh.item(envelope)
    offered = {afresh.key_id: {"person": amina.id, "wrapped": afresh.wrapped}}
    assert results(afresh.push(item, keys=offered)) == [("quarantined", "key_unproven")]
    # Somebody else's key under the same id proves nothing, now or later.
    thief = replace(afresh, key=os.urandom(32))
    stolen = {afresh.key_id: {"person": amina.id, "wrapped": thief.wrapped}}
    assert results(thief.push(thief.item(forged), keys=stolen)) == [("quarantined", "key_unproven")]
    assert retry(app).endswith("2 still wait for their key.")
    assert afresh.register().status_code == 200
    db.session.rollback()
    assert list(db.session.scalars(sa.select(Submission.id))) == [envelope["submission_id"]]
    assert results(afresh.push(item, keys=offered)) == [("duplicate", None)]
    assert afresh.upload(envelope["submission_id"], photo["sha256"], sent).headers["Upload-Complete"] == "?1"
    assert results(afresh.push(afresh.item(amina.envelope()))) == [("accepted", None)]
    waiting = db.session.scalars(sa.select(Quarantined).where(Quarantined.decided_at.is_(None))).all()
    assert [one.revision_id for one in waiting] == [forged["revision_id"]]
    # And the old key is still given back, for what it sealed.
    assert old.opened(old.ask_back().json["wrapped"]) == old.key
