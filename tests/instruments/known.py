"""What a phone knows already, and how a form of the library is answered with it: records, places, steps for the engine."""

from __future__ import annotations

from functools import cache

from app.engine import host
from app.instruments.compiler import library_lists
from tests.instruments.test_library import NOW, OFFSET, package

FORMS = ("visit", "meet", "prem", "agree", "agprog", "precoop", "appr")
TODAY = "2026-11-21"
COOP, GROUP, PROJECT, PREMISES, APPRENTICE = "coop-1", "group-1", "project-1", "premises-1", "apprentice-1"
FES, OTHER = "03.231", "03.131"

RECORDS = {
    "cooperatives": [
        {"name": COOP, "label": "تعاونية تيفاوين", "consent": "yes"},
        {"name": "coop-2", "label": "تعاونية النور", "consent": "no"},
    ],
    "groups": [{"name": GROUP, "label": "مجموعة الأمل", "gp_name": "مجموعة الأمل", "consent": "yes", "st_s01": "done"}],
    "persons": [
        {"name": "person-1", "label": "أمينة", "full_name": "أمينة", "grp": GROUP, "age_group": "25_34"},
        {"name": "person-2", "label": "فاطمة", "full_name": "فاطمة", "grp": GROUP, "left": "yes"},
        {"name": "person-3", "label": "خديجة", "full_name": "خديجة"},
        {"name": "master-1", "label": "المعلم إدريس", "full_name": "المعلم إدريس", "master": "yes", "craft": "C04"},
    ],
    "actions": [
        {
            "name": "action-1",
            "label": "مسك دفتر المبيعات",
            "coop": COOP,
            "status": "todo",
            "due": "2026-12-31",
            "responsible": "coop",
            "progress": "10",
        },
        {"name": "action-2", "label": "تجديد المكتب", "coop": COOP, "status": "done", "due": "2026-06-30"},
        {"name": "action-3", "label": "فتح حساب بنكي", "coop": COOP},
        {"name": "action-4", "label": "غير هذه", "coop": "coop-2", "status": "todo"},
        {
            "name": "promise-1",
            "label": "المحل",
            "kind": "commitment",
            "party": "الجماعة",
            "status": "todo",
            "agreed_on": "2026-01-10",
        },
        {"name": "promise-2", "label": "الطريق", "kind": "commitment", "party": "المجلس", "status": "done"},
    ],
    "projects": [
        {
            "name": PROJECT,
            "label": "دار الصانعة",
            "ag_code": "P1",
            "ag_title_ar": "دار الصانعة",
            "ag_budget": "3800000",
            "progress_date": "2026-06-30",
            "phys": "40",
            "disb": "900000.50",
            "commit": "1200000",
            "ben_w": "30",
            "jobs": "4",
        },
    ],
    "contributions": [
        {"name": "share-1", "label": "INDH", "partner": "INDH", "project": PROJECT, "amount": "2000000", "paid": "500000"},
    ],
    "premises": [
        {"name": PREMISES, "label": "النادي النسوي", "pr_name": "النادي النسوي", "pr_use": "closed", "pr_commune": "03.231.01.0"},
    ],
    "trainings": [{"name": "training-1", "label": "دورة"}],
    "meetings": [{"name": "meeting-1", "label": "مائدة مستديرة"}],
    "matches": [{"name": "match-1", "label": "نساء الدوار", "premises": PREMISES, "free_name": "نساء الدوار", "women": "9"}],
    "apprentices": [{"name": APPRENTICE, "label": "سعاد", "a_name": "سعاد", "a_birth_year": "2003", "status": "active"}],
}


@cache
def places():
    """The lists of the library, with the places of two provinces only."""
    lists = library_lists()
    provinces = {FES, OTHER}
    lists["provinces"] = [one for one in lists["provinces"] if one["name"] in provinces]
    lists["regions"] = [one for one in lists["regions"] if one["name"] == "03"]
    lists["communes"] = [one for one in lists["communes"] if one["province_code"] in provinces]
    return lists


def datasets(code, records=RECORDS):
    every = places() | records
    return {name: every[name] for name in package(code)["datasets"]}


def run(code, steps, records=RECORDS, language="ar"):
    """What the steps gave; no expression failed."""
    case = {
        "package": package(code),
        "datasets": datasets(code, records),
        "now": NOW,
        "offset": OFFSET,
        "language": language,
        "steps": [*steps, ["errors"]],
    }
    results = host.run_cases([case])[0]
    assert results[-1] == []
    failed = [(step, one) for step, one in zip(steps, results, strict=False) if isinstance(one, dict) and "error" in one]
    assert failed == []
    return results[:-1]


def sets(**values):
    """Steps that answer: a__b is the path a/b, [n] stays."""
    return [["set", path, value] for path, value in values.items()]


def woman(n, **answers):
    row = {"w_consent": "yes", "w_age": "25_34", "w_lit": "primary", "w_name": f"امرأة {n}"} | answers
    return sets(**{f"grp_wm/wm[{n}]/{name}": value for name, value in row.items()})


GROUP_OPEN = sets(**{"grp_consent/consent": "yes", "grp_rec/rec": GROUP, "grp_wm/gp_has_wm": "yes"})
