"""Attendance in a training session: people by days, one tap a cell."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone

pytestmark = pytest.mark.browser
PERSON = {"id": "0190a000-0000-7000-8000-0000000000e1", "list": "persons", "label": "السعدية أوعلي", "territory": "03"}


@pytest.fixture
def session(phone: Phone) -> str:
    """A session of three days whose consent text was read; the people's section is open."""
    phone.install("train", entities=[PERSON | {"properties": {"full_name": "السعدية أوعلي", "sex": "f"}}])
    draft = phone.start("train")
    phone.question("date_start").locator("input").fill("2026-11-16")
    phone.question("date_end").locator("input").fill("2026-11-18")
    phone.question("n_days").locator("input").fill("3")
    phone.open_section(2)
    phone.question("consent_read").locator(".option").first.tap()
    phone.open_section(3)
    return draft


def _add(phone: Phone, name: str) -> None:
    phone.page.locator(".quick-add .option").first.tap()
    phone.page.locator(".quick-add .input").fill(name)
    phone.page.locator(".quick-add .go").tap()


def test_people_are_added_in_one_line_or_from_the_register(phone: Phone, session: str) -> None:
    add = phone.page.locator(".quick-add")
    add.locator(".input").fill("فاطمة")
    add.locator(".go").tap()
    expect(add.locator(".q-error")).to_contain_text("هل توافقون")  # no name without the person's agreement
    expect(phone.page.locator(".person")).to_have_count(0)
    add.locator(".option").first.tap()
    add.locator(".go").tap()
    expect(phone.page.locator(".person")).to_have_text(["1فاطمة"])

    add.locator(".option").first.tap()
    add.get_by_role("button", name="من السجل").tap()
    phone.page.locator(".choice", has_text="السعدية").tap()
    expect(phone.page.locator(".person")).to_have_text(["1فاطمة", "2السعدية أوعلي"])

    add.locator(".option").last.tap()  # she refuses: counted, not named
    add.locator(".go").tap()
    rows = phone.draft(session)["snapshot"]["part"]
    assert [(row["p_consent"], row.get("p_name", "")) for row in rows] == [("yes", "فاطمة"), ("yes", "السعدية أوعلي"), ("no", "")]


def test_who_is_added_twice_is_said_to_be(phone: Phone, session: str) -> None:
    _add(phone, "فاطمة")
    _add(phone, "فاطمة")
    expect(phone.page.locator(".fill-toast")).to_contain_text("مكرر")
    phone.page.get_by_role("button", name="تراجع").click()
    expect(phone.page.locator(".person")).to_have_text(["1فاطمة"])
    phone.page.locator(".person").tap()
    expect(phone.page.locator(".row-box h4").first).to_contain_text("الحضور اليومي 1")


def test_a_tap_goes_through_the_statuses_and_the_totals_follow(phone: Phone, session: str) -> None:
    _add(phone, "فاطمة")
    _add(phone, "عائشة")
    cells = phone.page.locator("tbody .cell")
    expect(cells).to_have_count(6)
    cells.nth(0).tap()
    cells.nth(1).tap()
    cells.nth(1).tap()
    expect(cells.nth(0)).to_have_text("✓")
    expect(cells.nth(1)).to_have_text("½")
    expect(phone.page.locator("tbody .total").first).to_have_text("1,5/3")
    expect(phone.page.locator("tfoot td").first).to_have_text("1")
    phone.page.locator(".day").first.tap()  # everybody still blank that day
    expect(phone.page.locator("tfoot td").first).to_have_text("2")
    statuses = [[day.get("att_status", "") for day in row["att"]] for row in phone.draft(session)["snapshot"]["part"]]
    assert statuses == [["p", "half", ""], ["p", "", ""]]

    phone.reload()
    expect(phone.page.locator("tbody .cell").nth(1)).to_have_text("½")


def test_a_person_deleted_by_mistake_comes_back(phone: Phone, session: str) -> None:
    _add(phone, "فاطمة")
    _add(phone, "عائشة")
    phone.page.locator("tbody .cell").first.tap()
    phone.page.locator(".person").first.tap()
    expect(phone.question("p_name").locator("input")).to_have_value("فاطمة")
    phone.page.get_by_role("button", name="حذف هذا السطر").click()
    expect(phone.page.locator(".person")).to_have_text(["1عائشة"])
    phone.page.get_by_role("button", name="تراجع").click()
    expect(phone.page.locator(".person")).to_have_text(["1فاطمة", "2عائشة"])
    expect(phone.page.locator("tbody .cell").first).to_have_text("✓")


def test_a_person_page_has_everything_and_back_is_the_grid(phone: Phone, session: str) -> None:
    _add(phone, "فاطمة")
    phone.page.locator(".person").first.tap()
    phone.question("p_sex").locator(".option").first.tap()
    phone.question("att_status").first.locator(".option").nth(2).tap()
    phone.page.go_back()
    expect(phone.page.locator("tbody .cell").first).to_have_text("✕")
