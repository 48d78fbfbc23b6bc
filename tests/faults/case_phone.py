"""The phone killed, starved, emptied and set to another year: what it said was saved is there (I-1, I-2), or it says so (I-5)."""

# ruff: noqa: E501  (rows, scripts and measurements read better unbroken)
from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.conftest import PASSWORD, World, free_port
from tests.e2e.device import ARGUMENTS, BACKENDS, chromium_path, photo_with_gps, stored, types_pin, until
from tests.faults.conftest import fill, patience, percentile, small_disk
from tests.faults.field import MODULES, Phone, with_the_form
from tests.faults.ledger import Ledger, Verdict
from tests.faults.proxy import Fault
from tests.faults.station import Station
from tests.faults.tls import Https

KILLS = int(os.environ.get("KILLS", "100"))  # for each of the two stores
pytestmark = [pytest.mark.sqlite_only, pytest.mark.parametrize("backend", BACKENDS)]


@pytest.fixture
def phone(playwright: Playwright, world: World, station: Station, ledger: Ledger, tmp_path: Path, backend: str):
    """Amina's, signed in, with the form on it."""
    with_the_form(world)
    station.start()
    phone = Phone(playwright, tmp_path / "phone", station.url, world.people["amina"], ledger, backend)
    phone.open()
    phone.sign_in()
    yield phone
    phone.device.close()


def begin_at_the_end(phone: Phone, photos: int = 3) -> str:
    """A draft with photos, open in the application on its last page."""
    page = phone.page
    if "daftar" not in page.evaluate("() => Object.keys(globalThis).join()"):
        page.evaluate(MODULES)
    draft = page.evaluate("(what) => daftar.draft(what)", {"name": "تعاونية الأمل", "photos": photos, "size": 30_000})
    page.goto(f"{phone.url}/field/#/form/{draft}")
    expect(page.locator(".fill")).to_be_visible()
    while not page.locator(".finish-state").count():
        before = page.locator(".fill-status").inner_text()
        page.locator(".fill-foot .go").click()
        page.wait_for_function("(before) => document.querySelector('.finish-state') || document.querySelector('.fill-status').innerText !== before", arg=before)  # fmt: skip
    return str(draft)


def test_200_kills_around_finish_leave_a_draft_or_an_item_never_half(
    phone: Phone, station: Station, ledger: Ledger, seed, measured
):
    """PS-01: SIGKILL 0 to 1500 ms after the tap on "finish", three photos; what was painted as saved reaches the server whole."""
    chance = random.Random(seed)
    half = neither = painted_and_gone = finished = 0
    phone.device.close()
    page = phone.device.open()
    for number in range(KILLS):
        phone.tell()
        page.goto(f"{phone.url}/static/js/core/clock.js")
        page.evaluate(MODULES)
        draft = begin_at_the_end(phone)
        page.evaluate("() => document.querySelector('.fill-foot .go').click()")
        time.sleep(chance.uniform(0, 0.3) if number % 2 else chance.uniform(0, 1.5))
        phone.device.kill()
        page = phone.device.open(f"{phone.url}/static/js/core/clock.js")
        drafts = {one["id"] for one in stored(page, "drafts")}
        items = stored(page, "items")
        receipts = {one["revision_id"] for one in stored(page, "receipts")}
        here = [one for one in items if one.get("draft_id") == draft]
        half += draft in drafts and bool(here)
        neither += draft not in drafts and not here
        finished += bool(here)
        painted_and_gone += len(ledger.saved.keys() - {one["revision_id"] for one in items} - receipts)
        for one in here:
            if one["revision_id"] in ledger.saved:
                ledger.note_saved(
                    one["revision_id"], one["sha256"], one["submission_id"], [file["sha256"] for file in one["attachments"]]
                )
    page.evaluate(MODULES)
    phone.drain(40)
    verdict = ledger.check(station)
    measured(
        "PS-01", kills=KILLS, saved_painted=len(ledger.saved), lost=verdict.lost + painted_and_gone, half=half, finished=finished
    )
    assert (half, neither, painted_and_gone) == (0, 0, 0)
    assert verdict == Verdict()
    assert 0 < len(ledger.saved) <= finished


def test_a_kill_while_typing_costs_two_seconds_at_most(phone: Phone, seed, measured):
    """I-3, PS-01: the typist writes the time into the field ten times a second; after the kill the draft holds all but the last."""
    chance = random.Random(seed)
    losses = []
    for _ in range(10):
        page = phone.page
        page.evaluate(MODULES)
        draft = page.evaluate("() => daftar.draft({ name: '', photos: 0, size: 0 })")
        page.goto(f"{phone.url}/field/#/form/{draft}")
        field = page.locator("[data-path='g1/note'] input.input, [data-path='g1/note'] textarea").first
        expect(field).to_be_visible()
        end = time.monotonic() + chance.uniform(2, 4)
        number = 0
        moments = []
        while time.monotonic() < end:
            field.press_sequentially(f"{number} ")
            moments.append(time.monotonic())
            number += 1
            time.sleep(0.05)
        phone.device.kill()
        killed = time.monotonic()
        page = phone.open()
        text = str(phone.run("return (await phone.drafts.get(arg)).snapshot", draft))
        kept = [int(one) for one in re.findall(r"\b(\d+) ", text)]
        last = max((one for one in kept if one < number), default=-1)
        losses.append(killed - (moments[last + 1] if last + 1 < number else killed))
    measured("I-3", kills=10, typing_lost_p95_s=round(percentile(losses, 0.95), 2))
    assert max(losses) <= 2.0


def test_each_save_is_flushed_to_the_disk_before_it_is_said(phone: Phone, tmp_path: Path, measured):
    """I-1: a killed browser loses nothing that the kernel has, so only a count of fsync shows that "saved" means on disk."""
    trace = tmp_path / "trace"
    pids = [part for pid in processes(phone) for part in ("-p", str(pid))]
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace), *pids],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(2)
        phone.fill()
        before = len(flushes(trace))
        for _ in range(20):
            phone.run("const { newId } = await import('/static/js/core/ids.js'); await phone.meta.set('mark', newId());")
        texts = len(flushes(trace)) - before
        before = len(flushes(trace))
        phone.run("await phone.files.put(daftar.random(200_000), { type: 'image/jpeg' })")
        photo = len(flushes(trace)) - before
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
    measured("I-1", saves=20, flushes=texts, flushes_of_a_photo=photo)
    assert texts >= 20
    assert photo >= 1


def flushes(trace: Path) -> list[str]:
    time.sleep(0.3)
    return re.findall(r"f(?:data)?sync\(\d+<[^>]*IndexedDB[^>]*>\)?", trace.read_text())


def processes(phone: Phone) -> list[int]:
    """Of this phone's browser, all of them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if str(phone.device.profile).encode() in command:
                found.append(int(process.name))
    return found


def test_a_disk_that_is_really_full_never_says_saved_wrongly(
    playwright, world, station, ledger: Ledger, tmp_path: Path, backend, measured
):
    """PS-05: the profile on a small disk that something else fills to the last byte; later there is room again."""
    with_the_form(world)
    station.start()
    with small_disk(tmp_path / "card", 150) as disk:
        phone = Phone(playwright, disk, station.url, world.people["amina"], ledger, backend)
        try:
            phone.open()
            phone.sign_in()
            phone.run("await phone.protect()")
            ballast = fill(disk)
            said = []
            for _ in range(12):
                try:
                    phone.fill(name="ا" * 2000, photos=1, size=300_000)
                    said.append("saved")
                except Exception as error:  # what the page says, whatever it is
                    said.append(str(error).splitlines()[0][:80])
            ballast.unlink()
            phone.device.close()
            phone.open()
            items = {one["revision_id"] for one in phone.items()}
            false = len(ledger.saved.keys() - items)
            phone.drain()
            verdict = ledger.check(station)
            measured("PS-05", attempts=12, said_saved=said.count("saved"), false_saved=false)
            assert false == 0
            assert len(said) - said.count("saved") > 0, "the disk was never full"
            assert verdict == Verdict()
        finally:
            phone.device.close()


@pytest.mark.parametrize("types", ["indexeddb,cache_storage,service_workers", "all"])
def test_cleared_data_is_noticed_and_told(phone: Phone, station: Station, ledger: Ledger, types, measured):
    """PS-08: cleared under the open page, then opened again: said before anything new is entered, with what is known to be missing."""
    done = phone.fill()
    remembered = "(id) => (localStorage.getItem('daftar.canary') ?? '').includes(id)"
    until(lambda: phone.page.evaluate(remembered, done["revision_id"]), "it is remembered outside")
    client = phone.page.context.new_cdp_session(phone.page)
    client.send("Storage.clearDataForOrigin", {"origin": phone.url, "storageTypes": types})
    began = time.monotonic()
    phone.page.goto(f"{phone.url}/field/")
    note = phone.page.locator("[role=alert], .note.asks").first
    known = types != "all"
    if known:
        expect(note).to_be_visible()
    took = time.monotonic() - began
    phone.page.goto(f"{phone.url}/static/js/core/clock.js")
    phone.page.evaluate(MODULES)
    alarms = phone.run("return phone.alarms")
    kinds = [one["kind"] for one in alarms]
    measured("PS-08", silent=int(known and "data_lost" not in kinds), seconds_to_notice=round(took, 1))
    if known:
        assert kinds == ["data_lost"]
        assert alarms[0]["details"]["ids"] == [done["revision_id"]]
    else:
        # Nothing of ours is left to notice it by. The person has to sign in again, and the server knows what this phone last held.
        assert phone.run("return await phone.meta.get('person') ?? null") is None


def test_a_refused_protection_is_shown_and_reported(phone: Phone, station: Station, measured):
    """PS-09: a browser that does not promise to keep the storage."""
    client = phone.page.context.new_cdp_session(phone.page)
    client.send("Browser.resetPermissions")
    refused = phone.run("return (await phone.protect()).persisted")
    phone.fill()
    phone.drain()
    report = station.rows("SELECT report FROM devices WHERE last_seen_at IS NOT NULL")[0]["report"]
    shown = phone.run("return phone.alarms.map((one) => one.kind)")
    measured(
        "PS-09",
        persisted=str(refused),
        reported=str('"persisted":false' in str(report).replace(" ", "").lower() or "'persisted': False" in str(report)),
    )
    assert refused is False
    assert "storage_refused" in shown
    assert '"persisted":false' in str(report) or "'persisted': False" in str(report)


def test_a_camera_that_costs_the_page_its_life_costs_no_answer(phone: Phone, measured):
    """PS-10: the renderer is killed while the file chooser is open; the form opens at the same question with all answers."""
    page = phone.page
    draft = page.evaluate("() => daftar.draft({ name: 'تعاونية النور', photos: 1, size: 20000 })")
    page.goto(f"{phone.url}/field/#/form/{draft}")
    field = page.locator("[data-path='g1/note'] input.input, [data-path='g1/note'] textarea").first
    field.fill("قبل الصورة مباشرة")
    page.locator(".fill-foot .go").click()
    question = page.locator("[data-path='g2/p2']")
    expect(question).to_be_visible()
    with page.expect_file_chooser():
        question.locator("label, button").first.click()
    expect(page.locator(".fill-status .saved")).to_have_class("saved saved")  # begun by the tap, over before a camera stands
    for pid in processes(phone):
        with contextlib.suppress(OSError):
            if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(Exception):
        page.close()
    again = phone.device.context.new_page()
    again.goto(f"{phone.url}/field/#/form/{draft}")
    expect(again.locator("[data-path='g2/p2']")).to_be_visible()
    expect(again.locator("[data-path='g2/p1'] figure img")).to_be_visible()
    again.locator(".fill-foot .btn").first.click()
    kept = again.locator("[data-path='g1/note'] input.input, [data-path='g1/note'] textarea").first
    expect(kept).to_have_value("قبل الصورة مباشرة")
    measured("PS-10", answers_lost=0)


def test_a_picture_that_vanishes_after_it_was_chosen_was_copied_already(
    phone: Phone, station: Station, ledger: Ledger, tmp_path: Path, measured
):
    """PS-11: the camera's file is truncated, then removed, as soon as the thumbnail stands."""
    page = phone.page
    draft = page.evaluate("() => daftar.draft({ name: 'تعاونية', photos: 0, size: 0 })")
    photo = photo_with_gps(page, tmp_path / "camera.jpg")
    page.goto(f"{phone.url}/field/#/form/{draft}")
    page.locator(".fill-foot .go").click()
    question = page.locator("[data-path='g2/p1']")
    question.locator("input[type=file]").first.set_input_files(photo)
    expect(question.locator("figure img")).to_be_visible()
    expect(page.locator(".fill-status .saved")).to_have_class("saved saved")
    photo.write_bytes(b"")
    photo.unlink()
    page.reload()
    expect(page.locator("[data-path='g2/p1'] figure img")).to_be_visible()
    page.locator(".fill-foot .go").click()
    expect(page.locator(".finish-state")).to_be_visible()
    page.locator(".fill-foot .go").click()
    page.wait_for_url(re.compile("#/summary/"))
    page.goto(f"{phone.url}/static/js/core/clock.js")
    page.evaluate(MODULES)
    item = phone.items()[-1]
    ledger.note_saved(item["revision_id"], item["sha256"], item["submission_id"], [one["sha256"] for one in item["attachments"]])
    phone.drain()
    verdict = ledger.check(station)
    measured("PS-11", unreadable=verdict.photos_missing + verdict.photos_differing)
    assert len(item["attachments"]) == 1
    assert verdict == Verdict()


def test_one_draft_in_two_tabs_becomes_one_form(phone: Phone, station: Station, ledger: Ledger, measured):
    """PS-12: the second tab may only take over; both press finish; one item, with what the last writer wrote."""
    page = phone.page
    draft = page.evaluate("() => daftar.draft({ name: 'الأولى', photos: 0, size: 0 })")
    other = page.context.new_page()
    other.goto(f"{phone.url}/static/js/core/clock.js")
    other.evaluate(MODULES)
    opening = "async ([id, take]) => { const { openDraft } = await import('/static/js/form/session.js'); try { globalThis.session = await openDraft(daftar.phone, id, { take }); session.on((what) => (globalThis.heard = what)); return 'open'; } catch (error) { return error.code; } }"
    assert page.evaluate(opening, [draft, False]) == "open"
    assert other.evaluate(opening, [draft, False]) == "form.open_elsewhere"
    page.evaluate("() => session.set('g1/note', 'من اللسان الأول')")
    assert other.evaluate(opening, [draft, True]) == "open"
    assert page.evaluate("() => globalThis.heard") == "taken"
    kept = other.evaluate("() => session.view('g1/note').value")
    other.evaluate("() => session.set('g1/name', 'الثانية')")
    for tab in (page, other):
        tab.evaluate(
            "() => { globalThis.end = session.finish().then((done) => done.revisionId ?? 'problems', (error) => error.code ?? String(error)); }"
        )
    said = [tab.evaluate("() => globalThis.end") for tab in (page, other)]
    items = phone.items()
    measured("PS-12", items=len(items), edits_lost=int(kept != "من اللسان الأول"))
    assert kept == "من اللسان الأول"
    assert len(items) == 1
    assert said[1] == items[0]["revision_id"] or said[0] == items[0]["revision_id"]
    ledger.note_saved(items[0]["revision_id"], items[0]["sha256"])
    phone.drain()
    assert ledger.check(station) == Verdict()


def test_ninety_days_later_everything_is_there_and_is_delivered(
    playwright, world: World, station: Station, ledger: Ledger, tmp_path: Path, backend, measured
):
    """PS-14, NS-20: the browser 90 days ahead, page and worker: nothing purged, the session is over, the forms go all the same."""
    with_the_form(world)
    station.start()
    phone = Phone(playwright, tmp_path / "phone", station.url, world.people["amina"], ledger, backend)
    phone.open()
    phone.sign_in()
    station.freeze()
    for _ in range(3):
        phone.fill(photos=1)
    draft = phone.page.evaluate("() => daftar.draft({ name: 'مسودة', photos: 1, size: 20000 })")
    phone.device.close()
    station.thaw()
    with browser_at("+90d", phone, playwright) as page:
        ahead = page.evaluate("() => Date.now()") / 1000 - time.time()
        assert abs(ahead - 90 * 86400) < 3600
        purged = 3 - len(stored(page, "items"))
        drafts = [one["id"] for one in stored(page, "drafts")]
        page.evaluate("() => daftar.phone.files.sweep()")
        state = page.evaluate("async () => { await daftar.sync.now({}); return daftar.sync.state; }")
        until(
            lambda: (
                page.evaluate("async () => { await daftar.sync.now({}); return (await daftar.phone.outbox.counts()); }")["photos"]
                == 0
            ),
            "photos",
            60,
        )
        for one in stored(page, "receipts"):
            ledger.note_received(one["revision_id"], one["sha256"])
        offset = page.evaluate("() => daftar.sync.state.clock_offset")
    verdict = ledger.check(station)
    measured("PS-14", unsent_purged=purged, drafts_purged=int(draft not in drafts), phase=state["phase"])
    measured("NS-20", lost=verdict.lost, offset_seen_days=round(-offset / 86400_000))
    assert (purged, drafts) == (0, [draft])
    assert verdict == Verdict()
    assert abs(offset + 90 * 86400_000) < 3600_000


@contextlib.contextmanager
def browser_at(when: str, phone: Phone, playwright: Playwright, home: Path | None = None, at: str = ""):
    """The phone's profile in a browser whose clock is elsewhere; a page with the modules, or at an address of the application.

    Playwright cannot start such a one.
    """
    port = free_port()
    for lock in phone.device.profile.glob("Singleton*"):
        lock.unlink()
    binary = chromium_path()
    assert binary
    command = ["faketime", "-f", when, binary, *ARGUMENTS, "--headless=new", f"--remote-debugging-port={port}", f"--user-data-dir={phone.device.profile}", "about:blank"]  # fmt: skip
    command[4:4] = phone.device._arguments
    environment = os.environ | ({"HOME": str(home)} if home else {})
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        browser = until(lambda: attached(playwright, port), "the browser listens", 120)
        types_pin(browser.contexts[0])
        page = browser.contexts[0].new_page()
        page.goto(f"{phone.url}{at or '/static/js/core/clock.js'}")
        if not at:
            page.evaluate(MODULES)
        yield page
        browser.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def attached(playwright: Playwright, port: int):
    try:
        return playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
    except Exception:  # not up yet
        return None


@pytest.mark.parametrize("when", ["@1970-01-02 00:00:00", "@2038-02-01 00:00:00", "-1h", "+1h"])
def test_a_wrong_clock_loses_nothing_and_is_told(
    playwright, world: World, station: Station, ledger: Ledger, tmp_path: Path, backend, when, measured
):
    """NS-20: saved and delivered with any date, the offset is measured, the order is the server's."""
    with_the_form(world)
    station.start()
    phone = Phone(playwright, tmp_path / "phone", station.url, world.people["amina"], ledger, backend)
    phone.open()
    phone.sign_in()
    phone.device.close()
    with browser_at(when, phone, playwright) as page:
        done = page.evaluate("() => daftar.fill({ name: 'تعاونية', photos: 1, size: 20000 })")
        ledger.note_saved(done["revision_id"], done["sha256"], done["submission_id"], done["photos"])

        def sent():
            counts = page.evaluate(
                "async () => { await daftar.sync.now({ reason: 'button' }); return await daftar.phone.outbox.counts(); }"
            )
            return counts["waiting"] + counts["photos"] == 0

        until(sent, "it is delivered", 60)
        offset = page.evaluate("() => daftar.sync.state.clock_offset")
    verdict = ledger.check(station)
    measured("NS-20", lost=verdict.lost, offset_hours=round(offset / 3600_000))
    assert verdict == Verdict()
    assert abs(offset) > 50 * 60_000


@pytest.mark.parametrize("when", ["@1970-01-02 00:00:00", "@2038-02-01 00:00:00"])
def test_a_wrong_clock_over_https_says_to_look_at_the_date_and_delivers_when_it_is_right(
    playwright, world: World, station: Station, ledger: Ledger, tmp_path: Path, backend, when, measured
):
    """NS-20: where the certificate is not valid yet or no more, nothing can be reached: forms are saved, the date is blamed."""
    with_the_form(world)
    station.settings["DAFTAR_HTTPS"] = "1"
    station.start()
    https = Https(station.port, tmp_path)
    phone = Phone(playwright, tmp_path / "phone", https.url, world.people["amina"], ledger, backend)
    phone.device.profile.mkdir(parents=True)
    with browser_at("+0s", phone, playwright, https.home) as page:
        page.evaluate("([username, password]) => daftar.signIn(username, password)", [phone.person.username, PASSWORD])
        page.evaluate("() => daftar.sync.now({ reason: 'button' })")
        draft = page.evaluate("() => daftar.draft({ name: 'تعاونية', photos: 1, size: 20000 })")
        page.goto(f"{https.url}/field/#/ready")
        until(lambda: page.evaluate("async () => !!(await navigator.serviceWorker.getRegistration('/field/'))?.active"), "the worker keeps the page", 30)  # fmt: skip
    with browser_at(when, phone, playwright, https.home, at="/field/#/today") as page:
        asks = page.get_by_text(re.compile("Vérifiez la date du téléphone|التحقق من تاريخ الهاتف"))
        expect(asks.first).to_be_visible(timeout=60_000)
        assert page.evaluate("() => fetch('/api/field/person').then(() => 'reached', () => 'refused')") == "refused"
        page.goto(f"{https.url}/field/#/form/{draft}")
        while not page.locator(".result").count():
            page.locator(".fill-foot .go").click()
            page.wait_for_timeout(300)
        [item] = stored(page, "items")
        ledger.note_saved(
            item["revision_id"], item["sha256"], item["submission_id"], [one["sha256"] for one in item["attachments"]]
        )
        assert item["state"] == "waiting"
    with browser_at("+0s", phone, playwright, https.home) as page:
        until(lambda: page.evaluate("async () => { await daftar.sync.now({ reason: 'button' }); const { waiting, photos } = await daftar.phone.outbox.counts(); return waiting + photos === 0; }"), "it is delivered", 60)  # fmt: skip
        wrong = page.evaluate("() => daftar.sync.state.clock_wrong")
    https.close()
    verdict = ledger.check(station)
    measured("NS-20", run="HTTPS", lost=verdict.lost, wrong_afterwards=int(wrong))
    assert verdict == Verdict()
    assert wrong is False


def test_a_clock_that_jumps_back_while_a_form_is_filled_loses_nothing(phone: Phone, station: Station, ledger: Ledger, measured):
    """NS-20: begun today, gone on with after the clock went back two days, finished after it came forward by three."""
    page = phone.page
    phone.fill(photos=1)
    draft = page.evaluate("() => daftar.draft({ name: 'تعاونية', photos: 1, size: 20000 })")
    for days in (-2, 1):
        page.clock.set_system_time(datetime.now(UTC) + timedelta(days=days))
        page.goto(f"{phone.url}/field/#/form/{draft}")
        field = page.locator("[data-path='g1/note'] input.input, [data-path='g1/note'] textarea").first
        field.fill(f"بعد {days}")
        expect(page.locator(".fill-status .saved")).to_have_class("saved saved")
    page.reload()
    expect(field).to_have_value("بعد 1")
    page.goto(f"{phone.url}/static/js/core/clock.js")
    page.evaluate(MODULES)
    done = page.evaluate("(id) => daftar.finish(id)", draft)
    ledger.note_saved(done["revision_id"], done["sha256"], done["submission_id"], done["photos"])
    phone.fill()
    phone.drain()
    verdict = ledger.check(station)
    measured("NS-20", run="jump back", lost=verdict.lost, delivered=len(ledger.received))
    assert verdict == Verdict()
    assert len(ledger.received) == 3


@pytest.mark.patience
def test_a_phone_that_sleeps_in_the_middle_of_a_photo_goes_on(phone: Phone, station: Station, ledger: Ledger, proxy, measured):
    """PS-15: the browser is stopped for longer than a request may take, in `make patience` for ten minutes, with a photo on its way."""
    asleep_s = patience(75, 600)
    net = proxy()
    phone.url = net.url
    phone.device.close()
    phone.open()
    phone.sign_in()
    phone.fill(photos=1, size=600_000)
    seen: list[int] = []

    def slow(request):
        if request.method == "PATCH":
            seen.append(1)
            return Fault("delay", 2)
        return None

    net.plan = slow
    phone.page.evaluate("() => { globalThis.done = daftar.sync.now({}); }")
    until(lambda: seen, "the photo is on its way")
    pids = processes(phone)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    time.sleep(asleep_s)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    phone.page.evaluate("() => done")
    net.plan = lambda request: None
    phone.drain()
    verdict = ledger.check(station)
    measured("PS-15", asleep_s=asleep_s, resumed=1, duplicated=verdict.duplicated)
    assert verdict == Verdict()


def test_slow_cryptography_leaves_nothing_half_written(phone: Phone, station: Station, ledger: Ledger, measured):
    """PS-16: each encryption and each hash takes 2 s more; a kill in the middle leaves the draft whole and no item."""
    page = phone.page
    draft = page.evaluate("() => daftar.draft({ name: 'تعاونية', photos: 1, size: 20000 })")
    page.evaluate(
        """async (id) => {
          const { openDraft } = await import('/static/js/form/session.js');
          globalThis.session = await openDraft(daftar.phone, id);
          for (const name of ['encrypt', 'digest']) {
            const quick = SubtleCrypto.prototype[name];
            SubtleCrypto.prototype[name] = async function (...args) { await new Promise((resolve) => setTimeout(resolve, 2000)); return quick.apply(this, args); };
          }
          void session.finish().then(() => (globalThis.finished = true));
        }""",
        draft,
    )
    partial = 0
    for _ in range(12):
        items, drafts = stored(page, "items"), [one["id"] for one in stored(page, "drafts")]
        partial += (draft in drafts) == bool(items)
        page.wait_for_timeout(1000)
        if page.evaluate("() => globalThis.finished ?? false"):
            break
    phone.device.kill()
    page = phone.open()
    items, drafts = stored(page, "items"), [one["id"] for one in stored(page, "drafts")]
    partial += (draft in drafts) == bool(items)
    for one in items:
        ledger.note_saved(
            one["revision_id"], one["sha256"], one["submission_id"], [file["sha256"] for file in one["attachments"]]
        )
    phone.drain()
    measured("PS-16", partial_rows=partial)
    assert partial == 0
    assert ledger.check(station) == Verdict()
