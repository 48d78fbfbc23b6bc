"""Filling a form on a phone: each answer is kept as it is given, whatever happens to the page.

F1  What is typed in any digits is stored in 0-9; what cannot be read is kept and said to be wrong.
F2  Each answer is on disk before "saved" is shown, and is there after a reload, at the same section.
F3  What is missing can be found and reached from the last page.
F4  A switch of language loses nothing; the other one is a tap away, for all that an author wrote, and finds choices too.
F5  A photo is stored small, upright, and without where it was taken.
F6  "Back" is the page before; two windows never write one draft.
F7  Finishing freezes the bytes that are sent, and their hash.
F8  What the office returned opens with its remarks at their questions, and comes back as a revision of the same submission.
F9  After an answer the next question comes into sight, if it is not; nothing moves under a finger, when a message goes neither.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone, instrument
from tests.instruments import forms

pytestmark = pytest.mark.browser
FIRST_AXIS = 5  # of the diagnostic: the first section of scored questions
UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [("٣٫٥", "3.5", "3,5"), ("3,5", "3.5", "3,5"), ("28250000", "28250000", "28 250 000"), ("-12", "-12", "-12")],
)
def test_a_number_in_any_writing_is_stored_in_western_digits(phone: Phone, typed: str, stored: str, shown: str) -> None:  # F1
    phone.install("visit")
    draft = phone.start("visit")
    phone.open_section(2)
    field = phone.question("amount").locator("input")
    field.press_sequentially(typed)
    field.blur()
    assert phone.draft(draft)["snapshot"]["money"]["amount"] == stored
    expect(field).to_have_value(shown.replace(" ", "\u202f"))
    if stored == "28250000":
        expect(phone.question("amount").locator(".q-reading")).to_contain_text("28,25")
    if stored == "-12":
        expect(phone.question("amount").locator(".q-error")).to_have_text("لا يمكن أن يكون سالبا")


def test_what_cannot_be_read_as_a_number_stays_and_is_said_to_be_wrong(phone: Phone) -> None:  # F1
    phone.install("visit")
    draft = phone.start("visit")
    phone.open_section(2)
    field = phone.question("members").locator("input")
    field.press_sequentially("3,5")
    expect(phone.question("members").locator(".q-error")).to_have_count(0)  # not while typing
    field.blur()
    expect(phone.question("members").locator(".q-error")).to_be_visible()
    assert phone.draft(draft)["snapshot"]["money"]["members"] == "3,5"


def test_answers_survive_a_reload_at_the_same_section(phone: Phone) -> None:  # F2
    phone.install("visit")
    draft = phone.start("visit")
    phone.question("village").locator("input").fill("آيت حمو")
    phone.page.locator(".go").click()  # a required date is blank: said once
    phone.page.locator(".go").click()
    phone.question("books").locator(".option").nth(3).tap()
    phone.question("wanted").locator(".option").nth(0).tap()
    phone.question("wanted").locator(".option").nth(1).tap()
    answers = phone.draft(draft)["snapshot"]["money"]
    assert {name: value for name, value in answers.items() if value} == {"books": "3", "wanted": "train fund"}

    phone.reload()

    expect(phone.page.locator(".fill-status h2")).to_contain_text("المال")
    expect(phone.question("books").locator("input[value='3']")).to_be_checked()
    expect(phone.question("wanted").locator(".option.on")).to_have_count(2)
    phone.open_section(1)
    expect(phone.question("village").locator("input")).to_have_value("آيت حمو")


def test_a_question_that_comes_and_goes_keeps_its_answer(phone: Phone) -> None:  # F2
    phone.install("visit")
    phone.start("visit")
    phone.open_section(2)
    expect(phone.question("why")).to_be_hidden()
    phone.question("books").locator(".option").nth(0).tap()
    phone.question("why").locator("input, textarea").fill("لا أحد يكتب")
    phone.question("books").locator(".option").nth(1).tap()
    expect(phone.question("why")).to_be_hidden()
    phone.question("books").locator(".option").nth(0).tap()
    expect(phone.question("why").locator("input, textarea")).to_have_value("لا أحد يكتب")


def test_the_last_page_leads_to_what_is_missing(phone: Phone) -> None:  # F3
    phone.install("visit")
    phone.start("visit")
    phone.open_section(4)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".fault")).to_have_count(4 + 1)  # four required, and the section of photos left blank
    phone.page.locator(".fault", has_text="عدد العضوات").click()
    expect(phone.question("members").locator("input")).to_be_focused()
    expect(phone.question("members")).to_be_in_viewport()
    expect(phone.question("members").locator(".q-error")).to_be_visible()
    phone.page.go_back()
    expect(phone.page.locator(".finish-state")).to_be_visible()


def test_switching_the_language_keeps_the_answers(phone: Phone) -> None:  # F4
    phone.install("visit")
    draft = phone.start("visit")
    phone.open_section(2)
    phone.question("amount").locator("input").fill("1200")
    phone.question("books").locator(".option").nth(2).tap()
    phone.page.locator(".pill[lang=fr]").click()
    expect(phone.page.locator("html")).to_have_attribute("dir", "ltr")
    expect(phone.question("books").locator(".q-label")).to_contain_text("Comment tient-on les livres")
    expect(phone.question("books").locator(".option.on")).to_contain_text("Un seul livre")
    assert phone.draft(draft)["snapshot"]["money"]["amount"] == "1200"
    # The other language under the question, on demand: of one by a tap on its words, of all from the table of sections.
    phone.question("books").locator(".q-label").tap()
    expect(phone.page.locator(".q-head .q-second")).to_have_text(["كيف تُمسك الدفاتر؟"])
    phone.question("books").locator(".q-label").tap()
    expect(phone.page.locator(".q-second")).to_have_count(0)
    phone.page.locator(".fill-bar .pill").last.click()
    phone.page.locator(".switch input").check()
    phone.page.keyboard.press("Escape")
    expect(phone.question("books").locator(".q-head .q-second")).to_have_text("كيف تُمسك الدفاتر؟")


def test_the_other_language_finds_a_choice_of_the_form_and_stands_under_it(phone: Phone) -> None:  # F4
    crops = [("carpet", "زرابي", "Tapis"), *((f"c{i}", f"منتوج {i}", f"Produit {i}") for i in range(12))]
    listed = [{"list_name": "crops", "name": name, forms.AR: ar, forms.FR: fr} for name, ar, fr in crops]
    guidance = {"guidance_hint::العربية (ar)": "ما يباع أكثر", "guidance_hint::Français (fr)": "Ce qui se vend le plus"}
    compiled = forms.compiled([forms.q("select_one crops", "crop", **guidance)], choices=listed)
    phone.page.evaluate("(what) => harness.install(what)", {"pkg": compiled.package_json, "sha256": "1" * 64, "datasets": {}})
    phone.start("essai")
    question, offered = phone.question("crop"), phone.page.locator(".choice")
    question.locator(".picker").tap()
    phone.page.locator(".picker-search .input").fill("tapis")
    expect(offered).to_have_text(["زرابي"])
    phone.page.go_back()
    question.locator(".q-label").tap()
    expect(question.locator(".q-guidance .q-second")).to_have_text("Ce qui se vend le plus")
    question.locator(".picker").tap()
    expect(offered.first.locator(".q-second")).to_have_text("Tapis")
    offered.first.tap()
    expect(question.locator(".picker")).to_have_text("زرابيTapis")


def _both(column: str, arabic: str, french: str) -> dict[str, str]:
    return {f"{column}::العربية (ar)": arabic, f"{column}::Français (fr)": french}


def test_what_is_wrong_unusual_or_above_other_questions_is_said_in_both_languages(phone: Phone) -> None:  # F4
    unusual = {
        "bind::ci:expect": ". < 100",
        "bind::ci:expect-message-ar": "هل هو بالدرهم؟",
        "bind::ci:expect-message-fr": "En dirhams ?",
    }
    survey = [
        forms.q("begin_group", "coop"),
        forms.q("text", "name", required="yes", **_both("required_message", "الاسم ضروري", "Il faut le nom")),
        forms.q("text", "town", required="yes"),
        forms.q("begin_group", "money", **_both("hint", "مع أمينة المال", "Avec la trésorière")),
        forms.q("integer", "sales", constraint=". > 0", **_both("constraint_message", "أكثر من صفر", "Plus que zéro"), **unusual),
        forms.q("end_group"),
        forms.q("begin_group", "rules", appearance="table-list"),
        forms.q("select_one yes_no", "kept"),
        forms.q("select_one yes_no", "shown"),
        forms.q("end_group"),
        forms.q("end_group"),
    ]
    named = [{**forms.SETTINGS, "namespaces": 'ci="urn:cooperative-instruments:1"'}]
    compiled = forms.compiled(survey, choices=forms.YES_NO, settings=named)
    phone.page.evaluate("(what) => harness.install(what)", {"pkg": compiled.package_json, "sha256": "1" * 64, "datasets": {}})
    phone.start("essai")
    sales = phone.question("sales")
    sales.locator("input").fill("0")
    phone.page.locator(".fill-foot .go").click()
    phone.question("name").locator(".q-label").tap()
    expect(phone.question("name").locator(".q-error .q-second")).to_have_text("Il faut le nom")
    phone.question("town").locator(".q-label").tap()
    expect(phone.question("town").locator(".q-error .q-second")).to_have_text("Cette réponse est obligatoire.")
    sales.locator(".q-label").tap()
    expect(sales.locator(".q-error .q-second")).to_have_text("Plus que zéro")
    sales.locator("input").fill("500")
    sales.locator("input").blur()
    expect(sales.locator(".q-warn .q-second")).to_have_text("En dirhams ?")
    heads = phone.page.locator(".choice-row.head .q-second")
    expect(heads).to_have_count(0)
    phone.page.locator(".choice-row.head").tap()
    expect(heads).to_have_text(["Réponse yes", "Réponse no"])
    phone.page.locator(".group h3").first.tap()
    expect(phone.page.locator(".group h3 .q-second")).to_have_text(["Question money"])
    expect(phone.page.locator(".group > div > .q-hint .q-second")).to_have_text("Avec la trésorière")


def test_a_message_that_goes_moves_nothing_under_the_finger(phone: Phone) -> None:  # F9
    """At the end of the page the questions stand lower once the message is gone."""
    names = [f"q{at}" for at in range(10)]
    asked = [forms.q("text", name, required="yes") for name in names] + [forms.q("select_one yes_no", "last")]
    compiled = forms.compiled(asked, choices=forms.YES_NO)
    phone.page.evaluate("(what) => harness.install(what)", {"pkg": compiled.package_json, "sha256": "1" * 64, "datasets": {}})
    phone.start("essai")
    phone.page.locator(".fill-foot .go").click()
    expect(phone.page.locator(".fill-toast")).to_be_visible()
    phone.page.evaluate("scrollTo({ top: 1e6, behavior: 'instant' })")
    phone.question("last").locator(".option").last.tap()
    expect(phone.question("last").locator(".option").last).to_have_class(re.compile(r"\bon\b"))
    expect(phone.page.locator(".fill-toast")).to_have_count(0)


def _photo_of_a_camera(phone: Phone) -> bytes:
    """A JPEG lying on its side, 1200 × 600, with the orientation and the GPS position in its EXIF."""
    encoded = phone.page.evaluate(
        """() => { const c = document.createElement('canvas'); c.width = 1200; c.height = 600; const x = c.getContext('2d');
        x.fillStyle = '#a33'; x.fillRect(0, 0, 600, 600); x.fillStyle = '#3a3'; x.fillRect(600, 0, 600, 600);
        return c.toDataURL('image/jpeg', 0.9).split(',')[1]; }"""
    )
    jpeg = base64.b64decode(encoded)

    def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
        return struct.pack(">HHI", tag, kind, count) + value.ljust(4, b"\0")

    gps = 8 + 2 + 2 * 12 + 4
    first = entry(0x0112, 3, 1, struct.pack(">H", 6)) + entry(0x8825, 4, 1, struct.pack(">I", gps))
    place = struct.pack(">H", 1) + entry(0x0001, 2, 2, b"N\0") + struct.pack(">I", 0)
    tiff = b"MM\0*" + struct.pack(">IH", 8, 2) + first + struct.pack(">I", 0) + place
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def test_a_photo_is_kept_small_upright_and_without_its_place(phone: Phone) -> None:  # F5
    phone.install("visit")
    draft = phone.start("visit")
    phone.open_section(3)
    camera = _photo_of_a_camera(phone)
    assert b"Exif" in camera
    phone.question("photo").locator("input[type=file]").last.set_input_files(
        {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": camera}
    )
    expect(phone.question("photo").locator("img")).to_be_visible()
    kept = phone.draft(draft)
    [file] = kept["files"]
    assert kept["snapshot"]["proof"]["photo"] == file["name"]
    assert file["type"] == "image/jpeg"
    assert file["question"] == "proof/photo"
    content = phone.page.evaluate(
        """async (hash) => {
          const blob = await harness.phone.files.read(hash);
          const picture = await createImageBitmap(blob);
          const thumbnail = await harness.phone.files.thumbnail(hash);
          const text = String.fromCharCode(...new Uint8Array(await blob.arrayBuffer()));
          return { bytes: btoa(text), size: [picture.width, picture.height], thumbnail: thumbnail.size };
        }""",
        file["sha256"],
    )
    stored = base64.b64decode(content["bytes"])
    assert content["size"] == [400, 800]
    assert b"Exif" not in stored
    assert hashlib.sha256(stored).hexdigest() == file["sha256"]
    assert len(stored) == file["size"]
    assert 0 < content["thumbnail"] < len(stored)

    phone.reload()
    expect(phone.question("photo").locator("img")).to_be_visible()
    phone.question("photo").get_by_role("button", name="حذف الصورة").click()
    assert not phone.draft(draft)["snapshot"]["proof"].get("photo")


def test_a_signature_drawn_with_the_finger_is_kept(phone: Phone) -> None:  # F5
    phone.install("visit")
    draft = phone.start("visit")
    phone.open_section(3)
    pad = phone.question("sign").locator("canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    phone.page.mouse.move(box["x"] + 40, box["y"] + 60)
    phone.page.mouse.down()
    phone.page.mouse.move(box["x"] + 180, box["y"] + 90, steps=5)
    phone.page.mouse.up()
    expect(phone.question("sign").locator("img")).to_be_visible()
    assert phone.draft(draft)["files"][0]["type"] == "image/png"
    phone.question("sign").get_by_role("button", name="مسح التوقيع").click()
    expect(pad).to_be_visible()


def test_a_place_is_taken_from_the_satellites(phone: Phone) -> None:
    phone.install("visit")
    draft = phone.start("visit")
    phone.question("gps").locator("button").click()
    expect(phone.question("gps").locator(".q-value")).to_contain_text("33.05000")
    assert phone.draft(draft)["snapshot"]["place"]["gps"] == "33.05 -3.99 0 8"


def test_back_is_the_page_before(phone: Phone) -> None:  # F6
    phone.install("visit")
    phone.start("visit")
    phone.question("village").locator("input").fill("تيزي")
    phone.page.locator(".go").click()
    phone.page.locator(".go").click()
    expect(phone.page.locator(".fill-status h2")).to_contain_text("المال")
    phone.page.go_back()
    expect(phone.page.locator(".fill-status h2")).to_contain_text("المكان")
    expect(phone.question("village").locator("input")).to_have_value("تيزي")
    # A list over the page is closed first.
    phone.page.locator(".fill-bar .pill").last.click()
    phone.page.go_back()
    expect(phone.page.locator(".overlay")).to_have_count(0)
    expect(phone.question("village")).to_be_visible()
    phone.page.go_back()
    expect(phone.page.locator("#app")).to_have_text("today")


def test_back_in_a_draft_that_is_resumed_is_the_page_before(phone: Phone) -> None:  # F6
    """Where the person stopped may be far into the form; the pages before it are behind "back", and one more leaves."""
    phone.install("visit")
    draft = phone.start("visit")
    phone.open_section(2)
    phone.question("books").locator(".option").nth(1).tap()
    assert phone.draft(draft)["section"] == "money"
    phone.page.goto("about:blank")
    phone.page.goto(f"{phone.site}#/today")
    phone.page.wait_for_selector("html[data-ready=yes]")
    phone.page.evaluate("(id) => harness.router.navigate(`#/form/${id}`)", draft)
    expect(phone.page.locator(".fill-status h2")).to_contain_text("المال")
    phone.page.go_back()
    expect(phone.page.locator(".fill-status h2")).to_contain_text("المكان")
    phone.page.go_back()
    expect(phone.page.locator("#app")).to_have_text("today")


def test_a_second_window_is_told_and_may_take_over(phone: Phone) -> None:  # F6
    phone.install("visit")
    draft = phone.start("visit")
    phone.question("village").locator("input").fill("تيزي")
    other = phone.window(f"#/form/{draft}")
    expect(other.locator(".fill-stop")).to_contain_text("نافذة أخرى")
    other.locator(".go").click()
    expect(other.locator(".q[data-name=village] input")).to_have_value("تيزي")
    expect(phone.page.locator(".fill-stop")).to_contain_text("نافذة أخرى")


def test_an_instrument_that_stores_names_waits_for_the_settings_of_consent(phone: Phone) -> None:
    phone.install("train", consent={"responsible_org": {"ar": "جمعية", "fr": "Association"}})
    refused = phone.page.evaluate("harness.start('train').then(() => null, (error) => error.code)")
    assert refused == "form.consent_missing"
    phone.install("train")
    draft = phone.start("train")
    phone.open_section(2)
    expect(phone.question("consent_note")).to_contain_text("جمعية الأمل للتنمية")
    assert "{{" not in phone.question("consent_note").inner_text()
    consent = phone.page.evaluate("(id) => harness.envelope(id).then(({ consent }) => consent)", draft)
    assert consent["responsible_org"] == {"ar": "جمعية الأمل للتنمية", "fr": "Association Al Amal"}, (
        "the text that was read is sent"
    )
    phone.install("visit")
    plain = phone.start("visit")
    assert phone.page.evaluate("(id) => harness.envelope(id).then((sent) => 'consent' in sent)", plain) is False


def _fill_visit(phone: Phone, village: str = "آيت حمو") -> None:
    if village:
        phone.question("village").locator("input").fill(village)
    phone.question("day").locator("input").fill("2026-11-20")
    phone.page.locator(".go").click()
    phone.question("amount").locator("input").fill("٢٨٢٥٠,٥")
    phone.question("members").locator("input").fill("14")
    phone.question("books").locator(".option").nth(4).tap()
    phone.page.locator(".go").click()
    phone.page.locator(".go").click()


def test_finishing_freezes_what_will_be_sent(phone: Phone) -> None:  # F7
    phone.install("visit")
    draft = phone.start("visit", values={})
    # A scanned code may bring characters that no server may take; typing may leave half of one.
    odd = "(input) => { input.value = 'آيت\\0 حمو\\ud83d'; input.dispatchEvent(new Event('input', { bubbles: true })); }"
    phone.question("village").locator("input").evaluate(odd)
    _fill_visit(phone, village="")
    kept = phone.draft(draft)
    expect(phone.page.locator(".finish-state.good")).to_be_visible()
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_contain_text("محفوظ في الهاتف")

    halves = """async () => {
        const { outboxItem } = await import("/static/js/form/envelope.js");
        const envelope = { title: "👩".slice(0, 1) + "أ", entities: [{ label: "ب\\0" }], aside: [{ value: "\\\\u0000 👩" }] };
        return (await outboxItem({ envelope, files: [], draft: {} })).envelope;
    }"""
    assert json.loads(phone.page.evaluate(halves)) == {
        "title": "أ",
        "entities": [{"label": "ب"}],
        "aside": [{"value": "\\u0000 👩"}],
    }
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    assert phone.page.evaluate("harness.phone.drafts.all()") == []
    assert item["sha256"] == hashlib.sha256(item["envelope"].encode()).hexdigest()
    assert (item["state"], item["attachments"], item["title"]) == ("waiting", [], "آيت حمو")
    envelope = json.loads(item["envelope"])
    assert UUID7.match(envelope["revision_id"])
    assert envelope["submission_id"] == kept["submission_id"]
    assert envelope["answers"]["place"] == {"village": "آيت حمو", "day": "2026-11-20"}
    assert envelope["answers"]["money"] == {"amount": "28250.5", "members": "14", "books": "4"}
    expected: dict[str, Any] = {
        "proto": 1,
        "parent_revision_id": None,
        "form_id": "visit",
        "form_version": "1",
        "form_sha256": instrument("visit")["sha256"],
        "programme_id": "p1",
        "tz": "Africa/Casablanca",
        "language": "ar",
        "app_version": "test",
        "territory": None,
        "title": "آيت حمو",
    }
    assert {key: envelope[key] for key in expected} == expected
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", envelope["t_client"])
    [entity] = envelope["entities"]
    assert (entity["list"], entity["action"], entity["data"]["village"]) == ("visits", "create", "آيت حمو")
    assert envelope["subject"] == {"list": "visits", "id": entity["id"]}


def test_what_was_returned_opens_with_its_remarks_and_comes_back_as_a_revision(phone: Phone) -> None:  # F8
    phone.install("visit")
    phone.start("visit")
    _fill_visit(phone)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [first] = phone.page.evaluate("harness.phone.outbox.all()")
    remark = {"id": "r1", "question": "money/amount", "text": "هل هو بالسنتيم؟", "author": "خديجة", "at": "2026-11-21T10:00:00Z"}
    returned = {
        "id": first["submission_id"],
        "revision_id": first["revision_id"],
        "envelope": first["envelope"],
        "remarks": [remark],
    }
    correction = phone.page.evaluate("(submission) => harness.correct(submission)", returned)

    expect(phone.page.locator(".fill-status h2")).to_contain_text("المال")
    phone.page.locator(".fill-body .remark-link").click()
    expect(phone.question("amount").locator("input")).to_be_focused()
    phone.open_section(4)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".fill-main [role=alert]")).to_contain_text("هل تُرسل")  # nothing changed: asked once
    phone.open_section(2)
    expect(phone.question("amount").locator(".remark")).to_contain_text("هل هو بالسنتيم؟")
    expect(phone.question("members").locator(".remark")).to_have_count(0)
    expect(phone.question("members").locator("input")).to_have_value("14")
    phone.question("amount").locator("input").fill("282,5")
    assert phone.page.evaluate("(submission) => harness.correct(submission)", returned) == correction  # begun once
    phone.open_section(4)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    items = phone.page.evaluate("harness.phone.outbox.all()")
    second = json.loads(next(one["envelope"] for one in items if one["revision_id"] != first["revision_id"]))
    assert second["submission_id"] == first["submission_id"]
    assert second["parent_revision_id"] == first["revision_id"]
    assert second["answers"]["money"] == {"amount": "282.5", "members": "14", "books": "4"}


def test_what_the_office_filed_under_another_number_and_about_another_record_is_corrected_there(phone: Phone) -> None:  # F8
    visit = instrument("visit")
    phone.install("visit")
    package = json.loads(visit["pkg"])
    # What was sent names the number that was taken, a programme that is not here, and the record that was wrong.
    envelope = {"submission_id": "taken", "programme_id": "unknown", "subject": {"list": "visits", "id": "wrong"}}
    envelope |= {"form_id": "visit", "form_version": package["version"], "form_sha256": visit["sha256"]}
    envelope |= {"title": "", "answers": {}, "attachments": []}
    returned = {"id": "another", "revision_id": "r2", "programme_id": "p1", "subject_id": "right"}
    returned["envelope"] = json.dumps(envelope)
    draft = phone.draft(phone.page.evaluate("(submission) => harness.correct(submission)", returned))
    assert (draft["submission_id"], draft["parent_revision_id"], draft["programme_id"]) == ("another", "r2", "p1")
    assert draft["subject"] == {"list": "visits", "id": "right"}


def test_a_correction_whose_new_photo_lost_its_bytes_is_not_finished_without_it(phone: Phone) -> None:  # F8
    phone.install("visit")
    phone.start("visit")
    _fill_visit(phone)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [first] = phone.page.evaluate("harness.phone.outbox.all()")
    returned = {key: first[key] for key in ("revision_id", "envelope")} | {"id": first["submission_id"], "remarks": []}
    phone.page.evaluate("(submission) => harness.correct(submission)", returned)
    phone.open_section(3)
    phone.question("photo").locator("input[type=file]").last.set_input_files(
        {"name": "IMG_2.jpg", "mimeType": "image/jpeg", "buffer": _photo_of_a_camera(phone)}
    )
    expect(phone.question("photo").locator("img")).to_be_visible()
    phone.page.evaluate(
        """() => new Promise((done) => {
          indexedDB.open("daftar-outbox").onsuccess = (event) => {
            const transaction = event.target.result.transaction("chunks", "readwrite");
            transaction.objectStore("chunks").clear();
            transaction.oncomplete = () => { event.target.result.close(); done(); };
          };
        })"""
    )
    phone.open_section(4)
    phone.page.locator(".go").click()

    expect(phone.page.locator(".fill-main")).to_contain_text("لم تعد الصورة في الهاتف")
    assert len(phone.page.evaluate("harness.phone.outbox.all()")) == 1


def test_the_page_stands_still_under_a_finger_while_the_next_question_comes(phone: Phone) -> None:  # F9
    phone.install("diag")
    phone.start("diag")
    phone.open_section(FIRST_AXIS)
    options = phone.page.locator(".blocks .q:has(input[type=radio])")
    options.nth(0).locator(".option").last.click()
    expect(options.nth(1)).to_be_in_viewport(ratio=0.5)
    still(phone)
    phone.page.evaluate("""() => addEventListener("scroll", () => {
        document.querySelector(".fill-main").dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
    }, {once: true})""")
    options.nth(1).locator(".option").last.click()
    phone.page.wait_for_timeout(500)
    still(phone)
    assert phone.page.evaluate("scrollY") < options.nth(2).evaluate("(one) => one.offsetTop") - 150  # it was not there yet


def test_the_page_stays_where_the_next_question_is_in_sight(phone: Phone) -> None:  # F9
    phone.install("diag")
    phone.start("diag")
    phone.page.set_viewport_size({"width": 360, "height": 1600})
    phone.open_section(FIRST_AXIS)
    before = phone.page.evaluate("scrollY")
    phone.page.locator(".blocks .q:has(input[type=radio])").first.locator(".option").last.click()
    phone.page.wait_for_timeout(500)
    assert phone.page.evaluate("scrollY") == before


def still(phone: Phone) -> None:
    """Waits until the page no longer moves."""
    phone.page.evaluate("""async () => {
        for (let before = NaN; before !== scrollY; await new Promise((resolve) => setTimeout(resolve, 150))) before = scrollY;
    }""")
