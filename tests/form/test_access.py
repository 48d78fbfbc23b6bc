"""What comes with filling is usable by everybody: the table, warnings, both languages at once, another version, the jump list.

A1  axe finds nothing serious, in either language; nothing is wider than the phone
A2  both languages stand under each other, of questions and of choices
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.form.conftest import ROOT, Phone

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")


def _clean(phone: Phone, where: str) -> None:
    phone.page.evaluate(AXE)
    found = phone.page.evaluate("axe.run(document.body).then(({ violations }) => violations)")
    serious = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in ("serious", "critical")]
    assert serious == [], where
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 360, where


@pytest.mark.parametrize("phone", ["ar", "fr"], indirect=True)
def test_axe_finds_nothing_serious_in_what_comes_with_filling(phone: Phone) -> None:  # A1
    phone.install("table")
    phone.start("table")
    phone.page.locator(".quick-add .input").fill("زربية")
    phone.page.locator(".quick-add .go").tap()
    phone.page.locator("table.grid input").first.fill("-2")
    phone.page.locator("table.grid input").first.blur()
    expect(phone.page.locator(".attendance .q-error")).to_be_visible()
    _clean(phone, "table")
    phone.page.locator(".fill-bar .pill").last.click()
    _clean(phone, "jump list")
    phone.page.go_back()
    phone.install("unusual")
    phone.start("unusual")
    phone.question("members").locator("input").fill("1")
    phone.question("amount").locator("input").fill("28250000")
    phone.question("amount").locator("input").blur()
    expect(phone.question("amount").locator(".q-warn")).to_be_visible()
    _clean(phone, "warning")
    phone.open_section(2)
    _clean(phone, "last page with a warning")
    phone.install("moves-1")
    phone.start("moves")
    phone.question("village").locator("input").fill("آيت حمو")
    phone.question("remarks").locator("input, textarea").fill("الطريق وعرة")
    expect(phone.page.locator(".saved")).to_have_class("saved saved")
    phone.install("moves-2")
    expect(phone.page.locator("aside.newer")).to_be_visible()  # it came while the form was open
    _clean(phone, "a newer version")
    phone.page.locator("aside.newer .btn").click()
    _clean(phone, "what would move")
    phone.page.locator(".overlay .go").click()
    phone.page.locator("details.newer summary").click()
    _clean(phone, "what is aside")


def test_both_languages_stand_under_each_other(phone: Phone) -> None:  # A2
    phone.install("visit")
    phone.start("visit")
    phone.open_section(2)
    expect(phone.question("books").locator(".q-second")).to_have_count(0)
    phone.question("books").locator(".q-label").tap()
    expect(phone.question("books").locator(".q-head .q-second")).to_have_text("Comment tient-on les livres ?")
    expect(phone.question("books").locator(".option").first).to_contain_text("Aucun livre")
    expect(phone.question("wanted").locator(".q-second")).to_have_count(0)
    phone.page.locator(".fill-bar .pill").last.click()
    phone.page.locator(".overlay .switch input").check()
    phone.page.go_back()
    expect(phone.question("wanted").locator(".option").first).to_contain_text("Formation")
