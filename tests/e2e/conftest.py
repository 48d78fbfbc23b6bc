"""A server with the demonstration, and one phone, for all tests of this folder that share a language and a store."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
import sqlalchemy as sa
from playwright.sync_api import Playwright

from app.demo import PASSWORD
from tests.conftest import ROOT, free_port
from tests.e2e.demonstration import organisation_of
from tests.e2e.device import Device, devices

# Each language once and each store once: what differs between stores is the server's, between languages the phone's.
COMBINATIONS = [("ar", "sqlite", "fatima"), ("fr", "postgresql", "khadija")]


@dataclass
class Field:
    """The whole of one combination: server, database, phone."""

    url: str
    instance: Path
    language: str
    username: str
    phone: Device
    engine: sa.Engine
    new_device: Callable[..., Device]
    folder: Path

    @property
    def password(self) -> str:
        return PASSWORD

    @property
    def organisation(self) -> str:
        return organisation_of(self.username)

    def row(self, statement: str, **values: Any) -> Any:
        """One row of the server's database, read beside the server."""
        with self.engine.connect() as connection:
            return connection.execute(sa.text(statement), values).mappings().first()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values).mappings())


@contextlib.contextmanager
def serving(instance: Path, database: str, **settings: str) -> Iterator[str]:
    """The server of `make run` with the demonstration, in a process of its own; its address."""
    port = free_port()
    environment = os.environ | {
        "PORT": str(port),
        "DAFTAR_HOST": "127.0.0.1",
        "DAFTAR_INSTANCE": str(instance),
        "DATABASE_URL": database,
        "DAFTAR_DEMO": "1",
        "DAFTAR_SECRET_KEY": "tests",
        **settings,
    }
    with (instance / "server.log").open("wb") as log:
        command = [sys.executable, "-m", "app.serve"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(url + "/sign-in", timeout=5):
                break
            said = (instance / "server.log").read_text()
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def called(combination: tuple[str, str, str]) -> str:
    return f"{combination[0]}-{combination[1]}"


@pytest.fixture(scope="module", params=COMBINATIONS, ids=called)
def field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, playwright: Playwright) -> Iterator[Field]:
    language, store, username = request.param
    folder = tmp_path_factory.mktemp(f"field-{language}")
    if store == "sqlite":
        database = f"sqlite:///{folder / 'daftar.db'}"
        engine = sa.create_engine(database, module=pysqlite3)
    else:
        server = request.getfixturevalue("postgresql")
        database = server.url(server.fresh())
        engine = sa.create_engine(database)
    with serving(folder, database) as url, devices(playwright) as new_device:
        phone = new_device(folder / "profile", language)
        yield Field(url, folder, language, username, phone, engine, new_device, folder)
    engine.dispose()
