"""Shared parts of the tests: both stores, named people, envelopes, and a server for browsers.

`app` and whatever uses it runs twice: on SQLite and on a PostgreSQL server that the session starts for itself. Mark a test
`@pytest.mark.sqlite_only` when the store does not matter to it.

Amina and Fatima are facilitators of two organisations, Khadija coordinates Amina's, Said supervises the programme, admin
may do everything.
"""

from __future__ import annotations

import contextlib
import contextvars
import gc
import hashlib
import json
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Playwright, sync_playwright
from werkzeug.routing import Rule
from werkzeug.serving import make_server

from app import create_app
from app.accounts import operations as accounts
from app.accounts.credentials import hashed
from app.accounts.models import Device, Membership, Person
from app.core.db import begin_writing, db, next_seq
from app.core.ids import new_id
from app.instruments.models import Instrument, InstrumentVersion
from app.registry.models import Organisation, Programme
from app.sync import delivery

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
PASSWORD = "zitoun-argan-7"
PASSWORD_HASH = accounts.hasher.hash(PASSWORD)
ROOM_IN_MEMORY_BYTES = 4 * 1024**3


def pytest_configure(config: pytest.Config) -> None:
    if not any("faults" in argument for argument in config.args):
        _work_in_memory()
    _compile_addresses_once()
    # Each test leaves an application behind; looking through them all the time took a fifth of the suite.
    gc.set_threshold(100_000, 50, 100)
    config.addinivalue_line("markers", "sqlite_only: the store does not matter to this test")
    config.addinivalue_line("markers", "browser: drives a real Chromium")
    config.addinivalue_line("markers", "patience: only lasts; as long as specified in `make patience`")


def _work_in_memory() -> None:
    """Databases, profiles of browsers and files of tests lie in memory where it has room: nothing here outlives a power cut.

    What does, and how often it is flushed, is tried by tests/faults, on the disk.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_IN_MEMORY_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
        tempfile.tempdir = str(memory)


def _compile_addresses_once() -> None:
    """Each test has an application of its own, and werkzeug writes and compiles two functions for each of its addresses: most of
    what an application costs. They depend on the address alone."""
    compile_builder, known = Rule._compile_builder, {}

    def remembered(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), tuple(sorted((rule.defaults or {}).items())), append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    Rule._compile_builder = remembered  # type: ignore[method-assign]


# Files that take longest, the longest first. Workers take whole files: one that is begun late ends alone.
LONGEST = (
    *("e2e/test_visit", "form/test_every", "form/test_filling", "pages/test_pin", "phone/test_vault", "phone/test_store"),
    *("phone/test_sync", "phone/test_shell", "pages/test_pages", "form/test_instruments", "form/test_kinds", "e2e/test_loop"),
    *("core/test_serve", "phone/test_odd_orders", "phone/test_updates", "engine/test_in_step", "indicators/test_in_step"),
    *("fuzz/test_slice", "instruments/test_trial", "clients/test_old_clients", "packs/test_five", "form/test_matrix"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those with a browser, then the rest. (xdist would begin with those of most tests:
    --no-loadscope-reorder in the Makefile.)"""
    places = {f"tests/{name}.py": place for place, name in enumerate(LONGEST)}

    def place(item: pytest.Item) -> tuple[int, bool]:
        return places.get(item.nodeid.partition("::")[0], len(places)), item.get_closest_marker("browser") is None

    items.sort(key=place)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of browsers: a process cannot hold two."""
    with sync_playwright() as playwright:
        yield playwright


# Stores


KEPT = ("alembic_version", "sequence", "settings")  # tables whose rows are not all of the test before
START_EMPTYING = (
    "SET lock_timeout = '2s'",
    "SET session_replication_role = replica",  # in any order, foreign keys or not
    "UPDATE sequence SET value = 0",
    "DELETE FROM settings WHERE name NOT IN ('epoch', 'backup_seq')",
    "UPDATE settings SET value = left(md5(random()::text), 16) WHERE name = 'epoch'",
    "UPDATE settings SET value = '0' WHERE name = 'backup_seq'",
)


@dataclass
class PostgreSQL:
    """A throw-away server on a Unix socket, with fsync on as in production."""

    folder: Path
    port: int
    made: int = 0
    used: str | None = None
    emptying: str = ""  # statements, once the tables are known
    process: subprocess.Popen[bytes] | None = None

    @property
    def binaries(self) -> Path:
        return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))

    def start(self) -> None:
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.folder}",
            "max_connections=60",
            "shared_buffers=64MB",
            "max_wal_size=64MB",
        ]
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += [part for one in settings for part in ("-c", one)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **_as_postgres())
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                self.execute("SELECT 1")
                return
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.05)

    def stop(self, how: int) -> None:
        """SIGQUIT: at once, as a crash; SIGINT: in order."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(20)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}&port={self.port}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def empty(self, template: str) -> str:
        """A database as the template: the one of the test before, emptied, which is faster than a new one."""
        if self.used is None:
            self.used = self.fresh(template)
            return self.used
        try:
            with psycopg.connect(f"host={self.folder} port={self.port} user=postgres dbname={self.used}") as connection:
                if not self.emptying:
                    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
                    self.emptying = ";".join(
                        [*START_EMPTYING, *(f'DELETE FROM "{name}"' for (name,) in tables if name not in KEPT)]
                    )
                connection.execute(self.emptying)  # type: ignore[call-overload]
        except psycopg.Error:  # something of the last test still holds it
            self.used = self.fresh(template)
        return self.used

    def fresh(self, template: str | None = None) -> str:
        self.made += 1
        name = f"d{self.made}_{os.getpid()}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return name


def _as_postgres() -> dict[str, Any]:
    """The server refuses to run as root: then it runs as the package's own user."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    who = _as_postgres()
    folder = Path(tempfile.mkdtemp(prefix="daftar-pg-"))
    if who:
        os.chown(folder, who["user"], who["group"])
    server = PostgreSQL(folder, 5432)
    initdb = [server.binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]
    subprocess.run([*initdb, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **who)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _upgrade(app: Flask) -> None:
    import flask_migrate

    with app.app_context():
        flask_migrate.upgrade(str(ROOT / "migrations"))
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, copied for each test."""
    folder = tmp_path_factory.mktemp("sqlite")
    file = folder / "template.db"
    app = create_app(settings(folder, f"sqlite:///{file}"))
    _upgrade(app)
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = postgresql.fresh()
    app = create_app(settings(tmp_path_factory.mktemp("postgresql"), postgresql.url(name)))
    _upgrade(app)
    return name


def settings(folder: Path, url: str) -> dict[str, Any]:
    return {
        "TESTING": True,
        "INSTANCE": folder,
        "ATTACHMENTS": folder / "attachments",
        "SECRET_KEY": "tests",
        "SQLALCHEMY_DATABASE_URI": url,
        "WTF_CSRF_ENABLED": False,
        "DEMO": False,
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("sqlite_only")
        metafunc.parametrize("store", ["sqlite"] if only else ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a migrated, empty database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "daftar.db")
        yield f"sqlite:///{tmp_path / 'daftar.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = server.empty(request.getfixturevalue("postgresql_template"))
    yield server.url(name)


def settle() -> None:
    """Commit what the test wrote, so that others see it and can write."""
    if has_app_context():
        db.session.commit()


def settle_to_write() -> None:
    """The same where a server runs beside, and begin as one who will write: SQLite refuses who has only read before."""
    settle()
    begin_writing()


class Browser(FlaskClient):
    """Each request in a context of its own, as on a server; what the test wrote before is committed for it to see."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        settle()
        answer = contextvars.Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()
        return answer


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Each test has an application of its own; templates are compiled once."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(store: str, tmp_path: Path, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The application on an empty database, inside an application context."""
    app = create_app(settings(tmp_path, store))
    app.jinja_env.bytecode_cache = compiled_templates
    app.test_client_class = Browser
    with app.app_context():
        yield app
        db.session.remove()
        delivery.of(app).forget_connection()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser nobody is signed in to."""
    return app.test_client()


# People


@dataclass
class Someone:
    """A person of the tests: `client` is her browser, `push` her phone."""

    app: Flask
    id: str
    username: str
    programme_id: str
    organisation_id: str | None = None
    password: str = PASSWORD
    _client: FlaskClient | None = None
    _device: tuple[str, str] | None = None

    @property
    def client(self) -> FlaskClient:
        """A browser in which she is signed in."""
        if self._client is None:
            self._client = self.app.test_client()
            settle()
            with self.app.app_context():
                begin_writing()
                person = db.session.get(Person, self.id)
                assert person is not None
                token = accounts.start_session(person, now=datetime.now(UTC), days=30)
                db.session.commit()
            self._client.set_cookie("session", token)
        return self._client

    @property
    def device_id(self) -> str:
        return self._enrolled()[0]

    @property
    def credential(self) -> str:
        return self._enrolled()[1]

    def _enrolled(self) -> tuple[str, str]:
        if self._device is None:
            self._device = (new_id(), f"credential-of-{self.username}-{new_id()}")
            settle()
            with self.app.app_context():
                secret = hashed(self._device[1])
                db.session.add(
                    Device(id=self._device[0], person_id=self.id, label="Tecno", secret_hash=secret, created_at=NOW, report={})
                )
                db.session.commit()
        return self._device

    @property
    def delivering(self) -> dict[str, str]:
        """Headers of a phone that delivers."""
        return {"Authorization": f"Device {self.credential}", "X-Sync-Proto": "1"}

    @property
    def actor(self) -> Any:
        person = db.session.get(Person, self.id)
        assert person is not None
        return accounts.actor_of(person)

    def envelope(self, **changes: Any) -> dict[str, Any]:
        """A finished submission as this person's phone freezes it; `changes` replace single members."""
        return {
            "proto": 1,
            "submission_id": new_id(),
            "revision_id": new_id(),
            "parent_revision_id": None,
            "programme_id": self.programme_id,
            "form_id": "diag",
            "form_version": "2026112101",
            "form_sha256": PACKAGE_SHA256,
            "author_id": self.id,
            "device_id": self.device_id,
            "title": "تعاونية تيفاوين",
            "subject": None,
            "territory": "05.271.01.03",
            "answers": {"grp_id": {"coop_name_ar": "تعاونية تيفاوين"}, "grp_fig": {"k_ca": "118000"}},
            "entities": [],
            "attachments": [],
            "t_started": "2026-11-21T16:20:00.000+01:00",
            "t_client": "2026-11-21T18:42:10.123+01:00",
            "tz": "Africa/Casablanca",
            "monotonic": 123456,
            "clock_offset_last_seen": None,
            "language": "ar",
            "app_version": "test",
        } | changes

    def push(self, *envelopes: dict[str, Any] | str, **body: Any) -> Any:
        """Deliver; the answer of the server. An envelope is a dict, or its text."""
        items = [item_of(envelope) for envelope in envelopes]
        sent = {"proto": 1, "device_id": self.device_id, "epoch_seen": None, "high_water_seen": 0, "items": items} | body
        return self.app.test_client().post("/api/sync/push", json=sent, headers=self.delivering)

    def deliver(self, **changes: Any) -> dict[str, Any]:
        """Push one new submission, which must be accepted; its envelope."""
        envelope = self.envelope(**changes)
        response = self.push(envelope)
        assert response.status_code == 200, response.text
        assert response.json["results"][0]["result"] == "accepted", response.json
        return envelope


def item_of(envelope: dict[str, Any] | str) -> dict[str, Any]:
    """An item of a push: the envelope's text beside its ids and hash."""
    text = envelope if isinstance(envelope, str) else json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    ids = json.loads(text) if isinstance(envelope, str) else envelope
    return {
        "submission_id": ids["submission_id"],
        "revision_id": ids["revision_id"],
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "encryption": "none",
        "envelope": text,
    }


@dataclass
class World:
    programme: Programme
    al_amal: Organisation
    al_hadaf: Organisation
    instrument: InstrumentVersion  # "diag", with a handful of questions
    people: dict[str, Someone] = field(default_factory=dict)


def _node(i: int, parent: int, kind: str, name: str, type: str, **more: Any) -> dict[str, Any]:
    return {"i": i, "parent": parent, "kind": kind, "name": name, "type": type, "row": i + 1} | more


PACKAGE: dict[str, Any] = {
    "format": 1,
    "form_id": "diag",
    "version": "2026112101",
    "title": {"ar": "تشخيص التعاونية", "fr": "Diagnostic de la coopérative"},
    "languages": ["ar", "fr"],
    "nodes": [
        {"i": 0, "kind": "group", "name": "data", "type": "group"},
        _node(1, 0, "group", "grp_id", "group", label={"ar": "الهوية", "fr": "Identité"}),
        _node(2, 1, "question", "coop_name_ar", "text", label={"ar": "اسم التعاونية", "fr": "Nom de la coopérative"}),
        _node(3, 0, "group", "grp_fig", "group", label={"ar": "الأرقام", "fr": "Chiffres"}),
        _node(4, 3, "question", "k_ca", "decimal", label={"ar": "رقم المعاملات", "fr": "Chiffre d’affaires"}),
    ],
    "expressions": [],
    "lists": {},
    "datasets": {},
    # It may change these, and by itself changes none: nothing is created without a name.
    "entities": [{"list": name, "scope": 0, "save": []} for name in ("cooperatives", "actions")],
    "order": [],
    "uses_names": False,
}
PACKAGE_TEXT = json.dumps(PACKAGE, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
PACKAGE_SHA256 = hashlib.sha256(PACKAGE_TEXT.encode()).hexdigest()


def an_instrument(programme_id: str, form_id: str = "diag", text: str = PACKAGE_TEXT) -> InstrumentVersion:
    """A published form, put into the database as publication would."""
    instrument = Instrument(id=new_id(), programme_id=programme_id, form_id=form_id, title=PACKAGE["title"])
    version = InstrumentVersion(
        id=new_id(),
        instrument_id=instrument.id,
        version="2026112101",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        package=text,
        source_name="diag.md",
        source=b"",
        xform="",
        published_at=NOW,
        seq=next_seq(),
    )
    instrument.current_id = version.id
    db.session.add(instrument)
    db.session.flush()
    db.session.add(version)
    db.session.flush()
    return version


@pytest.fixture
def world(app: Flask) -> World:
    """The programme Boulemane, two organisations, and the five people."""
    programme = Programme(id=new_id(), code="boulemane", name={"ar": "بولمان", "fr": "Boulemane"}, consent={}, created_at=NOW)
    organisations = [
        Organisation(id=new_id(), programme_id=programme.id, code=code, name={"ar": ar, "fr": fr})
        for code, ar, fr in (("amal", "جمعية الأمل", "Association Al Amal"), ("hadaf", "جمعية الهدف", "Association Al Hadaf"))
    ]
    db.session.add(programme)
    db.session.flush()
    db.session.add_all(organisations)
    db.session.flush()
    amal, hadaf = organisations
    world = World(programme, amal, hadaf, an_instrument(programme.id))
    roles: list[tuple[str, str, str, str | None, Organisation | None]] = [
        ("amina", "أمينة", "Amina", "facilitator", amal),
        ("fatima", "فاطمة", "Fatima", "facilitator", hadaf),
        ("khadija", "خديجة", "Khadija", "coordinator", amal),
        ("said", "سعيد", "Saïd", "supervisor", None),
        ("admin", "المديرة", "Admin", None, None),
    ]
    for username, ar, fr, role, organisation in roles:
        person = Person(
            id=new_id(),
            username=username,
            name={"ar": ar, "fr": fr},
            password_hash=PASSWORD_HASH,
            is_administrator=role is None,
            created_at=NOW,
        )
        db.session.add(person)
        db.session.flush()
        if role:
            organisation_id = organisation.id if organisation else None
            db.session.add(
                Membership(
                    id=new_id(),
                    person_id=person.id,
                    programme_id=programme.id,
                    role=role,
                    organisation_id=organisation_id,
                    territories=[],
                )
            )
        world.people[username] = Someone(app, person.id, username, programme.id, organisation.id if organisation else None)
    db.session.commit()
    return world


@pytest.fixture
def amina(world: World) -> Someone:
    return world.people["amina"]


@pytest.fixture
def fatima(world: World) -> Someone:
    return world.people["fatima"]


@pytest.fixture
def khadija(world: World) -> Someone:
    return world.people["khadija"]


@pytest.fixture
def said(world: World) -> Someone:
    return world.people["said"]


@pytest.fixture
def admin(world: World) -> Someone:
    return world.people["admin"]


def assert_problem(response: Any, code: str, status: int | None = None, **details: Any) -> None:
    """The answer is this problem, in both languages, with these details."""
    assert response.content_type == "application/problem+json", response.text
    body = response.json
    assert body["code"] == code
    assert set(body["message"]) == {"ar", "fr"}
    if status is not None:
        assert response.status_code == status
    for name, value in details.items():
        assert body["details"][name] == value


# A server for browsers


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Of the application of the test, answering from a thread: a server of its own takes four seconds to start."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class LiveServer:
    url: str
    instance: Path
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def live_server(app: Flask, world: World, store: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The server of `make run` on a free port, on the same database as `app`, without demonstration data."""
    port = free_port()
    environment = os.environ | {
        "PORT": str(port),
        "DAFTAR_HOST": "127.0.0.1",
        "DAFTAR_INSTANCE": str(tmp_path),
        "DATABASE_URL": store,
        "DAFTAR_DEMO": "0",
        "DAFTAR_SECRET_KEY": "tests",
    }
    db.session.commit()
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.serve"], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(url + "/sign-in", timeout=5) as answer:
                assert answer.status == 200
                break
            said = (tmp_path / "server.log").read_text()
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        yield LiveServer(url, tmp_path, process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def later(**amount: float) -> datetime:
    return datetime.now(UTC) + timedelta(**amount)


def count(model: Any, *conditions: Any) -> int:
    """Rows in the database, read afresh."""
    db.session.rollback()
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0)
