"""One submission laid out for its reader: sections, answers beside what they were before, remarks, photos, scores."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa

from app.core.languages import number
from app.registry.finding import ids_in
from app.submissions.answers import (
    FILES,
    Form,
    Node,
    Scores,
    as_number,
    axis_group,
    flat,
    record_ids,
    record_labels,
    scores_from,
    shown,
)
from app.submissions.models import Attachment, Remark

RESULT_ROLES = frozenset({"axis-score", "overall", "level", "cap", "confidence", "plan"})
ROW = re.compile(r"\[(\d+)\]")


@dataclass
class Shown:
    """One answer. `was` is set where the revision before said something else; `before` is the previous round's."""

    path: str
    label: str
    text: str
    is_blank: bool = False
    dot: str = ""  # "0" to "4" or "na" on a maturity scale
    was: str | None = None
    before: str = ""
    is_number: bool = False
    file: Attachment | None = None
    remarks: list[Remark] = field(default_factory=list)
    kind: str = "answer"


@dataclass
class Heading:
    text: str
    kind: str = "heading"


@dataclass
class Cell:
    text: str
    is_number: bool = False
    was: str | None = None
    file: Attachment | None = None


@dataclass
class Table:
    path: str
    label: str
    columns: list[tuple[str, str]]  # (name, label)
    rows: list[list[Cell]]
    remarks: list[tuple[str, Remark]]  # where, in words; the remark
    kind: str = "table"


@dataclass
class Section:
    path: str
    title: str
    entries: list[Shown | Heading | Table] = field(default_factory=list)
    score: str = ""
    change: str = ""  # against the previous round, with its sign


@dataclass
class Reading:
    sections: list[Section]
    scores: Scores | None
    earlier: Scores | None
    changed: int  # answers that differ from the revision before
    unanswered: int
    orphans: list[Remark]  # on questions that the current version no longer has


class Laid(dict[str, str]):
    """Answers by path, with what repeats ask of them at hand: a page asks for every cell."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.rows: dict[str, int] = {}  # by the path of a repeat: its last row
        self.within: dict[str, list[str]] = {}  # by the path of a row: paths of the answers in it, in the form's order
        for path in values:
            for row in ROW.finditer(path):
                repeat = path[: row.start()]
                self.rows[repeat] = max(self.rows.get(repeat, 0), int(row[1]))
                self.within.setdefault(path[: row.end()], []).append(path)


class Reader:
    """Lays out the answers of one revision; `previous` is the revision it corrects, `earlier` the round before."""

    def __init__(
        self,
        form: Form,
        answers: Mapping[str, object],
        language: str,
        may_see: sa.ColumnElement[bool],
        *,
        previous: Mapping[str, object] | None = None,
        earlier: Mapping[str, object] | None = None,
        remarks: Sequence[Remark] = (),
        attachments: Sequence[Attachment] = (),
        with_blanks: bool = False,
    ) -> None:
        self.form, self.language, self.with_blanks = form, language, with_blanks
        self.values = Laid(flat(form, answers))
        self.old = Laid(flat(form, previous)) if previous is not None else None
        self.round = flat(form, earlier) if earlier is not None else {}
        ids = record_ids(form, self.values) | record_ids(form, self.old or {})
        self.records = record_labels(ids, may_see, language)
        self.remarks: dict[str, list[Remark]] = {}
        for remark in remarks:
            self.remarks.setdefault(remark.question, []).append(remark)
        # The same photo may answer two questions: the manifest names it once, the answers name it by its file name.
        self.files = {attachment.name: attachment for attachment in attachments}
        self.placed: set[str] = set()
        self.changed = 0
        self.unanswered = 0

    def read(self) -> Reading:
        scores = scores_from(self.form, self.values, self.language)
        earlier = scores_from(self.form, self.round, self.language) if self.round else None
        sections: list[Section] = []
        loose: Section | None = None
        for index in self.form.children[0]:
            node = self.form.nodes[index]
            if node["kind"] in ("group", "repeat"):
                if node["name"] == "meta":
                    continue
                section = Section(node["name"], self.form.label(node, self.language))
                if node["kind"] == "repeat":
                    self._table(section, node, "")
                else:
                    self._walk(section, index, f"{node['name']}/")
                self._score(section, node, scores, earlier)
                loose = None
            else:
                if loose is None:
                    loose = Section(f"@{index}", "")
                    sections.append(loose)
                self._answer(loose, node, "")
                continue
            sections.append(section)
        kept = [section for section in sections if any(entry.kind != "heading" for entry in section.entries)]
        orphans = [remark for path, found in self.remarks.items() if path and path not in self.placed for remark in found]
        return Reading(kept, scores, earlier, self.changed, self.unanswered, orphans)

    def _walk(self, section: Section, index: int, prefix: str) -> None:
        for child in self.form.children[index]:
            node = self.form.nodes[child]
            if node["kind"] == "group":
                mark = len(section.entries)
                title = self.form.label(node, self.language, self._output(prefix))
                self._walk(section, child, f"{prefix}{node['name']}/")
                if title and len(section.entries) > mark:
                    section.entries.insert(mark, Heading(title))
            elif node["kind"] == "repeat":
                self._table(section, node, prefix)
            else:
                self._answer(section, node, prefix)

    def _shown(self, node: Node, value: str) -> str:
        return shown(self.form, node, value, self.language, self.records)

    def _output(self, prefix: str) -> Callable[[int], str]:
        """Values for the `${}` of a label, seen from this place."""

        def value(index: int) -> str:
            rows = dict(re.findall(r"([^/\[\]]+)(\[\d+\])", prefix))
            names = self.form.path(index).split("/")
            path = "/".join(name + rows.get(name, "") for name in names)
            return self._shown(self.form.nodes[index], self.values.get(path, "")) or "…"

        return value

    def _answer(self, section: Section, node: Node, prefix: str) -> None:
        path = prefix + node["name"]
        if node["type"] == "note" or not _is_read(node, self.values.get(path, "")):
            return
        if node.get("attributes", {}).get("role") in RESULT_ROLES:  # drawn beside the answers
            return
        value, remarks = self.values.get(path, ""), self.remarks.get(path, [])
        old = self.old.get(path, "") if self.old is not None else value
        if value == "" and old == "" and not remarks:
            self.unanswered += node["kind"] == "question"
            if not self.with_blanks or node["kind"] == "value":
                return
        self.placed.add(path)
        answer = Shown(
            path,
            self.form.label(node, self.language, self._output(prefix)) or node["name"],
            self._shown(node, value),
            is_blank=value == "",
            is_number=as_number(value) is not None and node["type"] in ("integer", "decimal", "range", "calculate"),
            file=self.files.get(value) if node["type"] in FILES else None,
            remarks=remarks,
        )
        if self.form.is_scale(node) and value:
            answer.dot = value
        if value != old:
            answer.was = self._shown(node, old)
            self.changed += 1
        elif (then := self.round.get(path, "")) and then != value and node["type"] not in FILES | {"date", "text"}:
            answer.before = then if answer.dot else self._shown(node, then)
        section.entries.append(answer)

    def _table(self, section: Section, node: Node, prefix: str) -> None:
        path = prefix + node["name"]
        count = self.values.rows.get(path, 0)
        old_count = self.old.rows.get(path, 0) if self.old is not None else count
        title = self.form.label(node, self.language)
        inner = [leaf for leaf in self._leaves(node["i"]) if leaf.get("type") != "note"]
        columns: list[tuple[Node, str]] = []
        for leaf in inner:
            inside = self.form.path(leaf["i"])[len(self.form.path(node["i"])) + 1 :]
            said = (one for n in range(1, count + 1) for one in self._cell_values(self.values, path, n, leaf, inside))
            if not _is_read(leaf, *said):
                continue
            there = any(self._cell_values(self.values, path, n, leaf, inside) for n in range(1, count + 1))
            gone = self.old is not None and any(
                self._cell_values(self.old, path, n, leaf, inside) for n in range(1, old_count + 1)
            )
            if there or gone or f"{node['name']}" == inside:
                columns.append((leaf, inside))
        here = [(place, found) for place, found in self.remarks.items() if place == path or place.startswith(f"{path}[")]
        if not count and not old_count and not here:
            return
        rows = [
            [self._cell(path, n, leaf, inside, new_row=n > old_count) for leaf, inside in columns] for n in range(1, count + 1)
        ]
        remarks = []
        for place, found in here:
            self.placed.add(place)
            remarks += [(self._place_in_words(path, place), remark) for remark in found]
        named = [(inside, self.form.label(leaf, self.language) or leaf["name"]) for leaf, inside in columns]
        if old_count > count:
            self.changed += 1
        section.entries.append(Table(path, "" if title == section.title else title, named, rows, remarks))

    def _leaves(self, index: int) -> list[Node]:
        """Columns of a repeat: its questions and those of its groups; a repeat inside it is one column."""
        found: list[Node] = []
        for child in self.form.children[index]:
            node = self.form.nodes[child]
            if node["kind"] == "group":
                found += self._leaves(child)
            else:
                found.append(node)
        return found

    def _cell_values(self, values: Laid, path: str, row: int, leaf: Node, inside: str) -> list[str]:
        place = f"{path}[{row}]/{inside}"
        if leaf["kind"] != "repeat":
            return [values[place]] if values.get(place) else []
        found = []
        for n in range(1, values.rows.get(place, 0) + 1):
            parts = [
                self._shown(node, values[key])
                for key in values.within.get(f"{place}[{n}]", ())
                if (node := self.form.by_path(key)) is not None and node["kind"] == "question"
            ]
            found.append(" · ".join(parts) or "–")
        return found

    def _cell(self, path: str, row: int, leaf: Node, inside: str, *, new_row: bool) -> Cell:
        now = self._cell_values(self.values, path, row, leaf, inside)
        text = self._joined(leaf, now)
        cell = Cell(text, is_number=leaf.get("type") in ("integer", "decimal", "range", "calculate"))
        if leaf.get("type") in FILES and now:
            cell.file = self.files.get(now[0])
        if self.old is not None:
            old = self._cell_values(self.old, path, row, leaf, inside)
            if old != now:
                cell.was = "" if new_row else self._joined(leaf, old)
                self.changed += 1
        return cell

    def _joined(self, leaf: Node, values: list[str]) -> str:
        """A repeat inside a row: on one line where each of its rows is one answer (days of attendance), else a line each."""
        if leaf["kind"] != "repeat":
            return self._shown(leaf, values[0]) if values else ""
        questions = [node for node in self._leaves(leaf["i"]) if node["kind"] == "question" and node["type"] != "note"]
        return (" · " if len(questions) == 1 else "\n").join(values)

    def _place_in_words(self, path: str, place: str) -> str:
        """The row and the question of a remark inside a table: "3 · Téléphone"."""
        rest = place[len(path) :]
        match = ROW.match(rest)
        if not match:
            return ""
        node = self.form.by_path(place)
        label = self.form.label(node, self.language) if node is not None and node["kind"] != "repeat" else ""
        return f"{match.group(1)} · {label}" if label else match.group(1)

    def _score(self, section: Section, node: Node, scores: Scores | None, earlier: Scores | None) -> None:
        if scores is None:
            return
        then = {axis["axis"]: axis["score"] for axis in earlier.axes} if earlier else {}
        for axis in scores.axes:
            group = axis_group(self.form, axis["axis"])
            if axis["score"] is not None and group is not None and group["i"] == node["i"]:
                section.score = one_decimal(axis["score"])
                if then.get(axis["axis"]) is not None:
                    section.change = signed(axis["score"] - then[axis["axis"]])


def one_decimal(value: float) -> str:
    return number(round(Decimal(str(value)), 1), 1)


def signed(value: float) -> str:
    """`+12,5`, `−3,0` with the sign that does not break from its number."""
    text = one_decimal(abs(value))
    return f"+{text}" if value > 0 else f"\u2212{text}" if value < 0 else "="


def _is_read(node: Node, *values: str) -> bool:
    """Whether a reader needs it: a calculation without a name, or one that carries on which record was chosen, adds nothing."""
    return node["kind"] != "value" or bool(node.get("label") and not ids_in(values))


@dataclass
class Difference:
    label: str
    path: str
    before: str
    after: str


def differences(
    form: Form, old: Mapping[str, object], new: Mapping[str, object], language: str, may_see: sa.ColumnElement[bool]
) -> list[Difference]:
    """Answers that two revisions give differently, in the order of the form."""
    before, after = flat(form, old), flat(form, new)
    records = record_labels(record_ids(form, before) | record_ids(form, after), may_see, language)
    order = list(after) + [path for path in before if path not in after]
    found = []
    for path in order:
        node = form.by_path(path)
        if node is None or before.get(path, "") == after.get(path, ""):
            continue
        if not _is_read(node, after.get(path, "")):
            continue  # what follows from an answer is not a change of its own
        rows = " · ".join(ROW.findall(path))
        label = form.label(node, language) or node["name"]
        texts = [shown(form, node, values.get(path, ""), language, records) for values in (before, after)]
        found.append(Difference(f"{rows} · {label}" if rows else label, path, *texts))
    return found
