"""The demonstration shows what was published about the programme, says that it is one, and leaves as it came.

D1  43 cooperatives: 23 food, 11 crafts, 6 livestock, 3 plants; 508 women; five organisations
D2  names of cooperatives and people are plainly marked
D3  every state a coordinator meets is there, with scores that the engine computed;
    agreed actions that visits moved, and a second round
D4  loading twice changes nothing
D5  unloading leaves what real people did, and refuses where they worked in the demonstration itself
D6  its consent settings are complete: instruments that ask names open
D7  demonstration accounts cannot sign in where DAFTAR_DEMO is off
D8  its home says so in both languages: by sector, by association, axes with their spread, the weakest questions, needs
"""

import html
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from app import demo
from app.accounts import operations as accounts
from app.accounts.models import Device, Person
from app.accounts.problems import WRONG_PASSWORD
from app.core.db import db
from app.core.ids import new_id
from app.core.problems import Problem
from app.demo import FIRST, PASSWORD, PROGRAMME
from app.demo.pictures import carpet
from app.demo.playing import play
from app.demo.unloading import unload
from app.imports.models import RecordImport
from app.instruments.consent import is_filled
from app.instruments.lint import TOKENS
from app.instruments.models import InstrumentVersion
from app.packs.reading import folder_of, read
from app.registry.models import Entity, EntityVersion, Organisation, Programme
from app.submissions.attachments import path_of
from app.submissions.models import Attachment, Quarantined, Remark, ReviewEvent, Submission
from tests.conftest import count

pytestmark = pytest.mark.sqlite_only  # on PostgreSQL it is loaded by tests/e2e
NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


def test_the_demonstration_is_loaded_once_shows_its_figures_and_leaves(app, world, amina):
    real = amina.deliver()
    pack = read(folder_of(FIRST))
    assert not demo.is_empty()
    assert not demo.load_if_empty(app), "somebody works here already"
    assert play(pack, NOW)

    programme = db.session.scalar(sa.select(Programme).where(Programme.code == PROGRAMME))
    cooperatives = db.session.scalars(
        sa.select(Entity).where(Entity.programme_id == programme.id, Entity.list == "cooperatives")
    ).all()
    assert Counter(one.data["sector"] for one in cooperatives) == {"ALI": 23, "ART": 11, "ELE": 6, "PAM": 3}  # D1
    assert sum(int(one.data["members_w"]) for one in cooperatives) == 508
    assert count(Organisation, Organisation.programme_id == programme.id) == 5
    assert {one.organisation_id for one in cooperatives} == set(
        db.session.scalars(sa.select(Organisation.id).where(Organisation.programme_id == programme.id))
    )

    for one in cooperatives:  # D2
        assert one.label.endswith("(تجريبية)")
        assert one.data["coop_name_fr"].endswith("(démonstration)")
    people = db.session.scalars(sa.select(Person).where(Person.is_demo)).all()
    assert {one.username for one in people} == {account.username for account, _ in demo.accounts()}
    assert {"coordinator", "fatima.demo"} <= {one.username for one in people}, "a name that somebody has stays theirs"
    assert all("تجربة" in one.name["ar"] and "démonstration" in one.name["fr"] for one in people)

    here = sa.select(Submission).where(Submission.programme_id == programme.id)  # D3
    submissions = db.session.scalars(here).all()
    assert {one.state for one in submissions} == {"received", "has_issues", "edited", "approved", "rejected"}
    assert {one.form_id for one in submissions} == {"agree", "coop", "diag", "meet", "train", "visit"}
    every = db.session.scalars(sa.select(Entity).where(Entity.programme_id == programme.id, Entity.list == "actions")).all()
    actions = [one for one in every if not one.data.get("kind")]  # of plans; the others were promised in a meeting
    assert Counter(one.data.get("kind") for one in every if one not in actions) == {"commitment": 11, "decision": 3}
    assert {one.data["status"] for one in actions} == {"todo", "ongoing", "done"}
    assert all(one.data["agreed_on"] and one.data["responsible"] and one.data["due"] for one in actions)
    second = [one.data for one in cooperatives if one.data.get("prev_score")]
    assert len(second) == 2
    assert all(float(one["last_score"]) > float(one["prev_score"]) and one["prev_axes"] != one["last_axes"] for one in second)
    assert [one.quarantine for one in submissions if one.quarantine] == ["device_revoked"]
    assert count(Remark, Remark.closed_by.is_(None)) >= 3
    levels = Counter(one.data.get("last_level") for one in cooperatives)
    assert len(levels) >= 4, levels
    attachments = db.session.scalars(sa.select(Attachment).join(Submission).where(Submission.programme_id == programme.id)).all()
    assert len(attachments) >= 5
    assert all(one.complete_at and path_of(one.sha256).stat().st_size == one.size for one in attachments)

    assert all(is_filled(programme, token, language) for token in TOKENS for language in ("ar", "fr"))  # D6

    app.config["DEMO"] = True  # D8
    browser = app.test_client()
    assert browser.post("/sign-in", data={"username": "supervisor", "password": PASSWORD}).status_code == 302
    shown = {}
    for language in ("ar", "fr"):
        page = browser.get(f"/overview?programme={programme.id}&lang={language}").text
        shown[language] = re.sub(r"[ \n\t\u00a0]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
    for words in (
        "التعاونيات 43",
        "النساء العضوات 508",
        "حسب قطاع البرنامج",
        "الصناعة الغذائية 23 263",
        "الصناعة التقليدية 11 147",
        "تربية المواشي 6 68",
        "النباتات الطبية والعطرية 3 30",
        "الحاجات مرتبة",
        "تقدم التشخيص حسب الجمعية",
        "لها تشخيص مصادق عليه",
    ):
        assert words in shown["ar"], words
    for words in (
        "Coopératives 43",
        "Femmes membres 508",
        "Agroalimentaire 23 263",
        "Artisanat 11 147",
        "Élevage 6 68",
        "Plantes aromatiques et médicinales 3 30",
        "Association Al Hadaf 4 9 44,4 %",
        "Agroalimentaire 23 23",  # what the programme calls food stands in one sector of the ODCO
        "نتائج مشروع تأهيل التعاونيات النسائية وتوجهات السنوات الأربع المقبلة (تجربة) 14 octobre 2014",
        "Convention spéciale avec Association Al Hadaf (démonstration) 10 février 2015",
        "Montant (MAD)",
        "Office du développement de la coopération 3 1 1 1 0",  # two promises under its Arabic name, one under its acronym
        "Besoin Rang",
        "Les 10 questions les plus faibles",
        "Situation au",
    ):
        assert words in shown["fr"], words
    assert re.search(r"Juridique \d\d,\d \d\d,\d \d\d,\d 17 ", shown["fr"]), "mean, median, deviation and n"
    app.config["DEMO"] = False

    before = [count(model) for model in (Person, Programme, Submission, Entity)]
    assert not play(pack, NOW)  # D4
    assert [count(model) for model in (Person, Programme, Submission, Entity)] == before

    with pytest.raises(Problem) as refused:  # D7
        accounts.authenticate("coordinator", PASSWORD, known_device="", now=NOW, demo_allowed=False)
    assert refused.value.kind is WRONG_PASSWORD
    assert accounts.authenticate("coordinator", PASSWORD, known_device="", now=NOW, demo_allowed=True)
    db.session.commit()

    files = [path_of(one.sha256) for one in attachments]
    one = db.session.get(Submission, submissions[0].id)
    one.author_id, author_id = amina.id, one.author_id
    db.session.commit()
    assert real_work() == {"submissions": 1}  # D5
    db.session.get(Submission, one.id).author_id = author_id
    event = db.session.scalars(sa.select(ReviewEvent).where(ReviewEvent.submission_id == one.id)).first()
    version = db.session.scalars(sa.select(EntityVersion).where(EntityVersion.entity_id == cooperatives[0].id)).first()
    event.actor_id, version.settled_by, was = amina.id, amina.id, event.actor_id
    given = {"head": {}, "counts": {}, "check_number": 1, "seq": 0, "created_at": NOW, "created_by": amina.id}
    imported = RecordImport(
        id=new_id(), programme_id=programme.id, list="cooperatives", file_name="a.csv", sha256="0" * 64, state="done", **given
    )
    db.session.add(imported)
    db.session.commit()
    assert real_work() == {"imports": 1, "decisions": 1, "records": 1}
    db.session.delete(db.session.get(RecordImport, imported.id))
    db.session.get(ReviewEvent, event.id).actor_id, db.session.get(EntityVersion, version.id).settled_by = was, None
    phone = db.session.scalars(sa.select(Device.id).join(Person, Person.id == Device.person_id).where(Person.is_demo)).first()
    for programme_id in (programme.id, world.programme.id):
        kept = {"reason": "id_conflict", "device_id": phone, "body": b"", "sha256": "0" * 64, "received_at": NOW, "seq": 1}
        ids = {"id": new_id(), "submission_id": new_id(), "revision_id": new_id(), "programme_id": programme_id}
        db.session.add(Quarantined(**ids, **kept))
    db.session.commit()

    # A form of a real programme that somebody of the demonstration published stays, and forgets who did.
    published = db.session.get(InstrumentVersion, world.instrument.id)
    published.published_by = people[0].id
    db.session.commit()
    assert unload(NOW, "no-such-pack") == []
    assert unload(NOW) == [PROGRAMME]
    assert db.session.get(InstrumentVersion, world.instrument.id).published_by is None
    assert [row.id for row in db.session.scalars(sa.select(Submission))] == [real["submission_id"]]
    assert count(Person) == len(world.people)
    assert db.session.scalars(sa.select(Programme.code)).all() == ["boulemane"]
    assert not any(path.exists() for path in files)
    waiting = db.session.scalars(sa.select(Quarantined.programme_id)).all()
    assert waiting == [world.programme.id], "what a phone of the demonstration sent to a real programme stays"
    assert not unload(NOW)


def real_work() -> dict[str, int]:
    """What real people did in the demonstration, as the refusal to unload it says."""
    with pytest.raises(Problem) as kept:
        unload(NOW)
    db.session.rollback()
    assert kept.value.kind.code == "demo.holds_real_work"
    return {kind: many for kind, many in kept.value.details.items() if many}


def test_the_terminal_refuses_the_demonstration_where_it_is_not_allowed(app):  # D7
    said = app.test_cli_runner().invoke(args=["demo", "load"])
    assert said.exit_code == 1
    assert "DAFTAR_DEMO" in said.output
    assert not db.session.scalar(sa.select(Programme.id))
    assert not demo.load_if_empty(app)


def test_the_pictures_are_the_same_each_time_and_small():
    assert carpet("تيفاوين") == carpet("تيفاوين") != carpet("الأمل")
    assert len(carpet("تيفاوين")) < 8_000
