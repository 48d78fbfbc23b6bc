"""A draft that was begun on one version of a form moves to the next.

V1  it is offered where the newer version is on the phone, and says before what would happen; one may stay
V2  answers are kept by name and type, in their rows, wherever the question stands now; new questions have their defaults
V3  what has no place, or is not asked for there, is shown in words, and goes with the draft, with what is sent, files too,
    and with a correction of it
V4  one can go back until it is finished: every answer is in its place again, also those given since
V5  a draft of the version before may be finished and sent as what it is (UM-08)
V6  a correction stays in the version it corrects
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone
from tests.form.test_filling import _photo_of_a_camera

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


def _begun(phone: Phone) -> str:
    """A draft of version 1 with an answer to each question and two products; version 2 has come since."""
    phone.install("moves-1")
    draft = phone.start("moves")
    for name, text in {"village": "آيت حمو", "members": "حوالي عشر", "price": "120", "remarks": "الطريق وعرة"}.items():
        phone.question(name).locator("input, textarea").fill(text)
    phone.question("water").locator(".option", has_text="بئر").tap()
    for number in (0, 1):
        phone.question("help").locator(".option").nth(number).tap()
    phone.question("open").locator(".option", has_text="لا").tap()
    photo = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": _photo_of_a_camera(phone)}
    phone.question("photo").locator("input[type=file]").last.set_input_files(photo)
    expect(phone.question("photo").locator("img")).to_be_visible()
    phone.open_section(2)
    for number, (product, telephone) in enumerate((("زربية", "0611"), ("أركان", "0622"))):
        if number:
            phone.page.locator(".repeat .add").click()
        box = phone.page.locator(".row-box").nth(number)
        box.locator(".q[data-name=product_name] input").fill(product)
        box.locator(".q[data-name=phone] input").fill(telephone)
    phone.draft(draft)
    phone.install("moves-2")
    phone.reload()
    phone.open_section(1)
    return draft


def _move(phone: Phone) -> None:
    phone.page.get_by_role("button", name="ما الذي سينتقل").click()
    phone.page.locator(".overlay .go").click()
    expect(phone.page.locator("details.newer")).to_be_visible()


ASIDE = {
    "place/members": "حوالي عشر",
    "place/water": "well",
    "place/help": "fund",
    "place/price": "120",
    "place/remarks": "الطريق وعرة",
    "product[1]/phone": "0611",
    "product[2]/phone": "0622",
}


def _aside(draft: dict[str, Any]) -> dict[str, str]:
    return {one["question"]: one["value"] for one in draft["aside"] if one["type"] != "image"}


def test_answers_move_by_name_and_type_and_what_has_no_place_is_kept_aside(phone: Phone) -> None:  # V1-V3
    draft = _begun(phone)
    phone.page.get_by_role("button", name="ما الذي سينتقل").click()
    overlay = phone.page.locator(".overlay")
    expect(overlay).to_contain_text("مصدر الماء")
    expect(overlay).to_contain_text("بئر")
    expect(overlay).to_contain_text("زربية")
    overlay.get_by_role("button", name="البقاء").click()  # looked at, not taken
    assert phone.draft(draft)["form_version"] == "1"
    _move(phone)

    expect(phone.page.locator(".fill-status h2")).to_contain_text("أين")
    expect(phone.question("village").locator("input")).to_have_value("آيت حمو")
    expect(phone.question("open").locator(".option.on")).to_contain_text("لا")
    expect(phone.question("road").locator(".option.on")).to_contain_text("لا")
    kept = phone.draft(draft)
    assert (kept["form_version"], kept["snapshot"]["@form"]["version"]) == ("2", "2")
    assert kept["snapshot"]["facts"] == {"help": "train", "price": "120"}
    products = [{"product_name": "زربية", "sold": "yes"}, {"product_name": "أركان", "sold": "yes"}]
    assert kept["snapshot"]["product"] == products
    assert _aside(kept) == ASIDE
    phone.page.locator("details.newer summary").click()
    shown = phone.page.locator("details.newer dl")
    expect(shown).to_contain_text("بئر")
    expect(shown).to_contain_text("أركان")
    phone.page.locator(".pill[lang=fr]").click()
    expect(shown).to_contain_text("Source d’eau")
    expect(shown).to_contain_text("Puits")

    notice = phone.page.locator("details.newer summary")
    expect(notice).to_have_text("8 réponses gardées de côté")
    phone.question("road").locator(".option", has_text="Oui").tap()  # now the price is asked for, and has its answer
    expect(notice).to_have_text("7 réponses gardées de côté")
    phone.question("road").locator(".option", has_text="Non").tap()
    expect(notice).to_have_text("8 réponses gardées de côté")

    phone.open_section(4)
    phone.page.locator(".go").click()
    phone.page.locator(".result summary", has_text="gardées de côté").click()
    expect(phone.page.locator(".result details[open]")).to_contain_text("Puits")
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    envelope = json.loads(item["envelope"])
    assert envelope["form_version"] == "2"
    assert {one["question"]: one["value"] for one in envelope["aside"] if one["type"] != "image"} == ASIDE
    water = next(one for one in envelope["aside"] if one["question"] == "place/water")
    assert (water["label"]["fr"], water["said"], water["form_version"]) == ("Source d’eau", {"ar": "بئر", "fr": "Puits"}, "1")
    assert next(one["row"] for one in envelope["aside"] if one["question"] == "product[2]/phone") == "أركان"
    assert [file["question"] for file in envelope["attachments"]] == ["place/photo"]
    assert len(item["attachments"]) == 1

    returned = {key: item[key] for key in ("revision_id", "envelope")} | {"id": item["submission_id"]}
    correction = phone.page.evaluate("(submission) => harness.correct(submission)", returned)
    expect(notice).to_contain_text("gardées de côté")
    corrected = phone.page.evaluate("(id) => harness.envelope(id)", correction)
    assert corrected["aside"] == envelope["aside"]
    assert [file["name"] for file in corrected["attachments"]] == [file["name"] for file in envelope["attachments"]]


def test_going_back_puts_every_answer_in_its_place(phone: Phone) -> None:  # V4
    draft = _begun(phone)
    before = phone.draft(draft)["snapshot"]
    _move(phone)
    phone.question("village").locator("input").fill("تيزي")
    phone.question("road").locator(".option", has_text="نعم").tap()
    phone.draft(draft)
    phone.page.locator("details.newer summary").click()
    phone.page.get_by_role("button", name="الرجوع إلى الصيغة السابقة").click()
    expect(phone.question("remarks").locator("input, textarea")).to_have_value("الطريق وعرة")

    after = phone.draft(draft)
    assert (after["form_version"], after["moved_from"]) == ("1", None)
    before["place"]["village"] = "تيزي"
    for snapshot in (before, after["snapshot"]):
        snapshot["place"]["help"] = " ".join(sorted(snapshot["place"]["help"].split()))
    assert {key: value for key, value in after["snapshot"].items() if key != "meta"} == {
        key: value for key, value in before.items() if key != "meta"
    }
    assert _aside(after) == {"where/road": "yes"}  # asked by version 2 only: kept, and there again after a next move
    expect(phone.question("photo").locator("img")).to_be_visible()
    _move(phone)
    expect(phone.question("road").locator(".option.on")).to_contain_text("نعم")


def test_a_row_that_is_another_one_by_now_does_not_get_its_neighbours_answer(phone: Phone) -> None:  # V4
    draft = _begun(phone)
    _move(phone)
    phone.open_section(3)
    phone.page.locator(".row-box").first.get_by_role("button", name="حذف").click()
    phone.draft(draft)
    phone.page.locator("details.newer summary").click()
    phone.page.get_by_role("button", name="الرجوع إلى الصيغة السابقة").click()
    expect(phone.question("phone")).to_have_count(1)

    after = phone.draft(draft)
    [row] = after["snapshot"]["product"]
    assert row["product_name"] == "أركان"
    assert row["phone"] == "0622"
    assert _aside(after) == {"product[1]/phone": "0611"}


def test_one_may_stay_and_finish_what_was_begun(phone: Phone) -> None:  # V1, V5
    draft = _begun(phone)
    phone.page.locator(".newer").get_by_role("button", name="البقاء").click()
    expect(phone.page.locator(".newer")).to_have_count(0)
    phone.draft(draft)
    phone.reload()
    phone.open_section(1)
    expect(phone.page.locator(".newer")).to_have_count(0)
    phone.open_section(3)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    envelope = json.loads(item["envelope"])
    assert (envelope["form_version"], envelope["answers"]["place"]["members"]) == ("1", "حوالي عشر")
    assert "aside" not in envelope


def test_a_correction_stays_in_the_version_it_corrects(phone: Phone) -> None:  # V6
    phone.install("moves-1")
    phone.start("moves")
    phone.question("village").locator("input").fill("آيت حمو")
    phone.open_section(3)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    phone.install("moves-2")
    remark = {"id": "r1", "question": "place/village", "text": "أي دوار؟", "author": "خديجة", "at": "2026-11-21T10:00:00Z"}
    returned = {key: item[key] for key in ("revision_id", "envelope")} | {"id": item["submission_id"], "remarks": [remark]}
    phone.page.evaluate("(submission) => harness.correct(submission)", returned)

    phone.question("village").locator("input").fill("تيزي")
    expect(phone.question("remarks")).to_be_visible()
    expect(phone.page.locator(".newer")).to_have_count(0)


def test_nothing_that_a_page_notes_meanwhile_undoes_a_move(phone: Phone) -> None:  # V2
    """Where a page is scrolled to is kept a second later, which may be while the store is still busy with the move."""
    draft = _begun(phone)
    phone.page.evaluate("""() => {
      const { drafts } = harness.phone, { save } = drafts;
      drafts.save = async (record) => {
        await save(record);
        if (record.moved_from) await new Promise((resolve) => setTimeout(resolve, 2000));
      };
    }""")
    phone.page.get_by_role("button", name="ما الذي سينتقل").click()
    phone.page.locator(".overlay .go").click()
    expect(phone.page.locator(".overlay")).to_have_count(0)
    phone.page.evaluate("dispatchEvent(new Event('scroll'))")

    expect(phone.page.locator("details.newer")).to_be_visible()
    assert phone.draft(draft)["moved_from"]["form_version"]
