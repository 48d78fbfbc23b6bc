"""Fills instruments with the phone's own engine, inside QuickJS: what the demonstration shows is what a phone would have sent."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import quickjs

from app.core.ids import new_id
from app.core.languages import MOROCCO
from app.core.scripts import bundle

SCRIPT = Path(__file__).resolve().parents[2] / "static/js/engine/fill.js"
# Packages and lists are handed over once; what differs from form to form is small.
_DRIVER = """
const packages = {}, lists = {};
globalThis.keepPackage = (id, text) => { packages[id] = JSON.parse(text); };
globalThis.keepList = (name, text) => { lists[name] = JSON.parse(text); };
globalThis.fillOne = (id, text) => {
  const { values, now, offset, meta, language, ids } = JSON.parse(text);
  const pkg = packages[id];
  const datasets = Object.fromEntries(Object.keys(pkg.datasets).map((name) => [name, lists[name] ?? []]));
  const context = { datasets, now: () => now, offset: () => offset, random: () => 0.5, uuid: () => ids.pop(), meta, language };
  return JSON.stringify(Filling.fill(pkg, values, context));
};
"""
IDS = 120  # more than any form of the demonstration makes: one for itself, one for each record


@cache
def _script() -> str:
    return bundle(SCRIPT, "Filling")


class Filler:
    """One engine for a whole loading."""

    def __init__(self) -> None:
        self._context = quickjs.Context()
        self._context.set_memory_limit(512 * 1024 * 1024)
        self._context.eval(_script())
        self._context.eval(_DRIVER)

    def keep_package(self, form_id: str, package: str) -> None:
        self._context.get("keepPackage")(form_id, package)

    def keep_list(self, name: str, rows: list[dict[str, str]]) -> None:
        self._context.get("keepList")(name, orjson.dumps(rows).decode())

    def fill(self, form_id: str, values: dict[str, Any], *, now: datetime, language: str, username: str) -> dict[str, Any]:
        """{answers, entities, scores, title, territory, problems, media}, as static/js/engine/fill.js gives them."""
        offset = now.astimezone(MOROCCO).utcoffset()
        assert offset is not None
        given = {
            "values": values,
            "now": int(now.timestamp() * 1000),
            "offset": int(offset.total_seconds() // 60),
            "meta": {"deviceid": "", "username": username, "email": "", "phonenumber": ""},
            "language": language,
            "ids": [new_id() for _ in range(IDS)],
        }
        filled: dict[str, Any] = orjson.loads(self._context.get("fillOne")(form_id, orjson.dumps(given).decode()))
        return filled
