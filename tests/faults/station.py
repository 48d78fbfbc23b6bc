"""The server of `make run` in the hands of a test: killed, frozen, stopped, started again on the same store and port."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pysqlite3
import sqlalchemy as sa

from tests.conftest import ROOT, free_port


class Station:
    """`before` is put before the command (strace, faketime); `settings` are environment variables."""

    def __init__(self, instance: Path, store: str, before: Sequence[str] = (), **settings: str) -> None:
        self.instance, self.store, self.before, self.settings = instance, store, list(before), settings
        self.root = ROOT  # where its code lies
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.attachments = Path(settings.get("DAFTAR_ATTACHMENTS", instance / "attachments"))
        self.log = instance / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        options: dict[str, Any] = {"module": pysqlite3} if store.startswith("sqlite") else {"pool_pre_ping": True}
        self.engine = sa.create_engine(store, **options)

    def environment(self) -> Mapping[str, str]:
        return os.environ | {
            "PORT": str(self.port),
            "DAFTAR_HOST": "127.0.0.1",
            "DAFTAR_INSTANCE": str(self.instance),
            "DATABASE_URL": self.store,
            "DAFTAR_DEMO": "0",
            "DAFTAR_SECRET_KEY": "tests",
            **self.settings,
        }

    def start(self, wait: bool = True) -> None:
        with self.log.open("ab") as log:
            command = [*self.before, sys.executable, "-m", "app.serve"]
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            self.wait()

    def wait(self, timeout_s: float = 60) -> None:
        """Until it answers."""
        deadline = time.monotonic() + timeout_s
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url + "/sign-in", timeout=5):
                return
            assert self.is_running(), self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def signal(self, number: int) -> None:
        """To the server and all that it forked."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(20)

    def stop(self, timeout_s: float = 60) -> None:
        """As a deployment stops it."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(timeout_s)
        finally:
            self.kill()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def processes(self) -> list[int]:
        """The server's own process and those it forked."""
        assert self.process is not None
        return [self.process.pid, *self._children()]

    def workers(self) -> list[int]:
        """Processes that answer requests: children of the one that was started, save the first, which checks what arrives."""
        return self._children()[1:]

    def _children(self) -> list[int]:
        """In the order in which they began."""
        assert self.process is not None
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, IndexError):
                fields = status.read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == self.process.pid:
                    found.append((int(fields[19]), int(status.parent.name)))
        return [pid for _, pid in sorted(found)]

    def kill_workers(self) -> None:
        """The server replaces them. One that dies within 5.5 s of that ends the server: whoever runs it starts it again."""
        for worker in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Read beside the server."""
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values).mappings())

    def value(self, statement: str, **values: Any) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(sa.text(statement), values).scalar()

    def integrity(self) -> str:
        """`ok`, or what the store finds wrong with itself."""
        if not self.store.startswith("sqlite"):
            return "ok" if self.value("SELECT count(*) FROM pg_class") else "unreadable"
        with self.engine.connect() as connection:
            broken = connection.execute(sa.text("PRAGMA foreign_key_check")).fetchall()
            said = connection.execute(sa.text("PRAGMA integrity_check")).scalar_one()
        return f"foreign keys: {broken}" if broken else str(said)

    def close(self) -> None:
        if self.is_running():
            self.thaw()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop(15)
        self.engine.dispose()


def text_of(body: Any) -> str:
    return gzip.decompress(bytes(body)).decode()


def sha256(content: bytes | str) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
