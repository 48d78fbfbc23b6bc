"""Projects and their partners: AGREE and AGPROG (docs/instruments.md). The numbers go on from test_follow_up.py.

F4  a cumulative figure that decreases is said and must be explained; an older situation changes nothing
F5  sums that do not match are warned about, never refused
F12 a project says which hosts did not sign, whose payment is late and how far it is paid
"""

from __future__ import annotations

from tests.instruments.known import FES, OTHER, PROJECT, RECORDS, TODAY, places, run, sets

SITUATION = {"grp_sit/pg_project": PROJECT, "grp_sit/pg_date": TODAY, "grp_sit/pg_stage": "works"}


def test_a_lower_cumulative_figure_is_said_and_must_be_explained():  # F4
    for path, value, name in (
        ("grp_sit/pg_phys", "35", "phys"),
        ("grp_sit/pg_disb", "900000.49", "disb"),
        ("grp_sit/pg_commit", "0", "commit"),
        ("grp_res/pg_ben_w", "29", "ben_w"),
        ("grp_res/pg_jobs", "3", "jobs"),
    ):
        good = SITUATION | {"grp_sit/pg_phys": "40", "grp_sit/pg_disb": "900000.50"}
        *_, section, said, why, problems = run(
            "agprog",
            [
                *sets(**(good | {path: value})),
                ["view", "grp_dec"],
                ["view", f"grp_dec/pg_dec_{name}"],
                ["view", "grp_dec/pg_dec_why"],
                ["problems", "grp_dec"],
            ],
        )
        assert (section["relevant"], said["relevant"], why["required"]) == (True, True, True), name
        assert value in said["label"]
        assert [(one["path"], one["kind"]) for one in problems] == [("grp_dec/pg_dec_why", "required")]
    *_, section, entities = run("agprog", [*sets(**good), ["view", "grp_dec"], ["entities"]])
    assert not section["relevant"]
    assert (entities[0]["id"], entities[0]["data"]["disb"]) == (PROJECT, "900000.50")
    assert (entities[0]["data"]["commit"], entities[0]["data"]["ben_w"]) == ("1200000", "30")  # left blank: as they were


def test_an_older_situation_changes_nothing():  # F4
    steps = sets(**(SITUATION | {"grp_sit/pg_date": "2026-01-01", "grp_sit/pg_phys": "10", "grp_sit/pg_disb": "5"}))
    *_, section, old, entities = run("agprog", [*steps, ["view", "grp_dec"], ["view", "grp_sit/pg_old"], ["entities"]])
    assert not section["relevant"]
    assert old["relevant"]
    assert entities == []


def test_a_payment_below_the_last_one_or_above_the_share_is_said():  # F4
    row = {"grp_fin/pg_has_fin": "yes", "grp_fin/pg_fin[1]/pg_fin_ref": "share-1"}
    looked = [["view", f"grp_fin/pg_fin[1]/{name}"] for name in ("pg_fin_warn", "pg_fin_why", "pg_fin_over")]
    for paid, expected in (("499999", (True, True, False)), ("500000", (False, False, False)), ("2000001", (False, False, True))):
        views = run("agprog", [*sets(**(SITUATION | row | {"grp_fin/pg_fin[1]/pg_fin_paid": paid})), *looked])[-3:]
        assert tuple(one["relevant"] for one in views) == expected, paid


def test_physical_and_financial_progress_stand_side_by_side():  # F4
    steps = sets(**(SITUATION | {"grp_sit/pg_phys": "60", "grp_sit/pg_disb": "950000"}))
    rates, gap = run("agprog", [*steps, ["view", "grp_sit/pg_rates"], ["view", "grp_sit/pg_gap"]], language="fr")[-2:]
    assert rates["label"] == "Avancement physique\u00a0: 60\u202f%, avancement financier\u00a0: 25\u202f%"
    assert gap["relevant"]


def test_contributions_that_do_not_match_the_cost_are_warned_about_not_refused():  # F5
    row = "grp_fin/fin[1]"
    money = {"grp_dates/ag_budget": "5300000", "grp_fin/ag_has_fin": "yes", f"{row}/fin_name": "INDH", f"{row}/fin_type": "cash"}
    looked = [["view", "grp_fin/fin_warn"], ["check", f"{row}/fin_amount"]]
    for amount, warned in (("5300000", False), ("3500000", True), ("", False)):
        warning, check = run("agree", [*sets(**(money | {f"{row}/fin_amount": amount})), *looked])[-2:]
        assert warning["relevant"] is warned, amount
        assert check is None
    # Of a project that is known, what is typed replaces what was recorded of the same contribution.
    update = {"grp_rec/rec": PROJECT, "grp_fin/ag_has_fin": "yes", f"{row}/fin_ref": "share-1", f"{row}/fin_amount": "3800000"}
    assert run("agree", [*sets(**update), ["value", "grp_fin/fin_sum"]])[-1] == "3800000"


def test_a_project_has_a_code_of_its_own_and_may_have_no_place_yet():  # F5
    results = run("agree", [["set", "grp_rec/ag_code", "P1"], ["check", "grp_rec/ag_code"]])
    assert results[-1]["kind"] == "constraint"
    results = run("agree", [["set", "grp_rec/rec", PROJECT], ["check", "grp_rec/ag_code"], ["value", "grp_rec/ag_code"]])
    assert results[-2:] == [None, "P1"]
    steps = sets(**{"grp_place/ag_province": FES, "grp_place/ag_placed": "no"})
    assert not run("agree", [*steps, ["view", "grp_place/ag_communes"]])[-1]["relevant"]
    steps = sets(**{"grp_place/ag_province": FES, "grp_place/ag_provinces": OTHER, "grp_place/ag_placed": "yes"})
    offered = run("agree", [*steps, ["choices", "grp_place/ag_provinces"], ["choices", "grp_place/ag_communes"]])[-2:]
    assert [one["value"] for one in offered[0]] == [OTHER]
    assert {one["item"]["province_code"] for one in offered[1]} == {FES, OTHER}


def test_hosts_that_did_not_sign_are_said():  # F12
    codes = [one["name"] for one in places()["communes"] if one["province_code"] == FES][:2]
    hosts = " ".join(codes)
    row = "grp_fin/fin[1]"
    place = {"ag_province": FES, "ag_placed": "yes", "ag_communes": hosts}
    steps = sets(**{"grp_rec/ag_title_ar": "تثمين الفخار"}, **{f"grp_place/{name}": value for name, value in place.items()})
    steps += sets(
        **{"grp_fin/ag_has_fin": "yes", f"{row}/fin_name": "جماعة", f"{row}/fin_type": "land", f"{row}/fin_itype": "council"}
    )
    looked = [["view", "grp_fin/ag_hosts_only"], ["entities"]]
    steps += sets(**{f"{row}/fin_commune": codes[0], f"{row}/fin_signed": "yes"})
    view, entities = run("agree", [*steps, *looked])[-2:]
    assert (view["relevant"], view["value"], view["readonly"]) == (True, codes[1], True)
    by_list = {one["list"]: one["data"] for one in entities}
    assert by_list["projects"]["hosts_only"] == codes[1]
    assert (by_list["contributions"]["status"], by_list["contributions"]["commune"]) == ("awaited", codes[0])
    assert not run("agree", [*steps, ["set", "grp_place/ag_communes", codes[0]], *looked])[-2]["relevant"]


def test_a_late_payment_is_said_until_it_is_paid_and_an_older_situation_changes_no_payment():  # F12
    late = RECORDS | {"contributions": [RECORDS["contributions"][0] | {"due": "2026-09-30", "status": "part"}]}
    row = "grp_fin/pg_fin[1]"
    paid = {"grp_fin/pg_has_fin": "yes", f"{row}/pg_fin_ref": "share-1"}
    looked = [["view", "grp_fin/pg_late_note"], ["entities"]]
    before, _ = run("agprog", [*sets(**SITUATION), *looked], late, "fr")[-2:]
    assert before["relevant"]
    assert before["label"].endswith("(1)\u00a0: INDH")
    for amount, state, still in (("900000", "part", True), ("2000000", "paid", False)):
        after, entities = run("agprog", [*sets(**(SITUATION | paid | {f"{row}/pg_fin_paid": amount})), *looked], late)[-2:]
        assert after["relevant"] is still
        share = next(one["data"] for one in entities if one["list"] == "contributions")
        assert (share["paid"], share["status"], share["paid_on"]) == (amount, state, TODAY)
        assert next(one["data"] for one in entities if one["list"] == "projects")["late"] == str(int(still))
    older = SITUATION | {"grp_sit/pg_date": "2026-01-01"} | paid | {f"{row}/pg_fin_paid": "1"}
    assert run("agprog", [*sets(**older), *looked], late)[-1] == []
