"""The office's pages of records (docs/registry.md, "At the office"):

O1  a list is searched in every spelling, filtered, and turned page by page; it shows only what its reader may see
O2  a record tells its whole story: values with who said them, submissions, what names it, scores over time
O3  a conflict shows both values and who said them; choosing one settles it, the other stays in the history
O4  a record is archived with a reason, never deleted; phones lose it, and it can be taken out again
O5  only a coordinator of its organisation and territory changes a record, on the version she saw
O6  what waits for a record that does not come can become the record, or be left out
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.core import audit
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.instruments import operations as instruments
from app.instruments.compiler import LIBRARY
from app.registry import queries
from app.registry.models import Entity, EntityVersion, EntityWaiting
from app.registry.queries import Filters, filters_from
from tests.conftest import NOW, Someone, World, count
from tests.registry.test_applying import create, stored, update, versions
from tests.review.instrument import changed
from tests.review.instrument import stored as a_submission

DIAG = LIBRARY / "diag" / "form.md"


def a_record(world: World, label: str, **more: Any) -> Entity:
    record = Entity(
        id=new_id(), programme_id=world.programme.id, list="cooperatives", label=label, data={}, updated_at=NOW, seq=next_seq()
    )
    for name, value in ({"organisation_id": world.al_amal.id, "territory": "05.271.01.03"} | more).items():
        setattr(record, name, value)
    db.session.add(record)
    db.session.commit()
    return record


def labels(someone: Someone, **args: str) -> list[str]:
    filters = filters_from(someone.programme_id, "cooperatives", args)
    return [one.label for one in queries.page(someone.actor, filters).records]


def text(someone: Someone, path: str, language: str = "fr") -> str:
    answer = someone.client.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
    assert answer.status_code == 200, path
    return str(answer.text)


def test_records_are_found_in_every_spelling(world: World, said: Someone):  # O1
    a_record(world, "تعاونية الأمل")
    a_record(world, "Coopérative Tifawine", data={"ice": "001234567000089"})
    a_record(world, "تعاونية تيفاوين للنسيج", data={"pres_phone": "0612345678", "address": "Rue Tifawine"})
    for search, expected in {
        "الامل": ["تعاونية الأمل"],
        "أمل": ["تعاونية الأمل"],
        "cooperative TIFAWINE": ["Coopérative Tifawine"],
        "تيفاوين": ["تعاونية تيفاوين للنسيج"],
        "tifawin": ["Coopérative Tifawine"],
        "nsij": ["تعاونية تيفاوين للنسيج"],
        "0612345678": ["تعاونية تيفاوين للنسيج"],
        "001234567000089": ["Coopérative Tifawine"],
        "100%": [],
        "_": ["Coopérative Tifawine", "تعاونية تيفاوين للنسيج", "تعاونية الأمل"],
    }.items():
        assert set(labels(said, q=search)) == set(expected), search


def test_filters_narrow_and_a_reader_sees_her_own(world: World, said: Someone, khadija: Someone):  # O1
    a_record(world, "أ", territory="05.271.01.03", follower_id=khadija.id)
    a_record(world, "ب", territory="05.27.01", organisation_id=world.al_hadaf.id)
    a_record(world, "ت", organisation_id=None, archived_at=NOW)
    a_record(world, "ث", to_settle=True)
    assert labels(said) == ["أ", "ب", "ث"]
    assert labels(khadija) == ["أ", "ث"]
    assert labels(said, territory="05.271") == ["أ", "ث"]
    assert labels(said, organisation=world.al_hadaf.id) == ["ب"]
    assert labels(said, organisation="none", state="archived") == ["ت"]
    assert labels(said, person=khadija.id) == ["أ"]
    assert labels(said, state="to_settle") == ["ث"]
    page = text(khadija, "/records/cooperatives?state=archived")
    assert ">ت<" in page
    assert khadija.client.get("/records/no list").status_code == 404


def test_pages_go_from_record_to_record_whatever_comes_meanwhile(world: World, said: Someone):  # O1
    for n in range(7):
        a_record(world, f"تعاونية {n}")
    seen: list[str] = []
    after = ""
    filters = Filters(world.programme.id, "cooperatives")
    while True:
        page = queries.page(said.actor, filters, after=after, size=3)
        seen += [one.label for one in page.records]
        a_record(world, "تعاونية 0 جديدة")
        if not page.next:
            break
        after = page.next
    assert seen == [f"تعاونية {n}" for n in range(7)]


@pytest.fixture
def coop(amina: Someone) -> str:
    record = new_id()
    amina.deliver(entities=[create(record, sector="food", members="12")])
    return record


def test_a_record_tells_who_said_what_and_what_names_it(amina: Someone, khadija: Someone, coop: str):  # O2
    amina.deliver(title="زيارة ثانية", entities=[update(coop, 1, members="15", phone="0612")])
    actions = [
        {"list": "actions", "id": new_id(), "action": "create", "label": label, "data": {"coop": coop, "status": status}}
        for label, status in (("فتح حساب بنكي", "todo"), ("مسك الدفتر", "done"))
    ]
    envelope = amina.deliver(entities=actions, subject={"list": "cooperatives", "id": coop})
    page = text(khadija, f"/records/cooperatives/{coop}")
    assert re.search(r"<dt>members</dt><dd><bdi>15</bdi>\s*<details class=\"said\">.*?2 valeurs", page, re.S)
    assert "فتح حساب بنكي" in page.split("<details><summary>")[0]
    assert "مسك الدفتر" in page
    assert f"/submissions/{envelope['submission_id']}" in page
    assert page.count("Amina") >= 3
    assert "أمينة" in text(khadija, f"/records/cooperatives/{coop}", "ar")


@pytest.mark.sqlite_only
def test_a_long_text_is_shown_as_it_was_written(world: World, said: Someone):  # O2
    long = "Miel de thym et huiles du Moyen Atlas"
    record = a_record(world, "الأرز", data={"sector_prog": long})
    assert long in text(said, f"/records/cooperatives/{record.id}")


@pytest.mark.sqlite_only
def test_an_action_taken_as_it_was_proposed_is_read_in_ones_own_language(  # O2
    amina: Someone, khadija: Someone, world: World, coop: str
):
    instruments.publish_checked(None, world.programme.id, instruments.check("", "diag.md", DIAG.read_bytes()), NOW)
    db.session.commit()
    for label in ("ترتيب الوثائق القانونية وحفظها في ملف واحد", "ترتيب الوثائق عند الكاتبة"):
        data = {"coop": coop, "status": "todo", "source": "LEG07"}
        amina.deliver(entities=[{"list": "actions", "id": new_id(), "action": "create", "label": label, "data": data}])
    page = text(khadija, f"/records/cooperatives/{coop}").split("<details><summary>")[0]
    assert "Classer les documents légaux dans un dossier unique" in page
    assert "ترتيب الوثائق عند الكاتبة" in page  # in the words of the cooperative
    assert "في ملف واحد" not in page


def test_scores_over_time_stand_with_the_radar_of_the_newest(amina: Someone, khadija: Someone, world: World, package: str):  # O2
    coop = a_record(world, "تعاونية تيفاوين", data={"last_score": "61"})
    # By the day that each form says; the first came after the others.
    for day, overall, days in (("2026-11-20", 61.0, -60), ("2026-10-21", 52.5, -30), ("2026-09-21", 40.0, 0)):
        answers = changed(grp_id={"visit_date": day})
        one = a_submission(amina, package, subject_id=coop.id, minutes=days * 1440, answers=answers)
        axes = [{"axis": name, "label": {"fr": name}, "score": overall} for name in ("LEG", "GOV", "FIN")]
        scores = {"overall": overall, "level": 3, "axes": axes}
        db.session.execute(sa.text("UPDATE revisions SET check_result = :scores WHERE id = :id"), _result(scores, one))
    db.session.commit()
    page = text(khadija, f"/records/cooperatives/{coop.id}")
    over_time = page.split('class="trend"')[1]
    assert re.findall(r'<td class="number"><bdi>([^<]*)</bdi>', over_time) == ["61,0", "+8,5", "52,5", "+12,5", "40,0", ""]
    assert re.findall(r"<bdi>(\d+ \w+ 2026)</bdi></a></td>", over_time) == [
        "20 novembre 2026",
        "21 octobre 2026",
        "21 septembre 2026",
    ]
    assert 'class="then"' in page
    assert "61,0" in text(khadija, "/records/cooperatives")


def _result(scores: dict[str, Any], submission: Any) -> dict[str, Any]:
    import json

    return {"scores": json.dumps({"scores": scores, "differences": []}), "id": submission.current_revision_id}


def conflict(amina: Someone, fatima: Someone, coop: str) -> EntityVersion:
    amina.deliver(entities=[update(coop, 1, members="15", sector="craft")])
    amina.deliver(entities=[update(coop, 1, members="14", sector="service")])
    return versions(coop)[-1]


def settle(someone: Someone, coop: str, version: EntityVersion, name: str, choice: str) -> Any:
    page = text(someone, f"/records/cooperatives/{coop}")
    seen = re.findall(r'name="version" value="(\d+)"', page)[0]
    form = {"conflict": version.id, "property": name, "choice": choice, "version": seen}
    return someone.client.post(f"/records/cooperatives/{coop}/settle?lang=fr", data=form)


def test_a_conflict_shows_both_values_and_is_settled_value_by_value(amina: Someone, khadija: Someone, coop: str):  # O3
    last = conflict(amina, khadija, coop)
    page = text(khadija, f"/records/cooperatives/{coop}")
    assert page.count("This one is right") + page.count("Celle-ci est la bonne") == 4
    for value in ("15", "14", "craft", "service"):
        assert f'<p class="value"><bdi>{value}</bdi>' in page
    assert settle(khadija, coop, last, "members", "theirs").status_code == 302
    assert (stored(coop).data["members"], stored(coop).to_settle) == ("15", True)
    assert settle(khadija, coop, last, "members", "ours").status_code == 409  # somebody settled it before
    assert settle(khadija, coop, last, "sector", "ours").status_code == 302
    record = stored(coop)
    assert (record.data, record.to_settle) == ({"members": "15", "sector": "service"}, False)
    assert [one.kind for one in versions(coop)[3:]] == ["settled"]
    assert "14" in text(khadija, f"/records/cooperatives/{coop}")
    assert audit.first_broken_entry() is None


def test_what_was_said_after_a_conflict_is_never_overwritten_by_settling_it(  # O3
    amina: Someone, khadija: Someone, coop: str
):
    last = conflict(amina, khadija, coop)
    path = f"/records/cooperatives/{coop}"
    form = {"conflict": last.id, "property": "members", "choice": "theirs", "version": "3"}
    amina.deliver(entities=[update(coop, 1, members="30")])  # without having seen the conflict
    assert khadija.client.post(f"{path}/settle", data=form).status_code == 409
    assert stored(coop).data["members"] == "30"
    page = text(khadija, path)
    assert page.count('<p class="value"><bdi>30</bdi>') == 2  # what stands now beside 15 and 14, and the conflict of 30 with 14
    assert settle(khadija, coop, last, "members", "now").status_code == 302
    assert (stored(coop).data["members"], stored(coop).version) == ("30", 4)
    assert 'name="property" value="members"' not in text(khadija, path)  # that of 30 with 14 stood beside it

    amina.deliver(entities=[update(coop, 4, members="31")])  # having seen it
    assert [set(one.conflicts) for one in versions(coop) if one.conflict and one.settled_at is None] == [{"members", "sector"}]
    assert stored(coop).to_settle
    amina.deliver(entities=[update(coop, 5, sector="service et couture")])
    assert not stored(coop).to_settle


def test_archiving_needs_a_reason_and_the_version_that_was_seen(amina: Someone, khadija: Someone, coop: str):  # O4, O5
    path = f"/records/cooperatives/{coop}/archive?lang=fr"
    assert khadija.client.post(path, data={"version": "1", "note": " "}).status_code == 422
    amina.deliver(entities=[update(coop, 1, members="15")])
    late = khadija.client.post(path, data={"version": "1", "note": "dissoute"})
    assert late.status_code == 409
    assert "dissoute" in late.text
    assert stored(coop).archived_at is None
    assert khadija.client.post(path, data={"version": "2", "note": "dissoute"}).status_code == 302
    assert stored(coop).archived_at is not None
    assert labels(khadija) == []
    assert (versions(coop)[-1].kind, versions(coop)[-1].note) == ("archived", "dissoute")
    pulled = amina.client.get("/api/sync/pull", query_string={"programme": amina.programme_id}).json["changes"]
    assert coop not in {one["id"] for one in pulled}
    amina.deliver(entities=[update(coop, 2, members="16")])
    assert "archiv" in text(khadija, f"/records/cooperatives/{coop}")
    assert khadija.client.post(f"/records/cooperatives/{coop}/restore", data={}).status_code == 302
    record = stored(coop)
    assert (record.archived_at, record.to_settle, record.data["members"]) == (None, False, "16")


def test_others_neither_see_nor_change_a_record(  # O5
    amina: Someone, fatima: Someone, said: Someone, coop: str
):
    form = {"version": "1", "note": "x"}
    assert fatima.client.post(f"/records/cooperatives/{coop}/archive", data=form).status_code == 404
    for someone in (amina, said):
        assert someone.client.post(f"/records/cooperatives/{coop}/archive", data=form).status_code == 403
        assert "Archive" not in text(someone, f"/records/cooperatives/{coop}").replace("Archivées", "")
    assert stored(coop).version == 1


def test_what_waits_for_a_record_can_become_it_or_be_left_out(amina: Someone, khadija: Someone):  # O6
    first, second = new_id(), new_id()
    amina.deliver(entities=[update(first, 1, coop_name_fr="Tifawine", members="3")])
    amina.deliver(entities=[update(first, 1, members="4")])
    amina.deliver(entities=[update(second, 1, members="5")])
    page = text(khadija, "/records/cooperatives")
    ids = re.findall(r"/records/cooperatives/waiting/([0-9a-f-]+)", page)
    assert len(set(ids)) == 3
    waiting = {one.id: one for one in db.session.scalars(sa.select(EntityWaiting).order_by(EntityWaiting.seq))}
    by_entity = (
        [key for key, one in waiting.items() if one.entity_id == first],
        [key for key, one in waiting.items() if one.entity_id == second],
    )
    answer = khadija.client.post(f"/records/cooperatives/waiting/{by_entity[0][0]}", data={"action": "begin"})
    assert answer.location.endswith(first)
    assert stored(first).data == {"coop_name_fr": "Tifawine", "members": "4"}
    khadija.client.post(f"/records/cooperatives/waiting/{by_entity[1][0]}", data={"action": "dismiss"})
    assert (count(EntityWaiting), count(Entity)) == (0, 1)
