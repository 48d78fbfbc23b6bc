"""The seven instruments beside registration, diagnostic and training, filled in the server's engine.

Projects (F4, F12) and people (F6, F7, F13) have files of their own.

F1  filled at random from the first question to the last, each finishes: no rule fails, no required question stays blank, and
    over all fillings every question was answered at least once
F2  a visit opens with the open actions of its cooperative, says which are late and moves their state
F3  the domains of difficulties are one list everywhere, and its first six are those of the programmes
F5  amounts say their unit, by which the phone reads them back (tests/form/test_unusual.py)
F8  a rule that names an optional question holds while that one is blank
F9  what a meeting decided and what was promised there are actions: chased by the next meeting and by the visit of the cooperative
F10 a meeting and a training on one event take place, date, people and cooperatives from each other
F11 a building keeps its states; groups near it are named freely and linked later, and women are counted once
"""

from __future__ import annotations

import random

import pytest

from app.engine import host
from tests.instruments.forms import node
from tests.instruments.known import (
    COOP,
    FES,
    FORMS,
    GROUP,
    PREMISES,
    PROJECT,
    RECORDS,
    TODAY,
    datasets,
    run,
    sets,
)
from tests.instruments.test_library import NOW, OFFSET, package

# F1

VALUES = {  # by type, or by name
    "w_phone": ["0612345678"],
    "integer": ["5", "3", "100", "0", "1", "2003", "2010", "1990", "2024"],
    "decimal": ["250000.5", "1500", "100", "2410000", "12"],
    "date": [TODAY, "2026-03-01", "2026-09-15"],
    "time": ["09:30", "12:00"],
    "geopoint": ["34.061 -4.978 410 12"],
    "image": ["photo.jpg"],
    "text": ["نص للتجربة", "P7"],
}


# What chance would seldom bring together.
RARE = {
    "agree": {
        "grp_rec/rec": PROJECT,
        "grp_place/ag_province": FES,
        "grp_place/ag_placed": "yes",
        "grp_fin/ag_has_fin": "yes",
        "grp_fin/fin[1]/fin_ref": "",
        "grp_fin/fin[1]/fin_itype": "council",
        "grp_aim/ag_ben_w": "",
        "grp_aim/ag_ben_m": "",
    },
    "precoop": {
        "grp_consent/consent": "yes",
        "grp_wm/gp_has_wm": "yes",
        "grp_wm/wm[1]/w_consent": "yes",
        "grp_wm/wm[1]/w_person": "",
        "grp_wm/wm[1]/w_age": "15_17",
        "grp_id/gp_sector": "ART",
    },
}


def path_of(found, at):
    """The path of a node, in the first row of each repeat it stands in."""
    parts = []
    while at:
        one = found["nodes"][at]
        parts.append(one["name"] + ("[1]" if one["kind"] == "repeat" else ""))
        at = one["parent"]
    return "/".join(reversed(parts))


def questions_of(code):
    found = package(code)
    asked = [one for one in found["nodes"] if one["kind"] == "question" and one["type"] != "note"]
    shown = {
        "act_what",
        "act_agreed",
        "act_resp",
        "act_before",
        "act_party",
        "pr_before",
        "ag_hosts_only",
    }  # what is known of an action: read, not asked
    return {path_of(found, one["i"]): one for one in asked if one["name"] not in shown}


def filled(code, chance, taken, answers):
    """The questions answered, and how it ended. Of each list, mostly the choice that was taken least often before."""
    questions = questions_of(code)
    questions |= {path.replace("act[1]", "act[2]"): one for path, one in questions.items()}  # a row for each open action
    selects = [path for path, one in questions.items() if "choices" in one]
    picks = {}
    for _ in range(40):
        steps = [["set", path, value] for path, value in answers.items()]
        asked = [*(["view", path] for path in questions), *(["choices", path] for path in selects), ["problems"]]
        states = run(code, [*steps, *asked])[len(steps) :]
        views = dict(zip(questions, states, strict=False))
        offered = dict(zip(selects, states[len(questions) :], strict=False))
        problems = {one["path"] for one in states[-1]}
        todo = [
            path
            for path, view in views.items()
            if view and view["relevant"] and not view["readonly"]
            if path not in answers or path in problems
            if offered.get(path) != [] or path in problems
        ]
        if not todo:
            break
        for path in todo:
            one, view = questions[path], views[path]
            if path in offered:
                codes = [choice["value"] for choice in reversed(offered[path])] + ([] if view["required"] else [""])
                least = min(codes, key=lambda code: taken.get((path, code), 0)) if codes else ""
                picked = least if chance.random() < 0.6 else chance.choice(codes or [""])
                picks[path] = picked
            elif path in answers and not view["required"]:
                picked = ""
            else:
                picked = chance.choice(VALUES.get(one["name"]) or VALUES[one["type"]])
            answers[path] = picked
    for pick in picks.items():
        taken[pick] = taken.get(pick, 0) + 1
    steps = [["set", path, value] for path, value in answers.items()]
    end = run(code, [*steps, ["problems"], ["finalise"], ["answers"], ["entities"], ["title"]])[-5:]
    return end


def answered(answers, above=""):
    """Paths of the answers, as questions_of() writes them."""
    for name, value in answers.items():
        if isinstance(value, dict):
            yield from answered(value, f"{above}{name}/")
        elif isinstance(value, list):
            for row in value:
                yield from answered(row, f"{above}{name}[1]/")
        else:
            yield above + name


@pytest.mark.parametrize("code", FORMS)
def test_it_is_filled_to_the_last_question(code):  # F1
    chance, taken = random.Random(20261121), {}
    missing = set(questions_of(code))
    for turn in range(30):
        problems, _, answers, entities, title = filled(code, chance, taken, dict(RARE.get(code, {})) if turn == 0 else {})
        assert problems == []
        assert title
        assert all(one["id"] for one in entities)
        missing -= set(answered(answers))
        if not missing:
            break
    assert missing == set()


# F2

VISIT = sets(
    **{
        "grp_visit/coop_in": "cooperatives",
        "grp_visit/coop_cooperatives": COOP,
        "grp_visit/visit_date": TODAY,
        "grp_visit/visit_type": "follow",
    }
)


def test_a_visit_opens_with_what_was_agreed_the_last_time():  # F2
    shown = [f"act[1]/{name}" for name in ("act_what", "act_agreed", "act_resp", "act_before")]
    *_, rows, what, agreed, resp, before, other, note = run(
        "visit",
        [
            *VISIT,
            ["rows", "act"],
            *(["view", one] for one in shown),
            ["value", "act[2]/act_what"],
            ["view", "grp_visit/act_some"],
        ],
        language="fr",
    )
    assert len(rows) == 2
    assert rows[0]["summary"].startswith("مسك دفتر المبيعات")
    assert (what["value"], agreed["value"], resp["value"], before["value"]) == ("مسك دفتر المبيعات", "2026-12-31", "coop", "todo")
    assert all(one["readonly"] for one in (what, agreed, resp, before))
    assert other == "فتح حساب بنكي"
    assert note["label"].endswith(": 2")


def test_a_visit_moves_the_state_of_its_actions_and_of_no_other():  # F2
    steps = [
        *VISIT,
        *sets(
            **{
                "act[1]/act_status": "done",
                "act[2]/act_status": "blocked",
                "act[2]/act_pct": "30",
                "act[2]/act_block": "لا يوجد بنك قريب",
                "act[2]/act_newdate": "2027-03-01",
            }
        ),
        ["entities"],
    ]
    entities = run("visit", steps)[-1]
    assert [(one["list"], one["action"], one["id"]) for one in entities if one["list"] != "visits"] == [
        ("actions", "update", "action-1"),
        ("actions", "update", "action-3"),
        ("cooperatives", "update", COOP),
    ]
    done, blocked, visit, visited = (one["data"] for one in entities)
    assert (visit["coop"], visit["date"]) == (COOP, TODAY)
    assert visited == {"last_visit": TODAY, "next_visit": ""}
    assert (done["status"], done["progress"], done["done_on"], done["due"]) == ("done", "100", TODAY, "2026-12-31")
    assert (blocked["status"], blocked["progress"], blocked["due"], blocked["done_on"]) == ("blocked", "30", "2027-03-01", "")
    assert blocked["block"] == "لا يوجد بنك قريب"


def test_a_visit_says_how_late_an_action_is_and_keeps_what_was_remarked():  # F2
    late = RECORDS["actions"][0] | {"due": "2026-11-09"}
    steps = [*VISIT, ["view", "act[1]/act_late"], ["view", "act[2]/act_late"]]
    steps += [*sets(**{"act[1]/act_status": "done", "act[1]/act_remark": "الدفتر مملوء"}), ["entities"]]
    *_, said, other, _, _, entities = run("visit", steps, RECORDS | {"actions": [late, *RECORDS["actions"][1:]]})
    assert said["relevant"]
    assert said["label"].endswith(": 12")
    assert not other["relevant"]
    assert entities[0]["data"]["remark"] == "الدفتر مملوء"


def test_a_new_step_is_an_action_that_the_next_visit_opens_with():  # F2
    steps = sets(
        **{
            "grp_next/v_has_next": "yes",
            "grp_next/next[1]/next_desc": "زيارة المعرض الجهوي",
            "grp_next/next[1]/next_resp": "facilitator",
            "grp_next/next[1]/next_due": "2026-12-20",
        }
    )
    entities = run("visit", [*VISIT, *steps, ["addRow", "grp_next/next"], ["entities"]])[-1]
    [made] = [one for one in entities if one["action"] == "create" and one["list"] != "visits"]
    assert (made["list"], made["label"]) == ("actions", "زيارة المعرض الجهوي")
    agreed = {"coop": COOP, "status": "todo", "responsible": "facilitator", "due": "2026-12-20", "agreed_on": TODAY}
    assert made["data"] == agreed
    again = RECORDS | {"actions": [{"name": made["id"], "label": made["label"], **made["data"]}]}
    assert run("visit", [*VISIT, ["value", "act[1]/act_what"]], again)[-1] == "زيارة المعرض الجهوي"


def test_an_older_visit_does_not_hide_a_newer_one():  # F2
    visited = [RECORDS["cooperatives"][0] | {"last_visit": "2026-12-01", "next_visit": "2027-01-01"}]
    entities = run("visit", [*VISIT, ["entities"]], RECORDS | {"cooperatives": visited})[-1]
    assert [one["list"] for one in entities] == ["actions", "actions", "visits"]


def test_the_rows_of_a_visit_stay_with_their_actions():  # F2
    records = RECORDS | {"actions": RECORDS["actions"][2:]}  # meanwhile another phone closed the first
    steps = [*VISIT, *sets(**{"act[1]/act_status": "done", "act[2]/act_status": "ongoing"}), ["snapshot"]]
    saved = run("visit", steps)[-1]
    case = {"package": package("visit"), "datasets": datasets("visit", records), "saved": saved, "now": NOW, "offset": OFFSET}
    (*entities, _visit, _coop), coop = host.run_cases(
        [case | {"steps": [["entities"], ["view", "grp_visit/coop_cooperatives"]]}]
    )[0]
    assert [(one["id"], one["data"]["status"]) for one in entities] == [("action-1", "done"), ("action-3", "ongoing")]
    assert coop["readonly"] is True  # another cooperative would give the answers to other actions


def test_a_visit_without_open_actions_asks_for_none():  # F2
    steps = [["set", "grp_visit/coop_in", "groups"], ["set", "grp_visit/coop_groups", GROUP], ["view", "act"], ["title"]]
    *_, view, title = run("visit", [*steps, ["view", "grp_visit/act_none"]])[:-1]
    assert not view["relevant"]
    assert title == "مجموعة الأمل"


# F3


def test_the_domains_of_difficulties_are_one_list():  # F3
    def codes(code, name):
        return [(one["name"], one["label"]) for one in package(code)["lists"][name]]

    domains = codes("visit", "issue_domain")
    assert [name for name, _ in domains[:6]] == ["legal", "govern", "finance", "production", "market", "certif"]
    assert codes("meet", "issue_domain") == domains
    known = {name for name, _ in domains}
    scored = [one["attributes"] for one in package("diag")["nodes"] if one.get("attributes", {}).get("role") == "item"]
    assert {one["domain"] for one in scored} <= known
    for code, name in (("diag", "need"), ("precoop", "need")):
        assert {one["domain"] for one in package(code)["lists"][name]} <= known


# F5


@pytest.mark.parametrize("code", FORMS)
def test_amounts_say_their_unit(code):  # F5
    for one in package(code)["nodes"]:
        if one.get("type") in ("decimal", "integer") and "MAD" in one["label"]["fr"]:
            assert one["attributes"]["unit"] == "MAD", one["name"]
            assert "درهم" in one["label"]["ar"], one["name"]


def test_forms_without_consent_ask_for_no_names():
    for code in ("visit", "meet", "prem", "agree", "agprog"):
        assert not [one for one in package(code)["nodes"] if "persons#" in one.get("save_to", "")]
    *_, refused = run("visit", [*VISIT, ["set", "grp_visit/coop_cooperatives", "coop-2"], ["view", "grp_end/v_sign"]])
    *_, agreed = run("visit", [*VISIT, ["view", "grp_end/v_sign"]])
    assert (refused["relevant"], agreed["relevant"]) == (False, True)


# F9


def test_commitments_are_followed_by_the_same_record():  # F9
    row = "grp_com/com[1]"
    steps = [["set", "grp_meet/m_date", TODAY], ["set", "grp_com/m_has_com", "yes"], ["choices", f"{row}/com_ref"]]
    steps += [
        ["set", f"{row}/com_ref", "promise-1"],
        ["set", f"{row}/com_status", "done"],
        ["value", f"{row}/com_inst"],
        ["value", f"{row}/com_text"],
        ["entities"],
    ]
    offered, _, _, party, text, entities = run("meet", steps)[-6:]
    assert [one["value"] for one in offered] == ["promise-1"]  # what is done is no longer chased, nor what a diagnostic planned
    assert (party, text) == ("الجماعة", "المحل")
    (promise,) = (one for one in entities if one["list"] == "actions")
    assert (promise["action"], promise["id"]) == ("update", "promise-1")
    said = promise["data"]
    assert (said["status"], said["agreed_on"], said["done_on"], said["kind"]) == ("done", "2026-01-10", TODAY, "commitment")


def test_what_was_decided_and_promised_stands_on_records_and_opens_the_next_visit():  # F9
    promised = {"com_inst": "الجماعة", "com_itype": "council", "com_text": "فتح المحل", "com_coop": COOP, "com_due": "2026-12-01"}
    decided = {"dec_text": "إحداث لجنة للتتبع", "dec_who": "المندوبية", "dec_due": "2026-12-10"}
    steps = [
        *sets(**{"grp_meet/m_date": TODAY, "grp_meet/m_subject": "مائدة مستديرة", "grp_meet/m_project": PROJECT}),
        *sets(**{"grp_com/m_has_com": "yes"}, **{f"grp_com/com[1]/{name}": value for name, value in promised.items()}),
        *sets(**{"grp_dec/m_has_dec": "yes"}, **{f"grp_dec/dec[1]/{name}": value for name, value in decided.items()}),
        ["entities"],
    ]
    entities = run("meet", steps)[-1]
    [meeting] = [one for one in entities if one["list"] == "meetings"]
    assert (meeting["label"], meeting["data"]["date"]) == ("مائدة مستديرة", TODAY)
    made = {one["data"]["kind"]: one for one in entities if one["list"] == "actions"}
    assert {one["data"]["status"] for one in made.values()} == {"todo"}
    assert {one["data"]["meeting"] for one in made.values()} == {meeting["id"]}
    assert {one["data"]["project"] for one in made.values()} == {PROJECT}
    assert (made["decision"]["label"], made["decision"]["data"]["party"]) == ("إحداث لجنة للتتبع", "المندوبية")
    commitment = made["commitment"]
    assert (commitment["data"]["coop"], commitment["data"]["responsible"]) == (COOP, "admin")
    records = RECORDS | {"actions": [{"name": one["id"], "label": one["label"], **one["data"]} for one in made.values()]}
    *_, rows, what, party = run(
        "visit", [*VISIT, ["rows", "act"], ["value", "act[1]/act_what"], ["view", "act[1]/act_party"]], records
    )
    assert len(rows) == 1
    assert (what, party["value"], party["readonly"]) == ("فتح المحل", "الجماعة", True)
    offered = run("meet", [["set", "grp_com/m_has_com", "yes"], ["choices", "grp_com/com[1]/com_ref"]], records)[-1]
    assert {one["value"] for one in offered} == {one["id"] for one in made.values()}


# F10


def test_a_meeting_and_a_training_of_one_event_share_what_was_typed():  # F10
    session = {"name": "training-1", "label": "ورشة الهيكلة", "date_start": "2026-11-08", "region": "03", "province": FES}
    session |= {
        "commune": "03.231.01.0",
        "coops": COOP,
        "part_w": "18",
        "part_m": "2",
        "project": PROJECT,
        "venue": "مركز الأمان",
    }
    given = sets(**{"grp_meet/m_train": "training-1", "inst[1]/i_type": "odco", "inst[1]/i_w": "1", "inst[1]/i_m": "1"})
    answers, total, entities = run(
        "meet", [*given, ["answers"], ["view", "grp_coops/m_total"], ["entities"]], RECORDS | {"trainings": [session]}, "fr"
    )[-3:]
    assert answers["grp_meet"]["m_subject"] == "ورشة الهيكلة"
    assert answers["grp_meet"]["m_date"] == "2026-11-08"
    assert (answers["grp_place"]["m_province"], answers["grp_place"]["m_commune"]) == (FES, "03.231.01.0")
    assert answers["grp_coops"]["m_coops"] == COOP
    assert total["label"].endswith("institutions 1, femmes 19, hommes 3")
    meeting = entities[0]["data"]
    assert (meeting["w"], meeting["m"], meeting["training"], meeting["project"]) == ("19", "3", "training-1", PROJECT)

    earlier = {"name": "meeting-1", "label": "مائدة مستديرة", "date": "2026-11-08", "region": "03", "province": FES}
    answers = run("train", [["set", "grp_sess/meet_ref", "meeting-1"], ["answers"]], RECORDS | {"meetings": [earlier]})[-1]
    assert answers["grp_sess"]["sess_title"] == "مائدة مستديرة"
    assert (answers["grp_sess"]["date_start"], answers["grp_sess"]["s_province"]) == ("2026-11-08", FES)


def test_a_training_says_who_was_there_and_knows_the_women_of_the_group_that_became_the_cooperative():  # F10
    cooperative = {"name": COOP, "label": "تعاونية الأمل", "from_group": GROUP}
    steps = [["set", "grp_sess/for_coop", COOP], ["set", "grp_sess/sess_title", "دورة"]]
    steps += [["set", "grp_consent/consent_read", "yes"], ["set", "part[1]/p_consent", "yes"]]
    steps += [["choices", "part[1]/p_person"], ["set", "part[1]/p_person", "person-1"], ["addRow", "part"]]
    steps += sets(**{"part[2]/p_consent": "yes", "part[2]/p_name": "زينب", "part[2]/p_sex": "f", "part[1]/p_sex": "f"})
    results = run("train", [*steps, ["entities"]], RECORDS | {"cooperatives": [cooperative]})
    assert [one["value"] for one in results[4]] == ["person-1", "person-2", "person-3", "master-1"]
    added, session = sorted(results[-1], key=lambda one: one["list"])
    assert (added["list"], added["action"], added["label"]) == ("persons", "create", "زينب")
    assert session["data"]["people"].split() == ["person-1", added["id"]]
    assert session["data"]["part_w"] == "2"


# F11


def test_a_building_keeps_its_record_while_its_state_changes():
    steps = [
        ["set", "grp_rec/rec", PREMISES],
        ["value", "grp_rec/pr_name"],
        ["value", "grp_use/pr_use"],
        ["view", "grp_use/pr_before"],
        ["set", "grp_use/pr_use", "works"],
        ["view", "grp_use/pr_causes"],
        ["entities"],
    ]
    _, name, use, before, _, causes, entities = run("prem", steps)
    assert (name, use) == ("النادي النسوي", "closed")
    assert (before["value"], before["readonly"]) == ("closed", True)
    assert not causes["relevant"]
    assert [(one["action"], one["id"], one["data"]["pr_use"]) for one in entities] == [("update", PREMISES, "works")]


def test_a_group_is_chosen_or_named_freely():
    row = "grp_groups/grp[1]"
    steps = [["set", "grp_groups/pr_has_grp", "yes"], ["view", f"{row}/g_free"], ["set", f"{row}/g_coop_in", "groups"]]
    steps += [["set", f"{row}/g_coop_groups", GROUP], ["view", f"{row}/g_free"], ["value", f"{row}/g_coop"]]
    _, free, _, _, chosen, coop = run("prem", steps)
    assert (free["relevant"], free["required"]) == (True, True)
    assert not chosen["relevant"]
    assert coop == GROUP


def test_a_group_named_freely_is_linked_later_and_its_women_are_counted_once():  # F11
    near = {"name": GROUP, "label": "مجموعة الأمل", "members": "12", "geometry": "34.061 -4.978 410 12"}
    row = "grp_groups/grp[1]"
    steps = [
        ["set", "grp_rec/rec", PREMISES],
        ["set", "grp_place/pr_gps", "34.07 -4.978 410 12"],
        ["value", "grp_groups/pr_women"],
    ]
    steps += [["set", "grp_groups/pr_has_grp", "yes"], ["choices", f"{row}/g_ref"], ["set", f"{row}/g_ref", "match-1"]]
    steps += [["value", f"{row}/g_free"], ["value", "grp_groups/pr_women"]]
    steps += [*sets(**{f"{row}/g_coop_in": "groups", f"{row}/g_coop_groups": GROUP}), ["value", f"{row}/g_dist"], ["entities"]]
    results = run("prem", steps, RECORDS | {"groups": [near]})
    assert results[2] == "9"
    assert [one["value"] for one in results[4]] == ["match-1"]
    assert (results[6], results[7]) == ("نساء الدوار", "9")
    distance, entities = results[-2:]
    assert distance == "1"  # 0.009 degrees
    link = next(one for one in entities if one["list"] == "matches")
    assert (link["action"], link["id"], link["label"]) == ("update", "match-1", "مجموعة الأمل")
    data = link["data"]
    assert (data["group"], data["kind"], data["free_name"], data["women"]) == (GROUP, "groups", "", "9")


# F8: form, question, an answer it must take, what is done before

BLANKS = [
    ("visit", "grp_ind/v_paid", "4", []),
    (
        "visit",
        "act[1]/act_newdate",
        "2020-01-01",
        [*VISIT, ["set", "act[1]/act_status", "todo"], ["set", "grp_visit/visit_date", ""]],
    ),
    ("visit", "grp_next/next_visit", "2020-01-01", [["set", "grp_visit/visit_date", ""]]),
    ("meet", "grp_meet/m_end", "09:00", []),
    ("meet", "grp_end/m_next", "2020-01-01", []),
    ("prem", "grp_plan/pr_next_due", "2020-01-01", [["set", "grp_rec/pr_date", ""]]),
    ("agree", "grp_dates/ag_end", "2020-01-01", []),
    ("precoop", "grp_coop/gp_share", "5000", []),
    ("appr", "grp_who/a_birth_year", "2000", []),
    ("appr", "grp_who/a_end", "2020-01-01", []),
    ("appr", "grp_who/a_out_year", "2015", []),
    ("appr", "grp_fu/fu[1]/fu_date", "2020-01-01", [["set", "grp_fu/a_has_fu", "yes"]]),
]


@pytest.mark.parametrize(("code", "path", "value", "before"), BLANKS)
def test_a_constraint_holds_while_the_other_answer_is_blank(code, path, value, before):  # F8
    check, view = run(code, [*before, ["set", path, value], ["check", path], ["view", path]])[-2:]
    assert view["relevant"]
    assert view["value"] == value
    assert check is None


@pytest.mark.parametrize(
    ("code", "answers", "path"),
    [
        ("visit", {"grp_ind/v_workers": "3", "grp_ind/v_paid": "4"}, "grp_ind/v_paid"),
        ("meet", {"grp_meet/m_start": "10:00", "grp_meet/m_end": "09:00"}, "grp_meet/m_end"),
        ("precoop", {"grp_coop/gp_capital": "2000", "grp_coop/gp_share": "5000"}, "grp_coop/gp_share"),
        ("appr", {"grp_who/a_start": "2026-01-01", "grp_who/a_end": "2025-12-31"}, "grp_who/a_end"),
        ("appr", {"grp_who/a_birth_year": "2015"}, "grp_who/a_birth_year"),
        ("prem", {"grp_state/pr_util": "none water"}, "grp_state/pr_util"),
        ("agprog", {"grp_block/pg_block": "none land"}, "grp_block/pg_block"),
    ],
)
def test_and_is_checked_once_the_other_is_answered(code, answers, path):  # F8
    assert run(code, [*sets(**answers), ["check", path]])[-1]["kind"] == "constraint"


def test_no_yes_no_question_leaves_an_empty_row_behind():
    opened = {"visit": 2, "meet": 4, "prem": 2, "agree": 1, "agprog": 1, "precoop": 1, "appr": 1}
    for code, wanted in opened.items():
        found = package(code)
        repeats = [one for one in found["nodes"] if one["kind"] == "repeat" and "repeat_count" not in one]
        assert sum("relevant" in one for one in repeats) == wanted
        rows = {one["name"] for one in repeats if "relevant" in one}
        assert not rows & set(run(code, [["answers"]])[-1])
    assert "repeat_count" in node(package("visit"), "act")
