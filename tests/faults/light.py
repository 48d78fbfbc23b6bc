"""A phone without a browser: the same rules as static/js/sync, in a hundred lines, so that dozens can run at once.

Its outbox is its memory: what is in it was "saved", what got a receipt was "received", and both go to the ledger.
"""

from __future__ import annotations

import gzip
import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Someone, item_of
from tests.faults.ledger import Ledger
from tests.faults.station import sha256
from tests.keys.phone import SealingPhone

MOST = 20
PIECE = 16 * 1024


class NothingHeard(Exception):
    """No answer, or one that is not surely our server's."""


@dataclass
class Held:
    item: dict[str, Any]
    files: dict[str, bytes]
    state: str = "waiting"  # accepted, quarantined, refused, gone
    tried: bool = False
    done: set[str] = field(default_factory=set)  # files complete on the server
    since: float = field(default_factory=time.monotonic)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


class LightPhone:
    def __init__(
        self,
        person: Someone,
        port: int,
        ledger: Ledger,
        seed: int = 0,
        timeout_s: float = 10,
        sealing: SealingPhone | None = None,
    ) -> None:
        """`sealing`: the phone has a data key and seals, as every phone does whose programme asks for a PIN."""
        self.person, self.port, self.ledger, self.timeout_s = person, port, ledger, timeout_s
        self.random = random.Random(seed)
        self.held: dict[str, Held] = {}
        self.sealing = sealing
        if sealing:
            self.device_id, self.credential = sealing.device["id"], sealing.device["credential"]
        else:
            self.device_id, self.credential = person.device_id, person.credential
        self.epoch: str | None = None
        self.high_water = 0
        self.recheck = False
        self.statuses: list[int] = []
        self.waits: list[float] = []  # seconds each push took
        self.retry_after = 0.0
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()

    # Filling

    def finish(self, photos: int = 0, photo_bytes: int = 20_000, files: Sequence[bytes] = (), **changes: Any) -> str:
        """A finished form with random photos, or with these; its revision."""
        files = [*files, *(self.random.randbytes(photo_bytes) for _ in range(photos))]
        if self.sealing:
            sealed = [self.sealing.file(one, f"p{n}.jpg") for n, one in enumerate(files)]
            slots, files = [described for described, _sent in sealed], [sent for _described, sent in sealed]
            item = self.sealing.item(self.person.envelope(attachments=slots, device_id=self.device_id, **changes))
        else:
            slots = [
                {"name": f"p{n}.jpg", "question": "photo", "sha256": sha256(one), "size": len(one), "type": "image/jpeg"}
                for n, one in enumerate(files)
            ]
            item = item_of(self.person.envelope(attachments=slots, **changes))
        revision = item["revision_id"]
        with self._lock:
            self.held[revision] = Held(item, {sha256(one): one for one in files})
        self.ledger.note_saved(revision, item["sha256"], item["submission_id"], [sha256(one) for one in files])
        return str(revision)

    def undelivered(self) -> list[str]:
        return [revision for revision, one in self.held.items() if one.state == "waiting"]

    def is_done(self) -> bool:
        return not self.recheck and all(
            one.state != "waiting" and (one.state != "accepted" or one.done >= one.files.keys()) for one in self.held.values()
        )

    # Sending

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Raises NothingHeard."""
        content = body
        sent = {"Authorization": f"Device {self.credential}", "X-Sync-Proto": "1", **(headers or {})}
        if isinstance(body, dict):
            content = gzip.compress(json.dumps(body).encode(), 1)
            sent |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
            self._connection.request(method, path, content, sent)
            response = self._connection.getresponse()
            text = response.read()
            found = {name.lower(): value for name, value in response.getheaders()}
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            raise NothingHeard from error
        self.statuses.append(response.status)
        if "x-sync-proto" not in found:
            self.hang_up()
            raise NothingHeard
        if response.status in (429, 503):
            self.retry_after = float(found.get("retry-after", 1))
        try:
            return Answer(response.status, found, json.loads(text) if text else None)
        except ValueError as error:
            raise NothingHeard from error

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def flush(self) -> bool:
        """One attempt at everything. Whether nothing is left."""
        try:
            if not self.undelivered() and not self.recheck:
                self._push([])  # as a phone that has nothing to send: what the server says of itself may change that
            self._texts()
            self._photos()
        except NothingHeard:
            return False
        return self.is_done()

    def _heard(self, said: dict[str, Any]) -> None:
        if self.epoch is not None and (said["epoch"] != self.epoch or said["high_water"] < self.high_water):
            self.recheck = True
        self.high_water = said["high_water"] if said["epoch"] != self.epoch else max(self.high_water, said["high_water"])
        self.epoch = said["epoch"]

    def _texts(self) -> None:
        doubtful = [one for one in self.held.values() if one.tried and one.state == "waiting"]
        known = self.epoch
        if self.recheck:
            doubtful = [one for one in self.held.values() if one.state not in ("refused", "gone")]
        for at in range(0, len(doubtful), 200):
            asked = doubtful[at : at + 200]
            answer = self.ask("POST", "/api/sync/have", {"items": {one.item["revision_id"]: one.item["sha256"] for one in asked}})
            if answer.status != 200:
                raise NothingHeard
            for one in asked:
                receipt = answer.body["have"].get(one.item["revision_id"])
                if receipt:
                    self._received(one, receipt, one.state if one.state == "quarantined" else "accepted")
                elif one.state != "waiting":
                    one.state, one.done = "waiting", set()
            self._heard(answer.body)
        if self.epoch == known:  # another may have begun between two answers
            self.recheck = False
        waiting = [one for one in self.held.values() if one.state == "waiting"]
        for at in range(0, len(waiting), MOST):
            self._push(waiting[at : at + MOST])

    def _push(self, batch: list[Held]) -> None:
        for one in batch:
            one.tried = True
        body = {
            "proto": 1, "device_id": self.device_id, "epoch_seen": self.epoch, "high_water_seen": self.high_water,
            "items": [one.item for one in batch],
        }  # fmt: skip
        began = time.monotonic()
        answer = self.ask("POST", "/api/sync/push", body)
        self.waits.append(time.monotonic() - began)
        if answer.status != 200 or len(answer.body["results"]) != len(batch):
            raise NothingHeard
        for one, result in zip(batch, answer.body["results"], strict=True):
            if result["id"] != one.item["revision_id"]:
                raise NothingHeard
            if result["result"] in ("accepted", "duplicate", "quarantined"):
                self._received(one, result["receipt"], "quarantined" if result["result"] == "quarantined" else "accepted")
            elif result["result"] == "gone":
                one.state = "gone"
            elif result["result"] in ("malformed", "too_large"):
                one.state = "refused"
        self._heard(answer.body)

    def _received(self, one: Held, receipt: dict[str, Any], state: str) -> None:
        if receipt["sha256"] != one.item["sha256"]:
            raise NothingHeard
        one.state = state
        one.done = one.files.keys() - set(receipt["missing"])
        self.ledger.note_received(one.item["revision_id"], one.item["sha256"])

    def _photos(self) -> None:
        for one in list(self.held.values()):
            if one.state != "accepted":
                continue
            for sha, content in one.files.items():
                if sha not in one.done and self._photo(one, f"/api/sync/att/{one.item['submission_id']}/{sha}", content):
                    one.done.add(sha)

    def _photo(self, one: Held, path: str, content: bytes) -> bool:
        answer = self.ask("HEAD", path)
        for _ in range(3 + 2 * len(content) // PIECE):
            if answer.status == 404:
                one.state = "waiting"
                return False
            if answer.headers.get("upload-complete") == "?1":
                return True
            if answer.status not in (200, 204, 409):
                answer = self.ask("HEAD", path)
                continue
            at = int(answer.headers["upload-offset"])
            piece = content[at : at + PIECE]
            answer = self.ask("PATCH", path, piece, {"Upload-Offset": str(at), "X-Chunk-Sha256": sha256(piece)})
        return False


def drain(phones: list[LightPhone], seconds: float) -> float:
    """All phones send until nothing is left; seconds it took. Fails when something is left."""
    began = time.monotonic()
    while not all(phone.is_done() for phone in phones):
        late = time.monotonic() - began > seconds
        assert not late, [
            (one.state, one.tried, len(one.files), len(one.done), phone.recheck, phone.statuses[-5:])
            for phone in phones
            if not phone.is_done()
            for one in phone.held.values()
            if one.state == "waiting" or one.done != one.files.keys()
        ]
        for phone in phones:
            if not phone.is_done():
                phone.flush()
        time.sleep(0.05)
    return time.monotonic() - began
