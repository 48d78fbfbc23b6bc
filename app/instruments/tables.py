"""Whether a repeat with the appearance `grid` is drawn as a table, or why it is cards: static/js/form/grid.js decides by the same
rules, and tests/form/test_matrix.py compares the two."""

from __future__ import annotations

import re
from typing import Any

MOST_COLUMNS = 10
MOST_CHOICES = 6
TYPED = ("integer", "decimal", "text", "date")

Node = dict[str, Any]


def asks_for_table(node: Node) -> bool:
    return node["kind"] == "repeat" and "grid" in node.get("appearance", "").split()


def hindrance(package: dict[str, Any], repeat: Node) -> tuple[str, Node | None] | None:
    """Why it is cards, `counted`, `nothing`, `too_wide` or `long`, with the question it is for; None: a table."""
    children = [one for one in package["nodes"] if one.get("parent") == repeat["i"] and one["kind"] != "value"]
    if any(_is_attendance(package, one) for one in children):
        return None
    if "repeat_count" in repeat:
        return "counted", None
    naming = next((one for one in children if one.get("type") == "text" and not re.search("phone|tel", one["name"])), None)
    person = _person(package, repeat, children, naming)
    asked = [one for one in children if one is not naming and one is not person and one.get("type") != "note"]
    if not asked:
        return "nothing", None
    for one in asked:
        if one["kind"] != "question" or (one.get("type") not in TYPED and not _is_tapped(package, one)):
            return "long", one
    return ("too_wide", None) if len(asked) > MOST_COLUMNS else None


def _is_tapped(package: dict[str, Any], node: Node) -> bool:
    choices = package["lists"].get(node.get("choices", {}).get("list")) if node.get("type") == "select_one" else None
    return choices is not None and len(choices) <= MOST_CHOICES


def _is_attendance(package: dict[str, Any], node: Node) -> bool:
    inside = [one for one in package["nodes"] if one.get("parent") == node["i"] and one["kind"] != "value"]
    return node["kind"] == "repeat" and "repeat_count" in node and len(inside) == 1 and _is_tapped(package, inside[0])


def _person(package: dict[str, Any], repeat: Node, children: list[Node], naming: Node | None) -> Node | None:
    """The list that names are picked from: the register the row feeds, or one that stands first or decides on the name."""
    lists = [
        one
        for one in children
        if one.get("type") == "select_one" and one.get("choices", {}).get("list") and not _is_tapped(package, one)
    ]
    register = next((rule["list"] for rule in package["entities"] if rule["scope"] == repeat["i"]), None)
    needs = set()
    if naming is not None and "relevant" in naming:
        needs = {at for at, _ in package["expressions"][naming["relevant"]]["deps"]}

    def decides(one: Node) -> bool:
        fills = any(naming is not None and trigger["node"] == naming["i"] for trigger in one.get("triggers", ()))
        return one is children[0] or one["i"] in needs or fills

    of_register = next((one for one in lists if one["choices"]["list"] == register), None)
    return of_register or next((one for one in lists if decides(one)), None)
