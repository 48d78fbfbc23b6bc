"""The form's page alone: the real engine and store in a real Chromium, served by a small server without a database."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from app.core import catalogues
from app.core.scripts import bundle
from app.instruments.compiler import compile_file, dataset_content, library_lists
from app.instruments.files import read_csv
from tests.e2e.device import ARGUMENTS, chromium_path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'"
)


@functools.cache
def strings() -> str:
    arabic, french = catalogues.for_browser("ar"), catalogues.for_browser("fr")
    by_text = {key: [text, french.get(key, "")] for key, text in arabic.items()}
    return f"globalThis.daftarStrings = {json.dumps(by_text)};"


@functools.cache
def script() -> str:
    return bundle(HERE / "harness.js", "Harness")


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/strings.js":
            self._answer(strings().encode(), "text/javascript")
        elif path == "/harness.js":
            self._answer(script().encode(), "text/javascript")
        elif path == "/":
            self._answer((HERE / "harness.html").read_bytes(), "text/html")
        elif path.startswith("/static/") and (file := ROOT / path[1:]).is_file():
            self._answer(file.read_bytes(), {"js": "text/javascript", "css": "text/css"}.get(file.suffix[1:], "image/svg+xml"))
        else:
            self.send_error(404)

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@functools.cache
def instrument(code: str, of_library: bool = False) -> dict[str, Any]:
    """A compiled instrument, as the harness installs it: `visit` and `kinds` of this folder, or of the library or of a pack.

    Of the library as Boulemane has it, with the choices of its own.
    """
    choices = sorted((ROOT / "app/packs/library/boulemane/choices").glob("*.csv")) if of_library else []
    own, library = HERE / f"{code}.md", ROOT / f"app/instruments/library/{code}/form.md"
    if own.exists() and not of_library:
        compiled = compile_file(own)
    elif library.exists():
        compiled = compile_file(library, choices)
    else:
        compiled = compile_file(next(ROOT.glob(f"app/packs/library/*/forms/{code}.md")))
    assert not compiled.errors
    lists = {one["sha256"]: name for name, one in compiled.package["datasets"].items() if one["kind"] == "csv"}
    rows = library_lists() | {path.stem: read_csv(path.read_bytes()) for path in choices}
    datasets = {sha256: dataset_content(rows[name]) for sha256, name in lists.items()}
    return {"pkg": compiled.package_json, "sha256": compiled.sha256, "datasets": datasets}


@pytest.fixture(scope="session")
def form_site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


class Phone:
    """One phone with the harness open."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context, self.site = context, site
        self.complaints: list[str] = []
        self.page = self.window()

    def window(self, path: str = "") -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{error.name}: {error.message}"))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.goto(self.site + path)
        page.wait_for_selector("html[data-ready=yes]")
        return page

    def install(self, code: str, **more: Any) -> None:
        self.page.evaluate("(what) => harness.install(what)", instrument(code) | more)

    def start(self, code: str, **options: Any) -> str:
        return self.page.evaluate("([code, options]) => harness.start(code, options)", [code, options])

    def draft(self, draft_id: str) -> dict[str, Any]:
        """The draft as the store has it, once what was done is on disk."""
        expect(self.page.locator(".saved")).to_have_class("saved saved")
        return self.page.evaluate("(id) => harness.phone.drafts.get(id)", draft_id)

    def open_section(self, number: int) -> None:
        self.page.locator(".fill-bar .pill").last.click()
        self.page.locator(".jump-item").nth(number - 1).click()
        expect(self.page.locator(".overlay")).to_have_count(0)

    def question(self, name: str) -> Locator:
        return self.page.locator(f".q[data-name='{name}']")

    def reload(self) -> None:
        self.page.reload()
        self.page.wait_for_selector("html[data-ready=yes]")


@contextlib.contextmanager
def a_phone(chromium: Browser, site: str, language: str = "ar") -> Iterator[Phone]:
    context = chromium.new_context(
        viewport={"width": 360, "height": 800},
        locale=f"{language}-MA",
        timezone_id="Africa/Casablanca",
        has_touch=True,
        is_mobile=True,
        geolocation={"latitude": 33.05, "longitude": -3.99, "accuracy": 8},
        permissions=["geolocation"],
    )
    context.set_default_timeout(30_000)
    held = Phone(context, site)
    yield held
    context.close()
    assert not held.complaints, held.complaints


@pytest.fixture
def phone(chromium: Browser, form_site: str, request: pytest.FixtureRequest) -> Iterator[Phone]:
    with a_phone(chromium, form_site, getattr(request, "param", "ar")) as held:
        yield held
