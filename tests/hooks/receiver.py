"""A system that is told: takes requests on an address of this machine and keeps what it heard."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    path: str
    headers: dict[str, str]  # names in lower case
    body: str


@dataclass
class Receiver:
    """`answer(heard)` gives the status, or (status, headers, body)."""

    answer: Callable[[Heard], Any] = lambda heard: 204
    address: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    heard: list[Heard] = field(default_factory=list)

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(size)
                if len(body) < size:  # the sender died in the middle: nobody would take that for a notice
                    return
                heard = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body.decode())
                receiver.heard.append(heard)
                said = receiver.answer(heard)
                status, headers, content = said if isinstance(said, tuple) else (said, {}, b"")
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in ({"Content-Length": str(len(content))} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: Any) -> None:
                pass

        self.server = Server((self.address, 0), Handler)
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}/told"

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.heard]


class Canary:
    """Counts whoever connects to it, on IPv4 and IPv6, whatever they say."""

    def __init__(self) -> None:
        self.connections = 0
        self.four = socket.create_server(("0.0.0.0", 0))
        self.port = int(self.four.getsockname()[1])
        self.six = socket.create_server(("::", self.port), family=socket.AF_INET6, dualstack_ipv6=False)
        for one in (self.four, self.six):
            threading.Thread(target=self._listen, args=(one,), daemon=True).start()

    def _listen(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            self.connections += 1
            with contextlib.suppress(OSError), connection:
                connection.settimeout(2)
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        for one in (self.four, self.six):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
