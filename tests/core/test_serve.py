"""The server of `make run`, killed and stopped in the middle of a storm: what it acknowledged is stored (I-9, SV-01, SV-15)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
import urllib.request

import pytest
import sqlalchemy as sa

from app.core import audit
from app.core.db import db
from app.submissions.models import Revision, Submission
from tests.conftest import LiveServer, Someone, item_of


def storm(server: LiveServer, amina: Someone, stop_with: int) -> set[str]:
    """Eight phones push while the server is stopped; the revisions whose receipts they hold."""
    port = int(server.url.rsplit(":", 1)[1])
    headers = amina.delivering | {"Content-Type": "application/json"}
    bodies = [json.dumps({"proto": 1, "items": [item_of(amina.envelope())]}).encode() for _ in range(800)]
    todo, lock, acknowledged = iter(bodies), threading.Lock(), set()

    def phone() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while True:
            with lock:
                body = next(todo, None)
            if body is None:
                return
            try:
                connection.request("POST", "/api/sync/push", body, headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 200:
                results = json.loads(content)["results"]
                acknowledged.update(one["receipt"]["revision_id"] for one in results if one["result"] == "accepted")

    threads = [threading.Thread(target=phone) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while len(acknowledged) < 40 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(server.process.pid, stop_with)
    for thread in threads:
        thread.join()
    server.process.wait(40)
    return acknowledged


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_acknowledged_is_stored_however_the_server_ends(live_server: LiveServer, amina: Someone, how: int):
    acknowledged = storm(live_server, amina, how)
    db.session.rollback()
    stored = set(db.session.scalars(sa.select(Revision.id)))
    assert acknowledged
    assert acknowledged <= stored
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Submission)) == len(stored)
    assert audit.first_broken_entry() is None
    if db.engine.dialect.name == "sqlite":
        assert db.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"


@pytest.mark.sqlite_only
def test_the_server_checks_what_arrives_and_takes_its_checker_along_when_it_stops(live_server: LiveServer, amina: Someone):
    envelope = amina.deliver()
    deadline = time.monotonic() + 20
    while db.session.get(Revision, envelope["revision_id"]).check_state == "waiting":
        assert time.monotonic() < deadline
        time.sleep(0.2)
        db.session.rollback()
    children = [line.split()[0] for line in os.popen(f"ps -o pid= --ppid {live_server.process.pid}")]
    assert len(children) >= 2
    live_server.process.terminate()
    live_server.process.wait(40)
    deadline = time.monotonic() + 10
    while left := [child for child in children if os.path.exists(f"/proc/{child}/exe")]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.sqlite_only
def test_the_field_page_and_the_office_answer(live_server: LiveServer):
    with urllib.request.urlopen(live_server.url + "/field/") as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    with urllib.request.urlopen(live_server.url + "/") as answer:
        assert answer.url.endswith("/sign-in?next=/") or "/sign-in" in answer.url


@pytest.mark.sqlite_only
def test_a_delivery_on_its_way_finishes_when_the_server_is_told_to_stop(live_server: LiveServer, amina: Someone):  # SV-15
    body = json.dumps({"proto": 1, "items": [item_of(amina.envelope())]}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", int(live_server.url.rsplit(":", 1)[1]), timeout=20)
    connection.putrequest("POST", "/api/sync/push")
    for name, value in (amina.delivering | {"Content-Type": "application/json", "Content-Length": str(len(body))}).items():
        connection.putheader(name, value)
    connection.endheaders(body[: len(body) // 2])
    time.sleep(0.5)
    live_server.process.terminate()
    time.sleep(0.5)
    connection.send(body[len(body) // 2 :])
    answer = connection.getresponse()
    assert json.loads(answer.read())["results"][0]["result"] == "accepted"
    live_server.process.wait(40)


@pytest.mark.sqlite_only
def test_no_process_is_left_when_the_server_is_killed_alone(live_server: LiveServer):
    children = [line.split()[0] for line in os.popen(f"ps -o pid= --ppid {live_server.process.pid}")]
    assert len(children) >= 2
    live_server.process.kill()
    deadline = time.monotonic() + 20
    while left := [child for child in children if os.path.exists(f"/proc/{child}/exe")]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
