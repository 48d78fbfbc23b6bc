"""Bytes that nobody's phone would send: refused with words, bounded, and nothing of them half stored."""

# ruff: noqa: E501  (rows and scripts read better unbroken)
from __future__ import annotations

import copy
import json
import random
import re
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from playwright.sync_api import Playwright, expect

from app.core import audit
from app.core.db import db
from app.submissions.models import Revision, Submission
from tests.conftest import Someone, World, count, item_of
from tests.faults.field import Phone, with_the_form
from tests.faults.ledger import Ledger, Verdict
from tests.faults.light import LightPhone
from tests.faults.station import Station

CASES = 10_000
STRANGE: list[Any] = [
    None, True, False, 0, -1, 2**53 + 1, 2**70, 1e308, -0.0, "", " ", "\u0000", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "ﷺ" * 50, "a" * 70_000, [], {}, [[]] * 5, {"": {}}, {"__proto__": {}}, "0" * 36, "019ab3c0-0000-7000-8000-00000000000G",
    "00000000-0000-0000-0000-000000000000", "../../etc/passwd", "0001-01-01", "9999-12-31T23:59:59+14:00", "<script>", "%s%n", "'; DROP TABLE people; --",
]  # fmt: skip


def bent(value: Any, chance: random.Random) -> Any:
    """The same shape with a member or two changed, removed, or put elsewhere."""
    value = copy.deepcopy(value)
    for _ in range(chance.randrange(1, 3)):
        at, holder = value, None
        key: Any = None
        while isinstance(at, (dict, list)) and at and (holder is None or chance.random() < 0.75):
            key = chance.choice(list(at)) if isinstance(at, dict) else chance.randrange(len(at))
            holder, at = at, at[key]
        if holder is None:
            return chance.choice(STRANGE)
        what = chance.random()
        if what < 0.6:
            holder[key] = chance.choice(STRANGE)
        elif what < 0.8:
            del holder[key]
        elif isinstance(holder, list):
            holder.append(at)
        else:
            holder[chance.choice(["id", "items", "ä", ""])] = at
    return value


def test_ten_thousand_bent_requests_meet_words_and_store_nothing_half(amina: Someone, world: World, seed, measured):
    """BI-15: push, have, lost, pieces and pulls, bent at random; no 5xx, and a straight push afterwards works."""
    chance = random.Random(seed)
    cases = CASES if db.engine.dialect.name == "sqlite" else CASES // 5
    client, headers = amina.app.test_client(), amina.delivering
    reader = amina.client
    statuses: dict[int, int] = {}
    for number in range(cases):
        envelope = amina.envelope()
        if number % 3 == 0:
            envelope = bent(envelope, chance)
        item = item_of(envelope) if isinstance(envelope, dict) and {"submission_id", "revision_id"} <= envelope.keys() else {"envelope": json.dumps(envelope)}  # fmt: skip
        push = {
            "proto": 1,
            "device_id": amina.device_id,
            "epoch_seen": None,
            "high_water_seen": 0,
            "report": {"unsent": 1},
            "items": [item],
        }
        kind = number % 5
        if kind < 2:
            answer = client.post("/api/sync/push", json=bent(push, chance) if number % 3 else push, headers=headers)
        elif kind == 2:
            have = {"items": {str(item.get("revision_id", "x")): item.get("sha256", "x")}}
            answer = client.post("/api/sync/have", json=bent(have, chance), headers=headers)
        elif kind == 3:
            words = [str(chance.choice(STRANGE)).replace("\0", "%00")[:200] or "x" for _ in range(4)]
            path = f"/api/sync/att/{item.get('submission_id', 'x')}/{chance.choice(['0' * 64, 'x', '..'])}"
            more = {"Upload-Offset": re.sub(r"[^ -~]", "?", words[0]), "X-Chunk-Sha256": re.sub(r"[^ -~]", "?", words[1])}
            answer = client.open(path, method=chance.choice(["HEAD", "PATCH", "PUT", "DELETE"]), data=chance.randbytes(chance.randrange(300)), headers=headers | more)  # fmt: skip
        else:
            query = {"programme": str(chance.choice([world.programme.id, *STRANGE]))[:300], "cursor": str(chance.choice(STRANGE))[:300], "limit": str(chance.choice(STRANGE))[:300]}  # fmt: skip
            answer = reader.get("/api/sync/pull", query_string=query)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, (number, answer.text)
    amina.deliver()
    measured("BI-15", cases=cases, server_errors=sum(times for status, times in statuses.items() if status >= 500))
    assert count(Submission) <= count(Revision)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Submission).where(~sa.exists().where(Revision.id == Submission.current_revision_id))) == 0  # fmt: skip
    assert audit.first_broken_entry() is None


@pytest.mark.sqlite_only
def test_bodies_of_a_hundred_thousand_parts_are_refused_at_once(client: FlaskClient, world: World, admin: Someone, measured):
    """BI-13: many parts, no boundary, a body that never says how long it is."""
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    many = part * 100_000 + b"--b--\r\n"
    slowest = 0.0
    for address, browser in (("/sign-in", client), ("/instruments/check", admin.client), ("/api/field/sign-in", client)):
        for content, kind in ((many, "multipart/form-data; boundary=b"), (b"x" * 1000, "multipart/form-data"), (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded")):  # fmt: skip
            began = time.monotonic()
            answer = browser.post(
                address, data=content, content_type=kind, headers={"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}
            )
            slowest = max(slowest, time.monotonic() - began)
            assert answer.status_code < 500, (address, kind)
    measured("BI-13", slowest_s=round(slowest, 2), server_errors=0)
    assert slowest < 5


def bomb(side: int) -> bytes:
    """A PNG that claims side × side pixels and holds almost nothing."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 3_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.sqlite_only
def test_an_image_bomb_costs_the_server_nothing_and_the_phone_says_so(
    playwright: Playwright, station: Station, world: World, ledger: Ledger, tmp_path: Path, measured
):
    """BI-11: 30,000 × 30,000 pixels, truncated, something else: the form is taken, the picture is only stored, memory stays."""
    with_the_form(world)
    station.start()
    files = [bomb(30_000), bomb(10)[:50], b"\xff\xd8\xff<script>alert(1)</script>", b"GIF89a" + b"\0" * 100]
    phone = LightPhone(world.people["amina"], station.port, ledger)
    before = memory(station)
    for content in files:
        phone.finish(files=[content])
        assert phone.flush()
    grew = memory(station) - before
    browser = Phone(playwright, tmp_path / "phone", station.url, world.people["amina"], ledger)
    page = browser.open()
    browser.sign_in()
    draft = page.evaluate("() => daftar.draft({ name: 'تعاونية', photos: 0, size: 0 })")
    page.goto(f"{station.url}/field/#/form/{draft}")
    page.locator(".fill-foot .go").click()
    question = page.locator("[data-path='g2/p1']")
    picture = tmp_path / "bomb.png"
    for content in files[:3]:
        picture.write_bytes(content)
        question.locator("input[type=file]").first.set_input_files(picture)
        expect(question.locator(".q-error")).to_be_visible(timeout=30_000)
    browser.device.close()
    verdict = ledger.check(station)
    measured("BI-11", server_memory_grew_mb=round(grew / 1e6, 1), forms_taken=len(files))
    assert verdict == Verdict()
    assert grew < 50_000_000


def memory(station: Station) -> int:
    """Bytes resident of the processes that answer."""
    total = 0
    for pid in station.workers():
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        total += int(found[1]) * 1024 if found else 0
    return total
