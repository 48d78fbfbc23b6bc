"""A small server that speaks docs/sync.md and can misbehave: what the phone's modules are tried against.

The real server is tried with the real phone in tests/e2e; here the answers can be cut, forged, delayed and taken back.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory
from werkzeug.serving import make_server

from app.core.scripts import bundle
from app.instruments.columns import in_columns

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def script() -> str:
    """The tools of the tests with the phone's modules in one script: each page of each test loads them."""
    return bundle(Path(__file__).parent / "harness.js", "Harness")


PORTAL = "<!doctype html><title>Wi-Fi</title><p>Connectez-vous</p>"


class Office:
    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytearray] = {}
        self.sizes: dict[str, int] = {}
        self.epoch, self.seq, self.backup_seq = "e1", 0, 0
        self.pages: dict[str | None, dict[str, Any]] = {}  # cursor -> page of a pull
        self.contents: dict[str, str] = {}  # sha256 -> text of an instrument or dataset
        self.forms: dict[str, list[str]] = {"packages": [], "datasets": []}  # what signing in says
        self.log: list[tuple[str, str, Any]] = []
        self.verdict: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda item: None
        self.fault: Callable[[], Response | None] = lambda: None  # before the work
        self.after: Callable[[], None] = lambda: None  # after the work, before the answer
        self.aside: dict[str, dict[str, Any]] = {}  # revision -> why a person must look at it
        self.signed_in = True
        self.at_once = 0
        self.most_at_once = 0
        self.together = 50  # instruments in one answer
        self.plain: set[str] = set()  # of contents: instruments that are not put into columns
        self.content_takes_s = 0.0
        app = self.app = Flask(__name__, static_folder=None)

        @app.get("/static/<path:name>")
        def static(name: str) -> Response:
            return send_from_directory(ROOT / "static", name)

        @app.get("/harness.js")
        def harness() -> Response:
            return Response(script(), content_type="text/javascript")

        @app.get("/modules.js")
        def modules() -> Response:
            return send_from_directory(Path(__file__).parent, "harness.js")

        @app.get("/field/")
        def page() -> str:
            """`?modules`: each in a file of its own, which a test can replace."""
            how = "type=module src=/modules.js" if "modules" in request.args else "defer src=/harness.js"
            return f'<!doctype html><meta charset=utf-8><html data-version="test"><script {how}></script>'

        @app.before_request
        def faults() -> Response | None:
            if not request.path.startswith("/api/"):
                return None
            body = request.get_data()
            if request.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            is_json = request.headers.get("Content-Type") == "application/json"
            sent = json.loads(body) if is_json and body else len(body)
            self.log.append((request.method, request.path, sent))
            return self.fault()

        @app.post("/api/field/sign-in")
        def sign_in() -> Response:
            sent = self.log[-1][2]
            if sent["password"] != "right":
                return self.problem("accounts.wrong_password", 401)
            device = {"id": sent.get("device_id", str(uuid.uuid4())), "credential": "secret-" + sent["username"]}
            return self.answer({**self.me(sent["username"]), "device": device, "forms": self.forms, "server_time": self.now()})

        @app.get("/api/field/me")
        def me() -> Response:
            if not self.signed_in:
                return self.problem("core.not_signed_in", 401)
            return self.answer({**self.me("amina"), "server_time": self.now()})

        @app.post("/api/sync/push")
        def push() -> Response:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                sent = self.log[-1][2]
                results = [self.take(item) for item in sent["items"]]
                self.after()
                return self.answer({"proto": 1, **self.state(), "results": results})
            finally:
                self.at_once -= 1

        @app.post("/api/sync/have")
        def have() -> Response:
            asked = self.log[-1][2]["items"]
            found = {id: self.receipt(id) for id, sha in asked.items() if id in self.items and self.items[id]["sha256"] == sha}
            return self.answer({"have": found, "aside": {id: self.aside[id] for id in found if id in self.aside}, **self.state()})

        @app.get("/api/sync/pull")
        def pull() -> Response:
            page = self.pages.get(request.args.get("cursor")) or {"changes": [], "next_cursor": "c.end", "more": False}
            return self.answer({**page, **self.state(), "min_app": ""})

        @app.get("/api/sync/instruments")
        def packages() -> Response:
            found = {sha: self.contents[sha] for sha in request.args["of"].split(",") if sha in self.contents}
            first = [*found.items()][: self.together]
            return self.answer({sha: text if sha in self.plain else in_columns(json.loads(text)) for sha, text in first})

        @app.get("/api/sync/instrument/<sha>")
        @app.get("/api/sync/dataset/<sha>")
        def content(sha: str) -> Response:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            time.sleep(self.content_takes_s)
            self.at_once -= 1
            return Response(self.contents[sha], headers={"X-Sync-Proto": "1"}, content_type="application/json")

        @app.route("/api/sync/att/<submission>/<sha>", methods=["HEAD", "PATCH"])
        def attachment(submission: str, sha: str) -> Response:
            if sha not in self.sizes:
                return self.problem("core.not_found", 404)
            file = self.files.setdefault(sha, bytearray())
            status = 200
            if request.method == "PATCH":
                chunk = request.get_data()
                if int(request.headers["Upload-Offset"]) != len(file):
                    status = 409
                elif hashlib.sha256(chunk).hexdigest() != request.headers["X-Chunk-Sha256"]:
                    status = 460
                else:
                    file += chunk
                    status = 204
                self.after()
            return Response(
                status=status,
                headers={
                    "X-Sync-Proto": "1",
                    "Upload-Offset": str(len(file)),
                    "Upload-Complete": "?1" if len(file) == self.sizes[sha] else "?0",
                },
            )

        @app.post("/api/sync/att/<submission>/<sha>/lost")
        def lost(submission: str, sha: str) -> Response:
            return self.answer({})

    def me(self, username: str) -> dict[str, Any]:
        programme = {"id": "p1", "code": "boulemane", "name": {"ar": "بولمان"}, "role": "facilitator", "territories": []}
        return {"person": {"id": username, "name": {"ar": "أمينة"}, "language": "ar"}, "programmes": [programme]}

    def take(self, item: dict[str, Any]) -> dict[str, Any]:
        id = item["revision_id"]
        assert hashlib.sha256(item["envelope"].encode()).hexdigest() == item["sha256"]
        said = self.verdict(item)
        if said:
            return {"id": id, **said}
        known = id in self.items
        if not known:
            self.seq += 1
            self.items[id] = {**item, "seq": self.seq}
            for file in json.loads(item["envelope"])["attachments"]:
                self.sizes[file["sha256"]] = file["size"]
        return {"id": id, "result": "duplicate" if known else "accepted", "receipt": self.receipt(id)}

    def receipt(self, id: str) -> dict[str, Any]:
        item = self.items[id]
        names = [file["sha256"] for file in json.loads(item["envelope"])["attachments"]]
        missing = [sha for sha in names if len(self.files.get(sha, b"")) != self.sizes[sha]]
        return {
            "submission_id": item["submission_id"],
            "revision_id": id,
            "sha256": item["sha256"],
            "server_seq": item["seq"],
            "received_at": "2026-11-21T17:42:10.000Z",
            "missing": missing,
            "audit_head": "0" * 64,
        }

    def forget(self) -> None:
        """Restored from a backup of before everything."""
        self.items, self.files, self.sizes, self.seq, self.epoch = {}, {}, {}, 0, "e2"

    def state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "high_water": self.seq, "backup_seq": self.backup_seq, "server_time": self.now()}

    def now(self) -> int:
        return int(time.time() * 1000)

    def answer(self, body: dict[str, Any]) -> Response:
        return Response(json.dumps(body), headers={"X-Sync-Proto": "1"}, content_type="application/json")

    def problem(self, code: str, status: int) -> Response:
        body = json.dumps({"code": code, "message": {"ar": "لا", "fr": "non"}, "details": {}})
        return Response(body, status, {"X-Sync-Proto": "1"}, content_type="application/problem+json")

    def sent(self, path: str) -> list[Any]:
        return [body for method, address, body in self.log if address == path]

    def start(self) -> str:
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
