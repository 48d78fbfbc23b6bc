"""A visit from end to end, as it happens: a real browser of a phone's size, no network, a kill in the middle, a real server.

V1  after signing in once, the phone says that it is ready, and everything works without network
V2  a form filled offline survives the kill of the browser: it reopens at the same question with every answer
V3  "received" is shown with a receipt, and the server holds the same bytes, the same photos, and computes the same scores
V4  photos leave the phone re-encoded, without the place that the camera wrote into them
V5  a training with 25 people and 3 days takes the same way
V6  a returned form comes back with the remark at its question, is corrected offline, approved, and leaves as a typed,
    right-to-left workbook
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import struct
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from playwright.sync_api import Page, expect

from app.keys.sealing import key_id_of, open_envelope, unwrap
from tests.e2e.conftest import COMBINATIONS, Field, called
from tests.e2e.demonstration import answers, cooperatives, undiagnosed
from tests.e2e.device import photo_with_gps, stored, until
from tests.e2e.filling import Filling

pytestmark = pytest.mark.browser

WORDS = {
    "ar": {"today": "اليوم", "diag": "تشخيص التعاونية", "train": "بطاقة الدورة التكوينية", "received": "تم التوصل"},
    "fr": {
        "today": "Aujourd’hui",
        "diag": "Diagnostic de la coopérative",
        "train": "Fiche de session de formation",
        "received": "Reçu",
        "approved": "Validé",
    },
}
STOP_AT = "fin03"
SCORED = re.compile(r"(leg|mem|org|prd|mkt|fin|cer|net)\d\d")


def flat(content: Any) -> dict[str, Any]:
    """Answers by question name; a repeat is a list of such."""
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found |= flat(value)
        elif isinstance(value, list):
            found[name] = [flat(row) for row in value]
        else:
            found[name] = value
    return found


def assert_given(sent: dict[str, Any], values: dict[str, Any]) -> None:
    """What was sent is what was typed, question by question."""
    for name, value in values.items():
        if isinstance(value, str) and value and value != "picture":
            # Several choices are kept in the order of the list, not of the tapping.
            assert sorted(str(sent.get(name)).split()) == sorted(value.split()), name
        elif isinstance(value, list):
            assert len(sent[name]) == len(value), name
            for row, typed in zip(sent[name], value, strict=True):
                assert_given(row, typed)


def sign_in(field: Field) -> Page:
    """V1: sign in, wait until the phone says that everything is on it."""
    page = field.phone.page if field.phone.context else field.phone.open()
    page.goto(f"{field.url}/field/#/sign-in", wait_until="domcontentloaded")
    page.locator("#username").fill(field.username)
    page.locator("#password").fill(field.password)
    page.locator("form.enter button.go").click()
    # What remains is advice that no browser of a test can follow: the home screen, and the screen's lock.
    expect(page.locator(".checks li.done")).to_have_count(7, timeout=30_000)
    expect(page.locator(".checks li.working")).to_have_count(0)
    assert [one.get_attribute("data-check") for one in page.locator(".checks li.todo").all()] == ["install", "lock"]
    return page


def signed_in(field: Field) -> Page:
    """The phone as the test before left it."""
    return field.phone.page if field.phone.context else sign_in(field)


def open_draft(field: Field, page: Page) -> None:
    """From Today, the only draft there is."""
    drafts = page.locator("a.card[href^='#/form/']")
    expect(drafts).to_have_count(1)
    drafts.click()
    expect(page.locator(".fill")).to_be_visible()


def send(field: Field, page: Page, revision_id: str) -> dict[str, Any]:
    """Back in the network: nothing is pressed, the phone sends by itself. The receipt, once the page shows it."""
    field.phone.offline(False)
    receipt = until(
        lambda: next((one for one in stored(page, "receipts") if one["revision_id"] == revision_id), None), "a receipt", 40
    )
    page.goto(f"{field.url}/field/#/outbox")
    card = page.locator(f"a.card[href='#/summary/{revision_id}']")
    expect(card).to_contain_text(WORDS[field.language]["received"])
    expect(card).to_contain_text(str(receipt["number"]))
    return receipt


def item_of(page: Page, revision_id: str) -> dict[str, Any]:
    return next(one for one in stored(page, "items") if one["revision_id"] == revision_id)


def opened(field: Field, item: dict[str, Any]) -> bytes:
    """What the phone sealed, opened with the key that the server holds for it."""
    sealed = base64.b64decode(item["envelope"])
    row = field.row("SELECT * FROM device_keys WHERE id = :id", id=key_id_of(sealed))
    [pair] = (field.instance / "keys").glob("*.pem")
    private = load_pem_private_key(pair.read_bytes(), None)
    key = unwrap(base64.b64decode(row["wrapped"]), private, "escrow", row["person_id"], row["id"])  # type: ignore[arg-type]
    return open_envelope(key, sealed, item["submission_id"], item["revision_id"], most=10**6)


def assert_same_on_both_sides(field: Field, item: dict[str, Any], receipt: dict[str, Any]) -> dict[str, Any]:
    """V3: the server's row, byte for byte, and what it computed from it. The envelope."""
    revision = field.row("SELECT * FROM revisions WHERE id = :id", id=item["revision_id"])
    content = gzip.decompress(bytes(revision["body"]))
    assert content == opened(field, item)
    assert revision["sha256"] == item["sha256"] == receipt["sha256"] == hashlib.sha256(item["envelope"].encode()).hexdigest()
    assert revision["seq"] == receipt["number"] <= receipt["server_seq"]
    submission = field.row("SELECT * FROM submissions WHERE id = :id", id=item["submission_id"])
    assert submission["current_revision_id"] == item["revision_id"]
    assert submission["quarantine"] is None

    def checked() -> Any:
        row = field.row("SELECT check_state, check_result FROM revisions WHERE id = :id", id=item["revision_id"])
        return row if row["check_state"] != "waiting" else None

    row = until(checked, "the server computes the answers again", 30)
    result = json.loads(row["check_result"]) if isinstance(row["check_result"], str) else row["check_result"]
    assert (row["check_state"], result["differences"]) == ("ok", [])
    envelope: dict[str, Any] = json.loads(content)
    envelope["computed"] = result
    return envelope


def photos_on_server(field: Field, envelope: dict[str, Any]) -> list[bytes]:
    """The files of a submission as the server keeps them, each complete and equal to its hash."""

    def complete() -> Any:
        rows = field.rows("SELECT * FROM attachments WHERE submission_id = :id", id=envelope["submission_id"])
        return rows if all(row["complete_at"] for row in rows) else None

    slots = until(complete, "photos are complete", 40)
    assert {row["sha256"] for row in slots} == {one["sha256"] for one in envelope["attachments"]}
    found = []
    for row in slots:
        inside = {one["sha256"]: one["sealed"]["sha256"] for one in envelope["attachments"]}[row["sha256"]]
        content = (field.instance / "attachments" / inside[:2] / inside).read_bytes()
        assert hashlib.sha256(content).hexdigest() == inside == row["opened_sha256"]
        found.append(content)
    return found


def jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while content[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    height, width = struct.unpack(">HH", content[at + 5 : at + 9])
    return width, height


def test_a_diagnostic_filled_offline_survives_a_kill_and_reaches_the_office_whole(field, tmp_path):  # V1 V2 V3 V4, AS-24
    page = sign_in(field)
    photo = photo_with_gps(page, tmp_path / "photo.jpg")
    assert b"Exif" in photo.read_bytes()[:40]
    # The language that is not spoken follows once the phone is ready.
    other = "fr" if field.language == "ar" else "ar"
    kept = """async (code) => {
        for (const name of await caches.keys())
            for (const { url } of await (await caches.open(name)).keys()) if (url.includes(`/field/${code}.`)) return true;
        return false;
    }"""
    until(lambda: page.evaluate(kept, other), "the other language is kept")
    field.phone.offline(True)
    page.locator("main a.go").click()
    for code in (other, field.language):
        page.locator(f"button.pill[lang={code}]").first.click()
        expect(page.locator("html")).to_have_attribute("lang", code)
        expect(page.locator("h1").first).to_contain_text(WORDS[code]["today"])
    cooperative = undiagnosed(field.organisation)
    page.goto(f"{field.url}/field/#/registry")
    name = cooperative.ar if field.language == "ar" else cooperative.fr
    page.locator("input[type=search]").fill(name)
    page.locator("a.card").first.click()
    expect(page.locator("h1")).to_contain_text(name)
    page.locator(".start", has_text=WORDS[field.language]["diag"]).click()
    expect(page.locator(".fill")).to_be_visible()

    values = answers("diag-tifawine", date.today())
    del values["coop"]  # the form was begun from the record: it knows
    values |= {"photo_leg": "picture", "d_sign": "picture"}
    filling = Filling(page, values, photo)
    assert filling.to_the_end(stop_after=STOP_AT)
    filling.wait_saved()
    section = filling.section
    field.phone.kill()

    page = field.phone.open(f"{field.url}/field/", offline=True)
    open_draft(field, page)
    # Chosen a moment before the kill, when the browser had written its small storage last.
    expect(page.locator("html")).to_have_attribute("lang", field.language)
    again = Filling(page, values, photo)
    assert again.section == section
    question = page.locator(f".blocks [data-path$='/{STOP_AT}']")
    expect(question.locator("input:checked")).to_have_value(values[STOP_AT])
    expect(question).to_be_in_viewport()
    # The sections before are not filled again; of this one every answer is there before a hand touches it.
    here = [path for path in filling.answered if again.is_on_page(path)]
    assert len(here) > 1
    assert [path for path in here if again.is_blank(path)] == []

    again.to_the_end()
    revision_id = again.finish()
    shown = page.locator(".result-score b").inner_text().partition("/")[0].strip()
    item = item_of(page, revision_id)
    assert item["state"] == "waiting"

    receipt = send(field, page, revision_id)
    envelope = assert_same_on_both_sides(field, item, receipt)
    sent = flat(envelope["answers"])
    assert_given(sent, values)
    scored = {name for name in values if SCORED.fullmatch(name)}
    assert len(scored) == 56
    assert scored <= sent.keys()
    scores = envelope["computed"]["scores"]
    assert len(scores["axes"]) == 8
    assert float(sent["score_all"]) == pytest.approx(scores["overall"], abs=1e-9)
    assert shown == f"{scores['overall']:.1f}".replace(".", ",")
    submission = field.row("SELECT * FROM submissions WHERE id = :id", id=item["submission_id"])
    assert submission["territory"] == cooperative.commune
    record = field.row("SELECT data FROM entities WHERE id = :id", id=submission["subject_id"])
    data = json.loads(record["data"]) if isinstance(record["data"], str) else record["data"]
    assert float(data["last_score"]) == pytest.approx(scores["overall"], abs=1e-9)

    files = photos_on_server(field, envelope)
    assert len(files) == 2
    pictures = [content for content in files if content[:2] == b"\xff\xd8"]
    assert len(pictures) == 1
    assert b"Exif" not in pictures[0]
    assert max(jpeg_size(pictures[0])) == 1600
    until(lambda: all(one["state"] == "complete" for one in item_of(page, revision_id)["attachments"]), "the phone knows it")
    assert field.phone.complaints == []


# The way is the one of the diagnostic, which is walked in both: what is new is the table, and it is the harder one in Arabic.
@pytest.mark.parametrize("field", COMBINATIONS[:1], ids=called, indirect=True)
def test_a_training_of_25_people_over_3_days_takes_the_same_way(field):  # V2 V3 V5
    page = signed_in(field)
    field.phone.offline(True)
    page.goto(f"{field.url}/field/#/today")
    page.locator(".start", has_text=WORDS[field.language]["train"]).click()
    expect(page.locator(".fill")).to_be_visible()
    members = cooperatives(field.organisation)[:5]
    values = answers("train-hadaf", date(2026, 11, 3))
    for number, person in enumerate(values["part"]):
        person["p_coop_in"] = ""
        person["p_coop_free"] = members[number // 5].ar
        if number > 4:  # what is not required is answered for some
            for name in ("p_role", "p_pre", "p_post", "p_absence", "p_coop_free"):
                person[name] = ""
    assert len(values["part"]) == 25

    filling = Filling(page, values)
    assert filling.to_the_end(stop_after="part")
    filling.wait_saved()
    field.phone.kill()

    page = field.phone.open(f"{field.url}/field/", offline=True)
    open_draft(field, page)
    expect(page.locator("button.person")).to_have_count(25)
    expect(page.locator("tbody tr").nth(24).locator("button.cell:not(.c0)")).to_have_count(3)
    again = Filling(page, {name: value for name, value in values.items() if name != "part"})
    again.next()
    again.to_the_end()
    revision_id = again.finish()

    item = item_of(page, revision_id)
    receipt = send(field, page, revision_id)
    envelope = assert_same_on_both_sides(field, item, receipt)
    assert_given(flat(envelope["answers"]), values)
    persons = [one for one in envelope["entities"] if one["list"] == "persons"]
    assert len({one["id"] for one in persons}) == 25
    known = field.rows("SELECT label FROM entities WHERE list = 'persons' AND id IN ("
                       + ",".join(f"'{one['id']}'" for one in persons) + ")")  # fmt: skip
    assert sorted(row["label"] for row in known) == sorted(person["p_name"] for person in values["part"])
    assert field.phone.complaints == []


def test_a_returned_form_is_corrected_offline_approved_and_exported(field, tmp_path):  # V6
    mine = field.row(
        "SELECT s.id, s.current_revision_id FROM submissions s JOIN people p ON p.id = s.author_id "
        "WHERE s.form_id = 'diag' AND s.state IN ('received', 'approved') AND s.quarantine IS NULL AND p.username = :username "
        "ORDER BY s.state DESC, s.seq DESC LIMIT 1",
        username=field.username,
    )
    office = office_of(field)
    desk = office.page
    remark = "يرجى التحقق من رقم المعاملات" if field.language == "ar" else "Merci de vérifier le chiffre d’affaires"
    desk.goto(f"{field.url}/submissions/{mine['id']}")
    answer = desk.locator("[id='a-grp_q/k_ca']")
    answer.locator("summary").click()
    answer.locator("textarea").fill(remark)
    desk.locator("button[value=return]").click()
    expect(desk.locator(".record-head .chips")).not_to_be_empty()
    assert field.row("SELECT state FROM submissions WHERE id = :id", id=mine["id"])["state"] == "has_issues"

    page = signed_in(field)
    page.goto(f"{field.url}/field/#/outbox")
    page.locator("main button.go").click()
    page.goto(f"{field.url}/field/#/today")
    card = page.locator(".card.fix", has_text=remark)
    expect(card).to_be_visible(timeout=30_000)
    field.phone.offline(True)
    card.click()
    expect(page.locator(".fill")).to_be_visible()
    filling = Filling(page, {"k_ca": "987654.50"})
    while not page.locator(".blocks [data-path='grp_q/k_ca']").count():
        filling.next()
    expect(page.locator("[data-path='grp_q/k_ca']")).to_contain_text(remark)
    filling.to_the_end()
    revision_id = filling.finish()
    item = item_of(page, revision_id)
    assert json.loads(opened(field, item))["parent_revision_id"] == mine["current_revision_id"]

    receipt = send(field, page, revision_id)
    envelope = assert_same_on_both_sides(field, item, receipt)
    assert envelope["answers"]["grp_q"]["k_ca"] == "987654.50"
    assert field.row("SELECT state FROM submissions WHERE id = :id", id=mine["id"])["state"] == "edited"
    assert field.row("SELECT closed_by FROM remarks WHERE text = :text", text=remark)["closed_by"] == revision_id

    desk.goto(f"{field.url}/submissions/{mine['id']}")
    expect(desk.locator("[id='a-grp_q/k_ca']")).to_contain_text("987\u202f654,5")
    desk.locator("button[value=approve][data-key=a]").click()
    expect(desk).not_to_have_url(re.compile(mine["id"]))  # on to the next one
    desk.goto(f"{field.url}/submissions/{mine['id']}")
    expect(desk.locator(".record-head .chips")).to_contain_text(re.compile("مصادق عليها|Validée"))  # her own language
    assert field.row("SELECT state FROM submissions WHERE id = :id", id=mine["id"])["state"] == "approved"

    sheet, headings = exported(field, desk, tmp_path / "diag.xlsx")
    rows = {row[headings.index("submission_id")]: row for row in sheet.iter_rows(min_row=2, values_only=True)}
    approved = field.rows("SELECT id FROM submissions WHERE form_id = 'diag' AND state = 'approved' AND quarantine IS NULL")
    assert {row["id"] for row in approved} == rows.keys() - {None}
    row = rows[mine["id"]]
    assert row[headings.index("k_ca")] == 987654.5
    day = row[headings.index("d_date")]
    assert isinstance(day, datetime)
    assert day.date().isoformat() == envelope["answers"]["d_date"]
    assert isinstance(row[headings.index("d_w")], int)
    assert bool(sheet.sheet_view.rightToLeft) == (field.language == "ar")
    office.close()
    assert field.phone.complaints == []


def office_of(field: Field) -> Any:
    """The coordinator's laptop, signed in."""
    office = field.new_device(field.folder / "office", field.language, width=1280, height=820)
    desk = office.open(f"{field.url}/sign-in?lang={field.language}")
    desk.locator("[name=username]").fill("coordinator")
    desk.locator("[name=password]").fill(field.password)
    desk.locator("main form button.go").click()
    expect(desk).not_to_have_url(re.compile("sign-in"))
    desk.context.add_cookies([{"name": "lang", "value": field.language, "url": field.url}])
    return office


def exported(field: Field, desk: Page, path: Path) -> tuple[Any, list[str]]:
    """DIAG as a workbook in the reader's language, without the row of labels: its sheet and headings."""
    desk.goto(f"{field.url}/exports?form=diag")
    desk.locator("[name=format][value=xlsx]").check()
    desk.locator(f"[name=language][value={field.language}]").check()
    desk.locator("[name=content][value=codes]").check()
    desk.locator("[name=label_row]").uncheck()
    with desk.expect_download() as download:
        desk.locator("main form button.go").click()
    download.value.save_as(path)
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()))
    sheet = book.worksheets[0]
    return sheet, [cell.value for cell in sheet[1]]
