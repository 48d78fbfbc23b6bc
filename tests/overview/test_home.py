"""The programme's home (docs/home.md):

H1  coordinators and supervisors read it, facilitators do not; each sees the records that she may see and no others
H2  tables: sums, means weighted by the budget, shares of sums, how far two shares stand apart; both sums of projects × partners
H3  boards: steps with their days, days from start to end, what is still going on
H4  amounts read the same in both languages: 28 250 000,00; nothing turns their digits round
H5  a table leaves as CSV with its programme, perimeter and moment; what says who somebody is only with whoever may
H6  the perimeter narrows; what is counted names the moment it was counted; a panel that the chosen time does not narrow says so
H7  a number of a matrix or a board opens the records behind it, as many and as much as it says
H8  what is late waits for whoever promised it, by name; decisions and commitments apart from actions of plans; in a file a group
    is a column, and its sums are not there
H9  what records say is counted once for all who read the same, and anew as soon as one of them changes
"""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Playwright

from app.core.db import db, next_seq
from app.core.ids import new_id
from app.panels import operations
from app.panels.declarations import read
from app.registry.models import Entity
from tests.conftest import NOW, Someone, World
from tests.e2e.device import ARGUMENTS, chromium_path

SPACE = "\u202f"
BUDGETS = (5_300_000, 3_500_000, 3_800_000, 2_410_000, 2_500_000, 1_740_000, 7_000_000, 2_000_000)

HOME: list[dict[str, Any]] = [
    {"kind": "waiting", "title": {"ar": "ما ينتظر", "fr": "Ce qui attend"}},
    {
        "kind": "table",
        "code": "portfolio",
        "title": {"ar": "المشاريع الثمانية", "fr": "Les huit projets"},
        "list": "projects",
        "sort": "ag_code",
        "columns": [
            {"of": "ag_budget", "as": "mad", "label": {"ar": "الكلفة", "fr": "Coût"}, "total": "sum"},
            {"of": "phys", "as": "bar", "label": {"ar": "مادي", "fr": "Physique"}, "total": {"mean_by": "ag_budget"}},
            {"ratio": ["disb", "ag_budget"], "as": "bar", "label": {"ar": "مالي", "fr": "Financier"}, "total": True},
        ],
        "signal": {"gap": ["phys", ["disb", "ag_budget"]], "warn": 10, "bad": 20},
    },
    {
        "kind": "matrix",
        "code": "financing",
        "title": {"ar": "المشاريع والشركاء", "fr": "Projets et partenaires"},
        "list": "contributions",
        "rows": "project",
        "columns": "partner",
        "value": "amount",
        "as": "mad",
        "check": "ag_budget",
    },
    {
        "kind": "board",
        "code": "creation",
        "title": {"ar": "الخطوات", "fr": "Étapes"},
        "list": "groups",
        "steps": {"from": "st_s01", "to": "st_s03"},
        "start": "gp_start",
        "end": "st_s03_d",
    },
]


def a_record(world: World, list_name: str, label: str, data: dict[str, str], **more: Any) -> Entity:
    values = {"programme_id": world.programme.id, "updated_at": NOW, "territory": None} | more
    entity = Entity(id=new_id(), list=list_name, label=label, data=data, seq=next_seq(), **values)
    db.session.add(entity)
    db.session.flush()
    return entity


@pytest.fixture
def home(world: World) -> World:
    """Eight projects, of which two say how far they are; two groups of two organisations."""
    read(HOME)
    operations.replace(world.programme, HOME, now=NOW)
    for number, budget in enumerate(BUDGETS, 1):
        data = {"ag_code": f"P{number}", "ag_budget": f"{budget}.00"}
        data |= {1: {"phys": "60", "disb": "3180000"}, 7: {"phys": "50", "disb": "700000"}}.get(number, {})
        project = a_record(world, "projects", f"مشروع {number}", data)
        if number == 1:
            for partner, amount in (("INDH", "5000000"), ("APDN", "300000.00")):
                a_record(world, "contributions", partner, {"project": project.id, "partner": partner, "amount": amount})
        if number == 2:
            a_record(world, "contributions", "INDH", {"project": project.id, "partner": "INDH", "amount": "3000000.50"})
            a_record(world, "contributions", "APDN", {"project": project.id, "partner": "APDN", "amount": ""})
    days = {"gp_start": "2015-09-01", "st_s01": "done", "st_s01_d": "2015-09-11", "st_s02": "na"}
    ended = days | {"st_s03": "done", "st_s03_d": "2016-02-28"}
    a_record(world, "groups", "مجموعة النور", ended, organisation_id=world.al_amal.id, territory="03.231.01.01")
    a_record(world, "groups", "مجموعة الأمل", days | {"st_s03": "ongoing"}, organisation_id=world.al_hadaf.id)
    db.session.commit()
    return world


def lines(someone: Someone, address: str) -> list[list[str]]:
    answer = someone.client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\xef\xbb\xbf"), "Excel reads Arabic by it"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def test_the_home_shows_the_programme_in_both_languages(home: World, khadija: Someone, said: Someone, amina: Someone):  # H1-H6
    for language in ("ar", "fr"):
        text = re.sub(r"<[^>]+>", " ", said.client.get(f"/overview?lang={language}").text)
        assert f"28{SPACE}250{SPACE}000,00" in text
        assert "28 ,25" not in text
        assert {"ar": "وضعية", "fr": "Situation au"}[language] in text
    assert amina.client.get("/overview").status_code == 403

    portfolio = lines(said, "/overview/portfolio.csv?lang=fr")
    assert portfolio[1][0] == "Boulemane"
    assert portfolio[4][1:4] == ["Coût (MAD)", "Physique (%)", "Financier (%)"]
    # 60 % of 5.3 and 50 % of 7.0 millions; 3.88 of 28.25 millions were spent: projects that do not report weigh nothing
    # in the first and their whole budget in the second.
    assert portfolio[-1][1:4] == ["28250000,00", "54,31", "13,73"]
    assert [line[4] for line in portfolio[5:13]][0::6] == ["0", "40"]

    financing = lines(said, "/overview/financing.csv?lang=fr")
    assert financing[4][1:] == ["INDH", "APDN", "Total (MAD)", "Déclaré (MAD)"]
    assert financing[5][1:] == ["5000000", "300000,00", "5300000,00", "5300000,00"]
    assert financing[6][1:] == ["3000000,50", "○", "3000000,50", "3500000,00"]
    assert len(financing) == 14, "a project without any partner has its row"
    assert financing[-1][1:] == ["8000000,50", "300000,00", "8300000,50", "28250000,00"]

    board = said.client.get("/overview/creation?lang=fr").text
    assert "11/09/2015" in board
    assert "<bdi>2 sur 2</bdi>" in board, "a step that does not apply is not counted"
    steps = lines(said, "/overview/creation.csv?lang=fr")
    assert next(line for line in steps if line and line[0] == "مجموعة النور")[2] == "180", (
        "days from 1 September 2015 to 28 February 2016"
    )
    assert {line[0] for line in steps[5:7]} == {"مجموعة النور", "مجموعة الأمل"}

    mine = [line[0] for line in lines(khadija, "/overview/creation.csv") if line]
    assert "مجموعة النور" in mine
    assert "مجموعة الأمل" not in mine, "of another organisation"
    narrowed = [line[0] for line in lines(said, f"/overview/creation.csv?organisation={home.al_hadaf.id}&lang=fr") if line]
    assert "مجموعة النور" not in narrowed
    assert said.client.get(f"/overview/creation?territory=03.231&organisation={home.al_hadaf.id}").status_code == 200
    assert said.client.get("/overview/nothing").status_code == 404


def behind(someone: Someone, address: str) -> list[tuple[str, str, str, str]]:
    """(number as written, address, count, sum) of each number of a panel that opens its records."""
    found = []
    for link, written in re.findall(
        r'<a href="(/overview/[^"]+/rows[^"]*)"><bdi>([^<]+)</bdi>', someone.client.get(address).text
    ):
        page = someone.client.get(f"{unescape(link)}{'&' if '?' in link else '?'}lang=fr")
        assert page.status_code == 200, link
        caption = re.search(r"<caption>(.*?)</caption>", page.text)
        assert caption is not None
        count = re.search(r"(\d+) dossier", caption[1])
        foot = re.findall(r"<bdi>([^<]+)</bdi>", page.text.split("<tfoot>")[1].split("</tfoot>")[0])
        assert page.text.count("/records/") == int(count[1] if count else 0), "each is named"
        found.append((written, unescape(link), count[1] if count else "", foot[-1]))
    return found


def test_a_number_opens_the_records_that_it_counts(home: World, said: Someone, khadija: Someone):  # H6, H7
    title = HOME[0]["title"]
    counted = {
        "kind": "matrix",
        "code": "counted",
        "title": title,
        "list": "contributions",
        "rows": "partner",
        "columns": "project",
    }
    places = {"kind": "matrix", "code": "places", "title": title, "list": "groups", "rows": "commune", "columns": "organisation"}
    several = {"kind": "matrix", "code": "several", "title": title, "rows": title, "sources": [
        {"list": "contributions", "by": "partner", "label": title},
        {"list": "contributions", "by": "partner", "sum": "amount", "label": title},
    ]}  # fmt: skip
    drawn = {"kind": "map", "code": "map", "title": title, "list": "groups"}
    panels = [*HOME, counted, places, several, drawn]
    operations.replace(home.programme, panels, now=NOW)
    db.session.commit()

    sums = behind(said, "/overview/financing?lang=fr")
    assert {written for written, *_rest in sums} >= {f"5{SPACE}000{SPACE}000,00", "○", f"8{SPACE}300{SPACE}000,50"}
    assert [whole for written, _link, _count, whole in sums if written != "○"] == [one[0] for one in sums if one[0] != "○"]
    for panel, least in (("counted", 7), ("places", 7), ("creation", 2), ("map", 3)):
        cells = behind(said, f"/overview/{panel}?lang=fr")
        assert len(cells) >= least, panel
        assert [count for _written, _link, count, _whole in cells] == [written for written, *_rest in cells], panel
    assert [one[2] for one in behind(said, "/overview/several?lang=fr") if "source=0" in one[1]] == ["2", "2", "4"]
    assert len(behind(khadija, "/overview/creation?lang=fr")) == 2, "of her own organisation"
    assert said.client.get("/overview/creation/rows?step=9").status_code == 404


@pytest.mark.sqlite_only
def test_records_are_counted_anew_as_soon_as_one_changes(home: World, said: Someone, khadija: Someone):  # H9
    asked: list[str] = []

    def ask(reader: Someone) -> str:
        asked.clear()
        return lines(reader, "/overview/financing.csv?lang=fr")[-1][1]

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.extend([statement] if "GROUP BY" in statement and "entities" in statement else [])

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert (ask(said), len(asked)) == ("8000000,50", 1)
        assert (ask(said), len(asked)) == ("8000000,50", 0)
        assert ask(khadija) == "8000000,50"
        changed = db.session.scalars(sa.select(Entity).where(Entity.list == "contributions", Entity.label == "INDH")).first()
        assert changed is not None
        changed.data, changed.seq = changed.data | {"amount": "1"}, next_seq()
        db.session.commit()
        assert ask(said) in ("3000001,50", "5000001")
        assert len(asked) == 1
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)


def test_a_panel_goes_by_the_chosen_time_or_says_that_it_does_not(home: World, said: Someone):  # H6
    phase = {"code": "p1", "name": {"ar": "الأولى", "fr": "Première"}, "starts_on": "2015-01-01", "ends_on": "2015-12-31"}
    home.programme.phases = [phase]
    dated = [one | ({"date": "st_s03_d"} if one["kind"] == "board" else {}) for one in HOME]
    dated.append(
        {
            "kind": "matrix",
            "code": "ends",
            "title": HOME[0]["title"],
            "list": "groups",
            "rows": "st_s01",
            "columns": "st_s03",
            "date": "st_s03_d",
        }
    )
    dated.append({"kind": "map", "code": "map", "title": HOME[0]["title"], "list": "groups", "date": "st_s03_d"})
    operations.replace(home.programme, dated, now=NOW)
    db.session.commit()
    not_narrowed = "Le temps choisi ne restreint pas ce tableau"
    for chosen in ("from=2016-01-01&to=2016-12-31", "phase=p1", ""):
        for panel in ("financing", "portfolio"):
            assert (not_narrowed in said.client.get(f"/overview/{panel}?{chosen}&lang=fr").text) == bool(chosen), panel
    inside, outside = "from=2016-01-01", "phase=p1"
    assert "مجموعة النور" in said.client.get(f"/overview/creation?{inside}").text
    assert "مجموعة الأمل" not in said.client.get(f"/overview/creation?{inside}").text, "it has not ended"
    for panel in ("creation", "ends", "map"):
        page = said.client.get(f"/overview/{panel}?{outside}&lang=fr").text
        assert "Aucune fiche dans le temps choisi" in page, panel
        assert not_narrowed not in page
        assert not_narrowed not in said.client.get(f"/overview/{panel}?{inside}&lang=fr").text


@pytest.mark.sqlite_only
def test_what_was_promised_waits_for_who_promised_it(world: World, said: Someone):  # H8
    declared = [
        {"kind": "waiting", "code": "waiting", "title": {"ar": "ما ينتظر", "fr": "Ce qui attend"}},
        {"kind": "table", "code": "by-kind", "title": {"ar": "حسب الصنف", "fr": "Par nature"}, "list": "actions"}
        | {"group": "kind", "columns": [{"of": "cost", "as": "mad", "total": "sum", "label": {"ar": "الكلفة", "fr": "Coût"}}]},
    ]
    operations.replace(world.programme, declared, now=NOW)
    promised = [("commitment", "جماعة تافراوت", ""), ("commitment", "جماعة إغران", ""), ("commitment", "جماعة إغران", "")]
    for kind, party, responsible in [*promised, ("decision", "المجلس الإقليمي", ""), ("", "", "admin"), ("", "", "")]:
        data = {"kind": kind, "party": party, "responsible": responsible, "due": "2020-05-01", "cost": "100"}
        a_record(world, "actions", "إجراء", data, waits_until="2020-05-01")
    db.session.commit()
    late = {line[0]: line[1:3] for line in lines(said, "/overview/waiting.csv?lang=fr")[5:] if len(line) > 2}
    assert late["Actions dont l’échéance est passée"] == ["2", "admin (1)"]
    assert late["Décisions dont l’échéance est passée"] == ["1", "Conseil provincial (1)"], "as its reader calls it"
    assert late["Engagements dont l’échéance est passée"] == ["3", "جماعة إغران (2), جماعة تافراوت (1)"], (
        "by name, and apart from actions of plans"
    )
    page = said.client.get("/overview/waiting/rows?row=commitments&lang=fr").text
    assert page.count("/records/actions/") == 3
    assert "Engagements dont l’échéance est passée · 3" in unescape(page)
    # In a file the group is a column, so that it can be filtered and nothing is summed twice.
    filed = lines(said, "/overview/by-kind.csv?lang=fr")[5:]
    assert [line[1] for line in filed[:6]].count("commitment") == 3
    assert [line[2] for line in filed] == ["100"] * 6 + ["600"]


@pytest.mark.sqlite_only
def test_names_of_persons_leave_only_with_whoever_may(home: World, khadija: Someone, said: Someone):  # H5
    panel = {"kind": "table", "code": "a", "title": HOME[0]["title"], "list": "persons", "columns": [{"of": "skill"}]}
    operations.replace(home.programme, [panel], now=NOW)
    a_record(home, "persons", "حليمة", {"skill": "زربية"})
    assert any("حليمة" in line for line in lines(khadija, "/overview/a.csv"))
    kept = lines(said, "/overview/a.csv")
    assert any("زربية" in line for line in kept)
    assert not any("حليمة" in line for line in kept)


@pytest.mark.sqlite_only
def test_a_programme_that_declares_none_has_a_home_made_of_what_it_has(world: World, khadija: Someone):  # H1
    page = khadija.client.get("/overview?lang=fr").text
    assert "Ce qui attend" in page
    sheet = khadija.client.get("/overview/sheet.css?lang=ar").text
    assert "counter(pages)" in sheet
    assert "A4 landscape" in sheet
    assert "بولمان" in sheet


# Each number of a table as it is written, and its signs in the order in which they stand on the page, from the left.
NUMBERS = r"""() => [...document.querySelectorAll('.figures bdi')].flatMap(({ firstChild: node }) =>
  node?.nodeType !== 3 ? [] : [...node.data.matchAll(/\d[\d,\u202f]*/g)].map(({ 0: number, index }) => {
    const signs = [...number].map((sign, n) => {
      const range = document.createRange();
      range.setStart(node, index + n);
      range.setEnd(node, index + n + 1);
      return [range.getBoundingClientRect().left, sign];
    });
    return [number, signs.sort((a, b) => a[0] - b[0]).map(([, sign]) => sign).join('')];
  }))"""


@pytest.mark.sqlite_only
@pytest.mark.browser
def test_digits_stand_in_their_order_on_an_arabic_page(address: str, home: World, said: Someone, playwright: Playwright):  # H4
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    try:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        token = said.client.get_cookie("session")
        assert token is not None
        context.add_cookies([{"name": "session", "value": token.value, "url": address}])
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.goto(f"{address}/overview?lang=ar")
        seen = page.evaluate(NUMBERS)
        assert f"28{SPACE}250{SPACE}000,00" in [written for written, _stands in seen]
        assert [(written, stands) for written, stands in seen if written != stands] == []
        # The table begins at the right, and its amounts end at their units.
        name, amount = page.locator("#portfolio thead th").nth(0), page.locator("#portfolio thead th").nth(1)
        first, second = name.bounding_box(), amount.bounding_box()
        assert first is not None
        assert second is not None
        assert first["x"] > second["x"]
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert wrong == []
    finally:
        browser.close()
