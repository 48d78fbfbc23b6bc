"""A pack that is loaded again leaves what people changed since as they made it, and says so (docs/programmes.md, "Twice").

C1  what was changed here stays, part by part: name, days, budget, a phase, a partner, an organisation, a consent text, retention,
    a target; the load names each of them
C2  whatever was not touched takes what the pack says now; what the pack no longer names goes, if it was not touched
C3  what was added here stays, what was taken away here does not come back
C4  once it says the same as the pack again, it follows the pack again
C5  a phase within which figures are counted cannot be taken back by a pack either
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core.db import db
from app.core.models import Audit
from app.core.problems import Problem
from app.indicators import operations as indicators
from app.indicators import queries
from app.indicators.declarations import Target
from app.instruments.models import Instrument
from app.packs.loading import Loaded, load_over
from app.packs.reading import read
from app.personal.later import set_retention
from app.programmes import operations as programmes
from app.programmes import planning
from app.programmes.operations import Settings
from app.programmes.plan import Partner, Phase, Plan
from app.registry.models import Programme
from tests.conftest import NOW, count

NAME = {"ar": "صفرو", "fr": "Sefrou"}
COUNTED = {
    "code": "cooperatives", "name": {"ar": "التعاونيات", "fr": "Coopératives"},
    "definition": {"ar": "كل تعاونية مرة واحدة", "fr": "Chaque coopérative une fois"},
    "unit": "cooperatives", "measure": "rows", "over": {"list": "cooperatives"}, "phase": "one",
    "target": {"value": 43, "unit": "cooperatives"},
}  # fmt: skip


def phase(code: str, **days: str) -> dict[str, Any]:
    return {"code": code, "name": {"ar": f"مرحلة {code}", "fr": f"Phase {code}"}, **days}


def partner(code: str, amount: str) -> dict[str, Any]:
    brought = [{"kind": "money", "amount": amount}]
    return {"code": code, "name": {"ar": f"شريك {code}", "fr": f"Partenaire {code}"}, "role": "donor", "contributions": brought}


FIRST: dict[str, Any] = {
    "code": "sefrou",
    "name": NAME,
    "starts_on": "2026-01-01",
    "ends_on": "2028-12-31",
    "phases": [phase("one", starts_on="2026-01-01"), phase("two")],
    "budget": {"amount": "4000000.00"},
    "partners": [partner("drosos", "3700000.00"), partner("indh", "100000.00")],
    "organisations": [{"code": "amal", "name": {"ar": "الأمل", "fr": "Al Amal"}}],
    "instruments": ["coop"],
    "consent": {"contact_person": {"ar": "المنسقة", "fr": "la coordinatrice"}},
    "retention": {"coop": 24},
}


@pytest.fixture
def loading(app: Flask, tmp_path: Path) -> Callable[..., Loaded]:
    """Loads the pack with other things in programme.json, or other indicators."""

    def run(counted: list[dict[str, Any]] | None = None, **changes: Any) -> Loaded:
        (tmp_path / "programme.json").write_text(json.dumps(FIRST | changes), "utf-8")
        (tmp_path / "indicators.json").write_text(json.dumps([COUNTED] if counted is None else counted), "utf-8")
        done = load_over(read(tmp_path), now=NOW)
        db.session.rollback()
        return done

    return run


def the_programme() -> Programme:
    return db.session.scalars(sa.select(Programme).where(Programme.code == "sefrou")).one()


def changed_here() -> None:
    found = the_programme()
    settings = Settings.of(found)
    programmes.change(None, found, Settings(**vars(settings) | {"name": {"ar": "صفرو المدينة", "fr": "Sefrou ville"}}), now=NOW)
    planning.set_budget(None, found, Decimal(4_500_000), {}, now=NOW)
    here = Plan.of(found)
    planning.save_phase(None, found, Phase("one", here.phases[0].name, date(2026, 2, 1), None), is_new=False, now=NOW)
    planning.remove_partner(None, found, "indh", now=NOW)
    planning.save_partner(None, found, Partner("region", NAME, "service", ()), is_new=True, now=NOW)
    programmes.set_consent(None, found, {"contact_person": "La directrice"}, now=NOW)
    set_retention(None, db.session.scalars(sa.select(Instrument)).one(), 36, now=NOW)
    indicators.set_target(None, found, "cooperatives", Target(Decimal(50), "cooperatives", date(2027, 1, 1)), now=NOW)
    db.session.commit()


def test_what_was_changed_here_stays_and_is_said(loading: Callable[..., Loaded]):  # C1 C2 C3
    assert loading().kept == []
    assert loading() == Loaded([], []), "twice changes nothing"
    changed_here()
    before = count(Audit)
    kept = ["name", "budget", "phase one", "partner indh", "consent contact_person", "retention coop", "target cooperatives"]
    assert loading() == Loaded([], kept)
    assert count(Audit) == before

    newer = loading(
        [COUNTED | {"target": {"value": 44, "unit": "cooperatives"}}],
        name={"ar": "غير", "fr": "Autre"},
        ends_on="2029-12-31",
        budget={"amount": "5000000.00"},
        phases=[phase("one", starts_on="2026-03-01"), phase("two", starts_on="2027-01-01")],
        partners=[partner("drosos", "3800000.00")],
        organisations=[{"code": "amal", "name": {"ar": "أمل", "fr": "Amal"}}],
    )
    assert set(newer.changed) == {"programme", "organisation amal", "indicators"}
    assert newer.kept == ["name", "budget", "phase one", "consent contact_person", "retention coop", "target cooperatives"]
    found = the_programme()
    plan = Plan.of(found)
    assert (found.name["fr"], found.ends_on, plan.budget) == ("Sefrou ville", date(2029, 12, 31), Decimal(4_500_000))
    assert [(one.code, one.starts_on) for one in plan.phases] == [("one", date(2026, 2, 1)), ("two", date(2027, 1, 1))]
    assert [(one.code, one.amount) for one in plan.partners] == [("drosos", Decimal(3_800_000)), ("region", None)]
    assert found.partners["fr"] == "Partenaire drosos, Sefrou", "the line follows"
    shown = queries.indicator(found, "cooperatives")
    assert shown.declared is not None
    assert shown.declaration.target is not None
    assert (shown.declared.value, shown.declaration.target.value) == (44, 50)

    without = loading(phases=[phase("one")], partners=[])
    assert "phase two" not in without.kept, "untouched, and no longer named"
    assert [one.code for one in Plan.of(the_programme()).phases] == ["one"]
    assert [one.code for one in Plan.of(the_programme()).partners] == ["region"]


@pytest.mark.sqlite_only
def test_what_says_the_same_as_the_pack_follows_it_again(loading: Callable[..., Loaded]):  # C4
    loading()
    changed_here()
    assert "budget" in loading().kept
    found = the_programme()
    planning.set_budget(None, found, Decimal(4_000_000), {}, now=NOW)
    indicators.set_target(None, found, "cooperatives", Target(Decimal(43), "cooperatives"), now=NOW)
    db.session.commit()
    newer = loading([COUNTED | {"target": {"value": 44, "unit": "cooperatives"}}], budget={"amount": "6000000.00"})
    assert not {"budget", "target cooperatives"} & set(newer.kept)
    assert Plan.of(the_programme()).budget == Decimal(6_000_000)
    target = queries.indicator(the_programme(), "cooperatives").declaration.target
    assert target is not None
    assert target.value == 44


@pytest.mark.sqlite_only
def test_a_pack_cannot_take_back_a_phase_within_which_figures_are_counted(loading: Callable[..., Loaded], tmp_path: Path):  # C5
    loading()
    (tmp_path / "programme.json").write_text(json.dumps(FIRST | {"phases": [phase("two")]}), "utf-8")
    (tmp_path / "indicators.json").unlink()
    with pytest.raises(Problem) as refused:
        load_over(read(tmp_path), now=NOW)
    assert refused.value.kind.code == "programmes.phase_in_use"
    assert [one.code for one in Plan.of(the_programme()).phases] == ["one", "two"]
