"""Declarations of indicators: what is counted, over what, on which condition, against which target. docs/indicators.md.

read() takes what a file holds and gives declarations that can be counted, or raises the problem with its place.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as Date  # `date` is a key of declarations
from decimal import Decimal
from functools import cached_property
from typing import Any

import orjson

from app.core.languages import LANGUAGES
from app.indicators import problems
from app.indicators.models import MOST_BY
from app.indicators.words import AMOUNTS, COUNTS, UNITS
from app.submissions.answers import MULTIPLE, NUMBERS, PERSONS, Form, Node, asked
from app.submissions.models import STATES

# A change of how rows are made counts everything afresh.
EVALUATION = 2
ONCE = 2  # the same, of those that say `once`

MEASURES = ("rows", "sum", "distinct", "mean", "median", "share")
EACH = ("latest", "before", "first")
PLACES = ("region", "province", "commune")
BUILT_IN = ("organisation", *PLACES)
KEYS = (
    "code", "name", "definition", "unit", "measure", "over", "of", "weight", "out_of", "having", "where", "date", "phase",
    "states", "each", "once", "by", "counts", "target", "hidden",
)  # fmt: skip
TESTS = ("is", "is_not", "in", "not_in", "at_least", "at_most", "filled")
DATES = frozenset({"date", "today", "dateTime", "start", "end"})
SUBJECT = "subject"
MINUTES = "minutes"  # between opening a form and finishing it, as the phone tells

_CODE = re.compile(r"[a-z][a-zA-Z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Condition:
    of: str
    test: str  # one of TESTS
    value: Any


@dataclass(frozen=True)
class Over:
    instrument: str = ""
    repeat: str = ""  # its path, "part" or "part/att"
    list: str = ""


@dataclass(frozen=True)
class Target:
    value: Decimal
    unit: str
    by: Date | None = None


@dataclass(frozen=True)
class Declaration:
    code: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    unit: str
    counts: str
    measure: str
    over: Over
    of: str = ""
    days: tuple[str, str] | None = None  # `of` is the days between these two dates
    weight: str = ""
    out_of: str = ""
    having: tuple[Condition, ...] = ()
    where: tuple[Condition, ...] = ()
    date: str = ""
    phase: str = ""
    states: tuple[str, ...] = ("approved",)
    by: tuple[str, ...] = ()  # BUILT_IN, questions, properties, "subject.…"
    each: str = ""
    once: str = ""  # of records that say the same of this property only the newest counts
    target: Target | None = None
    hidden: bool = False
    multiple: frozenset[str] = frozenset()  # names whose answers hold several values
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def dims(self) -> tuple[str, ...]:
        """The questions and properties that it is split by, in the order of the columns by_1…"""
        return tuple(one for one in self.by if one not in BUILT_IN)

    @property
    def is_stock(self) -> bool:
        """Counts records as they stand: nothing in them says when, and the day on which each was written down is not it."""
        return bool(self.over.list) and not self.date

    @property
    def names(self) -> set[str]:
        """Every question and property that a row depends on."""
        found = {self.of, self.weight, self.out_of, self.date, self.once, *self.dims, *(self.days or ())}
        return (found | {one.of for one in (*self.where, *self.having)}) - {""}

    @property
    def reads_subject(self) -> bool:
        return any(name.startswith("subject.") for name in self.names)

    def digest(self, period: tuple[Date | None, Date | None] | None) -> str:
        """Of all that its rows depend on, with the dates of its phase."""
        told = {
            key: value
            for key, value in self.raw.items()
            if key not in ("name", "definition", "target", "unit", "counts", "hidden")
        }
        made = [EVALUATION, ONCE] if self.once else EVALUATION
        text = orjson.dumps([made, told, [str(one) for one in period or ()]], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()

    def stored(self) -> dict[str, Any]:
        """For the database; restored() needs no form to read it back."""
        return {"declared": dict(self.raw), "repeat": self.over.repeat, "counts": self.counts, "multiple": sorted(self.multiple)}


def restored(stored: Mapping[str, Any]) -> Declaration:
    """A declaration that was checked before."""
    raw = stored["declared"]
    of, over, target = raw.get("of"), raw["over"], raw.get("target")

    def conditions(key: str) -> tuple[Condition, ...]:
        found = []
        for one in raw.get(key, []):
            test = next(test for test in TESTS if test in one)
            value = one[test]
            if test in ("is", "is_not", "in", "not_in"):
                value = [str(text) for text in value] if isinstance(value, list) else str(value)
            found.append(Condition(one["of"], test, value))
        return tuple(found)

    return Declaration(
        code=raw["code"],
        name=raw["name"],
        definition=raw["definition"],
        unit=raw["unit"],
        counts=stored["counts"],
        measure=raw["measure"],
        over=Over(over.get("instrument", ""), stored["repeat"], over.get("list", "")),
        of=of if isinstance(of, str) else "",
        days=tuple(of["days"]) if isinstance(of, dict) else None,
        weight=raw.get("weight", ""),
        out_of=raw.get("out_of", ""),
        having=conditions("having"),
        where=conditions("where"),
        date=raw.get("date", ""),
        phase=raw.get("phase", ""),
        states=tuple(raw.get("states", ["approved"])),
        by=tuple(raw.get("by", [])),
        each=raw.get("each", ""),
        once=raw.get("once", ""),
        target=Target(
            Decimal(str(target["value"])), target["unit"], Date.fromisoformat(target["by"]) if target.get("by") else None
        )
        if target
        else None,
        hidden=raw.get("hidden", False),
        multiple=frozenset(stored["multiple"]),
        raw=raw,
    )


def read(
    raw: Any,
    forms: Mapping[str, Form],
    lists: Mapping[str, Collection[str]],
    phases: Collection[str] = (),
    *,
    file: str = "indicators.json",
) -> list[Declaration]:
    """The declarations of a file, checked.

    forms    {form id: the current version} of the programme
    lists    {list: names of properties}: those that its forms write and those that it loads

    Raises the problems of problems.py, each with `file`, `indicator`, `key`, `found`, `allowed`.
    """
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise problems.NOT_A_LIST(file=file, indicator="", key="", found=type(raw).__name__, allowed="")
    found: list[Declaration] = []
    for number, one in enumerate(raw, start=1):
        declaration = _Reader(one, number, forms, lists, phases, file).read()
        if any(declaration.code == other.code for other in found):
            raise problems.BAD_CODE(file=file, indicator=number, key="code", found=declaration.code, allowed="")
        found.append(declaration)
    return found


class _Reader:
    """One declaration."""

    def __init__(
        self,
        raw: Mapping[str, Any],
        number: int,
        forms: Mapping[str, Form],
        lists: Mapping[str, Collection[str]],
        phases: Collection[str],
        file: str,
    ) -> None:
        self.raw, self.forms, self.lists, self.phases, self.file = raw, forms, lists, phases, file
        code = raw.get("code")
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise problems.BAD_CODE(file=file, indicator=number, key="code", found="" if code is None else code, allowed="")
        self.code = code

    def wrong(self, kind: Any, key: str, found: Any = "", allowed: str | Collection[str] = "") -> Any:
        words = allowed if isinstance(allowed, str) else ", ".join(map(str, allowed))
        shown = found if isinstance(found, str) else orjson.dumps(found, default=str).decode()
        return kind(file=self.file, indicator=self.code, key=key, found=shown, allowed=words or "–")

    def read(self) -> Declaration:
        for key in self.raw:
            if key not in KEYS:
                raise self.wrong(problems.UNKNOWN_KEY, str(key), allowed=KEYS)
        measure = self._choice("measure", MEASURES, needed=True)
        over = self._over()
        scope = _Scope(over, self.forms, self.lists)
        unit = self._unit("unit", self.raw.get("unit"), needed=True)
        self._texts("name")
        self._texts("definition")
        for key in ("where", "having"):
            self._conditions(scope, key)
        if "weight" in self.raw:
            self._number(scope, "weight")
        if "out_of" in self.raw:
            self._number(scope, "out_of")
        self._of(scope, measure)
        self._date(scope)
        self._phase()
        self._states(over)
        self._by(scope)
        self._each(over)
        self._once(scope, measure)
        self._target(unit)
        self._flag("hidden")
        counts = self._counts(measure, over, unit)
        told = {"declared": self.raw, "repeat": over.repeat, "counts": counts, "multiple": ()}
        declaration = restored(told)
        several = frozenset(name for name in declaration.names if (node := scope.find(name)[1]) is not None and is_multiple(node))
        declaration = replace(declaration, multiple=several)
        self._is_possible(declaration)
        return declaration

    # -- single keys

    def _choice(self, key: str, allowed: Sequence[str], *, needed: bool = False) -> str:
        value = self.raw.get(key)
        if value is None and not needed:
            return ""
        if value is None:
            raise self.wrong(problems.MISSING, key, allowed=allowed)
        if value not in allowed:
            raise self.wrong(problems.WRONG_VALUE, key, value, allowed)
        return str(value)

    def _flag(self, key: str) -> bool:
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(problems.WRONG_VALUE, key, value, ("true", "false"))
        return value

    def _texts(self, key: str) -> None:
        value = self.raw.get(key)
        if value is None:
            raise self.wrong(problems.MISSING, key, allowed='{"ar": "…", "fr": "…"}')
        if not isinstance(value, dict) or any(
            not isinstance(value.get(code), str) or not value[code].strip() for code in LANGUAGES
        ):
            raise self.wrong(problems.WRONG_VALUE, key, value, '{"ar": "…", "fr": "…"}')

    def _over(self) -> Over:
        over = self.raw.get("over")
        allowed = '{"instrument": "…"}, {"instrument": "…", "repeat": "…"}, {"list": "…"}'
        if over is None:
            raise self.wrong(problems.MISSING, "over", allowed=allowed)
        if not isinstance(over, dict) or set(over) not in ({"instrument"}, {"instrument", "repeat"}, {"list"}):
            raise self.wrong(problems.WRONG_VALUE, "over", over, allowed)
        if "list" in over:
            if over["list"] not in self.lists:
                raise self.wrong(problems.UNKNOWN_LIST, "over.list", over["list"], sorted(self.lists))
            return Over(list=over["list"])
        form = self.forms.get(over["instrument"])
        if form is None:
            raise self.wrong(problems.UNKNOWN_INSTRUMENT, "over.instrument", over["instrument"], sorted(self.forms))
        if "repeat" not in over:
            return Over(instrument=over["instrument"])
        repeats = [form.path(node["i"]) for node in form.nodes if node["kind"] == "repeat"]
        meant = [path for path in repeats if over["repeat"] in (path, path.rsplit("/", 1)[-1])]
        if len(meant) != 1:
            raise self.wrong(problems.UNKNOWN_QUESTION, "over.repeat", over["repeat"], repeats)
        return Over(instrument=over["instrument"], repeat=meant[0])

    def _name(self, scope: _Scope, key: str, name: Any) -> Node | None:
        """The node that a name means; None for a property whose question nobody knows. Raises UNKNOWN_QUESTION."""
        if not isinstance(name, str) or not name:
            raise self.wrong(problems.WRONG_VALUE, key, name, "…")
        there, node = scope.find(name)
        if not there:
            alike = difflib.get_close_matches(name, scope.names, n=5, cutoff=0.5)
            raise self.wrong(problems.UNKNOWN_QUESTION, key, name, alike or sorted(scope.names)[:12])
        return node

    def _names_nobody(self, scope: _Scope, key: str, name: str) -> None:
        """What is said stands in rows and cells, where no right to read names is asked."""
        if scope.is_personal(name):
            others = [one for one in scope.names if not scope.is_personal(one)]
            raise self.wrong(problems.PERSONAL, key, name, others[:12])

    def _number(self, scope: _Scope, key: str) -> None:
        name = self.raw.get(key)
        node = self._name(scope, key, name)
        if node is not None and not _holds_number(scope, node):
            raise self.wrong(problems.NO_NUMBER, key, name)

    def _of(self, scope: _Scope, measure: str) -> None:
        of = self.raw.get("of")
        if isinstance(of, dict):
            pair = of.get("days")
            if set(of) != {"days"} or not isinstance(pair, list) or len(pair) != 2:
                raise self.wrong(problems.WRONG_VALUE, "of", of, '{"days": ["…", "…"]}')
            if measure not in ("sum", "mean", "median"):
                raise self.wrong(problems.IMPOSSIBLE, "of", of, '"measure": "mean", "median", "sum"')
            for name in pair:
                self._is_date(scope, "of.days", name)
        elif measure in ("sum", "mean", "median") or (measure == "share" and "out_of" in self.raw):
            if of is None:
                raise self.wrong(problems.MISSING, "of", allowed=sorted(scope.names)[:12])
            self._number(scope, "of")
        elif measure == "distinct":
            if of is None and not scope.has_persons:
                raise self.wrong(problems.MISSING, "of", allowed="subject, …")
            if of is not None and not (of == SUBJECT and scope.over.instrument):
                self._name(scope, "of", of)
        elif of is not None:
            raise self.wrong(problems.IMPOSSIBLE, "of", of, '"measure": "sum", "mean", "median", "distinct"')

    def _is_date(self, scope: _Scope, key: str, name: Any) -> None:
        node = self._name(scope, key, name)
        if node is not None and node.get("type") not in DATES | {"calculate", "text"}:
            raise self.wrong(problems.NO_DATE, key, name)

    def _date(self, scope: _Scope) -> None:
        if self.raw.get("date") is not None:
            self._is_date(scope, "date", self.raw["date"])

    def _conditions(self, scope: _Scope, key: str) -> None:
        given = self.raw.get(key, [])
        shape = '[{"of": "…", "is" | "is_not" | "in" | "not_in" | "at_least" | "at_most" | "filled": …}]'
        if not isinstance(given, list):
            raise self.wrong(problems.WRONG_VALUE, key, given, shape)
        for number, one in enumerate(given, start=1):
            here = f"{key}[{number}]"
            tests = [test for test in TESTS if isinstance(one, dict) and test in one]
            if len(tests) != 1 or set(one) != {"of", tests[0]}:
                raise self.wrong(problems.WRONG_VALUE, here, one, shape)
            self._condition(scope, here, one["of"], tests[0], one[tests[0]])

    def _condition(self, scope: _Scope, here: str, of: Any, test: str, value: Any) -> None:
        node = self._name(scope, f"{here}.of", of)
        if test in ("in", "not_in"):
            if not isinstance(value, list) or not value or not all(isinstance(one, str | int) for one in value):
                raise self.wrong(problems.WRONG_VALUE, f"{here}.{test}", value, '["…", "…"]')
        elif test == "filled":
            if not isinstance(value, bool):
                raise self.wrong(problems.WRONG_VALUE, f"{here}.{test}", value, ("true", "false"))
        elif test in ("at_least", "at_most"):
            if isinstance(value, bool) or (not isinstance(value, int | float) and not _is_day(value)):
                raise self.wrong(problems.WRONG_VALUE, f"{here}.{test}", value, '3, 2.5, "2016-12-08"')
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.wrong(problems.WRONG_VALUE, f"{here}.{test}", value, '"…"')
        choices = scope.choices(node) if node is not None else ()
        if choices and test in ("is", "is_not", "in", "not_in"):
            for one in value if isinstance(value, list) else [value]:
                if str(one) not in choices:
                    raise self.wrong(problems.WRONG_VALUE, f"{here}.{test}", one, choices)

    def _phase(self) -> None:
        phase = self.raw.get("phase")
        if phase is not None and phase not in self.phases:
            raise self.wrong(problems.WRONG_VALUE, "phase", phase, list(self.phases))

    def _states(self, over: Over) -> None:
        states = self.raw.get("states", ["approved"])
        if not isinstance(states, list) or not states or any(one not in STATES for one in states):
            raise self.wrong(problems.WRONG_VALUE, "states", states, STATES)
        if over.list and "states" in self.raw:
            raise self.wrong(problems.IMPOSSIBLE, "states", states, '"over": {"instrument": "…"}')

    def _by(self, scope: _Scope) -> None:
        given = self.raw.get("by", [])
        if not isinstance(given, list):
            raise self.wrong(problems.WRONG_VALUE, "by", given, BUILT_IN)
        for one in given:
            if one not in BUILT_IN:
                self._name(scope, "by", one)
                self._names_nobody(scope, "by", one)
        own = [one for one in given if one not in BUILT_IN]
        if len(own) > MOST_BY or len(set(given)) != len(given):
            raise self.wrong(problems.WRONG_VALUE, "by", given, f"{', '.join(BUILT_IN)}; ≤ {MOST_BY} …")

    def _each(self, over: Over) -> None:
        each = self._choice("each", EACH)
        if each and not over.instrument:
            raise self.wrong(problems.IMPOSSIBLE, "each", each, '"over": {"instrument": "…"}')

    def _once(self, scope: _Scope, measure: str) -> None:
        if "once" not in self.raw:
            return
        if not scope.over.list or measure not in ("sum", "mean", "median"):
            raise self.wrong(problems.IMPOSSIBLE, "once", self.raw["once"], '"over": {"list": "…"}, "measure": "sum"')
        self._name(scope, "once", self.raw["once"])
        self._names_nobody(scope, "once", self.raw["once"])

    def _unit(self, key: str, unit: Any, *, needed: bool) -> str:
        if unit is None and needed:
            raise self.wrong(problems.MISSING, key, allowed=sorted(UNITS))
        if unit not in UNITS:
            raise self.wrong(problems.UNKNOWN_UNIT, key, unit, sorted(UNITS))
        return str(unit)

    def _target(self, unit: str) -> None:
        target = self.raw.get("target")
        if target is None:
            return
        shape = '{"value": 300, "unit": "…", "by": "2022-03-31"}'
        if not isinstance(target, dict) or not set(target) <= {"value", "unit", "by"} or "value" not in target:
            raise self.wrong(problems.WRONG_VALUE, "target", target, shape)
        value = target["value"]
        if isinstance(value, bool) or not isinstance(value, int | float | str) or _decimal(value) is None:
            raise self.wrong(problems.WRONG_VALUE, "target.value", value, '300, "28250000.00"')
        if not target.get("unit"):
            raise self.wrong(problems.TARGET_WITHOUT_UNIT, "target.unit", value, unit)
        if self._unit("target.unit", target["unit"], needed=True) != unit:
            raise self.wrong(problems.OTHER_UNIT, "target.unit", target["unit"], unit)
        if target.get("by") is not None and not _is_day(target["by"]):
            raise self.wrong(problems.WRONG_VALUE, "target.by", target["by"], "2022-03-31")

    def _counts(self, measure: str, over: Over, unit: str) -> str:
        if self.raw.get("counts") is None:
            if measure == "distinct":
                return "persons" if self.raw.get("of") in (None, "p_person") else "records"
            if measure != "rows":
                return "money" if unit == "mad" else "amounts"
            return "records" if over.list else "participations" if over.repeat else "rows"
        counts = self._choice("counts", tuple(COUNTS))
        of_persons = over.list in ("persons", "apprentices")
        if counts == "persons" and measure in ("rows", "share", "median", "mean") and not of_persons:
            raise self.wrong(problems.IMPOSSIBLE, "counts", counts, '"measure": "distinct"')
        # Records say how many took part; what they say is added up, and nobody is known by name.
        if counts == "participations" and (measure == "distinct" or (over.list and measure != "sum")):
            raise self.wrong(
                problems.IMPOSSIBLE, "counts", counts, '"measure": "sum" | "rows", "over": {"instrument": "…", "repeat": "…"}'
            )
        return counts

    # -- keys together

    def _is_possible(self, one: Declaration) -> None:
        if (one.measure == "share") != (one.unit == "percent") and one.measure in ("share", "rows", "distinct"):
            raise self.wrong(problems.IMPOSSIBLE, "unit", one.unit, '"percent" ⇔ "measure": "share"')
        if one.measure in ("rows", "distinct") and one.unit in AMOUNTS:
            raise self.wrong(problems.IMPOSSIBLE, "unit", one.unit, sorted(set(UNITS) - AMOUNTS))
        if one.measure == "share" and bool(one.having) == bool(one.out_of):
            raise self.wrong(problems.IMPOSSIBLE, "measure", one.measure, '"having": […] | "of": "…", "out_of": "…"')
        if one.measure != "share" and (one.having or one.out_of):
            key = "having" if one.having else "out_of"
            raise self.wrong(problems.IMPOSSIBLE, key, one.measure, '"measure": "share"')
        if one.weight and one.measure != "mean":
            raise self.wrong(problems.IMPOSSIBLE, "weight", one.weight, '"measure": "mean"')


class _Scope:
    """What the names of a declaration can mean: questions of the repeat and of what is around it, or properties of a list."""

    def __init__(self, over: Over, forms: Mapping[str, Form], lists: Mapping[str, Collection[str]]) -> None:
        self.over, self.forms, self.lists = over, forms, lists
        self.form = forms.get(over.instrument)
        self.names: list[str] = []
        if self.form is not None:
            places = scopes_of(over.repeat)
            self.names = [
                node["name"]
                for node in self.form.nodes[1:]
                if node["kind"] in ("question", "value") and self.form.scope(node["i"]) in places
            ]
        else:
            self.names = sorted({*lists[over.list], "label"})

    def find(self, name: str) -> tuple[bool, Node | None]:
        """Whether it is there, and the node it is, or that feeds the property."""
        if name.startswith("subject."):
            if self.form is None:
                return False, None
            return self._property(self._subject_list(), name.removeprefix("subject."))
        if self.form is None:
            return self._property(self.over.list, name)
        node = find_node(self.form, self.over.repeat, name)
        return node is not None or name == MINUTES, node

    def _subject_list(self) -> str:
        assert self.form is not None
        node = self.form.role("subject")
        return str(node.get("choices", {}).get("list", "")) if node is not None else ""

    def _property(self, list_name: str, name: str) -> tuple[bool, Node | None]:
        if name == "label":
            return True, None
        if name not in self.lists.get(list_name, ()):
            return False, None
        return True, next((node for form in self.forms.values() if (node := saved_by(form, list_name, name)) is not None), None)

    def is_personal(self, name: str) -> bool:
        """Whether it says who somebody is, as exports see it (docs/personal-data.md)."""
        if self.form is not None and not name.startswith("subject."):
            node = find_node(self.form, self.over.repeat, name)
            return node is not None and node["i"] in self.form.personal()
        list_name = self._subject_list() if self.form is not None else self.over.list
        name = name.removeprefix("subject.")
        if name == "label":
            return list_name in PERSONS or any(list_name in form.lists_of_names() for form in self.forms.values())
        return any(
            (node := saved_by(form, list_name, name)) is not None and node["i"] in form.personal() for form in self.forms.values()
        )

    def choices(self, node: Node) -> tuple[str, ...]:
        """Codes of a question's own list of choices; none where its choices are records or a long list."""
        name = node.get("choices", {}).get("list", "")
        form = next((one for one in self.forms.values() if any(node is other for other in one.nodes)), None)
        return tuple(item["name"] for item in form.package.get("lists", {}).get(name, ())) if form is not None else ()

    @property
    def has_persons(self) -> bool:
        """Whether a row can name a person's record."""
        if self.form is None:
            return False
        return bool(person_nodes(self.form, self.over.repeat)) or any(
            rule["list"] == "persons" and repeat_of(self.form, rule["scope"]) == self.over.repeat
            for rule in self.form.package.get("entities", [])
        )


def repeat_of(form: Form, index: int) -> str:
    """Path of the repeat that a rule's scope stands in or is."""
    node = form.nodes[index]
    return form.path(index) if node["kind"] == "repeat" else form.scope(index)


def scopes_of(repeat: str) -> list[str]:
    """The repeat, and every prefix of its path: one of them may be a repeat around it; "" is the form."""
    parts = repeat.split("/") if repeat else []
    return ["/".join(parts[:n]) for n in range(len(parts), -1, -1)]


def find_node(form: Form, repeat: str, name: str) -> Node | None:
    """The question of this name, or path, in the repeat, else in what is around it."""
    for scope in scopes_of(repeat):
        for node in form.nodes[1:]:
            if node["kind"] in ("question", "value") and form.scope(node["i"]) == scope:
                path = form.path(node["i"])
                if name in (node["name"], path, path.removeprefix(f"{scope}/")):
                    return node
    return None


def person_nodes(form: Form, repeat: str, list_name: str = "persons") -> list[Node]:
    """Questions of the repeat itself that choose a person's record."""
    return [
        node
        for node in form.nodes[1:]
        if node.get("choices", {}).get("list") == list_name and form.reads_records(node) and form.scope(node["i"]) == repeat
    ]


def saved_by(form: Form, list_name: str, name: str) -> Node | None:
    """The question whose answer a form writes into this property, also where a calculation carries it there."""
    for rule in form.package.get("entities", []):
        if rule["list"] == list_name:
            for saved, index in rule["save"]:
                if saved == name:
                    return asked(form, form.nodes[index])
    return None


def lists_in(forms: Mapping[str, Form]) -> dict[str, set[str]]:
    """{list: properties} that forms write."""
    found: dict[str, set[str]] = {}
    for form in forms.values():
        for rule in form.package.get("entities", []):
            found.setdefault(rule["list"], set()).update(name for name, _index in rule["save"])
    return found


def _holds_number(scope: _Scope, node: Node) -> bool:
    kind = node.get("type")
    if kind in NUMBERS or kind == "calculate":
        return True
    return kind == "select_one" and any(_decimal(code) is not None for code in scope.choices(node))


def is_multiple(node: Node) -> bool:
    return node.get("type") in MULTIPLE


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(Date.fromisoformat(value))
    except ValueError:
        return False


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None
