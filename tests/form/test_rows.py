"""The row a repeat opens with.

R1 untouched, it asks for nothing and does not go with the form   R2 what was begun in it is asked for
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

    expect(field).to_have_value(re.compile(r"^-1.200$"))
    assert phone.draft(draft)["snapshot"]["end"]["balance"] == "-1200"
