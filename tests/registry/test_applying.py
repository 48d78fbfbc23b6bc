"""What submissions say about records (docs/registry.md):

A1  what two sides changed apart is merged; nobody's unchanged values overwrite anything
A2  what both changed is in conflict: the later arrival stands, both values and who said them are kept
A3  a phone's own chain of versions made offline is no conflict with itself, in whatever order its forms arrive
A4  an update that arrives before its creation waits, and is applied when the creation arrives
A5  a second creation of the same record loses nothing and is flagged where the two disagree
A6  a correction changes what its submission said, and no more
A7  records from repeats are created and updated one by one
A8  a phone that tells no base is taken as before: what differs is written, with its history
A9  phones pull the version with the record
A10 what is said of an archived record is kept and shown to a person; it stays archived
"""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.core.ids import new_id
from app.engine import host
from app.instruments import operations as instruments
from app.instruments.models import InstrumentVersion
from app.registry.models import Entity, EntityLink, EntityVersion, EntityWaiting
from app.submissions import decisions
from app.submissions.queries import last_event
from tests.conftest import NOW, Someone, World, count


def create(record: str, label: str = "تعاونية تيفاوين", /, **data: str) -> dict[str, Any]:
    return {"list": "cooperatives", "id": record, "action": "create", "label": label, "data": data}


def update(record: str, base: int | None = None, /, *, label: str = "", branch: str = "", trunk: int | None = None, **data: str):
    change = {"list": "cooperatives", "id": record, "action": "update", "label": label, "data": data, "base_version": base}
    return change | {"branch_id": branch or None, "trunk_version": trunk}


def stored(record: str) -> Entity:
    db.session.expire_all()
    return db.session.get_one(Entity, record)


def versions(record: str) -> list[EntityVersion]:
    db.session.expire_all()
    return list(
        db.session.scalars(sa.select(EntityVersion).where(EntityVersion.entity_id == record).order_by(EntityVersion.version))
    )


@pytest.fixture
def coop(amina: Someone) -> str:
    record = new_id()
    amina.deliver(entities=[create(record, sector="food", members="12", phone="0612345678")])
    return record


def test_two_phones_that_changed_different_properties_are_merged(amina: Someone, khadija: Someone, coop: str):  # A1
    # A form writes every property that it may write, also those that nobody touched.
    amina.deliver(entities=[update(coop, 1, sector="food", members="15", phone="0612345678")])
    khadija.deliver(entities=[update(coop, 1, sector="craft", members="12", phone="")])
    record = stored(coop)
    assert record.data == {"sector": "craft", "members": "15", "phone": ""}
    assert (record.version, record.to_settle) == (3, False)
    assert [one.changes for one in versions(coop)[1:]] == [{"members": "15"}, {"sector": "craft", "phone": ""}]


def test_two_phones_that_changed_the_same_property_are_in_conflict_and_both_values_are_kept(  # A2
    amina: Someone, khadija: Someone, coop: str
):
    amina.deliver(entities=[update(coop, 1, sector="food", members="15")])
    khadija.deliver(entities=[update(coop, 1, sector="craft", members="14")])
    record, last = stored(coop), versions(coop)[-1]
    assert (record.data["members"], record.data["sector"], record.to_settle) == ("14", "craft", True)
    assert last.conflict
    assert last.conflicts == {"members": {"base": "12", "theirs": "15", "ours": "14", "version": 2}}
    assert (last.actor_id, versions(coop)[1].actor_id) == (khadija.id, amina.id)


def test_two_phones_that_say_the_same_do_not_disagree(amina: Someone, khadija: Someone, coop: str):  # A2
    amina.deliver(entities=[update(coop, 1, members="15")])
    khadija.deliver(entities=[update(coop, 1, members="15", label="تيفاوين")])
    assert (stored(coop).label, stored(coop).version, stored(coop).to_settle) == ("تيفاوين", 3, False)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_versions_made_offline_by_one_phone_are_one_chain_in_any_order(amina: Someone, order: tuple[int, ...]):  # A3, A4
    coop, branch = new_id(), new_id()
    forms = [
        amina.envelope(entities=[create(coop, members="12") | {"branch_id": branch}]),
        amina.envelope(entities=[update(coop, 1, branch=branch, members="13", sector="food")]),
        amina.envelope(entities=[update(coop, 2, branch=branch, members="14")]),
    ]
    for n in order:
        assert amina.push(forms[n]).json["results"][0]["result"] == "accepted"
    record = stored(coop)
    assert (record.data, record.version, record.to_settle) == ({"members": "14", "sector": "food"}, 3, False)
    assert [one.changes.get("members") for one in versions(coop)] == ["12", "13", "14"]
    assert count(EntityWaiting) == 0


def test_a_chain_made_offline_is_compared_with_what_others_said_since_its_trunk(  # A3
    amina: Someone, khadija: Someone, coop: str
):
    branch = new_id()
    khadija.deliver(entities=[update(coop, 1, phone="0700000000", members="20")])
    amina.deliver(entities=[update(coop, 1, branch=branch, trunk=1, members="13", phone="0612345678")])
    amina.deliver(entities=[update(coop, 2, branch=branch, trunk=1, members="13", sector="craft", phone="0612345678")])
    record = stored(coop)
    assert record.data == {"members": "13", "phone": "0700000000", "sector": "craft"}
    assert [one.conflict for one in versions(coop)] == [False, False, True, False]
    assert set(versions(coop)[2].conflicts or {}) == {"members"}


def test_an_update_before_its_creation_waits_and_is_applied_when_it_comes(amina: Someone, khadija: Someone):  # A4
    coop = new_id()
    early = amina.deliver(entities=[update(coop, 1, members="3")])
    assert db.session.get(Entity, coop) is None
    waiting = db.session.scalars(sa.select(EntityWaiting)).one()
    assert (waiting.entity_id, waiting.submission_id) == (coop, early["submission_id"])
    khadija.deliver(entities=[create(coop, "أ", sector="food", members="2")])
    assert stored(coop).data == {"sector": "food", "members": "3"}
    assert [(one.submission_id == early["submission_id"], one.actor_id) for one in versions(coop)] == [
        (False, khadija.id),
        (True, amina.id),
    ]
    assert count(EntityWaiting) == 0


def test_an_update_waits_for_a_creation_that_is_in_quarantine(amina: Someone, khadija: Someone, admin: Someone):  # A4
    coop = new_id()
    held = amina.envelope(form_sha256="f" * 64, entities=[create(coop, "أ", members="2")])
    assert amina.push(held).json["results"][0]["result"] == "quarantined"
    amina.deliver(entities=[update(coop, 1, members="3")])
    assert count(Entity) == 0
    event = last_event(held["submission_id"])
    decisions.decide(admin.actor, held["submission_id"], "approve", based_on=event.id if event else "", now=NOW)
    db.session.commit()
    assert (stored(coop).data, stored(coop).version) == ({"members": "3"}, 2)


def test_a_record_created_twice_keeps_both_and_says_where_they_disagree(amina: Someone, khadija: Someone):  # A5
    coop = new_id()
    amina.deliver(entities=[create(coop, "أ", sector="food", members="12")])
    khadija.deliver(entities=[create(coop, "ب", sector="food", phone="0600000000")])
    record = stored(coop)
    assert (record.label, record.data) == ("ب", {"sector": "food", "members": "12", "phone": "0600000000"})
    assert versions(coop)[1].conflicts == {"": {"base": "", "theirs": "أ", "ours": "ب", "version": 1}}


def test_a_correction_changes_what_its_submission_said_and_leaves_what_others_said_since(amina: Someone, khadija: Someone):  # A6
    coop = new_id()
    first = amina.deliver(entities=[create(coop, sector="food", members="12")])
    khadija.deliver(entities=[update(coop, 1, sector="craft", members="12")])
    correction = {"submission_id": first["submission_id"], "parent_revision_id": first["revision_id"]}
    amina.deliver(**correction, entities=[create(coop, sector="food", members="21")])
    assert stored(coop).data == {"sector": "craft", "members": "21"}
    assert not stored(coop).to_settle


def test_a_phone_that_tells_no_base_is_taken_as_it_comes_with_its_history(amina: Someone, khadija: Someone, coop: str):  # A8
    amina.deliver(entities=[update(coop, members="15")])
    khadija.deliver(entities=[update(coop, members="14")])
    assert stored(coop).data["members"] == "14"
    assert [(one.changes.get("members"), one.actor_id) for one in versions(coop)] == [
        ("12", amina.id),
        ("15", amina.id),
        ("14", khadija.id),
    ]


def test_versions_that_are_none_are_no_reason_to_refuse_a_form(amina: Someone, coop: str):
    odd = update(coop, members="15") | {"base_version": "three", "trunk_version": -1, "branch_id": {}}
    amina.deliver(entities=[odd])
    amina.deliver(entities=[update(coop, 99, members="16")])
    assert stored(coop).data["members"] == "16"


def test_phones_pull_the_version_with_the_record(amina: Someone, coop: str):  # A9
    amina.deliver(entities=[update(coop, 1, members="15")])
    answer = amina.client.get("/api/sync/pull", query_string={"programme": amina.programme_id}).json
    (data,) = [one["data"] for one in answer["changes"] if one["kind"] == "entity"]
    assert (data["version"], data["properties"]["members"], data["follower"]) == (2, "15", None)


def test_what_is_said_of_an_archived_record_is_kept_for_a_person(amina: Someone, coop: str):  # A10
    record = stored(coop)
    record.archived_at = NOW
    amina.deliver(entities=[update(coop, 1, members="15")])
    record = stored(coop)
    assert (record.data["members"], record.archived_at, record.to_settle) == ("15", NOW, True)


def test_a_place_and_the_records_it_names_follow_the_properties(amina: Someone, coop: str):
    assert stored(coop).territory == "05.271.01.03"
    action = {"list": "actions", "id": new_id(), "action": "create", "label": "فتح حساب بنكي", "data": {"coop": coop}}
    point = "33.58 -4.63 0 5"
    amina.deliver(entities=[update(coop, 1, gp_commune="05.271.09.01.", geometry=point, province="05.271."), action])
    record = stored(coop)
    assert (record.territory, record.lat, record.lon) == ("05.271.09.01", 33.58, -4.63)
    link = db.session.scalars(sa.select(EntityLink)).one()
    assert (link.entity_id, link.property, link.target_id) == (action["id"], "coop", coop)
    amina.deliver(entities=[action | {"action": "update", "data": {"coop": ""}, "base_version": 1}])
    assert count(EntityLink) == 0


WOMEN = """
| survey | | | | | |
|---|---|---|---|---|---|
| | type | name | label::العربية (ar) | label::Français (fr) | save_to | calculation |
| | begin_repeat | women | النساء | Femmes | | |
| | calculate | w_id | | | | coalesce(${w_known}, '') |
| | select_one_from_file members.csv | w_known | امرأة مسجلة | Femme inscrite | | |
| | text | w_name | الاسم | Nom | members#full_name | |
| | select_one level | w_level | المستوى | Niveau | members#level | |
| | end_repeat | | | | | |
| choices | | | |
|---|---|---|---|
| | list_name | name | label::العربية (ar) | label::Français (fr) |
| | level | low | ضعيف | Faible |
| | level | good | جيد | Bon |
| settings | | | |
|---|---|---|---|
| | form_title | form_id | version | default_language |
| | النساء | women | 1 | العربية (ar) |
| entities | | | | |
|---|---|---|---|---|
| | list_name | label | entity_id | create_if | update_if |
| | members | ${w_name} | ${w_id} | ${w_known} = '' and ${w_name} != '' | ${w_known} != '' |
"""


def test_rows_of_a_repeat_become_records_or_change_the_one_that_was_picked(amina: Someone, world: World):  # A7
    version = instruments.publish(None, world.programme.id, "women.md", WOMEN.encode(), NOW)
    db.session.commit()
    package = db.session.get_one(InstrumentVersion, version.id)

    def fill(steps: list[Any], members: list[dict[str, str]]) -> dict[str, Any]:
        case = {
            "package": json.loads(package.package),
            "datasets": {"members": members},
            "now": 0,
            "offset": 60,
            "steps": [*steps, ["entities"]],
        }
        entities = host.run_cases([case])[0][-1]
        for one in entities:  # the host of the tests makes the same ids each time
            one["id"] = new_id() if one["action"] == "create" else one["id"]
        return amina.deliver(form_id="women", form_sha256=package.sha256, form_version="1", entities=entities)

    fill([["set", "women[1]/w_name", "فاطنة"], ["addRow", "women"], ["set", "women[2]/w_name", "إيطو"]], [])
    made = {one.label: one for one in db.session.scalars(sa.select(Entity).where(Entity.list == "members"))}
    assert set(made) == {"فاطنة", "إيطو"}
    known = [{"name": one.id, "label": one.label} for one in made.values()]
    fill(
        [["set", "women[1]/w_known", made["إيطو"].id], ["set", "women[1]/w_level", "good"], ["addRow", "women"],
         ["set", "women[2]/w_name", "رحمة"]],
        known,
    )  # fmt: skip
    assert count(Entity, Entity.list == "members") == 3
    assert stored(made["إيطو"].id).data["level"] == "good"
    assert stored(made["فاطنة"].id).version == 1
