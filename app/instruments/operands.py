"""Values that an operator, a function or a question can never use: a text where one counts, a place where a date is read, two
answers of kinds that are never equal, a default that is no answer.

Said only where no answer would do: a text that is typed in digits counts, and what a calculation gives is not known here.
"""

from __future__ import annotations

import re
from typing import Any

from app.instruments.findings import Finding, warning
from app.instruments.mismatch import Node, Place
from app.instruments.xpath import Ast, Shape, leads_to

ARITHMETIC = frozenset({"+", "-", "*", "div", "mod", "neg"})
ORDER = frozenset({"<", "<=", ">", ">="})
EQUALITY = frozenset({"=", "!="})
# What answers of a question are, of the kinds that are known for certain.
NATURES = {
    **dict.fromkeys(("integer", "decimal", "range"), "number"),
    **dict.fromkeys(("date", "dateTime"), "date"),
    "time": "time",
    **dict.fromkeys(("geopoint", "geotrace", "geoshape"), "place"),
    **dict.fromkeys(("image", "audio", "video", "file"), "file"),
    **dict.fromkeys(("select_one", "select_multiple", "rank", "acknowledge"), "code"),
    **dict.fromkeys(("text", "note"), "text"),
}
GIVES_NUMBER = frozenset(
    {"count", "count-non-empty", "count-selected", "string-length", "position", "sum", "round", "int", "abs", "floor", "ceiling"}
    | {"number", "pow", "sqrt", "decimal-date-time", "decimal-time", "distance", "area", "random", "pi"}
)
GIVES_TRUTH = frozenset(
    {"selected", "not", "true", "false", "boolean", "boolean-from-string", "regex", "contains", "starts-with", "ends-with"}
    | {"checklist", "weighted-checklist", "geofence"}
)
READS_NUMBER = frozenset(
    {"round", "int", "abs", "floor", "ceiling", "pow", "sqrt", "exp", "exp10", "log", "log10", "sum", "max", "min"}
)
READS_DATE = frozenset({"format-date", "format-date-time", "decimal-date-time"})
READS_PLACE = frozenset({"area", "distance", "geofence"})
NUMBER = re.compile(r"\s*-?(\d+(\.\d*)?|\.\d+)\s*")
COUNTED = re.compile(rf"{NUMBER.pattern}|\d{{4}}-\d\d-\d\d.*")  # a date is its days
# How the package writes an answer, by the kind of the question.
DEFAULTS = {
    "integer": re.compile(r"\s*-?\d+\s*"),
    "decimal": NUMBER,
    "range": NUMBER,
    "date": re.compile(r"\d{4}-\d\d-\d\d(T.*)?"),
    "dateTime": re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d.*)?"),
    "time": re.compile(r"\d\d:\d\d.*"),
    "geopoint": re.compile(r"(-?\d+(\.\d+)?\s*){2,4}"),
}


class Operands:
    """The checks, for the questions of one form."""

    def __init__(self, package: dict[str, Any], shape: Shape) -> None:
        self.nodes: list[Node] = package["nodes"]
        self.lists: dict[str, list[dict[str, Any]]] = package["lists"]
        self.shape = shape

    def in_operator(self, tree: Ast, node: int, at: Place) -> list[Finding]:
        """Arithmetic and comparisons."""
        kind, sides = tree[0], tree[1:]
        if kind in ARITHMETIC:
            words = [one[1] for one in sides if one[0] == "str" and one[1].strip() and not COUNTED.fullmatch(one[1])]
            return [warning("word_counted", *at, value=value) for value in words] + [
                warning("answer_counted", *at, name=one["name"], type=one["type"])
                for side in sides
                for one in self.asked(side, node)
                if not self.counts(one)
            ]
        if kind not in ORDER | EQUALITY:
            return []
        findings = self._answers_compared(kind, sides[0], sides[1], node, at)
        for one, other in ((sides[0], sides[1]), (sides[1], sides[0])):
            findings += self._result_compared(one, other, at)
            if kind in ORDER and other[0] == "num":
                texts = [found for found in self.asked(one, node) if nature(found) == "text" and not self.counts(found)]
                findings += [
                    warning("type_mismatch", *at, name=found["name"], type=found["type"], value=f"{other[1]:g}")
                    for found in texts
                ]
            if kind in EQUALITY and other in (["fn", "true"], ["fn", "false"]):
                findings += [warning("condition_bare", *at, name=found["name"]) for found in self.values(one, node)]
        return findings

    def in_call(self, tree: Ast, node: int, at: Place) -> list[Finding]:
        """A question that a function cannot read."""
        name, arguments = tree[1], tree[2:]
        read = [(one, i) for i, argument in enumerate(arguments[:2]) for one in self.asked(argument, node)]
        findings = []
        for one, position in read:
            said = {"function": name, "name": one["name"], "type": one["type"]}
            if name in READS_NUMBER and not self.counts(one):
                findings.append(warning("number_read", *at, **said))
            elif name in READS_DATE and position == 0 and nature(one) not in ("date", "number"):
                findings.append(warning("date_read", *at, **said))
            elif name == "decimal-time" and nature(one) not in ("time", "date"):
                findings.append(warning("time_read", *at, **said))
            elif name in READS_PLACE and nature(one) not in ("place", "text"):
                findings.append(warning("place_read", *at, **said))
        return findings

    def in_result(self, tree: Ast, node: int, at: Place) -> list[Finding]:
        """What a calculation or a default gives a question that cannot hold it."""
        if tree[0] == "fn" and tree[1] == "if":
            return [found for one in tree[3:] for found in self.in_result(one, node, at)]
        return self.in_default(tree[1], node, at) if tree[0] == "str" else []

    def in_default(self, value: str, node: int, at: Place) -> list[Finding]:
        """A written value that is no answer of its question."""
        one = self.nodes[node]
        kind = one.get("type", "")
        if not value.strip():
            return []
        if kind in ("select_one", "select_multiple", "rank"):
            codes = self.codes(one)
            lost = (
                []
                if codes is None
                else [word for word in ([value] if kind == "select_one" else value.split()) if word not in codes]
            )
            shown = ", ".join((codes or [])[:12]) + ("…" if codes and len(codes) > 12 else "")
            return [warning("choice_unknown", *at, name=one["name"], value=word, choices=shown) for word in lost[:1]]
        pattern = DEFAULTS.get(kind)
        if pattern is None or pattern.fullmatch(value):
            return []
        return [warning("default_none", *at, name=one["name"], value=value, type=kind)]

    def _answers_compared(self, operator: str, one: Ast, other: Ast, node: int, at: Place) -> list[Finding]:
        """Two questions of kinds that are never equal, or of which none is smaller."""
        for left in self.asked(one, node):
            for right in self.asked(other, node):
                if not self.meets(operator, left, right):
                    details = {"name": left["name"], "type": left["type"], "other": right["name"], "kind": right["type"]}
                    return [warning("kinds_differ", *at, **details)]
        return []

    def _result_compared(self, call: Ast, value: Ast, at: Place) -> list[Finding]:
        if call[0] != "fn" or value[0] != "str":
            return []
        if call[1] in GIVES_TRUTH and value[1] not in ("", "true"):
            return [warning("truth_compared", *at, name=call[1], value=value[1])]
        if call[1] in GIVES_NUMBER and value[1] != "" and not NUMBER.fullmatch(value[1]):
            return [warning("count_compared", *at, name=call[1], value=value[1])]
        return []

    def asked(self, tree: Ast, node: int) -> list[Node]:
        """The questions a path ends at, of those whose answers are known."""
        return [one for one in self.values(tree, node) if one["kind"] == "question" and nature(one)]

    def values(self, tree: Ast, node: int) -> list[Node]:
        """The questions and calculations a path ends at."""
        if tree[0] != "path" or tree[1] not in (".", "/", ["fn", "current"]):
            return []
        return [one for one in (self.nodes[i] for i in leads_to(tree, node, self.shape)) if one["kind"] in ("question", "value")]

    def codes(self, one: Node) -> list[str] | None:
        """The codes of a question's choices; None: they are not in the form."""
        name = one.get("choices", {}).get("list")
        return [str(item["name"]) for item in self.lists[name]] if name in self.lists else None

    def counts(self, one: Node) -> bool:
        """Whether an answer may be a number: a date is one of days, a code may be of digits."""
        what = nature(one)
        if what == "code":
            codes = self.codes(one)
            return one["type"] == "select_one" and (codes is None or any(NUMBER.fullmatch(code) for code in codes))
        if what == "text":
            return may_be_digits(one)
        return what in ("number", "date", "time")

    def meets(self, operator: str, one: Node, other: Node) -> bool:
        """Whether some answers of both compare so that it says something."""
        natures = {nature(one), nature(other)}
        if operator in ORDER:
            if natures & {"place", "file"}:
                return False
            return natures in ({"date"}, {"time"}) or (
                natures.isdisjoint({"date", "time"}) and self.counts(one) and self.counts(other)
            )
        if len(natures) == 1 or "text" in natures:
            return True
        return natures == {"number", "code"} and self.counts(one) and self.counts(other)


def nature(one: Node) -> str:
    return NATURES.get(one.get("type", ""), "")


def may_be_digits(one: Node) -> bool:
    """A text that its author keeps to digits, or computes."""
    return "numbers" in one.get("appearance", "").split() or "constraint" in one or "calculation" in one
