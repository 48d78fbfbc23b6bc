"""Women of a group, and apprentices: PRECOOP and APPR (docs/instruments.md). The numbers go on from test_follow_up.py.

F6  a minor has no name without the guardian's agreement, nobody without her own
F7  a group becomes a cooperative without retyping, and those who left are counted
F13 an apprentice goes from enrolled to placed; the master is kept once, with his or her agreement
"""

from __future__ import annotations

import re

import pytest

from tests.instruments.known import APPRENTICE, GROUP, GROUP_OPEN, RECORDS, run, sets, woman
from tests.instruments.test_library import package


@pytest.mark.parametrize(
    ("consent", "born", "guardian", "named", "asked"),
    [
        ("yes", "2000", "", True, False),
        ("yes", "2010", "", False, True),
        ("yes", "2010", "no", False, True),
        ("yes", "2010", "yes", True, True),
        ("yes", "2008", "", False, True),  # 18 this year: perhaps not yet
        ("yes", "2007", "", True, False),
        ("yes", "", "", False, False),
        ("no", "2000", "", False, False),
        ("no", "2010", "", False, False),
    ],
)
def test_an_apprentice_has_a_name_only_with_consent_and_a_minor_with_the_guardian_s(consent, born, guardian, named, asked):  # F6
    answers = {
        "grp_consent/consent": consent,
        "grp_who/a_start": "2026-01-10",
        "grp_who/a_birth_year": born,
        "grp_who/a_guardian_ok": guardian,
        "grp_who/a_name": "سعاد",
        "grp_place/a_douar": "درب",
        "grp_train/grp_master/a_master": "المعلم",
    }
    steps = [*sets(**answers), ["view", "grp_who/a_guardian_ok"], ["answers"], ["entities"], ["title"]]
    question, given, entities, title = run("appr", steps)[-4:]
    assert question["relevant"] is asked
    assert ("a_name" in given.get("grp_who", {})) is named
    assert ("a_douar" in given.get("grp_place", {})) is ("a_master" in given.get("grp_train", {}).get("grp_master", {})) is named
    assert ("سعاد" in str(entities)) is ("سعاد" in title) is named
    assert title


def test_an_apprentice_s_state_is_that_of_the_last_visit():
    steps = [
        ["set", "grp_rec/rec", APPRENTICE],
        ["value", "grp_end/a_status"],
        ["set", "grp_fu/a_has_fu", "yes"],
        ["set", "grp_fu/fu[1]/fu_status", "suspended"],
        ["addRow", "grp_fu/fu"],
        ["value", "grp_end/a_status"],
        ["set", "grp_fu/fu[2]/fu_status", "finished"],
        ["value", "grp_end/a_status"],
    ]
    results = run("appr", steps)
    assert (results[1], results[-1]) == ("active", "finished")
    assert results[5] == "active"  # the last row says nothing yet


def test_women_of_a_group_are_counted_and_those_who_left_stay_explained():  # F7
    steps = [
        *GROUP_OPEN,
        ["value", "grp_wm/gp_members"],
        *woman(1),
        ["addRow", "grp_wm/wm"],
        ["set", "grp_wm/wm[2]/w_consent", "yes"],
        ["choices", "grp_wm/wm[2]/w_person"],
        ["set", "grp_wm/wm[2]/w_person", "person-1"],
        ["value", "grp_wm/wm[2]/w_name"],
        ["set", "grp_wm/wm[2]/w_out", "yes"],
        ["check", "grp_wm/wm[2]/w_out_why"],
        ["set", "grp_wm/wm[2]/w_out_why", "share"],
        ["set", "grp_wm/wm[2]/w_out_d", "2026-10-01"],
        ["value", "grp_wm/gp_members"],
        ["value", "grp_wm/gp_left"],
        ["entities"],
    ]
    results = run("precoop", steps)
    assert results[3] == "1"  # one is known, one has left
    offered, _, name, _, why, _, _, members, left, entities = results[-10:]
    assert name == "أمينة"
    assert why["kind"] == "required"
    assert [one["value"] for one in offered] == ["person-1", "person-2", "person-3", "master-1"]  # also who was trained before
    assert (members, left) == ("1", "2")
    persons = {one["id"]: one for one in entities if one["list"] == "persons"}
    assert persons["person-1"]["action"] == "update"
    gone = persons["person-1"]["data"]
    assert (gone["left"], gone["status"], gone["left_why"], gone["left_on"]) == ("yes", "left", "share", "2026-10-01")
    assert len(persons) == 2  # no woman is recorded twice
    group = next(one for one in entities if one["list"] == "groups")
    assert (group["id"], group["data"]["members"], group["data"]["members_left"], group["data"]["members_ever"]) == (
        GROUP,
        "1",
        "2",
        "3",
    )


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({"w_consent": "no"}, False),
        ({"w_age": "15_17"}, False),
        ({"w_age": "15_17", "w_guardian_ok": "no"}, False),
        ({"w_age": "15_17", "w_guardian_ok": "yes"}, True),
        ({}, True),
    ],
)
def test_a_woman_is_named_with_her_consent_and_a_minor_with_the_guardian_s(answers, named):  # F6
    given, entities = run("precoop", [*GROUP_OPEN, *woman(1, **answers), ["answers"], ["entities"]])[-2:]
    assert ("w_name" in given["grp_wm"]["wm"][0]) is named
    assert any(one["list"] == "persons" for one in entities) is named


def test_steps_are_counted_and_lead_to_the_registration_of_the_cooperative():  # F7
    done = {"grp_id/gp_name": "مجموعة الأمل", "grp_wm/wm[1]/w_age": "25_34"} | {
        f"grp_steps/st_s{n:02}": "done" if n <= 11 else "na" if n == 12 else "todo" for n in range(1, 16)
    }
    done |= {"grp_id/gp_start": "2026-01-12", "grp_coop/gp_capital": "12000"}
    done |= {"grp_steps/st_s06_d": "2026-06-01", "grp_steps/st_s11_d": "2026-09-15"}
    steps = [*GROUP_OPEN, *sets(**done), ["view", "grp_steps/gp_steps_said"], ["view", "grp_coop/gp_ready"], ["entities"]]
    said, ready, entities = run("precoop", steps, language="fr")[-3:]
    assert said["label"].endswith(": 11 sur 14")
    assert ready["relevant"]
    group = next(one["data"] for one in entities if one["list"] == "groups")
    assert (group["steps_done"], group["steps_na"], group["st_s11"]) == ("11", "1", "done")
    assert group["days_to_registration"] == "246"
    # The registration takes what the group's record holds: each name it reads is one that the group's form saves.
    saved = {name for rule in package("precoop")["entities"] if rule["list"] == "groups" for name, _ in rule["save"]}
    reads = {
        name
        for one in package("coop")["expressions"]
        for name in re.findall(r"instance\('groups'\)/root/item\[name = [^\]]+\]/(\w+)", one["text"])
    }
    assert {"gp_name", "gp_commune", "gp_sector", "geometry", "members"} <= reads <= saved
    # Of a record that the group's form made, offline on the same phone.
    records = RECORDS | {"groups": [{"name": GROUP, "label": group["gp_name"]} | {k: v for k, v in group.items() if v}]}
    steps = [["set", "grp_rec/grp_from/from_group", GROUP], ["answers"], ["entities"]]
    answers, entities = run("coop", steps, records)[-2:]
    assert answers["grp_id"]["coop_name_ar"] == "مجموعة الأمل"
    assert answers["grp_members"]["members_w"] == group["members"]
    assert (answers["grp_id"]["legal_status"], answers["grp_id"]["coop_gender"]) == ("coop_112", "women")
    assert (answers["grp_id"]["date_constitution"], answers["grp_id"]["date_registration"]) == ("2026-06-01", "2026-09-15")
    assert answers["grp_members"]["capital"] == "12000"
    cooperative, linked = sorted(entities, key=lambda one: one["list"])
    assert (linked["list"], linked["id"], linked["data"]["gp_coop"]) == ("groups", GROUP, cooperative["id"])


def test_an_apprentice_goes_from_enrolled_to_placed():  # F13
    steps = [["set", "grp_rec/rec", ""], ["value", "grp_end/a_stage"], ["set", "grp_fu/a_has_fu", "yes"]]
    for path, value in (
        ("grp_fu/fu[1]/fu_status", "active"),
        ("grp_fu/fu[1]/fu_status", "dropout"),
        ("grp_fu/fu[1]/fu_status", "finished"),
        ("grp_end/a_cert", "yes"),
        ("grp_end/a_outcome", "none"),
        ("grp_end/a_outcome", "coop"),
    ):
        steps += [["set", path, value], ["value", "grp_end/a_stage"]]
    results = run("appr", steps)
    assert [results[1], *results[4::2]] == ["enrolled", "present", "left", "finished", "certified", "certified", "placed"]


@pytest.mark.parametrize(("ref", "agrees", "kept"), [("master-1", "", True), ("", "yes", True), ("", "no", False)])
def test_a_master_is_recorded_once_and_with_agreement(ref, agrees, kept):  # F13
    answers = {
        "grp_consent/consent": "yes",
        "grp_who/a_start": "2026-01-10",
        "grp_who/a_birth_year": "2000",
        "grp_who/a_name": "سعاد",
    }
    answers |= {"grp_train/a_craft": "C04", "grp_train/grp_master/a_master_ref": ref}
    answers |= {} if ref else {"grp_train/grp_master/a_master": "المعلمة رقية", "grp_train/grp_master/a_master_ok": agrees}
    entities = run("appr", [*sets(**answers), ["entities"]])[-1]
    masters = [one for one in entities if one["list"] == "persons"]
    apprentice = next(one["data"] for one in entities if one["list"] == "apprentices")
    assert len(masters) == (1 if kept and not ref else 0)
    assert apprentice.get("master", "") == (ref or (masters[0]["id"] if kept else ""))
    if masters:
        assert masters[0]["data"] == {"master": "yes", "craft": "C04", "full_name": "المعلمة رقية"}
    assert apprentice["a_master"] == ("المعلم إدريس" if ref else "المعلمة رقية")
