"""The row a repeat opens with.

R1 untouched, it asks for nothing and does not go with the form   R2 what was begun in it is asked for
R3 where rows are cards it is not counted either   R4 an answer that only a row without a word made count is named on the last
page, before it goes   R5 "done" is back at the row's place   R6 what is known of a row is read in lines, and its card says what
was chosen in it today   R7 rows that were deleted one after the other come back so, the last one first
"""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


def test_an_untouched_row_asks_for_nothing_and_does_not_go(phone: Phone) -> None:  # R1
    phone.install("rows")
    phone.start("rows")
    phone.question("village").locator("input").fill("آيت حمو")
    phone.open_section(2)
    expect(phone.page.locator(".row-card")).to_have_count(0)
    expect(phone.page.locator(".repeat .add")).to_be_visible()

    phone.open_section(4)
    expect(phone.page.locator(".finish-state.good")).to_be_visible()
    phone.page.locator(".go").click()

    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    answers = json.loads(item["envelope"])["answers"]
    assert answers["place"] == {"village": "آيت حمو"}
    assert "product" not in answers


def test_a_row_that_was_begun_is_asked_for(phone: Phone) -> None:  # R2
    phone.install("rows")
    phone.start("rows")
    phone.question("village").locator("input").fill("آيت حمو")
    phone.open_section(2)
    phone.page.locator(".repeat .add").click()
    phone.question("product_name").locator("input").fill("زربية")

    phone.open_section(4)

    expect(phone.page.locator(".finish-state.warn")).to_be_visible()
    expect(phone.page.locator(".fault").first).to_contain_text("زربية")
    phone.page.locator(".fault").first.click()
    expect(phone.question("price").locator("input")).to_be_visible()


def test_a_number_that_may_be_negative_has_a_button_for_its_sign(phone: Phone) -> None:
    phone.install("rows")
    draft = phone.start("rows")
    phone.open_section(3)
    field = phone.question("balance").locator("input")
    field.fill("1200")

    phone.question("balance").locator(".sign").click()

    expect(field).to_have_value("-1200")
    assert phone.draft(draft)["snapshot"]["end"]["balance"] == "-1200"


def test_rows_without_a_word_are_not_counted_and_what_hung_on_them_is_named_before_it_goes(phone: Phone) -> None:  # R3, R4
    phone.install("blank")
    phone.start("blank")
    phone.open_section(4)
    expect(phone.question("why")).to_be_visible()  # no card is shown: no household is counted
    expect(phone.question("details")).to_be_hidden()
    # The row that stands open in place is there until the last page.
    phone.question("tools").locator("input").fill("محراث")

    phone.page.locator(".go").click()

    expect(phone.page.locator(".finish-state.warn")).to_contain_text("السطور الفارغة")
    expect(phone.page.locator(".faults .fault").first).to_have_text("تفاصيل الأدوات")
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    answers = json.loads(item["envelope"])["answers"]
    assert not {"house", "tool", "last"} & set(answers)


def test_a_row_leads_back_to_its_place(phone: Phone) -> None:  # R5
    phone.install("blank")
    draft = phone.start("blank")
    phone.open_section(2)
    page = phone.page
    page.locator(".repeat .add").click()
    for name in ("فاطمة", "خديجة"):
        phone.question("head").locator("input").fill(name)
        page.get_by_role("button", name="إضافة سطر آخر").click()
        expect(phone.question("head").locator("input")).to_have_value("")
    page.locator(".fill-foot .go").click()  # done
    expect(page.locator(".row-card")).to_have_count(3)
    expect(page.locator(".row-card").nth(2)).to_be_focused()
    assert len(phone.draft(draft)["snapshot"]["house"]) == 3
    page.locator(".row-card").nth(2).click()
    page.get_by_role("button", name="حذف هذا السطر").click()
    expect(page.locator(".row-card")).to_have_count(2)


def test_what_is_known_of_a_row_is_read_and_its_card_says_what_was_chosen(phone: Phone) -> None:  # R6
    phone.install("given")
    phone.start("given")
    page = phone.page
    page.locator(".row-card").first.click()
    for name, words in (("what", "فتح حساب بنكي باسم التعاونية"), ("due", "23 نونبر 2026"), ("before", "لم يبدأ بعد")):
        expect(phone.question(name).locator(".q-value")).to_have_text(words)
        expect(phone.question(name).locator("input, button")).to_have_count(0)
    phone.question("today").locator(".option").nth(1).click()
    page.locator(".fill-foot .go").click()  # done

    expect(page.locator(".row-card").first.locator(".row-state")).to_have_text(re.compile(r"^\s*✓\s*في طور الإنجاز\s*$"))
    expect(page.locator(".row-card").last.locator(".row-state")).not_to_contain_text("✓")


@pytest.mark.parametrize("phone", ["fr"], indirect=True)
def test_both_languages_say_labels_with_answers_hints_and_headings(phone: Phone) -> None:
    """And amounts read themselves whatever way the label says dirhams; a number that may be a telephone is not cut in threes."""
    phone.install("blank")
    phone.start("blank")
    phone.question("name").locator("input").fill("Amal")
    tel = phone.question("phone").locator("input")
    tel.fill("661223344")
    tel.blur()
    expect(tel).to_have_value("661223344")
    for name in ("sales", "budget"):
        phone.question(name).locator("input").fill("28250000")
        phone.question(name).locator("input").blur()
        expect(phone.question(name).locator(".q-reading")).to_contain_text("28,25")
    expect(phone.question("sales").locator("input")).to_have_value("28\u202f250\u202f000")

    phone.page.locator(".fill-bar .pill").last.click()
    phone.page.locator(".switch").click()
    phone.page.keyboard.press("Escape")

    expect(phone.question("phone").locator(".q-second")).to_have_text("هاتف Amal")
    expect(phone.question("name").locator(".q-hint .q-second")).to_have_text("كما في السجل")
    expect(phone.page.locator(".group h3 .q-second")).to_have_text("العنوان")
    expect(phone.page.locator(".fill-body > div > .q-second")).to_have_text("البداية")


def test_rows_deleted_one_after_the_other_come_back_in_their_places(phone: Phone) -> None:  # R7
    """Where rows stand open the next one moves under the finger: a second tap takes that one too."""
    phone.install("moves-1")
    draft = phone.start("moves")
    phone.open_section(2)
    boxes = phone.page.locator(".row-box")
    for number, name in enumerate("ABC"):
        if number:
            phone.page.locator(".repeat .add").click()
        boxes.nth(number).locator(".q[data-name=product_name] input").fill(name)
    for left in (2, 1):
        boxes.first.get_by_role("button", name="حذف").click()
        expect(boxes).to_have_count(left)
    boxes.first.locator(".q[data-name=phone] input").fill("0611")
    for name in "BA":
        expect(phone.page.locator(".fill-toast")).to_contain_text(re.compile(f"تم حذف: .?{name}"))
        phone.page.get_by_role("button", name="تراجع").click()
    expect(phone.page.locator(".fill-toast")).to_have_count(0)
    expect(boxes).to_have_count(3)
    assert phone.draft(draft)["snapshot"]["product"] == [
        {"product_name": "A"}, {"product_name": "B"}, {"product_name": "C", "phone": "0611"}
    ]  # fmt: skip
