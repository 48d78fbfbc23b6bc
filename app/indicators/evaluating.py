"""What a submission or a record adds to an indicator: its rows, each with value, day, place and the record it goes by.

Pure but for the forms, which are remembered; docs/indicators.md says what each key of a declaration means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from app.indicators.declarations import MINUTES, SUBJECT, Condition, Declaration, find_node, person_nodes, repeat_of, scopes_of
from app.indicators.models import MOST_BY, SCALE
from app.submissions.answers import Form

MOST = Decimal(10) ** 11  # what no sum of the field comes near; beyond it a number is a slip, and 64 bits would not hold the sums
DAY = 10  # characters of a date in XForms form

Period = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class Row:
    """As it stands in indicator_rows, but for its indicator, its source and the identity after merges."""

    day: date
    number: int
    said: str | None
    value: int | None
    total: int
    weight: int
    squares: float
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A submission with its answers, or a record with its properties."""

    id: str
    day: date  # on which it was received, or made
    answers: Mapping[str, Any]
    form: Form | None = None
    subject_id: str | None = None
    subject: Mapping[str, str] | None = None  # properties of the record that it is about
    entities: Sequence[Mapping[str, Any]] = ()  # what it says about records
    minutes: int | None = None  # from opening the form to finishing it


Ask = Callable[[str], str]


def rows_of(declaration: Declaration, source: Source, period: Period | None) -> list[Row]:
    """What the source adds; nothing when no row of it meets the conditions."""
    plan = _plan(source.form, declaration.over.repeat) if source.form is not None else None
    if declaration.over.instrument and plan is None:
        return []
    people = _Identities(declaration, source, plan) if declaration.measure == "distinct" and plan is not None else None
    found = []
    for number, contexts in enumerate(_contexts(source, plan), start=1 if declaration.over.repeat else 0):
        ask = _asker(source, plan, contexts)
        row = _row(declaration, source, number, ask, period)
        said = people.of(contexts[-1]) if people is not None else None
        if declaration.once:
            said = ask(declaration.once)[:80] or None
        if row is not None:
            found.append(Row(row.day, row.number, said, row.value, row.total, row.weight, row.squares, row.by))
    return found


def _row(declaration: Declaration, source: Source, number: int, ask: Ask, period: Period | None) -> Row | None:
    multiple = declaration.multiple
    if not all(meets(one, ask(one.of), one.of in multiple) for one in declaration.where):
        return None
    day = day_of(ask(declaration.date)) if declaration.date else None
    day = day or source.day
    if period is not None and ((period[0] and day < period[0]) or (period[1] and day > period[1])):
        return None
    amounts = _amounts(declaration, ask)
    if amounts is None:
        return None
    value, total, weight, squares = amounts
    by = tuple(_key(ask(name), name in multiple) for name in declaration.dims)
    return Row(day, number, None, value, total, weight, squares, by + ("",) * (MOST_BY - len(by)))


def _amounts(declaration: Declaration, ask: Ask) -> tuple[int | None, int, int, float] | None:
    """Value, what it adds to the sum and to the divisor, and its weighted square; None: it does not count."""
    measure = declaration.measure
    if measure in ("rows", "distinct"):
        return None, SCALE, SCALE, 0.0
    if declaration.having:
        holds = all(meets(one, ask(one.of), one.of in declaration.multiple) for one in declaration.having)
        return (100 * SCALE if holds else 0), (SCALE if holds else 0), SCALE, 0.0
    value = _days(*(day_of(ask(name)) for name in declaration.days)) if declaration.days else _number(ask(declaration.of))
    if value is None:
        return None
    if measure == "share":
        out_of = _number(ask(declaration.out_of))
        return None if out_of is None else (scaled(value), scaled(value), scaled(out_of), 0.0)
    if measure == "sum":
        return scaled(value), scaled(value), SCALE, 0.0
    weight = _number(ask(declaration.weight)) if declaration.weight else Decimal(1)
    if weight is None or weight < 0 or abs(weight * value) > MOST * 10:
        return None
    return scaled(value), scaled(value * weight), scaled(weight), float(weight * value * value)


def _days(first: date | None, last: date | None) -> Decimal | None:
    return Decimal((last - first).days) if first and last else None


def minutes_of(envelope: Mapping[str, Any]) -> int | None:
    """How long the form was open; None for a correction, which tells nothing of filling, and where the clock was set back."""
    if envelope.get("parent_revision_id"):
        return None
    try:
        opened, ended = (datetime.fromisoformat(str(envelope.get(name))) for name in ("t_started", "t_client"))
        seconds = (ended - opened).total_seconds()
    except (TypeError, ValueError):
        return None
    return round(seconds / 60) if seconds >= 0 else None


def scaled(value: Decimal) -> int:
    return int((value * SCALE).to_integral_value(ROUND_HALF_UP))


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text) if len(text) <= 40 else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and abs(value) <= MOST else None


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:DAY])
    except ValueError:
        return None


def _key(text: str, multiple: bool) -> str:
    """Values of a split: of a choice of several all of them, each once."""
    words = dict.fromkeys(text.split()) if multiple else [text.strip().replace(" ", "\u00a0")]
    return " ".join(word[:80] for word in words)


def meets(condition: Condition, text: str, multiple: bool) -> bool:
    """An empty answer meets only `filled: false`, `is_not` and `not_in`."""
    test, value = condition.test, condition.value
    if test == "filled":
        return (text != "") == value
    said = set(text.split()) if multiple else {text}
    if test in ("is", "in"):
        return text != "" and not said.isdisjoint([value] if test == "is" else value)
    if test in ("is_not", "not_in"):
        return said.isdisjoint([value] if test == "is_not" else value)
    if isinstance(value, str):  # a day: dates in XForms form stand in the order of their letters
        here, edge = text[:DAY], value[:DAY]
        return here != "" and (here >= edge if test == "at_least" else here <= edge)
    number = _number(text)
    return number is not None and (number >= Decimal(str(value)) if test == "at_least" else number <= Decimal(str(value)))


# -- where answers stand


class _Plan:
    """Where the names of a form mean: how deep, and under which groups."""

    def __init__(self, form: Form, repeat: str) -> None:
        self.form, self.repeat = form, repeat
        repeats = {form.path(node["i"]) for node in form.nodes if node["kind"] == "repeat"}
        self.scopes = [one for one in reversed(scopes_of(repeat)) if one == "" or one in repeats]
        self.steps = [
            inner.removeprefix(f"{outer}/" if outer else "").split("/")
            for outer, inner in zip(self.scopes, self.scopes[1:], strict=False)
        ]
        self._places: dict[str, tuple[int, list[str]] | None] = {}

    def place(self, name: str) -> tuple[int, list[str]] | None:
        if name not in self._places:
            node = find_node(self.form, self.repeat, name)
            self._places[name] = None
            if node is not None:
                scope = self.form.scope(node["i"])
                path = self.form.path(node["i"]).removeprefix(f"{scope}/" if scope else "")
                self._places[name] = (self.scopes.index(scope), path.split("/"))
        return self._places[name]


@lru_cache(maxsize=256)
def _plan_of(form: Form, repeat: str) -> _Plan:
    return _Plan(form, repeat)


def _plan(form: Form, repeat: str) -> _Plan | None:
    plan = _plan_of(form, repeat)
    return plan if repeat in plan.scopes else None  # a version that does not have the repeat says nothing about it


def _contexts(source: Source, plan: _Plan | None) -> Iterator[list[Mapping[str, Any]]]:
    """The answers of the form, then of each repeat down to the row; one list a row."""
    if plan is None:
        yield [source.answers]
        return

    def walk(level: int, contexts: list[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
        if level == len(plan.steps):
            yield contexts
            return
        rows = _at(contexts[-1], plan.steps[level])
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, Mapping):
                yield from walk(level + 1, [*contexts, row])

    yield from walk(0, [source.answers])


def _at(node: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(node, Mapping):
            return None
        node = node.get(name)
    return node


def _asker(source: Source, plan: _Plan | None, contexts: Sequence[Mapping[str, Any]]) -> Ask:
    def ask(name: str) -> str:
        if plan is not None and name.startswith("subject."):
            return str((source.subject or {}).get(name.removeprefix("subject."), ""))
        if plan is None:
            return str(source.answers.get(name) or "")
        place = plan.place(name)
        if place is None and name == MINUTES:
            return "" if source.minutes is None else str(source.minutes)
        value = _at(contexts[place[0]], place[1]) if place is not None else None
        return "" if value is None or isinstance(value, Mapping | list) else str(value)

    return ask


# -- whom a distinct count goes by


class _Identities:
    """The record that each row names, or that it made: persons unless the declaration names a question."""

    def __init__(self, declaration: Declaration, source: Source, plan: _Plan) -> None:
        form, repeat = plan.form, declaration.over.repeat
        self.subject = source.subject_id if declaration.of == SUBJECT else None
        self.is_subject = declaration.of == SUBJECT
        nodes, self.list = person_nodes(form, repeat), "persons"
        if declaration.of and not self.is_subject:
            node = find_node(form, repeat, declaration.of)
            nodes = [node] if node is not None else []
            self.list = str(node.get("choices", {}).get("list", "")) if node is not None else ""
        self.paths = [self._below(form, repeat, node["i"]) for node in nodes]
        self.rules = [
            [(name, self._below(form, repeat, index)) for name, index in rule["save"] if form.scope(index) == repeat]
            for rule in form.package.get("entities", [])
            if rule["list"] == self.list and repeat_of(form, rule["scope"]) == repeat
        ]
        self.made = [one for one in source.entities if one.get("list") == self.list and one.get("id")]

    @staticmethod
    def _below(form: Form, repeat: str, index: int) -> list[str]:
        return form.path(index).removeprefix(f"{repeat}/" if repeat else "").split("/")

    def of(self, row: Mapping[str, Any]) -> str | None:
        if self.is_subject:
            return self.subject
        for path in self.paths:
            if chosen := str(_at(row, path) or ""):
                return chosen[:80]
        for rule in self.rules:
            said = {name: text for name, path in rule if (text := _text(_at(row, path)))}
            for one in self.made:
                data = one.get("data") or {}
                if said and said == {name: str(data[name]) for name, _path in rule if data.get(name)}:
                    self.made.remove(one)
                    return str(one["id"])[:80]
        return None


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping | list) else str(value)
