"""The server killed, starved and restarted while phones deliver: what it said it has, it has (I-9), once (I-8)."""

# ruff: noqa: E501  (rows, scripts and measurements read better unbroken)
from __future__ import annotations

import contextlib
import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.core.db import begin_writing, db
from app.core.problems import Problem
from app.submissions import decisions
from tests.conftest import PostgreSQL, Someone, World, settle
from tests.faults.conftest import fill, patience, percentile, small_disk
from tests.faults.ledger import Ledger, Verdict
from tests.faults.light import LightPhone, drain
from tests.faults.station import Station
from tests.keys.phone import SealingPhone

KILLS = int(os.environ.get("KILLS", "500"))


@contextlib.contextmanager
def storm(
    people: list[Someone], port: int, ledger: Ledger, seed: int, phones: int = 8, pause_s: float = 0.0
) -> Iterator[list[LightPhone]]:
    """Phones that finish and push without end, each in a thread."""
    stop = threading.Event()
    storming = [LightPhone(people[n % len(people)], port, ledger, seed + n) for n in range(phones)]

    def work(phone: LightPhone) -> None:
        while not stop.is_set():
            if len(phone.undelivered()) < 40:
                for _ in range(phone.random.randrange(1, 4)):
                    phone.finish()
            phone.flush()
            time.sleep(pause_s or phone.random.uniform(0, 0.01))

    threads = [threading.Thread(target=work, args=(phone,), daemon=True) for phone in storming]
    for thread in threads:
        thread.start()
    try:
        yield storming
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def senders(world: World) -> list[Someone]:
    return [world.people["amina"], world.people["fatima"]]


def test_500_kills_in_a_push_storm_lose_nothing_acknowledged(station: Station, world: World, ledger: Ledger, seed, measured):
    """SV-01: SIGKILL at random moments, in turn of the process that answers, which the server replaces by itself, and of everything
    at once. 300 on SQLite, 200 on PostgreSQL."""
    chance = random.Random(seed)
    kills = KILLS * 3 // 5 if station.store.startswith("sqlite") else KILLS * 2 // 5
    station.start()
    with storm(senders(world), station.port, ledger, seed, pause_s=0.02) as phones:
        for number in range(kills):
            time.sleep(chance.uniform(0.02, 0.25))
            if number % 2:
                station.kill()
                station.start()
            else:
                station.kill_workers()
                station.wait()
    drain(phones, 120)
    verdict = ledger.check(station, [one for phone in phones for one in phone.undelivered()])
    measured("SV-01", kills=kills, received=len(ledger.received), acked_lost=verdict.acked_lost, duplicated=verdict.duplicated)
    assert verdict == Verdict()
    assert len(ledger.received) > kills
    assert station.integrity() == "ok"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("seals", [True, False], ids=["sealed", "in clear"])
def test_each_acknowledged_push_was_flushed_to_the_disk_first(
    station: Station, world: World, ledger: Ledger, tmp_path: Path, measured, seals: bool
):
    """I-9: the only test that sees `synchronous=NORMAL`: a kill loses nothing the kernel has. A photo: its bytes, then its name."""
    amina = world.people["amina"]
    sealing = SealingPhone.sign_in(amina) if seals else None
    settle()
    station.start()
    trace = tmp_path / "trace"
    targets = [part for pid in station.workers() for part in ("-p", str(pid))]
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace), *targets],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(1)
        phone = LightPhone(amina, station.port, ledger, sealing=sealing)
        for _ in range(20):
            phone.finish()
            assert phone.flush()
        texts = len(re.findall(r"daftar\.db(-wal)?>\)\s+= 0", trace.read_text()))
        phone.finish(photos=1)
        assert phone.flush()
        time.sleep(0.2)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
    said = trace.read_text()
    files = re.findall(r"attachments/(\S+)>\)\s+= 0", said)
    measured("I-9", pushes=20, flushes=texts, flushes_of_a_photo=len(files))
    assert texts >= 20
    assert any("." in one for one in files)
    assert any(re.fullmatch(r"[0-9a-f]{2}", one) for one in files)


def test_a_stop_for_a_deployment_finishes_or_leaves_to_be_sent_again(
    station: Station, world: World, ledger: Ledger, seed, measured
):
    """SV-15: SIGTERM in the storm, ten times."""
    station.start()
    with storm(senders(world), station.port, ledger, seed, pause_s=0.02) as phones:
        for _ in range(10):
            time.sleep(0.4)
            station.stop()
            station.start()
    drain(phones, 60)
    verdict = ledger.check(station)
    measured("SV-15", stops=10, received=len(ledger.received), acked_lost=verdict.acked_lost)
    assert verdict == Verdict()


@pytest.mark.sqlite_only
def test_a_full_disk_refuses_whole_and_works_again_when_there_is_room(
    app, world: World, tmp_path: Path, ledger: Ledger, measured
):
    """SV-04: database and files on 64 MB; 503 or 507 with Retry-After, nothing half stored, no word lost."""
    for one in senders(world):
        assert one.credential
    settle()
    with small_disk(tmp_path / "disk", 64) as disk:
        db.session.remove()
        db.engine.dispose()
        for file in tmp_path.glob("daftar.db*"):
            shutil.copy(file, disk / file.name)
        station = Station(disk, f"sqlite:///{disk / 'daftar.db'}")
        try:
            station.start()
            phone = LightPhone(world.people["amina"], station.port, ledger)
            for _ in range(20):
                phone.finish()
            assert phone.flush()
            ballast = fill(disk)
            phone.statuses.clear()
            refused = 0
            for _ in range(200):
                phone.finish(photos=1, photo_bytes=60_000)
                phone.flush()
                refused += any(one in (503, 507) for one in phone.statuses[-2:])
                if refused >= 5:
                    break
            said = {one for one in phone.statuses if one >= 500}
            after = phone.retry_after
            ballast.unlink()
            drain([phone], 60)
            verdict = ledger.check(station)
            measured("SV-04", refusals=refused, answers=sorted(said), partial_rows=verdict.duplicated + verdict.differing)
            assert refused
            assert said <= {503, 507}
            assert 503 not in said or after > 0
            assert verdict == Verdict()
            assert station.integrity() == "ok"
        finally:
            station.close()


def test_a_full_disk_for_photos_still_takes_every_text(station: Station, world: World, tmp_path: Path, ledger: Ledger, measured):
    """SV-05: attachments on a disk of their own that is full."""
    with small_disk(tmp_path / "photos", 1) as disk:
        station.settings["DAFTAR_ATTACHMENTS"] = str(disk)
        station.attachments = disk
        station.start()
        ballast = fill(disk)
        phone = LightPhone(world.people["amina"], station.port, ledger)
        for _ in range(20):
            phone.finish(photos=1)
        phone.flush()
        refused = sum(one >= 500 and one != 507 for one in phone.statuses)
        texts = len(ledger.received)
        assert 507 in phone.statuses
        ballast.unlink()
        drain([phone], 60)
        verdict = ledger.check(station)
        measured("SV-05", texts_refused=20 - texts, other_errors=refused)
        assert (texts, refused) == (20, 0)
        assert verdict == Verdict()
        station.close()


def test_sixteen_phones_and_a_long_reader_meet_no_error(station: Station, world: World, ledger: Ledger, seed, measured):
    """SV-06: writers wait their turn, a reader holds up nobody."""
    station.start()
    with station.engine.connect() as reader:
        reader.execute(sa.text("SELECT count(*) FROM submissions"))
        with storm(senders(world), station.port, ledger, seed, phones=16) as phones:
            time.sleep(15)
        reader.rollback()
    statuses = [one for phone in phones for one in phone.statuses]
    p95 = percentile([one for phone in phones for one in phone.waits], 0.95)
    drain(phones, 60)
    verdict = ledger.check(station)
    errors = sum(one >= 500 for one in statuses)
    measured("SV-06", pushes=len(statuses), server_errors=errors, p95_ms=round(p95 * 1000))
    assert errors == 0
    assert verdict == Verdict()


@pytest.mark.sqlite_only
@pytest.mark.patience
def test_the_log_of_the_store_gives_its_room_back_when_a_long_reader_ends(
    station: Station, world: World, ledger: Ledger, seed, measured
):
    """SV-08: a reader open for 30 s under load, in `make patience` for ten minutes; afterwards the log is small again."""
    open_s = patience(30, 600)
    station.start()
    log = station.instance / "daftar.db-wal"
    largest, sizes = 0, []
    with storm(senders(world), station.port, ledger, seed, phones=8, pause_s=0.1) as phones:
        with station.engine.connect() as reader:
            reader.execute(sa.text("SELECT count(*) FROM submissions")).scalar()
            for _ in range(open_s):
                time.sleep(1)
                largest = max(largest, log.stat().st_size)
            reader.rollback()
        time.sleep(2)
        for _ in range(10):
            time.sleep(1)
            sizes.append(log.stat().st_size)
    drain(phones, 60)
    stored = station.value("SELECT count(*) FROM revisions")
    measured(
        "SV-08", reader_open_s=open_s, largest_mb=round(largest / 1e6, 1), stored=stored, afterwards_mb=round(sizes[-1] / 1e6, 1)
    )
    assert sizes[-1] <= 80_000_000, "the room is given back"
    assert ledger.check(station) == Verdict()


def test_postgresql_that_restarts_in_the_storm_costs_nothing(request, world: World, ledger: Ledger, seed, measured):
    """SV-09: immediate stop, as a crash; the server finds its way back by itself."""
    station: Station = request.getfixturevalue("station")
    if not station.store.startswith("postgresql"):
        pytest.skip("the store is a file")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    station.start()
    recovered = []
    with storm(senders(world), station.port, ledger, seed, phones=6, pause_s=0.02) as phones:
        for _ in range(5):
            time.sleep(2)
            server.stop(signal.SIGQUIT)
            server.start()
            began = time.monotonic()
            before = len(ledger.received)
            while len(ledger.received) == before:
                assert time.monotonic() - began < 60
                time.sleep(0.02)
            recovered.append(time.monotonic() - began)
    drain(phones, 60)
    db.session.rollback()
    db.engine.dispose()
    verdict = ledger.check(station)
    measured("SV-09", restarts=5, seconds_to_recover=round(max(recovered), 1), acked_lost=verdict.acked_lost)
    assert verdict == Verdict()


def test_two_reviewers_and_the_phones_on_the_same_submissions_meet_no_error(
    station: Station, world: World, ledger: Ledger, seed, measured
):
    """SV-10: decisions and corrections of the same ten submissions at once; what collides is tried again inside."""
    station.start()
    amina = world.people["amina"]
    first = [amina.deliver() for _ in range(10)]
    settle()
    stop = threading.Event()
    outcomes: list[str] = []

    def review(name: str) -> None:
        chance = random.Random(f"{seed}{name}")
        with amina.app.app_context():
            actor = world.people[name].actor
            while not stop.is_set():
                envelope = chance.choice(first)
                try:
                    begin_writing()
                    last = decisions.last_event(envelope["submission_id"])
                    decisions.decide(actor, envelope["submission_id"], chance.choice(["approve", "return"]), comment="?", based_on=last.id if last else "", now=datetime.now(UTC))  # fmt: skip
                    db.session.commit()
                    outcomes.append("decided")
                except Problem as problem:
                    db.session.rollback()
                    outcomes.append(problem.kind.code)
                except sa.exc.DBAPIError as error:
                    db.session.rollback()
                    outcomes.append(type(error.orig).__name__)
                time.sleep(0.005)
            db.session.remove()

    threads = [threading.Thread(target=review, args=(name,)) for name in ("khadija", "admin")]
    for thread in threads:
        thread.start()
    phone = LightPhone(amina, station.port, ledger, seed)
    try:
        for number in range(150):
            of = phone.random.choice(first)
            phone.finish(submission_id=of["submission_id"], parent_revision_id=of["revision_id"], title=str(number))
            if number % 3 == 0:
                phone.flush()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    drain([phone], 30)
    errors = sum(one >= 500 for one in phone.statuses)
    odd = [one for one in outcomes if "." not in one and one != "decided"]
    numbers = station.rows("SELECT submission_id, count(*) AS n, max(number) AS last FROM review_events GROUP BY submission_id")
    measured(
        "SV-10",
        decisions=outcomes.count("decided"),
        refused=len(outcomes) - outcomes.count("decided") - len(odd),
        errors=errors + len(odd),
    )
    assert errors == 0
    assert odd == []
    assert all(row["n"] == row["last"] for row in numbers), "every event has its own number"
    assert ledger.check(station) == Verdict()


@pytest.mark.sqlite_only
@pytest.mark.patience
def test_a_form_that_takes_minutes_to_arrive_is_taken(station: Station, world: World, ledger: Ledger, measured):
    """SV-14: 200 kB over 130 s, longer than a silent worker would live, in `make patience` the largest piece that is taken over ten minutes; others are answered meanwhile."""
    seconds = patience(130, 600)
    station.start()
    phone = LightPhone(world.people["amina"], station.port, ledger)
    phone.finish(photos=1, photo_bytes=patience(200_000, 262_144))
    assert phone._texts() is None
    held = next(iter(phone.held.values()))
    sha, content = next(iter(held.files.items()))
    path = f"/api/sync/att/{held.item['submission_id']}/{sha}"
    with socket.create_connection(("127.0.0.1", station.port), seconds) as slow:
        head = (
            f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Device {phone.credential}\r\nX-Sync-Proto: 1\r\n"
            f"Upload-Offset: 0\r\nX-Chunk-Sha256: {sha}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        slow.sendall(head.encode())
        others = 0
        piece = len(content) // seconds + 1
        for at in range(0, len(content), piece):
            slow.sendall(content[at : at + piece])
            time.sleep(1)
            other = LightPhone(world.people["fatima"], station.port, ledger)
            other.finish()
            others += other.flush()
        answer = slow.recv(1000)
    measured(
        "SV-14",
        completed=int(answer.startswith(b"HTTP/1.1 204")),
        kilobytes=len(content) // 1000,
        seconds=seconds,
        others_meanwhile=others,
    )
    assert answer.startswith(b"HTTP/1.1 204"), answer
    phone.flush()
    assert ledger.check(station) == Verdict()


def test_a_server_whose_clock_goes_back_an_hour_keeps_order_and_sessions(
    station: Station, world: World, ledger: Ledger, measured
):
    """SV-16: numbers rise, the chain of the audit holds, who was signed in stays so."""
    amina = world.people["amina"]
    cookie = amina.client.get_cookie("session")
    assert cookie
    phone = LightPhone(amina, station.port, ledger)
    station.start()
    for _ in range(5):
        phone.finish()
    assert phone.flush()
    before = phone.high_water
    station.stop()
    station.before = ["faketime", "-f", "-1h"]
    station.start()
    phone.hang_up()
    for _ in range(5):
        phone.finish()
    assert phone.flush()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", station.port, timeout=10)) as connection:
        connection.request("GET", "/api/field/me", headers={"Cookie": f"session={cookie.value}", "X-Sync-Proto": "1"})
        answer = connection.getresponse()
        answer.read()
    verdict = ledger.check(station)
    measured("SV-16", broken_links=verdict.broken_chain, session_status=answer.status)
    assert phone.high_water > before
    assert answer.status == 200
    assert verdict == Verdict()


def test_half_a_photo_waits_for_its_other_half_however_late(station: Station, world: World, ledger: Ledger, measured):
    """SV-12: nothing sweeps what a phone may still continue: half today, the rest after a restart three months later."""
    phone = LightPhone(world.people["amina"], station.port, ledger)
    station.start()
    phone.finish(photos=1, photo_bytes=40_000)
    phone._texts()
    held = next(iter(phone.held.values()))
    sha, content = next(iter(held.files.items()))
    path = f"/api/sync/att/{held.item['submission_id']}/{sha}"
    from tests.faults.station import sha256

    half = content[:16_000]
    assert phone.ask("PATCH", path, half, {"Upload-Offset": "0", "X-Chunk-Sha256": sha256(half)}).status == 204
    station.stop()
    phone.hang_up()
    station.before = ["faketime", "-f", "+90d"]
    station.start()
    offset = int(phone.ask("HEAD", path).headers["upload-offset"])
    assert phone.flush()
    measured("SV-12", swept=0 if offset == 16_000 else 1)
    assert offset == 16_000
    assert ledger.check(station) == Verdict()
