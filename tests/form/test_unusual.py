"""Answers that an author did not expect (`ci:expect`).

U1  the question says so once it was answered, calmly   U2  the last page lists it and leads to it, and finishing is not held up
U3  the submission carries the words in both languages   U4  amounts are read back, against two noughts too many
"""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.form.conftest import Phone
from tests.instruments import forms

pytestmark = pytest.mark.browser


def reading_of(amount: Locator) -> str:
    return re.sub("[\u2068\u2069]", "", amount.locator(".q-reading").inner_text()).replace("\u00a0", " ")


@pytest.mark.parametrize("phone", ["fr"], indirect=True)
def test_an_amount_is_said_in_millions_of_dirhams_and_of_centimes(phone: Phone) -> None:  # U4
    phone.install("unusual")
    phone.start("unusual")
    amount = phone.question("amount")
    for typed, said in (
        ("9999", "9\u202f999,00 MAD"),
        ("50000", "50\u202f000,00 MAD · 5 million(s) de centimes"),
        ("4000000", "4\u202f000\u202f000,00 MAD · 4 million(s) de MAD · 400 million(s) de centimes"),
        ("2410000,5", "2\u202f410\u202f000,50 MAD · 2,41 million(s) de MAD · 241 million(s) de centimes"),
    ):
        amount.locator("input").fill(typed)
        assert reading_of(amount) == said


@pytest.mark.parametrize("phone", ["fr"], indirect=True)
def test_an_amount_given_by_a_slider_or_worked_out_is_read_back_too(phone: Phone) -> None:  # U4
    asked = forms.q("range", "price", parameters="start=0 end=1000000 step=1000") | {forms.FR: "Prix (MAD)"}
    total = forms.q("decimal", "total", calculation="${price} * 80", read_only="yes") | {forms.FR: "Total (MAD)"}
    compiled = forms.compiled([asked, total])
    phone.page.evaluate("(what) => harness.install(what)", {"pkg": compiled.package_json, "sha256": "1" * 64, "datasets": {}})
    phone.start("essai")
    phone.question("price").locator(".range-number").fill("50000")
    assert reading_of(phone.question("price")) == "50\u202f000,00 MAD · 5 million(s) de centimes"
    assert reading_of(phone.question("total")) == "4\u202f000\u202f000,00 MAD · 4 million(s) de MAD · 400 million(s) de centimes"


def test_an_unusual_answer_is_pointed_out_and_goes_with_its_warning(phone: Phone) -> None:  # U1, U2, U3
    phone.install("unusual")
    phone.start("unusual")
    phone.question("members").locator("input").fill("12")
    amount = phone.question("amount")
    amount.locator("input").press_sequentially("28250000")
    assert reading_of(amount) == "28\u202f250\u202f000,00 درهم · 28,25 مليون درهم · 2\u202f825 مليون سنتيم"
    expect(amount.locator(".q-warn")).to_have_count(0)  # not while it is typed
    amount.locator("input").blur()
    expect(amount.locator(".q-warn")).to_contain_text("هذا كثير على 12 عضوات")
    expect(amount.locator(".q-error")).to_have_count(0)
    phone.question("members").locator("input").fill("300")
    expect(amount.locator(".q-warn")).to_have_count(0)
    phone.question("members").locator("input").fill("12")

    phone.page.locator(".go").click()
    expect(phone.page.locator(".finish-state.good")).to_be_visible()
    fault = phone.page.locator(".faults.calm .fault", has_text="رقم المعاملات")
    expect(fault).to_contain_text("هل هو بالدرهم")
    fault.click()
    expect(amount.locator("input")).to_be_focused()
    expect(amount.locator(".q-warn")).to_be_visible()
    phone.page.go_back()
    phone.page.locator(".go").click()

    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    envelope = json.loads(item["envelope"])
    assert envelope["answers"]["money"] == {"members": "12", "amount": "28250000"}
    assert envelope["warnings"] == [
        {
            "question": "money/amount",
            "message": {
                "ar": "هذا كثير على 12 عضوات: هل هو بالدرهم؟",
                "fr": "C’est beaucoup pour 12 membres : est-ce en dirhams ?",
            },
        }
    ]


def test_usual_answers_carry_no_warning(phone: Phone) -> None:  # U3
    phone.install("unusual")
    phone.start("unusual")
    phone.question("members").locator("input").fill("300")
    phone.question("amount").locator("input").fill("28250000")
    phone.page.locator(".go").click()
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    assert "warnings" not in json.loads(item["envelope"])
