"""A record that is being registered and resembles one of the phone: said while it is typed, with the way there; never a stop."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone

pytestmark = pytest.mark.browser


def _there(key: str, label: str, **properties: str) -> dict[str, Any]:
    return {"id": key, "list": "cooperatives", "label": label, "properties": properties}


def test_a_new_cooperative_that_resembles_one_says_so_leads_there_and_goes_on(phone: Phone) -> None:
    known = [
        _there("c-1", "تعاونية تيفاوين", coop_name_fr="Coopérative Tifawine", commune="03.131.01.03"),
        _there("c-2", "تعاونية الورد", commune="03.131.01.03"),
    ]
    phone.install("coop", entities=known)
    draft = phone.start("coop", values={"grp_id/coop_name_ar": "Coop. tifawin", "grp_loc/commune": "03.131.01.03"})
    notice = phone.page.locator(".resembling")
    expect(notice.locator("li")).to_have_count(1)
    expect(notice.locator("a")).to_have_attribute("href", "#/record/cooperatives/c-1")
    expect(notice).to_contain_text("Coopérative Tifawine")

    notice.get_by_role("button").click()
    expect(notice).to_have_count(0)
    assert phone.draft(draft)["other_than"] == ["c-1"]
    # What was said to be another one stays another; a new likeness is said.
    phone.page.evaluate("harness.router.navigate('#/today')")
    phone.page.evaluate("(id) => harness.router.navigate(`#/form/${id}`)", draft)
    phone.open_section(3)
    phone.question("coop_name_ar").locator("input").fill("تعاونية الورد")
    expect(notice.locator("a")).to_have_attribute("href", "#/record/cooperatives/c-2")
    expect(phone.page.locator(".fill-foot .go")).to_be_enabled()


def test_a_building_some_steps_from_one_that_is_known_is_noticed(phone: Phone) -> None:
    near = {"geometry": "33.0502 -3.9901 900 5", "pr_commune": "03.131.01.03"}
    phone.install("prem", entities=[{"id": "p-1", "list": "premises", "label": "النادي النسوي", "properties": near}])
    phone.start("prem", values={"grp_rec/pr_name": "دار الصانعة", "grp_place/pr_gps": "33.0500 -3.9900 900 8"})
    notice = phone.page.locator(".resembling")
    expect(notice.locator("a")).to_have_attribute("href", "#/record/premises/p-1")
    expect(notice.locator("small")).to_contain_text(re.compile(r"\d+"))
