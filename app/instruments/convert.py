"""Reads a workbook and has pyxform make its XForm, in a process of its own that may use so much time and memory and no more.

Loading pyxform takes a second, so a waiting process does it once and forks itself for every workbook; it never reads one, and
ends when it was not asked for a while or its starter is gone. Over a socket, the request is one line of JSON {"filename",
"max_bytes", "cpu_s"} and the file's bytes; the answer is an empty line once begun, then JSON: {"unreadable": {"code",
"details"}}, or {"workbook", "xform", "warnings"}, or {"workbook", "error"}. run() asks and reads the answer.
A request with "max_rows" is for a table of records, and answered {"table"}: run_table() asks that.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from app.instruments.headings import is_readable
from app.instruments.workbook import MAX_BYTES, Sheet, Unreadable, Workbook, read_table, read_workbook

ROOT = Path(__file__).resolve().parents[2]
CPU_S = 30  # and twice as much by the clock
MEMORY_BYTES = 256 * 1024 * 1024  # a choice list of 20,000 rows; longer ones belong in CSV files
IDLE_S = 120
TOO_HEAVY: dict[str, Any] = {"unreadable": {"code": "too_heavy", "details": {}}}
TEXTS = frozenset({"label", "hint", "guidance_hint", "constraint_message", "required_message", "form_title", "caption"})
# pyxform turns curly quotes straight in every cell. In a formula that mends what a word processor did; in a text it would undo
# the typography, so there they travel as private characters.
CURLY = {"\u2018": "\uf8e0", "\u2019": "\uf8e1", "\u201c": "\uf8e2", "\u201d": "\uf8e3"}
_HIDE = str.maketrans(CURLY)
_SHOW = str.maketrans({private: quote for quote, private in CURLY.items()})

# The application's packages stay unloaded in the other process: they would triple its size and its start.
_START = """
import sys, types
for name in ("app", "app.instruments"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [name.replace(".", "/")]
from app.instruments.convert import serve
serve(int(sys.argv[1]))
"""


def is_text_column(header: str) -> bool:
    """Whether the cells of a column are read by people."""
    parts = [part.strip().lower().replace(" ", "_") for part in header.split("::")]
    return parts[0] in TEXTS or parts[-1].startswith("ci:title-")


def to_pyxform(workbook: Workbook) -> dict[str, Any]:
    """The dictionary pyxform's convert() takes: no file is read twice, and rows keep their order (row n is rows[n - 2])."""
    found: dict[str, Any] = {"sheet_names": workbook.sheet_names, "fallback_form_name": workbook.name}
    for name, sheet in workbook.sheets.items():
        # A note beside the choices, under a heading that is no name of an element, would make an XForm that nobody can read.
        columns = [column for column in sheet.columns if column and (name != "choices" or is_readable(column))]
        found[name] = [
            {
                column: text.translate(_HIDE) if is_text_column(column) else text.replace("\u00a0", " ").strip()
                for column, text in cells.items()
                if column in columns
            }
            for _, cells in sheet.rows
        ]
        found[f"{name}_header"] = [dict.fromkeys(columns)]
    return found


def answer(filename: str, content: bytes, max_bytes: int) -> dict[str, Any]:
    try:
        workbook = read_workbook(filename, content, max_bytes)
    except Unreadable as problem:
        return {"unreadable": {"code": problem.code, "details": problem.details}}
    # Only now: what is no workbook is refused before the converter is loaded.
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    found: dict[str, Any] = {"workbook": workbook.to_json()}
    try:
        result = convert(to_pyxform(workbook), warnings=[])
    except PyXFormError as error:
        return found | {"error": str(error)}
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        return found | {"error": f"{type(error).__name__}: {error}"}
    return found | {"xform": result.xform.translate(_SHOW), "warnings": list(result.warnings)}


def answer_table(filename: str, content: bytes, max_bytes: int, max_rows: int) -> dict[str, Any]:
    try:
        return {"table": read_table(filename, content, max_rows, max_bytes).to_json()}
    except Unreadable as problem:
        return {"unreadable": {"code": problem.code, "details": problem.details}}


class _Waiting:
    """The waiting process as its starter holds it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None

    def start(self) -> None:
        self.stop()
        self.control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-c", _START, str(theirs.fileno())]
            self.process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.control is not None and self.process is not None:
            self.control.close()
            self.process.kill()
            self.process.wait()
        self.control = self.process = None

    def connect(self) -> socket.socket:
        """A connection to a fresh copy of the waiting process."""
        with self.lock:
            for _ in range(2):
                ours, theirs = socket.socketpair()
                ours.settimeout(2 * CPU_S + 10)
                with theirs, contextlib.suppress(OSError):
                    if self.control is None:
                        self.start()
                    assert self.control is not None
                    socket.send_fds(self.control, [b"x"], [theirs.fileno()])
                    theirs.close()
                    if ours.recv(1):
                        return ours
                ours.close()
                self.stop()  # it had ended for want of work
        raise OSError("the converter does not start")


_waiting = _Waiting()
atexit.register(_waiting.stop)


def run(filename: str, content: bytes, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The answer of a process of its own."""
    return _ask({"filename": filename, "max_bytes": max_bytes, "cpu_s": CPU_S}, content)


def run_table(filename: str, content: bytes, max_rows: int, max_bytes: int = MAX_BYTES) -> Sheet:
    """A table of records, read in a process of its own. Raises Unreadable."""
    found = _ask({"filename": filename, "max_bytes": max_bytes, "cpu_s": CPU_S, "max_rows": max_rows}, content)
    if "unreadable" in found:
        raise Unreadable(found["unreadable"]["code"], **found["unreadable"]["details"])
    table = found["table"]
    rows = [(row, cells) for row, cells in table["rows"]]
    return Sheet(table["name"], table["columns"], table["letters"], table["header_row"], rows)


def _ask(head: dict[str, Any], content: bytes) -> dict[str, Any]:
    if len(content) > head["max_bytes"]:
        return {"unreadable": {"code": "file_too_large", "details": {"limit": head["max_bytes"] // (1024 * 1024)}}}
    request = json.dumps(head).encode() + b"\n" + content
    with _waiting.connect() as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as stream:
                found: dict[str, Any] = json.loads(stream.read())
        except (OSError, json.JSONDecodeError):  # stopped by one of the limits
            return TOO_HEAVY
    return found


def serve(descriptor: int) -> None:
    """The waiting process: each descriptor that arrives is a connection to a copy of it."""
    import pyxform.xls2xform  # noqa: F401  what all copies share

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies that ended leave nothing behind
    control = socket.socket(fileno=descriptor)
    while select.select([control], [], [], IDLE_S)[0]:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            break
        if os.fork() == 0:
            try:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _work(socket.socket(fileno=descriptors[0]))
            finally:
                os._exit(0)  # whatever it met: what it did not answer was too heavy
        os.close(descriptors[0])


def _work(connection: socket.socket) -> None:
    # Of what it writes to: the libraries it shares with its starter are not counted.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    with connection, connection.makefile("rwb") as stream:
        stream.write(b"\n")
        stream.flush()
        head = json.loads(stream.readline())
        content = stream.read()
        whole = max(1, int(head["cpu_s"]))
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
        signal.setitimer(signal.ITIMER_REAL, 2 * head["cpu_s"])
        if "max_rows" in head:
            found = answer_table(head["filename"], content, head["max_bytes"], head["max_rows"])
        else:
            found = answer(head["filename"], content, head["max_bytes"])
        stream.write(json.dumps(found).encode())
