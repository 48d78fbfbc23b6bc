"""Damaged XLSForms, packages and answers, the same for the same seed."""

from __future__ import annotations

import copy
import io
import json
import random
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.instruments import convert
from app.instruments.compiler import LIBRARY, compile_answer, library_lists
from app.instruments.workbook import read_workbook, to_xlsx
from tests.engine.cases import VECTORS

_JUNK = json.loads(Path(__file__).with_name("junk.json").read_text("utf-8"))
CELLS: list[str] = _JUNK["cells"]  # rules that are hard to read, words of the format, signs that trouble parsers
JUNK: list[Any] = _JUNK["package"]


@dataclass
class Mutant:
    """One damaged thing. kind: "form" (filename, content), "package" (package or its text, answers)."""

    kind: str
    source: str
    filename: str = ""
    content: bytes = b""
    package: Any = None
    answers: Any = None


# Forms


@cache
def form_seeds() -> list[tuple[str, str]]:
    """Name and Markdown of forms to damage: the library's, and those of tests/vectors."""
    found = [(path.parent.name, path.read_text("utf-8")) for path in sorted(LIBRARY.glob("*/form.md"))]
    settings = "| settings |\n| | form_title | form_id | version |\n| | Essai | essai | 1 |"
    for path in sorted(VECTORS.glob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            if "form" in group:
                found.append((f"{path.stem}: {group['rule'][:40]}", "\n".join([*group["form"], settings])))
    return found


@cache
def xlsx_of(text: str) -> bytes:
    return to_xlsx(read_workbook("form.md", text.encode()))


def damaged_table(text: str, chance: random.Random) -> str:
    """Cells replaced, moved and emptied, lines dropped, doubled and exchanged."""
    lines = text.split("\n")
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        at = chance.randrange(len(lines))
        what = chance.random()
        if what < 0.6:
            cells = lines[at].split("|")
            cells[chance.randrange(len(cells))] = f" {chance.choice(CELLS)} "
            lines[at] = "|".join(cells)
        elif what < 0.7:
            del lines[at]
        elif what < 0.8:
            lines.insert(chance.randrange(len(lines)), lines[at])
        elif what < 0.9:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            mine, other = lines[at].split("|"), lines[chance.randrange(len(lines))].split("|")
            mine[chance.randrange(len(mine))] = chance.choice(other)
            lines[at] = "|".join(mine)
        if not lines:
            lines = [""]
    return "\n".join(lines)


def damaged_bytes(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(chance.choice([1, 2, 5, 20])):
        at = chance.randrange(max(1, len(found)))
        what = chance.random()
        if what < 0.5 and found:
            found[at] = chance.randrange(256)
        elif what < 0.7:
            del found[at : at + chance.randrange(1, 40)]
        elif what < 0.9:
            found[at:at] = found[chance.randrange(max(1, len(found))) :][: chance.randrange(1, 60)]
        else:
            del found[at:]
    return bytes(found)


def damaged_archive(content: bytes, chance: random.Random) -> bytes:
    """An archive that is whole, with damage inside its entries."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(chance.choice([1, 1, 2, 4])):
        name = chance.choice(list(entries))
        data = entries[name]
        what = chance.random()
        if what < 0.3:
            entries[name] = damaged_bytes(data, chance)
        elif what < 0.6:  # XML that is still XML: another cell, another attribute
            text = data.decode("utf-8", "replace")
            found = list(re.finditer(r">([^<>]*)<|\"([^\"]*)\"", text))
            if found:
                one = chance.choice(found)
                junk = (
                    chance.choice([*CELLS, "s", "n", "b", "A1", "XFD1048576", "B9999999"])
                    .replace("&", "&amp;")
                    .replace("<", "&lt;")
                )
                at = 1 if one.group(1) is not None else 2
                entries[name] = (text[: one.start(at)] + junk.replace('"', "&quot;") + text[one.end(at) :]).encode()
        elif what < 0.75:
            del entries[name]
        elif what < 0.9:
            entries[name] = entries[chance.choice(list(entries))] if entries else b""
        else:
            entries[chance.choice(["xl/worksheets/sheet99.xml", "xl/vbaProject.bin", "../x", "docProps/x.xml", name.upper()])] = (
                data
            )
        if not entries:
            break
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def csv_of(text: str) -> str:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.split("\n") if line.startswith("|")]
    return "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)


def form_mutant(chance: random.Random) -> Mutant:
    seeds = form_seeds()
    # Small forms are damaged more often in a place that matters.
    source, text = chance.choice(seeds[:10]) if chance.random() < 0.25 else chance.choice(seeds[10:])
    how = chance.random()
    if how < 0.45:
        return Mutant("form", source, "form.md", damaged_table(text, chance).encode("utf-8", "replace"))
    if how < 0.55:
        return Mutant(
            "form", source, "form.csv", damaged_table(csv_of(text).replace(",", "|"), chance).replace("|", ",").encode()
        )
    if how < 0.6:
        return Mutant("form", source, chance.choice(["form.md", "form.csv"]), damaged_bytes(text.encode(), chance))
    if how < 0.7:
        return Mutant("form", source, "form.xlsx", damaged_bytes(xlsx_of(text), chance))
    if how < 0.85:
        return Mutant("form", source, "form.xlsx", damaged_archive(xlsx_of(text), chance))
    table = damaged_table(text, chance)
    try:
        return Mutant("form", source, "form.xlsx", to_xlsx(read_workbook("form.md", table.encode("utf-8", "replace"))))
    except Exception:  # what is no table stays text
        return Mutant("form", source, "form.md", table.encode("utf-8", "replace"))


# Packages


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with every key of it."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield value, index
            yield from places(one)


def damaged(value: Any, chance: random.Random) -> Any:
    """A copy with up to five values replaced, dropped or exchanged."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice([1, 1, 2, 3, 5])):
        all_places = list(places(value))
        if not all_places:
            break
        container, key = chance.choice(all_places)
        what = chance.random()
        if what < 0.25 and isinstance(container, dict):
            container.pop(key, None)
        elif what < 0.6:
            container[key] = copy.deepcopy(chance.choice(JUNK))
        else:
            other, place = chance.choice(all_places)
            container[key] = copy.deepcopy(other[place])
    return value


@cache
def package_seeds() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for source, text in form_seeds():
        compiled = compile_answer(convert.answer("form.md", text.encode(), convert.MAX_BYTES), library_lists())
        if not compiled.errors:
            found.append((source, compiled.package))
    return found


def some_answers(package: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Answers of the shape of a package: some right, some not."""
    nodes = package["nodes"]

    def below(parent: int) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for node in nodes:
            if node.get("parent") != parent or chance.random() < 0.4:
                continue
            if node["kind"] == "group":
                answers[node["name"]] = below(node["i"])
            elif node["kind"] == "repeat":
                answers[node["name"]] = [below(node["i"]) for _ in range(chance.choice([0, 1, 2, 5]))]
            else:
                answers[node["name"]] = chance.choice(["1", "0", "yes", "2026-11-21", "a b", "", "12.5", "أمينة", "9" * 40])
        return answers

    return below(0)


def package_mutant(chance: random.Random) -> Mutant:
    source, package = chance.choice(package_seeds())
    answers: Any = some_answers(package, chance)
    how = chance.random()
    if how < 0.2:
        return Mutant("package", source, package=package, answers=damaged(answers, chance))
    if how < 0.3:
        text = damaged_bytes(json.dumps(package, ensure_ascii=False).encode(), chance)
        return Mutant("package", source, package=text.decode("utf-8", "replace"), answers=answers)
    return Mutant("package", source, package=damaged(package, chance), answers=answers)


def mutant(seed: int) -> Mutant:
    """The mutant of a number: two of three are forms."""
    chance = random.Random(seed)
    return form_mutant(chance) if chance.random() < 0.66 else package_mutant(chance)
