"""Whether scores of two versions of an instrument say the same: axis by axis, and why not (docs/results.md).

Pure: packages (docs/package.md) and answers in, words left to whoever shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Package = Mapping[str, Any]
Node = Mapping[str, Any]
Degree = Literal["same", "partly", "not"]
Kind = Literal["came", "went", "choices", "weight", "reworded", "rule", "axis_weight", "axis_came", "axis_went", "levels"]

MOST_POINTS = 4  # of a scored question
# A question may be answered "not applicable" from one version on: what its other answers are worth stays the same.
NOT_APPLICABLE = "na"


@dataclass(frozen=True)
class Item:
    """A scored question (role `item`)."""

    name: str
    node: Node
    weight: float
    points: tuple[str, ...]  # codes of its choices, in order, without "na"
    words: tuple[Any, ...]  # label of the question and of its choices

    def takes_as(self, other: Item) -> bool:
        """Whether an answer means as many points in both."""
        return self.points == other.points and self.node["attributes"].get("scale") == other.node["attributes"].get("scale")


@dataclass(frozen=True)
class Change:
    kind: Kind
    name: str = ""  # of the question
    node: Node | None = None  # where its label stands: in the newer version, of what went in the older one
    is_older: bool = False
    before: float | None = None  # of a weight
    after: float | None = None


@dataclass(frozen=True)
class AxisCompared:
    axis: str
    degree: Degree
    common: frozenset[str]  # questions that count in both and take the same answers
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Compared:
    axes: Mapping[str, AxisCompared] = field(default_factory=dict)  # those of either version, the newer one's first
    degree: Degree = "same"  # of the overall score
    changes: tuple[Change, ...] = ()  # of the overall score, beside those of its axes


def scored(package: Package) -> dict[str, dict[str, Item]]:
    """{axis: {name: Item}}, in the order of the form."""
    found: dict[str, dict[str, Item]] = {}
    for node in package["nodes"]:
        attributes = node.get("attributes", {})
        if attributes.get("role") != "item":
            continue
        choices = package.get("lists", {}).get(node.get("choices", {}).get("list", ""), [])
        points = tuple(one["name"] for one in choices if one["name"] != NOT_APPLICABLE)
        words = (_text(node.get("label")), *(_text(one.get("label")) for one in choices if one["name"] != NOT_APPLICABLE))
        item = Item(node["name"], node, _weight(attributes), points, words)
        found.setdefault(attributes.get("axis", ""), {})[item.name] = item
    return found


def compare(older: Package, newer: Package) -> Compared:
    """What the scores of the older version say beside those of the newer one.

    An axis is comparable when nothing of what its score is made of changed; in part when the questions that both have, with the
    same answers, weigh at least half of it in each; not otherwise. Rewording alone is told and changes nothing.
    """
    if older is newer:
        return Compared({axis: AxisCompared(axis, "same", frozenset(items)) for axis, items in scored(newer).items()})
    then, now = scored(older), scored(newer)
    rules = _rules(older, "axis-score"), _rules(newer, "axis-score")
    axes: dict[str, AxisCompared] = {}
    for axis in dict.fromkeys([*_axes(newer), *_axes(older), *now, *then]):
        rule_changed = axis in rules[0] and axis in rules[1] and rules[0][axis] != rules[1][axis]
        axes[axis] = _axis(axis, then.get(axis, {}), now.get(axis, {}), rule_changed)
    changes = list(_of_overall(older, newer))
    degrees = {one.degree for one in axes.values()}
    degree: Degree = "same" if degrees <= {"same"} and not changes else "not" if degrees == {"not"} else "partly"
    return Compared(axes, degree, tuple(changes))


def _axis(axis: str, then: Mapping[str, Item], now: Mapping[str, Item], rule_changed: bool) -> AxisCompared:
    if not then or not now:
        changes = [Change("axis_came") if now else Change("axis_went")]
        return AxisCompared(axis, "not", frozenset(), tuple(changes))
    found: list[Change] = []
    common: list[str] = []
    for name, item in now.items():
        was = then.get(name)
        if was is None:
            found.append(Change("came", name, item.node))
            continue
        if not item.takes_as(was):
            found.append(Change("choices", name, item.node))
            continue
        common.append(name)
        if was.weight != item.weight:
            found.append(Change("weight", name, item.node, before=was.weight, after=item.weight))
        if was.words != item.words:
            found.append(Change("reworded", name, item.node))
    found += [Change("went", name, item.node, is_older=True) for name, item in then.items() if name not in now]
    counted = [one for one in found if one.kind != "reworded"]
    # A formula names its questions: it says something of its own only where they and their weights stayed.
    if rule_changed and not counted:
        counted.append(Change("rule"))
        found.append(counted[0])
    if not counted:
        degree: Degree = "same"
    else:
        shares = [sum(side[name].weight for name in common) / sum(one.weight for one in side.values()) for side in (then, now)]
        degree = "partly" if min(shares) >= 0.5 else "not"
    return AxisCompared(axis, degree, frozenset(common), tuple(found))


def _of_overall(older: Package, newer: Package) -> Iterable[Change]:
    """What changed of the overall score beside the axes themselves."""
    then, now = _axes(older), _axes(newer)
    for axis, node in now.items():
        if axis in then and _weight(then[axis]["attributes"]) != _weight(node["attributes"]):
            weights = _weight(then[axis]["attributes"]), _weight(node["attributes"])
            yield Change("axis_weight", axis, node, before=weights[0], after=weights[1])
    if set(then) == set(now):
        for role in ("overall", "level", "cap"):
            own = [_rules(one, role, without=_axes(one)) for one in (older, newer)]
            if own[0] != own[1]:
                yield Change("levels" if role != "overall" else "rule")
                return


def _axes(package: Package) -> dict[str, Node]:
    """The nodes with the scores of axes, by axis."""
    nodes = (node for node in package["nodes"] if node.get("attributes", {}).get("role") == "axis-score")
    return {node["attributes"].get("axis", node["name"]): node for node in nodes}


def _weight(attributes: Mapping[str, str]) -> float:
    try:
        return float(attributes.get("weight", 1))
    except ValueError:
        return 1.0


def _text(text: Any) -> str:
    """A label as it is compared: spaces and marks that nobody reads left out. An expression in it counts as one."""
    if not isinstance(text, Mapping):
        return ""
    parts = [[one] if isinstance(one, str) else one for one in text.values()]
    said = ["".join(part if isinstance(part, str) else "…" for part in one) for one in parts]
    return re.sub(r"[\s*_#]+", " ", " | ".join(said)).strip()


def _rules(package: Package, role: str, without: Mapping[str, Node] | None = None) -> dict[str, dict[str, Any]]:
    """{axis, or "": {name: expression}} of all calculations that a score is made of, by the names they have."""
    stop = {node["i"] for node in (without or {}).values()}
    found = {}
    for node in package["nodes"]:
        attributes = node.get("attributes", {})
        if attributes.get("role") == role:
            closure: dict[str, Any] = {}
            _gather(package, node["i"], closure, stop, set())
            found[attributes.get("axis", "")] = closure
    return found


def _gather(package: Package, index: int, into: dict[str, Any], stop: set[int], seen: set[int]) -> None:
    if index in seen or index in stop:
        return
    seen.add(index)
    node = package["nodes"][index]
    if node.get("calculation") is None:
        return
    expression = package["expressions"][node["calculation"]]
    into[node["name"]] = expression["ast"]
    for dependency, _scope in expression.get("deps", []):
        _gather(package, dependency, into, stop, seen)


# -- two rounds, on the questions that were answered in both


@dataclass(frozen=True)
class OnCommon:
    """Scores of one axis on the questions that both rounds answered, by the newer version's weights."""

    then: float
    now: float
    questions: int


def on_common(
    compared: Compared, newer: Package, then: Mapping[str, str], now: Mapping[str, str]
) -> tuple[dict[str, OnCommon], tuple[float, float] | None]:
    """By axis, and the overall of the axes that have one: (then, now).

    then, now  {name of a question: answer}; what is blank or "na" in either counts in neither
    """
    axes: dict[str, OnCommon] = {}
    for axis, items in scored(newer).items():
        common = compared.axes[axis].common if axis in compared.axes else frozenset()
        pairs = [(item.weight, _points(then.get(name)), _points(now.get(name))) for name, item in items.items() if name in common]
        answered = [(weight, before, after) for weight, before, after in pairs if before is not None and after is not None]
        if answered:
            most = MOST_POINTS * sum(weight for weight, _, _ in answered)
            sums = [sum(one[0] * one[side] for one in answered) for side in (1, 2)]
            axes[axis] = OnCommon(100 * sums[0] / most, 100 * sums[1] / most, len(answered))
    return axes, _overall(axes, newer)


def _overall(axes: Mapping[str, OnCommon], package: Package) -> tuple[float, float] | None:
    weights = {axis: _weight(node["attributes"]) for axis, node in _axes(package).items() if axis in axes}
    whole = sum(weights.values())
    if not whole:
        return None
    return (
        sum(weight * axes[axis].then for axis, weight in weights.items()) / whole,
        sum(weight * axes[axis].now for axis, weight in weights.items()) / whole,
    )


def _points(value: str | None) -> float | None:
    try:
        return float(value) if value not in (None, "", NOT_APPLICABLE) else None
    except ValueError:
        return None


def for_grid(compared: Compared, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers of the older version as the newer grid may count them: without those to questions that take other answers now."""
    left_out = {change.name for axis in compared.axes.values() for change in axis.changes if change.kind == "choices"}
    return _without(answers, left_out) if left_out else dict(answers)


def _without(answers: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in answers.items():
        if name in names and not isinstance(value, Mapping):
            continue
        kept[name] = _without(value, names) if isinstance(value, Mapping) else value
    return kept
