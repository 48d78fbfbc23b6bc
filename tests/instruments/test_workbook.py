"""A workbook comes from anybody: what is no workbook, too large, or hides something is refused at once, with its name."""

from __future__ import annotations

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from datetime import time as clock

import openpyxl
import pytest

from app.instruments import convert, workbook
from app.instruments.compiler import LIBRARY, compile_instrument
from app.instruments.workbook import Unreadable, read_workbook, to_xlsx
from tests.instruments.forms import SETTINGS, YES_NO, markdown, q

SURVEY = [q("text", "nom"), q("select_one yes_no", "ok")]


def xlsx(survey=SURVEY, **sheets) -> bytes:
    return to_xlsx(read_workbook("essai.md", markdown(survey, choices=YES_NO, **sheets).encode()))


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def changed(content: bytes, **entries: bytes) -> bytes:
    """The workbook with other or more entries (`__` for `/`, `_DOT_` for `.`)."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    return zipped(found | {name.replace("__", "/").replace("_DOT_", "."): value for name, value in entries.items()})


def lying_directory(content: bytes) -> bytes:
    """A bomb whose directory says that each entry is small."""
    bomb = bytearray(changed(content, xl__worksheets__sheet9_DOT_xml=b"<x>" + b"0" * (80 * 1024 * 1024)))
    true_size = (80 * 1024 * 1024 + 3).to_bytes(4, "little")
    assert bomb.count(true_size) == 2
    return bytes(bomb).replace(true_size, (1000).to_bytes(4, "little"))


WRONG = {
    "empty": (lambda: b"", "file_empty"),
    "cut off": (lambda: xlsx()[:-200], "file_corrupt"),
    "damaged inside": (lambda: _damaged(), "file_corrupt"),
    "not a zip": (lambda: b"PK is not enough", "file_corrupt"),
    "a zip of something else": (lambda: zipped({"photo.jpg": b"x"}), "file_not_xlsx"),
    "an old .xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_old_excel"),
    "a password": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "file_encrypted",
    ),
    "macros": (lambda: changed(xlsx(), xl__vbaProject_DOT_bin=b"x"), "file_macros"),
    "a path out of the archive": (lambda: changed(xlsx(), **{"..__..__etc__passwd": b"x"}), "file_corrupt"),
    "a DOCTYPE": (lambda: changed(xlsx(), xl__workbook_DOT_xml=b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'), "file_entities"),
    "UTF-16 that hides a DOCTYPE": (
        lambda: changed(xlsx(), xl__workbook_DOT_xml="<!DOCTYPE x><x/>".encode("utf-16")),
        "file_corrupt",
    ),
    "a bomb": (lambda: changed(xlsx(), xl__worksheets__sheet9_DOT_xml=b"0" * (80 * 1024 * 1024)), "file_bomb"),
    "a bomb that lies": (lambda: lying_directory(xlsx()), "file_corrupt"),
    "too many entries": (lambda: changed(xlsx(), **{f"xl__e{i}_DOT_xml": b"<x/>" for i in range(2100)}), "file_bomb"),
    "50 MB": (lambda: b"0" * (50 * 1024 * 1024), "file_too_large"),
}


def _damaged() -> bytes:
    content = bytearray(xlsx())
    at = content.index(b"xl/worksheets/sheet1.xml") + 60
    content[at : at + 40] = b"\xff" * 40
    return bytes(content)


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_is_no_workbook_is_named_and_refused_quickly(what):  # BI-01, BI-02, BI-04
    make, code = WRONG[what]
    content = make()
    begun = time.monotonic()
    with pytest.raises(Unreadable) as caught:
        read_workbook("essai.xlsx", content)
    assert caught.value.code == code
    assert time.monotonic() - begun < 3


def test_a_sheet_of_too_many_cells_is_refused():  # BI-03
    rows = "\n".join("| | " + "x | " * 400 for _ in range(600))
    with pytest.raises(Unreadable) as caught:
        read_workbook("essai.md", f"| survey |\n| | type | name |\n{rows}".encode())
    assert caught.value.code == "too_many_cells"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("essai.pdf", b"%PDF", "file_kind"),
        ("essai", b"x", "file_kind"),
        ("essai.csv", b"\xff\xfe\x00", "file_not_utf8"),
        ("essai.csv", b"a,b\n1,2\n", "no_survey"),
        ("essai.md", b"# A page without tables", "no_tables"),
        ("essai.md", b"| choices |\n| | list_name |\n| settings |\n| | form_id |", "no_survey"),
    ],
)
def test_other_files_are_named_too(name, content, code):
    if code == "no_survey" and name.endswith(".csv"):
        content = b"choices,,\n,list_name,name\n,a,b\nsettings,,\n,form_id,\n,a,\n"
    with pytest.raises(Unreadable) as caught:
        read_workbook(name, content)
    assert caught.value.code == code


def test_the_process_that_reads_a_workbook_may_use_so_much_and_no_more(monkeypatch):  # BI-01
    heavy = (LIBRARY / "diag" / "form.md").read_bytes()
    with monkeypatch.context() as limits:
        limits.setattr(convert, "CPU_S", 0.05)
        assert convert.run("diag.md", heavy)["unreadable"]["code"] == "too_heavy"
    assert "xform" in convert.run("diag.md", heavy)


def test_the_waiting_process_is_started_again_when_it_is_gone():
    form = markdown(SURVEY, choices=YES_NO).encode()
    first = convert.run("essai.md", form)
    waiting = convert._waiting.process
    assert convert.run("essai.md", form) == first
    assert convert._waiting.process is waiting
    waiting.kill()
    waiting.wait()
    assert convert.run("essai.md", form) == first
    assert convert._waiting.process is not waiting


def test_workbooks_of_several_people_are_read_at_the_same_time():
    forms = [markdown([q("text", f"nom{n}")]).encode() for n in range(6)]
    with ThreadPoolExecutor(6) as people:
        answers = list(people.map(lambda form: convert.run("essai.md", form), forms))
    for n, answer in enumerate(answers):
        assert f"/nom{n}" in answer["xform"]


def test_the_three_formats_give_the_same_package():
    text = markdown(SURVEY, choices=YES_NO)
    book = read_workbook("essai.md", text.encode())
    lines = []
    for sheet in book.sheets.values():
        rows = [sheet.columns, *([cells.get(column, "") for column in sheet.columns] for _, cells in sheet.rows)]
        lines += [f'"{sheet.name}"', *("," + ",".join(f'"{cell}"' for cell in row) for row in rows)]
    formats = {".md": text.encode(), ".csv": "\n".join(lines).encode("utf-8-sig"), ".xlsx": to_xlsx(book)}
    packages = {}
    for suffix, content in formats.items():
        found = compile_instrument(f"essai{suffix}", content, {})
        assert not found.errors, (suffix, found.errors)
        for one in found.package["nodes"]:
            one.pop("row", None)  # rows are counted where they stand in each file
        packages[suffix] = found.package
    assert packages[".md"] == packages[".csv"] == packages[".xlsx"]


def test_a_spreadsheet_s_own_rows_and_letters_are_kept():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "survey"
    sheet.append(["type", "name", "label::Français (fr)", "label::العربية (ar)", "constraint"])
    sheet.append([])
    sheet.append(["integer", "age", "Âge", "السن", ". > ${agee}"])
    settings = book.create_sheet("settings")
    settings.append(list(SETTINGS))
    settings.append(list(SETTINGS.values()))
    buffer = io.BytesIO()
    book.save(buffer)
    found = compile_instrument("essai.xlsx", buffer.getvalue(), {})
    (finding,) = found.errors
    assert (finding.code, finding.sheet, finding.row, finding.column) == ("question_unknown", "survey", 3, "E (constraint)")
    assert finding.details == {"name": "agee", "near": "age"}


def test_a_rule_that_begins_with_an_equals_sign_stays_text_in_the_spreadsheet():
    book = openpyxl.load_workbook(io.BytesIO(xlsx([q("text", "a", constraint="=1+1")])))
    cell = next(cell for cell in book["survey"][2] if cell.value == "=1+1")
    assert cell.data_type == "s"


def test_limits_are_those_the_documents_promise():
    assert (workbook.MAX_ENTRIES, workbook.MAX_INFLATED, workbook.MAX_CELLS) == (2_000, 64 * 1024 * 1024, 200_000)


def test_cells_of_a_spreadsheet_are_read_as_xforms_writes_them():
    """Numbers, dates, times and truths that a spreadsheet holds as such."""
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    survey.append(["type", "name", "label", "default", "required"])
    given = [date(2026, 5, 2), clock(9, 5), 5.0, 0.00001, -2.5, "0612345678", 12345678901]
    for number, value in enumerate(given):
        survey.append(["text", f"q{number}", "#REF!" if number == 3 else number, value, number == 0])
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id", "version"])
    settings.append(["Essai", "essai", 2026112701])
    buffer = io.BytesIO()
    book.save(buffer)
    rows = [cells for _, cells in read_workbook("essai.xlsx", buffer.getvalue()).sheets["survey"].rows]
    assert [one["default"] for one in rows] == ["2026-05-02", "09:05:00", "5", "0.00001", "-2.5", "0612345678", "12345678901"]
    assert [one["required"] for one in rows[:2]] == ["TRUE", "FALSE"]
    compiled = compile_instrument("essai.xlsx", buffer.getvalue(), {})
    assert compiled.package["version"] == "2026112701"
    assert [(one.row, one.column) for one in compiled.warnings if one.code == "cell_failed"] == [(5, "C (label)")]


def test_the_only_sheet_of_a_file_is_the_survey_whatever_its_name():
    text = "| Feuille 1 |\n| | type | name | label | relevant |\n| | text | a | A | |\n| | text | b | B ${a} | ${aa} = 'x' |"
    codes = [one.code for one in compile_instrument("essai.md", text.encode(), {}).errors]
    assert sorted(codes) == ["question_unknown", "setting_missing", "setting_missing"]
