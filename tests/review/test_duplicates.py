"""Two records that are one, and records that change hands (docs/registry.md, "At the office"):

D1  a merge keeps every submission and everything that names either record, whatever both are used for
D2  it is refused whole when one of the two changed since it was compared, or is merged already
D3  what phones say of the duplicate afterwards is said of the record that stayed
D4  undoing brings both back with what was theirs, also what came since; what somebody changed since stays
D5  records near it or named alike are offered
D6  only the newest of merges that build on each other can be undone
D7  a record's place is the smallest that all its properties name, also after a merge that was undone
G1  giving records to others shows first whose work is under way, and loses none of it
G2  nobody gives to an organisation that is not hers to give to, nor to a person who does not work for it
"""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts.models import Device
from app.core import audit
from app.core.db import db
from app.core.ids import new_id
from app.registry.models import Entity, EntityMerge, EntityWaiting
from app.submissions.models import Submission
from tests.conftest import Someone, World, count
from tests.registry.test_applying import create, stored, update, versions
from tests.review.test_records import a_record, labels, text


@pytest.fixture
def pair(amina: Someone) -> tuple[str, str]:
    """Both in use: each with a diagnostic, the duplicate with an action."""
    first, second = new_id(), new_id()
    amina.deliver(entities=[create(first, "تعاونية تيفاوين", members="12", sector="food")])
    amina.deliver(entities=[create(second, "تعاونية تفاوين", members="14", phone="0612345678")])
    for one in (first, second):
        amina.deliver(subject={"list": "cooperatives", "id": one})
    amina.deliver(entities=[an_action(second)])
    return first, second


def an_action(coop: str) -> dict[str, Any]:
    return {"list": "actions", "id": new_id(), "action": "create", "label": "فتح حساب بنكي", "data": {"coop": coop}}


def merge(someone: Someone, first: str, second: str, **more: str) -> Any:
    form = {"with": second, "version": str(stored(first).version), "with_version": str(stored(second).version)} | more
    return someone.client.post(f"/records/cooperatives/{first}/merge?lang=fr", data=form)


def undo(someone: Someone, survivor: str) -> Any:
    db.session.expire_all()
    made = db.session.scalars(sa.select(EntityMerge).where(EntityMerge.survivor_id == survivor)).one()
    return someone.client.post(f"/records/cooperatives/{survivor}/unmerge?lang=fr", data={"merge": made.id})


def about(record: str) -> int:
    return count(Submission, Submission.subject_id == record)


def action() -> Entity:
    db.session.expire_all()
    return db.session.scalars(sa.select(Entity).where(Entity.list == "actions")).one()


def test_a_merge_keeps_what_both_are_used_for_and_is_undone(amina: Someone, khadija: Someone, pair: tuple[str, str]):  # D1, D4
    first, second = pair
    page = text(khadija, f"/records/cooperatives/{first}/merge?with={second}")
    for value in ("12", "14", "0612345678"):
        assert f"<bdi>{value}</bdi>" in page
    assert merge(khadija, first, second, **{"take:members": "other"}).status_code == 302
    survivor = stored(first)
    assert survivor.data == {"members": "14", "sector": "food", "phone": "0612345678"}
    assert (about(first), about(second), action().data["coop"]) == (2, 0, first)
    assert labels(khadija) == ["تعاونية تيفاوين"]
    assert stored(second).merged_into == first
    assert first in text(khadija, f"/records/cooperatives/{second}")

    made = db.session.scalars(sa.select(EntityMerge)).one()
    amina.deliver(entities=[update(first, survivor.version, phone="0700000000")])
    assert khadija.client.post(f"/records/cooperatives/{first}/unmerge", data={"merge": made.id}).status_code == 302
    assert stored(first).data == {"members": "12", "sector": "food", "phone": "0700000000"}
    assert stored(second).data == {"members": "14", "phone": "0612345678"}
    assert (about(first), about(second), action().data["coop"]) == (1, 1, second)
    assert len(labels(khadija)) == 2
    assert [one.kind for one in versions(first)] == ["submission", "merged", "submission", "unmerged"]
    assert khadija.client.post(f"/records/cooperatives/{first}/unmerge", data={"merge": made.id}).status_code == 409
    assert audit.first_broken_entry() is None


def test_a_merge_is_refused_whole_when_something_changed_since(  # D2
    amina: Someone, khadija: Someone, pair: tuple[str, str], world: World
):
    first, second = pair
    assert merge(khadija, first, first).status_code == 422
    late = {"version": str(stored(first).version)}
    amina.deliver(entities=[update(first, 1, members="15")])
    assert merge(khadija, first, second, **late).status_code == 409
    assert (count(EntityMerge), stored(second).merged_into) == (0, None)
    assert merge(khadija, first, second).status_code == 302
    third = a_record(world, "ثالثة")
    assert merge(khadija, third.id, second).status_code == 409
    other = a_record(world, "شخص", list="persons")
    assert merge(khadija, first, other.id).status_code in (404, 422)
    assert khadija.client.post(f"/records/cooperatives/{second}/restore", data={}).status_code == 409


def test_what_phones_say_of_the_duplicate_is_said_of_the_record_that_stayed(  # D3, D4
    amina: Someone, khadija: Someone, pair: tuple[str, str]
):
    first, second = pair
    merge(khadija, first, second)
    late = amina.deliver(
        subject={"list": "cooperatives", "id": second}, entities=[update(second, 1, members="16", phone="0612345678")]
    )
    record = stored(first)
    assert (record.data["members"], record.to_settle, stored(second).version) == ("16", True, 2)
    assert versions(first)[-1].conflicts == {"members": {"base": "14", "theirs": "12", "ours": "16", "version": 2}}
    assert db.session.get_one(Submission, late["submission_id"]).subject_id == first
    made = db.session.scalars(sa.select(EntityMerge)).one()
    khadija.client.post(f"/records/cooperatives/{first}/unmerge", data={"merge": made.id})
    db.session.expire_all()
    assert db.session.get_one(Submission, late["submission_id"]).subject_id == second


def test_all_of_a_branch_and_its_corrections_reach_the_record_that_stayed(  # D3
    amina: Someone, khadija: Someone, pair: tuple[str, str], world: World
):
    first, second = pair
    merge(khadija, first, second)
    last = a_record(world, "تعاونية ثالثة")
    branch = new_id()
    offline = [
        amina.envelope(entities=[update(second, base, branch=branch, trunk=1, phone="0612345678", **said)])
        for base, said in enumerate(({"members": "16"}, {"members": "17"}, {"members": "17", "sector": "craft"}), start=1)
    ]
    amina.push(offline[2])
    amina.push(offline[0])
    assert (stored(first).data["members"], count(EntityWaiting)) == ("16", 1)
    amina.push(offline[1])
    assert (stored(first).data["members"], stored(first).data["sector"], count(EntityWaiting)) == ("17", "craft", 0)
    assert [set(one.conflicts or {}) for one in versions(first)[2:]] == [{"members"}, set(), {"sector"}]
    assert stored(second).version == 2

    khadija.deliver(entities=[update(first, stored(first).version, phone="0700000000")])
    correction = {"submission_id": offline[2]["submission_id"], "parent_revision_id": offline[2]["revision_id"]}
    said = {"members": "17", "sector": "services", "phone": "0612345678"}
    again = amina.deliver(**correction, entities=[update(second, 3, branch=branch, trunk=1, **said)])
    assert stored(first).data == {"members": "17", "sector": "services", "phone": "0700000000"}

    merge(khadija, last.id, first)
    correction["parent_revision_id"] = again["revision_id"]
    amina.deliver(**correction, entities=[update(second, 3, branch=branch, trunk=1, **said | {"sector": "food"})])
    assert stored(last.id).data == {"members": "17", "sector": "food", "phone": "0700000000"}


def test_a_branch_goes_on_after_the_merge_was_undone(amina: Someone, khadija: Someone, pair: tuple[str, str]):  # D3, D4
    first, second = pair
    merge(khadija, first, second)
    branch = new_id()
    amina.deliver(entities=[update(second, 1, branch=branch, trunk=1, members="16")])
    undo(khadija, first)
    amina.deliver(entities=[update(second, 2, branch=branch, trunk=1, members="16", sector="craft")])
    assert stored(second).data == {"members": "16", "sector": "craft", "phone": "0612345678"}
    assert count(EntityWaiting) == 0


def test_a_merge_that_another_builds_on_is_undone_after_it(  # D6
    amina: Someone, khadija: Someone, pair: tuple[str, str], world: World
):
    first, second = pair
    merge(khadija, first, second)
    last = a_record(world, "تعاونية ثالثة")
    merge(khadija, last.id, first)
    refused = undo(khadija, first)
    assert refused.status_code == 409
    assert "Annulez d" in refused.text
    assert ">Annuler la fusion<" not in text(khadija, f"/records/cooperatives/{first}")
    assert (stored(second).merged_into, about(last.id), about(first)) == (first, 2, 0)
    for survivor in (last.id, first):
        assert undo(khadija, survivor).status_code == 302
    assert (about(last.id), about(first), about(second)) == (0, 1, 1)


def test_a_place_follows_all_properties_and_comes_back_when_a_merge_is_undone(  # D7
    amina: Someone, khadija: Someone, world: World
):
    commune, elsewhere = "05.271.09.01.", "05.271.05.03."
    first, second = new_id(), new_id()
    amina.deliver(entities=[create(first, "تعاونية تيفاوين")])
    amina.deliver(entities=[create(second, "تعاونية تفاوين", province="05.271.", commune=commune)])
    amina.deliver(entities=[update(second, 1, province="05.271", commune=commune)])
    assert stored(second).territory == "05.271.09.01"  # only the province was said anew
    merge(khadija, first, second)
    assert stored(first).territory == "05.271.09.01"
    undo(khadija, first)
    assert stored(first).territory == "05.271.01.03"

    amina.deliver(entities=[update(second, 2, province="05.271.", commune=elsewhere)])
    amina.deliver(entities=[update(second, 2, province="05.27.", commune="05.27.01.01.")])
    conflict = versions(second)[-1]
    for name, choice in (("commune", "theirs"), ("province", "theirs")):
        form = {"conflict": conflict.id, "property": name, "choice": choice, "version": stored(second).version}
        assert khadija.client.post(f"/records/cooperatives/{second}/settle", data=form).status_code == 302
    assert stored(second).territory == "05.271.05.03"


def test_records_near_it_or_named_alike_are_offered(world: World, khadija: Someone):  # D5
    one = a_record(world, "تعاونية تيفاوين", data={"geometry": "33.5800 -4.6300"})
    a_record(world, "أخرى", data={"geometry": "33.5803 -4.6302"})
    a_record(world, "بعيدة", data={"geometry": "33.60 -4.63"})
    a_record(world, "تعاونية تفاوين")
    a_record(world, "تعاونية تفاوين في جماعة أخرى", territory="05.271.09")
    page = text(khadija, f"/records/cooperatives/{one.id}/merge?q=لا شيء كهذا")
    assert "أخرى</bdi>" in page
    assert "تعاونية تفاوين</bdi>" in page
    assert "بعيدة" not in page
    assert "في جماعة أخرى" not in page


def test_giving_records_shows_whose_work_is_under_way_and_loses_none(  # G1
    amina: Someone, fatima: Someone, admin: Someone, world: World
):
    coop = new_id()
    amina.deliver(entities=[create(coop)])
    returned = amina.deliver(subject={"list": "cooperatives", "id": coop})
    db.session.get_one(Submission, returned["submission_id"]).state = "has_issues"
    amina.push(report={"unsent": 3, "app": "1"})
    assert db.session.get_one(Device, amina.device_id).report["unsent"] == 3
    path = f"/records/cooperatives/give?record={coop}&lang=fr&state=all"
    page = admin.client.get(path).text
    assert '<td class="number">1</td><td class="number"></td><td class="number">3</td>' in page

    answer = admin.client.post(path, data={"count": "1", "organisation": world.al_hadaf.id, "person": fatima.id, "note": "حدود"})
    assert answer.status_code == 302
    record = stored(coop)
    assert (record.organisation_id, record.follower_id, record.version) == (world.al_hadaf.id, fatima.id, 2)
    assert (versions(coop)[-1].kind, versions(coop)[-1].note) == ("reassigned", "حدود")
    pulled = fatima.client.get("/api/sync/pull", query_string={"programme": fatima.programme_id}).json["changes"]
    assert [one["data"]["follower"] for one in pulled if one["kind"] == "entity"] == [fatima.id]
    late = amina.push(amina.envelope(entities=[update(coop, 1, members="3")])).json["results"][0]
    assert (late["result"], late["reason"]) == ("quarantined", "entity_elsewhere")


def test_nobody_gives_what_is_not_hers_to_give(  # G2
    amina: Someone, khadija: Someone, fatima: Someone, admin: Someone, said: Someone, world: World
):
    mine, hers = a_record(world, "أ"), a_record(world, "ب", organisation_id=world.al_hadaf.id)
    path = "/records/cooperatives/give"
    assert said.client.get(path).status_code == 403
    assert "أ</bdi>" in text(khadija, path)
    assert "ب</bdi>" not in text(khadija, path)
    to_others = {"count": "1", "organisation": world.al_hadaf.id}
    assert khadija.client.post(path, data=to_others).status_code == 403
    wrong = {"count": "2", "organisation": world.al_amal.id, "person": fatima.id}
    assert admin.client.post(path, data=wrong).status_code == 422
    assert admin.client.post(path, data={"count": "1", "person": amina.id}).status_code == 409  # another count was seen
    assert admin.client.post(path, data={"count": "2"}).status_code == 422
    for beyond in (
        {"organisation": "none"},
        {"organisation": "none", "person": fatima.id},
        {"organisation": "none", "person": amina.id},
        {"person": said.id},
    ):
        assert khadija.client.post(path, data={"count": "1"} | beyond).status_code == 403, beyond
    assert 'value="none"' not in text(khadija, path)
    assert 'value="none"' in text(admin, path)
    assert {stored(one.id).version for one in (mine, hers)} == {1}
    assert khadija.client.post(path, data={"count": "1", "person": amina.id}).status_code == 302
    assert stored(mine.id).follower_id == amina.id
    assert labels(khadija, person=amina.id) == ["أ"]
