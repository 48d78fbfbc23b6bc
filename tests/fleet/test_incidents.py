"""The server notices when a phone returns without what it reported (I-5).

N1  an id that was reported unsent and is neither held, sent nor received opens an incident; a repeated report opens no second
N2  what arrived by whatever way is no loss
N3  a client that gives only numbers is counted, all people of its phone together
N4  losses that the phone noticed itself are incidents too
N5  a new phone that looks like one that still held work opens an incident on the old one
N6  a lost phone that comes back delivers, into quarantine, and opens an incident
N7  what a phone says of itself never costs its work
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask

from app.accounts import operations as accounts
from app.accounts.models import Device, Incident, Person
from app.core.clock import utcnow
from app.core.db import db
from app.core.ids import new_id
from app.submissions.models import Submission
from tests.conftest import Someone, count


def incidents(*kinds: str) -> list[Incident]:
    db.session.rollback()
    query = sa.select(Incident).order_by(Incident.at)
    return list(db.session.scalars(query.where(Incident.kind.in_(kinds)) if kinds else query))


def report(*ids: str, **more: Any) -> dict[str, Any]:
    return {"unsent": len(ids), "unsent_ids": list(ids), "app": "test", "persisted": True, **more}


def test_a_phone_that_returns_without_what_it_reported_opens_an_incident(amina: Someone):  # N1
    kept, gone = new_id(), new_id()
    amina.push(report=report(kept, gone))
    amina.push(report=report(kept))
    amina.push(report=report(kept))
    (incident,) = incidents()
    assert (incident.device_id, incident.kind, incident.closed_at) == (amina.device_id, "unsent_missing", None)
    assert incident.details["ids"] == [gone]
    assert incident.details["since"]


def test_what_was_sent_or_arrived_by_another_way_is_no_loss(amina: Someone):  # N2
    sent, carried, held = amina.envelope(), amina.envelope(), new_id()
    amina.push(report=report(sent["revision_id"], carried["revision_id"], held))
    amina.push(carried, report=None)
    amina.push(sent, report=report(held))
    amina.push(report=report(held))
    assert incidents() == []


def test_a_phone_that_holds_more_than_it_names_is_not_said_to_have_lost_the_later_ones(amina: Someone):  # N2
    """It names its oldest forms only. Older ones may come to it, by a rescue file or because the office was restored."""
    older, gone, *rest = ids = sorted(new_id() for _ in range(6))
    amina.push(report=report(*rest) | {"unsent": 9})
    amina.push(report=report(*ids[:4]) | {"unsent": 11})
    assert incidents() == []
    amina.push(report=report(older, *ids[2:5]) | {"unsent": 10})
    (incident,) = incidents()
    assert incident.details["ids"] == [gone], "what would be named if it were here is missed"


def test_a_deleted_submission_that_is_refused_as_gone_is_no_loss(amina: Someone):  # N2
    one = amina.deliver()
    db.session.execute(sa.update(Submission).where(Submission.id == one["submission_id"]).values(deleted_at=utcnow()))
    db.session.commit()
    correction = amina.envelope(submission_id=one["submission_id"], parent_revision_id=one["revision_id"])
    amina.push(report=report(correction["revision_id"]))
    assert amina.push(correction, report=report()).json["results"][0]["result"] == "gone"
    amina.push(report=report())
    assert incidents() == []


def test_numbers_of_an_old_client_must_add_up(amina: Someone):  # N3
    amina.push(report={"unsent": 3})
    amina.push(amina.envelope(), report={"unsent": 1})
    (incident,) = incidents()
    assert (incident.kind, incident.details["unsent"]) == ("unsent_missing", 1)


def test_an_old_client_of_two_people_is_counted_as_one_phone(amina: Someone, fatima: Someone):  # N3
    amina.push(report={"unsent": 2, "install": "one"})
    fatima.push(fatima.envelope(), fatima.envelope(), report={"unsent": 0, "install": "one"})
    amina.push(report={"unsent": 0, "install": "one"})
    assert incidents() == []


def test_what_the_phone_noticed_itself_is_an_incident_once(amina: Someone):  # N4
    told = {"kind": "data_lost", "at": "2026-11-20T10:00:00.000+01:00", "details": {"unsent": 2, "ids": ["x"], "drafts": 1}}
    for _ in range(2):
        amina.push(report=report(incidents=[told, {"kind": "storage_refused", "at": "z"}, "not an object"]))
        amina.push(report=report(app="other"))
    (incident,) = incidents()
    assert (incident.kind, incident.details) == ("data_lost", {"unsent": 2, "ids": [], "drafts": 1})


def test_a_new_phone_like_one_that_still_held_work_opens_an_incident_on_the_old_one(app: Flask, amina: Someone):  # N5
    held = new_id()
    amina.push(report=report(held))
    person = db.session.get(Person, amina.id)
    assert person is not None
    accounts.enrol_device(person, label="Samsung", device_id=None, now=utcnow())
    db.session.commit()
    assert incidents() == []
    new, _credential = accounts.enrol_device(person, label="Tecno", device_id=None, now=utcnow())
    new_device = new.id
    db.session.commit()
    (incident,) = incidents()
    assert (incident.device_id, incident.kind) == (amina.device_id, "signed_in_afresh")
    assert (incident.details["ids"], incident.details["new_device"]) == ([held], new_device)


def test_a_lost_phone_that_comes_back_delivers_into_quarantine(app: Flask, amina: Someone, khadija: Someone):  # N6
    device = db.session.get(Device, amina.device_id)
    assert device is not None
    accounts.set_lost(device, True, now=utcnow(), by=khadija.actor)
    db.session.commit()
    answered = amina.push(amina.envelope(), report=report())
    assert (answered.json["results"][0]["result"], answered.json["results"][0]["reason"]) == ("quarantined", "device_lost")
    amina.push(report=report(app="again"))
    (incident,) = incidents()
    assert (incident.kind, incident.details) == ("lost_came_back", {"unsent": 1})
    assert count(Submission, Submission.quarantine == "device_lost") == 1


def test_an_odd_report_costs_no_work(amina: Someone):  # N7
    odd: list[Any] = [
        {"unsent": "many", "unsent_ids": "none"},
        {"unsent": -4, "unsent_ids": [1, None, {"a": 1}, "x" * 5000]},
        {"incidents": {"kind": "data_lost"}},
        {"incidents": [{"kind": ["data_lost"]}, {"kind": "data_lost", "at": 7, "details": ["x"]}]},
        {"unsent": True, "unsent_ids": [new_id()] * 1000},
        {"unsent": 10**40},
    ]
    for one in odd:
        answered = amina.push(amina.envelope(), report=one)
        assert answered.status_code == 200, answered.text
        assert answered.json["results"][0]["result"] == "accepted"
