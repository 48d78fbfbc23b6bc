"""Every released client of the last 24 months can still deliver (I-16).

tests/fixtures/clients holds the phone's files of each release as they were served (`scripts/freeze-client`). Each opens in a real
browser, in front of the server of this tree.

C1  what was finished without network with an old client is received, byte for byte, with its photo (UM-03)
C2  neither an ended session nor a gate on reading stands in the way (UM-12)
C3  the answers of the server never ask the browser to clear what it keeps (UM-10)
"""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect
from werkzeug.serving import make_server

from app.accounts import operations as accounts
from app.accounts.models import Person
from app.core.db import db
from app.instruments.models import Instrument
from app.submissions.attachments import path_of
from app.submissions.models import Attachment, Revision, Submission
from tests.conftest import PACKAGE, PASSWORD, Someone, World, an_instrument, later
from tests.e2e.device import ARGUMENTS, chromium_path, photo_with_gps, stored, until

pytestmark = pytest.mark.browser
CLIENTS = Path(__file__).resolve().parents[1] / "fixtures/clients"
RELEASES = sorted(folder.name for folder in CLIENTS.iterdir() if (folder / "index.json").exists())

WITH_PHOTO: dict[str, Any] = {
    **PACKAGE,
    "form_id": "sketch",
    "nodes": [
        *PACKAGE["nodes"],
        {
            "i": 5, "parent": 3, "kind": "question", "name": "photo", "type": "image", "row": 6,
            "label": {"ar": "صورة المحل", "fr": "Photo du local"},
        },
    ],
}  # fmt: skip


class Front:
    """The address that a phone knows: the files of an old release, and behind them the server of this tree."""

    def __init__(self, app: Flask, release: str) -> None:
        self.app = app
        index = json.loads((CLIENTS / release / "index.json").read_text("utf-8"))
        self.files = {
            address: (gzip.decompress((CLIENTS / release / one["file"]).read_bytes()), one["type"])
            for address, one in index["files"].items()
        }
        self.clearing: list[str] = []
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path in self.files:
            body, kind = self.files[path]
            start_response("200 OK", [("Content-Type", kind), ("Cache-Control", "no-cache")])
            return [body]

        def heard(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if any(name.lower() == "clear-site-data" for name, _ in headers):
                self.clearing.append(path)
            return start_response(status, headers, *more)

        return self.app.wsgi_app(environ, heard)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(params=RELEASES)
def front(request: pytest.FixtureRequest, app: Flask) -> Iterator[Front]:
    front = Front(app, request.param)
    yield front
    front.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="ar-MA", has_touch=True, is_mobile=True)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def fill_2026_11_26(page: Page, url: str, photo: Path) -> None:
    """Sign in, leave the network, fill the form of WITH_PHOTO and finish it, as one did on the client of that day."""
    page.goto(f"{url}/field/")
    page.fill("#username", "amina")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.locator("main a.go[href='#/today']").click()
    page.wait_for_load_state("networkidle")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.locator(".start", has_text="تشخيص").click()
    page.get_by_label("اسم التعاونية").fill("تعاونية الأمل")
    expect(page.locator("main h2").first).to_contain_text("الهوية")
    page.locator("footer .go").click()
    expect(page.locator("main h2").first).to_contain_text("الأرقام")
    page.locator("input[type=file]").first.set_input_files(photo)
    expect(page.locator("figure img")).to_be_visible()
    page.locator("footer .go").click()
    expect(page.locator("main h2").first).to_contain_text("مراجعة")
    page.locator("footer .go").click()
    page.wait_for_url("**/#/summary/**")


FILLING: dict[str, Callable[[Page, str, Path], None]] = {"2026-11-26": fill_2026_11_26}


def test_each_release_is_tried():
    assert set(FILLING) == set(RELEASES)
    assert RELEASES


def test_an_old_client_delivers_what_it_holds(  # C1, C2, C3, UM-03
    app: Flask, world: World, amina: Someone, front: Front, page: Page, request: pytest.FixtureRequest, tmp_path: Path
):
    form = db.session.scalar(sa.select(Instrument).where(Instrument.form_id == "diag"))
    assert form is not None
    form.is_open = False
    an_instrument(world.programme.id, "sketch", json.dumps(WITH_PHOTO, ensure_ascii=False, separators=(",", ":"), sort_keys=True))
    db.session.commit()
    release = request.node.callspec.params["front"]
    FILLING[release](page, front.url, photo_with_gps(page, tmp_path / "photo.jpg"))
    (item,) = stored(page, "items")
    assert item["state"] == "waiting"

    # Meanwhile: the session ended, and this client may not read any more.
    person = db.session.get(Person, amina.id)
    assert person is not None
    accounts.end_all_sessions(person, now=later())
    db.session.commit()
    app.config["LEAST_READING_PROTO"] = 1000
    page.context.set_offline(False)

    def delivered() -> bool:
        (now,) = stored(page, "items")
        return now["state"] == "accepted" and all(one["state"] == "complete" for one in now["attachments"])

    until(delivered, "the old client delivers its form and its photo", 60)
    db.session.rollback()
    revision = db.session.get(Revision, item["revision_id"])
    assert revision is not None
    assert gzip.decompress(revision.body).decode() == item["envelope"]
    submission = db.session.get(Submission, item["submission_id"])
    assert submission is not None
    assert submission.quarantine is None
    (slot,) = db.session.scalars(sa.select(Attachment).where(Attachment.submission_id == submission.id))
    assert slot.complete_at is not None
    assert path_of(slot.sha256).stat().st_size == slot.size
    assert front.clearing == []


def test_a_client_too_old_to_read_is_told_to_update_and_can_still_deliver(app: Flask, amina: Someone):  # C2
    app.config["LEAST_READING_PROTO"] = 2
    pulled = amina.client.get(f"/api/sync/pull?programme={amina.programme_id}", headers={"X-Sync-Proto": "1"})
    assert (pulled.status_code, pulled.json["code"]) == (426, "sync.update_needed")
    amina.deliver()
    newer = amina.client.get(f"/api/sync/pull?programme={amina.programme_id}", headers={"X-Sync-Proto": "2"})
    assert newer.status_code == 200
