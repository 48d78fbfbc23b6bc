"""What arrives in an order, or from a phone, that nobody meant to have: nothing hangs, nothing is called safe that is not."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import operations as accounts
from app.accounts.models import Device, Person
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.problems import NOT_FOUND, Problem
from app.registry.models import Entity
from app.submissions import attachments, decisions, intake, operations
from app.submissions.models import Submission
from app.submissions.queries import earlier_submission
from tests.conftest import NOW, Someone, item_of

PHOTO = b"\xff\xd8\xff" + b"p" * 1000
PHOTO_SHA256 = hashlib.sha256(PHOTO).hexdigest()
SLOT = {"name": "p.jpg", "question": "photo", "sha256": PHOTO_SHA256, "size": len(PHOTO), "type": "image/jpeg"}


def results(response: Any) -> list[tuple[str, str | None]]:
    assert response.status_code == 200, response.text
    return [(one["result"], one.get("reason")) for one in response.json["results"]]


def stored(envelope: dict[str, Any]) -> Submission:
    db.session.rollback()
    found = db.session.get(Submission, envelope["submission_id"])
    assert found is not None
    return found


def correction(someone: Someone, of: dict[str, Any], **changes: Any) -> dict[str, Any]:
    parent = {"submission_id": of["submission_id"], "parent_revision_id": of["revision_id"]}
    return someone.envelope(**parent | changes)


def decide(someone: Someone, envelope: dict[str, Any], action: str, **how: Any) -> None:
    begin_writing()
    last = decisions.last_event(envelope["submission_id"])
    decisions.decide(someone.actor, envelope["submission_id"], action, based_on=last.id if last else "", now=NOW, **how)
    db.session.commit()


def change(entity_id: str, **data: str) -> dict[str, Any]:
    return {"list": "cooperatives", "id": entity_id, "action": "update", "label": "تعاونية", "data": data}


def a_record(someone: Someone, **fields: Any) -> str:
    record = Entity(**{
        "id": new_id(), "programme_id": someone.programme_id, "list": "cooperatives", "label": "تعاونية", "data": {},
        "version": 1, "updated_at": NOW, "seq": 0, "organisation_id": someone.organisation_id, **fields,
    })  # fmt: skip
    db.session.add(record)
    db.session.commit()
    return record.id


def test_corrections_that_go_round_in_a_circle_do_not_hold_the_server(amina: Someone):
    first = amina.envelope()
    second = correction(amina, first)
    first["parent_revision_id"] = second["revision_id"]
    assert results(amina.push(first)) == [("accepted", None)]
    assert results(amina.push(second)) == [("quarantined", "revision_conflict")]
    selfish = amina.envelope()
    selfish["parent_revision_id"] = selfish["revision_id"]
    other = correction(amina, selfish, parent_revision_id=new_id())
    assert results(amina.push(selfish, other))[0] == ("accepted", None)
    assert amina.push(amina.envelope()).json["results"][0]["result"] == "accepted"


def test_a_gap_between_two_corrections_is_closed_whatever_records_the_later_one_names(amina: Someone):
    named = new_id()
    amina.deliver(entities=[change(named, sector="food") | {"action": "create"}])
    first = amina.deliver()
    second = correction(amina, first)
    third = correction(amina, second, entities=[change(named, sector="crafts")])
    assert results(amina.push(third)) == [("accepted", None)]
    assert results(amina.push(second)) == [("accepted", None)]
    assert stored(first).current_revision_id == third["revision_id"]
    assert db.session.get(Entity, named).data["sector"] == "crafts"


def test_have_names_the_photos_of_what_was_set_aside_as_missing(amina: Someone, fatima: Someone):  # I-12
    envelope = amina.envelope(author_id=fatima.id, attachments=[SLOT])
    answer = amina.push(envelope)
    assert results(answer) == [("quarantined", "author_unproven")]
    assert answer.json["results"][0]["receipt"]["missing"] == [PHOTO_SHA256]
    asked = {envelope["revision_id"]: item_of(envelope)["sha256"]}
    had = amina.app.test_client().post("/api/sync/have", json={"items": asked}, headers=amina.delivering).json
    assert had["have"][envelope["revision_id"]]["missing"] == [PHOTO_SHA256]


def test_a_record_of_another_organisation_is_changed_only_after_a_person_looked(
    amina: Someone, fatima: Someone, khadija: Someone
):
    # NS-17: the record was given to another organisation while the phone was offline.
    named = new_id()
    fatima.deliver(entities=[change(named, sector="food") | {"action": "create"}])
    envelope = amina.envelope(entities=[change(named, sector="crafts")])
    assert results(amina.push(envelope)) == [("quarantined", "entity_elsewhere")]
    db.session.rollback()
    assert db.session.get(Entity, named).data["sector"] == "food"


def test_what_lies_outside_her_territory_is_changed_only_after_a_person_looked(amina: Someone, fatima: Someone, khadija: Someone):
    here, there = "05.271.01.03", "03.231.01.03"
    accounts.set_role(
        db.session.get_one(Person, amina.id), amina.programme_id, "facilitator",
        organisation_id=amina.organisation_id, territories=["05.271"], now=NOW, by=None,
    )  # fmt: skip
    db.session.commit()
    near, far, own = (a_record(amina, territory=place) for place in (here, there, None))
    assert results(amina.push(amina.envelope(entities=[change(near, phone="1"), change(own, phone="1")]))) == [("accepted", None)]
    takes = change(far, phone="1", territory=here)
    assert results(amina.push(amina.envelope(entities=[takes]))) == [("quarantined", "entity_elsewhere")]
    db.session.rollback()
    record = db.session.get_one(Entity, far)
    assert (record.data, record.territory) == ({}, there)
    made = new_id()
    first = amina.deliver(entities=[change(made) | {"action": "create"}], territory=there)
    fixed = correction(amina, first, entities=[change(made, territory=here)])
    assert results(amina.push(fixed)) == [("accepted", None)], "what she placed wrongly herself"
    db.session.rollback()
    assert db.session.get_one(Entity, made).territory == here


def test_a_form_changes_only_records_of_the_lists_that_it_declares(amina: Someone, khadija: Someone):
    person = a_record(amina, list="persons")
    for odd in (
        change(new_id()) | {"action": "create", "list": "invented"},
        change(person, phone="1") | {"list": "persons"},
        change(person, phone="1"),
    ):
        fresh = new_id()
        envelope = amina.envelope(entities=[change(fresh) | {"action": "create"}, odd])
        assert results(amina.push(envelope)) == [("quarantined", "entity_elsewhere")], odd
        decide(khadija, envelope, "approve")
        db.session.rollback()
        assert db.session.get(Entity, fresh) is not None, "the rest counts once a person has looked"
    db.session.rollback()
    assert db.session.get_one(Entity, person).data == {}
    assert set(db.session.scalars(sa.select(Entity.list))) == {"cooperatives", "persons"}
    assert results(amina.push(amina.envelope(form_sha256="0" * 64, entities=[odd | {"id": new_id()}]))) == [
        ("quarantined", "form_unknown")
    ]


def test_approving_a_conflict_does_not_put_older_values_over_newer_ones(amina: Someone, khadija: Someone):
    named = new_id()
    first = amina.deliver(entities=[change(named, sector="food") | {"action": "create"}])
    one, two = correction(amina, first), correction(amina, first)
    one["entities"] = [change(named, sector="crafts")]
    assert results(amina.push(one)) == [("accepted", None)]
    amina.deliver(entities=[change(named, sector="services")])
    assert results(amina.push(two)) == [("quarantined", "revision_conflict")]
    decide(khadija, first, "approve")
    db.session.rollback()
    assert db.session.get(Entity, named).data["sector"] == "services"


def test_a_conflict_that_was_decided_does_not_come_back_with_the_next_correction(amina: Someone, khadija: Someone):
    first = amina.deliver()
    one, two = correction(amina, first), correction(amina, first)
    assert results(amina.push(one, two)) == [("accepted", None), ("quarantined", "revision_conflict")]
    decide(khadija, first, "approve")
    decide(khadija, first, "return", comment="الأرقام")
    assert results(amina.push(correction(amina, one))) == [("accepted", None)]
    assert stored(first).state == "edited"


def test_a_late_piece_never_touches_a_file_that_is_complete(app: Flask, amina: Someone):  # I-12
    submission_id = amina.deliver(attachments=[SLOT])["submission_id"]
    growing, final = attachments._partial(submission_id, PHOTO_SHA256), attachments.path_of(PHOTO_SHA256)
    said: list[str] = []

    def late() -> None:
        more = hashlib.sha256(b"x").hexdigest()
        with app.app_context():
            try:
                attachments.append(
                    amina.id, submission_id, PHOTO_SHA256, offset=len(PHOTO), chunk=b"x", chunk_sha256=more, now=NOW
                )
            except Problem as problem:
                said.append(problem.kind.code)

    with attachments._locked(growing) as file:
        file.write(PHOTO)
        file.flush()
        other_tab = threading.Thread(target=late)
        other_tab.start()
        time.sleep(0.3)  # it has opened the growing file and waits for it
        final.parent.mkdir(parents=True)
        growing.replace(final)
    other_tab.join(10)
    assert said == ["attachment.offset_wrong"]
    assert final.read_bytes() == PHOTO


def test_the_photos_of_a_deleted_submission_open_for_nobody(amina: Someone, khadija: Someone):  # I-18
    submission_id = amina.deliver(attachments=[SLOT])["submission_id"]
    attachments.append(amina.id, submission_id, PHOTO_SHA256, offset=0, chunk=PHOTO, chunk_sha256=PHOTO_SHA256, now=NOW)
    begin_writing()
    operations.delete(khadija.actor, submission_id, reason="", now=NOW)
    db.session.commit()
    with pytest.raises(Problem) as found:
        attachments.open_attachment(khadija.actor, submission_id, PHOTO_SHA256)
    assert found.value.kind is NOT_FOUND


def test_naming_a_record_as_subject_does_not_show_what_others_said_about_it(amina: Someone, fatima: Someone, khadija: Someone):
    subject = {"list": "cooperatives", "id": new_id()}
    fatima.deliver(subject=subject)
    mine = stored(amina.deliver(subject=subject))
    assert earlier_submission(amina.actor, mine) is None
    assert earlier_submission(khadija.actor, mine) is None
    later = stored(amina.deliver(subject=subject))
    assert earlier_submission(khadija.actor, later).id == mine.id


def test_what_a_phone_told_of_lost_data_outlives_its_next_report(amina: Someone):  # I-5
    lost = {"kind": "data_lost", "at": "2026-11-21T18:42:10.123+01:00", "details": {"unsent": 3}}
    for report in ({"unsent": 0, "incidents": [lost]}, {"unsent": 1}, {"unsent": 2, "incidents": [lost]}):
        assert amina.push(report=report).status_code == 200
    db.session.rollback()
    kept = db.session.get(Device, amina.device_id).report
    assert (kept["unsent"], kept["incidents"]) == (2, [lost])


def test_a_report_whose_transaction_failed_is_written_by_the_next_attempt(amina: Someone, monkeypatch: Any):  # I-5
    accept, calls = intake.accept, []

    def fails_once(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the store restarted")
        accept(*args, **kwargs)

    monkeypatch.setattr(intake, "accept", fails_once)
    envelope = amina.envelope()
    assert amina.push(envelope, report={"unsent": 7}).status_code == 200
    db.session.rollback()
    assert db.session.get(Device, amina.device_id).report["unsent"] == 7
