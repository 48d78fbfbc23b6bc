"""What run.mjs measured as a table, and its place in docs/performance.md."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs/performance.md"
BEGIN, END = "<!-- bench-forms -->", "<!-- /bench-forms -->"

FORMS = {
    "diag60": "60 questions",
    "big300": "300 questions, 100 relevances, 60 calculations",
    "stress1000": "1,000 questions, 300 relevances, 150 calculations",
    "cascade": "12, 75 and 1,500 places, one list below the other",
    "rows60": "a repeat of 60 rows",
}
NAMES = {"daftar": "Daftar, a phone", "trial": "Daftar, one form", "enketo": "enketo-core", "webforms": "@getodk/web-forms"}
PACKAGES = {"enketo": "enketo-core", "webforms": "@getodk/web-forms"}


def table(results: dict[str, Any]) -> list[str]:
    """Lines of Markdown, a line a form and engine. `results`: as results.json holds them, at one speed or several."""
    versions = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    lines = [
        "| form | engine | kB | cold s | warm s | a key ms | a choice ms | a row ms | language ms | memory MB |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for form, words in FORMS.items():
        for engine, name in NAMES.items():
            slot = results.get(engine, {}).get(form, {})
            for speed in (key for key in slot if key.startswith("cpu")):
                full = f"{name} {versions[PACKAGES[engine]]}" if engine in PACKAGES else name
                slowed = "" if speed == "cpu4" else f" ({speed.removeprefix('cpu')}×)"
                lines.append(f"| {words} | {full}{slowed} | {' | '.join(_figures(slot, slot[speed]))} |")
    for engine, name in NAMES.items():
        if engine != "trial" and (wire := _together([results.get(engine, {}).get(form, {}) for form in FORMS])):
            full = f"{name} {versions[PACKAGES[engine]]}" if engine in PACKAGES else name
            lines.append(f"| all five | {full} | {wire / 1000:.0f} |{' – |' * 7}")
    return lines


def _together(slots: list[dict[str, Any]]) -> int:
    """Bytes of all these forms, what several of them need once; 0 where one was not measured."""
    if not all(slot.get("files") for slot in slots):
        return 0
    most: Counter[str] = Counter()
    for slot in slots:
        one: Counter[str] = Counter()
        for file in slot["files"]:
            one[file["url"]] += file["wire"]
        most |= one
    return most.total()


def write(lines: list[str]) -> None:
    """Puts the table into docs/performance.md in the place of the last one."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}", "utf-8")


def _figures(slot: dict[str, Any], at: dict[str, Any]) -> list[str]:
    loads, did = at.get("loads") or {}, at.get("interact") or {}
    wire = sum(file["wire"] for file in slot.get("files", ()))
    return [
        f"{wire / 1000:.0f}" if wire else "–",
        *(_spread((loads.get(kind) or {}).get("interactive"), 1000, loads) for kind in ("cold", "warm")),
        _spread((did.get("number") or did.get("province") or {}).get("paint"), 1, did),
        _spread((did.get("select") or did.get("commune") or {}).get("paint"), 1, did),
        _spread((did.get("repeat") or {}).get("paint"), 1, did),
        _spread((did.get("language") or {}).get("paint"), 1, did),
        f"{did['heapMB']:.1f}" if "heapMB" in did else "–",
    ]


def _spread(found: dict[str, float] | None, unit: int, of: dict[str, Any]) -> str:
    """Median, and 90th percentile where there are several; "failed" where the engine did not get through."""
    if not found:
        return "failed" if "failed" in of else "–"
    digits = 2 if unit > 1 else 0
    median, high = (f"{found[key] / unit:.{digits}f}" for key in ("median", "p90"))
    return median if found["n"] < 2 or median == high else f"{median} ({high})"
