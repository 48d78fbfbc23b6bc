"""What only parsed rules show of what pyxform lets pass and the field would pay for. docs/instruments.md lists the checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.instruments import mismatch, operands, patterns, tables
from app.instruments.findings import Finding, error, warning
from app.instruments.lint import Place, place_of_instance_name
from app.instruments.rows import Row
from app.instruments.workbook import Workbook
from app.instruments.xpath import Ast, Shape, leads_to

AGGREGATES = frozenset(
    {"sum", "count", "count-non-empty", "max", "min", "join", "position", "indexed-repeat", "area", "distance", "checklist"}
    | {"weighted-checklist", "concat", "randomize"}
)
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
# Blank in, blank (or not a number) out.
PASSING = frozenset(
    {"number", "int", "round", "abs", "floor", "ceiling", "decimal-date-time", "decimal-time", "date", "date-time", "string"}
    | {"pow", "sqrt"}
)
NUMBERS = ("integer", "decimal", "range")
RULE_KEYS = ("relevant", "constraint", "required", "readonly", "calculation", "repeat_count", "first_load", "expect")


TEXT_KEYS = ("label", "hint", "guidance", "constraint_message", "required_message")


def check_package(
    package: dict[str, Any], workbook: Workbook, rows: Mapping[str, Row], columns: Mapping[str, frozenset[str]]
) -> list[Finding]:
    """What only the parsed rules show. `columns`: of each CSV list."""
    return _Rules(package, workbook, rows, columns).check()


def _asked_elsewhere(condition: Any) -> Any:
    """A predicate without what it reads of the row it is asked of: the rest means the same as outside it."""
    if not isinstance(condition, list) or not condition:
        return condition
    if condition[0] == "path" and condition[1] == ".":
        return ["of_row"]
    return [_asked_elsewhere(one) for one in condition]


class _Rules:
    def __init__(
        self, package: dict[str, Any], workbook: Workbook, rows: Mapping[str, Row], columns: Mapping[str, frozenset[str]]
    ) -> None:
        self.package, self.workbook, self.rows = package, workbook, rows
        self.columns = {**columns, **mismatch.columns_of_choices(package)}
        self.nodes = package["nodes"]
        self.shape = Shape(
            [node.get("parent", -1) for node in self.nodes],
            [node["name"] for node in self.nodes],
            frozenset(node["i"] for node in self.nodes if node["kind"] == "repeat"),
        )
        self.operands = operands.Operands(package, self.shape)
        self.paths_of_questions = {
            "/" + "/".join(self.nodes[one]["name"] for one in reversed(self.shape.above(node["i"]))) for node in self.nodes[1:]
        }
        self.findings: list[Finding] = []

    def check(self) -> list[Finding]:
        for node in self.nodes:
            for key in RULE_KEYS:
                if key in node:
                    self.rule(node["i"], key, self.package["expressions"][node[key]]["ast"])
                    self.lists(node[key], self.place(node["i"], key))
            for trigger in node.get("triggers", []):
                tree = self.package["expressions"][trigger["expression"]]["ast"]
                self.rule(trigger["node"], "calculation", tree)
                self.lists(trigger["expression"], self.place(trigger["node"], "calculation"))
            self.texts(node)
            if "default" in node:
                self.findings += self.operands.in_default(node["default"], node["i"], self.place(node["i"], "default"))
            if tables.asks_for_table(node):
                self.table(node)
            if "choices" in node:
                tree = self.package["expressions"][node["choices"]["nodeset"]]["ast"]
                self.walk(tree, node["i"], self.place(node["i"], "choice_filter"), in_set=True)
                self.findings += mismatch.in_paths(tree, self.place(node["i"], "choice_filter"), self.columns)
        for rule in self.package["entities"]:
            for key, column in (("id", "entity_id"), ("create", "create_if"), ("update", "update_if"), ("label", "label")):
                if key in rule:
                    self.lists(rule[key], ("entities", 0, column))
        return self.findings

    def texts(self, node: dict[str, Any]) -> None:
        """References in what people read: outside a repeat they show its first row only."""
        for key in TEXT_KEYS:
            seen = {
                part["x"]
                for text in node.get(key, {}).values()
                if isinstance(text, list)
                for part in text
                if isinstance(part, dict)
            }
            for number in sorted(seen):
                self.walk(self.package["expressions"][number]["ast"], node["i"], self.place(node["i"], key), in_set=False)

    def table(self, node: dict[str, Any]) -> None:
        """Whoever asks for a table is told where cards come instead."""
        found = tables.hindrance(self.package, node)
        if found is None:
            return
        why, at = found
        place = self.place(node["i"], "appearance")
        if at is not None:
            self.findings.append(warning("grid_long", *place, name=node["name"], other=at["name"]))
        elif why == "too_wide":
            self.findings.append(warning("grid_wide", *place, name=node["name"], limit=tables.MOST_COLUMNS))
        elif why == "counted":
            self.findings.append(warning("grid_counted", *place, name=node["name"]))
        else:
            self.findings.append(warning("grid_nothing", *place, name=node["name"]))

    def lists(self, expression: int, at: Place) -> None:
        """A list that no question picks from and no row names is not in the XForm: instance() finds nothing."""
        for name in self.package["expressions"][expression].get("lists", []):
            if name not in self.package["lists"] and name not in self.package["datasets"]:
                self.findings.append(error("list_unread", *at, name=name))

    def place(self, node: int, key: str) -> Place:
        path = "/" + "/".join(self.nodes[one]["name"] for one in reversed(self.shape.above(node)))
        row = self.rows.get(path)
        if row is None and (counted := self.rows.get(path.removesuffix("_count"))):  # the converter's, beside the repeat
            return ("survey", counted.number, counted.column("repeat_count"))
        if row is None:
            return place_of_instance_name(self.workbook)
        return ("survey", row.number, row.column({"first_load": "default", "expect": "bind::ci:expect"}.get(key, key)))

    def rule(self, node: int, key: str, tree: Ast) -> None:
        at = self.place(node, key)
        self.walk(tree, node, at, in_set=False)
        self.findings += mismatch.in_paths(tree, at, self.columns)
        if key in ("relevant", "constraint", "required", "readonly", "expect"):
            self.findings += mismatch.in_condition(tree, node, at, self.shape, self.nodes)
        if key in ("calculation", "first_load"):
            self.findings += mismatch.in_result(tree, node, at, self.nodes) + self.operands.in_result(tree, node, at)
        if key == "constraint":
            self.blocked(tree, node, at)
        if key == "repeat_count":
            self.findings += [
                warning("rows_counted", *at, name=one["name"], type=one["type"])
                for one in self.operands.asked(tree, node)
                if not self.operands.counts(one) or operands.nature(one) in ("date", "time")
            ]

    def walk(self, tree: Ast, node: int, at: Place, in_set: bool) -> None:
        kind = tree[0]
        if kind == "path":
            self.outside(tree, node, at, in_set)
            if isinstance(tree[1], list):
                self.walk(tree[1], node, at, in_set=True)
            self.conditions([one for step in tree[2] for one in step[2]], node, at)
            return
        if kind == "filter":
            self.walk(tree[1], node, at, in_set=True)
            self.conditions(tree[2], node, at)
            return
        if kind == "fn":
            if tree[1] == "regex" and len(tree) == 4 and tree[3][0] == "str":
                self.pattern(tree[3][1], at)
            if tree[1] == "selected" and len(tree) == 4:
                code = ["str", f"{tree[3][1]:g}"] if tree[3][0] == "num" else tree[3]  # selected(${done}, 1)
                self.literal(tree[2], code, node, at, one_code=True)
            self.findings += mismatch.in_call(tree, node, at, self.shape, self.nodes) + self.operands.in_call(tree, node, at)
            for one in tree[2:3] if tree[1] in ("jr:choice-name", "jr:itext") else tree[2:]:  # these two read a quoted path
                self.walk(one, node, at, in_set=in_set or tree[1] in AGGREGATES)
            return
        if kind in COMPARISONS:
            self.literal(tree[1], tree[2], node, at)
            self.literal(tree[2], tree[1], node, at)
            self.findings += mismatch.in_comparison(tree, node, at, self.shape, self.nodes)
        if kind == "str" and tree[1].strip() in self.paths_of_questions:
            name = tree[1].strip().rpartition("/")[2]
            self.findings.append(warning("reference_quoted", *at, name=name))
        self.findings += self.operands.in_operator(tree, node, at)
        for one in tree[1:]:
            if isinstance(one, list) and one and isinstance(one[0], str):
                self.walk(one, node, at, in_set)

    def conditions(self, predicates: list[Ast], node: int, at: Place) -> None:
        for one in predicates:
            self.walk(_asked_elsewhere(one), node, at, in_set=False)

    def outside(self, path: Ast, node: int, at: Place, in_set: bool) -> None:
        """A question of a repeat, read as one value from outside it."""
        if in_set or any(step[2] for step in path[2]):
            return
        own = set(self.shape.above(node))
        for target, how in leads_to(path, node, self.shape).items():
            repeat = next((one for one in self.shape.above(target) if one in self.shape.repeats and one not in own), None)
            if repeat is not None and how in ("all", "same") and target != repeat:
                self.findings.append(
                    warning("outside_repeat", *at, name=self.nodes[target]["name"], repeat=self.nodes[repeat]["name"])
                )

    def pattern(self, text: str, at: Place) -> None:
        if not patterns.is_pattern(text):
            self.findings.append(error("regex_bad", *at, pattern=text))
        elif patterns.is_slow(text):
            # A remark: phones and server read it in one pass.
            self.findings.append(warning("regex_slow", *at, pattern=text))

    def literal(self, path: Ast, value: Ast, node: int, at: Place, one_code: bool = False) -> None:
        """A question compared with a constant that it can never hold."""
        if path[0] == "path" and value[0] == "num":
            self.number(path, value[1], node, at)
        if path[0] != "path" or value[0] != "str" or value[1] == "":
            return
        for target in leads_to(path, node, self.shape):
            found = self.nodes[target]
            kind = found.get("type", "")
            is_number = re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value[1])
            is_date = re.match(r"\d{4}-\d{2}-\d{2}", value[1])
            is_time = re.match(r"([01]\d|2[0-3]):[0-5]\d", value[1])
            mismatches = {
                **dict.fromkeys(NUMBERS, not is_number),
                "date": not is_date,
                "dateTime": not is_date,
                "time": not is_time,
            }
            if mismatches.get(kind):
                self.findings.append(warning("type_mismatch", *at, name=found["name"], type=kind, value=value[1]))
            elif kind in ("select_one", "select_multiple") and found.get("choices", {}).get("list") in self.package["lists"]:
                codes = [item["name"] for item in self.package["lists"][found["choices"]["list"]]]
                # A question of several choices is compared with all that are chosen.
                several = kind == "select_multiple" and not one_code
                if any(one not in codes for one in (value[1].split() if several else [value[1]])):
                    shown = ", ".join(codes[:12]) + ("…" if len(codes) > 12 else "")
                    self.findings.append(warning("choice_unknown", *at, name=found["name"], value=value[1], choices=shown))

    def number(self, path: Ast, value: float, node: int, at: Place) -> None:
        """A question whose answers are no numbers, compared with one."""
        for target in leads_to(path, node, self.shape):
            found = self.nodes[target]
            kind = found.get("type", "")
            is_year = kind in ("date", "dateTime") and 1900 <= value <= 2100  # a date is a number of days: all are larger
            if kind in mismatch.NEVER_NUMBERS or is_year:
                self.findings.append(warning("type_mismatch", *at, name=found["name"], type=kind, value=f"{value:g}"))
            elif kind == "select_one" and found.get("choices", {}).get("list") in self.package["lists"]:
                codes = [item["name"] for item in self.package["lists"][found["choices"]["list"]]]
                if not any(re.fullmatch(r"-?[\d.]+", code) for code in codes):
                    shown = ", ".join(codes[:12]) + ("…" if len(codes) > 12 else "")
                    self.findings.append(warning("choice_unknown", *at, name=found["name"], value=f"{value:g}", choices=shown))

    # A constraint that no answer meets while another one is blank.

    def blocked(self, tree: Ast, node: int, at: Place) -> None:
        for target, _ in self.paths(tree, node):
            is_asked = target != node and self.may_be_blank(target, node) and not self.hides(target, node)
            if is_asked and self.holds(tree, node, target) is False:
                self.findings.append(warning("constraint_blank", *at, name=self.nodes[target]["name"]))
                return

    def paths(self, tree: Any, node: int) -> list[tuple[int, Ast]]:
        if tree[0] == "path":
            return [(target, tree) for target in leads_to(tree, node, self.shape)]
        return [found for one in tree[1:] if isinstance(one, list) and one for found in self.paths(one, node)]

    def may_be_blank(self, target: int, node: int) -> bool:
        """Not asked for certain: optional, or hidden while the other one is not."""
        found = self.nodes[target]
        if found["kind"] not in ("question", "value"):
            return False
        hidden = any("relevant" in self.nodes[one] for one in self.shape.above(target) if one not in self.shape.above(node))
        if found["kind"] == "value":
            return hidden or "calculation" not in found
        return hidden or "required" not in found

    def hides(self, target: int, node: int) -> bool:
        """Whether a question is not asked while the target is blank."""
        return any(
            self.holds(self.package["expressions"][self.nodes[one]["relevant"]]["ast"], one, target) is False
            for one in self.shape.above(node)
            if "relevant" in self.nodes[one]
        )

    def is_blank(self, tree: Ast, node: int, target: int) -> bool:
        """Whether an operand is blank, or no number, when the target is blank; of two branches, whether it may be."""
        if tree[0] == "path":
            return target in leads_to(tree, node, self.shape)
        if tree[:2] == ["fn", "if"] and len(tree) == 5:
            holds = self.holds(tree[2], node, target)
            branches = tree[3:] if holds is None else [tree[3 if holds else 4]]
            return any(self.is_blank(one, node, target) for one in branches)
        if tree[0] in ("+", "-", "*", "div", "mod", "neg"):
            return any(self.is_blank(one, node, target) for one in tree[1:])
        return tree[0] == "fn" and tree[1] in PASSING and any(self.is_blank(one, node, target) for one in tree[2:3])

    def holds(self, tree: Ast, node: int, target: int) -> bool | None:
        """What a condition gives when the target is blank, whatever the answer is; None: that depends on the answer."""
        kind = tree[0]
        if kind in ("and", "or"):
            sides = [self.holds(one, node, target) for one in tree[1:]]
            decisive = kind == "or"
            if decisive in sides:
                return decisive
            return None if None in sides else not decisive
        if kind == "fn" and tree[1] == "not":
            inside = self.holds(tree[2], node, target)
            return None if inside is None else not inside
        if kind in COMPARISONS:
            for one, other in ((tree[1], tree[2]), (tree[2], tree[1])):
                if self.is_blank(one, node, target):
                    if kind not in ("=", "!="):
                        return False
                    if other[0] == "str":
                        return (other[1] == "") == (kind == "=")
                    if other[0] == "num" or (other[0] == "path" and node in leads_to(other, node, self.shape)):
                        return kind == "!="
        return None
