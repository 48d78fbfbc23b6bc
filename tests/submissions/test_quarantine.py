"""Sorting quarantine: what a person decides about work that the server took without being sure.

Q1  accepted, it counts from now on: in lists and exports, and what it says of records is applied
Q2  it can become another person's, or be about another record; what was sent keeps its bytes
Q3  rejected needs a reason, and stays readable with it
Q4  each decision is an event of the chain and happens once, whoever else decides at the same moment
Q5  only what one answers for can be sorted
Q6  photos of an accepted item find their place, and the phone is told which are missing
Q7  an id that was taken gets another: both stay
Q8  the phone hears what was decided about its person's own, with the reason of a rejection, and of nobody else's
Q9  a correction that a person must look at changes nothing of what it corrects, before she does or if she rejects it
Q10 nobody changes by accepting a record that she may not change; what her people began they may correct
"""

from __future__ import annotations

import gzip
import hashlib
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import operations as accounts
from app.accounts.models import Device, Membership
from app.core import audit
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.problems import Problem
from app.registry.models import Entity, Programme
from app.review import sorting
from app.submissions import decisions, quarantine
from app.submissions.attachments import path_of
from app.submissions.models import Attachment, Quarantined, ReviewEvent, Revision, Submission
from app.submissions.queries import last_event
from tests.conftest import NOW, Someone, World, an_instrument, count, item_of

PHOTO = b"\xff\xd8\xff a photo of the premises"
PHOTO_SHA = hashlib.sha256(PHOTO).hexdigest()
ANNOUNCED = {"name": "p.jpg", "question": "photo", "sha256": PHOTO_SHA, "size": len(PHOTO), "type": "image/jpeg"}


def kept_one() -> str:
    db.session.rollback()
    row = db.session.scalar(sa.select(Quarantined.id))
    assert row is not None
    return row


def accept(actor: Any, case_id: str, **choices: str) -> str:
    begin_writing()
    made = quarantine.accept(actor, case_id, now=utcnow(), **choices)
    db.session.commit()
    return made


def reject(actor: Any, case_id: str, note: str) -> None:
    begin_writing()
    quarantine.reject(actor, case_id, note=note, now=utcnow())
    db.session.commit()


def close_form(world: World, is_open: bool = False) -> None:
    from app.instruments.models import Instrument

    db.session.execute(sa.update(Instrument).values(is_open=is_open))
    db.session.commit()


def a_record(world: World, label: str) -> str:
    made = Entity(
        id=new_id(), programme_id=world.programme.id, list="cooperatives", label=label, territory="05.271.01.03", data={},
        version=1, updated_at=NOW, seq=0,
    )  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made.id


def actions(submission_id: str) -> list[str]:
    query = sa.select(audit.Audit.action).where(audit.Audit.object_id == submission_id).order_by(audit.Audit.number)
    return list(db.session.scalars(query))


def test_a_form_that_was_closed_counts_once_it_is_accepted(world: World, amina: Someone, khadija: Someone):  # Q1, Q4
    close_form(world)
    record = a_record(world, "تعاونية")
    change = {"list": "cooperatives", "id": record, "action": "update", "label": "", "data": {"phone": "0600"}}
    envelope = amina.envelope(entities=[change], subject={"list": "cooperatives", "id": record})
    assert amina.push(envelope).json["results"][0]["reason"] == "form_closed"
    (case,) = quarantine.waiting(khadija.actor)
    assert (case.id, case.reason) == (envelope["submission_id"], "form_closed")
    assert db.session.get_one(Entity, record).data == {}

    accept(khadija.actor, case.id, note="Elle avait commencé avant.")
    db.session.expire_all()
    assert db.session.get_one(Submission, case.id).quarantine is None
    assert db.session.get_one(Entity, record).data == {"phone": "0600"}
    assert quarantine.waiting(khadija.actor) == []
    assert actions(case.id) == ["quarantine.accepted"]
    event = db.session.scalar(sa.select(ReviewEvent).where(ReviewEvent.submission_id == case.id, ReviewEvent.number == 2))
    assert event is not None
    assert (event.action, event.comment) == ("admitted", "Elle avait commencé avant.")
    assert audit.first_broken_entry() is None


def test_bytes_of_an_unproven_author_become_a_submission(  # Q1, Q2, Q4
    app: Flask, amina: Someone, khadija: Someone, fatima: Someone
):
    envelope = amina.envelope(author_id=fatima.id)
    assert amina.push(envelope).json["results"][0]["reason"] == "author_unproven"
    case_id = kept_one()
    with pytest.raises(Problem) as nobody:
        accept(khadija.actor, case_id)
    assert nobody.value.kind is quarantine.NO_AUTHOR
    db.session.rollback()
    made = accept(khadija.actor, case_id, person_id=amina.id)
    submission = db.session.get_one(Submission, made)
    assert (made, submission.author_id, submission.quarantine) == (envelope["submission_id"], amina.id, None)
    revision = db.session.get_one(Revision, envelope["revision_id"])
    assert gzip.decompress(revision.body).decode() == item_of(envelope)["envelope"]
    assert audit.first_broken_entry() is None
    answered = amina.push(envelope).json["results"][0]
    assert (answered["result"], answered["receipt"]["server_seq"]) == ("duplicate", revision.seq)
    assert count(Submission) == 1
    with pytest.raises(Problem) as again:
        accept(khadija.actor, case_id)
    assert again.value.kind is quarantine.DECIDED


def test_it_can_become_another_persons(world: World, amina: Someone, fatima: Someone, admin: Someone):  # Q2
    close_form(world)
    one, two = amina.envelope(), amina.envelope(author_id=new_id())
    amina.push(one)
    amina.push(two)
    accept(admin.actor, one["submission_id"], person_id=fatima.id)
    made = accept(admin.actor, kept_one(), person_id=fatima.id)
    for submission_id in (one["submission_id"], made):
        submission = db.session.get_one(Submission, submission_id)
        assert (submission.author_id, submission.organisation_id) == (fatima.id, fatima.organisation_id)
        assert submission.quarantine is None


def test_what_became_anothers_leaves_the_phone_that_showed_it(  # Q2
    world: World, amina: Someone, fatima: Someone, admin: Someone
):
    def pulled(someone: Someone, cursor: str = "") -> Any:
        return someone.client.get(f"/api/sync/pull?programme={someone.programme_id}&cursor={cursor}").json

    close_form(world)
    envelope = amina.envelope()
    amina.push(envelope)
    before = pulled(amina)
    assert envelope["submission_id"] in {change["id"] for change in before["changes"]}
    accept(admin.actor, envelope["submission_id"], person_id=fatima.id)
    again = pulled(amina, before["next_cursor"])
    assert again["resync"] is True
    whole = pulled(amina, again["next_cursor"])
    assert envelope["submission_id"] not in {change["id"] for change in whole["changes"]}
    assert envelope["submission_id"] in {change["id"] for change in pulled(fatima)["changes"]}


def test_it_can_be_about_another_record(world: World, amina: Someone, khadija: Someone):  # Q2
    close_form(world)
    wrong, right = a_record(world, "خطأ"), a_record(world, "صواب")
    change = {"list": "cooperatives", "id": wrong, "action": "update", "label": "", "data": {"phone": "0600"}}
    about = {"entities": [change], "subject": {"list": "cooperatives", "id": wrong}}
    filed, set_aside = amina.envelope(**about), amina.envelope(**about, author_id=new_id())
    amina.push(filed)
    amina.push(set_aside)
    accept(khadija.actor, filed["submission_id"], record_id=right)
    assert db.session.get_one(Entity, right).data == {"phone": "0600"}
    made = accept(khadija.actor, kept_one(), person_id=amina.id, record_id=right)
    db.session.expire_all()
    assert db.session.get_one(Entity, wrong).data == {}
    assert {db.session.get_one(Submission, one).subject_id for one in (filed["submission_id"], made)} == {right}
    with pytest.raises(Problem) as unknown:
        accept(khadija.actor, _another_closed(world, amina), record_id=new_id())
    assert unknown.value.kind is quarantine.NO_RECORD


def test_nobody_changes_by_accepting_a_record_that_is_not_hers_to_change(  # Q10
    world: World, amina: Someone, fatima: Someone, khadija: Someone, admin: Someone
):
    record = a_record(world, "تعاونية تيفاوين")
    db.session.get_one(Entity, record).organisation_id = fatima.organisation_id  # given away while her phone was offline
    change = {"list": "cooperatives", "id": record, "action": "update", "label": "", "data": {"phone": "0600"}}
    about = {"entities": [change], "subject": {"list": "cooperatives", "id": record}}
    filed, set_aside = amina.envelope(**about), amina.envelope(**about, author_id=new_id())
    assert amina.push(filed).json["results"][0]["reason"] == "entity_elsewhere"
    amina.push(set_aside)
    kept = kept_one()
    page = f"/quarantine/{filed['submission_id']}?lang=fr"
    for path, form in {
        page: {"action": "accept"},
        f"/quarantine/{kept}?lang=fr": {"action": "accept", "person": amina.id},
        f"/submissions/{filed['submission_id']}/decision?lang=fr": {"action": "approve", "based_on": seen(filed)},
    }.items():
        refused = khadija.client.post(path, data=form)
        assert refused.status_code == 422, path
        assert "administration, ou une coordination" in refused.text, path
    assert db.session.get_one(Entity, record).data == {}
    assert count(Submission) == 1
    mine = a_record(world, "تعاونية أخرى")
    assert khadija.client.post(page, data={"action": "accept", "record": mine}).status_code == 302
    assert db.session.get_one(Entity, mine).data == {"phone": "0600"}
    accept(admin.actor, kept, person_id=amina.id)
    assert db.session.get_one(Entity, record).data == {"phone": "0600"}


def test_what_her_people_began_outside_of_her_territory_she_lets_count(amina: Someone, khadija: Someone):  # Q10
    made, change = new_id(), {"list": "cooperatives", "action": "create", "label": "أ", "data": {"commune": "03.231.01.03."}}
    amina.deliver(entities=[change | {"id": made}])
    for someone in (amina, khadija):
        place = sa.update(Membership).where(Membership.person_id == someone.id).values(territories=["05.271"])
        db.session.execute(place)
    update = change | {"id": made, "action": "update", "data": {"phone": "0600"}}
    later = amina.envelope(entities=[update], form_sha256="f" * 64)
    assert amina.push(later).json["results"][0]["reason"] == "form_unknown"
    accept(khadija.actor, later["submission_id"])
    assert db.session.get_one(Entity, made).data["phone"] == "0600"


def seen(envelope: dict[str, Any]) -> str:
    event = last_event(envelope["submission_id"])
    return event.id if event else ""


def _another_closed(world: World, amina: Someone) -> str:
    db.session.rollback()
    envelope = amina.envelope()
    amina.push(envelope)
    return str(envelope["submission_id"])


def test_an_id_that_was_taken_gets_another_and_both_stay(amina: Someone, khadija: Someone):  # Q7
    first = amina.deliver()
    other = first | {"answers": {"grp_fig": {"k_ca": "7"}}}
    assert amina.push(other).json["results"][0]["reason"] == "id_conflict"
    made = accept(khadija.actor, kept_one())
    assert made != first["submission_id"]
    assert count(Submission) == 2
    bodies = {gzip.decompress(one.body).decode() for one in db.session.scalars(sa.select(Revision))}
    assert bodies == {item_of(first)["envelope"], item_of(other)["envelope"]}


def test_photos_of_an_accepted_item_find_their_place(amina: Someone, khadija: Someone):  # Q6
    first = amina.deliver()
    other = first | {"attachments": [ANNOUNCED]}
    answered = amina.push(other).json["results"][0]
    assert answered["receipt"]["missing"] == [PHOTO_SHA]
    address = f"/api/sync/att/{first['submission_id']}/{PHOTO_SHA}"
    phone = amina.app.test_client()
    assert phone.head(address, headers=amina.delivering).status_code == 404
    made = accept(khadija.actor, kept_one())
    revision = {other["revision_id"]: item_of(other)["sha256"]}
    asked = phone.post("/api/sync/have", json={"items": revision}, headers=amina.delivering)
    assert asked.json["have"][other["revision_id"]]["missing"] == [PHOTO_SHA]
    headers = amina.delivering | {"Upload-Offset": "0", "X-Chunk-Sha256": PHOTO_SHA}
    assert phone.patch(address, data=PHOTO, headers=headers).status_code == 204
    db.session.rollback()
    slot = db.session.scalar(sa.select(Attachment).where(Attachment.submission_id == made))
    assert slot is not None
    assert slot.complete_at is not None
    assert path_of(PHOTO_SHA).read_bytes() == PHOTO
    asked = phone.post("/api/sync/have", json={"items": revision}, headers=amina.delivering)
    assert asked.json["have"][other["revision_id"]]["missing"] == []


def test_rejecting_needs_a_reason_and_keeps_everything(world: World, amina: Someone, khadija: Someone):  # Q3, Q4
    close_form(world)
    filed, aside = amina.envelope(), amina.envelope(author_id=new_id())
    amina.push(filed)
    amina.push(aside)
    kept = kept_one()
    for case_id in (filed["submission_id"], kept):
        with pytest.raises(Problem) as refused:
            reject(khadija.actor, case_id, "  ")
        assert refused.value.kind is quarantine.NO_REASON
        db.session.rollback()
        reject(khadija.actor, case_id, "Essai, pas une visite.")
    assert quarantine.waiting(khadija.actor) == []
    assert db.session.get_one(Submission, filed["submission_id"]).state == "rejected"
    row = db.session.get_one(Quarantined, kept)
    assert (row.decision, row.note) == ("rejected", "Essai, pas une visite.")
    assert gzip.decompress(row.body).decode() == item_of(aside)["envelope"]
    assert amina.push(aside).json["results"][0]["result"] == "quarantined"
    assert "quarantine.rejected" in actions(aside["submission_id"])


def test_of_two_corrections_a_person_chooses_one(world: World, amina: Someone, khadija: Someone):  # Q1, Q4
    first = amina.deliver()
    links = {"submission_id": first["submission_id"], "parent_revision_id": first["revision_id"]}
    record = a_record(world, "تعاونية")
    one = amina.envelope(**links, title="الأولى", subject={"list": "cooperatives", "id": a_record(world, "أخرى")})
    two = amina.envelope(**links, title="الثانية", territory="03.231.01.03", subject={"list": "cooperatives", "id": record})
    amina.push(one)
    assert amina.push(two).json["results"][0]["reason"] == "revision_conflict"
    (case,) = quarantine.waiting(khadija.actor)
    assert {option.id for option in quarantine.revisions_to_choose(case)} == {one["revision_id"], two["revision_id"]}
    with pytest.raises(Problem):
        accept(khadija.actor, case.id, revision_id=first["revision_id"])
    db.session.rollback()
    accept(khadija.actor, case.id, revision_id=two["revision_id"])
    submission = db.session.get_one(Submission, case.id)
    assert (submission.current_revision_id, submission.quarantine) == (two["revision_id"], None)
    assert (submission.title, submission.territory, submission.subject_id) == ("الثانية", "03.231.01.03", record)
    last = db.session.scalar(
        sa.select(ReviewEvent.id).where(ReviewEvent.submission_id == case.id).order_by(ReviewEvent.number.desc())
    )
    begin_writing()
    decisions.decide(khadija.actor, case.id, "approve", based_on=last, now=utcnow())
    db.session.commit()


def _lose(amina: Someone, khadija: Someone, is_lost: bool = True) -> None:
    begin_writing()
    accounts.set_lost(db.session.get_one(Device, amina.device_id), is_lost, now=utcnow(), by=khadija.actor)
    db.session.commit()


def _approve(khadija: Someone, submission_id: str) -> None:
    begin_writing()
    last = decisions.last_event(submission_id)
    decisions.decide(khadija.actor, submission_id, "approve", based_on=last.id if last else "", now=utcnow())
    db.session.commit()


def test_a_lost_phones_correction_leaves_the_approved_one_as_it_is(amina: Someone, khadija: Someone):  # Q9
    first = amina.deliver(title="الجيدة")
    _approve(khadija, first["submission_id"])
    _lose(amina, khadija)
    links = {"submission_id": first["submission_id"], "parent_revision_id": first["revision_id"]}
    forged = amina.envelope(**links, title="المزورة", attachments=[ANNOUNCED])
    again = amina.envelope(submission_id=first["submission_id"], parent_revision_id=forged["revision_id"], title="ثم أخرى")
    answered = amina.push(forged, again).json["results"]
    assert [(one["result"], one["reason"]) for one in answered] == [("quarantined", "device_lost")] * 2
    assert answered[0]["receipt"]["missing"] == [PHOTO_SHA]

    def as_it_stands() -> tuple[str, str | None, str, str]:
        db.session.rollback()
        found = db.session.get_one(Submission, first["submission_id"])
        return found.state, found.quarantine, found.current_revision_id, found.title

    untouched = ("approved", None, first["revision_id"], "الجيدة")
    assert as_it_stands() == untouched
    case, other = quarantine.waiting(khadija.actor)
    reject(khadija.actor, case.id, "ليست منها")
    assert as_it_stands() == untouched
    assert accept(khadija.actor, other.id) == first["submission_id"], "it corrects what counts"
    assert as_it_stands() == ("edited", None, again["revision_id"], "ثم أخرى")
    _lose(amina, khadija, False)
    after = amina.envelope(submission_id=first["submission_id"], parent_revision_id=again["revision_id"], title="أخيرا")
    assert amina.push(after).json["results"][0]["result"] == "accepted"
    assert as_it_stands()[2:] == (after["revision_id"], "أخيرا")


def test_a_correction_of_what_waits_for_the_same_reason_waits_with_it(  # Q9
    world: World, amina: Someone, khadija: Someone
):
    close_form(world)
    first = amina.envelope()
    second = amina.envelope(submission_id=first["submission_id"], parent_revision_id=first["revision_id"], title="المصححة")
    assert [one["reason"] for one in amina.push(first, second).json["results"]] == ["form_closed"] * 2
    (case,) = quarantine.waiting(khadija.actor)
    accept(khadija.actor, case.id)
    assert db.session.get_one(Submission, case.id).title == "المصححة"


def test_only_what_one_answers_for_can_be_sorted(  # Q5
    world: World, amina: Someone, fatima: Someone, khadija: Someone, said: Someone, admin: Someone
):
    close_form(world)
    hers, others = amina.envelope(), fatima.envelope()
    amina.push(hers)
    fatima.push(others)
    fatima.push(fatima.envelope(author_id=new_id()))
    kept = kept_one()
    assert [case.id for case in quarantine.waiting(khadija.actor)] == [hers["submission_id"]]
    assert len(quarantine.waiting(admin.actor)) == 3
    for someone, case_id in ((khadija, others["submission_id"]), (khadija, kept), (said, hers["submission_id"]), (amina, kept)):
        with pytest.raises(Problem) as refused:
            accept(someone.actor, case_id)
        assert refused.value.kind.status == 404
        db.session.rollback()
    with pytest.raises(Problem) as wider:
        accept(khadija.actor, hers["submission_id"], person_id=fatima.id)
    assert wider.value.kind is quarantine.NO_AUTHOR


def test_an_item_of_an_unknown_programme_is_filed_in_the_persons(amina: Someone, khadija: Someone, admin: Someone):  # Q2
    envelope = amina.envelope(programme_id=new_id())
    assert amina.push(envelope).json["results"][0]["reason"] == "programme_unknown"
    case_id = kept_one()
    with pytest.raises(Problem) as unknown:
        accept(admin.actor, case_id)
    assert unknown.value.kind is quarantine.NO_PROGRAMME
    db.session.rollback()
    made = accept(khadija.actor, case_id, person_id=amina.id)
    assert db.session.get_one(Submission, made).programme_id == amina.programme_id


def test_what_cannot_be_opened_can_only_be_rejected(amina: Someone, admin: Someone):  # Q3
    item = item_of(amina.envelope()) | {"encryption": "later"}
    sent = {"proto": 1, "items": [item]}
    answered = amina.app.test_client().post("/api/sync/push", json=sent, headers=amina.delivering).json["results"][0]
    assert answered["reason"] == "encryption_unknown"
    case_id = kept_one()
    with pytest.raises(Problem) as sealed:
        accept(admin.actor, case_id)
    assert sealed.value.kind.code == "submission.sealed"
    db.session.rollback()
    reject(admin.actor, case_id, "Clé perdue.")


def test_a_phone_hears_what_was_decided_about_its_own(  # Q8
    world: World, amina: Someone, fatima: Someone, khadija: Someone
):
    def told(someone: Someone, *items: dict[str, Any]) -> Any:
        asked = {"items": {one["revision_id"]: one["sha256"] for one in items}}
        headers = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}
        answer = someone.client.post("/api/sync/decided", json=asked, headers=headers)
        assert answer.status_code == 200, answer.text
        return {name: (one["decision"], one["note"]) for name, one in answer.json["decided"].items()}

    close_form(world)
    closed, refused = amina.envelope(), amina.envelope()
    unproven, foreign = amina.envelope(author_id=fatima.id), amina.envelope(author_id=fatima.id)
    items = [item_of(one) for one in (closed, refused, unproven, foreign)]
    amina.push(*(closed, refused, unproven, foreign))
    assert told(amina, *items) == {}
    accept(khadija.actor, closed["submission_id"], note="Elle avait commencé avant.")
    reject(khadija.actor, refused["submission_id"], "Déjà saisie par فاطمة.")
    kept = dict(db.session.execute(sa.select(Quarantined.revision_id, Quarantined.id)).all())
    reject(khadija.actor, kept[foreign["revision_id"]], "Qui est-ce ?")
    accept(khadija.actor, kept[unproven["revision_id"]], person_id=amina.id)
    assert told(amina, *items) == {
        closed["revision_id"]: ("accepted", ""),
        refused["revision_id"]: ("rejected", "Déjà saisie par فاطمة."),
        foreign["revision_id"]: ("rejected", "Qui est-ce ?"),
        unproven["revision_id"]: ("accepted", ""),
    }
    # Another's, or other bytes under the same id: as if it were not here. And nobody without a session.
    assert told(fatima, *items) == {}
    assert told(amina, items[0] | {"sha256": "0" * 64}) == {}
    assert amina.app.test_client().post("/api/sync/decided", json={"items": {}}, headers={"X-Sync-Proto": "1"}).status_code == 401


def in_another_programme(amina: Someone) -> str:
    """A second programme, of which Khadija is no member and Amina is."""
    other = Programme(id=new_id(), code="other", name={"ar": "آخر", "fr": "Autre"}, consent={}, created_at=NOW)
    db.session.add(other)
    db.session.flush()
    an_instrument(other.id)
    db.session.add(Membership(id=new_id(), person_id=amina.id, programme_id=other.id, role="facilitator", territories=[]))
    db.session.commit()
    return other.id


def test_bytes_of_a_programme_are_sorted_by_its_own_coordinators(amina: Someone, khadija: Someone, admin: Someone):  # Q5
    first = amina.deliver(programme_id=in_another_programme(amina))
    amina.push(first | {"title": "سر"})
    case_id = kept_one()
    assert quarantine.waiting(khadija.actor) == []
    assert (quarantine.count(khadija.actor), quarantine.count(admin.actor)) == (0, 1)
    assert khadija.client.get(f"/quarantine/{case_id}").status_code == 404
    with pytest.raises(Problem) as refused:
        reject(khadija.actor, case_id, "x")
    assert refused.value.kind.status == 404
    db.session.rollback()
    amina.push(amina.envelope(programme_id=new_id()))
    assert quarantine.count(khadija.actor) == len(quarantine.waiting(khadija.actor)) == 1, "of no programme here"


def test_what_others_must_sort_hides_nothing(amina: Someone, fatima: Someone, khadija: Someone):  # Q5
    theirs = {"reason": "unreadable", "device_id": fatima.device_id, "encryption": "sealed-1", "body": b"", "sha256": "a" * 64}
    for _ in range(quarantine.MOST_LISTED):
        db.session.add(Quarantined(id=new_id(), submission_id=new_id(), revision_id=new_id(), received_at=NOW, seq=1, **theirs))
    db.session.commit()
    amina.push(amina.envelope(author_id=fatima.id))
    assert len(quarantine.waiting(khadija.actor)) == quarantine.count(khadija.actor) == 1


def test_a_page_of_cases_costs_a_few_questions_and_goes_on(  # Q5
    world: World, amina: Someone, admin: Someone, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    def questions(address: str) -> int:
        asked.clear()
        sa.event.listen(db.engine, "before_cursor_execute", hear)
        pages.append(admin.client.get(address).text)
        sa.event.remove(db.engine, "before_cursor_execute", hear)
        return len(asked)

    pages: list[str] = []
    close_form(world)
    one, two = amina.envelope(title="الأولى"), amina.envelope(title="الثانية", programme_id=new_id())
    amina.push(one)
    amina.push(two)
    questions("/quarantine")
    few = questions("/quarantine")
    amina.push(*(amina.envelope(title=f"من بعد {n}") for n in range(6)))
    amina.push(*(amina.envelope(title=f"وبعد {n}", programme_id=new_id()) for n in range(6)))
    assert questions("/quarantine") == few
    monkeypatch.setattr(sorting, "PAGE", 5)
    seen, address = [], "/quarantine"
    while address:
        questions(address)
        seen += re.findall(r'href="/quarantine/([^"?]+)"', pages[-1])
        following = re.search(r'rel="next" href="([^"]+)"', pages[-1])
        address = following.group(1) if following else ""
    assert seen == [case.id for case in quarantine.waiting(admin.actor)]
    assert len(seen) == 14
    for odd in ("x", "9999-12-31T23:59:59~y", "0001-01-01T00:00:00+05:00~1", "2026-01-01T00:00:00~²", "2026-01-01~7"):
        assert admin.client.get("/quarantine", query_string={"after": odd}).status_code == 200, odd
