"""A bad network between phones and server: an HTTP proxy of our own that cuts, resets, delays, repeats, spoils and forges.

A seed decides; the same seed and the same order of requests give the same faults. `plan(request)` may be replaced to hurt one
request only. Bytes are counted as they cross.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PORTAL = b"<!doctype html><title>Wi-Fi</title><form>Connectez-vous</form>"


@dataclass
class Request:
    method: str
    path: str
    head: bytes
    body: bytes
    number: int  # of this proxy, from 1

    @property
    def size(self) -> int:
        return len(self.head) + len(self.body)


@dataclass
class Fault:
    """`kind`: cut_request (after `at` bytes), lose_answer, cut_answer (after `at` bytes), delay (`at` seconds), duplicate, flip
    (a bit of the body), black_hole (for `at` seconds), html (a portal's page with 200), gateway (502), too_large (413)."""

    kind: str
    at: float = 0


KINDS = ("cut_request", "lose_answer", "cut_answer", "delay", "duplicate", "flip", "black_hole", "html", "gateway")


class Link:
    """A slow radio that all connections share: bytes a second, seconds there and back, share of packets sent again."""

    PACKET = 1400

    def __init__(self, bytes_s: float, round_trip_s: float, loss: float, seed: int) -> None:
        self.bytes_s, self.round_trip_s, self.loss = bytes_s, round_trip_s, loss
        self.random = random.Random(seed)
        self._free = {"up": 0.0, "down": 0.0}
        self._lock = threading.Lock()

    def carry(self, direction: str, size: int) -> None:
        """Returns when the last byte is over; a lost packet costs its time again and a round trip."""
        with self._lock:
            packets = max(1, size // self.PACKET)
            lost = sum(self.random.random() < self.loss for _ in range(packets))
            begin = max(time.monotonic(), self._free[direction])
            end = self._free[direction] = begin + (size + lost * self.PACKET) / self.bytes_s
        time.sleep(max(0.0, end - time.monotonic()) + self.round_trip_s * (0.5 + (lost > 0)))


@dataclass
class Counted:
    requests: Counter[str] = field(default_factory=Counter)  # by path
    up: Counter[str] = field(default_factory=Counter)  # bytes of requests by method and path
    faults: Counter[str] = field(default_factory=Counter)


class Proxy:
    def __init__(
        self, upstream: int, seed: int = 0, share: float = 0.0, kinds: tuple[str, ...] = KINDS, hole_s: float = 3
    ) -> None:
        self.upstream, self.share, self.kinds, self.hole_s = upstream, share, kinds, hole_s
        self.random = random.Random(seed)
        self.counted = Counted()
        self.requests: list[Request] = []  # without bodies
        self.plan: Callable[[Request], Fault | None] = self.by_chance
        self.link: Link | None = None
        self._lock = threading.Lock()
        self._number = 0
        self._open: set[socket.socket] = set()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                """A cut connection is what this is for."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def by_chance(self, request: Request) -> Fault | None:
        """Of requests to the API, `share` meet a fault."""
        if not request.path.startswith("/api/") or self.random.random() >= self.share:
            return None
        kind = self.random.choice(self.kinds)
        at: float = {"delay": self.random.uniform(0, 2), "black_hole": self.hole_s}.get(kind, 0)
        if kind == "cut_request":
            at = self.random.randrange(request.size)
        if kind == "cut_answer":
            at = self.random.randrange(600)
        return Fault(kind, at)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        for one in list(self._open):
            _reset(one)

    def _serve(self, client: socket.socket) -> None:
        upstream: socket.socket | None = None
        self._open.add(client)
        try:
            while True:
                head, rest = _head(client)
                if not head:
                    return
                method, path = head.split(b" ", 2)[:2]
                body = _body(client, head, rest)
                with self._lock:
                    self._number += 1
                    bare = path.decode().partition("?")[0]
                    request = Request(method.decode(), bare, head, body, self._number)
                    fault = self.plan(request)
                    self.counted.requests[bare] += 1
                    crossed = int(fault.at) if fault and fault.kind == "cut_request" else request.size
                    self.counted.up[f"{request.method} {bare}"] += crossed
                    self.requests.append(Request(request.method, bare, b"", b"", request.number))
                    if fault:
                        self.counted.faults[fault.kind] += 1
                if self.link:
                    self.link.carry("up", crossed)
                if fault and self._spoilt(client, fault):
                    return
                if fault and fault.kind == "flip" and body:
                    at = self.random.randrange(len(body) * 8)
                    flipped = bytearray(body)
                    flipped[at // 8] ^= 1 << at % 8
                    body = bytes(flipped)
                for repeated in range(2 if fault and fault.kind == "duplicate" else 1):
                    if upstream is None or repeated or _was_closed(upstream):
                        upstream = socket.create_connection(("127.0.0.1", self.upstream), 10)
                        upstream.settimeout(180)
                    if fault and fault.kind == "cut_request":
                        upstream.sendall((head + body)[: int(fault.at)])
                        time.sleep(0.05)
                        _reset(upstream)
                        return
                    upstream.sendall(head + body)
                    answer = _answer(upstream, method == b"HEAD")
                if fault and fault.kind == "lose_answer":
                    return
                if self.link:
                    self.link.carry("down", len(answer))
                if fault and fault.kind == "cut_answer":
                    client.sendall(answer[: int(fault.at)])
                    return
                client.sendall(answer)
        except (OSError, ValueError):
            return
        finally:
            self._open.discard(client)
            _reset(client)
            if upstream is not None:
                _reset(upstream)

    def _spoilt(self, client: socket.socket, fault: Fault) -> bool:
        """Whether the proxy dealt with it alone and the connection ends."""
        if fault.kind == "delay":
            time.sleep(fault.at)
        elif fault.kind == "black_hole":
            time.sleep(fault.at)
            return True
        elif fault.kind in ("html", "gateway", "too_large"):
            status = {"html": b"200 OK", "gateway": b"502 Bad Gateway", "too_large": b"413 Payload Too Large"}[fault.kind]
            client.sendall(b"HTTP/1.1 %b\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
                status, len(PORTAL), PORTAL))  # fmt: skip
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
                time.sleep(0.1)
            return True
        return False


def _was_closed(upstream: socket.socket) -> bool:
    """By the server, which keeps no idle connection for long: the browser would have seen it, and must not pay for us."""
    return bool(select.select([upstream], [], [], 0)[0])


def _head(source: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = source.recv(65536)
        if not more:
            return b"", b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _header(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


def _body(source: socket.socket, head: bytes, rest: bytes) -> bytes:
    if _header(head, b"transfer-encoding").lower() == b"chunked":
        return _chunked(source, rest)
    length = int(_header(head, b"content-length") or 0)
    while len(rest) < length:
        more = source.recv(65536)
        if not more:
            raise OSError("the body ended early")
        rest += more
    return rest


def _chunked(source: socket.socket, rest: bytes) -> bytes:
    while not rest.endswith(b"0\r\n\r\n"):
        more = source.recv(65536)
        if not more:
            raise OSError("the body ended early")
        rest += more
    return rest


def _answer(source: socket.socket, bare: bool) -> bytes:
    head, rest = _head(source)
    if not head:
        raise OSError("no answer")
    status = int(head.split(b" ", 2)[1])
    if bare or status in (204, 304):
        return head
    return head + _body(source, head, rest)


def _reset(one: socket.socket) -> None:
    """Closed with RST, as a radio that is gone."""
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
