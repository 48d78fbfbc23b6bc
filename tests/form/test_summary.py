"""What a diagnostic gives back on the spot, from the phone's own copy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.form.conftest import Phone, instrument

pytestmark = pytest.mark.browser


def _answers(scores: dict[str, str]) -> dict[str, Any]:
    """Every scored item answered 4, or as `scores` says."""
    nodes = json.loads(instrument("diag")["pkg"])["nodes"]
    answers: dict[str, Any] = {}
    for node in nodes:
        if node.get("attributes", {}).get("role") == "item":
            answers.setdefault(nodes[node["parent"]]["name"], {})[node["name"]] = scores.get(node["name"], "4")
    return answers | {"d_version": "full"}


def _open(phone: Phone, answers: dict[str, Any]) -> None:
    phone.install("diag")
    draft = phone.start("diag")
    phone.page.wait_for_selector(".q")
    phone.page.evaluate("harness.router.navigate('#/today')")
    phone.page.evaluate(
        """async ([id, answers]) => {
          await new Promise((resolve) => navigator.locks.request(`draft:${id}`, resolve));
          const draft = await harness.phone.drafts.get(id);
          await harness.phone.drafts.save({ ...draft, snapshot: null, answers, title: "تعاونية تيفاوين" });
          await harness.summary(id);
        }""",
        [draft, answers],
    )


@pytest.mark.parametrize("phone", ["ar", "fr"], indirect=True)
def test_the_result_names_the_level_the_cap_and_the_strengths(phone: Phone) -> None:
    _open(phone, _answers({"leg01": "0", "cer02": "1"}))
    page = phone.page
    french = page.locator("html").get_attribute("lang") == "fr"
    expect(page.locator(".result-score b")).to_contain_text("9")
    expect(page.locator(".result-score")).to_contain_text("En structuration" if french else "في طور الهيكلة")
    expect(page.locator(".status.asks")).to_contain_text(
        "Immatriculation" if french else "القيد في السجل المحلي"
    )  # the cap says why
    expect(page.locator(".result-main .axis-bars li")).to_have_count(8)
    expect(page.locator(".plain-list li")).to_have_count(3)

    names = page.locator(".result-main .radar .axis:not(.figure)")
    expect(names).to_have_count(8)
    boxes = names.evaluate_all("all => all.map((one) => one.getBoundingClientRect().toJSON())")
    for i, one in enumerate(boxes):
        assert one["left"] >= 0
        assert one["right"] <= 360
        for other in boxes[i + 1 :]:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert apart or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


def test_with_too_few_answers_it_counts_what_was_entered(phone: Phone) -> None:
    _open(phone, {"ax_LEG": {"leg02": "3"}, "d_version": "full"})
    expect(phone.page.locator(".result-score")).to_have_count(0)
    expect(phone.page.locator(".counts").first).to_contain_text("1 من")
    phone.page.locator(".answers summary").last.click()
    expect(phone.page.locator(".answers details").last.locator("dd")).to_have_count(1)  # the answer itself, in words


def test_what_one_person_writes_does_not_open_for_another(phone):  # I-23
    phone.install("diag")
    draft = phone.start("diag")
    phone.page.locator(".fill-foot").wait_for()
    phone.page.evaluate("() => harness.phone.meta.set('person', { id: 'somebody-else', username: 'x', programmes: [] })")
    phone.page.evaluate("harness.router.navigate('#/today')")
    phone.page.wait_for_function("() => !document.querySelector('.fill')")
    phone.page.evaluate("(id) => harness.router.navigate(`#/form/${id}`)", draft)
    phone.page.locator(".fill-stop").wait_for()
    assert phone.page.locator(".fill").count() == 0
