"""A table with a row for each single answer: of which submission and record, to which question, in codes and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.core.cells import Value
from app.export import words
from app.export.tables import Column, Options, Rows, Table, at, rows_of
from app.submissions.answers import Form


def table(questions: Sequence[Table]) -> Table:
    """The columns after those that say which submission it is; as many row numbers as repeats stand in each other."""
    deepest = max(1, *(len(one.steps) for one in questions))
    return Table("", {}, (), (), words.answer_columns(deepest))


class Lines:
    """Turns the answers of one submission into rows of that table."""

    def __init__(self, questions: Sequence[Table], options: Options, newest: Form) -> None:
        self.questions, self.options, self.newest = questions, options, newest
        self.codes = Rows(questions, replace(options, labels=False), newest)
        self.words = Rows(questions, replace(options, labels=True), newest)
        self.deepest = max(1, *(len(one.steps) for one in questions))
        self._asked: dict[tuple[int, str], str] = {}

    def record_ids(self, answers: Any) -> set[str]:
        return self.words.record_ids(answers)

    def of(self, form: Form, answers: Any, records: Mapping[str, str], files: Mapping[str, str]) -> Iterator[list[Value]]:
        """A row for each question that has an answer, first those of the form, then repeat by repeat."""
        for questions in self.questions:
            for numbers, row in rows_of(answers, questions):
                places = [*numbers, *[None] * (self.deepest - len(numbers))]
                for column in questions.columns:
                    text = at(row, column.path)
                    if text:
                        value = self.codes.value(form, column, text, records, files)
                        said = self._said(form, column, text, records, files)
                        yield [column.node_path, column.path[-1], *places, self._question(form, column), value, said]

    def none(self, why: str) -> list[Value]:
        """The row of a submission whose answers cannot be read."""
        return [*[None] * (self.deepest + 4), why]

    def _said(self, form: Form, column: Column, text: str, records: Mapping[str, str], files: Mapping[str, str]) -> Value:
        """The words of a choice, of a record, of a file's state; nothing where the value is the words."""
        if column.kind == "file":
            return self.words.value(form, replace(column, kind="file_state"), text, records, files)
        if column.kind in ("select", "multiple"):
            return self.words.value(form, column, text, records, files)
        node = form.by_path(column.node_path)
        if node is not None and node["type"] == "calculate" and node.get("attributes", {}).get("list"):
            return form.choice(node, text, self.options.language)
        return None

    def _question(self, form: Form, column: Column) -> str:
        """In the words of the version that the answer was given under."""
        key = (id(form), column.node_path)
        if key not in self._asked:
            node = form.by_path(column.node_path)
            said = form.label(node, self.options.language) if node is not None else ""
            self._asked[key] = said or column.labels.get(self.options.language, "")
        return self._asked[key]
