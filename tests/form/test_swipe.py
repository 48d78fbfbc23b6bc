"""Turning pages with the finger.

S1  onward is to the left in French and to the right in Arabic, and the same is asked as by the button
S2  a finger that draws, scrolls a table, goes up or down or selects words turns nothing
S3  in a row of a list it goes to the row beside
"""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Locator, expect

from tests.form.conftest import Phone

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


def wipe(phone: Phone, across: int, down: int = 0, at: Locator | None = None) -> None:
    """A finger put down in the middle of `at`, else at the top of the page: moved, and lifted after 160 ms of its own."""
    box = at.bounding_box() if at else {"x": 0, "y": 80, "width": 360, "height": 40}
    assert box
    x, y = box["x"] + box["width"] / 2 - across / 2, box["y"] + box["height"] / 2 - down / 2
    session = phone.context.new_cdp_session(phone.page)
    begun = time.time()
    for step in range(10):
        kind = "touchStart" if step == 0 else "touchMove" if step < 9 else "touchEnd"
        points = [{"x": x + across * step / 8, "y": y + down * step / 8}] if step < 9 else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points, "timestamp": begun + step * 0.018})
    session.detach()


def title(phone: Phone) -> Locator:
    return phone.page.locator(".fill-status h2")


@pytest.mark.parametrize(("phone", "onward"), [("ar", 160), ("fr", -160)], indirect=["phone"])
def test_the_page_turns_as_one_reads(phone: Phone, onward: int) -> None:  # S1
    phone.install("visit")
    phone.start("visit")
    phone.open_section(3)
    first = title(phone).inner_text()
    wipe(phone, onward)
    expect(title(phone)).not_to_contain_text(first)
    expect(phone.page.locator(".finish-state")).to_be_visible()
    wipe(phone, onward)  # the last page: finishing is not wiped
    expect(phone.page.locator(".finish-state")).to_be_visible()
    wipe(phone, -onward)
    expect(title(phone)).to_contain_text(first)
    wipe(phone, -onward)
    wipe(phone, onward)  # required answers are blank: said once, as the button does
    expect(phone.page.locator(".q-error")).to_have_count(2)
    wipe(phone, onward)
    expect(title(phone)).to_contain_text(first)


def test_a_finger_with_something_else_to_do_turns_nothing(phone: Phone) -> None:  # S2
    phone.install("visit")
    phone.start("visit")
    phone.open_section(3)
    pad = phone.question("sign").locator("canvas")
    pad.scroll_into_view_if_needed()
    wipe(phone, 160, at=pad)
    expect(phone.question("sign").locator("img")).to_be_visible()
    wipe(phone, 90, 200)
    wipe(phone, 40)
    expect(title(phone)).to_contain_text("الصور")
    phone.open_section(1)
    phone.question("village").locator("input").fill("آيت حمو")
    wipe(phone, 160, at=phone.question("village").locator("input"))
    phone.page.evaluate("getSelection().selectAllChildren(document.querySelector('.q-label'))")
    wipe(phone, 160)
    expect(title(phone)).to_contain_text("المكان")


def test_a_table_that_scrolls_keeps_the_finger(phone: Phone) -> None:  # S2
    phone.install("train")
    phone.start("train")
    phone.question("n_days").locator("input").fill("5")
    phone.open_section(2)
    phone.question("consent_read").locator(".option").first.tap()
    phone.open_section(3)
    phone.page.locator(".quick-add .option").first.tap()
    phone.page.locator(".quick-add .input").fill("فاطمة")
    phone.page.locator(".quick-add .go").tap()
    expect(phone.page.locator("tbody .cell")).to_have_count(5)
    wipe(phone, 160, at=phone.page.locator(".grid-scroll"))
    expect(title(phone)).to_contain_text("المشاركات")


def test_from_row_to_row(phone: Phone) -> None:  # S3
    phone.install("rows")
    phone.start("rows")
    phone.open_section(2)
    for product in ("زربية", "أركان"):
        phone.page.get_by_role("button", name="إضافة سطر").click()
        phone.question("product_name").locator("input").fill(product)
        phone.page.go_back()
    phone.page.locator(".row-card").first.click()
    name = phone.question("product_name").locator("input")
    expect(name).to_have_value("زربية")
    wipe(phone, 160)
    expect(name).to_have_value("أركان")
    wipe(phone, -160)
    expect(name).to_have_value("زربية")
    wipe(phone, -160)
    expect(phone.page.locator(".row-card")).to_have_count(2)
