"""A server to hurt, a ledger, and a place for the numbers. docs/reliability.md takes them from there."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.conftest import ROOT, World, settle
from tests.faults.ledger import Ledger
from tests.faults.proxy import Proxy
from tests.faults.station import Station

# Hurt phones and servers take their time; what matters is that they come back, not when.
expect.set_options(timeout=20_000)
SEED = int(os.environ.get("SEED", "20261126"))
MEASURED = ROOT / "var" / "faults"
IS_PATIENT = bool(os.environ.get("PATIENT"))
# Minutes each: begun last, one of them would run alone at the end.
LONGEST = ("500_kills", "200_kills", "ten_thousand_bent", "migration_killed", "written_runs_at_the_office", "kill_while_typing")


def patience(short: int, whole: int) -> int:
    """Seconds a case waits: `short` in `make faults`, which is to end in half an hour, `whole` in `make patience`."""
    return whole if IS_PATIENT else short


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first, each in a process of its own: every process is handed two at once, and what waits behind a long
    one nobody else can take."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST)))
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if len(items) > 2 * processes:
        long, short = items[:processes], items[-processes:]
        items[:] = [one for pair in zip(long, short, strict=True) for one in pair] + items[processes:-processes]


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Of this run (SEED=…) and this case."""
    return SEED * 1000 + sum(request.node.name.encode())


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def station(app: Flask, world: World, store: str, tmp_path: Path) -> Iterator[Station]:
    """Not started yet, so that a case may set how."""
    for one in world.people.values():
        assert one.credential
    settle()
    station = Station(tmp_path, store)
    yield station
    station.close()


@pytest.fixture
def proxy(station: Station) -> Iterator[Callable[..., Proxy]]:
    made: list[Proxy] = []

    def make(**how: Any) -> Proxy:
        made.append(Proxy(station.port, **how))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`measured("SV-01", kills=500, acked_lost=0)`: kept for the page, and printed."""

    def note(id: str, run: str = "", **numbers: Any) -> None:
        params = getattr(request.node, "callspec", None)
        variant = ", ".join(filter(None, [params.id if params else "", run]))
        MEASURED.mkdir(parents=True, exist_ok=True)
        name = f"{id}{'.' + variant if variant else ''}.json".replace("/", "-")
        said = {"id": id, "variant": variant, "test": request.node.nodeid, "numbers": numbers}
        said["is_short"] = not IS_PATIENT and request.node.get_closest_marker("patience") is not None
        (MEASURED / name).write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(f"{id} {variant}: {', '.join(f'{key} {value}' for key, value in numbers.items())}")

    return note


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own under `folder`, in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting a small disk needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """To the last byte; remove the file that it gives to make room again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return ballast


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
