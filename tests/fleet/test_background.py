"""What waits is delivered after the page was closed, once the browser wakes the worker that does it (Background Sync).
It is sealed: the worker has no key and needs none.

G1  a form finished without network goes while no page of ours is open, with its receipt on the phone
G2  pages, worker and button never send at the same time, and nothing arrives twice (NS-13)
G3  without network it keeps everything and asks to be woken again; an emptied store it leaves to the page
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page
from werkzeug.serving import make_server

from app.submissions.models import Revision, Submission
from tests.conftest import PASSWORD, Someone, count
from tests.e2e.device import stored, types_pin, unlocks_quickly, until

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


class Counting:
    """The application, counting how many pushes are under way at once."""

    def __init__(self, app: Flask) -> None:
        self.app, self.now, self.most, self.lock = app, 0, 0, threading.Lock()
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] != "/api/sync/push":
            return self.app.wsgi_app(environ, start_response)
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return self.app.wsgi_app(environ, start_response)
        finally:
            with self.lock:
                self.now -= 1


@pytest.fixture
def server(app: Flask) -> Iterator[Counting]:
    counting = Counting(app)
    yield counting
    counting.server.shutdown()
    counting.server.server_close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="ar-MA", has_touch=True, is_mobile=True)
    context.set_default_timeout(30_000)
    types_pin(context)
    unlocks_quickly(context)
    yield context
    context.close()


class Waker:
    """Wakes the worker as the browser would: by the protocol of its developer tools."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.registrations: dict[str, str] = {}
        self.session.on("ServiceWorker.workerRegistrationUpdated", self._heard)
        self.session.send("ServiceWorker.enable")

    def _heard(self, event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            self.registrations[one["scopeURL"]] = one["registrationId"]

    def wake(self, url: str) -> None:
        scope = f"{url}/field/drain/"
        until(lambda: scope in self.registrations, "the worker is registered")
        what = {"origin": url, "registrationId": self.registrations[scope], "tag": "outbox", "lastChance": False}
        self.session.send("ServiceWorker.dispatchSyncEvent", what)


def ready(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(f"{url}/field/")
    page.fill("#username", "amina")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.locator("main a[href='#/today']").click()
    page.wait_for_load_state("networkidle")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    until(
        lambda: page.evaluate("navigator.serviceWorker.getRegistration('/field/drain/').then((one) => Boolean(one?.active))"),
        "its worker",
    )
    return page


def finish(page: Page, url: str) -> None:
    page.goto(f"{url}/field/#/today")
    page.locator(".start").first.click()
    page.get_by_label("اسم التعاونية").fill("تعاونية الأمل")
    for section in ("الهوية", "الأرقام", "مراجعة"):
        page.locator("main h2", has_text=section).first.wait_for()
        page.locator("footer .go").click()
    page.wait_for_url("**/#/summary/**")


def test_what_waits_is_delivered_while_no_page_is_open(amina: Someone, server: Counting, context: BrowserContext):  # G1
    page = ready(context, server.url)
    waker = Waker(page)
    context.set_offline(True)
    finish(page, server.url)
    until(lambda: [one["state"] for one in stored(page, "items")] == ["waiting"], "it waits")
    assert [one["encryption"] for one in stored(page, "items")] == ["sealed-1"]
    page.route("**/api/**", lambda route: route.abort())  # this page sends nothing more, also when it hears of the network
    context.set_offline(False)
    page.goto(f"{server.url}/field/manifest.webmanifest")
    # The browser may be quicker than we: it hears of the network itself.
    waker.wake(server.url)
    until(lambda: count(Revision) == 1, "it arrived", 30)
    until(lambda: [one["state"] for one in stored(page, "items")] == ["accepted"], "the phone knows")
    assert len(stored(page, "receipts")) == 1


def test_pages_worker_and_button_never_send_at_once(amina: Someone, server: Counting, context: BrowserContext):  # G2
    page = ready(context, server.url)
    waker = Waker(page)
    context.set_offline(True)
    for _ in range(3):
        finish(page, server.url)
    other = context.new_page()
    other.goto(f"{server.url}/field/#/outbox")
    page.goto(f"{server.url}/field/#/outbox")
    context.set_offline(False)
    for _ in range(4):
        waker.wake(server.url)
        for one in (page, other):
            one.locator("button.go").click()
    until(lambda: all(one["state"] == "accepted" for one in stored(page, "items")), "all arrived", 30)
    assert count(Submission) == 3
    assert server.most == 1


def test_without_network_it_keeps_everything(amina: Someone, server: Counting, context: BrowserContext):  # G3
    page = ready(context, server.url)
    waker = Waker(page)
    context.set_offline(True)
    finish(page, server.url)
    page.goto("about:blank")
    waker.wake(server.url)
    page.wait_for_timeout(1500)
    assert count(Revision) == 0
    context.set_offline(False)
    page.goto(f"{server.url}/field/manifest.webmanifest")
    (item,) = stored(page, "items")
    assert item["state"] == "waiting"
    assert item["envelope"]
