"""What publishing would change: the new package beside the current one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DRAWN = ("question", "group", "repeat")


@dataclass
class Line:
    """A question as a reader knows it."""

    name: str
    label: dict[str, str]
    before: str = ""
    after: str = ""


@dataclass
class Preview:
    questions: int
    sections: int
    languages: list[str]
    lists_read: list[str]  # entity lists it looks up
    lists_written: list[str]
    files: list[str]  # CSV lists
    before: str = ""  # version it replaces
    added: list[Line] = field(default_factory=list)
    removed: list[Line] = field(default_factory=list)
    retyped: list[Line] = field(default_factory=list)  # answers of both versions cannot stand in one column
    reworded: list[Line] = field(default_factory=list)
    rules: list[Line] = field(default_factory=list)


def _paths(package: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: list[str] = []
    for node in package["nodes"]:
        above = found[node["parent"]] if "parent" in node else ""
        found.append(f"{above}/{node['name']}" if "parent" in node else "")
    return {path: node for path, node in zip(found, package["nodes"], strict=True) if node["kind"] in (*DRAWN, "value") and path}


def _plain(text: dict[str, Any] | None) -> dict[str, str]:
    def words(part: Any) -> str:
        return part if isinstance(part, str) else "".join(one if isinstance(one, str) else "…" for one in part)

    return {code: words(part) for code, part in (text or {}).items()}


def _rules(package: dict[str, Any], node: dict[str, Any]) -> dict[str, str]:
    keys = ("relevant", "required", "constraint", "expect", "calculation", "repeat_count")
    return {key: package["expressions"][node[key]]["text"] for key in keys if key in node}


def preview(package: dict[str, Any], current: dict[str, Any] | None) -> Preview:
    nodes = package["nodes"]
    files = package["datasets"]
    found = Preview(
        questions=sum(node["kind"] == "question" and node["type"] != "note" for node in nodes),
        sections=sum(
            node["kind"] in ("group", "repeat") and node.get("parent") == 0 and node["name"] != "meta" for node in nodes
        ),
        languages=package["languages"],
        lists_read=sorted(name for name, used in files.items() if used["kind"] == "entities"),
        lists_written=sorted({rule["list"] for rule in package["entities"]}),
        files=sorted([*(name for name, used in files.items() if "sha256" in used), *package.get("media", {})]),
    )
    if current is None:
        return found
    found.before = current["version"]
    new, old = _paths(package), _paths(current)
    for path, node in new.items():
        label = _plain(node.get("label"))
        if path not in old:
            found.added.append(Line(node["name"], label))
            continue
        was = old[path]
        kind, kind_was = node.get("type", node["kind"]), was.get("type", was["kind"])
        if kind != kind_was:
            found.retyped.append(Line(node["name"], label, kind_was, kind))
        if label != _plain(was.get("label")):
            found.reworded.append(Line(node["name"], label))
        if _rules(package, node) != _rules(current, was):
            found.rules.append(Line(node["name"], label))
    found.removed = [Line(node["name"], _plain(node.get("label"))) for path, node in old.items() if path not in new]
    return found
