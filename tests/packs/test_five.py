"""The five programmes of the seeds run as data; their pages show what was published, in both languages (docs/seeds.md).

F1  Fès: 78 women in 6 groups, who left and why, 15 steps, both phases, 4 million dirhams of which the donor brings 92.5 %
F2  Taounate: eight projects of 28 250 000,00 MAD, projects × partners with both sums, physical beside financial progress,
    weighted by budget, late payments, 700 beneficiaries, a host that does not sign, a project without a place
F3  Guelmim: premises by commune and decision, square metres, premises × groups, 72 women of distinct groups, roadmap,
    crafts × masters × apprentices
F4  Al Hoceima: 1,051 women for 300 with both definitions, six domains of difficulties, six files of certification,
    cooperatives by sector and province
F5  what real people have in a programme of the same pack stays when the demonstration goes
F6  no pack names a reference of the CNDP: forms with names stay shut in the programme for real work
F7  commitments of meetings by institution or commune: made, kept, to come, late; each number opens its rows; an institution is
    one row however it is written, and called as its reader calls it
F8  files of a demonstration say so in each row, files of a real programme do not
F9  days of what never ended stop where the programme, or the phase that was chosen, ends
(Boulemane: tests/demo.)
"""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Person
from app.accounts.operations import actor_of
from app.core.clock import utcnow
from app.core.db import db
from app.core.permissions import Actor
from app.demo import PASSWORD
from app.demo.playing import code_of, play
from app.demo.unloading import unload
from app.export.gather import Request, prepare
from app.export.tables import Options
from app.export.writing import write_csv
from app.indicators.models import Indicator
from app.instruments import consent
from app.instruments.queries import published
from app.overview.naming import Names
from app.packs.loading import load
from app.packs.reading import folder_of, known, read
from app.panels.models import Home as Homes
from app.registry.models import Entity, Programme
from app.submissions.queries import Filters
from tests.conftest import count

SPACE = "\u202f"  # between thousands


class Home:
    """The home of a pack's demonstration, as its supervisor reads it."""

    def __init__(self, app: Flask, code: str) -> None:
        app.config["DEMO"] = True
        pack = read(folder_of(code))
        assert play(pack, utcnow())
        self.id = db.session.scalar(sa.select(Programme.id).where(Programme.code == code_of(pack)))
        self.client: FlaskClient = app.test_client()
        signed_in = self.client.post("/sign-in", data={"username": "supervisor", "password": PASSWORD})
        assert signed_in.status_code == 302

    def text(self, language: str) -> str:
        answer = self.client.get(f"/overview?programme={self.id}&lang={language}")
        assert answer.status_code == 200
        shown = re.sub(r"(?s)<(script|style|svg).*?</\1>|<[^>]+>", " ", answer.text.split("<main", 1)[1])
        return re.sub(r"[ \n\t\u00a0]+", " ", re.sub("[\u2066-\u2069]", "", html.unescape(shown)))

    def table(self, panel: str, **chosen: str) -> list[list[str]]:
        answer = self.client.get(f"/overview/{panel}.csv", query_string={"programme": self.id, "lang": "fr", **chosen})
        assert answer.status_code == 200
        return [line for line in csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";") if line]

    def opened(self, panel: str, **cell: str) -> int:
        """How many records stand behind a number."""
        answer = self.client.get(f"/overview/{panel}/rows", query_string={"programme": self.id, "lang": "fr", **cell})
        assert answer.status_code == 200
        found = re.search(r"(\d+) dossiers?", answer.text)
        return int(found[1]) if found else 0

    def promises(self, panel: str = "commitments") -> dict[str, list[int]]:
        """{who: made, kept, to come, late, given up}; each number opens as many rows as it says."""
        found = {}
        for line in self.table(panel)[4:]:
            found[line[0]] = [int(one) for one in line[1:]]
            assert found[line[0]][0] == sum(found[line[0]][1:]), "whatever was promised is one of these"
        for n, many in enumerate(found["Total"]):
            assert self.opened(panel, source=str(n)) == many, n
        return found

    def file(self, address: str) -> list[dict[str, str]]:
        """A CSV with a line of headings."""
        answer = self.client.get(address, query_string={"lang": "fr"})
        assert answer.status_code == 200
        text = answer.data.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ","))

    @property
    def reader(self) -> Actor:
        return actor_of(db.session.scalars(sa.select(Person).where(Person.username == "supervisor")).one())

    def shows(self, arabic: list[str], french: list[str]) -> None:
        for language, wanted in (("ar", arabic), ("fr", french)):
            text = self.text(language)
            assert [one for one in wanted if one not in text] == [], language


def row(table: list[list[str]], first: str) -> list[str]:
    return next(line for line in table if line[0].startswith(first))


@pytest.mark.sqlite_only
def test_fes_shows_78_women_on_their_way_to_six_cooperatives(app: Flask) -> None:  # F1
    home = Home(app, "fes")
    ar = ["نساء مسجلات في المجموعات 78", "غادرن المجموعة امرأتان", "المجموعات المواكَبة 6", "التكوين والتأطير"]
    fr = ["Femmes enregistrées dans les groupes 78 femmes", "Ont quitté leur groupe 2", "Groupes accompagnés 6", "Départ du lieu"]
    money = [f"4{SPACE}000{SPACE}000,00", f"3{SPACE}700{SPACE}000,00", "92,5 %"]
    home.shows([*ar, *money], [*fr, *money])
    board = home.table("creation")
    groups = [line for line in board if "مجموعة" in line[0]]
    assert len(groups) == 6
    assert all(len(line) >= 15 for line in groups)
    assert [line[3:5] for line in groups if "النور" in line[0]] == [["15", "286"]], "days from start to registration"
    days = [[line[4] for line in home.table("creation", phase=one) if "الطبخ" in line[0]] for one in ("", "training")]
    assert days == [["997"], ["465"]], "of a group that was not registered when the programme, when the phase ended"  # F9
    home.shows(["لم يكتمل إلى غاية 16/06/2018"], ["non achevé au 16/06/2018"])
    phases = home.table("phases")
    trained = row(phases, "Femmes formées")
    assert "78" in trained, "each woman once, though 26 came to a second session"
    assert "104" in row(phases, "Participations")
    assert row(phases, "Présence")[1] == "90,3382", "half a day counts half"
    started = [row(home.table("targets", phase=phase), "Groupes")[1] for phase in ("training", "follow-up")]
    assert started == ["6", "0"], "groups are dated by their start, not by the day their record was made"
    assert home.promises() == {  # F7
        "Direction régionale de l’artisanat": [1, 1, 0, 0, 0],
        "Union des associations de Fès-Médina": [1, 1, 0, 0, 0],
        "مقاطعة فاس المدينة": [1, 0, 0, 1, 0],
        "Fondation Drosos": [1, 0, 0, 1, 0],
        "Total": [4, 2, 0, 2, 0],
    }
    names = Names(home.id, "fr")
    assert {names.say(one) for one in ("DROSOS", "fondation  drosos", "مؤسَّسة دروسوس", "دروسوس")} == {"Fondation Drosos"}
    assert (
        len({names.key(one) for one in ("ODCO", "O.D.C.O.", "مكتب تنمية التعاون", "office du développement de la cooperation")})
        == 1
    )
    assert names.key("Association locale") != names.key("Association")
    assert home.opened("commitments", row="Drosos", source="0") == 1
    assert home.opened("commitments", row="مقاطعة  فاس المدينه", source="3") == 1
    home.shows(["الالتزامات حسب المؤسسة", "لم يحل أجله"], ["Engagements par institution", "À tenir"])
    money = row(home.table("money"), "Apport du bailleur")
    assert (money[1], money[3]) == ("3700000", ""), "what the donor gives is no share, and no target of itself"


def test_taounate_shows_eight_projects_and_leaves_what_is_real(app: Flask) -> None:  # F2 F5
    load(read(folder_of("taounate")), now=utcnow())
    home = Home(app, "taounate")
    total = f"28{SPACE}250{SPACE}000,00"
    home.shows(
        [
            f"كلفة المشاريع {total}",
            "المستفيدون المرتقبون 700",
            "إلى اليوم 316 مشاركة",
            "28,25 مليون درهم",
            "مركب للنسيج التقليدي",
            "هذه المبالغ للتجربة",
        ],
        [
            f"Coût des projets {total}",
            "Bénéficiaires prévus 700",
            "Participations aux projets à ce jour 316 participations Cible : 700",
            "qui profite de deux projets y compte deux fois",
            "28,25 MDH",
            "Complexe de tissage traditionnel",
            "écart important",
        ],
    )
    portfolio = home.table("portfolio")
    assert row(portfolio, "Total")[4:7] == ["28250000", "43,84", "40,42"], "weighted by budget, physical beside financial"
    assert row(portfolio, "Valorisation")[2] == "El Bibane, Ourtzarh, Kissane"
    assert row(portfolio, "Espaces de vente")[2] == "—", "a project without a place"
    assert row(home.table("hosts"), "Valorisation")[3] == "Ourtzarh", "hosts, and did not sign"
    financing = home.table("financing")
    assert row(financing, "Total")[-2:] == ["27750000", "28250000"]
    partners = dict(zip(*(row(financing[3:], one)[1:] for one in ("Projet", "Total")), strict=True))
    assert not re.search("[\u0621-\u064a]", "".join(partners)), "partners as a reader of French calls them"
    assert partners["INDH"] == "6200000", "one sheet names it by its acronym, the others in Arabic"
    assert home.opened("financing", column="INDH") == 5
    late = home.table("late")
    assert len(late) > 8
    titles = [one for line in late[4:-1] for one in line[:2]]
    assert titles
    assert not re.search("[\u0621-\u064a]", "".join(titles)), "in the reader's language only"
    assert home.promises()["Total"] == [2, 1, 0, 1, 0]  # F7
    assert row(home.table("hosts"), "Total")[4:] == ["700", "254", "62"], "planned and reached, by project"

    real = db.session.scalars(sa.select(Programme).where(Programme.code == "taounate")).one()
    told = [*db.session.scalars(sa.select(Indicator.declaration).where(Indicator.programme_id == real.id))]
    told += db.session.get_one(Homes, real.id).panels
    wrong = [one for one in told if "démonstration" in str(one) or "2016-12-08" in str(one)]
    assert wrong == [], "only the demonstration says so"
    assert unload(utcnow(), "taounate") == ["taounate-demo"]
    assert count(Entity, Entity.programme_id == real.id) == 8
    for table in db.metadata.sorted_tables:
        if "programme_id" in table.c and table.name != "audit":
            left = sa.select(sa.func.count()).select_from(table).where(table.c.programme_id == home.id)
            assert db.session.scalar(left) == 0, table.name


@pytest.mark.sqlite_only
def test_guelmim_shows_premises_by_commune_and_who_could_use_them(app: Flask) -> None:  # F3
    home = Home(app, "guelmim")
    home.shows(
        ["فضاءات مجرودة 11", "فضاءات أعيد فتحها 1", "خارطة الطريق", "نسيج الخيام"],
        ["Locaux recensés 11", "Locaux rouverts 1", "Exploitable immédiatement", "Tissage de tentes"],
    )
    assert row(home.table("decisions"), "Total")[-1] == "11"
    targets = {line[0]: line[1] for line in home.table("targets") if len(line) > 1}
    assert row(home.table("area"), "Total")[-1] == targets["Surface disponible"] == "2285"
    sums = [one for one in row(home.table("roadmap"), "Total")[1:] if one]
    assert sums == [targets["Surface disponible"], targets["Coût de réhabilitation"]]
    women = [many for name, many in targets.items() if "emmes" in name]
    assert women == ["72", "28", "44"], "each group once, of them registered and only named"
    home.shows(["نساء يمكن أن يستفدن من فضاء 72", "كل مجموعة مرة واحدة"], ["Femmes qui peuvent bénéficier d’un local 72"])
    rows = home.file("/indicators/women-all.csv")
    assert [len(rows), sum(int(one["value"]) for one in rows)] == [6, 72], "a row for each group"
    assert home.promises("commune-commitments") == {  # F7
        "Guelmim": [2, 1, 1, 0, 0],
        "Bouizakarne": [1, 0, 1, 0, 0],
        "Fask": [1, 0, 0, 1, 0],
        "Total": [4, 1, 2, 1, 0],
    }
    assert home.promises() == {"Chambre d’artisanat": [1, 0, 1, 0, 0], "Total": [1, 0, 1, 0, 0]}
    assert home.opened("commune-commitments", row="10.261.01.03", source="1") == 1
    assert {one["demonstration"] for one in rows} == {"données de démonstration"}  # F8
    assert {one["Démonstration"] for one in home.file("/records/premises/table")} == {"données de démonstration"}
    book = openpyxl.load_workbook(io.BytesIO(home.client.get("/records/premises/table?lang=ar&format=xlsx").data))
    assert [line[-1] for line in book.active.values] == ["تجربة", *["معطيات للتجربة"] * 11]
    asked = Request(Filters(home.id, form_id="prem", states=("approved",)), Options(language="fr"))
    stream = io.BytesIO()
    write_csv(prepare(home.reader, asked, now=utcnow()), stream, by="")
    with zipfile.ZipFile(stream) as archive:
        for name in ("prem.csv", "grp_groups-grp.csv"):
            head, words, *lines = csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))
            assert (head[-1], words[-1]) == ("demonstration", "Démonstration")
            assert {line[-1] for line in lines} == {"données de démonstration"}, name
        assert "programme de démonstration" in archive.read("readme.csv").decode()
    matches = home.table("matches")
    assert row(matches, "Local")[1:-1] == [
        "مجموعة نسيج الخيام (تجريبية)",
        "مجموعة نسيج كلميم (تجريبية)",
        "خياطات بويزكارن",
        "نساء فاصك",
        "ناسجات لقصابي",
        "تعاونية الصبار بأسرير",
    ], "groups that are registered and groups that are only named"
    assert row(matches, "Total")[1:] == ["32", "24", "14", "11", "10", "9", "100"], "two groups are proposed for two premises"
    assert any("Guelmim" in cell for line in home.table("roadmap") for cell in line)
    assert row(home.table("crafts"), "Tissage de tentes")[1:] == ["3", "1", "3", "1"], "three apprentices, one master, one group"


@pytest.mark.sqlite_only
def test_al_hoceima_shows_1051_for_300_with_both_definitions(app: Flask) -> None:  # F4
    home = Home(app, "alhoceima")
    women = f"1{SPACE}051"
    home.shows(
        [f"نساء تكوّنّ {women}", f"مشاركات النساء 1{SPACE}099", "من جاءت ثلاث مرات تُحسب مرة واحدة", "350,3 %", "التأطير القانوني"],
        [
            f"Femmes formées {women} femmes",
            f"Participations de femmes 1{SPACE}099 participations",
            "Cible : 300",
            "Encadrement juridique",
        ],
    )
    difficulties = home.table("difficulties")
    head = ["Domaine", "Rang", "Visites (coopératives)", "Diagnostics (coopératives)", "Ensemble, sans double compte", ""]
    assert [*head, "Réunions (points soulevés)"] in difficulties, "each column says what it counts"
    domains = {
        line[0]: [int(one) for one in (*line[2:5], line[6])] for line in difficulties if len(line) == 7 and line[1].isdecimal()
    }
    assert len(domains) == 6
    assert domains["Certification"] == [2, 4, 6, 1], "cooperatives, and beside them a point of a meeting"
    assert all(max(found, diagnosed) <= both <= found + diagnosed for found, diagnosed, both, _raised in domains.values())
    home.shows(["الزيارات (تعاونيات)", "اللقاءات (نقط أثيرت)"], ["n’est ni dans la somme ni dans le rang"])
    across = home.table("difficulties-provinces")
    provinces = row(across, "Domaine")[1:]
    assert {"Al Hoceima", "Tanger-Assilah"} <= set(provinces)
    for line in across:
        if line[0] in domains:
            assert int(line[-1]) == domains[line[0]][2], "the same cooperatives, by province"
            assert sum(map(int, line[1:-1])) == int(line[-1]), "a cooperative is in one province"
    assert home.opened("difficulties-provinces", row="certif") == 6
    assert home.opened("difficulties-provinces", row="certif", column="01.051") == int(
        row(across, "Certification")[1 + provinces.index("Al Hoceima")]
    )
    assert home.opened("difficulties-provinces") == int(row(across, "Ensemble")[-1])
    assert home.promises()["Total"] == [4, 1, 0, 3, 0]  # F7
    files = [line for line in home.table("certification") if "تجريبية" in line[0]]
    assert [len(files), sum("43000" in cell for line in files for cell in line)] == [6, 6]
    for language, title in (("ar", "ملف التصديق"), ("fr", "Dossier de certification")):
        page = home.client.get(f"/records/certifications?lang={language}").text
        assert re.search(r"(?s)<h1[^>]*>(.*?)</h1>", page.split("<main", 1)[1])[1].strip() == title, (
            "a list of the programme’s own"
        )  # type: ignore[index]
    by_province = {}
    for line in home.table("coop-provinces")[4:]:
        by_province[line[0].partition(",")[0]] = [int(one) for one in line[1:4]]
    all_of_it = {name: numbers[0] for name, numbers in by_province.items()}
    assert (all_of_it["Al Hoceima"], all_of_it["Tanger-Assilah"] + all_of_it["Tétouan"]) == (52, 29)
    assert (all_of_it["Rabat"] + all_of_it["Kénitra"], by_province["Total"]) == (21, [102, 13, 89])
    unions = home.table("unions")
    candidates = dict(zip(row(unions, "Secteur")[1:], map(int, row(unions, "Total")[1:]), strict=True))
    assert candidates == {name: numbers[2] for name, numbers in by_province.items()}, "without those of a union"
    assert [line[-1] for line in home.table("union-members") if "تجريبي" in line[0]] == ["5", "4", "4"]
    for split in ("provinces", "themes", "ages"):
        table = home.table(split)
        assert row(table, "Total")[1:3] == ["1051", "1099"], split
        assert sum(int(line[1]) for line in table[4:-1]) >= 1051, split


@pytest.mark.sqlite_only
def test_forms_with_names_stay_shut_in_a_programme_loaded_for_real_work(app: Flask) -> None:  # F6
    for code in known():
        assert load(read(folder_of(code)), now=utcnow())
        assert load(read(folder_of(code)), now=utcnow()) == [], "loading twice changes nothing"
        programme: Any = db.session.scalars(sa.select(Programme).where(Programme.code == code)).one()
        assert "cndp_number" not in programme.consent
        asking = [one for one in published(programme.id) if consent.needed_by(one.version)]
        assert asking
        assert all(consent.missing(programme, one.version) for one in asking)
