"""A bad network between a phone and the server: nothing is lost, nothing comes twice, nobody waits for another."""

# ruff: noqa: E501  (rows, scripts and measurements read better unbroken)
from __future__ import annotations

import contextlib
import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from app.accounts import operations as accounts
from app.accounts.models import Person
from app.backup import operations as backup
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.submissions import decisions, operations
from tests.conftest import World, settle
from tests.e2e.device import until
from tests.faults.case_hooks import a_hook
from tests.faults.conftest import patience, percentile
from tests.faults.field import MODULES, Phone, a_record, with_the_form
from tests.faults.ledger import Ledger, Verdict
from tests.faults.light import LightPhone, NothingHeard, drain
from tests.faults.proxy import Fault, Proxy
from tests.faults.station import Station

ENDPOINTS = ["/api/sync/push", "/api/sync/have", "/api/sync/att/", "/api/sync/pull", "/api/field/me", "/api/field/sign-in"]


@pytest.fixture
def phones(playwright, world: World, station: Station, ledger: Ledger, tmp_path: Path):
    """`phones("amina", proxy)` gives a signed-in phone."""
    with_the_form(world)
    station.start()
    made: list[Phone] = []

    def make(username: str, proxy: Proxy | None = None, backend: str = "leveldb", sign_in: bool = True) -> Phone:
        url = proxy.url if proxy else station.url
        phone = Phone(playwright, tmp_path / f"phone{len(made)}", url, world.people[username], ledger, backend)
        made.append(phone)
        phone.open()
        if sign_in:
            phone.sign_in()
        return phone

    yield make
    for one in made:
        one.device.close()


def at_rest(ledger: Ledger, station: Station, *phones: Phone) -> Verdict:
    """Read first what the server refused: it prints the whole verdict."""
    verdict = ledger.check(station, [one for phone in phones for one in phone.undelivered()])
    assert verdict == Verdict(), verdict
    return verdict


def test_an_answer_lost_after_the_work_was_done_makes_nothing_twice(
    phones, proxy, station: Station, world: World, ledger: Ledger, measured
):
    """NS-01: at every endpoint in turn the answer is thrown away once after the server has done its work."""
    a_hook(world, "https://localhost:1/")
    net = proxy()
    phone = phones("amina", net)
    extra = payload = 0
    for endpoint in ENDPOINTS:
        hit: list[int] = []

        def lose(request, endpoint=endpoint, hit=hit):
            if request.path.startswith(endpoint) and not hit and request.method != "HEAD":
                hit.append(request.number)
                return Fault("lose_answer")
            return None

        net.plan = lose
        before = sum(net.counted.up.values())
        if endpoint == "/api/field/sign-in":
            with contextlib.suppress(Exception):
                phone.sign_in()
            phone.sign_in()
        else:
            if endpoint == "/api/sync/have":  # asked only when a push ended in doubt
                net.plan = lambda request: Fault("lose_answer") if request.path.endswith("push") else None
                phone.fill(photos=1)
                phone.sync()
                net.plan = lose
            else:
                phone.fill(photos=1)
            payload += 20_000 + 1500
            phone.drain()
        assert hit, f"{endpoint} was never asked"
        extra += sum(net.counted.up.values()) - before
    verdict = at_rest(ledger, station, phone)
    notices = station.value("SELECT count(*) FROM hook_deliveries")
    duplicates = verdict.duplicated + notices - station.value("SELECT count(DISTINCT submission_id) FROM hook_deliveries")
    measured("NS-01", endpoints=len(ENDPOINTS), duplicates=duplicates, extra_bytes=max(0, extra - payload), notices=notices)
    assert duplicates == 0
    assert notices == len(ledger.received) == 5


def test_a_flipped_bit_is_refused_and_sent_again(phones, proxy, station: Station, ledger: Ledger, seed, measured):
    """NS-10: one bit of every third piece, and of every third push, is turned over on the way."""
    net = proxy(seed=seed)
    counter = [0]

    def flip(request):
        if request.method == "PATCH" or request.path.endswith("push"):
            counter[0] += 1
            return Fault("flip") if counter[0] % 3 == 1 else None
        return None

    phone = phones("amina", net)
    net.plan = flip
    for _ in range(6):
        phone.fill(photos=2, size=90_000)
    phone.drain()
    verdict = at_rest(ledger, station, phone)
    measured("NS-10", flipped=net.counted.faults["flip"], bad_files_stored=verdict.photos_differing + verdict.differing)
    assert net.counted.faults["flip"] >= 4


def test_a_photo_cut_again_and_again_costs_a_piece_a_cut(phones, proxy, station: Station, ledger: Ledger, measured):
    """NS-09: each photo is cut at 30, 60 and 90 % of its way."""
    net = proxy()
    phone = phones("amina", net)
    size, cuts, sent = 600_000, [0.3, 0.6, 0.9], [0]
    largest = [0]

    def cut(request):
        if request.method != "PATCH":
            return None
        largest[0] = max(largest[0], len(request.body))
        before, sent[0] = sent[0], sent[0] + len(request.body)
        if cuts and sent[0] >= cuts[0] * size:
            share = cuts.pop(0)
            return Fault("cut_request", len(request.head) + max(1, int(share * size) - before))
        return None

    net.plan = cut
    phone.fill(photos=1, size=size)
    phone.drain()
    at_rest(ledger, station, phone)
    measured("NS-09", cuts=3, sent_again=sent[0] - size, largest_piece=largest[0])
    assert not cuts
    assert sent[0] - size <= 3 * largest[0]


def test_a_proxy_with_a_limit_gets_smaller_pieces_and_everything_arrives(
    phones, proxy, station: Station, ledger: Ledger, measured
):
    """NS-06: 413 for whatever is larger than 3 kB of text."""
    net = proxy()
    net.plan = lambda request: Fault("too_large") if request.path.endswith("push") and len(request.body) > 3000 else None
    phone = phones("amina", net)
    for number in range(25):
        phone.fill(name=f"{number} " + "؟".join(str(n * number) for n in range(150)))
    phone.drain()
    at_rest(ledger, station, phone)
    measured("NS-06", refused_batches=net.counted.faults["too_large"], undeliverable=0)
    assert net.counted.faults["too_large"] >= 1


def test_a_frozen_server_that_wakes_files_once_what_was_sent_twice(station: Station, world: World, ledger: Ledger, measured):
    """NS-12: the server freezes while it has requests; phones give up, send again to a server that is still frozen, then it wakes."""
    station.start()
    phone = LightPhone(world.people["amina"], station.port, ledger, timeout_s=3)
    for _ in range(30):
        phone.finish()
    freeze = threading.Timer(0.01, station.freeze)
    freeze.start()
    gave_up = 0
    for _ in range(4):
        try:
            phone._texts()
        except NothingHeard:
            gave_up += 1
            for one in phone.held.values():  # a phone that asks nothing first
                one.tried = False
    freeze.join()
    station.freeze()
    time.sleep(1)
    station.thaw()
    drain([phone], 30)
    verdict = ledger.check(station)
    measured("NS-12", sent_again=gave_up, rows=station.value("SELECT count(*) FROM revisions") / 30)
    assert verdict == Verdict()


def test_only_one_flush_is_on_its_way_whoever_asks(phones, proxy, station: Station, ledger: Ledger, measured):
    """NS-13: two tabs, each with its button pressed three times, and a page that came back to the front."""
    net = proxy()
    now, most = [0], [0]
    lock = threading.Lock()

    def plan(request):
        if request.path.endswith("push"):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            threading.Timer(0.3, lambda: now.__setitem__(0, now[0] - 1)).start()
            return Fault("delay", 0.3)
        return None

    phone = phones("amina", net)
    for _ in range(5):
        phone.fill()
    page = phone.page
    other = page.context.new_page()
    other.goto(f"{net.url}/static/js/core/clock.js")
    other.evaluate(MODULES)
    net.plan = plan
    for tab in (page, other):
        tab.evaluate("() => { globalThis.done = Promise.all([1, 2, 3].map(() => daftar.sync.now({ reason: 'button' }))); }")
    for tab in (page, other):
        tab.evaluate("() => done")
    phone.drain()
    at_rest(ledger, station, phone)
    measured("NS-13", at_once=most[0])
    assert most[0] == 1


def test_counts_equal_what_is_stored_after_a_mixed_answer(
    phones, proxy, station: Station, world: World, ledger: Ledger, measured
):
    """NS-14: three are accepted, one goes to quarantine, one is refused, a photo cannot go: each counter says so."""
    net = proxy()
    phone = phones("amina", net)
    for number in range(5):
        phone.fill(name=str(number), photos=1 if number == 0 else 0)

    # The fourth is sealed with bytes that no key opens (quarantine), the fifth has another hash than it says (malformed).
    phone.run(
        """
        const items = await phone.outbox.all();
        const { sha256 } = await import("/static/js/core/ids.js");
        const db = await new Promise((resolve) => (indexedDB.open("daftar-outbox").onsuccess = (event) => resolve(event.target.result)));
        const half = items[3].envelope.length / 2 | 0;
        const other = { ...items[3], envelope: items[3].envelope.slice(0, half) + (items[3].envelope[half] === "A" ? "B" : "A") + items[3].envelope.slice(half + 1) };
        other.sha256 = await sha256(other.envelope);
        const tx = db.transaction("items", "readwrite");
        tx.objectStore("items").put(other);
        tx.objectStore("items").put({ ...items[4], sha256: "0".repeat(64) });
        await new Promise((resolve) => (tx.oncomplete = resolve));
        """
    )
    net.plan = lambda request: Fault("gateway") if request.method == "PATCH" else None
    state = phone.sync()
    counts = phone.run("return await phone.outbox.counts()")
    stored = {row["quarantine"] for row in station.rows("SELECT quarantine FROM submissions")}
    aside = station.value("SELECT count(*) FROM quarantined")
    mismatches = sum(
        counts[name] != wanted
        for name, wanted in {"waiting": 0, "received": 4, "quarantined": 1, "refused": 1, "gone": 0, "photos": 1}.items()
    )
    measured("NS-14", mismatches=mismatches)
    assert mismatches == 0, counts
    assert (stored, aside) == ({None}, 1)
    assert state["photos_pending"] == 1


def test_a_smaller_scope_takes_copies_back_and_still_takes_the_work(
    phones, station: Station, world: World, ledger: Ledger, measured
):
    """NS-17: Amina loses a village while her phone is offline: her next pull removes its records, her work for it arrives."""
    kept, lost = a_record(world, "تعاونية الأولى", "05.271.01"), a_record(world, "تعاونية الثانية", "05.271.02")
    phone = phones("amina")
    ids = "return (await phone.catalogue.entities('cooperatives')).map((one) => one.name)"
    assert set(phone.run(ids)) == {kept, lost}
    phone.fill(name="في القرية")
    begin_writing()
    person = db.session.get(Person, world.people["amina"].id)
    accounts.set_role(person, world.programme.id, "facilitator", organisation_id=world.al_amal.id, territories=["05.271.01"], now=utcnow(), by=None)  # fmt: skip
    settle()
    phone.drain()
    phone.sync()
    leaked = set(phone.run(ids)) - {kept}
    at_rest(ledger, station, phone)
    measured("NS-17", leaked_rows=len(leaked), lost_items=0)
    assert leaked == set()


def test_a_restored_server_gets_everything_back_by_itself(
    phones, station: Station, world: World, ledger: Ledger, tmp_path: Path, measured
):
    """NS-18: a backup, then more forms with photos, then the restore with the tool; nobody touches a phone."""
    more = 7
    browser = phones("amina")
    light = LightPhone(world.people["fatima"], station.port, ledger)
    for _ in range(3):
        browser.fill(photos=1)
        light.finish(photos=1)
    browser.drain()
    drain([light], 30)
    backup.make(tmp_path / "backups", off_host=False, now=utcnow())
    for _ in range(more):
        browser.fill(photos=1)
        light.finish(photos=1)
    browser.drain()
    drain([light], 30)
    station.stop()
    light.hang_up()
    db.session.remove()
    db.engine.dispose()
    station.engine.dispose()
    backup.restore(backup.latest(tmp_path / "backups"), replace=True)
    db.session.remove()
    db.engine.dispose()
    before = station.value("SELECT count(*) FROM revisions")
    station.start()
    light.flush()  # the first contact tells it
    drain([light], 30)
    browser.drain()
    browser.sync()
    browser.drain()
    after = station.value("SELECT count(*) FROM revisions")
    at_rest(ledger, station, browser)
    measured("NS-18", recovered=f"{after - before}/{2 * more}")
    assert after - before == 2 * more


@pytest.mark.sqlite_only
def test_a_photo_that_came_after_the_backup_of_its_text_comes_back_too(
    phones, proxy, station: Station, ledger: Ledger, tmp_path: Path
):
    """NS-18: the text arrives, a backup elsewhere holds it, the photo arrives; then the server and its photos are lost.

    What a phone may remove is in the backup: so nothing is missing afterwards, whatever the phone had removed before.
    """
    net = proxy()
    phone = phones("amina", net)
    net.plan = lambda request: Fault("gateway") if request.method == "PATCH" else None
    for _ in range(3):
        phone.fill(photos=1)
    phone.sync()
    backup.make(tmp_path / "backups", off_host=True, now=utcnow())
    db.session.remove()
    net.plan = lambda request: None
    phone.drain()
    phone.sync()
    kept = len(phone.items())
    station.stop()
    db.session.remove()
    db.engine.dispose()
    station.engine.dispose()
    shutil.rmtree(station.attachments)
    backup.restore(backup.latest(tmp_path / "backups"), replace=True)
    db.session.remove()
    db.engine.dispose()
    station.start()
    phone.sync()
    phone.drain()
    at_rest(ledger, station, phone)
    backup.make(tmp_path / "backups", off_host=True, now=utcnow() + timedelta(seconds=2))
    db.session.remove()
    phone.sync()
    phone.sync()
    assert (kept, len(phone.items())) == (3, 0), "what the backup holds whole leaves the phone"


@pytest.mark.sqlite_only
def test_a_server_that_takes_requests_and_never_answers_blocks_nobody(phones, proxy, station: Station, ledger: Ledger, measured):
    """NS-21: entry goes on while a request hangs; the attempt ends within 60 s and everything waits for the next."""
    net = proxy(hole_s=90)
    phone = phones("amina", net)
    phone.fill()
    net.plan = lambda request: Fault("black_hole", 90)
    phone.page.evaluate(
        "() => { globalThis.ended = null; const began = performance.now(); daftar.sync.now({}).then(() => (globalThis.ended = performance.now() - began)); }"
    )
    waits = []
    for _ in range(10):
        began = time.monotonic()
        phone.fill()
        waits.append(time.monotonic() - began)
    took = until(lambda: phone.page.evaluate("() => globalThis.ended"), "the attempt ends", 75)
    state = phone.run("return sync.state")
    measured("NS-21", timeout_s=round(took / 1000, 1), slowest_save_ms=round(max(waits) * 1000))
    assert took <= 61_000
    assert state["phase"] == "offline"
    net.plan = lambda request: None
    phone.drain()
    at_rest(ledger, station, phone)


@pytest.mark.sqlite_only
@pytest.mark.patience
def test_a_server_that_comes_back_drains_phones_that_nobody_touches(phones, station: Station, ledger: Ledger, measured):
    """NS-22: the server is away for a minute, in `make patience` for 20; the page, which nobody reloads, sends by its own timer."""
    away_s = patience(60, 1200)
    phone = phones("amina")
    phone.run("sync.start()")
    until(lambda: phone.run("return sync.state.phase") == "idle", "the first attempt")
    station.stop()
    for _ in range(5):
        phone.fill(photos=1)
    time.sleep(away_s)
    assert len(phone.undelivered()) == 5
    station.start()
    began = time.monotonic()
    until(phone.is_done, "everything was sent", 360)
    took = time.monotonic() - began
    phone.note_received()
    phone.run("sync.stop()")
    at_rest(ledger, station, phone)
    measured("NS-22", minutes_away=away_s // 60, seconds_to_drain=round(took))
    assert took <= 360


def test_three_hundred_phones_of_one_address_on_market_day(station: Station, world: World, ledger: Ledger, seed, measured):
    """NS-23: 300 phones behind one public address come within ten seconds, each with three forms and a photo."""
    station.start()
    people = [world.people[name] for name in ("amina", "fatima")]
    herd = [LightPhone(people[n % 2], station.port, ledger, seed + n, timeout_s=60) for n in range(300)]
    for phone in herd:
        for number in range(3):
            phone.finish(photos=int(number == 0), photo_bytes=10_000)

    def come(phone: LightPhone) -> None:
        time.sleep(phone.random.uniform(0, 10))
        for attempt in range(20):
            if phone.flush():
                return
            time.sleep(max(phone.retry_after, min(10, 0.5 * 2**attempt)) * (0.5 + phone.random.random() / 2))

    threads = [threading.Thread(target=come, args=(phone,)) for phone in herd]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    waits = [one for phone in herd for one in phone.waits]
    statuses = [one for phone in herd for one in phone.statuses]
    verdict = ledger.check(station, [one for phone in herd for one in phone.undelivered()])
    measured(
        "NS-23",
        phones=300,
        p95_s=round(percentile(waits, 0.95), 2),
        answers_429=statuses.count(429),
        seconds=round(took),
        lost=verdict.lost,
    )
    assert verdict == Verdict()


def test_a_photo_before_its_form_after_its_review_and_after_its_deletion(
    station: Station, world: World, ledger: Ledger, measured
):
    """NS-11: without its form a photo is told to wait; after a decision it finds its place; after a deletion the form is gone."""
    station.start()
    amina, khadija = world.people["amina"], world.people["khadija"]
    phone = LightPhone(amina, station.port, ledger)
    early = phone.finish(photos=1)
    held = phone.held[early]
    sha, content = next(iter(held.files.items()))
    path = f"/api/sync/att/{held.item['submission_id']}/{sha}"
    assert phone.ask("HEAD", path).status == 404
    phone._texts()
    submission = held.item["submission_id"]
    with amina.app.app_context():
        begin_writing()
        last = decisions.last_event(submission)
        decisions.decide(khadija.actor, submission, "approve", based_on=last.id if last else "", now=utcnow())
        db.session.commit()
    assert phone._photo(held, path, content), "after the review"
    held.done.add(sha)
    late = phone.finish(photos=1)
    phone._texts()
    other = phone.held[late]
    with amina.app.app_context():
        begin_writing()
        operations.delete(khadija.actor, other.item["submission_id"], reason="", now=utcnow())
        db.session.commit()
    phone._photos()
    phone._push([other])
    unresolved = sum(one.state == "waiting" for one in phone.held.values())
    ledger.photos.pop(other.item["submission_id"])
    verdict = ledger.check(station)
    measured("NS-11", unresolved=unresolved)
    assert other.state == "gone"
    assert verdict == Verdict()
