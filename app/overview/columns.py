"""Columns of tables and boards: what a declaration says, worked out record by record, and their totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from app.core.languages import long_date
from app.core.permissions import Actor
from app.core.web import local_text
from app.overview import charts, lists, words
from app.overview.lists import Record, Words
from app.overview.naming import Names
from app.overview.perimeter import Perimeter, last_day
from app.overview.tables import Cell, Column

HUNDRED = Decimal(100)
WORDS = ("text", "date", "institution")  # formats that are no number


@dataclass(frozen=True)
class Worked:
    """What a column says of one record."""

    value: Decimal | date | None = None
    text: str = ""
    note: str = ""
    ids: tuple[str, ...] = ()  # records that the value names


class Reckoned:
    """The declared columns of a panel over its records."""

    def __init__(
        self, actor: Actor, chosen: Perimeter, spoken: Words, declared: Sequence[Mapping[str, Any]], records: Sequence[Record]
    ) -> None:
        self.actor, self.chosen, self.spoken, self.declared = actor, chosen, spoken, declared
        self.language = spoken.language
        self.until = last_day(chosen, lists.today())
        self.linked = [self._linked(one) for one in declared]
        self.formats = [self._format(one, records) for one in declared]
        spoken.know(part for one in declared if "of" in one for record in records for part in record.value(one["of"]).split(" "))

    @cached_property
    def names(self) -> Names:
        return Names(self.chosen.programme_id, self.language)

    def _linked(self, one: Mapping[str, Any]) -> dict[str, Decimal]:
        """{record: sum or number of the records of another list that name it}"""
        if "from" not in one:
            return {}
        found: dict[str, Decimal] = {}
        # Records of another list follow the one that they name, not their own place.
        everywhere = Perimeter(programme_id=self.chosen.programme_id)
        others = lists.read(
            self.actor,
            everywhere,
            one["from"],
            language=self.language,
            where=one.get("where", ()),
            most=lists.MOST_COUNTED,
            only=[one["link"], *([one["sum"]] if "sum" in one else [])],
        )
        for other in others.rows:
            amount = Decimal(1) if one.get("count") else other.number(one["sum"])
            for target in other.value(one["link"]).split(" "):
                if target and amount is not None:
                    found[target] = found.get(target, Decimal()) + amount
        return found

    def _format(self, one: Mapping[str, Any], records: Sequence[Record]) -> str:
        if "as" in one:
            return str(one["as"])
        if "of" not in one:
            return {"ratio": "percent", "minus": "number", "days": "number", "from": "number"}[
                next(key for key in ("ratio", "minus", "days", "from") if key in one)
            ]
        _form, node = self.spoken.properties.known.get(one["of"], (None, None))
        if node is None:
            return "text"
        if node.get("attributes", {}).get("unit") == "MAD":
            return "mad"
        return {"integer": "number", "decimal": "number", "date": "date"}.get(str(node.get("type")), "text")

    def heads(self) -> list[Column]:
        found = []
        for one, form in zip(self.declared, self.formats, strict=True):
            title = local_text(one["label"]) if "label" in one else self.spoken.label(one["of"])
            unit = words.unit(form, self.language)
            is_number = form not in WORDS
            personal = "of" in one and self.spoken.is_personal(one["of"])
            found.append(
                Column(
                    f"{title} ({unit})" if unit and f"({unit})" not in title else title,
                    is_number,
                    form == "bar",
                    is_personal=personal,
                )
            )
        return found

    def _number(self, n: int, record: Record) -> Decimal | None:
        one = self.declared[n]
        if "of" in one:
            return record.number(one["of"])
        if "from" in one:
            return self.linked[n].get(record.id, Decimal() if one.get("count") else None)
        if "ratio" in one:
            return share(record.number(one["ratio"][0]), record.number(one["ratio"][1]))
        if "minus" in one:
            whole = record.number(one["minus"][0])
            return None if whole is None else whole - (record.number(one["minus"][1]) or Decimal())
        return None

    def worked(self, n: int, record: Record) -> Worked:
        one, form = self.declared[n], self.formats[n]
        if "days" in one:
            return days_between(record, one["days"], self.until)
        if form == "date":
            day = record.day(one.get("of", ""))
            return Worked(day, long_date(day, self.language) if day else record.value(one.get("of", "")))
        if form == "institution":
            return Worked(None, self.names.say(record.value(one["of"])))
        if form == "text":
            return Worked(None, self.spoken.say(one["of"], record.value(one["of"])))
        value = self._number(n, record)
        if value is None:
            return Worked(None, self.spoken.say(one["of"], record.value(one["of"])) if "of" in one else "")
        return Worked(value, words.figure(value, form))

    def cells(self, record: Record) -> list[Cell]:
        found = []
        for n, form in enumerate(self.formats):
            one = self.worked(n, record)
            found.append(self._cell(one.value, one.text, form, note=one.note))
        return found

    def _cell(self, value: Decimal | date | None, text: str, form: str, *, note: str = "") -> Cell:
        drawn = None
        if form == "bar" and isinstance(value, Decimal):
            drawn = charts.bar(float(value), rtl=self.language == "ar")
        return Cell(text or words.NOTHING, value, drawn=drawn, note=note, tone="" if text else "soft")

    def totals(self, records: Sequence[Record]) -> list[Cell]:
        """A cell a column; empty where nothing was asked to be summed."""
        return [self._total(n, records) for n in range(len(self.declared))]

    def _total(self, n: int, records: Sequence[Record]) -> Cell:
        one, form, asked = self.declared[n], self.formats[n], self.declared[n].get("total")
        if asked is None:
            return Cell()
        if "ratio" in one:
            parts = [sum((record.number(name) or Decimal() for record in records), Decimal()) for name in one["ratio"]]
            value = share(parts[0], parts[1])
            return Cell() if value is None else self._cell(value, words.figure(value, form), form)
        pairs: list[tuple[Decimal, Decimal]] = []
        for record in records:
            number = self.worked(n, record).value if "days" in one else self._number(n, record)
            weight = record.number(asked["mean_by"]) if isinstance(asked, dict) else Decimal(1)
            if isinstance(number, Decimal) and weight is not None:
                pairs.append((number, weight))
        if not pairs:
            return Cell(words.NOTHING, tone="soft")
        whole = sum((number * weight for number, weight in pairs), Decimal())
        if asked in ("sum", True):
            return self._cell(whole, words.figure(whole, form), form)
        weights = sum((weight for _number, weight in pairs), Decimal())
        if not weights:
            return Cell(words.NOTHING, tone="soft")
        value = whole / weights
        kind = _("weighted mean") if isinstance(asked, dict) else _("mean")
        return self._cell(value, words.figure(words.rounded(value, 1), form), form, note=kind)

    @property
    def has_totals(self) -> bool:
        return any(one.get("total") is not None for one in self.declared)


def share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """In percent; None where it cannot be said."""
    return None if part is None or not whole else part * HUNDRED / whole


def days_between(record: Record, ends: Sequence[str], until: date) -> Worked:
    """Days from one date to another; without the other, until the last day that counts, which is said."""
    start = record.day(ends[0])
    end = record.day(ends[1]) if len(ends) > 1 else None
    if start is None or (end is None and start > until):
        return Worked()
    count = Decimal(((end or until) - start).days)
    if end:
        return Worked(count, words.figure(count))
    is_over = until < lists.today()
    note = _("not reached by %(day)s", day=f"\u2068{words.short_day(until)}\u2069") if is_over else _("still going on")
    return Worked(count, words.figure(count), note)
