"""The page under /field/, what it weighs, and the worker that keeps it: whole or not at all, and only reading.

Run against the real application, wrapped so that single files can be spoilt.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app import create_app
from app.pwa import assets
from tests.e2e.device import until
from tests.form.conftest import instrument
from tests.pages.conftest import SEED

BUDGET = 100_000
UPDATE = "navigator.serviceWorker.getRegistration('/field/').then((registration) => registration.update()).then(() => true)"


class Site:
    """The application behind a hand that can spoil answers; `seen` are the requests that came."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.seen: list[tuple[str, str]] = []
        self.sent: list[tuple[str, str]] = []  # path, status
        # path -> status, body and headers beside the type
        self.spoil: Callable[[str], tuple[str, str, *tuple[tuple[str, str], ...]] | None] = lambda path: None
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        self.seen.append((environ["REQUEST_METHOD"], path))
        spoilt = self.spoil(path)
        if spoilt:
            status, body, *headers = spoilt
            start_response(status, [("Content-Type", "text/html"), *headers])
            return [body.encode()]

        def begin(status: str, *rest: Any) -> Any:
            self.sent.append((path, status))
            return start_response(status, *rest)

        return self.app.wsgi_app(environ, begin)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def application(tmp_path_factory) -> Flask:
    folder = tmp_path_factory.mktemp("shell")
    return create_app({"INSTANCE": folder, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'daftar.db'}", "SECRET_KEY": "tests"})


@pytest.fixture
def site(application: Flask) -> Iterator[Site]:
    site = Site(application)
    yield site
    site.stop()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="ar-MA")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def get(application: Flask, path: str, **headers: str) -> Any:
    return application.test_client().get(path, headers=headers)


def shell_addresses(application: Flask) -> list[str]:
    html = get(application, "/field/").text
    return [*re.findall(r'<script src="([^"]+)"', html), *re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)]


def assets_now(application: Flask) -> assets.Assets:
    with application.test_request_context():
        return assets.current()


def installed(page: Page, site: Site) -> None:
    page.goto(site.url + "/field/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def eventually(page: Page, promise: str, arg: Any = None) -> None:
    """wait_for_function() takes a promise for a truth without waiting for it."""
    until(lambda: page.evaluate(promise, arg), promise)


def quietly(page: Page, site: Site) -> None:
    """A page of the worker's scope that runs no code of ours."""
    page.goto(site.url + "/field/manifest.webmanifest")


def caches(page: Page) -> list[str]:
    return page.evaluate("caches.keys()")


@contextmanager
def another_version(application: Flask) -> Iterator[None]:
    """The server has a worker of another version."""
    worker = get(application, "/sw.js").text.replace('VERSION="', 'VERSION="new', 1)
    kept = application.view_functions["pwa.worker"]
    application.view_functions["pwa.worker"] = lambda: (worker, {"Content-Type": "text/javascript"})
    try:
        yield
    finally:
        application.view_functions["pwa.worker"] = kept


def without_http_cache(page: Page) -> None:
    """As where a version has a file that the one before had not: what the worker asks for is on no other shelf."""
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")


def test_everything_a_phone_downloads_before_it_is_ready_is_within_the_budget(application):
    """For a phone that speaks Arabic and takes attendance. The icons are those of an installation at 192 pixels."""
    needed = [one for one in assets_now(application).more if re.match(r"/field/ar\.", one)]
    icons = ["/static/img/icon-192.png", "/static/img/maskable-192.png"]
    addresses = ["/field/", *shell_addresses(application), *needed, "/sw.js", "/field/manifest.webmanifest", *icons]
    sizes = {address: len(get(application, address, **{"Accept-Encoding": "gzip"}).data) for address in addresses}
    assert sum(sizes.values()) <= BUDGET, sizes


def test_whatever_picture_the_scripts_show_is_kept_for_a_day_without_network(application):
    current = assets_now(application)
    scripts = [asset.body.decode("utf-8", "replace") for address, asset in current.files.items() if address.endswith(".js")]
    shown = {address for script in scripts for address in re.findall(r"/static/[\w./-]+", script)}
    assert shown
    assert shown <= {*current.shell, *current.more}


def test_every_file_that_a_phone_may_need_is_served_packed_under_the_name_of_its_content(application):
    for address in assets_now(application).more:
        response = get(application, address, **{"Accept-Encoding": "gzip"})
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["Content-Encoding"] == "gzip"


def test_hashed_files_may_be_kept_for_ever_and_the_page_must_be_asked_for(application):
    for address in shell_addresses(application):
        response = get(application, address, **{"Accept-Encoding": "gzip"})
        assert "immutable" in response.headers["Cache-Control"]
        assert gzip.decompress(response.data) == get(application, address).data
    page = get(application, "/field/")
    assert page.headers["Cache-Control"] == "no-cache"
    assert get(application, "/field/", **{"If-None-Match": page.headers["ETag"]}).status_code == 304
    assert get(application, "/sw.js").headers["Cache-Control"] == "no-store"


def test_the_texts_of_a_new_phone_come_beside_the_script(application):
    """A browser that opens the page is told of them; the worker, which would say so again at every start, is not."""

    def told(asked: str, dest: str = "document") -> str:
        headers = {"Accept-Language": asked, "Sec-Fetch-Dest": dest}
        return get(application, "/field/", **headers).headers.get("Link", "")

    now = assets_now(application)
    assert told("fr-FR,fr;q=0.9") == f"<{now.texts('fr')}>; rel=preload; as=script"
    assert (
        told("ar-MA,fr;q=0.5") == told("en, ar;q=0.8, fr;q=0.1") == told("de") == f"<{now.texts('ar')}>; rel=preload; as=script"
    )
    assert told("fr", "empty") == ""


def test_a_file_of_another_version_is_not_served_under_its_name(application):
    assert get(application, "/field/app.000000000000.js").status_code == 404


def test_the_shell_holds_nothing_personal_and_no_token(application):
    response = get(application, "/field/")
    assert "Set-Cookie" not in response.headers
    assert "csrf" not in response.text
    assert "<noscript>" in response.text


def test_the_manifest_makes_the_page_installable(application):
    manifest = get(application, "/field/manifest.webmanifest").json
    assert (manifest["name"], manifest["dir"], manifest["display"], manifest["start_url"]) == (
        "دفتر",
        "rtl",
        "standalone",
        "/field/",
    )
    purposes = {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= purposes
    for icon in manifest["icons"]:
        assert get(application, icon["src"]).status_code == 200


def test_the_page_opens_without_a_network_once_it_was_there(page, site):
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    installed(page, site)
    page.context.set_offline(True)
    page.goto(site.url + "/field/")
    page.wait_for_selector("#app > *")
    assert page.locator("html").get_attribute("dir") == "rtl"
    page.reload()
    page.wait_for_selector("#app > *")
    assert complaints == []


def test_what_the_page_has_just_taken_is_not_asked_for_again_by_the_worker(page, site, application):
    installed(page, site)
    for address in shell_addresses(application):
        assert [status[:3] for path, status in site.sent if path == address] == ["200"]
    assert [status[:3] for path, status in site.sent if path == "/field/"] == ["200", "304"]
    texts = assets_now(application).texts("ar")
    began = page.evaluate("(name) => performance.getEntriesByName(name)[0].initiatorType", site.url + texts)
    assert began == "link"  # before the script asked for them


def test_the_worker_keeps_answers_as_they_came_so_that_the_browser_keeps_their_compiled_code(page, site, application):
    """Of an answer that a script put together Chromium keeps none, and compiles the application at every start."""
    installed(page, site)
    came_from = "(address) => caches.match(address).then(({ url }) => url)"
    for address in shell_addresses(application):
        assert page.evaluate(came_from, address) == site.url + address


def test_a_copy_that_is_not_what_the_server_meant_is_fetched_past_it(page, site, application):
    style = shell_addresses(application)[1]
    tag = get(application, style, **{"Accept-Encoding": "br"}).headers["ETag"]  # as Chromium asks its own machine
    spoilt = ("200 OK", "/* cut */", ("ETag", tag), ("Cache-Control", "public, max-age=31536000, immutable"))
    site.spoil = lambda path: spoilt if path == style else None
    page.goto(site.url + style)
    site.spoil = lambda path: None
    installed(page, site)
    assert [status[:3] for path, status in site.sent if path == style] == ["200"]
    kept = page.evaluate("(style) => caches.match(style).then((answer) => answer.text())", style)
    assert kept == get(application, style).text


@pytest.mark.parametrize("spoilt", [("404 Not Found", "gone"), ("200 OK", "<html>Wi-Fi</html>")])
def test_one_spoilt_file_stores_nothing_and_leaves_the_old_shell_working(page, site, application, spoilt):
    installed(page, site)
    before = caches(page)
    assert len(before) == 1
    # A new version whose style sheet does not arrive whole.
    style = shell_addresses(application)[1]
    site.spoil = lambda path: spoilt if path == style else None
    without_http_cache(page)
    asked = len(site.seen)
    with another_version(application):
        page.evaluate("() => { navigator.serviceWorker.getRegistration('/field/').then((one) => one.update()).catch(() => {}); }")
        until(lambda: ("GET", style) in site.seen[asked:], "the new version was tried")
        eventually(page, "navigator.serviceWorker.getRegistration('/field/').then((one) => !one.installing && !one.waiting)")
    eventually(page, "(before) => caches.keys().then((names) => names.join() === before)", ",".join(before))
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#app > *")


def test_a_new_version_waits_until_the_page_lets_it_take_over(page, site):  # UM-02
    installed(page, site)
    quietly(page, site)
    before = caches(page)
    with another_version(site.app):
        page.evaluate(UPDATE)
        eventually(page, "navigator.serviceWorker.getRegistration('/field/').then(({ waiting }) => Boolean(waiting))")
        assert set(before) < set(caches(page))
        page.evaluate(
            "navigator.serviceWorker.getRegistration('/field/').then(({ waiting }) => waiting.postMessage('take-over'))"
        )
        eventually(page, "caches.keys().then((names) => names.length === 1 && names[0].startsWith('shell-new'))")


def test_what_writes_and_the_api_never_pass_through_the_worker(page, site):
    installed(page, site)
    site.seen.clear()
    answers = page.evaluate(
        """async () => {
          const post = await fetch("/field/", { method: "POST", body: "x" });
          const api = await fetch("/api/field/me");
          return [post.status, api.status];
        }"""
    )
    assert answers[0] == 405
    assert ("POST", "/field/") in site.seen
    assert ("GET", "/api/field/me") in site.seen
    kept = page.evaluate(
        "caches.keys().then(([name]) => caches.open(name)).then((cache) => cache.keys()).then((all) => all.map(({ url }) => url))"
    )
    now = assets_now(site.app)
    for_all = {address for address in now.more if address.startswith(tuple(f"/field/{name}." for name in ("later", "ar", "fr")))}
    assert set(now.shell) <= {url.removeprefix(site.url) for url in kept} <= {*now.shell, *for_all}
    page.context.set_offline(True)
    assert page.evaluate("fetch('/api/field/me').then(() => 'answered', () => 'failed')") == "failed"


def test_an_update_of_an_older_version_brings_all_texts_with_it(page, site):  # UM-11
    quietly(page, site)
    page.evaluate("caches.open('shell-older').then((cache) => cache.put('/field/app.older.js', new Response('')))")
    installed(page, site)
    page.context.set_offline(True)
    for name in ("ar", "fr", "later"):
        address = next(one for one in assets_now(site.app).more if one.startswith(f"/field/{name}.") and one.endswith(".js"))
        assert page.evaluate("(address) => fetch(address).then((answer) => answer.ok)", address)


def test_a_language_that_did_not_come_is_said_and_the_other_one_stays(page, site):
    installed(page, site)
    site.spoil = lambda path: ("503 Service Unavailable", "busy") if path.startswith("/field/fr.") else None
    page.locator("button.pill[lang=fr]").first.click()
    page.get_by_text("ستصل اللغة الأخرى").wait_for()
    assert page.evaluate("document.documentElement.lang") == "ar"


def test_the_kill_switch_takes_the_worker_away_and_no_answer(page, site):  # UM-10
    installed(page, site)
    quietly(page, site)
    page.evaluate("localStorage.setItem('mine', '1')")
    site.app.config["FIELD_WORKER"] = False
    try:
        page.evaluate(UPDATE)
        eventually(page, "navigator.serviceWorker.getRegistration('/field/').then((registration) => !registration)")
        assert caches(page) == []
        assert page.evaluate("localStorage.getItem('mine')") == "1"
        assert "Clear-Site-Data" not in get(site.app, "/sw.js").headers
    finally:
        site.app.config["FIELD_WORKER"] = True


def form(kind: str) -> dict[str, Any]:
    """A package with one question."""
    text = {"ar": kind, "fr": kind}
    nodes = [
        {"i": 0, "kind": "group", "name": "data", "type": "group", "row": 0},
        {"i": 1, "parent": 0, "kind": "question", "name": "one", "type": kind, "label": text, "row": 2},
    ]
    return {
        "format": 1, "form_id": kind, "version": "1", "title": text, "languages": ["ar", "fr"], "nodes": nodes,
        "expressions": [], "lists": {}, "datasets": {}, "entities": [], "order": [],
    }  # fmt: skip


def carrying(page: Page, site: Site, kind: str) -> None:
    """The phone, installed, with a draft of a form that asks one question of this kind."""
    quietly(page, site)
    package = form(kind)
    text = json.dumps(package, ensure_ascii=False, separators=(",", ":"))
    draft = {"id": "draft-1", "form_id": kind, "form_sha256": hashlib.sha256(text.encode()).hexdigest(), "snapshot": None}
    page.evaluate(SEED, {"instruments": [{"package": package}], "drafts": [draft]})
    installed(page, site)


def open_draft(page: Page, site: Site) -> None:
    page.goto(site.url + "/field/#/form/draft-1")
    page.reload()


def test_a_ready_phone_gives_score_and_radar_without_network_though_nothing_more_ever_came(page, site, application):
    site.spoil = lambda path: ("503 Service Unavailable", "busy") if path.startswith("/field/later.") else None
    quietly(page, site)
    diag = instrument("diag")
    nodes = json.loads(diag["pkg"])["nodes"]
    answers: dict[str, Any] = {"d_version": "full"}
    for node in nodes:
        if node.get("attributes", {}).get("role") == "item":
            answers.setdefault(nodes[node["parent"]]["name"], {})[node["name"]] = "3"
    envelope = json.dumps({"form_sha256": diag["sha256"], "programme_id": "programme", "answers": answers})
    item = {"revision_id": "r-1", "envelope": envelope, "sha256": hashlib.sha256(envelope.encode()).hexdigest()}
    page.evaluate(SEED, {"items": [item]})
    page.evaluate(
        """async ({ pkg, sha256, datasets }) => {
          const { openPhone } = await import("/static/js/store/phone.js");
          const phone = await openPhone();
          await phone.catalogue.keep("packages", sha256, pkg);
          for (const [hash, rows] of Object.entries(datasets)) await phone.catalogue.keep("datasets", hash, rows);
          await phone.close();
        }""",
        diag,
    )
    installed(page, site)
    page.context.set_offline(True)
    page.goto(site.url + "/field/#/summary/r-1")
    page.reload()
    page.wait_for_selector(".result .radar")
    assert page.inner_text(".result-score b").startswith("75")
    assert page.locator(".axis-bars li").count() == 8
    assert not page.evaluate("(address) => caches.match(address).then(Boolean)", assets_now(application).more[1])


def test_a_form_with_a_rare_question_brings_the_second_script_once_and_opens_offline(page, site, application):
    second, style = (one for one in assets_now(application).more if one.startswith("/field/more."))
    carrying(page, site, "audio")
    open_draft(page, site)
    page.wait_for_selector(".q[data-name='one'] button")
    until(lambda: ("GET", style) in site.seen, "the style sheet came too")
    eventually(page, "(address) => caches.match(address).then(Boolean)", second)
    eventually(page, "(address) => caches.match(address).then(Boolean)", style)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector(".q[data-name='one'] button")
    assert site.seen.count(("GET", second)) == 1


def test_forms_without_rare_questions_leave_the_second_script_where_it_is(page, site, application):
    carrying(page, site, "text")
    open_draft(page, site)
    page.wait_for_selector(".q[data-name='one'] input")
    assert not [path for _, path in site.seen if path.startswith("/field/more.")]


def test_a_rare_question_whose_script_never_came_says_what_to_do(page, site, application):
    site.spoil = lambda path: ("200 OK", "<html>Wi-Fi</html>") if path.startswith("/field/more.") else None
    carrying(page, site, "audio")
    # What it says is kept already; only the second script never came.
    eventually(page, "(address) => caches.match(address).then(Boolean)", assets_now(application).texts("ar"))
    page.context.set_offline(True)
    open_draft(page, site)
    page.wait_for_selector(".fill-stop")
    assert "الاتصال" in page.inner_text(".fill-stop")
    assert page.evaluate("(address) => caches.match(address).then(Boolean)", assets_now(application).more[0]) is False
    site.spoil = lambda path: None
    page.context.set_offline(False)
    page.reload()
    page.wait_for_selector(".q[data-name='one'] button")


def test_a_phone_that_needs_the_second_script_gets_the_next_version_with_it_or_not_at_all(page, site, application):
    second = assets_now(application).more[0]
    carrying(page, site, "audio")
    eventually(page, "(address) => caches.match(address).then(Boolean)", second)
    quietly(page, site)
    before = caches(page)
    site.spoil = lambda path: ("404 Not Found", "gone") if path == second else None
    without_http_cache(page)
    asked = len(site.seen)
    with another_version(application):
        page.evaluate("() => { navigator.serviceWorker.getRegistration('/field/').then((one) => one.update()).catch(() => {}); }")
        until(lambda: ("GET", second) in site.seen[asked:], "the second script was tried")
        eventually(page, "navigator.serviceWorker.getRegistration('/field/').then((one) => !one.installing && !one.waiting)")
        assert caches(page) == before
        site.spoil = lambda path: None
        page.evaluate(UPDATE)
        eventually(page, "navigator.serviceWorker.getRegistration('/field/').then(({ waiting }) => Boolean(waiting))")
    [new] = set(caches(page)) - set(before)
    assert page.evaluate("([name, address]) => caches.open(name).then((one) => one.match(address)).then(Boolean)", [new, second])
