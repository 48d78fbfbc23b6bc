"""Exports with a row for each single answer (docs/export.md).

A1 a row names its submission, its record and its question; the answer stands in it as a code or value and in words
A2 what says who somebody is stays behind unless somebody who may asks for it: answers, and the names of records of persons
A3 what was erased is in no row
A4 nothing in a cell can run
A5 a sheet that is full goes on in another, and the file says so
A6 the command does what the page does, with the permissions of an account
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.models import Audit
from app.export import writing
from app.export.gather import Request, prepare
from app.export.tables import ANSWERS, Options
from app.personal import erasing
from app.personal.finding import search
from app.personal.operations import asked
from app.registry.models import Entity
from app.submissions.models import Revision
from app.submissions.queries import Filters
from tests.conftest import NOW, Someone, World
from tests.export.test_export import book, download, files, rows
from tests.review.instrument import SURVEY, publish, stored


@pytest.fixture
def package(world: World) -> str:
    return publish(world)


def a_record(person: Someone, label: str, list_name: str = "cooperatives", **data: str) -> str:
    record = Entity(id=new_id(), programme_id=person.programme_id, list=list_name, label=label, data=data, updated_at=NOW, seq=1)
    db.session.add(record)
    db.session.flush()
    return record.id


def test_each_answer_has_a_row_that_stands_for_itself(world: World, amina: Someone, khadija: Someone, package: str):  # A1
    record = a_record(amina, "تعاونية تيفاوين", coop_name_fr="Coopérative Tifawin")
    newer = publish(world, version="2026112102", survey=SURVEY.replace("Chiffre d’affaires (MAD)", "Ventes (MAD)"))
    first = stored(amina, package, state="approved", subject_id=record).id
    second = stored(amina, newer, state="approved", minutes=1, answers={"grp_fig": {"k_ca": "7"}}).id
    unread = stored(amina, newer, state="approved", minutes=2).id
    db.session.execute(sa.update(Revision).where(Revision.submission_id == unread).values(body=b"\0"))
    db.session.commit()

    made = book(khadija, language="fr", shape=ANSWERS)

    assert made.sheetnames == ["Réponses", "Colonnes", "Lisez-moi"]
    lines = rows(made["Réponses"])
    assert [
        (line["path"], line["row"], line["row_2"], line["value"], line["value_label"])
        for line in lines
        if line["submission_id"] == first
    ] == [
        ("grp_id/name_ar", None, None, "تعاونية تيفاوين", None),
        ("grp_id/consent", None, None, "yes", "Oui"),
        ("grp_id/visit_date", None, None, datetime(2026, 11, 20), None),
        ("grp_id/seen_at", None, None, datetime(2026, 11, 20, 10, 30), None),
        ("grp_id/opens", None, None, datetime(2026, 11, 20, 8, 30).time(), None),
        ("grp_id/gps", None, None, "33.05 -4.05 980 12", None),
        ("grp_fig/k_ca", None, None, 118000.5, None),
        ("grp_fig/k_women", None, None, 24, None),
        ("grp_fig/channels", None, None, "souk fair", "Souk, Foires"),
        ("grp_fig/notes", None, None, "=1+1", None),
        ("ax_LEG/leg01", None, None, "1", "Un peu"),
        ("ax_LEG/photo_leg", None, None, "photo_leg-1.jpg", "encore sur le téléphone"),
        ("score_LEG", None, None, 50, None),
        ("score_all", None, None, 50, None),
        ("part/p_years", 1, None, 31, None),
        ("part/p_years", 2, None, 44, None),
        ("part/att/att_status", 1, 1, "yes", "Oui"),
        ("part/att/att_status", 1, 2, "no", "Non"),
        ("part/att/att_status", 2, 1, "yes", "Oui"),
    ]  # fmt: skip
    shared = {
        "revision": 1, "state": "validée", "instrument": "short", "instrument_version": "2026112101", "record_id": record,
        "record": "Coopérative Tifawin · تعاونية تيفاوين", "organisation": "Association Al Amal", "territory": "05.271.01.03",
        "received_at": datetime(2026, 11, 21, 17, 0),
    }  # fmt: skip
    amount, later, last = lines[6], lines[-2], lines[-1]
    assert {name: amount[name] for name in shared} == shared
    assert (amount["question"], amount["question_label"]) == ("k_ca", "Chiffre d’affaires (MAD)")
    assert (later["submission_id"], later["question_label"], later["record_id"]) == (second, "Ventes (MAD)", None)
    assert (last["submission_id"], last["path"], last["value_label"]) == (unread, None, "réponses illisibles")
    about = {line[0]: line[1] for line in made["Lisez-moi"].iter_rows(values_only=True)}
    assert (about["Nombre de fiches"], about["Nombre de lignes\u00a0: Réponses"]) == ("3", "21")
    words = {line[1]: line[0] for line in made["Colonnes"].iter_rows(values_only=True)}
    assert (words["value_label"], words["part/att/att_status"]) == ("Réponses", "Présence")
    details = db.session.scalar(sa.select(Audit.details).where(Audit.action == "submission.exported"))
    assert (details["shape"], details["rows"]) == (ANSWERS, 3)


@pytest.mark.sqlite_only
def test_names_stay_behind_and_what_was_erased_is_nowhere(
    world: World, amina: Someone, khadija: Someone, said: Someone
):  # A2, A3
    woman = a_record(amina, "رقية بنعلي", "persons")
    stored(amina, publish(world), state="approved", subject_id=woman)
    db.session.commit()

    for person, names in ((said, "y"), (khadija, None)):
        lines = rows(book(person, shape=ANSWERS, names=names)["الأجوبة"])
        assert not {"pres_name", "p_name"} & {line["question"] for line in lines}
        assert {line["record_id"] for line in lines} == {woman}
        assert {line["record"] for line in lines} == {None}
        assert "رقية بنعلي" not in str(lines)

    answer = download(khadija, shape=ANSWERS, names="y")
    assert "-answers-noms-" in answer.headers["Content-Disposition"]
    named = rows(openpyxl.load_workbook(io.BytesIO(answer.data))["الأجوبة"])
    assert [line["value"] for line in named if line["question"] in ("pres_name", "p_name")] == ["فاطمة أمراني", "زهرة", "خديجة"]
    assert {line["record"] for line in named} == {"رقية بنعلي"}

    who = asked("فاطمة أمراني")
    found = search(world.programme.id, who, most=None).found
    begin_writing()
    done = erasing.erase(None, world.programme.id, who, found, archive=True, now=NOW)
    db.session.commit()
    erasing.finish(done)
    left = rows(book(khadija, shape=ANSWERS, names="y")["الأجوبة"])
    assert [line["value"] for line in left if line["question"] in ("pres_name", "p_name")] == ["زهرة", "خديجة"]


@pytest.mark.sqlite_only
def test_no_answer_of_a_csv_starts_a_formula(amina: Someone, khadija: Someone, package: str):  # A4
    stored(amina, package, state="approved", answers={"grp_fig": {"k_ca": "-5.5", "notes": "=cmd|'/c calc'!A0"}})
    db.session.commit()
    archive = files(khadija, shape=ANSWERS)
    assert sorted(archive) == ["columns.csv", "readme.csv", "short-answers.csv"]
    head, _words, *lines = archive["short-answers.csv"]
    assert [line[head.index("value")] for line in lines] == ["-5.5", "'=cmd|'/c calc'!A0"]


@pytest.mark.sqlite_only
def test_a_full_sheet_goes_on_in_another_and_the_file_says_so(
    world: World, amina: Someone, khadija: Someone, package: str, tmp_path: Path
):  # A5
    stored(amina, package, state="approved")
    db.session.commit()
    wanted = Request(Filters(world.programme.id, form_id="short"), Options(language="fr", shape=ANSWERS))
    with (tmp_path / "made.xlsx").open("wb") as target:
        writing.write_xlsx(prepare(khadija.actor, wanted, now=NOW), target, by="x", most_rows=12)  # two are headings
    made = openpyxl.load_workbook(tmp_path / "made.xlsx")
    assert made.sheetnames == ["Réponses", "Réponses (2)", "Colonnes", "Lisez-moi"]
    first, second = (rows(made[name]) for name in made.sheetnames[:2])
    assert (len(first), len(second)) == (10, 9)
    assert first[0].keys() == second[0].keys()
    assert "Réponses\xa0: une feuille Excel tient 12 lignes au plus, la suite est dans\xa0: Réponses (2)" in "".join(
        str(line[1]) for line in made["Lisez-moi"].iter_rows(values_only=True)
    )


@pytest.mark.sqlite_only
def test_the_command_takes_out_what_its_account_may(
    app: Any, amina: Someone, fatima: Someone, said: Someone, package: str, tmp_path: Path
):  # A6
    stored(amina, package, state="approved", answers={"grp_fig": {"k_ca": "1"}})
    stored(fatima, package, state="approved", minutes=60 * 24 * 2, answers={"grp_fig": {"k_ca": "2"}})
    db.session.commit()

    def run(name: str, *options: str, account: str = "khadija") -> Any:
        named = ["export", "submissions", "boulemane", "short", str(tmp_path / name), "--as", account, "--rows", "answers"]
        return app.test_cli_runner().invoke(args=[*named, *options])

    assert run("hers.xlsx").output.startswith("1 submissions, 1 rows in ")
    assert [line["value"] for line in rows(openpyxl.load_workbook(tmp_path / "hers.xlsx")["الأجوبة"])] == [1]
    assert "2 submissions, 2 rows" in run("all.zip", account="said").output
    assert "short-answers.csv" in zipfile.ZipFile(tmp_path / "all.zip").namelist()
    assert "1 submissions" in run("late.zip", "--from", "2026-11-22", account="said").output
    for options, account in ((["--names"], "said"), ([], "amina"), ([], "nobody")):
        refused = run("no.xlsx", *options, account=account)
        assert refused.exit_code == 1, refused.output
        assert not (tmp_path / "no.xlsx").exists()
