"""A new version of the page: whole or not at all, never under somebody's fingers, and without a wipe.

U1  while a form is open a new version waits: no reload, no keystroke lost; the Phone page says that it is there (UM-02)
U2  it takes over at the next opening without a form, and the draft is as it was (UM-02)
U3  forms open without network after an update, one after the other (UM-11)
U4  a change of the droppable store that an old page blocks is said within 5 seconds, and goes on when that page closes (UM-06)
U5  no answer of ours ever asks a browser to clear what it keeps (UM-10)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from tests.e2e.device import stored, until
from tests.pages.conftest import SEED
from tests.phone.conftest import run
from tests.phone.test_shell import (  # noqa: F401  (fixtures)
    UPDATE,
    another_version,
    application,
    carrying,
    eventually,
    form,
    installed,
    page,
    quietly,
    site,
)

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
WAITING = "navigator.serviceWorker.getRegistration('/field/').then((one) => Boolean(one.waiting))"
IS_NEW = "navigator.serviceWorker.getRegistration('/field/').then((one) => !one.waiting && !one.installing)"


def asked_meanwhile(page: Page, promise: str) -> Any:  # noqa: F811
    """None while the page loads again."""
    try:
        return page.evaluate(promise)
    except Error:
        return None


def took_over(page: Page) -> None:  # noqa: F811
    """The page loads again when the new version takes over: asking may fall into that moment. A version takes over in the first
    seconds of an opening; on a machine that is slower than that, at the next."""

    for left in (4, 3, 2, 1, 0):
        try:
            until(lambda: asked_meanwhile(page, IS_NEW), "the new version took over", 8)
            break
        except AssertionError:
            if not left:
                raise
            page.reload()
    page.wait_for_load_state("load")


def typed(page: Page) -> str:  # noqa: F811
    return page.locator(".q[data-name='one'] input").input_value()


def test_a_new_version_waits_while_somebody_types_and_takes_over_afterwards(page, site, application):  # U1, U2, UM-02  # noqa: F811
    carrying(page, site, "text")
    page.goto(site.url + "/field/#/form/draft-1")
    page.reload()
    field = page.locator(".q[data-name='one'] input")
    field.fill("تعاونية")
    page.evaluate("globalThis.sameDocument = true")
    before = page.evaluate("caches.keys()")
    with another_version(application):
        page.evaluate(UPDATE)
        eventually(page, WAITING)
        field.press("End")
        field.type(" الأمل", delay=30)
        page.wait_for_timeout(1500)
        assert page.evaluate("globalThis.sameDocument") is True
        assert typed(page) == "تعاونية الأمل"

        other = page.context.new_page()
        other.goto(site.url + "/field/#/phone")
        expect(other.get_by_role("button", name="استعمال الصيغة الجديدة")).to_be_visible()
        other.get_by_role("button", name="استعمال الصيغة الجديدة").click()
        expect(other.locator("[role=alert]", has_text="نافذة أخرى")).to_be_visible()
        other.close()
        assert page.evaluate("globalThis.sameDocument") is True
        until(lambda: "الأمل" in json.dumps(stored(page, "drafts"), ensure_ascii=False), "the answer is kept")

        quietly(page, site)
        page.goto(site.url + "/field/")
        took_over(page)
        until(lambda: asked_meanwhile(page, "caches.keys()") not in (None, before), "the old shell is gone")
    page.goto(site.url + "/field/#/form/draft-1")
    page.reload()
    assert typed(page) == "تعاونية الأمل"


def test_forms_open_without_network_after_an_update(page, site, application):  # U3, UM-11  # noqa: F811
    quietly(page, site)
    packages = [form("text"), form("decimal")]
    hashes = [one["form_id"] for one in packages]
    page.evaluate(
        SEED, {"instruments": [{"package": one} for one in packages], "person": {"id": "p", "programmes": [{"id": "p1"}]}}
    )
    drafts = []
    for package in packages:
        text = json.dumps(package, ensure_ascii=False, separators=(",", ":"))
        sha = hashlib.sha256(text.encode()).hexdigest()
        drafts.append({"id": f"draft-{package['form_id']}", "form_id": package["form_id"], "form_sha256": sha, "snapshot": None})
    page.evaluate(SEED, {"instruments": [{"package": one} for one in packages], "drafts": drafts})
    installed(page, site)
    quietly(page, site)
    with another_version(application):
        page.evaluate(UPDATE)
        eventually(page, WAITING)
        page.goto(site.url + "/field/")
        took_over(page)
        page.wait_for_timeout(1000)
        page.context.set_offline(True)
        for id in hashes:
            page.goto(f"{site.url}/field/#/form/draft-{id}")
            page.reload()
            expect(page.locator(".q[data-name='one'] input")).to_be_visible()


def test_a_change_of_the_store_that_an_old_page_blocks_is_said_and_goes_on(tab: Callable[[], Page]):  # U4, UM-06
    old, new = tab(), tab()
    hold = """return new Promise((done) => {
        const opening = indexedDB.open("daftar-cache", 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore("kv", { keyPath: "name" });
        opening.onsuccess = () => { globalThis.held = opening.result; done(true); };
    })"""
    run(old, hold)
    module = (ROOT / "static/js/store/catalogue.js").read_text("utf-8")
    newer = module.replace("const VERSION = 1;", "const VERSION = 2;")
    assert newer != module
    new.route("**/store/catalogue.js", lambda route: route.fulfill(body=newer, content_type="text/javascript"))
    new.goto(f"{new.url}?modules")
    new.wait_for_function("() => globalThis.ready")
    opened = """const began = performance.now();
        globalThis.phone = await tools.openPhone();
        const ms = performance.now() - began;
        await tools.finished(phone);
        return [ms, phone.alarms.map(({ kind }) => kind), (await phone.outbox.counts()).waiting];"""
    ms, said, waiting = run(new, opened)
    assert ms < 5000
    assert (said, waiting) == (["cache_unavailable"], 1)
    run(old, "held.close()")
    until(lambda: run(new, "return phone.alarms.length === 0"), "it opens once the old page has let go")
    assert run(new, "return (await indexedDB.databases()).find(({ name }) => name === 'daftar-cache').version") == 2
    assert run(new, "return (await phone.catalogue.instruments()).length") == 0


def test_no_answer_of_ours_asks_a_browser_to_clear_what_it_keeps():  # U5, UM-10
    ours = [*ROOT.glob("app/**/*.py"), *ROOT.glob("app/templates/**/*.html"), *ROOT.glob("static/**/*.js")]
    found = [path.name for path in ours if re.search("clear-site-data", path.read_text("utf-8", "replace"), re.IGNORECASE)]
    assert found == []
