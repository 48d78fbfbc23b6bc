"""The reviewer's keys in a real browser (docs/review.md, "Decisions")."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Playwright, expect

from app.core.db import db
from app.submissions.models import Remark, Submission
from tests.conftest import Someone
from tests.e2e.device import ARGUMENTS, chromium_path
from tests.review.instrument import stored


@pytest.mark.browser
@pytest.mark.sqlite_only
def test_keys_approve_return_and_go_on_and_rest_while_one_types(
    amina: Someone, khadija: Someone, package: str, address: str, playwright: Playwright
):
    older, newer = stored(amina, package, minutes=0).id, stored(amina, package, minutes=5).id
    db.session.commit()
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    try:
        page = browser.new_page(locale="fr", viewport={"width": 1280, "height": 820})
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(f"{address}/sign-in?lang=fr&next=/submissions/{newer}%3Fstate=to_review")
        page.fill("[name=username]", khadija.username)
        page.fill("[name=password]", khadija.password)
        page.click("main button")
        page.wait_for_url(f"**/submissions/{newer}?state=to_review")

        page.keyboard.press("r")  # nothing is said yet: it asks for words instead of sending
        expect(page.locator("#comment")).to_be_focused()
        expect(page.locator("#comment-missing")).to_have_text(re.compile(r"\S"))
        page.keyboard.type("aaa")
        expect(page.locator("#comment")).to_have_value("aaa")
        page.locator("#comment").fill("")
        page.locator("[id='a-grp_fig/k_ca'] summary").click()
        expect(page.locator("[id='remark-grp_fig/k_ca']")).to_be_focused()
        page.locator("[id='remark-grp_fig/k_ca']").fill("En centimes ?")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()  # warns, and what was written is there again
        expect(page.locator("[id='remark-grp_fig/k_ca']")).to_have_value("En centimes ?")
        expect(page.locator("[data-return-text]")).to_have_text("Renvoyer avec 1 remarque")
        page.locator("h1").click()
        page.keyboard.press("r")
        page.wait_for_url(f"**/submissions/{older}?state=to_review")
        expect(page.locator(".flash a")).to_have_attribute("href", f"/submissions/{newer}")
        page.keyboard.press("a")  # asks, Enter says yes
        expect(page.locator("#approve-question button.go")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#approve-question")).to_be_hidden()
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        page.wait_for_url("**/submissions?state=to_review")
        assert problems == []
    finally:
        browser.close()
    db.session.rollback()
    assert db.session.get(Submission, newer).state == "has_issues"
    assert db.session.get(Submission, older).state == "approved"
    assert db.session.query(Remark).one().question == "grp_fig/k_ca"
