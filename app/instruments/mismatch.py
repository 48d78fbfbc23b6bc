"""Rules that can be read and can never do what they say: one value where rows are asked, a condition that always holds, a column
that a list does not have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from app.instruments.findings import Finding, error, warning
from app.instruments.xpath import Ast, Shape, leads_to

Place = tuple[str, int, str]  # sheet, row, column as the reader sees them
Node = dict[str, Any]

# Functions that read nodes, and which of their arguments do.
NODES_OF = {
    **dict.fromkeys(("count", "count-non-empty", "sum", "position", "randomize", "name", "local-name"), (0,)),
    "indexed-repeat": (0, 1, 3, 5),
}
NO_NODES = frozenset({"num", "str", "neg", "+", "-", "*", "div", "mod", "and", "or", "=", "!=", "<", "<=", ">", ">="})
GIVES_NODES = frozenset({"current", "instance", "randomize", "once", "if", "indexed-repeat"})
SELECTS = frozenset({"select_one", "select_multiple", "rank"})
MOMENTS = frozenset({"date", "dateTime", "time"})
# Answers that no number equals and none is smaller than.
NEVER_NUMBERS = frozenset({"geopoint", "geotrace", "geoshape", "image", "audio", "video", "file", "select_multiple", "rank"})


def in_call(tree: Ast, node: int, at: Place, shape: Shape, nodes: list[Node]) -> list[Finding]:
    """What is wrong with one call of a function."""
    name, arguments = tree[1], tree[2:]
    findings = []
    for position in NODES_OF.get(name, ()):
        if position < len(arguments):
            one = arguments[position]
            if one[0] in NO_NODES or (one[0] == "fn" and one[1] not in GIVES_NODES):
                findings.append(error("rows_asked", *at, name=name))
    if name == "jr:choice-name" and len(arguments) == 2:
        findings += _choice_name(arguments[1], node, at, shape, nodes)
    if name in ("selected", "count-selected", "selected-at") and arguments:
        findings += [
            warning("select_asked", *at, name=one["name"], function=name, type=one.get("type", ""))
            for one in _asked(arguments[0], node, shape, nodes)
            if one.get("type") in ("integer", "decimal", "range", "date", "dateTime", "time", "image", "audio", "video", "file")
        ]
    return findings


def _choice_name(argument: Ast, node: int, at: Place, shape: Shape, nodes: list[Node]) -> list[Finding]:
    if argument[0] == "path":
        return [error("choice_name_quoted", *at, name=one["name"]) for one in _asked(argument, node, shape, nodes)]
    return []


def in_comparison(tree: Ast, node: int, at: Place, shape: Shape, nodes: list[Node]) -> list[Finding]:
    """A question of several choices compared with one: true only while nothing else is chosen."""
    if tree[0] not in ("=", "!="):
        return []
    return [
        warning("several_chosen", *at, name=one["name"], value=other[1])
        for side, other in ((tree[1], tree[2]), (tree[2], tree[1]))
        if other[0] == "str" and other[1] != ""
        for one in _asked(side, node, shape, nodes)
        if one.get("type") == "select_multiple"
    ]


def in_result(tree: Ast, node: int, at: Place, nodes: list[Node]) -> list[Finding]:
    """A sum of days where a date or a time is kept."""
    if tree[0] == "fn" and tree[1] == "if":
        return [found for one in tree[3:] for found in in_result(one, node, at, nodes)]
    kind = nodes[node].get("type", "")
    is_counted = kind in MOMENTS and tree[0] in ("+", "-", "*", "div", "mod", "neg")
    return [warning("days_counted", *at, type=kind)] if is_counted else []


def in_condition(tree: Ast, node: int, at: Place, shape: Shape, nodes: list[Node]) -> list[Finding]:
    """A condition that is only a name: true whenever the question is there, whatever was answered."""
    kind = tree[0]
    if kind in ("and", "or"):
        return [found for one in tree[1:] for found in in_condition(one, node, at, shape, nodes)]
    if kind == "fn" and tree[1] == "not" and len(tree) == 3:
        return in_condition(tree[2], node, at, shape, nodes)
    if kind != "path" or any(step[2] for step in tree[2]):
        return []
    return [
        warning("condition_bare", *at, name=one["name"])
        for one in _asked(tree, node, shape, nodes)
        if one["kind"] in ("question", "value")
    ]


def in_paths(tree: Any, at: Place, columns: Mapping[str, frozenset[str]]) -> list[Finding]:
    """Columns that a list does not have, in instance() and pulldata(). `columns`: of each list where they are known."""
    findings = []
    for name, column in dict.fromkeys(_columns_read(tree)):
        known = columns.get(name)
        if known and column not in known:
            near = difflib.get_close_matches(column, sorted(known), 1, 0.7)
            details: dict[str, Any] = {"near": near[0]} if near else {}
            findings.append(warning("list_column_unknown", *at, name=name, value=column, **details))
    return findings


def columns_of_choices(package: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Of the lists of the form itself."""
    own = frozenset({"label", "name", "itextId"})
    return {name: own.union(*items) for name, items in package["lists"].items()}


def _columns_read(tree: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(tree, list) or not tree:
        return
    if tree[0] == "path" and len(tree) == 3 and isinstance(tree[1], list) and tree[1][:2] == ["fn", "instance"]:
        source, steps = tree[1][2] if len(tree[1]) > 2 else ["", ""], tree[2]
        if source[0] == "str" and len(steps) > 1 and steps[1][:2] == ["child", "item"]:
            for condition in steps[1][2]:
                yield from ((source[1], column) for column in _own_columns(condition))
            if len(steps) > 2 and steps[2][0] == "child" and steps[2][1] not in ("*", "node()", "text()"):
                yield source[1], steps[2][1]
    if tree[0] == "fn" and tree[1] == "pulldata" and len(tree) == 6 and tree[2][0] == "str":
        yield from ((tree[2][1], one[1]) for one in (tree[3], tree[4]) if one[0] == "str")
    for one in tree:
        yield from _columns_read(one)


def _own_columns(condition: Any) -> Iterator[str]:
    """The names a predicate reads of the row it is asked of."""
    if not isinstance(condition, list) or not condition:
        return
    if condition[0] == "path" and len(condition) == 3:
        steps = condition[2]
        if condition[1] == "." and steps and steps[0][0] == "child" and steps[0][1] not in ("*", "node()", "text()"):
            yield steps[0][1]
        return
    for one in condition[1:]:
        yield from _own_columns(one)


def _asked(tree: Ast, node: int, shape: Shape, nodes: list[Node]) -> list[Node]:
    """The nodes a path without predicates ends at."""
    if tree[0] != "path" or tree[1] not in (".", "/", ["fn", "current"]):
        return []
    return [nodes[one] for one in leads_to(tree, node, shape)]
