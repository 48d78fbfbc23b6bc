"""What somebody could read, run or learn who should not."""

# ruff: noqa: E501  (rows and scripts read better unbroken)
from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Playwright

from app.accounts.models import Person
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.models import Setting
from app.registry.models import Entity
from tests.conftest import NOW, PASSWORD_HASH, Someone, World, settle, settle_to_write
from tests.e2e.device import ARGUMENTS, chromium_path
from tests.faults.field import Phone, with_the_form
from tests.faults.ledger import Ledger
from tests.faults.light import LightPhone
from tests.faults.station import Station

pytestmark = pytest.mark.sqlite_only
CORPUS = [
    "<img src=x onerror=globalThis.ran=1>",
    '"><script>globalThis.ran=1</script>',
    "'-globalThis.ran=1-'",
    "<svg/onload=globalThis.ran=1>",
    "javascript:globalThis.ran=1",
    "${globalThis.ran=1}{{7*7}}{% raw %}",
    "</textarea><iframe srcdoc='<script>parent.ran=1</script>'>",
    "\u202e<b onmouseover=globalThis.ran=1>تعاونية</b>",
]
MARKER = "تيفاوين-ماركر-77"


@pytest.fixture
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


@contextlib.contextmanager
def office_of(browser: Browser, station: Station, person: Someone) -> Iterator[tuple[Page, list[str]]]:
    """A signed-in browser, and what its pages complain of."""
    cookie = person.client.get_cookie("session")
    assert cookie
    settle()
    context = browser.new_context(viewport={"width": 1280, "height": 820})
    context.add_cookies([{"name": "session", "value": cookie.value, "url": station.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    context.close()


def crawl(page: Page, start: str, most: int = 60) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page reached by links from `start`: its address and headers, while it is open."""
    todo, seen = [start], set()
    while todo and len(seen) < most:
        address = todo.pop(0)
        if address in seen:
            continue
        seen.add(address)
        with contextlib.suppress(Exception):  # a download
            answer = page.goto(address)
            assert answer
            yield address, answer.headers
            links = page.evaluate("() => [...document.querySelectorAll('a[href]')].map((one) => one.href.split('#')[0])")
            todo += [
                one for one in links if one.startswith(start.rsplit("/", 1)[0]) and "sign-out" not in one and one not in seen
            ]


def hostile(world: World, station: Station, ledger: Ledger) -> None:
    """Each line of the corpus as title, answer, record, place and file name, and an SVG that would run."""
    amina = world.people["amina"]
    phone = LightPhone(amina, station.port, ledger)
    for line in CORPUS:
        phone.finish(title=line, answers={"grp_id": {"coop_name_ar": line}, "grp_fig": {"k_ca": line}}, entities=[{"list": "cooperatives", "id": new_id(), "action": "create", "label": line, "data": {"sector": line}}])  # fmt: skip
    phone.finish(photos=1, title=MARKER)
    assert phone.flush()


def test_nothing_of_what_people_wrote_runs_at_the_office_or_on_the_phone(
    browser, playwright, station: Station, world: World, ledger: Ledger, tmp_path: Path, measured
):
    """AS-16, AS-17: a corpus in every field, all pages crawled by coordinator and administrator; the policy of each page."""
    with_the_form(world)
    station.start()
    hostile(world, station, ledger)
    ran = pages = 0
    complaints: list[str] = []
    weak: list[str] = []
    for name in ("khadija", "admin"):
        with office_of(browser, station, world.people[name]) as (page, said):
            for address, headers in crawl(page, station.url + "/"):
                pages += 1
                ran += page.evaluate("() => Number(globalThis.ran === 1)")
                weak += [f"{address}: {one}" for one in weaknesses(headers.get("content-security-policy", ""))]
            complaints += said
    phone = Phone(playwright, tmp_path / "phone", station.url, world.people["amina"], ledger)
    phone.open()
    phone.sign_in()
    phone.page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    for place in ("today", "registry", "outbox", "phone"):
        answer = phone.page.goto(f"{station.url}/field/#/{place}")
        phone.page.wait_for_timeout(500)
        pages += 1
        ran += phone.page.evaluate("() => Number(globalThis.ran === 1)")
        if answer:
            weak += weaknesses(answer.headers.get("content-security-policy", ""))
    phone.device.close()
    measured("AS-16", pages=pages, executions=ran)
    measured("AS-17", pages=pages, weak_policies=len(weak), violations=len(complaints))
    assert ran == 0
    assert weak == []
    assert complaints == []
    assert pages > 10


def weaknesses(policy: str) -> list[str]:
    rules = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.split()}
    found = [word for word in ("'unsafe-inline'", "'unsafe-eval'") if any(word in values for values in rules.values())]
    fallback = rules.get("default-src", ["*"])
    for name, wanted in {
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "connect-src": ["'self'"],
    }.items():
        given = rules.get(name, fallback if name in ("object-src", "connect-src") else ["*"])
        if given not in (wanted, ["'none'"]):
            found.append(f"{name} {given}")
    return found


def test_no_cache_keeps_anything_personal(playwright, station: Station, world: World, ledger: Ledger, tmp_path: Path, measured):
    """AS-26: answers of the API are not to be stored; the browser's caches hold the shell and nothing of a person."""
    with_the_form(world)
    station.start()
    begin_writing()
    db.session.add(Entity(id=new_id(), programme_id=world.programme.id, list="cooperatives", label=MARKER, organisation_id=world.al_amal.id, data={}, version=1, updated_at=NOW, seq=0))  # fmt: skip
    db.session.commit()
    phone = Phone(playwright, tmp_path / "phone", station.url, world.people["amina"], ledger)
    page = phone.open()
    unguarded: list[str] = []
    page.on("response", lambda one: unguarded.append(one.url) if "/api/" in one.url and "no-store" not in one.headers.get("cache-control", "") and "/instrument/" not in one.url and "/dataset/" not in one.url else None)  # fmt: skip
    phone.sign_in()
    phone.fill(name=MARKER, photos=1)
    phone.drain()
    page.goto(f"{station.url}/field/#/registry")
    page.wait_for_timeout(1500)
    kept = page.evaluate(
        "async () => { const found = []; for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname); return found; }"
    )
    phone.device.close()
    marker = MARKER.encode()
    hits = 0
    for folder in ("Cache", "Service Worker", "Code Cache"):
        for file in (phone.device.profile / "Default" / folder).rglob("*"):
            hits += file.is_file() and marker in file.read_bytes()
    measured("AS-26", stored_answers=len(unguarded), hits_in_caches=hits)
    assert unguarded == []
    assert not [one for one in kept if one.startswith("/api/")]
    assert hits == 0


def test_the_log_names_nobody(station: Station, world: World, ledger: Ledger, measured):
    """AS-23: pushes, refusals, wrong passwords, strange addresses: the log holds none of what was sent."""
    station.start()
    phone = LightPhone(world.people["amina"], station.port, ledger)
    phone.finish(title=MARKER, answers={"grp_id": {"coop_name_ar": MARKER}})
    phone.flush()
    for body in ({"proto": 1, "items": [{"envelope": MARKER, "submission_id": MARKER}]}, {"items": MARKER}, {"proto": MARKER}):
        phone.ask("POST", "/api/sync/push", body)
    phone.ask("POST", "/api/field/sign-in", {"username": "amina", "password": MARKER}, {"Sec-Fetch-Site": "same-origin"})
    phone.ask("GET", "/api/sync/instrument/deadbeef")
    phone.ask("POST", "/api/sync/push", b"\xff" * 500)
    time.sleep(1)
    said = station.log.read_text("utf-8", "replace")
    hits = sum(one in said for one in (MARKER, MARKER.encode().hex(), phone.credential, "amina"))
    measured("AS-23", hits=hits)
    assert hits == 0


def test_an_account_that_exists_takes_no_other_time_to_refuse(client: FlaskClient, world: World, app, measured):
    """AS-15: 200 tries at accounts that exist and 200 at others, in turn, from a fresh browser each; the same words."""
    names = [f"known{n}" for n in range(100)]
    for name in names:
        db.session.add(Person(id=new_id(), username=name, name={"fr": "x"}, password_hash=PASSWORD_HASH, created_at=NOW))
    db.session.commit()
    times: dict[bool, list[float]] = {True: [], False: []}
    bodies: dict[bool, set[tuple[int, str]]] = {True: set(), False: set()}
    tries = [(name, True) for name in names * 2] + [(f"ghost{n}", False) for n in range(100)] * 2
    random.Random(1).shuffle(tries)
    for name, exists in tries:
        browser = app.test_client()
        began = time.perf_counter()
        answer = browser.post("/api/field/sign-in", json={"username": name, "password": "wrong-password"}, headers={"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"})  # fmt: skip
        times[exists].append(time.perf_counter() - began)
        bodies[exists].add((answer.status_code, answer.text))
    wins = sum((known > ghost) + (known == ghost) / 2 for known in times[True] for ghost in times[False])
    auc = wins / len(times[True]) / len(times[False])
    measured("AS-15", tries=400, auc=round(max(auc, 1 - auc), 2))
    assert bodies[True] == bodies[False]
    assert max(auc, 1 - auc) <= 0.6


def test_a_minimum_version_stops_no_delivery(station: Station, world: World, ledger: Ledger, measured):
    """UM-12: the office asks for a newer application: pulling says so, what was filled is taken all the same."""
    settle_to_write()
    db.session.merge(Setting(name="min_app", value="99999999"))
    settle()
    station.start()
    amina = world.people["amina"]
    page = amina.client.get(f"/api/sync/pull?programme={world.programme.id}").json
    phone = LightPhone(amina, station.port, ledger)
    phone.finish(photos=1, app_version="1")
    delivered = phone.flush()
    measured("UM-12", refused_pushes=int(not delivered))
    assert page["min_app"] == "99999999"
    assert delivered
