"""Turns the files of tests/vectors into what static/js/engine/case.js runs, and judges what it gave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.instruments import convert
from app.instruments.compiler import Compiled, compile_answer
from app.instruments.xpath import parse

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
NOW = int(datetime(2026, 11, 21, 13, 30, 15, 250_000, tzinfo=UTC).timestamp() * 1000)
OFFSET = 60


@dataclass
class Case:
    """One case of a file, ready for a host."""

    where: str  # file, rule, expression or place
    kind: str  # "expression" | "form"
    source: dict[str, Any]
    request: dict[str, Any]
    rule: str = ""  # file and rule

    @property
    def assertions(self) -> int:
        return sum(isinstance(step, dict) for step in self.source["steps"]) if self.kind == "form" else 1


def plain(name: str, data: Any) -> list[dict[str, Any]]:
    """Elements of that name: a list is several, an object a group."""
    if isinstance(data, list):
        return [element for one in data for element in plain(name, one)]
    if isinstance(data, dict):
        return [{"name": name, "children": [element for key, value in data.items() for element in plain(key, value)]}]
    return [{"name": name, "text": data}]


def place(document: dict[str, Any], path: str) -> str:
    """`r[2]/x` under the only element, as places of elements among elements."""
    found = "/*[1]"
    for part in filter(None, path.split("/")):
        name, _, number = part.rstrip("]").partition("[")
        same = [i for i, child in enumerate(document["children"]) if child["name"] == name]
        index = same[int(number or 1) - 1]
        document, found = document["children"][index], f"{found}/*[{index + 1}]"
    return found


def expression_request(case: dict[str, Any]) -> dict[str, Any]:
    document = plain("data", case.get("data", {}))[0]
    return {
        "document": document,
        "context": place(document, case.get("at", "")),
        "ast": parse(case["expr"]),
        "now": NOW,
        "offset": OFFSET,
        "language": case.get("language", "fr"),
    }


def package_of(lines: list[str], datasets: dict[str, Any] | None = None) -> dict[str, Any]:
    """The package that publishing these lines of an XLSForm in Markdown would give."""
    return _compiled("\n".join(lines), json.dumps(datasets or {}))


@cache
def _compiled(text: str, lists: str) -> dict[str, Any]:
    rows = {name: given for name, given in json.loads(lists).items() if isinstance(given, list) or "children" in given}
    compiled = compile_lines(text, rows)
    assert not compiled.errors, compiled.errors
    return compiled.package


def compile_lines(text: str, lists: dict[str, Any]) -> Compiled:
    """As at publication, without the process of its own that protects the server."""
    if "| settings |" not in text:
        text += "\n| settings |\n| | form_title | form_id | version |\n| | Essai | essai | 1 |"
    return compile_answer(convert.answer("essai.md", text.encode(), convert.MAX_BYTES), lists)


def form_request(case: dict[str, Any]) -> dict[str, Any]:
    steps = [step["ask"] if isinstance(step, dict) else step for step in case["steps"]]
    passed = {key: case[key] for key in ("values", "saved", "language", "datasets") if key in case}
    return {"package": package_of(case["form"], case.get("datasets")), "now": NOW, "offset": OFFSET, "steps": steps} | passed


def load() -> list[Case]:
    cases = []
    for path in sorted(VECTORS.glob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            shared = {key: group[key] for key in ("form", "datasets") if key in group}
            for number, source in enumerate(group["cases"], 1):
                kind = "expression" if "expr" in source else "form"
                case = shared | source
                request = expression_request(case) if kind == "expression" else form_request(case)
                where = f"{path.stem}: {group['rule']}: {source.get('expr', number)}"
                cases.append(Case(where, kind, case, request, f"{path.stem}: {group['rule']}"))
    return cases


def expression_fault(source: dict[str, Any], result: dict[str, Any]) -> str | None:
    """What is wrong with the result, if anything."""
    if source.get("fails"):
        return None if "error" in result else f"should be refused, is {result['string']!r}"
    if "error" in result:
        return str(result["error"])
    wanted = source["is"]
    kind = source.get("as") or {bool: "boolean", int: "number", float: "number", str: "string", list: "values"}[type(wanted)]
    got = result[kind]
    return None if got == wanted else f"is {got!r}, should be {wanted!r}"


def form_faults(source: dict[str, Any], results: list[Any]) -> list[str]:
    faults = []
    for step, got in zip(source["steps"], results, strict=True):
        if isinstance(step, dict):
            if "only" in step and isinstance(got, dict):
                got = {key: value for key, value in got.items() if key in step["only"]}
            if "pick" in step and isinstance(got, list):
                got = [one[step["pick"]] for one in got]
            if got != step["is"]:
                faults.append(f"{step['ask']}: is {got!r}, should be {step['is']!r}")
        elif isinstance(got, dict) and "error" in got:
            faults.append(f"{step}: {got['error']}")
    return faults


def tally(host: str, cases: list[Case], found: list[str]) -> str:
    """The count by rule: cases, assertions in them, and how many cases failed."""
    rules: dict[str, list[int]] = {}
    for case in cases:
        counts = rules.setdefault(case.rule, [0, 0, 0])
        counts[0] += 1
        counts[1] += case.assertions
        counts[2] += any(fault.startswith(f"{case.where} ") for fault in found)
    total = [sum(one[i] for one in rules.values()) for i in range(3)]
    lines = [f"{n:5}{m:6}{bad:7}  {rule}" for rule, (n, m, bad) in rules.items()]
    return "\n".join(
        [f"\n{host}\ncases  asserted failed  rule", *lines, f"{total[0]:5}{total[1]:6}{total[2]:7}  in {len(rules)} rules"]
    )


def faults(cases: list[Case], expressions: list[dict[str, Any]], forms: list[list[Any]]) -> list[str]:
    """Every case that a host got wrong, in words."""
    left, right = iter(expressions), iter(forms)
    found = []
    for case in cases:
        if case.kind == "expression":
            fault = expression_fault(case.source, next(left))
            found += [f"{case.where} {fault}"] if fault else []
        else:
            found += [f"{case.where} {fault}" for fault in form_faults(case.source, next(right))]
    return found
