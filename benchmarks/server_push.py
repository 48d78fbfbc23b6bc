#!/usr/bin/env python3
"""How many submissions a second the server takes: 118 questions, 7.5 kB each, 8 keep-alive connections, durable commits.

    python benchmarks/server_push.py                          SQLite, empty and with 100,000 stored
    python benchmarks/server_push.py --stored 0 --seconds 5
    python benchmarks/server_push.py --database postgresql://user@/empty_database

Starts the server of `make run` on a temporary instance and loads it from this machine, so that the driver's own cost is in
the figures. Every answer is read and every submission must be accepted. For comparison, ODK Central's backend on the same
kind of machine and submissions took 284 a second when empty and 119 with 76,000 stored.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
CONNECTIONS = 8
CREDENTIAL = "benchmark-credential"
TITLES = ["تعاونية تيفاوين", "تعاونية الأمل", "تعاونية أركان الجنوب", "تعاونية النسيج الأطلسي"]
TEXTS = [
    "التعاونية تحتاج إلى دعم في مجال التسويق",
    "Renforcement de la gouvernance et de la comptabilité",
    "تم عقد الجمع العام العادي في الأجل مع محضر موقع",
]


def prepare(url: str, instance: Path) -> dict[str, str]:
    """A programme, a form and one enrolled phone in a migrated database."""
    import flask_migrate

    from app import create_app
    from app.accounts.credentials import hashed
    from app.accounts.models import Device, Membership, Person
    from app.core.db import db
    from app.core.ids import new_id
    from app.instruments.models import Instrument, InstrumentVersion
    from app.registry.models import Organisation, Programme

    app = create_app({"INSTANCE": instance, "SQLALCHEMY_DATABASE_URI": url, "SECRET_KEY": "benchmark"})
    now = datetime.now(UTC)
    ids = {name: new_id() for name in ("programme", "organisation", "person", "device", "instrument", "version")}
    with app.app_context():
        flask_migrate.upgrade(str(ROOT / "migrations"))
        db.session.add(Programme(id=ids["programme"], code="benchmark", name={"fr": "Mesure"}, consent={}, created_at=now))
        db.session.flush()
        db.session.add(Organisation(id=ids["organisation"], programme_id=ids["programme"], code="a", name={"fr": "A"}))
        db.session.add(Person(id=ids["person"], username="bench", name={"fr": "B"}, password_hash="", created_at=now))
        db.session.add(Instrument(id=ids["instrument"], programme_id=ids["programme"], form_id="diag", title={}))
        db.session.flush()
        db.session.add(
            Membership(
                id=new_id(),
                person_id=ids["person"],
                programme_id=ids["programme"],
                role="facilitator",
                organisation_id=ids["organisation"],
                territories=[],
            )
        )
        db.session.add(
            Device(id=ids["device"], person_id=ids["person"], secret_hash=hashed(CREDENTIAL), created_at=now, report={})
        )
        db.session.add(
            InstrumentVersion(
                id=ids["version"],
                instrument_id=ids["instrument"],
                version="1",
                sha256="0" * 64,
                package=json.dumps(package()),
                source_name="",
                source=b"",
                xform="",
                published_at=now,
                seq=1,
            )
        )
        db.session.commit()
        db.engine.dispose()
    return ids


def answers(r: random.Random) -> dict[str, Any]:
    """118 questions in 11 groups, the kinds of a cooperative's diagnostic."""
    found: dict[str, Any] = {}
    for n in range(118):
        kind = n % 6
        value = (
            r.choice(["yes", "no"])
            if kind == 0
            else str(r.randint(0, 250_000))
            if kind == 1
            else r.choice(["local gros collecteur", "export usine", "tracteur camion froid"])
            if kind == 2
            else r.choice(TEXTS)
            if kind in (3, 5)
            else f"202{r.randint(0, 6)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"
        )
        found.setdefault(f"grp_{n // 11:02d}", {})[f"question_{n:03d}_{'abcdefghij'[n % 10]}"] = value
    return found


def package() -> dict[str, Any]:
    """The form of these answers, so that computing them again beside the server is part of the measure."""
    nodes: list[dict[str, Any]] = [{"i": 0, "kind": "group", "name": "data", "type": "group", "row": 1}]
    for name, questions in answers(random.Random(0)).items():
        group = len(nodes)
        nodes.append({"i": group, "parent": 0, "kind": "group", "name": name, "type": "group", "row": group + 1})
        for question in questions:
            i = len(nodes)
            nodes.append({"i": i, "parent": group, "kind": "question", "name": question, "type": "text", "row": i + 1})
    head = {"format": 1, "form_id": "diag", "version": "1", "title": {"fr": "Mesure"}, "languages": ["ar", "fr"]}
    return head | {"nodes": nodes, "expressions": [], "lists": {}, "datasets": {}, "entities": [], "order": []}


def item(ids: dict[str, str], r: random.Random) -> dict[str, str]:
    from app.core.ids import new_id

    envelope = {
        "proto": 1,
        "submission_id": new_id(),
        "revision_id": new_id(),
        "parent_revision_id": None,
        "programme_id": ids["programme"],
        "form_id": "diag",
        "form_version": "1",
        "form_sha256": "0" * 64,
        "author_id": ids["person"],
        "device_id": ids["device"],
        "title": r.choice(TITLES),
        "subject": None,
        "territory": "05.271.01.03",
        "answers": answers(r),
        "entities": [],
        "attachments": [],
        "t_started": "2026-11-21T16:20:00.000+01:00",
        "t_client": "2026-11-21T18:42:10.123+01:00",
        "tz": "Africa/Casablanca",
        "monotonic": r.randint(0, 10**9),
        "clock_offset_last_seen": -1200,
        "language": "ar",
        "app_version": "benchmark",
    }
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    return {
        "submission_id": str(envelope["submission_id"]),
        "revision_id": str(envelope["revision_id"]),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "encryption": "none",
        "envelope": text,
    }


def requests(ids: dict[str, str], count: int, batch: int, seed: int) -> list[bytes]:
    """The bytes of whole HTTP requests, made before the clock starts."""
    r = random.Random(seed)
    made = []
    for _ in range(count):
        value = {"proto": 1, "device_id": ids["device"], "items": [item(ids, r) for _ in range(batch)]}
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        head = (
            "POST /api/sync/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Sync-Proto: 1\r\n"
            f"Authorization: Device {CREDENTIAL}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def read_answer(connection: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
    while b"\r\n\r\n" not in rest:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection")
        rest += more
    head, _, rest = rest.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
    while len(rest) < length:
        rest += connection.recv(65536)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode() + rest.decode())
    return rest[:length], rest[length:]


def load(port: int, prepared: list[bytes], batch: int) -> tuple[float, list[float]]:
    """Send everything over 8 connections; seconds taken and each request's latency."""
    todo = iter(prepared)
    lock, latencies, errors = threading.Lock(), [], []

    def run() -> None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                rest = b""
                while True:
                    with lock:
                        content = next(todo, None)
                    if content is None:
                        return
                    start = time.perf_counter()
                    connection.sendall(content)
                    answer, rest = read_answer(connection, rest)
                    latencies.append(time.perf_counter() - start)
                    if answer.count(b'"result":"accepted"') != batch:
                        raise RuntimeError(answer.decode()[:500])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return time.perf_counter() - start, sorted(latencies)


TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(group: int) -> float:
    """CPU seconds of the processes of a process group so far."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def cpu_of_all() -> float:
    """CPU seconds that the whole machine has spent on anything."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICK


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite if left out")
    parser.add_argument("--stored", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8, help="about how long each figure is measured")
    parser.add_argument("--folder", help="where the instance lies; its disk is what is measured")
    parser.add_argument(
        "--serve", default=f"{sys.executable} -m app.serve", help="another command that honours the same settings"
    )
    options = parser.parse_args()
    instance = Path(tempfile.mkdtemp(prefix="daftar-bench-", dir=options.folder))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"DAFTAR_INSTANCE": str(instance), "PORT": str(port), "DAFTAR_DEMO": "0"}
    if options.database:
        environment["DATABASE_URL"] = options.database
    os.environ.update({key: environment[key] for key in ("DAFTAR_INSTANCE", "DATABASE_URL") if key in environment})
    import config

    ids = prepare(str(config.from_environment()["SQLALCHEMY_DATABASE_URI"]), instance)
    server = subprocess.Popen(options.serve.split(), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    seed = iter(range(1, 10**9))
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        size = len(item(ids, random.Random(0))["envelope"].encode())
        print(f"envelope {size} bytes, {CONNECTIONS} connections, {options.database.split(':')[0] or 'SQLite'}")
        print("others: CPU of everything but server and driver, in cores; where it is not small, the figures are worth nothing")
        print(f"{'stored':>9} {'batch':>6} {'items/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'server ms/item':>15} {'others':>7}")
        load(port, requests(ids, 200, 1, next(seed)), 1)
        stored = 200
        for fill in (0, options.stored) if options.stored else (0,):
            while stored < fill:
                prepared = requests(ids, min(250, -(-(fill - stored) // 20)), 20, next(seed))
                load(port, prepared, 20)
                stored += len(prepared) * 20
            for batch, rate in ((1, 1500), (20, 4000)):
                prepared = requests(ids, max(8, int(rate * options.seconds / batch)), batch, next(seed))
                before = stored
                server_cpu, own_cpu, all_cpu = cpu_of(server.pid), time.process_time(), cpu_of_all()
                seconds, latencies = load(port, prepared, batch)
                stored += len(prepared) * batch
                server_cpu = cpu_of(server.pid) - server_cpu
                others = (cpu_of_all() - all_cpu - server_cpu - (time.process_time() - own_cpu)) / seconds
                print(
                    f"{before:9} {batch:6} {len(prepared) * batch / seconds:9.0f} {latencies[len(latencies) // 2] * 1e3:8.1f} "
                    f"{latencies[int(len(latencies) * 0.99)] * 1e3:8.1f} "
                    f"{server_cpu / (len(prepared) * batch) * 1e3:15.3f} {others:7.2f}",
                    flush=True,
                )
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        shutil.rmtree(instance, ignore_errors=True)


if __name__ == "__main__":
    main()
