"""`last-saved#`: what the same person answered in the form finished before.

L1  a new form begins with it, also after the browser was closed   L2  a draft keeps what it began with
L3  another person's answers are never shown   L4  only the answers an instrument asks for are kept
L5  a correction does not count   L6  they are sealed where drafts are
"""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone

pytestmark = pytest.mark.browser
FATIMA = {"id": "0190a000-0000-7000-8000-000000000002", "username": "fatima"}


def village(phone: Phone) -> str:
    return phone.question("village").locator("input").input_value()


def finish(phone: Phone) -> None:
    phone.page.locator(".go").click()
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()


def items(phone: Phone) -> list[dict]:
    found = phone.page.evaluate("harness.phone.outbox.all()")
    return [json.loads(one["envelope"])["answers"]["where"] for one in found]


def test_the_next_form_begins_with_the_answers_of_the_one_before(phone: Phone) -> None:  # L1, L2, L4
    phone.install("last")
    phone.start("last")
    assert village(phone) == ""
    assert phone.question("number").locator("input").input_value() == "1"
    phone.question("village").locator("input").fill("آيت مخلوف")
    phone.question("secret").locator("input").fill("يبقى هنا")
    finish(phone)

    phone.reload()
    draft = phone.start("last")
    assert village(phone) == "آيت مخلوف"
    assert phone.question("number").locator("input").input_value() == "2"
    expect(phone.question("said")).to_contain_text("before: آيت مخلوف")
    kept = phone.page.evaluate("(key) => harness.phone.meta.get(key)", "last:0190a000-0000-7000-8000-000000000001:p1:last")
    assert kept["where"] == {"village": "آيت مخلوف", "number": "1"}

    # Another form is finished meanwhile: the draft still says what it began with.
    phone.start("last")
    phone.question("village").locator("input").fill("تيزي")
    finish(phone)
    phone.page.evaluate("(id) => harness.router.navigate(`#/form/${id}`)", draft)
    expect(phone.question("said")).to_contain_text("before: آيت مخلوف")
    assert [one["number"] for one in items(phone)] == ["1", "2"]


def test_answers_of_another_person_are_not_shown(phone: Phone) -> None:  # L3
    phone.install("last")
    phone.start("last")
    phone.question("village").locator("input").fill("آيت مخلوف")
    finish(phone)
    phone.page.evaluate("(person) => harness.phone.meta.set(`person`, person)", FATIMA)
    phone.start("last", person=FATIMA)
    expect(phone.question("village")).to_be_visible()
    assert village(phone) == ""


def test_a_correction_does_not_become_what_the_next_form_begins_with(phone: Phone) -> None:  # L5
    phone.install("last")
    phone.start("last")
    phone.question("village").locator("input").fill("آيت مخلوف")
    finish(phone)
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    phone.page.evaluate(
        "(item) => harness.correct({id: item.submission_id, revision_id: item.revision_id, envelope: item.envelope})", item
    )
    phone.question("village").locator("input").fill("خطأ قديم")
    finish(phone)
    phone.start("last")
    expect(phone.question("village")).to_be_visible()
    assert village(phone) == "آيت مخلوف"


def test_on_a_phone_that_seals_they_are_sealed_too(phone: Phone) -> None:  # L6
    phone.page.evaluate(
        "harness.phone.vault.take(harness.person.id, crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(32)))"
    )
    phone.install("last")
    phone.start("last")
    phone.question("village").locator("input").fill("آيت مخلوف")
    finish(phone)
    kept = phone.page.evaluate(
        "async (key) => { const kept = await harness.phone.meta.get(key);"
        " return [Object.keys(kept), new TextDecoder().decode(kept.sealed)]; }",
        "last:0190a000-0000-7000-8000-000000000001:p1:last",
    )
    assert kept[0] == ["sealed"]
    assert "آيت" not in kept[1]
    assert "village" not in kept[1]
    phone.start("last")
    expect(phone.question("village").locator("input")).to_have_value("آيت مخلوف")
