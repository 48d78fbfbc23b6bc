"""The pages of the quarantine.

S1  everything that waits is listed with its reason in words, in both languages, and the menu counts it
S2  a case shows who is named, whose phone brought it, its answers, and the submission that has its number already
S3  deciding on the page: accepted as another person's or about another record, or rejected with a reason
S4  what was decided meanwhile, or lacks a reason, comes back with what was typed
S5  only those who may review see it
S6  nobody becomes the author whom nobody chose: what is filed stays whose it is, bytes that name nobody here need a person
S7  one who comes second, rejecting or accepting, is told what was decided, and nothing changes
"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts.models import Membership
from app.core.db import db
from app.core.ids import new_id
from app.instruments.models import Instrument
from app.registry.models import Entity
from app.submissions.models import Quarantined, Submission
from app.submissions.queries import last_event
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


def chosen_author(page) -> str:
    """What a browser sends for the author where nobody touched it: the selected option, else the first."""
    options = re.search(r'<select id="person".*?</select>', page.text, re.S).group()
    return (re.findall(r'value="([^"]*)" selected', options) or re.findall(r'value="([^"]*)"', options))[0]


def test_what_is_filed_stays_whose_it_is_where_nobody_chose_another(  # S6
    world: World, amina: Someone, fatima: Someone, admin: Someone
):
    db.session.execute(sa.delete(Membership).where(Membership.person_id == amina.id))
    db.session.commit()
    envelope = amina.envelope()
    assert amina.push(envelope).json["results"][0]["reason"] == "not_a_member"
    address = f"/quarantine/{envelope['submission_id']}"
    page = admin.client.get(f"{address}?lang=fr")
    assert fatima.id in page.text
    assert "comme elle le dit (Amina)" in text_of(page)
    admin.client.post(address, data={"action": "accept", "person": chosen_author(page)})
    db.session.rollback()
    submission = db.session.get_one(Submission, envelope["submission_id"])
    assert (submission.author_id, submission.quarantine) == (amina.id, None)


def test_bytes_that_name_nobody_here_need_a_person(amina: Someone, khadija: Someone):  # S6
    address = f"/quarantine/{an_unproven_one(amina)}?lang=fr"
    untouched = chosen_author(khadija.client.get(address))
    refused = khadija.client.post(address, data={"action": "accept", "person": untouched})
    assert refused.status_code == 422
    assert "Choisissez une personne" in refused.text
    assert khadija.client.post(address, data={"action": "accept", "person": amina.id}).status_code == 302


def test_who_comes_second_is_told_what_was_decided(world: World, amina: Someone, khadija: Someone, admin: Someone):  # S7
    record = Entity(
        id=new_id(), programme_id=world.programme.id, list="cooperatives", label="تعاونية", data={}, version=1,
        updated_at=NOW, seq=0,
    )  # fmt: skip
    db.session.add(record)
    db.session.execute(sa.update(Instrument).values(is_open=False))
    db.session.commit()
    record_id = record.id
    change = {"list": "cooperatives", "id": record_id, "action": "update", "label": "", "data": {"phone": "0600"}}
    rejected, accepted, approved = (amina.envelope(entities=[change]) for _ in range(3))
    amina.push(rejected)

    def decide(someone: Someone, envelope: dict[str, Any], action: str, note: str = ""):
        return someone.client.post(f"/quarantine/{envelope['submission_id']}?lang=fr", data={"action": action, "note": note})

    assert decide(khadija, rejected, "reject", "Essai.").status_code == 302
    for action in ("accept", "reject"):
        late = decide(admin, rejected, action, "Trop tard.")
        assert late.status_code == 409
        assert re.search("entre-temps.*Rejeté.*Khadija.*Essai", text_of(late))
    db.session.rollback()
    assert db.session.get_one(Entity, record_id).data == {}
    submission = db.session.get_one(Submission, rejected["submission_id"])
    assert (submission.state, submission.quarantine) == ("rejected", "form_closed")
    assert last_event(submission.id).comment == "Essai."

    amina.push(accepted, approved)
    assert decide(khadija, accepted, "accept", "Vu avec elle.").status_code == 302
    page = f"/submissions/{approved['submission_id']}"
    based_on = re.search(r'name="based_on" value="([^"]*)"', khadija.client.get(page).text).group(1)
    assert khadija.client.post(f"{page}/decision", data={"action": "approve", "based_on": based_on}).status_code == 302
    for envelope, note in ((accepted, "Vu avec elle."), (approved, "")):
        for action in ("accept", "reject"):
            late = decide(admin, envelope, action, "Trop tard.")
            assert late.status_code == 409
            assert re.search(f"Accepté.*Khadija.*{note}", text_of(late))
    db.session.execute(sa.update(Instrument).values(is_open=True))
    db.session.commit()
    amina.app.extensions["daftar-delivery"]._forms_at = 0.0
    assert admin.client.get(f"/quarantine/{amina.deliver()['submission_id']}").status_code == 404, "it was never held back"
