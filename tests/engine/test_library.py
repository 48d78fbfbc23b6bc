"""The instruments of the library in the server's engine: a tap of attendance is a small change, a diagnostic repeats."""

from __future__ import annotations

from functools import cache
from typing import Any

from app.engine import host
from app.instruments import convert
from app.instruments.compiler import LIBRARY, compile_answer, library_lists
from tests.engine.cases import NOW, OFFSET


@cache
def package(name: str) -> dict[str, Any]:
    content = (LIBRARY / name / "form.md").read_bytes()
    compiled = compile_answer(convert.answer("form.md", content, convert.MAX_BYTES), library_lists())
    assert not compiled.errors
    return compiled.package


def run(name: str, *steps: list[Any], **options: Any) -> list[Any]:
    case = {"package": package(name), "now": NOW, "offset": OFFSET, "steps": [*steps, ["errors"]]} | options
    [results] = host.run_cases([case])
    assert results[-1] == []  # no expression failed
    return results[:-1]


def test_a_tap_of_attendance_changes_its_cell_and_nobody_elses_row() -> None:
    persons = [
        step
        for i in range(1, 61)
        for step in (
            *([["addRow", "part"]] if i > 1 else []),
            ["set", f"part[{i}]/p_consent", "yes"],
            ["set", f"part[{i}]/p_name", f"أمينة {i}"],
        )
    ]
    results = run(
        "train",
        ["set", "grp_consent/consent_read", "yes"],
        ["set", "grp_sess/n_days", "5"],
        *persons,
        ["set", "part[37]/att[4]/att_status", "a"],
        ["set", "part[37]/att[4]/att_status", "p"],
        ["rows", "part"],
        ["rows", "part[60]/att"],
    )
    absent, present, rows, days = results[-4:]
    assert absent == {"paths": ["part[37]/att[4]/att_status", "part[37]/p_absence"], "structure": False}
    assert present == absent | {"paths": [*absent["paths"], "part[37]/p_days"]}
    assert (len(rows), len(days)) == (60, 5)


def test_days_taken_back_keep_their_attendance() -> None:
    results = run(
        "train",
        ["set", "grp_sess/n_days", "5"],
        ["set", "part[1]/att[5]/att_status", "p"],
        ["set", "grp_sess/n_days", "3"],
        ["answers"],
        ["set", "grp_sess/n_days", "5"],
        ["answers"],
    )
    assert len(results[3]["part"][0]["att"]) == 3
    assert results[5]["part"][0]["att"][4] == {"att_status": "p"}


def test_the_server_repeats_a_diagnostic_as_the_phone_had_it() -> None:
    scored = {
        f"ax_{axis}": {
            node["name"]: str(node["i"] % 5)
            for node in package("diag")["nodes"]
            if node.get("attributes", {}).get("role") == "item" and node["attributes"]["axis"] == axis
        }
        for axis in ("LEG", "MEM", "ORG", "PRD", "MKT", "FIN", "CER", "NET")
    }
    steps = [["set", f"{group}/{name}", value] for group, items in scored.items() for name, value in items.items()]
    answers, scores = run("diag", *steps, ["finalise"], ["answers"], ["scores"], values={"coop": "k1"})[-2:]
    again = host.recompute(package("diag"), answers, now=NOW, offset_minutes=OFFSET)
    assert again["differences"] == []
    assert again["scores"] == scores
    assert scores["overall"] is not None
    assert len(scores["axes"]) == 8
