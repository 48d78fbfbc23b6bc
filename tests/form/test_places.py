"""Where a person works: filled in a new form, and a calm word when a place lies elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]
WORKS_IN = """(territories) => harness.phone.meta.set(
    "person", {...harness.person, programmes: [{id: "p1", territories}]})"""


def test_a_new_form_knows_region_and_province_and_warns_of_another_commune(phone: Phone) -> None:
    phone.install("meet")
    phone.page.evaluate(WORKS_IN, ["03.131.05", "03.131.01.01"])

    draft = phone.start("meet")

    answers = phone.draft(draft)["snapshot"]
    kept = {name: value for group in answers.values() if isinstance(group, dict) for name, value in group.items()}
    assert (kept["m_region"], kept["m_province"]) == ("03", "03.131")
    assert not kept.get("m_commune")
    phone.open_section(2)
    warning = phone.question("m_commune").locator(".q-outside")
    expect(warning).to_have_count(0)
    phone.question("m_commune").locator(".picker").click()
    phone.page.locator(".overlay .choice", has_text="إيموزار").first.click()
    expect(warning).to_contain_text("خارج منطقة التدخل")
