"""What the home reads from indicators (docs/home.md):

F1  tiles: value, target, what is counted; phases apart; a split with the progress of each part
F2  axes: mean, median, deviation and n of each record's newest approved round, split by property, organisation and place;
    the weakest questions; two rounds of the records that have both. From rows or from kept sums, the same
F3  rankings: values of several indicators, mapped to one list; a record that two of them count is one together
F4  partners: shares of the budget, and what is missing to it, said and not refused
F5  a number of a ranking, of a phase, of a split opens the rows behind it, as many as it says; beyond many rows records are not
    told apart, and the panel says so
F6  minutes of filling: quartiles of what was filled in one go; what was left open in between is counted apart
F7  a chosen time narrows no figure over records that nothing dates, and the page says so: no false zero; a demonstration is
    marked as one on every panel, in every file and on every sheet
"""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.indicators import declarations, forms
from app.indicators import operations as indicators
from app.instruments import operations as instruments
from app.instruments.models import Instrument, InstrumentVersion
from app.overview import axes, figures
from app.panels import axes as scores
from app.panels import declarations as panels
from app.panels import filling, operations
from app.submissions import decisions
from app.submissions.queries import last_event
from tests.conftest import NOW, Someone, World
from tests.overview.test_home import lines

ROUND = {"instrument": "round"}


def both(text: str) -> dict[str, str]:
    return {"ar": text, "fr": text}


def said_of(code: str, measure: str, over: dict[str, str], unit: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": both(code),
        "definition": both(f"def {code}"),
        "measure": measure,
        "over": over,
        "unit": unit,
        **more,
    }


DECLARED = [
    said_of("coops", "rows", {"list": "cooperatives"}, "cooperatives", by=["organisation", "sector"],
            target={"value": 6, "unit": "cooperatives", "by": "2026-12-31"}),
    said_of("seen", "distinct", ROUND, "cooperatives", of="subject", by=["organisation"]),
    said_of("needs", "distinct", ROUND, "cooperatives", of="subject", by=["need1"], each="latest"),
    said_of("heard", "distinct", ROUND, "cooperatives", of="subject", by=["heard"]),
]  # fmt: skip
HOME: list[dict[str, Any]] = [
    {"kind": "indicators", "code": "tiles", "title": both("Cibles"), "indicators": ["coops", "seen"]},
    {"kind": "indicators", "code": "phases", "title": both("Phases"), "indicators": ["seen"], "by_phase": True},
    {
        "kind": "split",
        "code": "progress",
        "title": both("Avancement"),
        "indicators": ["seen"],
        "by": "organisation",
        "out_of": "coops",
    },
    {"kind": "axes", "code": "axes", "title": both("Axes"), "by": ["sector", "organisation", "commune"], "rounds": True}
    | {"instrument": "round", "weakest": 10},
    {
        "kind": "ranking",
        "code": "domains",
        "title": both("Domaines"),
        "indicators": [{"code": "needs", "by": "need1", "map": "domain"}, {"code": "heard", "by": "heard"}],
        "values": ["finance", "certif"],
    },
    {"kind": "partners", "code": "partners", "title": both("Partenaires")},
]

# (cooperative, who visits, sector, leg01, fin01, need, what was heard), in order of time.
VISITS = [
    (0, "amina", "food", "0", "2", "loan", ""),
    (1, "amina", "food", "4", "0", "label", "certif finance"),
    (2, "fatima", "craft", "2", "0", "mark", "certif"),
    (0, "amina", "food", "4", "2", "mark", "finance"),
]


@pytest.fixture
def rounds(world: World) -> World:
    """Three cooperatives, one of them diagnosed twice; a fourth that is only registered; a diagnostic that nobody approved."""
    form = instruments.publish_checked(
        None,
        world.programme.id,
        instruments.check(world.programme.id, "round.md", (Path(__file__).parent / "round.md").read_bytes()),
        NOW,
    ).sha256
    known, lists = forms.forms_of(world.programme.id), forms.lists_of(world.programme.id)
    read = panels.read(HOME, lists=lists, indicators={one["code"] for one in DECLARED}, forms=known)
    phase = {"code": "p1", "name": both("Phase 1"), "starts_on": "2020-01-01", "ends_on": "2020-12-31"}
    world.programme.phases = [phase]
    world.programme.budget = {"amount": "4000000.00", "note": both("")}
    world.programme.financing = [
        {
            "code": "d",
            "name": both("Drosos"),
            "role": "donor",
            "contributions": [{"kind": "money", "amount": "3700000.00", "note": {}}],
        },
        {"code": "o", "name": both("Union"), "role": "owner", "contributions": [{"kind": "land", "amount": None, "note": {}}]},
    ]
    declared = declarations.read(DECLARED + scores.declarations(read, known), known, lists)
    indicators.replace(world.programme, declared, NOW)
    operations.replace(world.programme, HOME, now=NOW)
    db.session.commit()
    coops = [new_id() for _ in range(4)]
    for n, one in enumerate(coops):
        create = {"list": "cooperatives", "id": one, "action": "create", "label": f"تعاونية {n}", "data": {}}
        world.people["fatima" if n == 2 else "amina"].deliver(form_id="round", form_sha256=form, answers={}, entities=[create])
    for number, (coop, who, sector, leg, fin, need, heard) in enumerate([*VISITS, (1, "amina", "food", "0", "0", "loan", "")]):
        answers = {"coop": coops[coop], "sector": sector, "leg01": leg, "fin01": fin, "need1": need, "heard": heard}
        answers |= {"score_leg": str(int(leg) * 25), "score_fin": str(int(fin) * 25)}
        answers["score_all"] = str((int(leg) + int(fin)) * 25 / 2)
        update = {"list": "cooperatives", "id": coops[coop], "action": "update", "data": {"sector": sector}}
        sent = world.people[who].deliver(
            form_id="round",
            form_sha256=form,
            answers=answers,
            entities=[update],
            subject={"list": "cooperatives", "id": coops[coop]},
            territory="05.271.01.03" if coop else "03.131.01.03",
            t_client=f"2026-11-2{number}T10:00:00.000+01:00",
        )
        if number < len(VISITS):
            begin_writing()
            key = sent["submission_id"]
            decisions.decide(
                world.people["admin"].actor, key, "approve", based_on=getattr(last_event(key), "id", ""), now=NOW
            )  # fmt: skip
        db.session.commit()
    indicators.catch_up(world.programme.id)
    return world


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1])))


def table(someone: Someone, code: str, title: str = "") -> list[list[str]]:
    """Rows of a table of a panel, without its head: the first, or the one with this title."""
    found = lines(someone, f"/overview/{code}.csv?lang=fr")[3:]
    start = found.index([title]) + 1 if title else 0
    rows: list[list[str]] = []
    for line in found[max(start, 1) :]:
        if not line:
            break
        if len(line) > 1:  # notes below it stand alone
            rows.append(line)
    return rows[1:]


def test_what_indicators_say_stands_on_the_home(rounds: World, said: Someone, khadija: Someone, monkeypatch: pytest.MonkeyPatch):
    page = text_of(said.client.get("/overview?lang=fr").text)  # F1
    assert "4 coopératives" in page
    assert "Cible : 6 d’ici le 31 décembre 2026 · 66,7 %" in page
    assert table(said, "phases") == [["seen coopératives", "3", "0"]]
    assert {line[0]: line[1:] for line in table(said, "progress")} == {
        "Association Al Amal": ["2", "3", "66,7"],
        "Association Al Hadaf": ["1", "1", "100,0"],
        "Total": ["3", "4", "75,0"],
    }
    split = said.client.get("/overview/progress?lang=fr").text
    assert f"/indicators/seen?organisation={rounds.al_hadaf.id}" in split, "a figure opens the rows behind it"
    assert table(khadija, "progress")[-1] == ["Total", "2", "3", "66,7"], "she sees her organisation's"

    for few in (axes.FEW, -1):  # F2
        monkeypatch.setattr(axes, "FEW", few)
        assert [line[:5] for line in table(said, "axes")[:3]] == [
            ["Juridique", "83,3333", "100,0000", "23,5702", "3"],
            ["Finances", "16,6667", "0,0000", "23,5702", "3"],
            ["Note globale", "50,0000", "50,0000", "20,4124", "3"],
        ]
        parts = table(said, "axes", "Par Secteur")
        assert [line[:3] for line in parts] == [["Alimentation", "2", "62,5000"], ["Artisanat", "1", "25,0000"]]
        assert len(table(said, "axes", "Par Organisme")) == 2
        assert len(table(said, "axes", "Par Commune")) == 2
        weakest = table(said, "axes", "Les 2 questions les plus faibles")
        assert [line[1:4] for line in weakest] == [["0,6667", "", "3"], ["3,3333", "", "3"]]
        assert {len(line) for line in weakest} == {4}, (
            "one record of three has two rounds: no change of it beside a mean of three"
        )
        if few < 0:
            assert "pour comparer deux passages" in text_of(said.client.get("/overview/axes?lang=fr").text)
            continue
        compared = table(said, "axes", "Deux passages comparés")
        assert ["Juridique", "0,0000", "100,0000", "100,0", "1"] in compared
        assert table(said, "axes", "Deux passages, question par question")[0][1:] == ["0,0000", "4,0000", "4,00", "1"]

    # F7: nothing says when a cooperative came; the day on which its record was made is no answer.
    page = text_of(said.client.get("/overview?lang=fr&to=2016-12-08").text)
    assert "4 coopératives" in page
    assert "comptent les fiches telles qu’elles sont maintenant : coops" in page
    page = text_of(said.client.get("/indicators/coops?lang=fr&phase=p1").text)
    assert "4 coopératives" in page
    assert "Le temps choisi" in page

    picture = said.client.get("/overview/axes?lang=fr").text
    assert 'class="before"' not in picture, "one record of three has two rounds: its mean is not drawn beside that of all"

    # A panel of means opens the page of a median: it says both.
    page = text_of(said.client.get("/indicators/round.axis.LEG?lang=fr").text)
    assert "Moyenne 83,3 · Médiane 100,0 · n 3" in page

    # F3: by their newest need, all three need help with certification; finance was heard of two.
    assert table(said, "domains") == [["Certification", "1", "3", "2", "3", ""], ["Financement", "2", "0", "2", "2", ""]]

    assert figures.ranked({"a": Decimal(9), "b": Decimal(12), "c": Decimal(9), "d": Decimal(1)}) == {
        "b": 1,
        "a": 2,
        "c": 2,
        "d": 4,
    }

    partners = table(said, "partners")  # F4
    assert partners[0][3:] == ["3700000,00", "92,5"]
    assert partners[1][3] == "—"
    assert [line[3] for line in partners[2:4]] == ["3700000,00", "4000000,00"]
    assert "300\u202f000,00\u00a0MAD" in said.client.get("/overview/partners?lang=fr").text
    rounds.programme.financing = rounds.programme.financing[1:]
    db.session.commit()
    assert table(said, "partners")[1][3:] == ["—", "—"], "nobody said how much: no sum of 0"


def shown_at(someone: Someone, address: str) -> str:
    """The number on the page that an address opens: of an indicator its value, of records their count."""
    page = unescape(someone.client.get(f"{address}{'&' if '?' in address else '?'}lang=fr").text)
    found = re.search(r'class="value"><bdi>(\d+)', page) or re.search(r"<caption>[^<]*?(\d+) dossier", page)
    assert found is not None, address
    return found[1]


def numbers(someone: Someone, panel: str) -> list[tuple[str, str]]:
    """(number, the address that it opens) in a panel."""
    page = unescape(someone.client.get(f"/overview/{panel}?lang=fr").text).split("<main", 1)[1]
    return [(number, link) for link, number in re.findall(r'<td[^>]*><a href="([^"]+)"><bdi>(\d+)</bdi>', page)]


def test_a_number_opens_the_rows_that_it_counts(rounds: World, said: Someone, khadija: Someone, monkeypatch: pytest.MonkeyPatch):
    for reader in (said, khadija):  # F5
        for panel, many in (("domains", 5), ("phases", 2), ("progress", 2)):
            found = numbers(reader, panel)
            assert len(found) >= many, panel
            assert [shown_at(reader, link) for _number, link in found] == [number for number, _link in found], panel
    assert shown_at(said, "/indicators/heard?of=heard&is=finance") == "2"
    assert shown_at(said, "/indicators/heard?of=heard") == "1", "who said nothing on one day"

    monkeypatch.setattr(figures, "MOST_IDENTITIES", 2)
    page = text_of(said.client.get("/overview/domains?lang=fr").text)
    assert "choisissez un territoire" in page
    assert table(said, "domains") == [["Certification", "1", "—", "2", ""], ["Financement", "1", "—", "2", ""]], (
        "equals share a rank"
    )


@pytest.mark.sqlite_only
def test_columns_of_different_units_have_no_common_rank(rounds: World, said: Someone):  # F3
    declared = [
        one if one["code"] != "heard" else one | {"measure": "rows", "unit": "difficulties", "of": None} for one in DECLARED
    ]
    declared = [{key: value for key, value in one.items() if value is not None} for one in declared]
    known, lists = forms.forms_of(rounds.programme.id), forms.lists_of(rounds.programme.id)
    axes_read = panels.read([HOME[3] | {"date": "seen_on"}])
    assert {one.get("date") for one in scores.declarations(axes_read, known)} == {"seen_on"}, (
        "axes go by the day that the panel names"
    )
    indicators.replace(rounds.programme, declarations.read(declared, known, lists), NOW)
    db.session.commit()
    indicators.catch_up(rounds.programme.id)
    assert table(said, "domains") == [["Financement", "0", "2"], ["Certification", "3", "2"]], "as the panel lists them"
    assert "ni additionnées ni classées" in text_of(said.client.get("/overview/domains?lang=fr").text)
    phases = lines(said, "/overview/phases.csv?lang=fr")
    assert "def seen" in text_of(said.client.get("/overview/phases?lang=fr").text), phases


@pytest.mark.sqlite_only
def test_a_demonstration_says_so_wherever_it_is_shown(rounds: World, said: Someone):  # F7
    assert "Démonstration" not in text_of(said.client.get("/overview?lang=fr").text)
    rounds.programme.is_demo = True
    db.session.commit()
    page = text_of(said.client.get("/overview?lang=fr").text)
    assert page.count("Démonstration") == 1 + len(HOME), "above all of it, and on each panel"
    assert "Démonstration" in text_of(said.client.get("/records/cooperatives?lang=fr").text)
    assert "Démonstration" in said.client.get("/overview/sheet.css?lang=fr").text
    tiles = lines(said, "/overview/tiles.csv?lang=fr")
    assert tiles[1][:2] == ["Boulemane", "Démonstration"]
    assert tiles[5][:3] == ["coops", "4", "coopératives"], "a unit, not the figure again"


@pytest.mark.sqlite_only
def test_minutes_of_filling_leave_out_what_was_left_open(rounds: World, said: Someone):  # F6
    form = forms.forms_of(rounds.programme.id)["round"]
    home: list[dict[str, Any]] = [{"kind": "minutes", "code": "minutes", "title": both("Durée"), "instruments": ["round"]}]
    read = panels.read(home, forms={"round": form})
    indicators.replace(rounds.programme, declarations.read(filling.declarations(read, {"round": form}), {"round": form}, {}), NOW)
    operations.replace(rounds.programme, home, now=NOW)
    db.session.commit()
    query = sa.select(InstrumentVersion.sha256).join(Instrument, Instrument.current_id == InstrumentVersion.id)
    sha256 = db.session.scalars(query.where(Instrument.form_id == "round")).one()
    for started in ("09:00", "09:20", "09:30", "09:40", "04:00"):
        t_started = f"2026-11-25T{started}:00.000+01:00"
        rounds.people["amina"].deliver(
            form_id="round", form_sha256=sha256, answers={}, t_started=t_started, t_client="2026-11-25T10:00:00.000+01:00"
        )
    db.session.commit()
    indicators.catch_up(rounds.programme.id)
    # Four that took 142 minutes and four of 20, 30, 40 and 60; one of six hours beside three of the fixture, of days.
    assert table(said, "minutes")[0][1:] == ["8", "37,5", "101,0", "142,0", "4"]
