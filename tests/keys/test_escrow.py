"""What the server does with keys and with what they sealed (docs/encryption.md).

K1  a sealed form is opened, filed like any other, and its receipt names the bytes the phone holds
K2  the author is the owner of the key, whoever delivers; a session is not needed (I-23)
K3  forged or damaged is kept in quarantine as it came, never accepted clean, never refused (AS-13)
K4  a photo is known by the hash of what is sent, and the office sees what is inside
K5  a rotated key pair opens what was sealed for the old one (UM-13)
K6  the key comes back to its owner, on her phone, just after the password, audited; to nobody else (AS-10)
K7  revoked, lost or deactivated: what was sealed is delivered (AS-04)
K8  once a phone has a key, what it sends in clear proves no author, save what it had finished before
K10 a programme may leave the PIN to the phone's own screen lock; it is asked if any of her programmes asks
K9  a server without the key keeps the bytes; with the wrap that the phone offers it opens them, the author unproven
"""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from app.accounts import operations as accounts
from app.accounts.models import Device, Person, SignInSession
from app.core.db import db
from app.core.ids import new_id
from app.core.models import Audit
from app.keys import pairs
from app.keys.models import DeviceKey
from app.registry.models import Programme
from app.submissions import intake
from app.submissions.models import Attachment, Quarantined, Revision, Submission
from tests.conftest import NOW, PASSWORD, Someone, item_of, settle
from tests.keys.phone import PROTO, SealingPhone

PHOTO = b"\xff\xd8\xff" + os.urandom(150_000)


def results(answer) -> list[tuple[str, str | None]]:
    assert answer.status_code == 200, answer.text
    return [(one["result"], one.get("reason")) for one in answer.json["results"]]


def test_a_sealed_form_is_filed_opened_under_the_hash_of_what_was_sent(amina: Someone):  # K1
    phone = SealingPhone.sign_in(amina)
    envelope = amina.envelope()
    item = phone.item(envelope)
    answer = phone.push(item)
    assert results(answer) == [("accepted", None)]
    assert answer.json["results"][0]["receipt"]["sha256"] == item["sha256"]
    revision = db.session.get(Revision, envelope["revision_id"])
    assert json.loads(gzip.decompress(revision.body)) == envelope
    assert (revision.sha256, revision.key_id, revision.encryption) == (item["sha256"], phone.key_id, "none")
    submission = db.session.get(Submission, envelope["submission_id"])
    assert (submission.title, submission.device_id) == (envelope["title"], phone.device["id"])
    assert results(phone.push(item)) == [("duplicate", None)]
    have = phone.someone.app.test_client().post(
        "/api/sync/have", json={"items": {envelope["revision_id"]: item["sha256"]}}, headers=phone.delivering
    )
    assert have.json["have"][envelope["revision_id"]]["sha256"] == item["sha256"]


def test_anybodys_phone_delivers_and_the_author_stays_the_keys_owner(amina: Someone, fatima: Someone):  # K2
    hers, other = SealingPhone.sign_in(amina), SealingPhone.sign_in(fatima)
    photo, sent = hers.file(PHOTO)
    envelope = amina.envelope(attachments=[photo])
    assert results(hers.push(hers.item(envelope), by=other)) == [("accepted", None)]
    hers.upload(envelope["submission_id"], photo["sha256"], sent, by=other)
    submission = db.session.get(Submission, envelope["submission_id"])
    assert (submission.author_id, submission.device_id) == (amina.id, hers.device["id"])


def test_a_form_sealed_by_another_than_the_author_it_names_is_unproven(amina: Someone, fatima: Someone):  # K3
    other = SealingPhone.sign_in(fatima)
    assert results(other.push(other.item(amina.envelope()))) == [("quarantined", "author_unproven")]


def test_changed_bytes_are_kept_as_they_came_and_are_unreadable(amina: Someone):  # K3
    phone = SealingPhone.sign_in(amina)
    envelope = amina.envelope()
    sealed = phone.item(envelope)["envelope"]
    changed = sealed[:-12] + ("A" if sealed[-12] != "A" else "B") + sealed[-11:]
    import hashlib

    item = phone.item(envelope) | {"envelope": changed, "sha256": hashlib.sha256(changed.encode()).hexdigest()}
    assert results(phone.push(item)) == [("quarantined", "unreadable")]
    kept = db.session.scalar(sa.select(Quarantined))
    assert gzip.decompress(kept.body).decode() == changed
    assert kept.encryption == "sealed-1"
    # Sealed bytes of one form say nothing in the place of another.
    moved = phone.item(envelope) | {"revision_id": new_id()}
    assert results(phone.push(moved)) == [("quarantined", "unreadable")]
    # And the true one is still taken.
    assert results(phone.push(phone.item(amina.envelope()))) == [("accepted", None)]


def test_the_office_sees_the_photo_and_the_phone_its_own_hash(amina: Someone, khadija: Someone):  # K4
    phone = SealingPhone.sign_in(amina)
    photo, sent = phone.file(PHOTO)
    envelope = amina.envelope(attachments=[photo])
    answer = phone.push(phone.item(envelope))
    assert answer.json["results"][0]["receipt"]["missing"] == [photo["sha256"]]
    assert phone.upload(envelope["submission_id"], photo["sha256"], sent).headers["Upload-Complete"] == "?1"
    shown = khadija.client.get(f"/submissions/{envelope['submission_id']}/files/{photo['sha256']}")
    assert shown.status_code == 200
    assert shown.data == PHOTO
    slot = db.session.scalar(sa.select(Attachment))
    folder = Path(amina.app.config["ATTACHMENTS"])
    assert (folder / slot.kept_as[:2] / slot.kept_as).read_bytes() == PHOTO
    assert not list((folder / "partial").iterdir())


def test_a_photo_that_does_not_open_is_kept_as_it_came(amina: Someone):  # K4, K3
    phone = SealingPhone.sign_in(amina)
    photo, sent = phone.file(PHOTO)
    photo["sealed"]["file"] = new_id()
    envelope = amina.envelope(attachments=[photo])
    phone.push(phone.item(envelope))
    assert phone.upload(envelope["submission_id"], photo["sha256"], sent).headers["Upload-Complete"] == "?1"
    slot = db.session.scalar(sa.select(Attachment))
    assert slot.opened_sha256 is None
    folder = Path(amina.app.config["ATTACHMENTS"])
    assert (folder / photo["sha256"][:2] / photo["sha256"]).read_bytes() == sent


def test_a_rotated_key_pair_opens_what_was_sealed_for_the_old_one(app, amina: Someone):  # K5, UM-13
    phone = SealingPhone.sign_in(amina)
    before = pairs.current()[0]
    made = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert made.exit_code == 0, made.output
    assert pairs.current()[0] != before
    app.extensions["daftar-delivery"]._keys.clear()
    assert results(phone.push(phone.item(amina.envelope()))) == [("accepted", None)]
    later = SealingPhone.sign_in(amina)
    assert later.server["id"] == pairs.current()[0]
    listed = app.test_cli_runner().invoke(args=["keys", "list"]).output
    assert f"{before}  " in listed
    assert "current" in listed.splitlines()[-1]


def test_the_key_comes_back_to_its_owner_on_her_phone_and_it_is_written_down(amina: Someone):  # K6
    phone = SealingPhone.sign_in(amina)
    answer = phone.ask_back()
    assert answer.status_code == 200, answer.text
    assert phone.opened(answer.json["wrapped"]) == phone.key
    actions = list(db.session.scalars(sa.select(Audit.action).where(Audit.object_id == phone.key_id)))
    assert actions == ["key.escrowed", "key.returned"]


def test_the_key_is_given_to_nobody_else(amina: Someone, fatima: Someone):  # K6
    hers, other = SealingPhone.sign_in(amina), SealingPhone.sign_in(fatima)
    assert other.ask_back(hers.key_id).status_code == 404
    elsewhere = SealingPhone.sign_in(amina)  # her account on another phone
    assert elsewhere.ask_back(hers.key_id).status_code == 404
    db.session.execute(sa.update(SignInSession).values(created_at=datetime.now(UTC) - timedelta(minutes=11)))
    db.session.commit()
    assert hers.ask_back().json["code"] == "keys.sign_in_again"
    assert hers.register(id=other.key_id).status_code == 422
    assert hers.register(id=new_id(), wrapped="AAAA").status_code == 422


def test_a_phone_enrolled_anew_gets_the_key_that_it_made_before(amina: Someone, fatima: Someone, admin: Someone):  # K6, I-24
    phone = SealingPhone.sign_in(amina)
    before = db.session.get(Device, phone.device["id"])
    accounts.revoke_device(before, now=NOW, by=admin.actor)
    settle()
    again = SealingPhone.sign_in(amina, phone.device["id"], register=False)
    assert again.device["id"] != phone.device["id"]
    again.key_id = phone.key_id
    assert again.ask_back().status_code == 404, "without the wrap that only this phone has"
    answer = again.ask_back(wrapped=phone.wrapped)
    assert answer.status_code == 404, "a wrap made anew is not the one in escrow"
    kept = db.session.get(DeviceKey, phone.key_id).wrapped
    settle()
    answer = again.ask_back(wrapped=kept)
    assert answer.status_code == 200, answer.text
    assert again.opened(answer.json["wrapped"]) == phone.key
    other = SealingPhone.sign_in(fatima)
    assert other.ask_back(phone.key_id, wrapped=kept).status_code == 404
    # Of a phone that was said to be lost nobody knows who holds it.
    accounts.set_lost(db.session.get(Device, phone.device["id"]), True, now=NOW, by=admin.actor)
    settle()
    assert again.ask_back(wrapped=kept).status_code == 404


def test_what_it_cannot_open_names_no_photos_and_no_backup_holds_it(amina: Someone):  # K9, I-12
    phone = SealingPhone.sign_in(amina, register=False)
    item = phone.item(amina.envelope())
    said = phone.push(item).json["results"][0]["receipt"]
    asked = {"items": {item["revision_id"]: item["sha256"]}}
    had = amina.app.test_client().post("/api/sync/have", json=asked, headers=phone.delivering).json["have"]
    for receipt in (said, phone.push(item).json["results"][0]["receipt"], had[item["revision_id"]]):
        assert (receipt["missing"], receipt["server_seq"]) == (None, intake.NOT_READ)
        assert receipt["number"] < 1000


def test_a_revoked_phone_and_a_deactivated_author_deliver_and_get_no_key(amina: Someone, admin: Someone):  # K7, AS-04
    phone = SealingPhone.sign_in(amina)
    device = db.session.get(Device, phone.device["id"])
    accounts.revoke_device(device, now=NOW, by=admin.actor)
    assert results(phone.push(phone.item(amina.envelope()))) == [("quarantined", "device_revoked")]
    assert phone.ask_back().status_code in (401, 404)
    device = db.session.get(Device, phone.device["id"])
    device.revoked_at = None
    db.session.get(Person, amina.id).is_active = False
    assert results(phone.push(phone.item(amina.envelope()))) == [("quarantined", "author_disabled")]
    assert db.session.get(DeviceKey, phone.key_id) is not None


def test_a_phone_with_a_key_owes_sealed_forms_save_those_it_had_finished(amina: Someone):  # K8
    old, forged = amina.envelope(), amina.envelope()
    phone = SealingPhone.sign_in(amina, in_clear=[old["revision_id"]])
    assert results(phone.push(item_of(old))) == [("accepted", None)]
    assert results(phone.push(item_of(forged))) == [("quarantined", "author_unproven")]


def test_without_the_key_the_bytes_are_kept_and_with_an_offered_wrap_opened(amina: Someone):  # K9
    phone = SealingPhone.sign_in(amina, register=False)
    item = phone.item(amina.envelope())
    assert results(phone.push(item)) == [("quarantined", "encryption_unknown")]
    other = phone.item(amina.envelope())
    offered = {phone.key_id: {"person": amina.id, "wrapped": phone.wrapped}}
    assert results(phone.push(other, keys=offered)) == [("quarantined", "key_unproven")]
    kept = db.session.scalar(sa.select(Quarantined).where(Quarantined.reason == "key_unproven"))
    assert json.loads(gzip.decompress(kept.body))["author_id"] == amina.id


def test_a_programme_may_ask_for_no_pin(app, amina: Someone):  # K10
    def asked() -> bool:
        sent = {"username": "amina", "password": PASSWORD, "device_label": "Tecno"}
        said = app.test_client().post("/api/field/sign-in", json=sent, headers=PROTO)
        return bool(said.json["sealing"]["pin"])

    assert asked()
    code = db.session.scalar(sa.select(Programme.code))
    db.session.commit()
    assert app.test_cli_runner().invoke(args=["keys", "pin", code, "off"]).exit_code == 0
    assert not asked()
    assert app.test_cli_runner().invoke(args=["keys", "pin", code, "on"]).exit_code == 0
    assert asked()
    assert app.test_cli_runner().invoke(args=["keys", "pin", "nowhere", "off"]).exit_code == 1
