"""Rows and sums stay in step with what happens (docs/indicators.md):

S1  whatever is sent, approved, returned, rejected, corrected, deleted, merged, undone, edited, archived, erased: what was counted
    change by change is what counting everything afresh gives
S2  sums in any perimeter, split any way, are those of the rows that the reader may see
S3  another declaration is counted afresh, one that says the same keeps its rows
S4  distinct counts and medians of any days, of several organisations and places at once, are those of the rows
S5  a database from before cells kept who stands in them has the same figures once upgraded
S6  a choice of many is counted, also where it is longer than what PostgreSQL takes into an index
S7  of records that say the same one counts, however their changes fall into batches; the others are read when it says so no more
S8  of a place outside her territories a coordinator is shown the rows of those she answers for alone, split by place too
S9  a slip of a hand in a year, in a row or in the period that is asked for, stops no figure and changes no other
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, islice
from random import Random
from statistics import median
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa

from app.accounts.models import Membership
from app.core.db import begin_writing, db
from app.core.permissions import Actor, visible
from app.indicators import keeping, queries
from app.indicators import operations as indicators
from app.indicators.counting import NONE, places_of
from app.indicators.declarations import PLACES
from app.indicators.models import SCALE, Indicator, IndicatorRow
from app.indicators.perimeter import Perimeter
from app.indicators.reading import LEVEL, Reading
from app.registry import operations as registry
from app.registry.models import Entity
from app.submissions import decisions
from app.submissions.models import Submission
from app.submissions.queries import last_event
from tests.conftest import NOW, ROOT, World
from tests.indicators.making import DECLARED, Work, changed, declare, kept


@pytest.fixture
def work(world: World, monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(keeping, "WHOLE_BATCH", 7)  # a few changes already take several batches
    work = Work(world, seed=4)
    declare(world)
    return work


def test_what_is_counted_change_by_change_is_what_counting_afresh_gives(work: Work):  # S1, S2
    seen: set[int] = set()
    for n in range(90):
        work.step()
        if n % 3 == 0:
            indicators.catch_up(work.world.programme.id)
            seen.update(db.session.scalars(sa.select(IndicatorRow.indicator_id).distinct()))
    indicators.catch_up(work.world.programme.id)
    assert len(seen) == len(DECLARED), "each indicator had rows"
    step_by_step = kept(work.world)
    assert any(len(cell[-1]) > 2 for cell in step_by_step["cells"].values()), "cells keep who stands in them"

    indicators.recount(work.world.programme.id)

    assert kept(work.world) == step_by_step
    assert keeping.is_in_step(work.world.programme.id)
    figures_are_those_of_the_rows(work.world)

    work.meet_the_same_again(12)
    indicators.catch_up(work.world.programme.id)
    figures_of_any_time_and_place_are_those_of_the_rows(work.world, work.lot)
    of_a_place_beyond_hers_only_rows_of_her_people_are_shown(work.world)

    step_by_step = kept(work.world)
    migrations = str(ROOT / "migrations")
    db.session.remove()
    flask_migrate.downgrade(migrations, "0022")  # S5
    flask_migrate.upgrade(migrations)
    indicators.catch_up(work.world.programme.id)
    assert kept(work.world) == step_by_step


PERIMETERS = [
    Perimeter(),
    Perimeter(territory="05"),
    Perimeter(territory="05.271"),
    Perimeter(territory="05.271.01"),
    Perimeter(date_from=date(2026, 2, 1), date_to=date(2026, 3, 31)),
    Perimeter(date_from=date(2026, 1, 20), date_to=date(2026, 3, 15), territory="05.271"),
    Perimeter(date_from=date(2026, 2, 10), date_to=date(2026, 2, 20)),
]

ENDS = [date.min, date(26, 3, 5), date(206, 1, 20), date(9999, 12, 3), date.max]  # S9


def figures_are_those_of_the_rows(world: World) -> None:
    """Each figure against its rows, read one by one, for readers of every kind."""
    amal, hadaf = world.al_amal.id, world.al_hadaf.id
    readers = [world.people[name].actor for name in ("admin", "said", "khadija", "amina")]
    placed = db.session.scalars(sa.select(Membership).where(Membership.person_id == world.people["khadija"].id)).one()
    for organisation_id, territories in ((None, ["05.271", "05"]), (amal, ["05.271"])):
        placed.organisation_id, placed.territories = organisation_id, territories
        db.session.commit()
        readers.append(world.people["khadija"].actor)
    perimeters = [*PERIMETERS, Perimeter(organisation_id=hadaf), Perimeter(organisation_id=amal, territory="05.271")]
    world_programme = world.programme
    turn = cycle(perimeters)
    for one in db.session.scalars(sa.select(Indicator).order_by(Indicator.id)).all():
        rows = list(db.session.scalars(sa.select(IndicatorRow).where(IndicatorRow.indicator_id == one.id)))
        shown = queries.indicator(world_programme, one.code)
        for actor in readers:
            seen = visible_sources(actor, world_programme.id, bool(shown.declaration.over.list))
            parts = [replace(next(turn), part_of=dim, part_is=key) for dim, key in said_of(shown.declaration, rows)]
            for perimeter in {Perimeter(): 0, **dict.fromkeys([*islice(turn, 2), *parts])}:
                reading = Reading(actor, world_programme, shown, perimeter)
                # A stock is what it is today, whatever time was chosen.
                within = replace(perimeter, date_from=None, date_to=None) if shown.declaration.is_stock else perimeter
                inside = [row for row in rows if row.source_id in seen and is_inside(row, within)]
                if perimeter.part_of:
                    inside = [row for row in inside if perimeter.part_is in keys(shown.declaration, perimeter.part_of, row)]
                about = (one.code, actor.name["fr"], perimeter)
                assert reading.value().n == len(inside), about
                assert reading.value().value == figure(shown.declaration, inside), about
                for by in set(shown.declaration.by) - {perimeter.part_of}:
                    told = {key: value.value for key, _label, value in reading.split(by)}
                    assert told == by_part(shown.declaration, by, inside), (*about, by)


def of_a_place_beyond_hers_only_rows_of_her_people_are_shown(world: World) -> None:  # S8
    placed = db.session.scalars(sa.select(Membership).where(Membership.person_id == world.people["khadija"].id)).one()
    placed.organisation_id, placed.territories = None, ["03"]
    db.session.commit()
    actor, perimeter = world.people["khadija"].actor, Perimeter(territory="05.271")
    seen = visible_sources(actor, world.programme.id, False)
    assert actor.answers_for(world.programme.id)
    for code in ("women", "cost", "middle"):
        shown = queries.indicator(world.programme, code)
        rows = db.session.scalars(sa.select(IndicatorRow).where(IndicatorRow.indicator_id == shown.id))
        inside = [row for row in rows if row.source_id in seen and is_inside(row, perimeter)]
        for by in ("region", "commune"):
            told = {key: value.value for key, _label, value in Reading(actor, world.programme, shown, perimeter).split(by)}
            assert told == by_part(shown.declaration, by, inside), (code, by)


def figures_of_any_time_and_place_are_those_of_the_rows(world: World, lot: Random) -> None:  # S4
    placed = db.session.scalars(sa.select(Membership).where(Membership.person_id == world.people["khadija"].id)).one()
    placed.organisation_id, placed.territories = world.al_amal.id, ["05.271.01", "05.131", "03"]
    db.session.commit()
    readers = [world.people[name].actor for name in ("admin", "said", "khadija", "amina")]
    days = [date(2026, 1, 10) + timedelta(days=n) for n in range(0, 75, 5)]  # most of them cut a month in which rows stand
    for code in ("women", "reached", "middle", "latest"):
        shown = queries.indicator(world.programme, code)
        rows = list(db.session.scalars(sa.select(IndicatorRow).where(IndicatorRow.indicator_id == shown.id)))
        if code == "women":
            months_of = {row.identity: {other.day.month for other in rows if other.identity == row.identity} for row in rows}
            assert sum(len(months) > 1 for identity, months in months_of.items() if identity) > 2, "they come in several months"
        seen = {actor.person_id: visible_sources(actor, world.programme.id, False) for actor in readers}
        for _ in range(25):
            actor, (first, last) = (
                lot.choice(readers),
                sorted(lot.choices([*days, date(2026, 2, 1), date(2026, 3, 31), *ENDS], k=2)),
            )
            perimeter = Perimeter(
                lot.choice(("", "", "", world.al_amal.id, world.al_hadaf.id)),
                lot.choice(("", "", "", "", "05", "05.271", "05.271.03", "05.131.01.01", "03")),
                lot.choice((None, first, first)),
                lot.choice((None, last, last)),
            )
            reading, about = Reading(actor, world.programme, shown, perimeter), (code, actor.name["fr"], perimeter)
            inside = [row for row in rows if row.source_id in seen[actor.person_id] and is_inside(row, perimeter)]
            assert reading.value().value == figure(shown.declaration, inside), about
            months: dict[str, list[IndicatorRow]] = {}
            for row in inside:
                months.setdefault(row.day.isoformat()[:7], []).append(row)
            told = {month: value.value for month, value in reading.over_time()}
            assert told == {month: figure(shown.declaration, some) for month, some in months.items()}, about
            for by in ("organisation", "region", "commune", *shown.declaration.dims):
                told = {key: value.value for key, _label, value in reading.split(by)}
                assert told == by_part(shown.declaration, by, inside), (*about, by)


def said_of(declaration: Any, rows: list[IndicatorRow]) -> list[tuple[str, str]]:
    """Of the first question that it is split by, what the first row says, and nothing."""
    if not declaration.dims or not rows:
        return []
    dim = declaration.dims[0]
    return [(dim, keys(declaration, dim, rows[0])[0]), (dim, "")]


def visible_sources(actor: Actor, programme_id: str, of_records: bool) -> set[str]:
    model = Entity if of_records else Submission
    action = "entity.read" if of_records else "submission.read"
    return set(db.session.scalars(sa.select(model.id).where(visible(actor, programme_id, model, action))))


def is_inside(row: IndicatorRow, perimeter: Perimeter) -> bool:
    place = perimeter.territory
    return (
        perimeter.organisation_id in ("", row.organisation_id)
        and (not place or f"{row.territory or ''}.".startswith(f"{place}."))
        and (perimeter.date_from is None or row.day >= perimeter.date_from)
        and (perimeter.date_to is None or row.day <= perimeter.date_to)
    )


def figure(declaration: Any, rows: list[IndicatorRow]) -> Decimal | None:
    total, weight = sum(row.total for row in rows), sum(row.weight for row in rows)
    match declaration.measure:
        case "rows":
            return Decimal(len(rows))
        case "sum":
            return Decimal(total) / SCALE
        case "distinct":
            known = {row.identity for row in rows if row.identity}
            return Decimal(len(known) + sum(row.identity is None for row in rows))
        case "median":
            return median(Decimal(row.value or 0) / SCALE for row in rows) if rows else None
        case "share":
            return round(Decimal(total * 100) / weight, 4) if weight else None
        case _:
            return round(Decimal(total) / weight, 4) if weight else None


def by_part(declaration: Any, by: str, rows: list[IndicatorRow]) -> dict[str, Decimal | None]:
    parts: dict[str, list[IndicatorRow]] = {}
    for row in rows:
        for key in keys(declaration, by, row):
            parts.setdefault(key, []).append(row)
    return {key: figure(declaration, some) for key, some in parts.items()}


def keys(declaration: Any, by: str, row: IndicatorRow) -> list[str]:
    if by == "organisation":
        return [row.organisation_id or NONE]
    if by in PLACES:
        depth = LEVEL[by]
        found = [place for place in places_of(row.territory) if place.count(".") + 1 == depth]
        return found or ([NONE] if declaration.measure not in ("distinct", "median") or row.territory is None else [])
    return str(getattr(row, f"by_{declaration.dims.index(by) + 1}")).split(" ")


def test_a_choice_of_very_many_stops_no_counting(work: Work):  # S6
    lot = Random(1)
    themes = ["".join(lot.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=80)) for _ in range(80)]
    author = work.people[0]
    envelope = work.envelope(author)
    envelope["answers"]["grp"]["themes"] = " ".join(themes)
    assert author.push(envelope).status_code == 200
    last = last_event(envelope["submission_id"])
    begin_writing()
    decisions.decide(work.actor, envelope["submission_id"], "approve", based_on=last.id if last else "", comment="", now=NOW)
    db.session.commit()

    indicators.catch_up(work.world.programme.id)

    said = db.session.scalars(sa.select(IndicatorRow.by_1).where(IndicatorRow.source_id == envelope["submission_id"]))
    assert " ".join(themes) in list(said)


def test_a_record_that_takes_a_word_over_leaves_its_own_to_the_next(work: Work, monkeypatch: pytest.MonkeyPatch):  # S7
    monkeypatch.setattr(keeping, "WHOLE_BATCH", 1)
    read: list[int] = []
    records = keeping._Keeper._records
    monkeypatch.setattr(keeping._Keeper, "_records", lambda self, ids: read.append(len(set(ids))) or records(self, ids))
    first_food, first_craft, food, craft = order = sorted(work.coops)
    for one, sector in zip(order, ("food", "craft") * 2, strict=True):
        correct(work, one, sector=sector)
    declare(work.world, [one for one in DECLARED if one["code"] == "once"])
    indicators.catch_up(work.world.programme.id)
    assert counted_of(work.world) == {"food": food, "craft": craft}
    assert set(read) == {1}, "while it is built, each record is read in its turn"

    correct(work, food, sector="")
    correct(work, craft, sector="food")
    indicators.catch_up(work.world.programme.id)
    assert counted_of(work.world) == {"food": craft, "craft": first_craft}
    step_by_step = kept(work.world)
    indicators.recount(work.world.programme.id)
    assert kept(work.world) == step_by_step

    read.clear()
    correct(work, craft, women="7")
    correct(work, first_food, women="8")
    indicators.catch_up(work.world.programme.id)
    assert read == [1, 1]
    long = "ص" * 90
    correct(work, first_food, sector=long)
    correct(work, food, sector=f"{long}!")
    indicators.catch_up(work.world.programme.id)
    assert counted_of(work.world) == {"food": craft, "craft": first_craft, long[:80]: food}
    correct(work, food, sector="")
    indicators.catch_up(work.world.programme.id)
    assert counted_of(work.world) == {"food": craft, "craft": first_craft, long[:80]: first_food}


def correct(work: Work, entity_id: str, **values: str) -> None:
    begin_writing()
    one = db.session.get_one(Entity, entity_id)
    registry.correct(work.actor, one.id, values, version=one.version, note="سبب", now=NOW)
    db.session.commit()


def counted_of(world: World) -> dict[str, str]:
    db.session.rollback()
    rows = db.session.execute(sa.select(IndicatorRow.said, IndicatorRow.source_id).where(IndicatorRow.said.is_not(None))).all()
    assert len(rows) == len({row[0] for row in rows})
    return dict(rows)


def test_another_declaration_is_counted_afresh_and_the_same_keeps_its_rows(work: Work):  # S3
    for _ in range(25):
        work.step()
    indicators.catch_up(work.world.programme.id)
    before = kept(work.world)
    ids = dict(db.session.execute(sa.select(Indicator.code, Indicator.id)).all())
    women = next(one for one in DECLARED if one["code"] == "women")

    renamed = [changed(one, name={"ar": "آخر", "fr": "Autre"}) for one in DECLARED]
    men = [changed(women, where=[{"of": "p_sex", "is": "m"}], unit="men", target=None)]
    declare(work.world, [*(one for one in renamed if one["code"] not in ("women", "cost")), *men])
    indicators.catch_up(work.world.programme.id)

    after = kept(work.world)
    assert {row[0] for row in after["rows"]} - {"women"} == {row[0] for row in before["rows"]} - {"women", "cost"}
    same = [row for row in before["rows"] if row[0] not in ("women", "cost")]
    assert [row for row in after["rows"] if row[0] != "women"] == same
    assert dict(db.session.execute(sa.select(Indicator.code, Indicator.id)).all())["sessions"] == ids["sessions"]
    women_before, men_now = ([row for row in one["rows"] if row[0] == "women"] for one in (before, after))
    assert men_now != women_before
    assert not set(men_now) & set(women_before), "a person is one or the other"
