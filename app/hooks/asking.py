"""One request to one receiver: to an address that was just checked, within a time that nothing prolongs, following nobody."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from app.core.problems import Problem
from app.hooks import problems
from app.hooks.addresses import Rules, Target, parse, resolve

MOST_READ = 16 * 1024  # bytes of an answer; they are thrown away
TROUBLES = ("refused", "unknown_host", "timeout", "tls", "connection", "no_http")


@dataclass(frozen=True)
class Answer:
    """How an attempt ended: with an HTTP status, or with one of TROUBLES."""

    status: int | None
    trouble: str | None
    took_ms: int

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], rules: Rules, *, timeout_s: float) -> Answer:
    """Never raises: what goes wrong is the answer. Any redirect is an answer too, and is not followed."""
    began = time.monotonic()

    def ended(status: int | None, trouble: str | None = None) -> Answer:
        return Answer(status, trouble, round((time.monotonic() - began) * 1000))

    try:
        target = parse(url, rules)
        addresses = resolve(target, rules)
    except Problem as problem:
        return ended(None, "unknown_host" if problem.kind is problems.HOST_UNKNOWN else "refused")
    connection = _Connection(target, addresses, began + timeout_s)
    with connection.watched():
        try:
            connection.request("POST", target.path, body, {"Host": target.host_header, **headers})
            answer = connection.getresponse()
            status = answer.status
        except ssl.SSLError:
            return ended(None, "timeout" if connection.is_late else "tls")
        except OSError as error:
            return ended(None, "timeout" if connection.is_late or isinstance(error, TimeoutError) else "connection")
        except (http.client.HTTPException, ValueError):
            return ended(None, "timeout" if connection.is_late else "no_http")
        if connection.is_late:  # cut among the headers: what was heard is no whole answer
            return ended(None, "timeout")
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            answer.read(MOST_READ)
    return ended(status)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Connection(http.client.HTTPConnection):
    """Goes to the given addresses, whatever the name stands for by now. `deadline`: time.monotonic()."""

    def __init__(self, target: Target, addresses: Sequence[str], deadline: float) -> None:
        super().__init__(target.host, target.port)
        self.target, self.addresses, self.deadline = target, addresses, deadline
        self.is_late = False

    def _left_s(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def connect(self) -> None:
        refused: OSError = OSError("no address")
        for address in self.addresses:
            try:
                self.sock = socket.create_connection((address, self.target.port), timeout=self._left_s())
                break
            except OSError as error:
                refused = error
        else:
            raise refused
        if self.target.scheme == "https":
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.target.host, do_handshake_on_connect=False)
            self.sock.settimeout(self._left_s())
            self.sock.do_handshake()

    @contextlib.contextmanager
    def watched(self):  # type: ignore[no-untyped-def]
        """Cut it when the time is over: a socket's own time-out begins anew with each byte of an answer that trickles."""

        def cut() -> None:
            self.is_late = True
            if self.sock is not None:
                with contextlib.suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(0.0, self.deadline - time.monotonic()), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self.close()
