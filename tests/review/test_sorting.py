"""The pages of the quarantine.

S1  everything that waits is listed with its reason in words, in both languages, and the menu counts it
S2  a case shows who is named, whose phone brought it, its answers, and the submission that has its number already
S3  deciding on the page: accepted as another person's or about another record, or rejected with a reason
S4  what was decided meanwhile, or lacks a reason, comes back with what was typed
S5  only those who may review see it
"""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.core.ids import new_id
from app.instruments.models import Instrument
from app.registry.models import Entity
from app.submissions.models import Quarantined, Submission
from tests.conftest import NOW, Someone, World


def text_of(answer) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def an_unproven_one(amina: Someone) -> str:
    amina.push(amina.envelope(author_id=new_id(), title="تعاونية المجهول"))
    db.session.rollback()
    return str(db.session.scalar(sa.select(Quarantined.id).order_by(Quarantined.seq.desc())))


@pytest.mark.parametrize(("language", "why"), [("fr", "un autre auteur"), ("ar", "غير")])
def test_what_waits_is_listed_with_its_reason(amina: Someone, khadija: Someone, language: str, why: str):  # S1
    empty = text_of(khadija.client.get(f"/quarantine?lang={language}"))
    assert "تعاونية" not in empty
    db.session.execute(sa.update(Instrument).values(is_open=False))
    an_unproven_one(amina)
    closed = amina.envelope(title="تعاونية الأمل")
    amina.push(closed)
    page = khadija.client.get(f"/quarantine?lang={language}")
    listed = text_of(page)
    assert "تعاونية المجهول" in listed
    assert "تعاونية الأمل" in listed
    assert why in listed
    assert re.search(r'href="/quarantine"[^>]*><span>[^<]+</span> <bdi class="count attention">2</bdi>', page.text)
    assert "/quarantine/" + closed["submission_id"] in khadija.client.get(f"/submissions/{closed['submission_id']}").text


def test_a_case_shows_who_brought_it_and_what_it_says(amina: Someone, khadija: Someone):  # S2
    first = amina.deliver()
    amina.push(first | {"answers": {"grp_fig": {"k_ca": "4321"}}})
    case_id = db.session.scalar(sa.select(Quarantined.id))
    page = khadija.client.get(f"/quarantine/{case_id}?lang=fr")
    said = text_of(page)
    for one in ("même numéro", "Amina", "Tecno", "4 321", "Chiffre d’affaires"):
        assert one in said, one
    assert f"/submissions/{first['submission_id']}" in page.text


def test_it_is_accepted_as_another_persons_and_about_another_record(  # S3
    world: World, amina: Someone, fatima: Someone, admin: Someone
):
    record = Entity(
        id=new_id(), programme_id=world.programme.id, list="cooperatives", label="تعاونية الزهرة", data={}, version=1,
        updated_at=NOW, seq=0,
    )  # fmt: skip
    db.session.add(record)
    db.session.commit()
    record_id = record.id
    case_id = an_unproven_one(amina)
    found = admin.client.post(f"/quarantine/{case_id}", data={"action": "search", "q": "الزهره", "person": fatima.id})
    assert found.status_code == 200
    assert f'value="{record_id}"' in found.text
    assert re.search(rf'<option value="{fatima.id}" selected', found.text)
    choices = {"action": "accept", "person": fatima.id, "record": record_id, "note": "Vu avec elle."}
    done = admin.client.post(f"/quarantine/{case_id}", data=choices)
    db.session.rollback()
    submission = db.session.scalar(sa.select(Submission))
    assert submission is not None
    assert done.location == f"/submissions/{submission.id}"
    assert (submission.author_id, submission.subject_id) == (fatima.id, record_id)
    history = text_of(admin.client.get(f"/submissions/{submission.id}?lang=fr"))
    assert "N’est plus à l’écart" in history
    assert "Vu avec elle." in history
    assert "Vu avec elle." in text_of(admin.client.get(f"/quarantine/{case_id}?lang=fr"))


def test_a_decision_that_lacks_its_reason_or_comes_late_is_refused_with_what_was_typed(amina: Someone, khadija: Someone):  # S4
    case_id = an_unproven_one(amina)
    refused = khadija.client.post(f"/quarantine/{case_id}?lang=fr", data={"action": "reject", "note": " "})
    assert refused.status_code == 422
    assert "écrivez le motif" in refused.text
    assert khadija.client.post(f"/quarantine/{case_id}", data={"action": "reject", "note": "Essai."}).location == "/quarantine"
    late = khadija.client.post(f"/quarantine/{case_id}?lang=fr", data={"action": "accept", "person": amina.id})
    assert late.status_code == 409
    assert "Essai." in text_of(late)


def test_only_those_who_may_review_see_it(amina: Someone, said: Someone, khadija: Someone):  # S5
    case_id = an_unproven_one(amina)
    for someone in (amina, said):
        assert someone.client.get("/quarantine").status_code == 403
        assert someone.client.get(f"/quarantine/{case_id}").status_code == 403
        assert someone.client.post(f"/quarantine/{case_id}", data={"action": "accept"}).status_code == 403
    assert khadija.client.get(f"/quarantine/{new_id()}").status_code == 404
