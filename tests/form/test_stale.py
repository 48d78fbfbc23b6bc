"""Answers that another answer, or a slip, has made impossible.

S1  what was chosen and is no longer offered stays in sight, struck out, and can be taken away
S2  what is wrong is said in the words of the question's type
S3  what no calendar or clock shows is shown as it stands and can be taken away
S4  an answer that was wrong still says so when one returns to its section
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


@pytest.mark.parametrize("phone", ["fr"], indirect=True)
def test_what_can_no_longer_stand_is_seen_named_and_taken_away(phone: Phone) -> None:  # S1, S2, S3, S4
    phone.install("stale")
    draft = phone.start("stale")
    reg, prov, visited, order = (phone.question(name) for name in ("reg", "prov", "visited", "order"))
    reg.locator(".option").nth(0).tap()
    prov.locator(".option").nth(0).tap()
    visited.locator(".option").nth(0).tap()
    visited.locator(".option").nth(1).tap()
    order.get_by_role("button", name="Garder cet ordre").click()
    reg.locator(".option").nth(1).tap()

    expect(prov.locator(".option.on.lost")).to_have_text("Boulemane")
    expect(visited.locator(".option.on.lost")).to_have_text(["Boulemane", "Sefrou"])
    expect(order.locator(".rank-line.lost")).to_have_text(["–Boulemane", "–Sefrou"])
    for question in (prov, visited, order):
        expect(question.locator(".q-error")).to_contain_text("barré")
        expect(question.locator(".q-error")).to_have_count(1)

    visited.locator(".lost").first.tap()
    visited.locator(".lost").first.tap()
    expect(visited.locator(".lost, .q-error")).to_have_count(0)
    # Required or not: what cannot stay can go.
    prov.get_by_role("button", name="Effacer la réponse").tap()
    expect(prov.locator(".lost")).to_have_count(0)
    order.get_by_role("button", name="Effacer la réponse").tap()
    expect(order.locator(".lost, .q-error")).to_have_count(0)
    g = phone.draft(draft)["snapshot"]["g"]
    assert (g.get("prov", ""), g.get("visited", ""), g.get("order", "")) == ("", "", "")

    opening, since = phone.question("opening"), phone.question("since")
    for question, shown, words in ((opening, "25:99", "heure"), (since, "2026-13-40", "jour")):
        expect(question.locator(".q-reading.lost")).to_have_text(shown)
        expect(question.locator(".q-error")).to_contain_text(words)
        question.get_by_role("button", name="Effacer la réponse").tap()
        expect(question.locator(".q-error, .lost")).to_have_count(0)

    members = phone.question("members")
    members.locator("input").fill("3,5")
    members.locator("input").blur()
    expect(members.locator(".q-error")).to_contain_text("nombre entier")
    phone.open_section(2)
    phone.open_section(1)
    expect(members.locator(".q-error")).to_contain_text("nombre entier")
    expect(members.locator("input")).to_have_value("3,5")


def test_a_day_that_was_counted_is_a_date(phone: Phone) -> None:  # docs/engine.md, "Rules"
    phone.install("stale")
    draft = phone.start("stale")
    expect(phone.question("first").locator(".q-reading")).to_be_visible()
    assert phone.draft(draft)["snapshot"]["g"]["first"].count("-") == 2
    expect(phone.question("first").locator(".q-error")).to_have_count(0)
