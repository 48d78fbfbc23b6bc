"""Notices to other systems: none is lost when a process dies (I-8), and none opens an inner network."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from flask import Flask

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.problems import Problem
from app.hooks import operations, sending
from app.hooks.addresses import Rules
from app.hooks.models import EVENTS, Hook, HookDelivery
from tests.conftest import Someone, World, count, settle, settle_to_write
from tests.faults.ledger import Ledger, Verdict
from tests.faults.light import LightPhone, drain
from tests.faults.station import Station
from tests.hooks.receiver import Canary, Heard, Receiver

KILLS = 12


def a_hook(world: World, url: str) -> str:
    """As an earlier server may have stored it: unchecked."""
    settle_to_write()
    hook = Hook(programme_id=world.programme.id, created_at=utcnow(), is_on=True, failures=0)
    hook.id, hook.url = operations.new_id(), url
    hook.secret, hook.events = operations.new_secret(), " ".join(EVENTS)
    db.session.add(hook)
    db.session.commit()
    return hook.id


def until(done, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_kill_between_telling_and_marking_tells_again_under_the_same_id(
    station: Station, world: World, amina: Someone, ledger: Ledger, seed, measured
):
    """SV-13: the whole server is killed while the receiver holds a notice, or just after it answered. 12 times on each store."""
    chance = random.Random(seed)
    station.settings |= {"DAFTAR_HOOKS_NETWORKS": "127.0.0.1/32", "DAFTAR_HOOKS_HTTP": "1", "DAFTAR_HOOKS_TIMEOUT_S": "0.5"}
    armed, killed = threading.Event(), threading.Event()
    victims: list[str] = []

    def kill(after_s: float = 0) -> None:
        time.sleep(after_s)
        station.kill()
        killed.set()

    def answer(heard: Heard) -> int:
        if armed.is_set() and chance.random() < 0.5:
            armed.clear()
            victims.append(heard.headers["webhook-id"])
            if len(victims) % 2:
                kill()
            else:
                threading.Thread(target=kill, args=(chance.uniform(0, 0.004),), daemon=True).start()
        return 204

    with Receiver(answer) as receiver:
        a_hook(world, receiver.url)
        station.start()
        phone = LightPhone(amina, station.port, ledger)
        for _ in range(KILLS):
            for _ in range(4):
                phone.finish()
            drain([phone], 30)
            killed.clear()
            armed.set()
            while not killed.wait(0.5):
                phone.finish()
                phone.flush()
            station.start()
            phone.hang_up()
        drain([phone], 60)
        until(lambda: station.value("SELECT count(*) FROM hook_deliveries WHERE state = 'waiting'") == 0, 60)
    told = Counter(receiver.ids())
    rows = station.rows(
        "SELECT d.id, d.submission_id, s.id AS stored FROM submissions s LEFT JOIN hook_deliveries d ON d.submission_id = s.id"
    )
    lost = sum(row["id"] not in told for row in rows)
    bodies = {(one.headers["webhook-id"], one.body) for one in receiver.heard}
    twice = [told[one] for one in victims[::2]]  # killed before they were answered: surely not marked
    measured("SV-13", kills=KILLS, notices=len(rows), told_again=told.total() - len(told), lost=lost)
    assert lost == 0
    assert len(rows) == len(told) == len(bodies)
    assert min(twice) >= 2
    assert ledger.check(station) == Verdict()


@pytest.fixture
def canary() -> Iterator[Canary]:
    made = Canary()
    yield made
    made.close()


def test_no_address_leads_into_an_inner_network(
    app: Flask,
    station: Station,
    world: World,
    amina: Someone,
    admin: Someone,
    ledger: Ledger,
    canary: Canary,
    measured,
    monkeypatch,
):
    """AS-19: refused when it is saved, and when it is stored already, at each delivery; what answers leads nowhere else."""
    own = socket.gethostbyname(socket.gethostname())
    hosts = [
        "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433", "0x7f000001", "017700000001",
        "127.1", "0x7f.1", "0.0.0.0", "[::]", "localhost.", own, "169.254.169.254", "user@127.0.0.1",
    ]  # fmt: skip
    addresses = [f"{scheme}://{host}:{canary.port}/" for host in hosts for scheme in ("http", "https")]
    saved = 0
    app.config["HOOKS_HTTP"] = True
    for url in addresses:
        saved += (
            admin.client.post(f"/programmes/{world.programme.id}/hooks", data={"url": url, "events": "received"}).status_code
            != 422
        )
        saved += app.test_cli_runner().invoke(args=["hooks", "add", "boulemane", url]).exit_code == 0
    assert (saved, count(Hook)) == (0, 0)

    for url in addresses:
        a_hook(world, url)
    station.settings |= {"DAFTAR_HOOKS_HTTP": "1", "DAFTAR_HOOKS_TIMEOUT_S": "1"}
    station.start()
    phone = LightPhone(amina, station.port, ledger)
    phone.finish()
    drain([phone], 20)
    tried = "SELECT count(*) FROM hook_deliveries WHERE attempts > 0"
    until(lambda: station.value(tried) == len(addresses), 60)
    troubles = Counter(row["trouble"] for row in station.rows("SELECT trouble FROM hook_deliveries"))
    assert troubles.keys() <= {"refused", "unknown_host"}  # not every machine knows "localhost."
    assert troubles["refused"] >= len(addresses) - 2
    station.stop()

    # Redirects, and a name that means something else by the time it is used.
    begin_writing()
    db.session.query(HookDelivery).delete()
    db.session.query(Hook).delete()
    db.session.commit()
    allowed = Rules((ip_network("127.0.0.2/32"),), allows_http=True)
    app.config.update(HOOKS_NETWORKS=allowed.networks, HOOKS_TIMEOUT_S=1.0)
    location = {"Location": f"http://127.0.0.1:{canary.port}/"}
    kinds = iter([301, 302, 303, 307, 308])
    moved = [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["::1"]]
    means = {"hooks.example": [["127.0.0.2"]]}
    real = socket.getaddrinfo

    def look_up(host, port, *args, **how):
        if host not in means:
            return real(host, port, *args, **how)
        answers = means[host].pop(0) if len(means[host]) > 1 else means[host][0]
        return [found for one in answers for found in real(one, port, *args, **how)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    def tell() -> str | int | None:
        begin_writing()
        hook = db.session.get_one(Hook, hook_id)
        operations.test(None, hook, "boulemane", now=utcnow())
        db.session.commit()
        sending.tell_some(hook_id, now=utcnow)
        last = db.session.query(HookDelivery).order_by(HookDelivery.created_at.desc(), HookDelivery.id.desc()).first()
        assert last is not None
        return last.trouble or last.status

    with Receiver(lambda heard: (next(kinds, 204), location, b""), "127.0.0.2") as receiver:
        url = f"http://hooks.example:{receiver.port}/"
        checked = operations.check(url, ["received"], "", rules=allowed)
        begin_writing()
        hook_id = operations.create(None, world.programme, checked, now=utcnow()).id
        db.session.commit()
        redirects = [tell() for _ in range(5)]
        assert redirects == [301, 302, 303, 307, 308]
        url = f"http://hooks.example:{canary.port}/"
        db.session.get_one(Hook, hook_id).url = url
        settle()
        for answers in moved:
            means["hooks.example"] = [answers]
            assert tell() == "refused"
            with pytest.raises(Problem):
                operations.check(url, ["received"], "", rules=allowed)
        db.session.get_one(Hook, hook_id).url = f"http://hooks.example:{receiver.port}/"
        settle()
        # Between check and use: a second look-up would go to the canary's address.
        means["hooks.example"] = [["127.0.0.2"], ["127.0.0.1"]]
        heard = len(receiver.heard)
        assert tell() == 204
        assert len(receiver.heard) == heard + 1
        assert means["hooks.example"] == [["127.0.0.1"]]
    reached = canary.connections
    measured(
        "AS-19", addresses=len(addresses), redirects=len(redirects), changed_names=len(moved) + 1, saved=saved, reached=reached
    )
    assert reached == 0

    app.config["HOOKS_NETWORKS"] = (ip_network("127.0.0.0/8"),)
    db.session.get_one(Hook, hook_id).url = f"http://127.0.0.1:{canary.port}/"
    settle()
    assert tell() == 200
    assert canary.connections == 1, "it could have been reached"
