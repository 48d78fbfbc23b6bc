"""A form on trial: kept before it is published, filled as on a phone, counted nowhere.

T1  a coordinator checks a form, keeps it and tries it; only an administrator publishes it, from its page or not
T2  the phone's own form in a phone's frame, under a policy that allows this frame and nothing else
T3  made-up records stand for the real ones
T4  what is filled is shown as it would be sent, in both languages, and is in no store: server, phone's databases
T5  a code leads a signed-in phone of the programme to the same form; others are sent away
T6  over a poor network it is there after one round trip: script, style, texts and form in one page, packed; the rest comes after
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.core.db import begin_writing, db
from app.core.problems import Problem
from app.instruments import operations, queries
from app.instruments.columns import in_columns
from app.instruments.compiler import library_lists
from app.instruments.models import InstrumentDraft, InstrumentVersion
from app.submissions.models import Submission
from tests.conftest import NOW, count
from tests.e2e.device import ARGUMENTS, chromium_path
from tests.instruments.forms import SETTINGS, YES_NO, markdown, q

AXE = (Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js").read_text("utf-8")
LIBRARY = Path(__file__).resolve().parents[2] / "app/instruments/library"
NAMED = {"form_title": "زيارة - Visite", "form_id": "essai"}


def small(**settings: str) -> bytes:
    survey = [
        q("text", "nom", required="yes"),
        q("select_one_from_file cooperatives.csv", "coop"),
        q("integer", "femmes") | {"bind::ci:expect": ". < 100", "bind::ci:expect-message-fr": "Tant que cela ?"},
    ]
    ci = {"namespaces": 'ci="urn:cooperative-instruments:1"'}
    return markdown(survey, choices=YES_NO, settings=[SETTINGS | NAMED | ci | settings], entities=ENTITIES).encode()


ENTITIES = [
    {
        "list_name": "cooperatives",
        "label": "${nom}",
        "entity_id": "${coop}",
        "create_if": "${coop} = ''",
        "update_if": "${coop} != ''",
    }
]


def keep(person: Any, content: bytes, name: str = "essai.md") -> InstrumentDraft:
    begin_writing()
    checked = operations.check(person.programme_id, name, content)
    assert not checked.compiled.errors, checked.compiled.errors
    draft = operations.keep_draft(person.actor, person.programme_id, checked, operations.Given(), NOW)
    db.session.commit()
    return draft


def test_a_coordinator_keeps_and_tries_a_form_and_only_an_administrator_publishes_it(khadija, admin):  # T1
    page = khadija.client.get("/instruments?lang=fr").text
    assert "Vérifier un formulaire et l’essayer" in page
    checked = khadija.client.post("/instruments/check", data={"file": (io.BytesIO(small()), "essai.md")})
    assert checked.status_code == 200, checked.text
    packed = re.search(r'name="checked" type="hidden" value="([^"]+)"', checked.text)
    assert packed
    assert "/instruments/publish" not in checked.text
    assert khadija.client.post("/instruments/publish", data={"checked": packed.group(1)}).status_code == 403
    kept = khadija.client.post("/instruments/drafts", data={"checked": packed.group(1)})
    assert kept.status_code == 302
    address = kept.location
    page = khadija.client.get(address + "?lang=fr").text
    assert "À l’essai : non publié." in page
    assert "/publish" not in page
    assert khadija.client.post(address + "/publish").status_code == 403
    assert count(InstrumentVersion, InstrumentVersion.instrument.has(form_id="essai")) == 0
    assert "essai" in khadija.client.get("/instruments").text

    assert admin.client.post(address + "/publish").status_code == 302

    assert count(InstrumentVersion, InstrumentVersion.instrument.has(form_id="essai")) == 1
    assert count(InstrumentDraft) == 0
    assert khadija.client.get(address).status_code == 404


def test_a_second_draft_of_a_form_takes_the_place_of_the_first(khadija):  # T1
    first = keep(khadija, small())
    first_sha256 = first.sha256
    second = keep(khadija, small(version="2"))
    assert (second.id, second.version) == (first.id, "2")
    assert second.sha256 != first_sha256
    assert count(InstrumentDraft) == 1
    khadija.client.post(f"/instruments/drafts/{second.id}/drop")
    assert count(InstrumentDraft) == 0


def test_who_only_fills_or_reads_forms_keeps_none(amina, said, khadija):  # T1, T5
    draft_id = keep(khadija, small()).id
    for person in (amina, said):
        with pytest.raises(Problem) as caught:
            keep(person, small())
        assert caught.value.kind.code == "core.not_allowed"
        db.session.rollback()
        assert person.client.get(f"/instruments/drafts/{draft_id}").status_code == 403
        assert person.client.get(f"/preview/{draft_id}").status_code == 200  # with the code she may try it


def test_nobody_else_sees_a_form_on_trial(client, khadija):  # T5
    draft_id = keep(khadija, small()).id
    answer = client.get(f"/preview/{draft_id}")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=")


def test_only_the_office_may_frame_it_and_nothing_else_is_allowed(khadija):  # T2
    draft_id = keep(khadija, small()).id
    outer = khadija.client.get(f"/instruments/drafts/{draft_id}").headers["Content-Security-Policy"]
    inner = khadija.client.get(f"/preview/{draft_id}").headers["Content-Security-Policy"]
    usual = khadija.client.get("/instruments").headers["Content-Security-Policy"]
    assert outer == usual + "; frame-src 'self'"
    hashes = re.findall(r" 'sha256-[A-Za-z0-9+/]{43}='", inner)
    assert len(hashes) == 2  # the page's own script and style, and no other that stands in a page
    for one in hashes:
        inner = inner.replace(one, "")
    assert inner == usual.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    assert "unsafe" not in outer + inner


def test_the_page_and_what_comes_after_it_come_packed(khadija):  # T6
    draft_id = keep(khadija, small()).id
    page = khadija.client.get(f"/preview/{draft_id}").text
    later = re.search(r'data-more="([^"]+)"', page)[1].split()
    assert {name.rsplit("/", 1)[1].split(".")[0] for name in later} == {"more", "later", "codes", "fr"}
    for address in (f"/preview/{draft_id}", *later):
        plain = khadija.client.get(address)
        assert "Content-Encoding" not in plain.headers
        for encoding, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
            packed = khadija.client.get(address, headers={"Accept-Encoding": encoding})
            assert packed.headers["Content-Encoding"] == encoding
            assert "Accept-Encoding" in packed.vary
            assert unpack(packed.data) == plain.data
    assert khadija.client.get("/preview/later/app.000000000000.js").status_code == 404


def test_the_page_holds_the_package_in_columns(khadija):  # T6
    draft = keep(khadija, small())
    text = re.search(
        r'<script type="application/json" id="package">(.*?)</script>', khadija.client.get(f"/preview/{draft.id}").text
    )
    assert json.loads(text[1]) == in_columns(json.loads(draft.package))


def test_what_an_author_wrote_ends_no_script_of_the_page(khadija):  # T2
    draft = keep(khadija, small(form_title="</script><script>alert(1)</script>"))
    page = khadija.client.get(f"/preview/{draft.id}").text
    assert page.count("</script>") == 3
    assert "\\u003c/script>\\u003cscript>alert(1)" in page


def test_a_form_on_trial_reaches_no_phone(khadija, amina):  # T4
    draft = keep(khadija, small())
    pulled = amina.client.get(f"/api/sync/pull?programme={amina.programme_id}").json
    assert "essai" not in json.dumps(pulled)
    assert amina.client.get(f"/api/sync/instrument/{draft.sha256}").status_code == 404


def test_made_up_records_have_the_properties_that_forms_give_them(khadija, admin):  # T3
    begin_writing()
    for code in ("coop", "diag", "train"):
        path = LIBRARY / code / "form.md"
        operations.publish(admin.actor, admin.programme_id, path.name, path.read_bytes(), NOW)
    db.session.commit()
    draft = keep(khadija, (LIBRARY / "visit/form.md").read_bytes(), "visit.md")
    samples = queries.samples_for(draft)
    assert set(samples) >= {"cooperatives", "actions"}
    communes = {row["name"] for row in library_lists()["communes"]}
    for record in samples["cooperatives"]:
        assert record["label"]
        assert record["commune"] in communes
        assert record["province"] == record["commune"][:6]
    assert {one["coop"] for one in samples["actions"]} <= {one["name"] for one in samples["cooperatives"]}
    real = {one.form_id for one in (row.instrument for row in queries.published(admin.programme_id))}
    assert "visit" not in real


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


def signed_in(browser: Browser, person: Any, url: str, **options: Any) -> Page:
    context = browser.new_context(locale="ar-MA", timezone_id="Africa/Casablanca", **options)
    context.set_default_timeout(30_000)
    token = next(cookie.value for cookie in person.client._cookies.values() if cookie.key == "session")
    context.add_cookies([{"name": "session", "value": token, "url": url}])
    page = context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)  # type: ignore[attr-defined]
    return page


@pytest.mark.browser
@pytest.mark.sqlite_only
def test_the_form_is_filled_in_the_frame_and_shown_as_it_would_be_sent(khadija, address: str, browser: Browser):  # T2-T4
    draft_id = keep(khadija, small()).id
    page = signed_in(browser, khadija, address, viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/instruments/drafts/{draft_id}?lang=ar")
    frame = page.frame_locator("iframe")
    expect(frame.locator(".note")).to_contain_text("بملفات وهمية")
    frame.get_by_role("button", name="ملء النموذج").click()
    frame.locator(".q[data-name=nom] input").fill("تعاونية تيفاوين")
    expect(frame.locator(".saved")).to_contain_text("لا يُحفظ شيء")
    frame.locator(".q[data-name=femmes] input").fill("120")
    frame.locator(".q[data-name=coop] button").first.click()
    expect(frame.locator(".choice")).to_have_count(5)
    frame.locator(".choice").nth(1).click()
    frame.locator(".pill[lang=fr]").click()
    expect(frame.locator(".q[data-name=nom] .q-label")).to_contain_text("Question nom")
    frame.locator(".fill-head .pill").last.click()
    frame.locator(".switch input").check()
    frame.locator(".overlay .pill").first.click()
    expect(frame.locator(".q-second").first).to_be_visible()
    frame.locator(".fill-foot .go").click()
    expect(frame.locator(".faults.calm")).to_contain_text("Tant que cela")
    frame.locator(".fill-foot .go").click()
    expect(frame.locator(".result")).to_contain_text("rien n’est envoyé")
    frame.get_by_role("button", name="Ce qui serait envoyé").click()

    sent = frame.locator(".trial-sent")
    expect(sent).to_contain_text("تعاونية تيفاوين")
    expect(sent).to_contain_text("serait modifié")
    envelope = json.loads(sent.locator("pre").text_content() or "")
    assert envelope["answers"]["nom"] == "تعاونية تيفاوين"
    assert envelope["warnings"][0]["question"] == "femmes"
    assert count(Submission) == 0
    assert page.evaluate("indexedDB.databases().then((all) => all.map((one) => one.name))") == []
    assert page.evaluate("Object.keys(localStorage)") == []
    page.reload()
    expect(frame.get_by_role("button", name="ملء النموذج")).to_be_visible()
    expect(frame.locator(".trial-sent")).to_have_count(0)
    assert page.complaints == []  # type: ignore[attr-defined]
    page.context.close()


@pytest.mark.browser
@pytest.mark.sqlite_only
def test_the_code_leads_a_phone_to_the_same_form(khadija, amina, address: str, browser: Browser):  # T5
    draft_id = keep(khadija, small()).id
    assert f"/preview/{draft_id}" in khadija.client.get(f"/instruments/drafts/{draft_id}").text
    page = signed_in(browser, amina, address, viewport={"width": 360, "height": 800}, is_mobile=True, has_touch=True)
    page.goto(f"{address}/preview/{draft_id}")
    expect(page.locator(".note")).to_be_visible()
    asked = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)")
    assert set(asked) <= {"/static/img/icon-192.png"}  # T6
    page.evaluate(AXE)
    for _ in range(2):
        found = page.evaluate("axe.run(document.body).then(({ violations }) => violations)")
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        if page.locator(".note").count():
            page.get_by_role("button", name="ملء النموذج").tap()
            expect(page.locator(".q")).to_have_count(3)
    page.locator(".q[data-name=nom] input").fill("تيزي")
    page.context.set_offline(True)
    page.locator(".fill-foot .go").tap()
    page.locator(".fill-foot .go").tap()
    page.get_by_role("button", name="ما كان سيُرسل").tap()
    expect(page.locator(".trial-sent")).to_contain_text("تيزي")
    found = page.evaluate("axe.run(document.body).then(({ violations }) => violations)")
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert count(Submission) == 0
    assert page.complaints == []  # type: ignore[attr-defined]
    page.context.close()
