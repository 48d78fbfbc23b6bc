"""An export as tables: columns of all versions of an instrument in the order of the form, and typed rows.

The form is one table, each repeat another; rows of a repeat name their submission and their place in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from app.core.cells import Value
from app.core.languages import MOROCCO
from app.submissions.answers import (
    FILES,
    MULTIPLE,
    NUMBERS,
    SELECTS,
    SEPARATOR,
    Form,
    Node,
    as_date,
    as_moment,
    as_number,
    record_label,
)

SUBMISSIONS, ANSWERS = "submissions", "answers"  # what has a row: a submission, and each row of a repeat; or each single answer

PLACE_PARTS = ("lat", "lon", "alt", "accuracy")
DIGITS_A_SPREADSHEET_KEEPS = 15
MOST_CHOICES_AS_COLUMNS = 80


@dataclass(frozen=True)
class Options:
    """How the tables are made. `language` is of labels and headings; codes are the same in both."""

    language: str = "ar"
    shape: str = SUBMISSIONS
    labels: bool = True  # choices as labels; else as codes
    label_row: bool = True  # a second heading row, with the questions
    split_multiple: bool = False  # a 0/1 column for each choice of a select_multiple as well
    every_calculation: bool = False  # also those without a label: steps on the way
    names: bool = False  # names, telephone numbers and signatures of persons


@dataclass(frozen=True)
class Column:
    code: str
    labels: Mapping[str, str]  # by language
    kind: str  # text number date moment time select multiple flag place file file_state
    path: tuple[str, ...] = ()  # names below the row's own repeat
    part: str = ""  # the choice of a flag; the number of a part of a place
    unit: str = ""
    node_path: str = ""

    def label(self, language: str) -> str:
        return self.labels.get(language) or self.code


@dataclass
class Table:
    """name: "" is the form; a repeat is named by its path, "part/att"."""

    name: str
    labels: Mapping[str, str]
    indexes: tuple[str, ...]  # headings of the row numbers, outermost repeat first
    steps: tuple[tuple[str, ...], ...]  # names to each repeat, from the one around it
    columns: list[Column] = field(default_factory=list)


def merged(versions: Sequence[Form], options: Options) -> list[Table]:
    """Tables with the columns of every version, newest version first in `versions`.

    The newest one gives order, words and types; a question that only older versions ask stands after the one that it
    stood after there.
    """
    tables: dict[str, Table] = {}
    # An answer of an old version stands in the column of the new one: what any version calls personal is.
    hidden = frozenset() if options.names else frozenset(form.path(index) for form in versions for index in form.personal())
    for form in versions:
        for fresh in _tables(form, options, hidden):
            known = tables.setdefault(fresh.name, fresh)
            if known is not fresh:
                _merge(known.columns, fresh.columns)
    for table in tables.values():
        _shorten(table)
    order = {name: n for n, name in enumerate(tables)}
    return sorted(tables.values(), key=lambda table: (table.name.count("/") if table.name else -1, order[table.name]))


def _merge(known: list[Column], fresh: Sequence[Column]) -> None:
    places = {column.code: n for n, column in enumerate(known)}
    at = 0
    for column in fresh:
        if column.code in places:
            at = places[column.code] + 1
            continue
        known.insert(at, column)
        places = {one.code: n for n, one in enumerate(known)}
        at += 1


def _shorten(table: Table) -> None:
    """Headings without the groups, where the question's own name says enough."""
    counts: dict[str, int] = {}
    for column in table.columns:
        short = column.code.rsplit("/", 1)[-1] if column.kind != "flag" else column.code
        counts[short] = counts.get(short, 0) + 1
    for n, column in enumerate(table.columns):
        if column.kind == "flag":
            path, choice = "/".join(column.path), column.part
            short = f"{column.path[-1]}/{choice}"
            same = sum(one.kind == "flag" and one.path[-1] == column.path[-1] and one.part == choice for one in table.columns)
            code = short if same == 1 else f"{path}/{choice}"
        else:
            short = column.code.rsplit("/", 1)[-1]
            code = short if counts[short] == 1 else column.code
        table.columns[n] = Column(code, column.labels, column.kind, column.path, column.part, column.unit, column.node_path)


def _tables(form: Form, options: Options, hidden: Collection[str]) -> Iterator[Table]:
    found: list[Table] = []

    def words(node: Node) -> dict[str, str]:
        return {language: form.label(node, language) for language in ("ar", "fr")}

    def walk(index: int, table: Table, prefix: tuple[str, ...]) -> None:
        for child in form.children[index]:
            node = form.nodes[child]
            here = (*prefix, node["name"])
            if node["kind"] == "group":
                if node["name"] != "meta":
                    walk(child, table, here)
            elif node["kind"] == "repeat":
                inner = Table(form.path(child), words(node), (*table.indexes, node["name"]), (*table.steps, here))
                found.append(inner)
                walk(child, inner, ())
            elif form.path(child) not in hidden and _is_kept(node, options):
                table.columns.extend(_columns(form, node, here, words(node), options))

    top = Table("", form.package.get("title", {}), (), ())
    found.append(top)
    walk(0, top, ())
    yield from found


def _is_kept(node: Node, options: Options) -> bool:
    if node["type"] in ("note", "instanceID", "instanceName", "entity", "audit"):
        return False
    plain_step = node["type"] == "calculate" and not node.get("label") and not node.get("attributes", {}).get("role")
    return options.every_calculation or not plain_step


def _columns(form: Form, node: Node, path: tuple[str, ...], labels: Mapping[str, str], options: Options) -> Iterator[Column]:
    kind, code = node["type"], "/".join(path)
    unit = node.get("attributes", {}).get("unit", "")
    node_path = form.path(node["i"])

    def column(kind: str, suffix: str = "", part: str = "", words: Mapping[str, str] = labels) -> Column:
        return Column(code + suffix, words, kind, path, part, unit, node_path)

    def with_words(extra: Mapping[str, str]) -> dict[str, str]:
        return {language: f"{labels.get(language) or node['name']} – {extra.get(language, '')}" for language in ("ar", "fr")}

    whole = options.shape == ANSWERS  # a row an answer has no columns for its parts
    if kind == "geopoint" and whole:
        yield column("place")
    elif kind == "geopoint":
        for n, part in enumerate(PLACE_PARTS):
            yield column("place", f".{part}", str(n), with_words(PLACE_WORDS[part]))
    elif kind in FILES:
        yield column("file")
        if not whole:
            yield column("file_state", ".state", words=with_words({"ar": "حالة الملف", "fr": "état du fichier"}))
    elif kind in MULTIPLE:
        yield column("multiple")
        choices = form.choices(node)
        if options.split_multiple and not whole and kind == "select_multiple" and len(choices) <= MOST_CHOICES_AS_COLUMNS:
            for choice in choices:
                texts = {language: form.choice(node, choice, language) for language in ("ar", "fr")}
                yield column("flag", f"/{choice}", choice, with_words(texts))
    elif kind in SELECTS:
        yield column("select")
    elif kind in NUMBERS:
        yield column("number")
    elif kind in ("date", "today"):
        yield column("date")
    elif kind in ("dateTime", "start", "end"):
        yield column("moment")
    elif kind == "time":
        yield column("time")
    elif kind == "calculate":
        role = node.get("attributes", {}).get("role", "")
        numeric = role in ("axis-score", "overall", "level", "confidence")
        yield column("number" if numeric else "calculated")
    else:
        yield column("text")


PLACE_WORDS = {
    "lat": {"ar": "خط العرض", "fr": "latitude"},
    "lon": {"ar": "خط الطول", "fr": "longitude"},
    "alt": {"ar": "الارتفاع (م)", "fr": "altitude (m)"},
    "accuracy": {"ar": "الدقة (م)", "fr": "précision (m)"},
}

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")


def number_or_text(text: str) -> Value:
    """A number where a spreadsheet keeps every digit of it; else the text as it came."""
    value = as_number(text)
    if value is None:
        return text
    if len(text.replace("-", "").replace(".", "").lstrip("0")) > DIGITS_A_SPREADSHEET_KEEPS:
        # A calculated share such as 58.333333333333336 is a number; a code of 18 digits is not.
        return round(value, 12) if "." in text and abs(value) < 10**9 else text
    return value


def as_time(text: str) -> Value:
    try:
        return time.fromisoformat(text).replace(tzinfo=None, microsecond=0)
    except ValueError:
        return text


class Rows:
    """Turns the answers of one submission into rows of the tables."""

    def __init__(self, tables: Sequence[Table], options: Options, newest: Form) -> None:
        self.tables, self.options, self.newest = tables, options, newest
        self._choices_of: dict[tuple[int, str], tuple[Form, Node | None, dict[str, str]]] = {}
        self._record_columns = self._find_record_columns()

    def _find_record_columns(self) -> set[str]:
        found = set()
        for table in self.tables:
            for column in table.columns:
                node = self.newest.by_path(column.node_path) if column.kind in ("select", "multiple") else None
                if node is not None and self.newest.reads_records(node):
                    found.add(column.node_path)
        return found

    def record_ids(self, answers: Any) -> set[str]:
        """Ids of records that these answers choose: their labels are looked up for many submissions at once."""
        if not self.options.labels or not self._record_columns:
            return set()
        found: set[str] = set()
        for table in self.tables:
            columns = [column for column in table.columns if column.node_path in self._record_columns]
            if columns:
                for _indexes, row in rows_of(answers, table):
                    for column in columns:
                        found.update(at(row, column.path).split(" "))
        return found - {""}

    def values(
        self,
        form: Form,
        row: Mapping[str, Any],
        table: Table,
        records: Mapping[str, str],
        files: Mapping[str, str],
    ) -> list[Value]:
        """One row, a value a column. `files`: {file name: "complete" | "pending" | "lost"}."""
        return [self.value(form, column, at(row, column.path), records, files) for column in table.columns]

    def value(self, form: Form, column: Column, text: str, records: Mapping[str, str], files: Mapping[str, str]) -> Value:
        """The cell of one answer."""
        kind = column.kind
        if kind == "file_state":
            return FILE_STATES[self.options.language].get(files.get(text, "pending")) if text else None
        if text == "":
            return None
        if kind == "flag":
            return int(column.part in text.split(" "))
        if kind == "number":
            return number_or_text(text)
        if kind == "calculated":
            return number_or_text(text) if _NUMBER.fullmatch(text) else text
        if kind == "date":
            return as_date(text) or text
        if kind == "moment":
            moment = as_moment(text)
            return moment.astimezone(MOROCCO).replace(tzinfo=None, microsecond=0) if moment else text
        if kind == "time":
            return as_time(text)
        if kind == "place" and column.part:
            parts = text.split(" ")
            n = int(column.part)
            return number_or_text(parts[n]) if n < len(parts) else None
        if kind in ("select", "multiple") and self.options.labels:
            return self._choices(form, column, text, records)
        return text

    def _choices(self, form: Form, column: Column, text: str, records: Mapping[str, str]) -> str:
        if column.node_path in self._record_columns:
            return SEPARATOR[self.options.language].join(
                record_label(one, records, self.options.language) for one in text.split(" ")
            )
        key = (id(form), column.node_path)
        known = self._choices_of.get(key)
        if known is None:
            # The version that the answers were given under names its choices; the newest where that one lacks the question.
            mine = form.by_path(column.node_path)
            source = form if mine is not None else self.newest
            known = self._choices_of[key] = (source, mine or self.newest.by_path(column.node_path), {})
        source, node, labels = known
        if node is None:
            return text
        values = [text] if column.kind == "select" else text.split(" ")
        for value in values:
            if value not in labels:
                labels[value] = source.choice(node, value, self.options.language)
        return (
            labels[text] if column.kind == "select" else SEPARATOR[self.options.language].join(labels[value] for value in values)
        )


FILE_STATES = {
    "ar": {"complete": "تم التوصل به", "pending": "لا يزال في الهاتف", "lost": "ضاع من الهاتف"},
    "fr": {"complete": "reçu", "pending": "encore sur le téléphone", "lost": "perdu sur le téléphone"},
}


def at(row: Any, path: tuple[str, ...]) -> str:
    """The text of an answer below a row, "" for none."""
    for name in path:
        if not isinstance(row, Mapping):
            return ""
        row = row.get(name)
    return "" if row is None or isinstance(row, Mapping | list) else str(row)


def rows_of(answers: Any, table: Table) -> Iterator[tuple[tuple[int, ...], Mapping[str, Any]]]:
    """Rows of a table in one submission, each with its row numbers (from 1) in the repeats around it."""

    def walk(here: Any, steps: tuple[tuple[str, ...], ...], indexes: tuple[int, ...]) -> Iterator[Any]:
        if not steps:
            yield indexes, here
            return
        inner = here
        for name in steps[0]:
            inner = inner.get(name) if isinstance(inner, Mapping) else None
        for n, row in enumerate(inner if isinstance(inner, list) else [], start=1):
            if isinstance(row, Mapping):
                yield from walk(row, steps[1:], (*indexes, n))

    if isinstance(answers, Mapping):
        yield from walk(answers, table.steps, ())
