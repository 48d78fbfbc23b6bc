"""Every released client of the last 24 months can still deliver (I-16).

tests/fixtures/clients holds the phone's files of each release as they were served (`scripts/freeze-client`). Each opens in a real
browser, in front of the server of this tree.

C1  what was finished without network with an old client is received, byte for byte, with its photo (UM-03)
C2  neither an ended session nor a gate on reading stands in the way (UM-12)
C3  the answers of the server never ask the browser to clear what it keeps (UM-10)
C4  what the client sealed goes as it lies there, opened by nobody on the phone (I-22)
C5  today's shell over a client that seals keeps what it sealed: the same PIN opens its drafts, and its outbox goes (I-2)
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from werkzeug.serving import make_server

from app.accounts import operations as accounts
from app.accounts.models import Person
from app.core.db import db
from app.instruments.models import Instrument
from app.pwa import assets
from app.pwa.assets import Asset
from app.submissions.attachments import path_of
from app.submissions.models import Attachment, Revision, Submission
from tests.conftest import PACKAGE, PASSWORD, Someone, World, an_instrument, later
from tests.e2e.device import ARGUMENTS, PIN, chromium_path, photo_with_gps, stored, unlocks_quickly, until
from tests.phone.test_shell import UPDATE, eventually
from tests.phone.test_updates import WAITING

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


NAME = "تعاونية الأمل"


class Front:
    """The address that a phone knows: the files of an old release, until update(), and behind them the server of this tree."""

    def __init__(self, app: Flask, release: str) -> None:
        self.app = app
        index = json.loads((CLIENTS / release / "index.json").read_text("utf-8"))
        self.files = {
            address: (gzip.decompress((CLIENTS / release / one["file"]).read_bytes()), one["type"])
            for address, one in index["files"].items()
        }
        self.clearing: list[str] = []
        self.answers = True  # False: phones get the files and no word of the server
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path.startswith("/api/") and not self.answers:
            start_response("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b""]
        if path in self.files:
            body, kind = self.files[path]
            start_response("200 OK", [("Content-Type", kind), ("Cache-Control", "no-cache")])
            return [body]

        def heard(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if any(name.lower() == "clear-site-data" for name, _ in headers):
                self.clearing.append(path)
            return start_response(status, headers, *more)

        return self.app.wsgi_app(environ, heard)

    def update(self) -> None:
        """From now on the files of this tree are served, as another version: on the day it was kept, a release is the tree."""
        with self.app.test_request_context():
            now = assets.current()
        self.files = {address: (asset.body, asset.type) for address, asset in now.files.items()}
        page = now.files["/field/"]
        newer = Asset(page.body.replace(b'data-version="', b'data-version="new', 1), page.type)
        worker = now.worker.body.replace(b'VERSION="', b'VERSION="new', 1).replace(page.sha256.encode(), newer.sha256.encode())
        self.files |= {"/field/": (newer.body, newer.type), "/sw.js": (worker, now.worker.type)}

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def photo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    context = browser.new_context()
    yield photo_with_gps(context.new_page(), tmp_path_factory.mktemp("photo") / "photo.jpg")
    context.close()


@pytest.fixture(params=RELEASES)
def front(request: pytest.FixtureRequest, app: Flask) -> Iterator[Front]:
    front = Front(app, request.param)
    yield front
    front.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="ar-MA", has_touch=True, is_mobile=True)
    context.set_default_timeout(30_000)
    unlocks_quickly(context)
    yield context.new_page()
    context.close()


class Client20261126:
    """What somebody does on the client of 26 November 2026, the last before forms were sealed."""

    pin: str | None = None

    def sign_in(self, page: Page, url: str) -> None:
        """The phone is ready, and loses the network."""
        page.goto(f"{url}/field/")
        page.fill("#username", "amina")
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        self.choose_pin(page)
        page.locator("main a.go[href='#/today']").click()
        page.wait_for_load_state("networkidle")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.context.set_offline(True)

    def choose_pin(self, page: Page) -> None:
        """It asks for none."""

    def begin(self, page: Page, photo: Path) -> None:
        """The form of WITH_PHOTO up to its photo."""
        page.locator(".start", has_text="تشخيص").click()
        page.get_by_label("اسم التعاونية").fill(NAME)
        expect(page.locator("main h2").first).to_contain_text("الهوية")
        page.locator("footer .go").click()
        expect(page.locator("main h2").first).to_contain_text("الأرقام")
        page.locator("input[type=file]").first.set_input_files(photo)
        expect(page.locator("figure img")).to_be_visible()

    def finish(self, page: Page) -> None:
        page.locator("footer .go").click()
        expect(page.locator("main h2").first).to_contain_text("مراجعة")
        page.locator("footer .go").click()
        page.wait_for_url("**/#/summary/**")

    def go_to_today(self, page: Page) -> None:
        page.evaluate("location.hash = '#/today'")


class Client20261126Evening(Client20261126):
    """That evening's: it seals with a PIN."""

    pin = PIN

    def choose_pin(self, page: Page) -> None:
        page.locator("#pin-pin").fill(PIN)
        page.locator("#pin-again").fill(PIN)
        page.locator("form.enter button.go").click()


FILLING: dict[str, Client20261126] = {"2026-11-26": Client20261126(), "2026-11-26-evening": Client20261126Evening()}


def offers_the_form(app: Flask, world: World) -> None:
    """Only that with a photo."""
    form = db.session.scalar(sa.select(Instrument).where(Instrument.form_id == "diag"))
    assert form is not None
    form.is_open = False
    an_instrument(world.programme.id, "sketch", json.dumps(WITH_PHOTO, ensure_ascii=False, separators=(",", ":"), sort_keys=True))
    db.session.commit()


def assert_sealed(page: Page, *stores: str) -> None:
    """Nothing that was written is in clear in these stores."""
    rows = [row for store in stores for row in stored(page, store)]
    assert rows
    assert {row["encryption"] for row in rows} == {"sealed-1"}
    assert NAME not in json.dumps(rows, ensure_ascii=False)


def test_each_release_is_tried():
    assert set(FILLING) == set(RELEASES)
    assert RELEASES


def test_an_old_client_delivers_what_it_holds(  # C1, C2, C3, C4, UM-03
    app: Flask, world: World, amina: Someone, front: Front, page: Page, photo: Path, request: pytest.FixtureRequest
):
    offers_the_form(app, world)
    client = FILLING[request.node.callspec.params["front"]]
    client.sign_in(page, front.url)
    client.begin(page, photo)
    client.finish(page)
    (item,) = stored(page, "items")
    assert item["state"] == "waiting"
    if client.pin:
        assert_sealed(page, "items", "chunks")

    # Meanwhile: the session ended, and this client may not read any more.
    person = db.session.get(Person, amina.id)
    assert person is not None
    accounts.end_all_sessions(person, now=later())
    db.session.commit()
    app.config["LEAST_READING_PROTO"] = 1000
    page.context.set_offline(False)
    until(lambda: delivered(page), "the old client delivers its form and its photo", 60)
    received(item, is_sealed=client.pin is not None)
    assert front.clearing == []


def delivered(page: Page) -> bool:
    return all(
        now["state"] == "accepted" and all(one["state"] == "complete" for one in now["attachments"])
        for now in stored(page, "items")
    )


def received(item: dict[str, Any], *, is_sealed: bool) -> None:
    """The server has what the phone sent, to the byte, counting and with its photo."""
    db.session.rollback()
    revision = db.session.get(Revision, item["revision_id"])
    assert revision is not None
    assert revision.sha256 == item["sha256"]
    envelope = gzip.decompress(revision.body).decode()
    if is_sealed:
        assert revision.key_id is not None
        assert json.loads(envelope)["answers"]["grp_id"]["coop_name_ar"] == NAME
    else:
        assert envelope == item["envelope"]
    submission = db.session.get(Submission, item["submission_id"])
    assert submission is not None
    assert submission.quarantine is None
    (slot,) = db.session.scalars(sa.select(Attachment).where(Attachment.submission_id == submission.id))
    assert slot.complete_at is not None
    assert bool(slot.sealed) == is_sealed
    assert hashlib.sha256(path_of(slot.kept_as).read_bytes()).hexdigest() == slot.kept_as


def shows_the_newer(page: Page) -> None:
    """A version takes over in the first seconds of an opening; on a machine that is slower than that, at the next."""
    for _ in range(4):
        with contextlib.suppress(PlaywrightTimeout):
            page.wait_for_function("() => document.documentElement.dataset.version?.startsWith('new')", timeout=8000)
            return
        page.reload()
    raise AssertionError("the newer version did not take over")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("front", [name for name, client in FILLING.items() if client.pin], indirect=True)
def test_todays_shell_over_an_old_client_keeps_what_it_sealed(  # C5, I-2
    app: Flask, world: World, amina: Someone, front: Front, page: Page, photo: Path, request: pytest.FixtureRequest
):
    offers_the_form(app, world)
    client = FILLING[request.node.callspec.params["front"]]
    client.sign_in(page, front.url)
    client.begin(page, photo)
    client.finish(page)
    client.go_to_today(page)
    client.begin(page, photo)
    client.go_to_today(page)
    (item,), (draft,) = stored(page, "items"), stored(page, "drafts")
    assert_sealed(page, "items", "drafts", "chunks")

    front.update()
    front.answers = False
    page.context.set_offline(False)
    page.goto(f"{front.url}/field/manifest.webmanifest")
    page.evaluate(UPDATE)
    eventually(page, WAITING)
    page.goto(f"{front.url}/field/")
    shows_the_newer(page)
    (still,) = stored(page, "items")
    assert (still["state"], still["envelope"], still["sha256"]) == ("waiting", item["envelope"], item["sha256"])
    assert stored(page, "drafts") == [draft]
    for pin in ("193755", PIN):
        page.locator("#pin").fill(pin)
        page.locator("form.enter button.go").click()
        expect(page.locator("#failure")).to_be_visible(visible=pin != PIN)
    page.evaluate("location.hash = '#/today'")
    page.locator("a.card[href^='#/form/']").click()
    expect(page.locator("figure img")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("اسم التعاونية")).to_have_value(NAME)

    front.answers = True
    page.goto(f"{front.url}/field/#/outbox")
    page.locator("main button.go").click()
    until(lambda: delivered(page), "today's shell delivers what the old one finished", 60)
    received(item, is_sealed=True)


def test_a_client_too_old_to_read_is_told_to_update_and_can_still_deliver(app: Flask, amina: Someone):  # C2
    app.config["LEAST_READING_PROTO"] = 2
    pulled = amina.client.get(f"/api/sync/pull?programme={amina.programme_id}", headers={"X-Sync-Proto": "1"})
    assert (pulled.status_code, pulled.json["code"]) == (426, "sync.update_needed")
    amina.deliver()
    newer = amina.client.get(f"/api/sync/pull?programme={amina.programme_id}", headers={"X-Sync-Proto": "2"})
    assert newer.status_code == 200
