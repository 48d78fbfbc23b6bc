"""Enrolment by a link that the office makes.

E1  good for a day, for one person and one phone, without a typed password
E2  the same phone may ask again when the answer was lost; another phone may not
E3  what it gives is a session and a credential that delivers, as signing in does
E4  who is deactivated, and who is of a demonstration that is off, has no link
E5  a link that no phone has used can be cancelled; one that was used stays what it was
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import enrolment
from app.accounts.models import Device, Enrolment, Person
from app.core import audit
from app.core.clock import utcnow
from app.core.db import db
from app.core.ids import new_id
from app.core.problems import Problem
from tests.conftest import Someone, assert_problem, count, item_of

CLAIM = "a-claim-of-phone-one"
OURS = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}


def a_link(amina: Someone, khadija: Someone, *, age: timedelta = timedelta(0)) -> str:
    person = db.session.get(Person, amina.id)
    assert person is not None
    _made, token = enrolment.make_link(person, by=khadija.actor, now=utcnow() - age)
    db.session.commit()
    return token


def post(app: Flask, path: str, token: str, claim: str = CLAIM, **more: Any) -> Any:
    return app.test_client().post(f"/api/field/{path}", json={"token": token, "claim": claim, **more}, headers=OURS)


def test_a_link_makes_a_phone_ready_without_a_password(app: Flask, amina: Someone, khadija: Someone):  # E1, E3
    token = a_link(amina, khadija)
    looked = post(app, "enrol/look", token)
    assert looked.json["person"]["name"]["fr"] == "Amina"
    client = app.test_client()
    entered = client.post("/api/field/enrol", json={"token": token, "claim": CLAIM, "device_label": "Chrome"}, headers=OURS)
    assert entered.status_code == 200, entered.text
    assert (entered.json["person"]["id"], entered.json["username"]) == (amina.id, "amina")
    assert client.get("/api/field/me").json["person"]["id"] == amina.id
    device = entered.json["device"]
    envelope = amina.envelope(device_id=device["id"])
    headers = {"Authorization": f"Device {device['credential']}", "X-Sync-Proto": "1"}
    delivered = app.test_client().post("/api/sync/push", json={"proto": 1, "items": [item_of(envelope)]}, headers=headers)
    assert delivered.json["results"][0]["result"] == "accepted"
    db.session.rollback()
    assert audit.first_broken_entry() is None


def test_a_link_is_used_once_and_its_own_phone_may_ask_again(app: Flask, amina: Someone, khadija: Someone):  # E2
    token = a_link(amina, khadija)
    first = post(app, "enrol", token)
    again = post(app, "enrol", token)
    assert first.json["device"]["id"] == again.json["device"]["id"]
    assert first.json["device"]["credential"] != again.json["device"]["credential"]
    assert_problem(post(app, "enrol", token, claim="another-phones-claim"), "enrolment.used", 410)
    assert_problem(post(app, "enrol/look", token, claim="another-phones-claim"), "enrolment.used", 410)
    assert count(Device, Device.person_id == amina.id) == 1


def test_a_link_ends_after_a_day(app: Flask, amina: Someone, khadija: Someone):  # E1
    assert post(app, "enrol/look", a_link(amina, khadija, age=timedelta(hours=23, minutes=55))).status_code == 200
    old = a_link(amina, khadija, age=timedelta(hours=24, seconds=1))
    assert_problem(post(app, "enrol/look", old), "enrolment.expired", 410)
    assert_problem(post(app, "enrol", old), "enrolment.expired", 410)
    assert_problem(post(app, "enrol", "no-such-link"), "enrolment.unknown", 404)
    assert count(Device, Device.person_id == amina.id) == 0


@pytest.mark.parametrize("what", ["deactivated", "demonstration"])
def test_a_person_who_may_not_sign_in_may_not_enrol(app: Flask, amina: Someone, khadija: Someone, what: str):  # E4
    token = a_link(amina, khadija)
    changed = {"is_active": False} if what == "deactivated" else {"is_demo": True}
    db.session.execute(sa.update(Person).where(Person.id == amina.id).values(**changed))
    db.session.commit()
    assert_problem(post(app, "enrol", token), "enrolment.unknown", 404)


def test_a_known_phone_keeps_its_place_in_the_list(app: Flask, amina: Someone, khadija: Someone):  # E3
    device_id = amina.device_id
    entered = post(app, "enrol", a_link(amina, khadija), device_id=device_id)
    assert entered.json["device"]["id"] == device_id
    other = post(app, "enrol", a_link(amina, khadija), claim="the-claim-of-phone-two", device_id=new_id())
    assert other.json["device"]["id"] != device_id


def test_a_cancelled_link_makes_no_phone_ready(app: Flask, amina: Someone, khadija: Someone):  # E5
    token, used = a_link(amina, khadija), a_link(amina, khadija)
    device_id = post(app, "enrol", used).json["device"]["id"]
    wrong, late = db.session.scalars(sa.select(Enrolment).order_by(Enrolment.used_at.is_not(None)))
    enrolment.cancel(wrong, by=khadija.actor, now=utcnow())
    with pytest.raises(Problem) as refused:
        enrolment.cancel(late, by=khadija.actor, now=utcnow())
    assert refused.value.kind is enrolment.LINK_USED
    db.session.commit()
    assert_problem(post(app, "enrol/look", token), "enrolment.cancelled", 410)
    assert_problem(post(app, "enrol", token), "enrolment.cancelled", 410)
    assert post(app, "enrol", used).json["device"]["id"] == device_id
    entry = db.session.scalar(sa.select(audit.Audit).where(audit.Audit.action == "enrolment.cancelled"))
    assert entry is not None
    assert (entry.actor_id, entry.object_id, entry.details) == (khadija.id, amina.id, {"enrolment": wrong.id})
    assert audit.first_broken_entry() is None


def test_the_token_is_stored_nowhere(app: Flask, amina: Someone, khadija: Someone):  # E1
    token = a_link(amina, khadija)
    row = db.session.execute(sa.select(Enrolment.__table__)).mappings().one()
    assert token not in str(dict(row))
    assert token not in str([entry.details for entry in db.session.scalars(sa.select(audit.Audit))])


def test_a_link_opened_from_another_site_does_nothing(app: Flask, amina: Someone, khadija: Someone):  # E1
    token = a_link(amina, khadija)
    headers = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "cross-site"}
    answer = app.test_client().post("/api/field/enrol", json={"token": token, "claim": CLAIM}, headers=headers)
    assert answer.status_code == 403
    assert db.session.scalar(sa.select(Enrolment.used_at)) is None
