"""`make slow`: a morning's forms over 2G. 50 kbit/s each way, 800 ms there and back, 5 % of packets lost, five cuts in the middle
of a photo; a real Chromium with the product's own sync; bytes are counted where they cross."""

# ruff: noqa: E501  (measurements read better unbroken)
from __future__ import annotations

import gzip
import json
import os
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.conftest import ROOT, World
from tests.faults.conftest import SEED
from tests.faults.field import Phone, with_the_form
from tests.faults.ledger import Ledger, Verdict
from tests.faults.proxy import Fault, Link, Proxy, Request
from tests.faults.station import Station

FORMS = int(os.environ.get("FORMS", "30"))
PHOTO = int(os.environ.get("PHOTO", "40000"))


@pytest.mark.sqlite_only
def test_thirty_forms_with_three_photos_over_2g(
    playwright: Playwright, station: Station, world: World, ledger: Ledger, tmp_path: Path, measured
):
    """NS-08: texts before photos, at most a piece sent again for each cut, little besides what had to be sent."""
    with_the_form(world)
    station.start()
    proxy = Proxy(station.port)
    phone = Phone(playwright, tmp_path / "phone", proxy.url, world.people["amina"], ledger)
    try:
        phone.open()
        phone.sign_in()
        for number in range(FORMS):
            phone.fill(name=f"تعاونية {number}", photos=3, size=PHOTO)
        texts = sum(len(one["envelope"].encode()) for one in phone.items())
        payload = texts + FORMS * 3 * PHOTO
        before = sum(proxy.counted.up.values())
        proxy.link = Link(50_000 / 8, 0.8, 0.05, SEED)
        pieces, cuts, largest, late, bodies = [0], [0], [0], [0], [0]
        files = sum(file["size"] for one in phone.items() for file in one["attachments"])

        def cut(request: Request) -> Fault | None:
            if request.path.endswith("push") and carries_texts(request):
                late[0] += pieces[0] > 0
            if request.method != "PATCH":
                return None
            pieces[0] += 1
            largest[0] = max(largest[0], len(request.body))
            bodies[0] += len(request.body)
            if pieces[0] % max(2, FORMS * 3 // 5) == 0 and cuts[0] < 5:
                cuts[0] += 1
                return Fault("cut_request", request.size * 0.6)
            return None

        proxy.plan = cut
        began = time.monotonic()
        while not phone.is_done():
            phone.sync()
            assert time.monotonic() - began < 3600
        took = time.monotonic() - began
        sent = sum(proxy.counted.up.values()) - before
        again = bodies[0] - files
        phone.note_received()
        verdict = ledger.check(station)
        measured("NS-08", forms=FORMS, photos=FORMS * 3, minutes=round(took / 60, 1), texts_after_the_first_photo=late[0], cuts=cuts[0], pieces=pieces[0], sent_again=again, largest_piece=largest[0], sent_to_payload=round(sent / payload, 3))  # fmt: skip
        assert verdict == Verdict()
        assert late[0] == 0
        assert cuts[0] == 5 or FORMS < 10
        assert again <= cuts[0] * largest[0]
        assert sent / payload <= 1.15
    finally:
        phone.device.close()
        proxy.stop()


def carries_texts(request: Request) -> bool:
    """A push may also be a report alone."""
    body = gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body
    return bool(json.loads(body)["items"])


def main() -> None:
    """NS-08, by itself: `python -m tests.faults.slow`."""
    sys.exit(pytest.main(["-s", "-o", "python_files=slow.py", str(ROOT / "tests" / "faults" / "slow.py")]))


if __name__ == "__main__":
    main()
