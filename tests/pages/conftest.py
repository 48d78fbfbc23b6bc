"""The phone's pages in a real Chromium, served by the application, with a phone's store filled by its own modules."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect
from werkzeug.serving import make_server

from app import create_app
from app.accounts.models import Membership, Person
from app.core.db import db
from app.core.ids import new_id
from app.registry.models import Programme
from tests.conftest import NOW, PASSWORD_HASH, an_instrument, settings
from tests.e2e.device import ARGUMENTS, HEIGHT, WIDTH, chromium_path, types_pin, unlocks_quickly

# Choosing a PIN takes a second of computing, and more on a machine that is busy.
expect.set_options(timeout=15_000)
SEED = (Path(__file__).parent / "seed.js").read_text("utf-8")


@pytest.fixture(scope="module")
def application(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, with Malika and Zahra, of the programme Boulemane, and Farah of one without PIN."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(sqlite_template, folder / "daftar.db")
    app = create_app(settings(folder, f"sqlite:///{folder / 'daftar.db'}"))
    with app.app_context():
        programme = Programme(id=new_id(), code="boulemane", name={"ar": "بولمان", "fr": "Boulemane"}, consent={}, created_at=NOW)
        open_one = Programme(
            id=new_id(), code="ouvert", name={"ar": "مفتوح", "fr": "Ouvert"}, consent={}, created_at=NOW, phone_pin=False
        )
        db.session.add_all([programme, open_one])
        people = [
            ("malika", "مليكة", "Malika", programme),
            ("zahra", "زهرة", "Zahra", programme),
            ("free", "فرح", "Farah", open_one),
        ]
        for username, arabic, french, where in people:
            person = Person(
                id=new_id(),
                username=username,
                name={"ar": arabic, "fr": french},
                password_hash=PASSWORD_HASH,
                created_at=NOW,
            )
            db.session.add(person)
            db.session.flush()
            db.session.add(
                Membership(id=new_id(), person_id=person.id, programme_id=where.id, role="facilitator", territories=[])
            )
        an_instrument(programme.id)
        db.session.commit()
    return app


@pytest.fixture(scope="module")
def site(application: Flask) -> Iterator[str]:
    """Its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


Opener = Callable[..., Page]


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Opener]:
    """`phone("ar", what)` gives a page of a new phone whose store holds `what` (see seed.js); none: an empty phone."""
    contexts = []

    def make(language: str = "ar", what: dict[str, Any] | None = None) -> Page:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            locale=f"{language}-MA",
            timezone_id="Africa/Casablanca",
            has_touch=True,
            is_mobile=True,
        )
        context.set_default_timeout(30_000)
        types_pin(context)
        unlocks_quickly(context)
        contexts.append(context)
        page = context.new_page()
        page.errors = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.errors.append(str(error)))  # type: ignore[attr-defined]
        if what is not None:
            page.goto(f"{site}/static/js/core/clock.js")
            page.evaluate(SEED, what)
        return page

    yield make
    for context in contexts:
        for page in context.pages:
            assert page.errors == []  # type: ignore[attr-defined]
        context.close()
