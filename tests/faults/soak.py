"""`make soak`: a season in ten minutes. Six real browsers and fifty light phones fill, send and pull through a bad network while
the server is killed, frozen and restarted and browsers are killed; then quiet, and the checkers look.

SECONDS=600, SEED=…, STORE=sqlite or postgresql. PACE=100 makes everybody a hundred times slower, as in the field; then nobody kills
the server, and its memory, open handles and log, and the age of what phones hold, are watched for what grows.
"""

# ruff: noqa: E501  (measurements read better unbroken)
from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import sys
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, Playwright

from tests.conftest import ROOT, Someone, World, settle
from tests.faults.conftest import SEED
from tests.faults.field import MODULES, Phone, with_the_form
from tests.faults.ledger import Ledger, Verdict
from tests.faults.light import LightPhone, drain
from tests.faults.proxy import Proxy
from tests.faults.station import Station
from tests.keys.phone import SealingPhone

SECONDS = int(os.environ.get("SECONDS", "600"))
PACE = float(os.environ.get("PACE", "1"))
IN_FIELD = PACE > 1
BROWSERS, LIGHT, THREADS = 6, 50, 10


def test_ten_minutes_of_faults_then_quiet(
    playwright: Playwright, station: Station, world: World, ledger: Ledger, tmp_path: Path, measured
):
    """RX-03: 0 lost, 0 acknowledged and lost, 0 duplicated, 0 differing; every phone has pulled what the server has for it."""
    if os.environ.get("STORE", "sqlite") not in station.store:
        pytest.skip("another store was asked for")
    with_the_form(world)
    chance = random.Random(SEED)
    people = [world.people["amina"], world.people["fatima"]]
    owners = [another_phone(people[number % 2]) for number in range(LIGHT)]
    # Half of them seal, as phones do whose programme asks for a PIN.
    sealing = [SealingPhone.sign_in(owner) if number % 2 else None for number, owner in enumerate(owners)]
    settle()
    station.start()
    proxy = Proxy(station.port, seed=SEED)
    light = [
        LightPhone(owner, proxy.port, ledger, SEED + number, timeout_s=8, sealing=sealing[number])
        for number, owner in enumerate(owners)
    ]
    browsers: list[Phone] = []
    stop = threading.Event()
    done = {"server kills": 0, "browser kills": 0, "freezes": 0, "restarts": 0}

    def live(phones: list[LightPhone], seed: int) -> None:
        own = random.Random(seed)
        while not stop.is_set():
            for phone in phones:
                if own.random() < 0.3 and len(phone.undelivered()) < 30:
                    phone.finish(photos=int(own.random() < 0.3), photo_bytes=own.randrange(1000, 40_000))
                if own.random() < 0.5:
                    phone.flush()
            stop.wait(own.uniform(0, 0.5) * PACE)

    def hurt() -> None:
        own = random.Random(SEED + 1)
        while not stop.wait(own.uniform(3, 12)):
            if not station.is_running():  # two of its workers were killed within seconds
                station.start()
            what = own.random()
            if what < 0.6:
                station.kill_workers()
                done["server kills"] += 1
            elif what < 0.8:
                station.freeze()
                time.sleep(own.uniform(0.5, 4))
                station.thaw()
                done["freezes"] += 1
            else:
                station.kill()
                time.sleep(own.uniform(0, 3))
                station.start()
                done["restarts"] += 1

    for number in range(BROWSERS):
        backend = "sqlite" if number % 2 else "leveldb"
        phone = Phone(playwright, tmp_path / f"phone{number}", proxy.url, people[number % 2], ledger, backend)
        phone.open()
        phone.sign_in()
        browsers.append(phone)
    proxy.share = 0.15
    threads = [threading.Thread(target=live, args=(light[at::THREADS], SEED + at), daemon=True) for at in range(THREADS)]
    watch = Watch(station, light)
    threads.append(threading.Thread(target=watch.until if IN_FIELD else hurt, args=(stop,) if IN_FIELD else (), daemon=True))
    for thread in threads:
        thread.start()
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            phone = chance.choice(browsers)
            if phone.device.context is None:
                reopen(phone)
            what = chance.random()
            if what < 0.45:
                phone.fill(photos=chance.randrange(0, 3), size=chance.randrange(1000, 60_000))
            elif what < 0.9:
                phone.page.evaluate("() => { void daftar.sync.now({}); }")
            else:
                phone.device.kill()
                done["browser kills"] += 1
            time.sleep(chance.uniform(0, 0.2) * (PACE - 1))
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    proxy.share = 0
    station.thaw()
    station.wait()
    began = time.monotonic()
    drain(light, 300)
    differing_pulls = 0
    for phone in browsers:
        if phone.device.context is None:
            reopen(phone)
        phone.drain(40)
        if phone.sync()["phase"] == "signed_out":  # killed before it had kept its session
            phone.sign_in()
        here = set(phone.run("return (await phone.catalogue.submissions()).map((one) => one.id)"))
        rows = station.rows("SELECT id FROM submissions WHERE author_id = :author AND deleted_at IS NULL", author=phone.person.id)
        differing_pulls += len(here ^ {row["id"] for row in rows})
        phone.device.close()
    quiet = time.monotonic() - began
    verdict = ledger.check(station)
    proxy.stop()
    measured("RX-03", run="field pace" if IN_FIELD else "", seconds=SECONDS, **watch.said(), forms=len(ledger.saved), requests=sum(proxy.counted.requests.values()), network_faults=sum(proxy.counted.faults.values()), **{name.replace(" ", "_"): count for name, count in done.items()}, quiet_after_s=round(quiet), lost=verdict.lost, acked_lost=verdict.acked_lost, duplicated=verdict.duplicated, differing=verdict.differing + verdict.photos_differing, pulls_differing=differing_pulls)  # fmt: skip
    assert verdict == Verdict(), verdict
    assert differing_pulls == 0
    assert station.integrity() == "ok"


@dataclasses.dataclass
class Watch:
    """What may grow while a server lives: looked at each minute."""

    station: Station
    phones: list[LightPhone]
    seen: list[dict[str, int]] = dataclasses.field(default_factory=list)

    def until(self, stop: threading.Event) -> None:
        self.seen.append(self.look())
        while not stop.wait(60):
            self.seen.append(self.look())

    def look(self) -> dict[str, int]:
        processes = [Path(f"/proc/{pid}") for pid in self.station.processes()]
        log = self.station.instance / "daftar.db-wal"
        waiting = [one.since for phone in self.phones for one in list(phone.held.values()) if one.state == "waiting"]
        return {
            "mb": sum(int((one / "statm").read_text().split()[1]) * 4096 for one in processes) // 1_000_000,
            "handles": sum(len(list((one / "fd").iterdir())) for one in processes),
            "log_mb": log.stat().st_size // 1_000_000 if log.exists() else 0,
            "oldest_s": round(time.monotonic() - min(waiting, default=time.monotonic())),
        }

    def said(self) -> dict[str, str | int]:
        """Memory and handles after a quarter of the time and at the end; the most there was of the others."""
        if not self.seen:
            return {}
        warm, last = self.seen[len(self.seen) // 4], self.seen[-1]
        return {
            "memory_mb": f"{warm['mb']} → {last['mb']}",
            "handles": f"{warm['handles']} → {last['handles']}",
            "largest_log_mb": max(one["log_mb"] for one in self.seen),
            "oldest_unsent_s": max(one["oldest_s"] for one in self.seen),
        }


def another_phone(person: Someone) -> Someone:
    """The same person with one more phone."""
    other = dataclasses.replace(person, _client=None, _device=None)
    assert other.credential
    return other


def reopen(phone: Phone) -> None:
    """After a kill, through a network that may not let the page come: then a moment later."""
    phone.device.open()
    while True:
        with contextlib.suppress(Error):
            phone.page.goto(f"{phone.url}/static/js/core/clock.js")
            phone.page.evaluate(MODULES)
            return


def main() -> None:
    """RX-03, by itself: `python -m tests.faults.soak`."""
    sys.exit(pytest.main(["-s", "-o", "python_files=soak.py", str(ROOT / "tests" / "faults" / "soak.py")]))


if __name__ == "__main__":
    main()
