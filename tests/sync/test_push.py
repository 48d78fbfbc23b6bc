"""Push, docs/sync.md. Invariants of the protocol: I-8 once, I-9 durable first, I-10 never refused, I-11 isolation."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts import operations as accounts
from app.accounts.models import Device, Person
from app.core import audit
from app.core.clock import utcnow
from app.core.db import db
from app.core.ids import new_id
from app.core.models import Audit
from app.instruments.models import Instrument
from app.registry.models import Entity, EntityVersion
from app.submissions import intake
from app.submissions.models import Attachment, Quarantined, Remark, ReviewEvent, Revision, Submission
from tests.conftest import NOW, Someone, World, assert_problem, count, item_of


def results(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["result"] for one in response.json["results"]]


def reasons(response: Any) -> list[str | None]:
    return [one.get("reason") for one in response.json["results"]]


def stored(envelope: dict[str, Any]) -> Submission:
    db.session.rollback()
    found = db.session.get(Submission, envelope["submission_id"])
    assert found is not None
    return found


def test_an_accepted_form_is_stored_byte_for_byte_with_its_receipt(amina: Someone):  # I-9
    photo = {"name": "p.jpg", "question": "photo", "sha256": "a" * 64, "size": 10, "type": "image/jpeg"}
    envelope = amina.envelope(attachments=[photo])
    item = item_of(envelope)
    response = amina.push(envelope)
    assert results(response) == ["accepted"]
    receipt = response.json["results"][0]["receipt"]
    assert (receipt["revision_id"], receipt["sha256"]) == (envelope["revision_id"], item["sha256"])
    assert receipt["missing"] == ["a" * 64]
    assert receipt["server_seq"] == response.json["high_water"]
    revision = db.session.get(Revision, envelope["revision_id"])
    assert gzip.decompress(revision.body).decode() == item["envelope"]
    assert receipt["server_seq"] == revision.seq
    submission = stored(envelope)
    assert (submission.state, submission.organisation_id) == ("received", amina.organisation_id)
    assert (submission.title, submission.territory) == ("تعاونية تيفاوين", "05.271.01.03")
    assert revision.check_state == "waiting"
    assert count(ReviewEvent, ReviewEvent.action == "received") == 1
    assert count(Attachment, Attachment.complete_at.is_(None)) == 1


def test_sending_again_gives_the_same_receipt_and_stores_nothing(amina: Someone):  # I-8
    envelope = amina.envelope()
    first = amina.push(envelope).json["results"][0]
    again = amina.push(envelope).json["results"][0]
    assert again["result"] == "duplicate"
    assert again["receipt"] == first["receipt"]
    assert (count(Submission), count(Revision), count(ReviewEvent)) == (1, 1, 1)
    assert count(Audit, Audit.action == "submission.received") == 1


def test_the_same_form_twice_in_one_push_is_stored_once(amina: Someone):  # I-8
    envelope = amina.envelope()
    assert results(amina.push(envelope, envelope)) == ["accepted", "duplicate"]
    assert count(Submission) == 1


def test_other_bytes_under_a_taken_id_are_kept_beside_the_first(amina: Someone):  # NS-04
    envelope = amina.envelope()
    amina.push(envelope)
    other = envelope | {"title": "عنوان آخر"}
    response = amina.push(other)
    assert results(response) == ["quarantined"]
    assert reasons(response) == ["id_conflict"]
    assert response.json["results"][0]["problem"]["code"] == "quarantine.id_conflict"
    assert stored(envelope).title == "تعاونية تيفاوين"
    kept = db.session.scalars(sa.select(Quarantined)).one()
    assert json.loads(gzip.decompress(kept.body))["title"] == "عنوان آخر"
    assert results(amina.push(other)) == ["quarantined"], "sent again, it is recognised"
    assert count(Quarantined) == 1


def test_a_form_that_names_another_author_is_kept_aside_and_takes_nobodys_place(amina: Someone, fatima: Someone):  # AS-13, AS-27
    envelope = fatima.envelope()
    response = amina.push(envelope)
    assert reasons(response) == ["author_unproven"]
    assert count(Submission) == 0
    assert results(fatima.push(envelope)) == ["quarantined"], "the bytes are here already"
    assert results(fatima.push(envelope | {"monotonic": 1})) == ["accepted"], "the id is still the author's"


def test_nobody_corrects_a_form_of_somebody_else(amina: Someone, fatima: Someone):  # AS-13
    envelope = amina.deliver()
    forged = fatima.envelope(submission_id=envelope["submission_id"], parent_revision_id=envelope["revision_id"])
    assert reasons(fatima.push(forged)) == ["author_unproven"]
    assert stored(envelope).current_revision_id == envelope["revision_id"]


def test_one_bad_item_among_twenty_delays_none_of_the_others(amina: Someone):  # NS-05
    envelopes: list[Any] = [amina.envelope() for _ in range(20)]
    response = amina.push(*envelopes[:19], items=[item_of(one) for one in envelopes[:19]] + [{"revision_id": 7}])
    assert results(response) == ["accepted"] * 19 + ["malformed"]
    assert count(Submission) == 19


def test_an_item_that_the_store_refuses_is_kept_as_it_came_and_takes_no_other_with_it(amina: Someone, monkeypatch):  # I-11
    envelopes = [amina.envelope() for _ in range(3)]
    original = intake._revision_row

    def broken(item: Any, *rest: Any) -> Any:
        row = original(item, *rest)
        return (*row[:3], None, *row[4:]) if item.revision_id == envelopes[1]["revision_id"] else row

    monkeypatch.setattr(intake, "_revision_row", broken)
    response = amina.push(*envelopes)
    assert results(response) == ["accepted", "quarantined", "accepted"]
    assert reasons(response)[1] == "store_refused"
    assert (count(Submission), count(Revision), count(Quarantined)) == (2, 2, 1)
    assert audit.first_broken_entry() is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"form_id": "unknown"}, "form_unknown"),
        ({"form_sha256": "f" * 64}, "form_unknown"),
        ({"programme_id": "019ab3c0-0000-7000-8000-000000000000"}, "programme_unknown"),
    ],
)
def test_a_form_the_server_does_not_know_is_kept(amina: Someone, change: dict[str, str], reason: str):  # I-10
    response = amina.push(amina.envelope(**change))
    assert reasons(response) == [reason]
    assert count(Submission) + count(Quarantined) == 1


def test_a_closed_form_a_disabled_author_and_a_revoked_phone_still_deliver(amina: Someone, world: World):  # I-10, AS-03, AS-04
    db.session.execute(sa.update(Instrument).values(is_open=False))
    assert reasons(amina.push(amina.envelope())) == ["form_closed"]
    db.session.execute(sa.update(Instrument).values(is_open=True))
    db.session.get(Person, amina.id).is_active = False
    assert reasons(amina.push(amina.envelope())) == ["author_disabled"]
    db.session.get(Person, amina.id).is_active = True
    admin = world.people["admin"].actor
    assert amina.device_id
    accounts.revoke_device(db.session.get(Device, amina.device_id), now=utcnow(), by=admin)
    assert reasons(amina.push(amina.envelope())) == ["device_revoked"]
    assert count(Submission, Submission.quarantine.is_not(None)) == 3


def test_a_person_without_a_role_in_the_programme_still_delivers(amina: Someone):  # I-10, NS-17
    person = db.session.get(Person, amina.id)
    accounts.set_role(person, amina.programme_id, None, organisation_id=None, territories=[], now=NOW, by=None)
    assert reasons(amina.push(amina.envelope())) == ["not_a_member"]


def test_a_deleted_submission_is_answered_gone(amina: Someone):  # I-18
    envelope = amina.deliver()
    db.session.execute(sa.update(Submission).values(deleted_at=utcnow()))
    response = amina.push(envelope)
    assert results(response) == ["gone"]
    correction = amina.envelope(submission_id=envelope["submission_id"], parent_revision_id=envelope["revision_id"])
    assert results(amina.push(correction)) == ["gone"]
    assert count(Revision) == 1


def test_a_correction_replaces_what_it_corrects_and_closes_the_remarks(amina: Someone):  # I-6
    envelope = amina.deliver()
    submission = stored(envelope)
    submission.state = "has_issues"
    remark = {"submission_id": submission.id, "revision_id": envelope["revision_id"], "question": "grp_fig/k_ca"}
    db.session.add(Remark(id=new_id(), text="بالسنتيم؟", author_id="k", at=NOW, **remark))
    correction = amina.envelope(
        submission_id=envelope["submission_id"], parent_revision_id=envelope["revision_id"], title="تعاونية تيفاوين 2"
    )
    assert results(amina.push(correction)) == ["accepted"]
    submission = stored(envelope)
    assert submission.current_revision_id == correction["revision_id"]
    assert (submission.state, submission.title) == ("edited", "تعاونية تيفاوين 2")
    assert db.session.scalars(sa.select(Remark)).one().closed_by == correction["revision_id"]
    events = db.session.scalars(sa.select(ReviewEvent).order_by(ReviewEvent.number)).all()
    assert [(event.number, event.action) for event in events] == [(1, "received"), (2, "revised")]


def test_corrections_may_arrive_before_what_they_correct(amina: Someone):
    first = amina.deliver()
    second = amina.envelope(submission_id=first["submission_id"], parent_revision_id=first["revision_id"], title="2")
    third = amina.envelope(submission_id=first["submission_id"], parent_revision_id=second["revision_id"], title="3")
    assert results(amina.push(third)) == ["accepted"]
    assert stored(first).current_revision_id == first["revision_id"], "its parent is not here yet"
    assert results(amina.push(second)) == ["accepted"]
    assert (stored(first).current_revision_id, stored(first).title) == (third["revision_id"], "3")
    assert stored(first).quarantine is None


def test_a_correction_whose_first_version_never_came_is_a_submission(amina: Someone):
    correction = amina.envelope(parent_revision_id=new_id())
    assert results(amina.push(correction)) == ["accepted"]
    assert stored(correction).current_revision_id == correction["revision_id"]


def test_two_corrections_of_the_same_form_are_both_kept_for_a_person(amina: Someone):
    first = amina.deliver()
    link = {"submission_id": first["submission_id"], "parent_revision_id": first["revision_id"]}
    response = amina.push(amina.envelope(**link), amina.envelope(**link))
    assert results(response) == ["accepted", "quarantined"]
    assert reasons(response)[1] == "revision_conflict"
    assert count(Revision) == 3


def test_records_are_created_and_updated_by_what_arrives(amina: Someone):
    coop = new_id()
    born = {"list": "cooperatives", "id": coop, "action": "create", "label": "تيفاوين", "data": {"sector": "food"}}
    amina.deliver(entities=[born])
    entity = db.session.get(Entity, coop)
    assert (entity.label, entity.version, entity.organisation_id) == ("تيفاوين", 1, amina.organisation_id)
    assert entity.territory == "05.271.01.03"
    amina.deliver(entities=[{**born, "action": "update", "label": "", "data": {"sector": "craft", "members": "12"}}])
    db.session.refresh(entity)
    assert (entity.version, entity.data) == (2, {"sector": "craft", "members": "12"})
    versions = db.session.scalars(sa.select(EntityVersion).order_by(EntityVersion.version)).all()
    assert versions[1].changes == {"sector": "craft", "members": "12"}
    assert not any(version.conflict for version in versions)


def test_a_form_in_quarantine_changes_no_record(amina: Someone):
    born = {"list": "cooperatives", "id": new_id(), "action": "create", "label": "أ", "data": {}}
    assert results(amina.push(amina.envelope(form_id="unknown", entities=[born]))) == ["quarantined"]
    assert count(Entity) == 0


def test_a_form_about_a_record_takes_its_place_from_it(amina: Someone):
    coop = new_id()
    amina.deliver(
        entities=[{"list": "cooperatives", "id": coop, "action": "create", "label": "أ", "data": {"territory": "05.271.09"}}]
    )
    later = amina.deliver(subject={"list": "cooperatives", "id": coop}, territory=None)
    assert (stored(later).territory, stored(later).subject_id) == ("05.271.09", coop)


def test_the_chain_of_what_was_done_holds_and_its_head_is_in_the_receipt(amina: Someone):  # I-21
    for _ in range(3):
        response = amina.push(amina.envelope(), amina.envelope())
    head = audit.head()
    assert response.json["results"][-1]["receipt"]["audit_head"] == head[1]
    assert audit.first_broken_entry() is None
    db.session.execute(sa.update(Audit).where(Audit.number == 2).values(details={"changed": True}))
    assert audit.first_broken_entry() == 2


def test_a_phone_reports_what_it_still_holds(amina: Someone):
    amina.push(report={"unsent": 3, "app": "1"})
    device = db.session.get(Device, amina.device_id)
    assert device.report["unsent"] == 3
    assert device.last_seen_at is not None


def test_many_phones_at_once_lose_nothing_and_numbers_follow_commits(app, world: World):  # SV-06
    senders = [world.people["amina"], world.people["fatima"]]
    for sender in senders:
        assert sender.credential
    answers: list[Any] = []

    def send(sender: Someone) -> None:
        for _ in range(5):
            body = {"proto": 1, "device_id": sender.device_id, "items": [item_of(sender.envelope()) for _ in range(3)]}
            answers.append(app.test_client().post("/api/sync/push", json=body, headers=sender.delivering))

    threads = [threading.Thread(target=send, args=(senders[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results(answer) == ["accepted"] * 3 for answer in answers)
    assert count(Submission) == 90
    numbers = [one["receipt"]["server_seq"] for answer in answers for one in answer.json["results"]]
    assert len(set(numbers)) == 90
    assert audit.first_broken_entry() is None


def test_a_phone_that_knows_more_than_the_server_makes_a_new_epoch(amina: Someone):  # I-14
    first = amina.push(amina.envelope()).json
    same = amina.push(amina.envelope(), epoch_seen=first["epoch"], high_water_seen=first["high_water"]).json
    assert same["epoch"] == first["epoch"]
    restored = amina.push(amina.envelope(), epoch_seen=first["epoch"], high_water_seen=10_000).json
    assert restored["epoch"] != first["epoch"]
    again = amina.push(epoch_seen=restored["epoch"], high_water_seen=20_000).json
    assert again["epoch"] == restored["epoch"], "a phone that lies does not keep the others busy"
    assert amina.push(epoch_seen="other", high_water_seen=20_000).json["epoch"] == restored["epoch"]


# Wrong input


def push_bytes(someone: Someone, content: bytes, **headers: str) -> Any:
    return someone.app.test_client().post("/api/sync/push", data=content, headers=someone.delivering | headers)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b"<html>captive portal</html>", b'{"proto":1,"items":{}}', b"[" * 100_000]
)
def test_a_push_that_is_not_json_is_answered_clearly(amina: Someone, content: bytes):  # BI-12
    assert_problem(push_bytes(amina, content), "sync.not_json", 400)


def test_a_push_that_is_too_large_is_refused_before_it_is_read(amina: Someone):  # BI-12
    assert_problem(push_bytes(amina, b" " * (256 * 1024 + 1)), "sync.too_large", 413)
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    assert len(bomb) < 256 * 1024
    assert_problem(push_bytes(amina, bomb, **{"Content-Encoding": "gzip"}), "sync.too_large", 413)
    assert_problem(push_bytes(amina, b"not gzip", **{"Content-Encoding": "gzip"}), "sync.not_json", 400)
    assert_problem(push_bytes(amina, gzip.compress(b'{"proto":1}')[:-9], **{"Content-Encoding": "gzip"}), "sync.not_json", 400)
    assert_problem(amina.push(*[amina.envelope()] * 21), "sync.too_many", 413, limit=20)


def test_a_compressed_push_is_taken(amina: Someone):
    body = {"proto": 1, "items": [item_of(amina.envelope())]}
    response = push_bytes(amina, gzip.compress(json.dumps(body).encode()), **{"Content-Encoding": "gzip"})
    assert results(response) == ["accepted"]


def as_item(amina: Someone, content: str, **changes: Any) -> dict[str, Any]:
    ids = amina.envelope()
    item = {"submission_id": ids["submission_id"], "revision_id": ids["revision_id"], "encryption": "none"}
    return item | {"envelope": content, "sha256": hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()} | changes


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text[:-1], "not JSON"),
        (lambda text: text.replace('"118000"', "NaN"), "not JSON"),
        (lambda text: text.replace('"118000"', '"\\ud800"'), "not JSON"),
        (lambda text: text.replace('"118000"', "[" * 2000 + "]" * 2000), "not JSON"),
        (lambda text: text.replace('"118000"', "[" * 100 + "]" * 100), "nested too deeply"),
        (lambda text: text.replace('"118000"', '"\\u0000"'), "NUL character"),
        (lambda text: text.replace('"proto":1', '"proto":1,"proto":1'), "a key twice"),
        (lambda text: text.replace('"k_ca"', '"k_ca" : "1", "k_ca"'), "a key twice"),
        (lambda text: text.replace('"answers":', '"antworten":'), "answers"),
        (lambda text: text.replace('"form_id":"diag"', '"form_id":7'), "form_id"),
        (lambda text: text.replace('"attachments":[]', '"attachments":[{"size":-1}]'), "attachments: size"),
        (lambda text: text.replace('"entities":[]', '"entities":[{"action":"drop"}]'), "entities"),
        (lambda text: "[]", "not an object"),
    ],
)
def test_an_envelope_that_cannot_be_read_is_refused_by_itself(amina: Someone, damage: Any, reason: str):  # BI-10, BI-12
    envelope = amina.envelope()
    text = item_of(envelope)["envelope"]
    item = as_item(amina, damage(text), submission_id=envelope["submission_id"], revision_id=envelope["revision_id"])
    good = amina.envelope()
    response = amina.push(items=[item, item_of(good)])
    assert results(response) == ["malformed", "accepted"]
    first = response.json["results"][0]
    assert first["id"] == envelope["revision_id"]
    assert first["problem"]["code"] == "submission.malformed"
    assert first["problem"]["details"]["reason"] == reason
    assert count(Submission) == 1


@pytest.mark.parametrize("wrong", ["", "X", "00000000-0000-0000-0000-000000000000", "A" * 10_000, None, 7, ["x"], "UPPER"])
def test_ids_that_are_not_canonical_are_refused_by_themselves(amina: Someone, wrong: Any):  # BI-14
    envelope = amina.envelope()
    text = item_of(envelope)
    wrong = envelope["revision_id"].upper() if wrong == "UPPER" else wrong
    response = amina.push(items=[text | {"revision_id": wrong}])
    assert results(response) == ["malformed"]
    assert response.json["results"][0]["id"] is None


def test_an_envelope_of_another_hash_other_ids_or_more_than_the_limit_is_refused(amina: Someone):
    envelope = amina.envelope()
    item = item_of(envelope)
    assert results(amina.push(items=[item | {"sha256": "0" * 64}])) == ["malformed"]
    assert results(amina.push(items=[item | {"submission_id": new_id()}])) == ["malformed"]
    huge = item_of(amina.envelope(answers={"note": "x" * 1_100_000}))
    body = gzip.compress(json.dumps({"proto": 1, "items": [huge]}).encode())
    response = push_bytes(amina, body, **{"Content-Encoding": "gzip"})
    assert results(response) == ["too_large"]
    assert response.json["results"][0]["problem"]["code"] == "submission.too_large"


def test_an_encryption_this_server_cannot_open_is_kept_as_it_came(amina: Someone):  # I-10
    ids = amina.envelope()
    item = as_item(amina, "c2VhbGVk", encryption="sealed-9", submission_id=ids["submission_id"], revision_id=ids["revision_id"])
    response = amina.push(items=[item])
    assert reasons(response) == ["encryption_unknown"]
    assert gzip.decompress(db.session.scalars(sa.select(Quarantined)).one().body) == b"c2VhbGVk"


def test_only_a_known_phone_delivers(amina: Someone, client):
    for authorization in (None, "Device", "Device wrong", f"Bearer {amina.credential}"):
        headers = {"Authorization": authorization} if authorization else {}
        assert_problem(client.post("/api/sync/push", json={"proto": 1, "items": []}, headers=headers), "sync.unknown_device", 401)
    assert_problem(amina.push(proto=0), "sync.update_needed", 426)


def test_have_tells_which_revisions_are_here_with_these_bytes(amina: Someone):
    envelope = amina.envelope()
    receipt = amina.push(envelope).json["results"][0]["receipt"]
    asked = {envelope["revision_id"]: receipt["sha256"], new_id(): "0" * 64, "x": 1}
    response = amina.app.test_client().post("/api/sync/have", json={"items": asked}, headers=amina.delivering)
    assert response.json["have"] == {envelope["revision_id"]: receipt}
    other = {envelope["revision_id"]: "0" * 64}
    response = amina.app.test_client().post("/api/sync/have", json={"items": other}, headers=amina.delivering)
    assert response.json["have"] == {}
    assert response.json["epoch"]


def test_have_says_again_why_a_form_was_set_aside(amina: Someone):
    """The first answer may have been lost on the way: the phone must not take for counted what waits for a person."""
    counted, held, kept = amina.envelope(), amina.envelope(form_id="unknown"), amina.envelope(author_id=new_id())
    pushed = {one["id"]: one for one in amina.push(counted, held, kept).json["results"]}
    asked = {id: one["receipt"]["sha256"] for id, one in pushed.items()}
    said = amina.app.test_client().post("/api/sync/have", json={"items": asked}, headers=amina.delivering).json
    assert set(said["have"]) == set(pushed)
    assert said["aside"] == {one["revision_id"]: pushed[one["revision_id"]]["problem"] for one in (held, kept)}
