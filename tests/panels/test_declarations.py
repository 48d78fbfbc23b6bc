"""home.json is checked when it is loaded (docs/home.md):

D1  what each kind may say is read, with its defaults
D2  what is wrong is refused whole, with file, panel, key, what was found and what is allowed, in both languages
"""

from __future__ import annotations

from typing import Any

import pytest

from app.core.problems import Problem
from app.panels.declarations import codes_of, read, steps_of

TITLE = {"ar": "المشاريع", "fr": "Projets"}
LISTS = {"projects": {"ag_budget", "phys", "disb"}, "contributions": {"project", "partner", "amount"}}
KNOWN: dict[str, Any] = {"lists": LISTS, "indicators": {"women", "trained"}, "forms": {"diag"}}


def test_each_kind_is_read():  # D1
    raw = [
        {"kind": "indicators", "title": TITLE, "indicators": ["women"], "by_phase": True},
        {"kind": "split", "title": TITLE, "indicators": ["trained"], "by": "organisation", "out_of": "women"},
        {"kind": "board", "title": TITLE, "list": "projects", "steps": [{"of": "phys"}], "code": "steps"},
        {"kind": "axes", "title": TITLE, "instrument": "diag", "by": ["subject.sector"], "weakest": 10, "rounds": True},
        {"kind": "ranking", "title": TITLE, "indicators": [{"code": "women", "by": "need1", "label": TITLE}]},
        {
            "kind": "table",
            "title": TITLE,
            "list": "projects",
            "columns": [
                {"of": "ag_budget", "as": "mad", "total": "sum"},
                {"of": "phys", "as": "bar", "total": {"mean_by": "ag_budget"}},
                {"ratio": ["disb", "ag_budget"], "label": TITLE, "total": True},
                {"from": "contributions", "link": "project", "sum": "amount", "label": TITLE},
            ],
            "signal": {"gap": ["phys", ["disb", "ag_budget"]], "warn": 10, "bad": 20},
        },
        {"kind": "matrix", "title": TITLE, "list": "contributions", "rows": "project", "columns": "partner", "value": "amount"},
        {"kind": "partners", "title": TITLE},
        {"kind": "map", "title": TITLE, "list": "projects", "where": [{"of": "ag_budget", "at_least": 5}]},
        {"kind": "waiting", "title": TITLE},
    ]
    found = read(raw, **KNOWN)
    assert [one.kind for one in found] == [one["kind"] for one in raw]
    assert [found[0].code, found[2].code] == ["indicators-1", "steps"]
    assert [one.is_wide for one in found] == [False, False, True, True, False, True, True, False, False, False]
    assert codes_of(found) == {"women", "trained"}
    assert steps_of({"from": "st_s08", "to": "st_s11"})[-1] == {"of": "st_s11", "date": "st_s11_d"}


@pytest.mark.parametrize(
    ("panel", "key", "found"),
    [
        ({"kind": "chart", "title": TITLE}, "kind", "'chart'"),
        ({"kind": "map", "list": "projects"}, "title", "—"),
        ({"kind": "map", "title": {"ar": "خريطة"}, "list": "projects"}, "title", "{'ar': 'خريطة'}"),
        ({"kind": "map", "title": TITLE}, "list", "—"),
        ({"kind": "map", "title": TITLE, "list": "projekts"}, "list", "'projekts'"),
        ({"kind": "map", "title": TITLE, "list": "projects", "colour": "red"}, "colour", "'colour'"),
        ({"kind": "map", "title": TITLE, "list": "projects", "where": [{"of": "phys"}]}, "where", "{'of': 'phys'}"),
        ({"kind": "indicators", "title": TITLE, "indicators": ["mistake"]}, "indicators", "'mistake'"),
        ({"kind": "table", "title": TITLE, "list": "projects", "columns": [{"of": "budget"}]}, "columns.of", "'budget'"),
        ({"kind": "table", "title": TITLE, "list": "projects", "columns": [{"of": "phys", "as": "€"}]}, "columns.as", "'€'"),
        ({"kind": "table", "title": TITLE, "list": "projects", "columns": [{"ratio": ["disb"]}]}, "columns.label", "—"),
        ({"kind": "board", "title": TITLE, "list": "projects", "steps": {"from": "a", "to": "b"}}, "steps", None),
        ({"kind": "axes", "title": TITLE, "instrument": "dlag"}, "instrument", "'dlag'"),
        ({"kind": "waiting", "title": TITLE, "of": ["lunch"]}, "of", "'lunch'"),
    ],
)
@pytest.mark.sqlite_only
def test_what_is_wrong_is_said_with_its_place(app, panel: dict[str, Any], key: str, found: str | None):  # D2
    with pytest.raises(Problem) as raised:
        read([{"kind": "waiting", "title": TITLE}, panel], **KNOWN)
    details = raised.value.to_json()
    assert details["code"] == "panels.wrong"
    assert details["details"]["key"] == key
    assert details["details"]["panel"] == "2"
    if found is not None:
        assert details["details"]["found"] == found
    for text in details["message"].values():
        assert "home.json" in text
        assert key in text


@pytest.mark.sqlite_only
def test_two_panels_of_one_code_are_refused(app):  # D2
    with pytest.raises(Problem) as raised:
        read([{"kind": "waiting", "title": TITLE, "code": "a"}, {"kind": "partners", "title": TITLE, "code": "a"}])
    assert raised.value.details["panel"] == "2 (a)"
