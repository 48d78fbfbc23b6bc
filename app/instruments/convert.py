"""Reads a workbook and has pyxform make its XForm, in a process of its own that may use so much time and memory and no more.

The request is one line of JSON {"filename", "max_bytes"} and the file's bytes; the answer is JSON: {"unreadable": {"code",
"details"}}, or {"workbook", "xform", "warnings"}, or {"workbook", "error"}. run() starts it and reads the answer.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.instruments.workbook import MAX_BYTES, Unreadable, Workbook, read_workbook

ROOT = Path(__file__).resolve().parents[2]
CPU_S = 30
MEMORY_BYTES = 1024 * 1024 * 1024
TEXTS = frozenset({"label", "hint", "guidance_hint", "constraint_message", "required_message", "form_title", "caption"})
# pyxform turns curly quotes straight in every cell. In a formula that mends what a word processor did; in a text it would undo
# the typography, so there they travel as private characters.
CURLY = {"\u2018": "\uf8e0", "\u2019": "\uf8e1", "\u201c": "\uf8e2", "\u201d": "\uf8e3"}
_HIDE = str.maketrans(CURLY)
_SHOW = str.maketrans({private: quote for quote, private in CURLY.items()})

# The application's packages stay unloaded in the other process, whose start would take three times as long.
_START = """
import sys, types
for name in ("app", "app.instruments"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [name.replace(".", "/")]
from app.instruments.convert import main
main()
"""


def is_text_column(header: str) -> bool:
    """Whether the cells of a column are read by people."""
    parts = [part.strip().lower().replace(" ", "_") for part in header.split("::")]
    return parts[0] in TEXTS or parts[-1].startswith("ci:title-")


def to_pyxform(workbook: Workbook) -> dict[str, Any]:
    """The dictionary pyxform's convert() takes: no file is read twice, and rows keep their order (row n is rows[n - 2])."""
    found: dict[str, Any] = {"sheet_names": workbook.sheet_names, "fallback_form_name": workbook.name}
    for name, sheet in workbook.sheets.items():
        columns = [column for column in sheet.columns if column]
        found[name] = [
            {
                column: text.translate(_HIDE) if is_text_column(column) else text.replace("\u00a0", " ").strip()
                for column, text in cells.items()
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


def run(filename: str, content: bytes, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The answer of a process of its own."""
    if len(content) > max_bytes:
        return {"unreadable": {"code": "file_too_large", "details": {"limit": max_bytes // (1024 * 1024)}}}
    request = json.dumps({"filename": filename, "max_bytes": max_bytes}).encode() + b"\n" + content
    try:
        done = subprocess.run(
            [sys.executable, "-c", _START],
            input=request,
            capture_output=True,
            timeout=2 * CPU_S,
            cwd=ROOT,
            check=False,
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):  # stopped by one of the limits
        return {"unreadable": {"code": "too_heavy", "details": {}}}
    return found


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    head = json.loads(sys.stdin.buffer.readline())
    found = answer(head["filename"], sys.stdin.buffer.read(), head["max_bytes"])
    sys.stdout.buffer.write(json.dumps(found).encode())
