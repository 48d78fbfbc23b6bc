"""The fleet pages.

F1  a phone's person, last contact, version, unsent, oldest unsent, storage, clock and last receipts are shown as it said them
F2  only phones of people whom one answers for are there
F3  what may be missing is on top until somebody closes it with a note, which stays
F4  phones silent for 48 hours are counted and listed; put-away and lost ones are not; a command says the same
F5  a lost phone reads nothing at its next contact, and can be found again; revoking cannot be undone
F6  the link page shows a code that opens the phone's page, once, and says where no phone gets on with the address
F7  both languages
F8  links that no phone has used are listed and can be cancelled, of people whom one manages
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from app.accounts.models import Device, Enrolment, Incident, SignInSession
from app.core import audit
from app.core.clock import utcnow
from app.core.db import db
from app.core.ids import new_id
from app.fleet import words
from app.fleet.views import reach_of
from tests.conftest import Someone, count

READINESS = Path(__file__).resolve().parents[2] / "static/js/pages/readiness.js"
REPORT: dict[str, Any] = {
    "unsent": 3,
    "oldest_unsent": "2026-11-20T09:30:00.000+01:00",
    "photos": 2,
    "app": "abc123",
    "persisted": False,
    "storage": {"usage": 12_300_000, "quota": 1},
    "skew": 3 * 3_600_000,
    "todo": ["lock", "install"],
}


def page(someone: Someone, path: str) -> str:
    answer = someone.client.get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def seen(someone: Someone, ago: timedelta, **report: Any) -> None:
    db.session.execute(
        sa.update(Device)
        .where(Device.id == someone.device_id)
        .values(last_seen_at=utcnow() - ago, created_at=utcnow() - ago, report=report)
    )
    db.session.commit()


def test_a_phone_is_shown_as_it_said_it_is(amina: Someone, khadija: Someone):  # F1
    envelope = amina.envelope()
    receipt = amina.push(envelope, report=REPORT).json["results"][0]["receipt"]
    text = page(khadija, f"/phones/{amina.device_id}?lang=fr")
    said = ["3 fiches", "2 photos", "20 novembre 2026", "abc123", "12,3", "3 heures", "verrou", "تعاونية تيفاوين"]
    for one in [*said, str(receipt["server_seq"])]:
        assert one in text, one
    assert "Amina" in page(khadija, "/phones?lang=fr")


@pytest.mark.sqlite_only
def test_each_step_of_getting_ready_has_its_words_at_the_office(app: Flask):  # F1, F7
    steps = re.findall(r'\bid: "(\w+)", state:', READINESS.read_text("utf-8"))
    assert len(steps) >= 9
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert [name for name in steps if words.step(name) == name] == []


def test_a_report_of_any_shape_is_shown(amina: Someone, khadija: Someone):  # F1
    strange = {"unsent": "x", "oldest_unsent": 7, "storage": [], "skew": "y", "todo": 5, "app": None}
    for odd in ({}, strange, {"oldest_unsent": "2026-01-01"}):
        seen(amina, timedelta(hours=1), **odd)
        page(khadija, f"/phones/{amina.device_id}")
        page(khadija, "/phones")


def test_only_phones_of_those_one_answers_for_are_there(amina: Someone, fatima: Someone, khadija: Someone, said: Someone):  # F2
    assert amina.device_id in khadija.client.get("/phones").text
    assert fatima.device_id not in khadija.client.get("/phones").text
    for path in (f"/phones/{fatima.device_id}", f"/phones/{fatima.device_id}/revoke", f"/phones/{new_id()}"):
        assert khadija.client.get(path).status_code == 404
    assert khadija.client.post(f"/phones/{fatima.device_id}/lost", data={"lost": "1"}).status_code == 404
    assert khadija.client.post(f"/people/{fatima.id}/phone-link").status_code == 404
    assert said.client.get("/phones").status_code == 403
    assert amina.client.post(f"/people/{amina.id}/phone-link").status_code == 403
    assert count(Enrolment) == 0


def test_many_phones_cost_no_more_questions_to_the_database(amina: Someone, khadija: Someone):  # F1
    def asked() -> int:
        seen: list[str] = []
        hear = lambda *said: seen.append(said[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", hear)
        assert khadija.client.get("/phones").status_code == 200
        event.remove(db.engine, "before_cursor_execute", hear)
        return len(seen)

    asked()
    few = asked()
    db.session.add_all(
        Device(id=new_id(), person_id=amina.id, label="x", secret_hash=f"h{n}", created_at=utcnow(), report={}) for n in range(20)
    )
    db.session.commit()
    assert asked() == few


def test_an_incident_is_on_top_until_it_is_closed_with_a_note(amina: Someone, fatima: Someone, khadija: Someone):  # F3
    gone = amina.envelope()
    amina.push(report={"unsent": 1, "unsent_ids": [gone["revision_id"]]})
    amina.push(report={"unsent": 0, "unsent_ids": []})
    text = page(khadija, "/phones?lang=fr")
    assert "1 incident ouvert" in text
    assert "1 fiche qui n’a pas été reçue" in text
    incident = db.session.scalar(sa.select(Incident))
    assert incident is not None
    incident_id = incident.id
    assert khadija.client.post(f"/incidents/{incident_id}/close", data={"note": "  "}).status_code == 302
    assert count(Incident, Incident.closed_at.is_(None)) == 1
    assert fatima.client.post(f"/incidents/{incident_id}/close", data={"note": "x"}).status_code in (403, 404)
    amina.push(gone, report={"unsent": 0, "unsent_ids": []})
    assert "1 d’entre elles est arrivée depuis" in page(khadija, "/phones?lang=fr")
    khadija.client.post(f"/incidents/{incident_id}/close", data={"note": "Remplie de nouveau le 22."})
    assert "incident ouvert" not in page(khadija, "/phones?lang=fr")
    assert "Remplie de nouveau le 22." in page(khadija, "/phones/incidents?lang=fr")
    assert "Khadija" in page(khadija, f"/phones/{amina.device_id}?lang=fr")
    entry = db.session.scalar(sa.select(audit.Audit).where(audit.Audit.action == "incident.closed"))
    assert entry is not None
    assert entry.details["incident"] == incident_id
    assert audit.first_broken_entry() is None


def test_phones_silent_for_two_days_are_counted(app: Flask, amina: Someone, fatima: Someone, khadija: Someone):  # F4
    check = app.test_cli_runner()
    seen(amina, timedelta(hours=47), unsent=2)
    seen(fatima, timedelta(days=40), unsent=0)
    assert "48 heures." not in page(khadija, "/phones?lang=fr")
    quiet = check.invoke(args=["fleet", "check"])
    assert (quiet.exit_code, "no contact in 48 h: 0 phones" in quiet.output) == (0, True)
    seen(amina, timedelta(hours=49), unsent=2)
    text = page(khadija, "/phones?lang=fr")
    assert "1 téléphone n’a pas donné de nouvelles depuis 48 heures." in text
    assert "1 d’entre eux avait encore des fiches" in text
    assert amina.device_id in khadija.client.get("/phones?show=silent").text
    loud = check.invoke(args=["fleet", "check"])
    assert (loud.exit_code, "1 phones (1 of them" in loud.output) == (1, True)
    assert check.invoke(args=["fleet", "check", "--silent", "1"]).exit_code == 0
    seen(amina, timedelta(days=90), unsent=2)
    assert amina.device_id in khadija.client.get("/phones?show=silent").text
    khadija.client.post(f"/phones/{amina.device_id}/lost", data={"lost": "1"})
    assert amina.device_id not in khadija.client.get("/phones?show=silent").text
    assert amina.device_id in khadija.client.get("/phones?show=out").text


def test_a_lost_phone_reads_nothing_and_can_be_found_again(amina: Someone, khadija: Someone):  # F5
    browser = amina.client
    db.session.execute(sa.update(SignInSession).where(SignInSession.person_id == amina.id).values(device_id=amina.device_id))
    assert browser.get("/api/field/me").status_code == 200
    assert "<ul>" in khadija.client.get(f"/phones/{amina.device_id}/lost").text
    khadija.client.post(f"/phones/{amina.device_id}/lost", data={"lost": "1"})
    assert browser.get("/api/field/me").status_code == 401
    assert amina.push(amina.envelope()).json["results"][0]["reason"] == "device_lost"
    khadija.client.post(f"/phones/{amina.device_id}/lost", data={"lost": "0"})
    assert amina.push(amina.envelope()).json["results"][0]["result"] == "accepted"
    actions = list(
        db.session.scalars(
            sa.select(audit.Audit.action).where(audit.Audit.object_id == amina.device_id).order_by(audit.Audit.number)
        )
    )
    assert [one for one in actions if one.startswith("device.")] == ["device.lost", "device.found"]


def test_the_link_page_shows_a_code_for_the_phone(app: Flask, amina: Someone, khadija: Someone):  # F6
    answer = khadija.client.post(f"/people/{amina.id}/phone-link?lang=fr")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<svg" in answer.text
    found = re.search(r'value="(http://[^"]+/field/#/enrol/([\w-]+))"', answer.text)
    assert found is not None
    headers = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}
    used = app.test_client().post(
        "/api/field/enrol", json={"token": found.group(2), "claim": "a-claim-of-a-phone"}, headers=headers
    )
    assert used.json["person"]["id"] == amina.id
    assert f"/people/{amina.id}/phone-link" in khadija.client.get(f"/people/{amina.id}").text


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("https://daftar.example.org/", "phones"),
        ("http://192.168.1.20:8000/", "unsafe"),
        ("http://localhost:8000/", "nobody"),
        ("http://127.0.0.1/", "nobody"),
        ("https://[::1]:8000/", "nobody"),
    ],
)
def test_an_address_that_phones_cannot_use_is_known(address: str, reach: str):  # F6
    assert reach_of(address) == reach


def test_the_link_page_says_that_no_phone_reaches_this_computer_itself(amina: Someone, khadija: Someone):  # F6
    said = khadija.client.post(f"/people/{amina.id}/phone-link?lang=fr").text
    assert "Aucun téléphone n’atteint cette adresse" in said
    assert "« localhost »" in said


def test_links_that_no_phone_has_used_are_listed_and_cancelled(amina: Someone, fatima: Someone, khadija: Someone):  # F2, F8
    assert "n’a encore utilisés" not in page(khadija, "/phones?lang=fr")
    khadija.client.post(f"/people/{amina.id}/phone-link")
    link = db.session.scalar(sa.select(Enrolment))
    assert link is not None
    said = page(khadija, "/phones?lang=fr")
    assert all(one in said for one in ("n’a encore utilisés", "Amina", "par Khadija", "Annuler ce lien")), said
    address = f"/phones/links/{link.id}/cancel"
    assert fatima.client.post(address).status_code in (403, 404)
    assert khadija.client.post(f"/phones/links/{new_id()}/cancel").status_code == 404
    khadija.client.post(address)
    said = page(khadija, "/phones?lang=fr")
    assert "Le lien pour Amina est annulé" in said
    assert "Annuler ce lien" not in said
    db.session.rollback()
    assert db.session.get_one(Enrolment, link.id).cancelled_at is not None
    # Of two who press, or a phone that was quicker, each is told what is so.
    khadija.client.post(address)
    db.session.execute(sa.update(Enrolment).values(cancelled_at=None, used_at=utcnow()))
    db.session.commit()
    khadija.client.post(address)
    assert "a déjà utilisé ce lien" in page(khadija, "/phones?lang=fr")
    assert count(audit.Audit, audit.Audit.action == "enrolment.cancelled") == 1


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_page_stands_in_both_languages(amina: Someone, khadija: Someone, language: str):  # F7
    amina.push(amina.envelope(), report=REPORT | {"unsent_ids": [new_id()]})
    amina.push(report=REPORT | {"unsent_ids": []})
    paths = [
        "/phones",
        "/phones?show=silent",
        "/phones/incidents",
        f"/phones/{amina.device_id}",
        f"/phones/{amina.device_id}/lost",
    ]
    for path in paths:
        text = khadija.client.get(path + ("&" if "?" in path else "?") + f"lang={language}").text
        assert f'<html lang="{language}"' in text
        assert ("الهواتف" if language == "ar" else "éléphone") in text
