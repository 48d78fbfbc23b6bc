"""What a submission says, question by question: the answers of an envelope read with the package they were given under.

Answers are nested as docs/engine.md says: groups are objects, repeats arrays of objects, values strings in XForms form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from app.core.db import db
from app.core.languages import MOROCCO, date_and_time, long_date, number
from app.instruments.models import Dataset, InstrumentVersion
from app.registry.models import Entity
from app.registry.names import record_name

Node = Mapping[str, Any]
Answers = Mapping[str, Any]

UNITS = {"MAD": {"ar": "درهم", "fr": "MAD"}}
FILES = frozenset({"image", "audio", "video", "file"})
MULTIPLE = frozenset({"select_multiple", "rank"})
SELECTS = MULTIPLE | {"select_one"}
NUMBERS = frozenset({"integer", "decimal", "range"})
PLACES = frozenset({"geopoint", "geotrace", "geoshape"})
FREE = frozenset({"text", "image", "audio", "video", "file", "barcode", "geopoint", "username", "email", "phonenumber"})
PERSONS = frozenset({"persons", "apprentices"})  # lists of the library
# Of what is compared or counted nothing stands in the result.
JUDGING = frozenset({"=", "!=", "<", "<=", ">", ">=", "and", "or"})
COUNTING = frozenset({"count", "count-non-empty", "count-selected", "selected", "not", "boolean", "string-length", "regex"})
SEPARATOR = {"ar": "، ", "fr": ", "}
OUT_OF_SIGHT = {"ar": "سجل غير متاح لكم", "fr": "fiche qui ne vous est pas accessible"}
MOST_DIGITS = 30
_RECORD_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# The Markdown that XLSForm labels may hold, and HTML that other tools accept there: a table needs the words only.
_MARKUP = re.compile(r"<[^>\n]{1,200}>|[*_]{2}|(?m:^#{1,6} )")
_LINK = re.compile(r"\[([^\]\n]+)\]\([^)\n]*\)")


def plain(text: str) -> str:
    return _MARKUP.sub("", _LINK.sub(r"\1", re.sub(r"<br\s*/?>", "\n", text))).strip()


class Form:
    """An instrument package (docs/package.md) and the lists it reads, ready to name and to show answers."""

    def __init__(self, package: Mapping[str, Any], dataset: Callable[[str, str], dict[str, Mapping[str, Any]]]) -> None:
        self.package = package
        self.nodes: list[Node] = package["nodes"]
        self.form_id: str = package["form_id"]
        self.version: str = package["version"]
        self._dataset = dataset  # (sha256, label column) -> {value: Text}
        self._lists: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.children: list[list[int]] = [[] for _ in self.nodes]
        for node in self.nodes[1:]:
            self.children[node["parent"]].append(node["i"])

    # -- the tree

    def path(self, index: int) -> str:
        """Names from below the root, without row numbers: "part/att/att_status"."""
        names = []
        while index:
            names.append(self.nodes[index]["name"])
            index = self.nodes[index]["parent"]
        return "/".join(reversed(names))

    def by_path(self, path: str) -> Node | None:
        """The node of a path, with or without row numbers."""
        index = 0
        for name in re.sub(r"\[\d+\]", "", path).split("/"):
            found = next((child for child in self.children[index] if self.nodes[child]["name"] == name), None)
            if found is None:
                return None
            index = found
        return self.nodes[index]

    def role(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.get("attributes", {}).get("role") == name), None)

    def scope(self, index: int) -> str:
        """Path of the innermost repeat around a node, "" for the form itself."""
        index = self.nodes[index]["parent"] if index else 0
        while index and self.nodes[index]["kind"] != "repeat":
            index = self.nodes[index]["parent"]
        return self.path(index)

    def personal(self) -> frozenset[int]:
        """Nodes that say who somebody is: left out of an export unless names are asked for.

        What the list of persons is fed with or chosen from, free answers that are asked only of who consented, signatures,
        what the form itself calls personal (role `personal`), records chosen from a list that it names by any of those, and
        what carries one of those on. Choices such as sex or age group stay: without a name they describe a group; so does
        what is only counted or compared.
        """
        found: set[int] = set()
        consents = {node["i"] for node in self.nodes if node.get("attributes", {}).get("role") == "consent"}
        while derived := {
            node["i"]
            for node in self.nodes
            if node["kind"] == "value" and node["i"] not in consents and consents & self._reads(node.get("calculation"))
        }:
            consents |= derived
        for node in self.nodes:
            kind = node.get("type", "")
            chosen = kind in SELECTS
            of_persons = node.get("choices", {}).get("list") == "persons" if chosen else _feeds_persons(node)
            told = _signs(node) or node.get("attributes", {}).get("role") == "personal"
            if of_persons or told or (kind in FREE and consents & self._reads(node.get("relevant"))):
                found.add(node["i"])
        while True:
            lists = self._lists_of_names(found)
            derived = {node["i"] for node in self.nodes if node["i"] not in found and self._names(node, found, lists)}
            if not derived:
                return frozenset(found)
            found |= derived

    def lists_of_names(self) -> frozenset[str]:
        """Lists whose records are called by what is personal in this form."""
        return frozenset(self._lists_of_names(self.personal()))

    def _lists_of_names(self, found: Set[int]) -> Set[str]:
        """Lists whose records are persons, or are named by what is personal in this form."""
        rules = self.package.get("entities", [])
        return PERSONS | {str(rule["list"]) for rule in rules if self._carries(rule.get("label"), found, set())}

    def _names(self, node: Node, found: Set[int], lists: Set[str]) -> bool:
        if node.get("type") in SELECTS:
            return self.reads_records(node) and node.get("choices", {}).get("list") in lists
        may_carry = node["kind"] == "value" or node.get("type") in FREE
        return may_carry and self._carries(node.get("calculation"), found, lists)

    def _carries(self, expression: int | None, found: Set[int], lists: Set[str]) -> bool:
        """Whether an expression may hand on what is personal: an answer, or a property of a record in these lists."""
        if expression is None:
            return False
        compiled = self.package["expressions"][expression]
        saved: dict[tuple[str, str], set[int]] = {}
        for rule in self.package.get("entities", []):
            for name, index in rule.get("save", []):
                saved.setdefault((rule["list"], name), set()).add(index)
        read = {index: self.nodes[index]["name"] for index in self._reads(expression)}
        for base, name in _handed_on(compiled["ast"]):
            if base is None:
                # A path that ends in no question's name may end in any that is read.
                if found & {index for index in read if name not in read.values() or read[index] == name}:
                    return True
            elif (base, name) in saved:
                if found & saved[base, name]:
                    return True
            elif base in lists:  # its name, its id, or what another form says of it
                return True
        return False

    def _reads(self, expression: int | None) -> set[int]:
        if expression is None:
            return set()
        return {index for index, _scope in self.package["expressions"][expression].get("deps", [])}

    def under(self, index: int) -> Iterator[Node]:
        """Nodes below, in document order."""
        for child in self.children[index]:
            yield self.nodes[child]
            yield from self.under(child)

    # -- words

    def text(self, text: Mapping[str, Any] | None, language: str, values: Callable[[int], str] | None = None) -> str:
        """A Text in a language, else in the first there is; `${}` filled where it names one question."""
        if not text:
            return ""
        part = text.get(language) or next((text[code] for code in self.package["languages"] if text.get(code)), "")
        if isinstance(part, str):
            return plain(part)
        return plain("".join(piece if isinstance(piece, str) else self._output(piece["x"], values) for piece in part))

    def _output(self, expression: int, values: Callable[[int], str] | None) -> str:
        index = self._named(self.package["expressions"][expression]["ast"], expression)
        return values(index) if index is not None and values is not None else "…"

    def _named(self, ast: Any, expression: int) -> int | None:
        """The node that a plain path names, of an expression that reads one question only."""
        deps = self.package["expressions"][expression].get("deps", [])
        return deps[0][0] if len(deps) == 1 and isinstance(ast, list) and ast[0] == "path" else None

    def label(self, node: Node, language: str, values: Callable[[int], str] | None = None) -> str:
        return self.text(node.get("label"), language, values)

    def holds_plainly(self, node: Node, values: Callable[[int], str]) -> bool:
        """Whether a relevance of the form `${question} = 'value'` holds; False for any other: the engine decides those."""
        expression = node.get("relevant")
        if expression is None:
            return False
        ast = self.package["expressions"][expression]["ast"]
        if ast[0] != "=" or not isinstance(ast[2], list) or ast[2][0] not in ("str", "num"):
            return False
        index = self._named(ast[1], expression)
        if index is None:
            return False
        value, wanted = values(index), ast[2][1]
        return value == wanted if isinstance(wanted, str) else value != "" and _decimal(value) == _decimal(str(wanted))

    # -- choices

    def choices(self, node: Node) -> dict[str, Mapping[str, Any]]:
        """{value: Text} of a question's list, or of the one a calculation has its words from; empty for a list of records."""
        name = node.get("choices", {}).get("list") or node.get("attributes", {}).get("list", "")
        if not self._lists.get(name):
            self._lists[name] = self._load(name, node.get("choices", {}))
        return self._lists[name]

    def _load(self, name: str, source: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        if name in self.package.get("lists", {}):
            return {item["name"]: item.get("label", {}) for item in self.package["lists"][name]}
        rows = self.package.get("datasets", {}).get(name, {})
        return self._dataset(rows["sha256"], source.get("label", "label")) if rows.get("sha256") else {}

    def reads_records(self, node: Node) -> bool:
        rows = self.package.get("datasets", {}).get(node.get("choices", {}).get("list", ""), {})
        return rows.get("kind") == "entities"

    def choice(self, node: Node, value: str, language: str) -> str:
        """The label of a choice, else the code itself: an answer is never hidden."""
        text = self.choices(node).get(value)
        return self.text(text, language) or value

    def is_scale(self, node: Node) -> bool:
        """Whether its choices are the steps 0 to 4 of a maturity scale (and perhaps "not applicable")."""
        names = set(self.choices(node)) if node.get("type") == "select_one" else set()
        return len(names) > 2 and names <= {"0", "1", "2", "3", "4", "na"}


def asked(form: Form, node: Node, deep: int = 4) -> Node:
    """The question whose answer a calculation carries on: `${x}`, or `if(…, ${x}, …)` with nothing else, or a record's word."""
    expression = node.get("calculation")
    if node.get("type") != "calculate" or node.get("label") or expression is None or not deep:
        return node
    compiled = form.package["expressions"][expression]
    ast = compiled["ast"]
    if isinstance(ast, list) and ast[:2] == ["fn", "if"] and len(ast) == 5:
        of_record = ast[4][0] == "path" and isinstance(ast[4][1], list) and ast[4][1][:2] == ["fn", "instance"]
        ast = ast[3] if of_record or ast[4] == ["str", ""] else ast
    if not (isinstance(ast, list) and ast and ast[0] == "path"):
        return node
    steps = [step[1] for step in ast[-1] if isinstance(step, list) and len(step) > 1] if isinstance(ast[-1], list) else []
    for index, _scope in compiled.get("deps", []):
        found = form.nodes[index]
        if steps and found["name"] == steps[-1]:
            return asked(form, found, deep - 1)
    return node


def _handed_on(ast: Any) -> Iterator[tuple[str | None, str]]:
    """(list or None, last name) of each path whose value may stand in what an expression gives."""
    if not isinstance(ast, list) or not ast or ast[0] in JUDGING:
        return
    if ast[0] == "path":
        start, last = ast[1], str(ast[2][-1][1]) if ast[2] else ""
        of_list = isinstance(start, list) and start[:2] == ["fn", "instance"] and start[2][0] == "str"
        yield str(start[2][1]) if of_list else None, last
        return
    parts = ast[1:2] if ast[0] == "filter" else ast[1:]
    if ast[0] == "fn":
        parts = [] if ast[1] in COUNTING else ast[3:] if ast[1] == "if" else ast[2:]
    for part in parts:
        yield from _handed_on(part)


def _feeds_persons(node: Node) -> bool:
    return node.get("type") != "calculate" and str(node.get("save_to", "")).startswith("persons#")


def _signs(node: Node) -> bool:
    return node.get("type") == "image" and "signature" in str(node.get("appearance", "")).split()


@lru_cache(maxsize=32)
def _form(sha256: str) -> Form:
    query = sa.select(InstrumentVersion.package).where(InstrumentVersion.sha256 == sha256).limit(1)
    package = db.session.scalar(query)
    if package is None:
        raise LookupError(sha256)
    return Form(orjson.loads(package), _dataset_labels)


def form_of(sha256: str) -> Form | None:
    """The form with this package; None when it is not here (a submission of an unknown form is kept all the same)."""
    try:
        return _form(sha256)
    except LookupError:
        return None


def _dataset_labels(sha256: str, label: str) -> dict[str, Mapping[str, Any]]:
    try:
        return _stored_labels(sha256, label)
    except LookupError:
        return {}


@lru_cache(maxsize=64)
def _stored_labels(sha256: str, label: str) -> dict[str, Mapping[str, Any]]:
    """Raises LookupError, which is not remembered: a list may be stored after a form that reads it was looked at."""
    content = db.session.scalar(sa.select(Dataset.content).where(Dataset.sha256 == sha256).limit(1))
    if content is None:
        raise LookupError(sha256)
    table = orjson.loads(content)
    columns: list[str] = table["columns"]
    place = {name: n for n, name in enumerate(columns)}
    labels = {"default": place.get(label)} | {code: place.get(f"{label}_{code}") for code in ("ar", "fr")}
    found: dict[str, Mapping[str, Any]] = {}
    for row in table["rows"]:
        texts = {code: row[n] for code, n in labels.items() if n is not None and row[n]}
        default = texts.pop("default", "")
        found[row[place["name"]]] = {"ar": default, "fr": default} | texts
    return found


def record_labels(ids: Iterable[str], may_see: sa.ColumnElement[bool], language: str) -> dict[str, str]:
    """Names by id, as they are today, of the entities that the reader may see: an answer can name any record."""
    wanted = sorted(set(ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        query = sa.select(Entity).where(may_see, Entity.id.in_(wanted[start : start + 500]))
        found.update((one.id, record_name(one, language)) for one in db.session.scalars(query))
    return found


def record_label(value: str, records: Mapping[str, str], language: str) -> str:
    """The record's label; of one that the reader may not see, words instead of its number."""
    return records.get(value) or (OUT_OF_SIGHT[language] if _RECORD_ID.fullmatch(value) else value)


# -- values


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    # A number with hundreds of digits measures nothing, and neither a spreadsheet nor a page can hold it.
    return value if value.is_finite() and abs(value.adjusted()) <= MOST_DIGITS else None


def as_number(text: str) -> Decimal | None:
    return _decimal(text)


def as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def as_moment(text: str) -> datetime | None:
    """A dateTime in Morocco's time; a value without zone was written on a clock of the country."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=MOROCCO) if moment.tzinfo is None else moment.astimezone(MOROCCO)
    except (ValueError, OverflowError):  # the first and the last hours that a date can say have none in another zone
        return None


def shown(form: Form, node: Node, value: str, language: str, records: Mapping[str, str]) -> str:
    """A value as a reader of the language reads it. What cannot be read is shown as it came."""
    kind = node.get("type", "")
    if value == "":
        return ""
    if kind in SELECTS:
        values = value.split(" ") if kind in MULTIPLE else [value]
        if form.reads_records(node):
            return SEPARATOR[language].join(record_label(one, records, language) for one in values)
        return SEPARATOR[language].join(form.choice(node, one, language) for one in values)
    if kind == "calculate" and node.get("attributes", {}).get("list"):
        return form.choice(node, value, language)
    if kind == "calculate" and len(value) == 10 and (day := as_date(value)):
        return long_date(day, language)
    if kind in NUMBERS or kind == "calculate":
        amount = _decimal(value)
        # Years and codes are numbers too; a calculation may be a text that only looks like one ("007").
        if amount is None or (kind == "calculate" and str(amount) != value and "." not in value):
            return value
        unit = UNITS.get(node.get("attributes", {}).get("unit", ""), {}).get(language, "")
        if kind == "integer" and not unit and len(value) == 4:
            return value  # most often a year: 2025, never 2 025
        text = number(_rounded(amount) if kind == "calculate" else amount)
        return f"{text}\u00a0{unit}" if unit else text
    if kind in ("date", "today") and (day := as_date(value)):
        return long_date(day, language)
    if kind in ("dateTime", "start", "end") and (moment := as_moment(value)):
        return date_and_time(moment, language)
    if kind == "time":
        return value[:5]
    if kind == "geopoint":
        return _place(value, language)
    if kind == "acknowledge":
        return {"ar": "تم الاطلاع", "fr": "Lu"}[language] if value == "OK" else value
    return value


def _rounded(amount: Decimal) -> Decimal:
    """Shown with two decimals at most; the stored value keeps all of them."""
    rounded = round(amount, 2)
    return rounded.to_integral() if rounded == rounded.to_integral() else rounded


def _place(value: str, language: str) -> str:
    parts = value.split(" ")
    if len(parts) < 2:
        return value
    text = f"{parts[0]}; {parts[1]}"
    if len(parts) > 3 and (accuracy := _decimal(parts[3])):
        text += f" (±{number(round(accuracy))} {'م' if language == 'ar' else 'm'})"
    return text


def flat(form: Form, answers: Answers) -> dict[str, str]:
    """{path with row numbers: value} of all answers of the form, in its order."""
    found: dict[str, str] = {}

    def walk(index: int, here: Any, prefix: str) -> None:
        if not isinstance(here, Mapping):
            return
        for child in form.children[index]:
            node = form.nodes[child]
            value, path = here.get(node["name"]), f"{prefix}{node['name']}"
            if value is None:
                continue
            if node["kind"] == "group":
                walk(child, value, f"{path}/")
            elif node["kind"] == "repeat":
                for n, row in enumerate(value if isinstance(value, list) else [], start=1):
                    walk(child, row, f"{path}[{n}]/")
            elif not isinstance(value, Mapping | list):
                found[path] = str(value)

    walk(0, answers, "")
    return found


def record_ids(form: Form, values: Mapping[str, str]) -> set[str]:
    """Ids of records that the answers name."""
    found: set[str] = set()
    for path, value in values.items():
        node = form.by_path(path)
        if node is not None and form.reads_records(node):
            found.update(value.split(" "))
    return found


# -- scores


@dataclass
class Scores:
    axes: list[dict[str, Any]] = field(default_factory=list)  # {"axis", "label", "score": float | None, "node": index}
    overall: float | None = None
    level: int | None = None
    level_name: str = ""
    capped: bool = False
    confidence: float | None = None
    lines: list[str] = field(default_factory=list)  # what the form itself says about the cap


def _float(text: str) -> float | None:
    value = _decimal(text)
    return None if value is None else float(value)


def scores_from(form: Form, values: Mapping[str, str], language: str) -> Scores | None:
    """The scores that the answers carry, by the roles of docs/package.md; None when the form has no roles."""
    by_role: dict[str, str] = {}
    found = Scores()
    for node in form.nodes:
        attributes = node.get("attributes", {})
        role = attributes.get("role")
        if not role:
            continue
        value = values.get(form.path(node["i"]), "")
        if role == "axis-score":
            label = form.label(node, language) or _axis_label(form, node, attributes.get("axis", ""), language)
            found.axes.append({"axis": attributes.get("axis", ""), "label": label, "score": _float(value), "node": node["i"]})
        else:
            by_role.setdefault(role, value)
    if not found.axes and "overall" not in by_role:
        return None
    found.overall = _float(by_role.get("overall", ""))
    level = _float(by_role.get("level", ""))
    found.level = int(level) if level is not None else None
    if (level_node := form.role("level")) is not None and found.level is not None:
        levels = form.package.get("lists", {}).get(level_node.get("attributes", {}).get("list", ""), [])
        named = {item["name"]: item.get("label") for item in levels}
        found.level_name = form.text(named.get(str(found.level)), language)
    found.capped = by_role.get("cap") == "yes"
    found.confidence = _float(by_role.get("confidence", ""))
    found.lines = _result_lines(form, values, language)
    return found


def axis_group(form: Form, axis: str) -> Node | None:
    """The group that asks an axis's questions: named after it, or the one that says so."""
    groups = [node for node in form.nodes[1:] if node["kind"] == "group"]
    named = [node for node in groups if node.get("attributes", {}).get("axis") == axis]
    return next(iter(named or [node for node in groups if axis and node["name"].split("_")[-1] == axis]), None)


def _axis_label(form: Form, node: Node, axis: str, language: str) -> str:
    return form.label(axis_group(form, axis) or form.nodes[node["parent"]], language) or axis


def _result_lines(form: Form, values: Mapping[str, str], language: str) -> list[str]:
    """Notes of the form that hang on the cap alone: its reason, in the words of the form."""
    wanted = {node["i"] for role in ("cap",) if (node := form.role(role)) is not None}

    def value(index: int) -> str:
        return shown(form, form.nodes[index], values.get(form.path(index), ""), language, {})

    def raw(index: int) -> str:
        return values.get(form.path(index), "")

    lines = []
    for node in form.nodes:
        if node.get("type") != "note" or "relevant" not in node:
            continue
        deps = {index for index, _scope in form.package["expressions"][node["relevant"]].get("deps", [])}
        if deps and deps <= wanted and form.holds_plainly(node, raw):
            lines.append(form.label(node, language, value))
    return lines
