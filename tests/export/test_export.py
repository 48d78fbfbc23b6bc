"""Exports (docs/export.md).

X1 rows are the accepted submissions in reach at a stated number of the sequence
X2 cells have types: numbers, dates, times; texts are texts
X3 nothing in a cell can run
X4 names of persons are left out unless somebody who may asks for them
X5 repeats are tables of their own, tied by submission id and row numbers
X6 columns of all versions, in the order of the form
X7 Arabic and French: right to left, labels, words that come back byte for byte
X8 a file that is missing is said to be
X9 memory does not grow with the rows
"""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
import unicodedata
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from app.core.db import db
from app.core.ids import new_id
from app.core.models import Audit
from app.core.workbooks import _whole_words
from app.export import writing
from app.export.gather import Request, prepare
from app.export.tables import ANSWERS, SUBMISSIONS, Options
from app.instruments.compiler import LIBRARY, compile_file
from app.registry.models import Entity
from app.submissions.answers import Form
from app.submissions.models import Attachment, Revision, Submission
from app.submissions.queries import Filters
from tests.conftest import NOW, Someone, World
from tests.review.instrument import ANSWERS as ANSWERED
from tests.review.instrument import CHOICES, SURVEY, changed, publish, stored


@pytest.fixture
def package(world: World) -> str:
    return publish(world)


def download(person: Someone, **choices: Any) -> Any:
    form = {"form_id": "short", "states": ["approved"], "format": "xlsx", "language": "ar", "content": "labels", "label_row": "y",
            "separator": ",", "organisation_id": "", "territory": ""} | choices  # fmt: skip
    answer = person.client.post("/exports", data={name: value for name, value in form.items() if value is not None})
    return answer


def book(person: Someone, **choices: Any) -> Any:
    answer = download(person, **choices)
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["Content-Disposition"], answer.text[:300]
    return openpyxl.load_workbook(io.BytesIO(answer.data))


def files(person: Someone, **choices: Any) -> dict[str, list[list[str]]]:
    archive = zipfile.ZipFile(io.BytesIO(download(person, format="csv", **choices).data))
    found = {}
    for name in archive.namelist():
        content = archive.read(name)
        assert content.startswith(b"\xef\xbb\xbf"), name  # Excel reads it as UTF-8
        found[name] = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return found


def rows(sheet: Any, heads: int = 2) -> list[dict[str, Any]]:
    lines = list(sheet.iter_rows(values_only=True))
    return [dict(zip(lines[0], line, strict=True)) for line in lines[heads:]]


def test_an_xlsx_has_types_and_reads_from_right_to_left_in_arabic(
    amina: Someone, khadija: Someone, package: str
):  # X1, X2, X5, X7
    submission = stored(amina, package, state="approved").id
    stored(amina, package, state="received")
    stored(amina, package, state="approved", quarantine="form_closed")
    stored(amina, package, state="approved", deleted_at=NOW)
    db.session.commit()

    made = book(khadija)

    assert made.sheetnames == ["الاستمارات", "المشاركات", "الحضور", "الأعمدة", "اقرأني"]
    assert all(sheet.sheet_view.rightToLeft for sheet in made)
    (row,) = rows(made["الاستمارات"])
    assert row["submission_id"] == submission
    assert (row["k_ca"], row["k_women"]) == (118000.5, 24)
    assert row["visit_date"] == datetime(2026, 11, 20)
    assert row["seen_at"] == datetime(2026, 11, 20, 10, 30)
    assert row["opens"] == time(8, 30)
    assert row["received_at"] == datetime(2026, 11, 21, 17, 0)  # Morocco's clock
    assert (row["gps.lat"], row["gps.lon"], row["gps.alt"], row["gps.accuracy"]) == (33.05, -4.05, 980, 12)
    assert row["leg01"] == "قليلا"
    assert row["channels"] == "السوق، المعارض"
    assert row["notes"] == "=1+1"
    assert row["score_all"] == 50
    assert "step" not in row
    assert made["الاستمارات"]["K2"].value is not None
    assert [(one["submission_id"], one["part_row"], one["p_years"]) for one in rows(made["المشاركات"])] == [
        (submission, 1, 31), (submission, 2, 44),
    ]  # fmt: skip
    assert [(one["part_row"], one["att_row"], one["att_status"]) for one in rows(made["الحضور"])] == [
        (1, 1, "نعم"), (1, 2, "لا"), (2, 1, "نعم"),
    ]  # fmt: skip
    about = {line[0]: line[1] for line in made["اقرأني"].iter_rows(values_only=True)}
    assert about["عدد الاستمارات"] == "1"
    assert int(about["الرقم التسلسلي للخادم"]) > 0
    assert db.session.scalar(sa.select(Audit.details).where(Audit.action == "submission.exported"))["rows"] == 1


def test_codes_in_french_read_from_left_to_right(amina: Someone, khadija: Someone, package: str):  # X7
    stored(amina, package, state="approved")
    db.session.commit()
    made = book(khadija, language="fr", content="codes", split_multiple="y", every_calculation="y", label_row=None)
    assert not any(sheet.sheet_view.rightToLeft for sheet in made)
    (row,) = rows(made["Fiches"], heads=1)
    assert (row["leg01"], row["channels"], row["channels/souk"], row["channels/fair"]) == ("1", "souk fair", 1, 1)
    assert row["state"] == "approved"
    assert row["step"] == 2


def test_no_cell_of_a_workbook_is_a_formula_a_link_or_a_surprise(amina: Someone, khadija: Someone, package: str):  # X3, BI-08
    evil = ["=1+1", "+212600000000", "-5", "@SUM(A1)", "\t=1", "http://x.ma", "1e5", "007", "{=1}", "=cmd|'/c calc'!A0", "a\x0bb"]
    for n, text in enumerate(evil):
        stored(
            amina,
            package,
            state="approved",
            minutes=n,
            title=text,
            answers=changed(grp_fig={"notes": text}, grp_id={"name_ar": text}),
        )
    db.session.commit()
    answer = download(khadija)
    parts = zipfile.ZipFile(io.BytesIO(answer.data))
    for name in parts.namelist():
        assert b"<f>" not in parts.read(name), name
        assert b"<f " not in parts.read(name), name
        assert b"<hyperlink" not in parts.read(name), name
    made = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert [row["notes"] for row in rows(made["الاستمارات"])] == [text.replace("\x0b", "") for text in evil]
    assert {cell.data_type for row in made["الاستمارات"].iter_rows() for cell in row} <= {"s", "n", "d", "inlineStr"}


RISKY = [
    "=1+1",
    "+1",
    "-1",
    "@a",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    '=HYPERLINK("http://x")',
    "=cmd|' /C calc'!A0",
    "＝1+1",
    "  =1",
]
RISKY += ["\u200f=1", "-2+3", "+212600000000", "@SUM(1+1)*cmd|' /C calc'!A0", "=1,2", '="x"', "-"]
CALM = ["تعاونية الأمل", "a=b", "1+1", "33.05 -4.05", "x@y.ma", "", "الأمل - ميسور", "« citation »", 'a "b", c', "two\nlines"]


def test_no_cell_of_a_csv_starts_a_formula(amina: Someone, khadija: Someone, package: str):  # X2, X3
    for n, text in enumerate(RISKY + CALM):
        stored(amina, package, state="approved", minutes=n, answers=changed(grp_fig={"notes": text, "k_ca": "-5.5"}))
    db.session.commit()

    table = files(khadija)["short.csv"]

    column, amounts = table[0].index("notes"), table[0].index("k_ca")
    cells = [row[column] for row in table[2:]]
    for text, cell in zip(RISKY, cells, strict=False):
        assert cell == "'" + text.replace("\0", ""), text
    assert cells[len(RISKY) :] == CALM
    assert {row[amounts] for row in table[2:]} == {"-5.5"}  # a number is not a text: it stays a number
    starts = {
        cell[0]
        for file in files(khadija).values()
        for row in file
        for cell in row
        if cell and not re.fullmatch(r"-?\d+(\.\d+)?", cell)
    }
    assert not starts & set("=+-@\t\r\n\0")


def test_names_leave_only_with_somebody_who_may(amina: Someone, khadija: Someone, said: Someone, package: str):  # X4
    stored(amina, package, state="approved")
    db.session.commit()
    for person in (khadija, said):
        plain = download(person)
        text = b"".join(
            zipfile.ZipFile(io.BytesIO(plain.data)).read(name) for name in zipfile.ZipFile(io.BytesIO(plain.data)).namelist()
        )
        assert "فاطمة أمراني".encode() not in text
    asked = book(said, names="y")
    assert "pres_name" not in [cell.value for cell in asked["الاستمارات"][1]]
    assert 'name="names"' not in said.client.get("/exports").text

    named = book(khadija, names="y")
    assert rows(named["الاستمارات"])[0]["pres_name"] == "فاطمة أمراني"
    assert "author" in rows(named["الاستمارات"])[0]
    assert "author" not in rows(book(khadija)["الاستمارات"])[0]  # who filled it in is a person too
    assert [row["p_name"] for row in rows(named["المشاركات"])] == ["زهرة", "خديجة"]
    assert "-noms-" in download(khadija, names="y").headers["Content-Disposition"]
    assert [
        entry["names"] for entry in db.session.scalars(sa.select(Audit.details).where(Audit.action == "submission.exported"))
    ][-1] is True


def test_what_any_version_calls_personal_stays_behind(world: World, amina: Someone, said: Someone):  # X4
    """The first version forgot to ask for consent, and named the submission after the person."""
    forgot = SURVEY.replace("${consent} = 'yes'", "")
    of_person = SURVEY.replace("اسم التعاونية | Nom de la coopérative | |", "الاسم | Nom | ${consent} = 'yes' |")
    stored(amina, publish(world, version="2026112100", survey=of_person), state="approved", title="فاطمة أمراني")
    old = publish(world, version="2026112101", survey=forgot)
    new = publish(world, version="2026112102")
    stored(amina, old, state="approved")
    stored(amina, new, state="approved")
    db.session.commit()
    for sheet in book(said).worksheets[:2]:
        found = rows(sheet)
        assert found
        assert not {"pres_name", "name_ar", "title"} & found[0].keys()
        assert not any("فاطمة أمراني" in str(value) for row in found for value in row.values())


# What each form of the library keeps to itself; the others ask nobody's name.
PERSONAL = {
    # The apprentice chosen from a list of names, and the master; not how she is doing.
    "appr": "a_douar a_guardian a_master a_master_id a_master_name a_master_ref a_name e_apprentices_a_douar "
    "e_apprentices_a_guardian e_apprentices_a_master e_apprentices_a_name e_apprentices_master instanceName rec rec_id",
    "coop": "contact_name contact_phone e_cooperatives_contact_name e_cooperatives_contact_phone e_cooperatives_email "
    "e_cooperatives_pres_name e_cooperatives_pres_phone email photo_group pres_name pres_phone",
    "diag": "d_photo d_sign",
    "precoop": "e_persons_full_name e_persons_phone w_name w_person w_person_id w_phone",  # not how many they are
    "train": "e_persons_full_name e_persons_phone p_name p_person p_person_id p_phone p_sign people photo_sheet "
    "sign_trainer trainer_name",
    "visit": "v_sign",
}


@pytest.mark.parametrize("file", sorted(LIBRARY.glob("*/form.md")), ids=lambda file: file.parent.name)
def test_each_form_keeps_names_and_signatures_to_itself(file: Path):  # X4
    form = Form(compile_file(file).package, lambda _sha256, _label: {})
    hidden = sorted(form.nodes[index]["name"] for index in form.personal())
    assert hidden == PERSONAL.get(file.parent.name, "").split()


def test_a_reader_of_french_knows_a_cooperative_by_its_latin_name(amina: Someone, khadija: Someone, package: str):  # X7
    known = Entity(id=new_id(), programme_id=amina.programme_id, list="cooperatives", label="تعاونية تيفاوين", updated_at=NOW,
                   seq=1, data={"coop_name_fr": "Coopérative Tifawin"})  # fmt: skip
    db.session.add(known)
    db.session.flush()
    stored(amina, package, state="approved", subject_id=known.id)
    db.session.commit()
    assert rows(book(khadija, language="fr")["Fiches"])[0]["title"] == "Coopérative Tifawin · تعاونية تيفاوين"
    assert rows(book(khadija)["الاستمارات"])[0]["title"] == "تعاونية تيفاوين"


def test_an_export_reaches_as_far_as_its_reader(
    world: World, amina: Someone, fatima: Someone, khadija: Someone, said: Someone, package: str
):  # X1
    stored(amina, package, state="approved", title="hers")
    stored(fatima, package, state="approved", title="other")
    stored(amina, package, state="approved", title="late", minutes=60 * 24)
    stored(amina, package, state="rejected", title="no")
    db.session.commit()

    def exported(person: Someone, **choices: Any) -> list[str]:
        return [row["title"] for row in rows(book(person, **choices)["الاستمارات"])]

    assert exported(khadija) == ["hers", "late"]
    assert exported(said) == ["hers", "other", "late"]
    assert exported(said, date_to="2026-11-21") == ["hers", "other"]
    assert exported(said, organisation_id=world.al_hadaf.id) == ["other"]
    assert exported(said, states=["rejected", "approved"]) == ["hers", "other", "no", "late"]
    assert download(amina).status_code == 403


def test_all_versions_share_one_table(world: World, amina: Someone, khadija: Someone, package: str):  # X6
    newer = publish(
        world,
        version="2026112102",
        survey=SURVEY.replace("| | integer | k_women | عدد العضوات | Nombre de femmes | | | | | |\n", "").replace(
            "| | text | notes |", "| | integer | k_men | عدد الرجال | Nombre d’hommes | | | | | |\n| | text | notes |"
        ),
        choices=CHOICES.replace("| | channel | souk | السوق | Souk |", "| | channel | souk | السوق الأسبوعي | Souk |"),
    )
    stored(amina, package, state="approved")
    stored(amina, newer, state="approved", minutes=1, answers=changed(grp_fig={"k_women": None, "k_men": "3"}))
    db.session.commit()

    sheet = book(khadija)["الاستمارات"]

    heads = [cell.value for cell in sheet[1]]
    assert heads[heads.index("k_ca") :][:5] == ["k_ca", "k_women", "channels", "k_men", "notes"]
    assert [(row["k_women"], row["k_men"], row["channels"]) for row in rows(sheet)] == [
        (24, None, "السوق، المعارض"), (None, 3, "السوق الأسبوعي، المعارض"),
    ]  # fmt: skip


def test_a_draft_finished_on_the_version_before_is_stored_under_it_and_stands_beside_the_next(
    world: World, amina: Someone, said: Someone, package: str
):  # X6, UM-08
    newer = publish(
        world,
        version="2026112102",
        survey=SURVEY.replace(
            "| | text | notes |", "| | integer | k_men | عدد الرجال | Nombre d’hommes | | | | | |\n| | text | notes |"
        ),
    )
    figures = {"grp_fig": {"k_women": "24"}}
    amina.deliver(form_id="short", form_version="1", form_sha256=package, answers=figures, title="v1")
    aside = {"question": "grp_fig/gone", "value": "7", "label": {"fr": "?"}, "said": {"fr": "7"}, "row": "", "form_version": "1"}
    moved = {"grp_fig": {"k_women": "25", "k_men": "3"}}
    amina.deliver(form_id="short", form_version="2026112102", form_sha256=newer, answers=moved, title="v2", aside=[aside])

    sheet = book(said, states=["received"])["الاستمارات"]

    assert [(row["k_women"], row["k_men"]) for row in rows(sheet)] == [(24, None), (25, 3)]
    db.session.rollback()
    kept = db.session.scalars(sa.select(Revision.form_sha256).order_by(Revision.received_at, Revision.form_version)).all()
    assert set(kept) == {package, newer}


def test_arabic_comes_back_byte_for_byte(amina: Someone, khadija: Someone, package: str):  # X7
    text = unicodedata.normalize("NFC", "تعاونيّةُ «أَرْكان» ﷽ ١٢٣ — lait\u202f& miel \u200fة ئ ؤ إ أ آ ى 🐑")
    stored(amina, package, state="approved", answers=changed(grp_fig={"notes": text}))
    db.session.commit()
    assert rows(book(khadija)["الاستمارات"])[0]["notes"] == text
    table = files(khadija)["short.csv"]
    assert table[2][table[0].index("notes")] == text


def test_a_missing_file_and_unreadable_answers_are_said(amina: Someone, khadija: Someone, package: str):  # X8
    stored(amina, package, state="approved")
    broken = stored(amina, package, state="approved", minutes=1).id
    db.session.execute(sa.update(Revision).where(Revision.submission_id == broken).values(body=b"\0"))
    db.session.commit()
    made = book(khadija)
    first, second = rows(made["الاستمارات"])
    assert (first["photo_leg"], first["photo_leg.state"]) == ("photo_leg-1.jpg", "لا يزال في الهاتف")
    assert (first["files_expected"], first["files_received"]) == (1, 0)
    assert (second["check"], second["k_ca"]) == ("تعذرت قراءة الأجوبة", None)
    db.session.execute(sa.update(Attachment).values(complete_at=NOW))
    db.session.commit()
    assert rows(book(khadija)["الاستمارات"])[0]["photo_leg.state"] == "تم التوصل به"


def test_numbers_dates_and_texts_that_do_not_fit_stay_texts(amina: Someone, khadija: Someone, package: str):  # X2, BI-16
    odd = {"k_ca": "123456789012345678", "k_women": "abc"}
    stored(
        amina,
        package,
        state="approved",
        answers=changed(grp_fig=odd, grp_id={"visit_date": "1899-12-31", "opens": "soon", "gps": "1 2"}),
    )
    db.session.commit()
    (row,) = rows(book(khadija)["الاستمارات"])
    assert (row["k_ca"], row["k_women"]) == ("123456789012345678", "abc")
    assert (row["visit_date"], row["opens"]) == ("1899-12-31", "soon")
    assert (row["gps.lat"], row["gps.alt"]) == (1, None)


STRANGE = [
    ("grp_fig", "k_ca", "1e400"),
    ("grp_fig", "k_ca", "1e999999999"),
    ("grp_id", "seen_at", "9999-12-31T23:59:59-05:00"),
    ("grp_id", "seen_at", "0001-01-01T00:00:00+05:00"),
    ("grp_id", "visit_date", "0000-00-00"),
    ("grp_id", "opens", "24:00:00"),
]


def test_no_answer_stops_an_export_or_the_page_of_its_submission(amina: Someone, khadija: Someone, package: str):  # X2, I-19
    made = [
        stored(amina, package, state="approved", minutes=n, answers=changed(**{group: {question: value}}))
        for n, (group, question, value) in enumerate(STRANGE)
    ]
    db.session.commit()
    exported, table = rows(book(khadija)["الاستمارات"]), str(files(khadija))
    for one, row, (_group, question, value) in zip(made, exported, STRANGE, strict=True):
        assert row[question] == value
        assert value in table
        assert value[:5] in khadija.client.get(f"/submissions/{one.id}").text


@pytest.mark.sqlite_only  # rows pass through the same code, and PostgreSQL's cursor is not in this process
def test_memory_does_not_grow_with_the_rows(world: World, amina: Someone, khadija: Someone, package: str, tmp_path: Any):  # X9
    few = {"grp_fig": ANSWERED["grp_fig"], "part": ANSWERED["part"]}
    first = stored(amina, package, state="approved", answers=few)
    db.session.commit()
    revision = db.session.get(Revision, first.current_revision_id)
    submissions = {column.name: getattr(first, column.name) for column in Submission.__table__.columns}
    revisions = {column.name: getattr(revision, column.name) for column in Revision.__table__.columns}

    def more(start: int, end: int) -> None:
        ids = [(f"{n:036d}", f"r{n:035d}") for n in range(start, end)]
        db.session.execute(sa.insert(Submission), [submissions | {"id": a, "current_revision_id": b} for a, b in ids])
        db.session.execute(sa.insert(Revision), [revisions | {"id": b, "submission_id": a} for a, b in ids])
        db.session.commit()

    def peak(shape: str = SUBMISSIONS) -> int:
        wanted = Request(Filters(world.programme.id, form_id="short"), Options(shape=shape))
        tracemalloc.start()
        try:
            export = prepare(khadija.actor, wanted, now=NOW)
            export.batch = 50
            with (tmp_path / "out.xlsx").open("wb") as target:
                writing.write_xlsx(export, target, by="x")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            db.session.rollback()

    more(0, 100)
    peak()
    small = peak(), peak(ANSWERS)
    more(100, 400)
    assert peak() < small[0] * 1.5
    assert peak(ANSWERS) < small[1] * 1.5


def test_dates_in_the_file_name_and_nothing_personal(amina: Someone, khadija: Someone, package: str):
    stored(amina, package, state="approved")
    db.session.commit()
    name = download(khadija).headers["Content-Disposition"]
    assert re.search(rf"daftar-boulemane-short-{date.today().year}-\d\d-\d\d-seq\d+\.xlsx", name), name


def test_an_export_of_nothing_says_so_instead_of_an_empty_file(khadija: Someone, package: str):
    answer = download(khadija, states=["rejected"])
    assert answer.mimetype == "text/html"
    assert 'class="error" id="states-error"' in answer.text


def test_names_of_sheets_end_with_a_whole_word():
    assert _whole_words("Participantes à la formation continue", 31) == "Participantes à la formation"
    assert _whole_words("a" * 40, 31) == "a" * 31
