"""Publishing: from a page and from a terminal, by whom, and what never changes afterwards.

P1  a version is immutable: the same content again is the same version, other content is refused
P2  a form with errors is never published, and its errors are shown with sheet, row, column and mend
P3  only who may publish can; others see the list
P4  lists travel with the form and are kept by their content
P5  what is published can be taken away again: source, spreadsheet, XForm
"""

from __future__ import annotations

import io
import json
import random
import re
from datetime import UTC, datetime

import openpyxl
import pytest

from app.core.db import begin_writing, db
from app.core.problems import Problem
from app.instruments import operations, queries
from app.instruments.models import Dataset, Instrument, InstrumentVersion
from app.registry.models import Programme
from app.review.shell import Shell
from tests.conftest import count
from tests.instruments.forms import SETTINGS, YES_NO, markdown, q

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
SURVEY = [q("text", "nom", required="yes"), q("select_one yes_no", "ok")]


def form(survey=SURVEY, **settings) -> bytes:
    return markdown(survey, choices=YES_NO, settings=[SETTINGS | settings]).encode()


def versions() -> int:
    """How many versions of our form are published."""
    return count(InstrumentVersion, InstrumentVersion.instrument.has(form_id="essai"))


def publish(admin, content=None, lists=None, name="essai.md", media=None):
    begin_writing()
    version = operations.publish(
        admin.actor, admin.programme_id, name, content or form(), NOW, operations.Given(lists or {}, media or {})
    )
    db.session.commit()
    return version


def test_a_form_is_published_with_a_number_in_the_sequence(admin):
    version = publish(admin)
    assert version.seq > 0
    assert version.instrument.current_id == version.id
    assert version.instrument.title == {"ar": "Essai", "fr": "Essai"}
    assert json.loads(version.package)["form_id"] == "essai"
    assert version.published_by == admin.id
    later = publish(admin, form(version="2"))
    assert later.seq > version.seq
    assert later.instrument.current_id == later.id
    assert versions() == 2


def test_the_same_content_again_is_the_same_version(admin):  # P1
    first = publish(admin)
    again = publish(admin)
    assert (again.id, again.seq) == (first.id, first.seq)
    assert versions() == 1


def test_other_content_under_the_same_version_is_refused(admin):  # P1
    first = publish(admin)
    sha256 = first.sha256
    with pytest.raises(Problem) as caught:
        publish(admin, form([*SURVEY, q("text", "autre")]))
    assert caught.value.kind.code == "instruments.version_taken"
    db.session.rollback()
    assert db.session.get(InstrumentVersion, first.id).sha256 == sha256
    assert versions() == 1


def test_a_form_with_errors_is_not_published(admin):  # P2
    with pytest.raises(Problem) as caught:
        publish(admin, form([q("text", "nom", relevant="${non} = 1")]))
    assert caught.value.kind.code == "instruments.has_errors"
    db.session.rollback()
    assert versions() == 0


def test_only_an_administrator_publishes(khadija, amina):  # P3
    for person in (khadija, amina):
        with pytest.raises(Problem) as caught:
            publish(person)
        assert caught.value.kind.code == "core.not_allowed"


def test_a_list_is_kept_by_its_content(admin):  # P4
    survey = [q("select_one_from_file souks.csv", "souk")]
    souks = [{"name": "s1", "label": "سوق الأحد - Souk el Had"}, {"name": "s2", "label": "سوق السبت - Souk es-Sebt"}]
    version = publish(admin, form(survey), {"souks": souks})
    assert json.loads(version.package)["datasets"]["souks"]["kind"] == "csv"
    kept = db.session.scalars(db.select(Dataset).where(Dataset.name == "souks")).one()
    assert kept.sha256 == json.loads(version.package)["datasets"]["souks"]["sha256"]
    assert queries.lists_of(admin.programme_id)["souks"] == souks
    # The next form finds it; a new content needs a new version.
    publish(admin, form(survey, version="2"))
    with pytest.raises(Problem):
        publish(admin, form(survey, version="2"), {"souks": souks[:1]})
    db.session.rollback()
    publish(admin, form(survey, version="3"), {"souks": souks[:1]})
    assert count(Dataset, Dataset.name == "souks") == 2


def test_a_closed_form_is_told_to_phones(admin):
    version = publish(admin)
    before = version.seq
    begin_writing()
    operations.set_open(admin.actor, version.instrument_id, False, NOW)
    db.session.commit()
    assert db.session.get(Instrument, version.instrument_id).is_open is False
    assert db.session.get(InstrumentVersion, version.id).seq > before


# The page


def send(person, content, name="essai.md", files=()):
    data = {"file": (io.BytesIO(content), name), "files": [(io.BytesIO(one), title) for title, one in files]}
    return person.client.post(f"/instruments/check?programme={person.programme_id}&lang=fr", data=data)


def test_the_page_shows_what_is_wrong_and_what_mends_it(admin):  # P2
    page = send(admin, form([q("text", "nom", relevant="${non} = 1")]))
    assert page.status_code == 422
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page.text, re.DOTALL)
    shown = [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in cells]
    assert "survey" in shown
    assert "3" in shown
    assert "relevant" in shown
    assert any("Il n’y a pas de question nommée « non »." in one for one in shown)
    assert 'name="checked"' not in page.text
    assert versions() == 0


def test_a_checked_form_is_published_by_a_second_press(admin):
    page = send(admin, form())
    assert page.status_code == 200
    assert versions() == 0
    checked = re.search(r'name="checked"[^>]*value="([^"]+)"', page.text).group(1)
    done = admin.client.post("/instruments/publish", data={"checked": checked})
    assert done.status_code == 302
    found = db.select(InstrumentVersion).where(InstrumentVersion.instrument.has(form_id="essai"))
    assert db.session.scalars(found).one().source == form()
    listed = admin.client.get("/instruments?lang=fr")
    assert "essai" in listed.text
    again = send(admin, form())
    assert "déjà publié" in again.text
    assert 'name="checked"' not in again.text


def test_a_large_form_can_be_published_from_the_page(admin):
    admin.app.config["WTF_CSRF_ENABLED"] = True  # the token's check reads the request before the view does
    noise = random.Random(1).randbytes(900_000).hex()
    lines = "\n".join(noise[at : at + 1000] for at in range(0, len(noise), 1000))
    page = admin.client.get("/instruments")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)
    data = {"file": (io.BytesIO(form() + lines.encode()), "essai.md"), "csrf_token": token}
    page = admin.client.post(f"/instruments/check?programme={admin.programme_id}", data=data)
    checked = re.search(r'name="checked"[^>]*value="([^"]+)"', page.text).group(1)
    assert len(checked) > 1_000_000
    assert admin.client.post("/instruments/publish", data={"checked": checked}).status_code == 400  # no token
    assert admin.client.post("/instruments/publish", data={"checked": checked, "csrf_token": token}).status_code == 302
    assert versions() == 1


def test_only_who_prepares_forms_may_send_large_ones(admin, amina):
    admin.app.config["WTF_CSRF_ENABLED"] = True
    for client in (admin.app.test_client(), amina.client):
        for path in ("/instruments/publish", "/instruments/check", "/instruments/drafts"):
            assert client.post(path, data={"checked": "x" * 11_000_000}).status_code == 413, path


def test_the_page_says_what_would_change(admin):
    publish(admin)
    survey = [q("integer", "nom"), q("text", "lieu")]
    page = send(admin, form(survey, version="2"))
    text = re.sub(r"<[^>]+>|\s+", " ", page.text)
    for wanted in ("Nouvelles questions", "lieu", "Questions supprimées", "ok", "Autre genre de réponse", "text → integer"):
        assert wanted in text, wanted


def test_what_was_checked_cannot_be_changed_on_the_way(admin):
    page = send(admin, form())
    checked = re.search(r'name="checked"[^>]*value="([^"]+)"', page.text).group(1)
    forged = checked[:40] + ("A" if checked[40] != "A" else "B") + checked[41:]
    assert admin.client.post("/instruments/publish", data={"checked": forged}).status_code == 410
    assert versions() == 0


def test_others_see_the_list_but_cannot_send_a_form(admin, said, amina):  # P3
    publish(admin)
    for person in (said, amina):
        page = person.client.get("/instruments?lang=fr")
        assert page.status_code == 200
        assert "essai" in page.text
        assert 'type="file"' not in page.text
        assert send(person, form()).status_code == 403
    assert admin.app.test_client().get("/instruments").status_code == 302


def test_a_file_of_50_mb_gets_a_clear_answer(admin):
    page = send(admin, b"0" * (50 * 1024 * 1024), "grand.xlsx")
    assert page.status_code == 413
    assert "<h1" in page.text
    assert versions() == 0


def test_a_list_that_is_no_list_is_named_at_its_field(admin):
    page = send(admin, form(), files=[("souks.csv", b"\xff\xfe")])
    assert page.status_code == 422
    assert "souks.csv" in page.text


def test_a_list_of_more_rows_than_phones_take_is_refused_with_its_number(admin):
    rows = "".join(f"s{number},Souk {number}\n" for number in range(100_000))
    page = send(admin, form(), files=[("souks.csv", f"name,label\n{rows}".encode())])
    assert page.status_code == 422
    assert "souks.csv" in page.text
    assert "100000" in page.text
    assert versions() == 0


def test_what_is_published_can_be_taken_away(admin, khadija, fatima):  # P5
    version = publish(admin)
    book = khadija.client.get(f"/instruments/{version.id}/xlsx")
    assert [cell.value for cell in openpyxl.load_workbook(io.BytesIO(book.data))["survey"][1]][:2] == ["type", "name"]
    assert khadija.client.get(f"/instruments/{version.id}/source").data == form()
    assert b"<h:html" in khadija.client.get(f"/instruments/{version.id}/xform").data
    assert khadija.client.get(f"/instruments/{version.id}/secret").status_code == 404


# The terminal


def run(app, *arguments):
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["instrument", *arguments])
    db.session.rollback()
    return result


def test_the_terminal_checks_publishes_and_lists(app, world, tmp_path):
    file = tmp_path / "essai.md"
    file.write_bytes(form([q("select_one_from_file souks.csv", "souk")]))
    (tmp_path / "souks.csv").write_text("name,label\ns1,Souk\n", "utf-8")
    checked = run(app, "check", str(file), "--package", str(tmp_path / "p.json"), "--xlsx", str(tmp_path / "e.xlsx"))
    assert checked.exit_code == 0, checked.output
    assert json.loads((tmp_path / "p.json").read_text("utf-8"))["form_id"] == "essai"
    assert versions() == 0
    assert run(app, "publish", str(file), "--programme", "boulemane").exit_code == 0
    assert "boulemane\tessai\t1\topen" in run(app, "list").output
    file.write_bytes(form([q("text", "autre")]))
    refused = run(app, "publish", str(file), "--programme", "boulemane")
    assert refused.exit_code == 1
    assert versions() == 1
    file.write_bytes(form([q("text", "a", constraint="oops(.)")], version="2"))
    wrong = run(app, "check", str(file), "--language", "fr")
    assert wrong.exit_code == 1
    assert "Il n’y a pas de fonction" in wrong.output
    assert "survey 3 constraint" in wrong.output
    assert run(app, "publish", str(file), "--programme", "ailleurs").exit_code == 1
    big = tmp_path / "grand.xlsx"
    big.write_bytes(b"0" * (50 * 1024 * 1024))
    assert run(app, "check", str(big)).exit_code == 1


def test_another_programme_is_switched_to_without_leaving_the_instruments(app):
    programme = Programme(id="p2", code="fes", name={"ar": "فاس", "fr": "Fès"})
    with app.test_request_context("/instruments"):
        assert Shell().programme_address(programme) == "/instruments?programme=p2"
    with app.test_request_context("/instruments/some-version"):
        assert Shell().programme_address(programme) == "/instruments?programme=p2"
