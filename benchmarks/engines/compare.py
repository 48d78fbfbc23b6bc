"""Fills the same forms with the same answers in this engine and in @getodk/xforms-engine, and compares what stands at every
node after every step: value, relevance, required, read-only, label, hint, choices, and what a check finds.

    make compare-engines              prints the differences; fails where one is not explained
    make compare-engines WRITE=1      and writes the report into docs/conformance.md

A form is a file of forms/: an XLSForm in Markdown, then its steps as "- set PATH VALUE", "- add PATH", "- remove ROW",
"- language CODE", "- rows REPEAT N", and differences that are meant, as "? PATH WHAT: why" (PATH without row numbers;
several of either with commas between).
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import quickjs

from app.core.scripts import bundle
from app.instruments import convert
from app.instruments.compiler import Compiled, compile_answer, read_csv

HERE = Path(__file__).parent
REPORT = HERE.parents[1] / "docs" / "conformance.md"
BEGIN, END = "<!-- compare-engines -->", "<!-- /compare-engines -->"
NOW = int(datetime(2026, 11, 26, 13, 30, 15, 250_000, tzinfo=UTC).timestamp() * 1000)
ZONE, OFFSET = "Etc/GMT-1", 60  # an hour east of UTC, all year
SETTINGS = "| settings |\n| | form_title | form_id | version |\n| | Essai | essai | 1 |"


@dataclass
class Form:
    """One file of forms/."""

    name: str
    title: str
    sheet: str
    steps: list[list[str]]
    explained: dict[tuple[str, str], str]  # (path without row numbers, what) -> why
    compiled: Compiled
    xform: str = ""
    pictures: dict[str, list[Any]] = field(default_factory=dict)


def lists() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted((HERE / "lists").glob("*.csv"))}


def read_form(path: Path) -> Form:
    text = path.read_text("utf-8")
    lines = text.splitlines()
    sheet = "\n".join(line for line in lines if line.startswith("|")) + "\n" + SETTINGS
    steps = [[*line[2:].split(" ", 2), "", ""][:3] for line in lines if line.startswith("- ")]
    explained = {}
    for line in lines:
        if match := re.match(r"\? (\S+) (\S+): (.+)", line):
            keys = itertools.product(match.group(1).split(","), match.group(2).split(","))
            explained |= dict.fromkeys(keys, match.group(3))
    answer = convert.answer("essai.md", sheet.encode(), convert.MAX_BYTES)
    compiled = compile_answer(answer, {name: read_csv(content.encode()) for name, content in lists().items()})
    if compiled.errors:
        raise SystemExit(f"{path.name}: {[(one.code, one.row, one.details) for one in compiled.errors]}")
    return Form(path.stem, lines[0].lstrip("# "), sheet, steps, explained, compiled, answer["xform"])


def forms() -> list[Form]:
    return [read_form(path) for path in sorted((HERE / "forms").glob("*.md"))]


def fill_here(all_forms: list[Form]) -> None:
    """Pictures of this engine, in QuickJS as on the server."""
    context = quickjs.Context()
    context.set_max_stack_size(1024 * 1024)
    context.eval(bundle(HERE / "ours.js", global_name="Ours"))
    fill = context.eval("Ours.fill")
    rows = {name: list(csv.DictReader(io.StringIO(content))) for name, content in lists().items()}
    for form in all_forms:
        package = form.compiled.package
        request = {
            "package": package,
            "datasets": rows,
            "now": NOW,
            "offset": OFFSET,
            "language": package["languages"][0],
            "steps": form.steps,
        }
        found = json.loads(fill(json.dumps(request)))
        if found["errors"]:
            raise SystemExit(f"{form.name}: {found['errors']}")
        form.pictures["here"] = found["pictures"]


def fill_there(all_forms: list[Form]) -> None:
    """Pictures of the other engine, in Node."""
    request = {"now": NOW, "forms": [{"xform": form.xform, "lists": lists(), "steps": form.steps} for form in all_forms]}
    done = subprocess.run(
        ["node", str(HERE / "theirs.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env=os.environ | {"TZ": ZONE},
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    for form, pictures in zip(all_forms, json.loads(done.stdout), strict=True):
        form.pictures["there"] = pictures


def same(here: Any, there: Any) -> bool:
    """Equal; the last digit of a number and spaces around a text do not count."""
    if here == there or (isinstance(here, str) and isinstance(there, str) and here.strip() == there.strip()):
        return True
    try:
        return math.isclose(float(here), float(there), rel_tol=1e-12)
    except (TypeError, ValueError):
        return False


def differences(form: Form) -> tuple[int, list[tuple[int, str, str, Any, Any]]]:
    """How many facts were compared, and (step, path, what, here, there) of those that differ."""
    count, found = 0, []
    for step, (here, there) in enumerate(zip(form.pictures["here"], form.pictures["there"], strict=False)):
        if "error" in here or "error" in there:
            found.append((step, "", "step", here.get("error"), there.get("error")))
            continue
        for path in sorted(here.keys() | there.keys()):
            ours, theirs = here.get(path), there.get(path)
            if ours is None or theirs is None:
                found.append((step, path, "node", ours is not None, theirs is not None))
                continue
            for what in sorted(ours.keys() & theirs.keys()):
                count += 1
                if not same(ours[what], theirs[what]):
                    found.append((step, path, what, ours[what], theirs[what]))
    return count, found


def plain(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


def main(arguments: list[str]) -> int:
    all_forms = forms()
    fill_here(all_forms)
    fill_there(all_forms)
    rows, reasons, bad, total = [], [], 0, 0
    for form in all_forms:
        count, found = differences(form)
        total += count
        met: dict[tuple[str, str], tuple[int, str, Any, Any]] = {}
        for step, path, what, here, there in found:
            met.setdefault((plain(path), what), (step, path, here, there))
        for key, (step, path, here, there) in met.items():
            if key not in form.explained:
                bad += 1
                done = " ".join(form.steps[step - 1]) if step else "opening"
                print(f"{form.name}: after “{done}”: {path} {key[1]}: here {here!r}, there {there!r}")
        for key in form.explained.keys() - met.keys():
            bad += 1
            print(f"{form.name}: {' '.join(key)} is explained and no longer differs")
        explained = sum((plain(path), what) in form.explained for _, path, what, _, _ in found)
        rows.append(f"| `{form.name}` | {form.title} | {len(form.steps)} | {count} | {explained or '–'} |")
        for (path, what), (_, _, here, there) in sorted(met.items()):
            if why := form.explained.get((path, what)):
                shown = [json.dumps(one, ensure_ascii=False).replace("|", "\\|")[:60] for one in (here, there)]
                reasons.append(f"| `{form.name}` | `{path}` {what} | {shown[0]} | {shown[1]} | {why} |")
    print(f"{len(all_forms)} forms, {total} facts compared, {bad} differences not explained")
    if "--write" in arguments and not bad:
        version = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]["@getodk/xforms-engine"]
        lines = [
            f"{len(all_forms)} forms, {total} facts compared with `@getodk/xforms-engine` {version}.",
            "",
            "| form | what is in it | steps | facts | differ |",
            "|---|---|--:|--:|--:|",
            *rows,
            "",
            "Each of them, as first met:",
            "",
            "| form | where | here | there | why |",
            "|---|---|---|---|---|",
            *reasons,
        ]
        before, _, rest = REPORT.read_text("utf-8").partition(BEGIN)
        REPORT.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}", "utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
