"""A browser for the phone's modules, and the small office they speak to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.e2e.device import ARGUMENTS, Device, chromium_path, unlocks_quickly
from tests.phone.office import Office


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    office.url = office.start()  # type: ignore[attr-defined]
    yield office
    office.stop()


@pytest.fixture
def tab(browser: Browser, office: Office) -> Iterator[Callable[[], Page]]:
    """Opens tabs of one profile, with the modules at hand as `tools`."""
    context = browser.new_context()
    unlocks_quickly(context)
    context.set_default_timeout(30_000)

    def open() -> Page:
        page = context.new_page()
        page.goto(office.url + "/field/")  # type: ignore[attr-defined]
        page.wait_for_function("() => globalThis.ready")
        return page

    yield open
    context.close()


@pytest.fixture
def page(tab: Callable[[], Page]) -> Page:
    return tab()


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path) -> Iterator[Device]:
    """A phone whose profile is on disk: it can be killed and opened again."""
    device = Device(playwright, tmp_path / "profile", "ar")
    yield device
    device.close()


def run(page: Page, script: str, arg: Any = None) -> Any:
    """Runs an async function body in the page; it fails rather than hangs."""
    timeout = "new Promise((_, reject) => setTimeout(() => reject(new Error('took too long')), 20000))"
    return page.evaluate(f"(arg) => Promise.race([(async () => {{ {script} }})(), {timeout}])", arg)
