"""The ten instruments of the library; test_follow_up.py fills the seven that follow a diagnostic or stand beside it.

L1  they compile without an error, and neither pyxform nor our lint has a remark
L2  they are complete: 8 axes, 56 scored items, figures, SWOT, needs, plan; participants and days; every text in both languages
L3  scores, levels, cap and confidence follow the scoring rules, whatever is answered
L4  a constraint that names another question holds while that one is blank
L5  consent texts are filled from the programme: only known tokens, nothing left in braces
L6  one question names the record, one the place, and the form has a title
L7  it tells the phone what it needs: places, digits, minus; scales run upwards; rows have names that fit a sheet
L8  the diagnostic speaks to the cooperative: labels not codes, a comma, no private judgement on the page that is signed
L9  a diagnostic keeps the round before with the record, and says which trainings answer its weak axes
L10 a training of one cooperative takes its people from the register, or adds them to it
L11 a programme with sectors of its own is asked among those that stand for the ODCO's; one without is not asked
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from app.engine import host
from app.instruments.compiler import LIBRARY, compile_file, dataset_content, library_lists, sha256_of
from app.instruments.lint import TOKENS
from app.instruments.workbook import read_workbook, to_xlsx
from tests.instruments.forms import node

FORMS = ("coop", "diag", "train", "visit", "meet", "prem", "agree", "agprog", "precoop", "appr")
NAMING = ("coop", "diag", "train", "precoop", "appr")  # those that record people's names
SUBJECTS = {
    "coop": "rec",
    "diag": "coop",
    "train": "for_coop",
    "visit": "coop_cooperatives",
    "prem": "rec",
    "agree": "rec",
    "agprog": "pg_project",
    "precoop": "rec",
    "appr": "rec",
}
TERRITORIES = {
    "coop": "commune",
    "train": "s_commune",
    "meet": "m_commune",
    "prem": "pr_commune",
    "agree": "ag_province",
    "precoop": "gp_commune",
    "appr": "a_commune",
}
NOW, OFFSET = 1795280400000, 60  # 2026-11-21
_compiled = {}


def compiled(code):
    if code not in _compiled:
        _compiled[code] = compile_file(LIBRARY / code / "form.md")
    return _compiled[code]


def package(code):
    return compiled(code).package


@pytest.mark.parametrize("code", FORMS)
def test_it_compiles_without_a_remark(code):  # L1
    found = compiled(code)
    assert not found.errors
    assert not found.warnings
    assert found.package["form_id"] == code
    assert found.package["languages"] == ["ar", "fr"]
    assert sha256_of(found.package_json) == found.sha256


@pytest.mark.parametrize("code", FORMS)
def test_another_tool_opens_its_workbook_without_a_warning(code, tmp_path):  # L1
    source = LIBRARY / code / "form.md"
    book = tmp_path / f"{code}.xlsx"
    book.write_bytes(to_xlsx(read_workbook(source.name, source.read_bytes())))
    result = convert(book)  # pyxform reads the file itself
    assert result.warnings == []
    straight = compiled(code).xform.translate(str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})).replace("\u00a0", " ")
    assert result.xform.replace("\u00a0", " ") == straight


@pytest.mark.parametrize("code", FORMS)
def test_everything_that_is_read_stands_in_both_languages(code):  # L2
    found = package(code)
    assert all(found["title"].values())
    texts = [
        (one["name"], one[key])
        for one in found["nodes"]
        for key in ("label", "hint", "constraint_message", "required_message", "guidance")
        if key in one
    ]
    texts += [(f"{name}/{item['name']}", item["label"]) for name, items in found["lists"].items() for item in items]
    assert len(texts) > 50
    assert [name for name, text in texts if set(text) != {"ar", "fr"}] == []
    seen = [one for one in found["nodes"] if one["kind"] == "question" and "label" not in one]
    assert seen == []
    constrained = [one["name"] for one in found["nodes"] if "constraint" in one and "constraint_message" not in one]
    assert constrained == []


def test_the_diagnostic_is_complete():  # L2
    nodes = package("diag")["nodes"]
    roles = [one["attributes"] for one in nodes if "role" in one.get("attributes", {})]
    axes = [one for one in roles if one["role"] == "axis-score"]
    items = [one for one in roles if one["role"] == "item"]
    assert {one["axis"]: int(one["weight"]) for one in axes} == {
        "LEG": 15, "MEM": 15, "ORG": 10, "PRD": 15, "MKT": 15, "FIN": 15, "CER": 5, "NET": 10,
    }  # fmt: skip
    assert len(items) == 56
    assert sum(int(one["weight"]) for one in items) == 56 + 7  # seven questions count twice
    assert {one["name"] for one in nodes if one.get("attributes", {}).get("critical") == "yes"} == {"leg01", "leg04", "fin01"}
    names = {one["name"] for one in nodes}
    assert {
        "k_ca",
        "k_mem_w",
        "kp_sold",
        "swot_s",
        "swot_w",
        "swot_o",
        "swot_t",
        "need1",
        "need2",
        "need3",
        "pl_action",
        "pl_due",
    } <= names
    assert {one["role"] for one in roles} >= {"overall", "level", "cap", "confidence", "plan", "subject", "consent"}
    for axis in axes:
        assert sum(one["axis"] == axis["axis"] for one in items) >= 6
    for one in nodes:
        if one.get("attributes", {}).get("role") == "item":
            codes = {item["name"] for item in package("diag")["lists"][one["choices"]["list"]]}
            assert codes == ({"4", "3", "2", "0", "na"} if one["attributes"]["scale"] == "evidence" else set("01234") | {"na"})


def test_short_names_of_axes_fit_a_radar():
    for one in package("diag")["nodes"]:
        if one.get("attributes", {}).get("role") == "axis-score":
            assert all(len(text) <= 14 for text in one["label"].values())


def test_the_session_holds_people_and_their_days():  # L2
    found = package("train")
    part, att = node(found, "part"), node(found, "att")
    assert (part["kind"], att["kind"], att["parent"]) == ("repeat", "repeat", part["i"])
    assert found["expressions"][att["repeat_count"]]["text"] == "/data/grp_sess/n_days"
    rule = next(one for one in found["entities"] if one["list"] == "persons")
    assert rule["scope"] == part["i"]
    assert {name for name, _ in rule["save"]} == {"full_name", "sex", "age_group", "literacy", "coop", "phone"}


def test_the_registration_keeps_what_the_register_needs():  # L2
    rule = next(one for one in package("coop")["entities"] if one["list"] == "cooperatives")
    assert len(rule["save"]) == 40
    assert {"id", "create", "update", "label"} <= set(rule)


@pytest.mark.parametrize("code", FORMS)
def test_it_names_its_record_its_place_and_itself(code):  # L6
    found = package(code)
    roles = {one["attributes"]["role"]: one["name"] for one in found["nodes"] if "role" in one.get("attributes", {})}
    assert roles.get("subject") == SUBJECTS.get(code)
    assert roles.get("territory") == TERRITORIES.get(code)
    assert "calculation" in node(found, "instanceName")
    assert found.get("uses_names", False) is (code in NAMING)
    csv = {name for name, used in found["datasets"].items() if used["kind"] == "csv"}
    assert csv <= set(library_lists())
    assert {name: used["sha256"] for name, used in found["datasets"].items() if used["kind"] == "csv"} == {
        name: sha256_of(dataset_content(library_lists()[name])) for name in csv
    }


@pytest.mark.parametrize(("code", "name"), [("coop", "photo_group"), ("diag", "d_photo")])
def test_who_refuses_to_be_recorded_is_not_photographed_either(code, name):  # L5
    found = package(code)
    nodes = {node["name"]: node for node in found["nodes"]}
    asked = {index for index, _scope in found["expressions"][nodes[name]["relevant"]]["deps"]}
    assert {nodes["consent"]["i"], nodes["consent_photo"]["i"]} <= asked


@pytest.mark.parametrize("code", NAMING)
def test_the_consent_text_names_who_answers_for_the_data(code):  # L5
    label = node(package(code), "consent_note")["label"]
    for text in label.values():
        assert set(re.findall(r"\{\{(\w+)\}\}", text)) == set(TOKENS)
        assert not re.search(r"(?<!\{)\{(?!\{)", text)
        assert text.count("\n") == 6


@pytest.mark.parametrize("code", FORMS)
def test_french_texts_keep_their_typography(code):
    source = (LIBRARY / code / "form.md").read_text("utf-8")
    for one in package(code)["nodes"]:
        for key in ("label", "hint", "constraint_message"):
            text = one.get(key, {}).get("fr", "")
            for part in [text] if isinstance(text, str) else [part for part in text if isinstance(part, str)]:
                assert "'" not in part, part
                assert not re.search(r" [?!;%:»]|« ", part), part
    assert "’" in source


@pytest.mark.parametrize("code", FORMS)
def test_places_are_marked_for_the_phone(code):  # L7
    marked = {
        one["attributes"]["place"]: (one["name"], one["choices"]["list"])
        for one in package(code)["nodes"]
        if "place" in one.get("attributes", {})
    }
    lists = {"region": "regions", "province": "provinces", "commune": "communes"}
    assert {kind: used for kind, (_, used) in marked.items()} == {kind: lists[kind] for kind in marked}
    names = {name for name, _ in marked.values()}
    if code in TERRITORIES:
        assert TERRITORIES[code] in names
    asked = {
        one["name"]
        for one in package(code)["nodes"]
        if one.get("type") == "select_one" and one.get("choices", {}).get("list") in ("regions", "provinces")
    }
    assert asked <= names


@pytest.mark.parametrize("code", FORMS)
def test_numbers_kept_as_text_are_typed_on_digits(code):  # L7
    for one in package(code)["nodes"]:
        if one.get("type") == "text" and re.search(r"(^|_)(phone|ice|tax_id|cnss_no)$", one["name"]):
            assert one["appearance"] == "numbers", one["name"]


@pytest.mark.parametrize("code", FORMS)
def test_only_a_number_that_may_be_negative_has_a_minus(code):  # L7
    numbers = [one for one in package(code)["nodes"] if one.get("type") in ("integer", "decimal") and one["kind"] == "question"]
    signed = {one["name"] for one in numbers if one.get("attributes", {}).get("signed") == "yes"}
    assert signed == {one["name"] for one in numbers if "constraint" not in one}
    assert signed == ({"k_result"} if code == "diag" else set())


@pytest.mark.parametrize("code", FORMS)
def test_names_of_rows_fit_a_sheet_of_a_workbook(code):  # L7
    labels = [text for one in package(code)["nodes"] if one["kind"] == "repeat" for text in one["label"].values()]
    assert [text for text in labels if len(text) > 28] == []


def test_every_scale_of_the_diagnostic_runs_upwards_and_ends_with_not_applicable():  # L7
    for one in package("diag")["nodes"]:
        if one.get("attributes", {}).get("role") == "item":
            codes = [item["name"] for item in package("diag")["lists"][one["choices"]["list"]]]
            assert codes == [*sorted(codes[:-1]), "na"]


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ("2000000", "100000", True),
        ("1999999", "100000", False),
        ("5000", "100000", True),
        ("5001", "100000", False),
        ("0", "100000", True),
        ("100000", "0", False),
        ("100000", "", False),
        ("", "100000", False),
    ],
)
def test_turnovers_that_are_far_apart_are_asked_about(now, before, said):  # L8
    result = run("diag", [["set", "grp_q/k_ca", now], ["set", "grp_q/k_ca_prev", before], ["view", "grp_q/k_ca_note"]])[-1]
    assert result["relevant"] is said
    row = "grp_q/kp[1]"
    steps = [["addRow", "grp_q/kp"], ["set", f"{row}/kp_price", now], ["set", f"{row}/kp_cost", before]]
    assert run("diag", [*steps, ["view", f"{row}/kp_cost_note"]])[-1]["relevant"] is said


def test_the_result_names_what_calls_for_an_action_in_order():  # L8
    steps = [
        ["set", "ax_LEG/leg02", "2"],
        ["set", "ax_FIN/fin01", "0"],
        *(["value", f"grp_score/{name}"] for name in ("plan_codes", "plan_shown_ar", "plan_shown_fr", "score_zero_fr")),
    ]
    codes, arabic, french, zero = run("diag", steps)[2:]
    assert codes == "FIN01 LEG02"
    assert arabic == "الحساب باسم التعاونية بتوقيع مزدوج؛ النظام الأساسي والنظام الداخلي"
    assert french == "Compte de la coopérative à double signature\u202f; Statuts et règlement intérieur"
    assert zero == "Compte de la coopérative à double signature"
    low = [["set", f"{axis}/{name}", "0"] for axis, name in ((f"ax_{one['name'][:3].upper()}", one["name"]) for one in items())]
    codes, arabic = run("diag", [*low, ["value", "grp_score/plan_codes"], ["value", "grp_score/plan_shown_ar"]])[-2:]
    assert len(codes.split()) == len(arabic.split("؛ ")) == 7


def test_every_action_of_the_plan_has_a_short_name():  # L8
    sources = package("diag")["lists"]["plan_source"]
    assert {item["name"] for item in sources} == {one["name"].upper() for one in items()}
    assert all(0 < len(item[name]) <= 50 for item in sources for name in ("short_ar", "short_fr"))


def test_scores_are_read_with_a_comma_and_kept_with_a_point():  # L8
    answers = {"fin01": "4", "fin02": "2", "fin03": "1", "fin04": "na", "fin05": "2", "fin06": "0", "fin07": "2"}
    steps = [*(["set", f"ax_FIN/{name}", value] for name, value in answers.items())]
    kept, shown = run("diag", [*steps, ["value", "grp_score/score_FIN"], ["value", "grp_score/score_FIN_shown"]])[-2:]
    assert float(kept) == 53.125
    assert shown == "53,1"
    for one in package("diag")["nodes"]:
        for text in one.get("label", {}).values():
            parts = [part for part in ([text] if isinstance(text, str) else text) if isinstance(part, str)]
            assert not any(" / 100" in part or "/ 100" in part for part in parts)


@pytest.mark.parametrize(("code", "signature"), [("diag", "d_sign"), ("visit", "v_sign")])
def test_what_the_cooperative_signs_holds_no_private_judgement(code, signature):  # L8
    nodes = package(code)["nodes"]
    private = node(package(code), "grp_private")
    assert node(package(code), signature)["parent"] < private["i"]
    assert private["parent"] == 0
    assert all(one["parent"] == private["i"] for one in nodes if one["kind"] == "question" and one["i"] > private["i"])
    if code == "diag":
        inside = {one["name"] for one in nodes if one.get("parent") == private["i"]}
        assert inside == {"d_opinion", "d_reliab", "d_note"}


def test_a_diagnostic_is_of_today_unless_said_otherwise():  # L8
    assert run("diag", [["value", "d_date"]])[-1] == "2026-11-21"


# L3: an independent scorer.


def scored(answers):
    """Scores by the rules as they are written for people, from the weights that the package declares."""
    nodes = package("diag")["nodes"]
    items = [one for one in nodes if one.get("attributes", {}).get("role") == "item"]
    weights = {
        one["attributes"]["axis"]: float(one["attributes"]["weight"])
        for one in nodes
        if one.get("attributes", {}).get("role") == "axis-score"
    }
    axes = {}
    for axis in weights:
        mine = [one for one in items if one["attributes"]["axis"] == axis]
        applying = [one for one in mine if answers.get(one["name"]) != "na"]
        answered = [one for one in applying if answers.get(one["name"])]
        if not applying or len(answered) / len(applying) < 0.6:
            axes[axis] = None
            continue
        points = sum(int(one["attributes"]["weight"]) * int(answers[one["name"]]) for one in answered)
        axes[axis] = 100 * points / sum(int(one["attributes"]["weight"]) * 4 for one in answered)
    numbered = {axis: score for axis, score in axes.items() if score is not None}
    if len(numbered) < 6:
        overall = level = None
    else:
        overall = sum(weights[axis] * score for axis, score in numbered.items()) / sum(weights[axis] for axis in numbered)
        level = 1 + sum(overall + 1e-9 >= least for least in (25, 50, 70, 85))
    zero = any(answers.get(one["name"]) == "0" for one in items if one["attributes"].get("critical"))
    capped = level is not None and zero and level > 2
    evidence = [answers.get(one["name"], "") for one in items if one["attributes"]["scale"] == "evidence"]
    positive = [one for one in evidence if one not in ("", "na", "0")]
    confidence = 100 * positive.count("4") / len(positive) if positive else None
    return {"axes": axes, "overall": overall, "level": 2 if capped else level, "capped": capped, "confidence": confidence}


def filled(answers, version="full"):
    """Answers of scored questions as a submission nests them."""
    nodes = package("diag")["nodes"]
    found = {"d_version": version, "d_date": "2026-11-21", "coop": "c1"}
    for name, value in answers.items():
        group = nodes[node(package("diag"), name)["parent"]]["name"]
        found.setdefault(group, {})[name] = value
    return found


def engine_scores(answers, version="full"):
    found = host.recompute(package("diag"), filled(answers, version), {"cooperatives": []}, now=NOW, offset_minutes=OFFSET)
    return found["scores"]


def same(left, right):
    return left is right is None or (left is not None and right is not None and abs(left - right) < 1e-9)


FIN = {"fin01": "4", "fin02": "2", "fin03": "1", "fin04": "na", "fin05": "2", "fin06": "0", "fin07": "1"}


def items():
    return [one for one in package("diag")["nodes"] if one.get("attributes", {}).get("role") == "item"]


def test_the_worked_example_gives_fifty():  # L3
    scores = engine_scores(FIN)
    assert {one["axis"]: one["score"] for one in scores["axes"]}["FIN"] == 50.0
    assert scores["overall"] is None  # one axis is not enough


@pytest.mark.parametrize(("answer", "overall", "level"), [("0", 0, 1), ("2", 50, 3), ("3", 75, 4), ("4", 100, 5)])
def test_levels_begin_at_their_thresholds(answer, overall, level):  # L3
    answers = {one["name"]: answer for one in items()} | {name: "4" for name in ("leg01", "leg04", "fin01") if answer == "0"}
    scores = engine_scores(answers)
    expected = scored(answers)
    assert same(scores["overall"], expected["overall"])
    assert scores["level"] == expected["level"] == level
    if answer != "0":
        assert scores["overall"] == overall


def test_a_zero_on_a_critical_question_caps_the_level_and_says_so():  # L3
    answers = {one["name"]: "4" for one in items()} | {"fin01": "0"}
    scores = engine_scores(answers)
    assert scores["overall"] > 95
    assert (scores["level"], scores["capped"]) == (2, True)


def test_the_short_version_gives_no_axis_score():  # L3
    answers = dict.fromkeys(
        ("leg01", "leg04", "mem01", "mem04", "org01", "prd01", "mkt01", "fin01", "fin02", "cer01", "net01"), "3"
    )
    scores = engine_scores(answers, "short")
    assert [one["score"] for one in scores["axes"]] == [None] * 8
    assert scores["overall"] is None


def test_scores_agree_with_an_independent_scorer_on_random_answers():  # L3
    chance = random.Random(20261121)
    seen = set()
    for _ in range(60):
        blank, na = chance.choice([0, 0, 0.2, 0.45]), chance.choice([0, 0.1, 0.4])
        high = chance.choice([False, True])
        answers = {}
        for one in items():
            draw = chance.random()
            codes = ["4", "3", "2", "0"] if one["attributes"]["scale"] == "evidence" else ["4", "3", "2", "1", "0"]
            if draw < blank:
                continue
            answers[one["name"]] = "na" if draw < blank + na else chance.choice(codes[:2] if high else codes)
        mine, theirs = scored(answers), engine_scores(answers)
        for one in theirs["axes"]:
            assert same(one["score"], mine["axes"][one["axis"]]), (one, mine)
        assert same(theirs["overall"], mine["overall"])
        assert same(theirs["confidence"], mine["confidence"])
        assert (theirs["level"], theirs["capped"]) == (mine["level"], mine["capped"])
        seen.add(theirs["level"])
    assert {None, 1, 2, 3, 4} <= seen | {1}


def run(code, steps, datasets=None):
    case = {"package": package(code), "datasets": datasets or {}, "now": NOW, "offset": OFFSET, "language": "ar", "steps": steps}
    return host.run_cases([case])[0]


# form, question, an answer it must take, what is done before
BLANKS = [
    ("diag", "grp_q/kp[1]/kp_sold", "5", [["addRow", "grp_q/kp"]]),
    ("diag", "grp_q/k_active_w", "7", []),
    ("diag", "grp_q/k_paid_w", "7", []),
    ("diag", "grp_need/need2", "premises", []),
    ("diag", "grp_need/need3", "premises", []),
    ("diag", "grp_plan/plan[1]/pl_due", "2020-01-01", [["addRow", "grp_plan/plan"], ["set", "d_date", ""]]),
    ("coop", "grp_members/members_youth", "3", []),
    ("coop", "grp_members/members_disab", "3", []),
    ("coop", "grp_members/members_illit", "3", []),
    ("coop", "grp_members/members_heads", "3", []),
    ("coop", "grp_gov/gov_women", "3", []),
    ("coop", "grp_id/date_registration", "2020-01-01", [["set", "grp_id/legal_status", "coop_112"]]),
    ("train", "grp_sess/date_end", "2026-01-01", []),
    ("train", "grp_sess/n_days", "4", []),
    ("train", "part[1]/p_pre", "12", [["addRow", "part"], ["set", "grp_sess/test_max", ""]]),
    ("train", "part[1]/p_post", "12", [["addRow", "part"], ["set", "grp_sess/test_max", ""]]),
]


@pytest.mark.parametrize(("code", "path", "value", "before"), BLANKS)
def test_a_constraint_holds_while_the_other_answer_is_blank(code, path, value, before):  # L4
    results = run(code, [*before, ["set", path, value], ["check", path], ["view", path]])
    assert results[-1]["relevant"]
    assert results[-1]["value"] == value
    assert results[-2] is None


def test_and_is_checked_once_the_other_is_answered():  # L4
    results = run("train", [["addRow", "part"], ["set", "part[1]/p_pre", "25"], ["check", "part[1]/p_pre"]])
    assert results[-1]["kind"] == "constraint"
    results = run("diag", [["set", "grp_q/k_mem_w", "5"], ["set", "grp_q/k_active_w", "7"], ["check", "grp_q/k_active_w"]])
    assert results[-1]["kind"] == "constraint"


def test_a_plan_row_is_made_from_a_question_that_scored_low():
    steps = [
        ["set", "d_version", "full"],
        ["set", "d_date", "2026-11-21"],
        ["set", "ax_LEG/leg04", "1"],
        ["set", "ax_LEG/leg02", "2"],
        ["addRow", "grp_plan/plan"],
        ["choices", "grp_plan/plan[1]/pl_source"],
        ["set", "grp_plan/plan[1]/pl_source", "LEG04"],
        *(["view", f"grp_plan/plan[1]/{name}"] for name in ("pl_action", "pl_prio", "pl_due", "pl_theme")),
        ["set", "grp_plan/plan[1]/pl_source", "LEG02"],
        *(["view", f"grp_plan/plan[1]/{name}"] for name in ("pl_prio", "pl_due")),
    ]
    results = run("diag", steps)
    assert [one["value"] for one in results[5]] == ["LEG02", "LEG04"]
    label = next(item for item in package("diag")["lists"]["plan_source"] if item["name"] == "LEG04")
    action, priority, due, theme = (one["value"] for one in results[7:11])
    assert action == label["label"]["ar"]
    assert priority == "high"
    assert due == "2027-01-20" if label["days"] == "60" else due > "2026-11-21"
    assert theme == label["theme"]
    assert results[12]["value"] == "medium"
    assert results[13]["value"] == "2027-02-19"  # 90 days on, over the end of the year


def answered(**said):
    """Steps that answer every question that counts with 2, but for what is said."""
    return [["set", f"ax_{one['attributes']['axis']}/{one['name']}", said.get(one["name"], "2")] for one in items()]


ROUND_BEFORE = {
    "name": "c1",
    "label": "ت",
    "last_diag": "2025-11-20",
    "last_score": "47.1",
    "last_level": "2",
    "last_axes": "LEG=40 MKT=62.5",
    "last_version": "2025110101",
    "prev_diag": "2024-11-20",
    "prev_score": "40",
    "prev_axes": "LEG=30 MKT=50",
    "train_themes": "T13",
}


def test_a_diagnostic_keeps_the_round_before_and_says_which_trainings_fit():  # L9
    weak = {one["name"]: "0" for one in items() if one["name"].startswith("leg")} | {"leg01": "2"}
    steps = [["set", "coop", "c1"], ["set", "d_date", "2026-11-21"], ["set", "d_version", "full"], *answered(**weak)]
    steps += [["addRow", "grp_plan/plan"], ["set", "grp_plan/plan[1]/pl_action", "مسك الدفاتر"]]
    steps += [["view", "grp_score/themes_note"]]
    *_, note, entities = run("diag", [*steps, ["entities"]], {"cooperatives": [ROUND_BEFORE]})
    assert note["relevant"]
    action, record = (one["data"] for one in entities)
    assert (action["coop"], action["agreed_on"], action["status"]) == ("c1", "2026-11-21", "todo")
    assert [record[f"prev_{one}"] for one in ("diag", "score", "axes", "version")] == [
        "2025-11-20",
        "47.1",
        "LEG=40 MKT=62.5",
        "2025110101",
    ]
    assert re.fullmatch(r"LEG=\d+(\.\d)? MEM=50 ORG=50 .*", record["last_axes"])
    assert record["last_version"] == package("diag")["version"]
    assert record["train_themes"] == "T01"


@pytest.mark.parametrize("version", ["short", "full"])
def test_a_diagnostic_without_a_score_leaves_the_scores_of_the_record(version):  # L9
    steps = [["set", "coop", "c1"], ["set", "d_date", "2026-11-21"], ["set", "d_version", version]]
    steps += [["set", "ax_FIN/fin01", "2"], ["addRow", "grp_plan/plan"], ["set", "grp_plan/plan[1]/pl_action", "مسك الدفاتر"]]
    *_, entities = run("diag", [*steps, ["entities"]], {"cooperatives": [ROUND_BEFORE]})
    assert [one["list"] for one in entities] == ["actions"]


def test_a_training_of_one_cooperative_asks_nobody_where_she_comes_from():  # L10
    records = {
        "cooperatives": [{"name": "c1", "label": "تيفاوين"}, {"name": "c2", "label": "الأمل"}],
        "persons": [{"name": f"p{n}", "label": f"م{n}", "full_name": f"م{n}", "coop": f"c{n}"} for n in (1, 2)],
    }
    steps = [["set", "grp_sess/for_coop", "c1"], ["set", "grp_sess/sess_title", "دورة"], ["addRow", "part"]]
    steps += [["set", "grp_consent/consent_read", "yes"], ["set", "part[1]/p_consent", "yes"], ["choices", "part[1]/p_person"]]
    steps += [["set", "part[1]/p_name", "أمينة"], ["view", "part[1]/p_coop_in"], ["entities"]]
    *_, known, _, where, entities = run("train", steps, records)
    assert [one["value"] for one in known] == ["p1"]
    assert not where["relevant"]
    by_list = {one["list"]: one["data"] for one in entities}
    assert by_list["persons"]["coop"] == by_list["trainings"]["coops"] == "c1"


SECTORS = [
    {"name": "food", "label_ar": "الغذاء", "label_fr": "Alimentaire", "sectors": "ALI ARG"},
    {"name": "crafts", "label_ar": "الحرف", "label_fr": "Artisanat", "sectors": "ART"},
    {"name": "carpets", "label_ar": "الزرابي", "label_fr": "Tapis", "sectors": "ART"},
]


def test_the_programmes_own_sector_is_chosen_from_its_list_or_not_asked():  # L11
    said = "grp_act/sector_prog"
    old = [
        {"name": "c1", "label": "تيفاوين", "sector": "ALI", "sector_prog": "كلمة قديمة"},
        {"name": "c2", "label": "الأمل", "sector": "ART", "sector_prog": "الحرف"},
    ]
    steps = [["set", "grp_act/sector", "ALI"], ["view", said], ["set", "grp_act/sector", "ART"], ["choices", said]]
    steps += [["set", "grp_act/sector", "PAM"], ["view", said], ["set", "grp_rec/rec", "c2"], ["view", said]]
    _, one, _, two, _, none, _, known = run("coop", steps, {"programme_sectors": SECTORS, "cooperatives": old})
    assert (one["relevant"], one["required"], one["value"]) == (True, True, "food"), "the only one that stands for it"
    assert [choice["value"] for choice in two] == ["crafts", "carpets"]
    assert not none["relevant"], "the list says nothing of plants"
    assert known["value"] == "crafts", "a word of the list, written as text by an earlier version"

    steps = [["set", "grp_rec/rec", "c1"], ["view", said], ["entities"]]
    _, unasked, changes = run("coop", steps, {"cooperatives": old})
    assert not unasked["relevant"]
    assert changes[0]["data"].get("sector_prog", "كلمة قديمة") == "كلمة قديمة", "what an earlier version wrote stays"


def test_a_diagnostic_updates_a_cooperative_that_never_had_one():
    steps = [["set", "coop", "c1"], ["set", "d_date", "2026-11-21"], *answered(), ["entities"], ["title"]]
    never = run("diag", steps, {"cooperatives": [{"name": "c1", "label": "تعاونية تيفاوين"}]})
    assert [(one["list"], one["action"], one["id"]) for one in never[-2]] == [("cooperatives", "update", "c1")]
    assert never[-1] == "تعاونية تيفاوين"
    later = run("diag", steps, {"cooperatives": [{"name": "c1", "label": "ت", "last_diag": "2026-12-01"}]})
    assert later[-2] == []


def test_the_source_is_the_markdown_that_git_compares():
    files = {path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*") if path.is_file()}
    assert {f"{code}/form.md" for code in FORMS} <= files
    assert not [name for name in files if Path(name).suffix not in (".md", ".csv")]
