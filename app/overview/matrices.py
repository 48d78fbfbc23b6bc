"""Tables with two entries and their sums: projects × partners, premises × groups, crafts × holders × apprentices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import Actor, visible
from app.core.web import local_text
from app.overview import lists, words
from app.overview.behind import Behind
from app.overview.lists import Record, Words
from app.overview.naming import Names
from app.overview.perimeter import Perimeter
from app.overview.records import cut, nothing_in
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.panels.declarations import Panel
from app.registry.models import Entity

HERE = "○"  # takes part, without an amount

Sums = dict[tuple[str, str], Decimal]


def matrix(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    return _several(actor, chosen, panel, language) if panel.get("sources") else _one(actor, chosen, panel, language)


class _Called:
    """Values of a matrix; where they name institutions as people wrote them, one value an institution."""

    def __init__(self, panel: Panel, chosen: Perimeter, language: str, spoken: Words) -> None:
        self.of = {"rows": panel.get("rows"), "columns": panel.get("columns")}
        self.spoken, self.which = spoken, panel.get("institutions", "")
        self.names = Names(chosen.programme_id, language) if self.which else None

    def met(self, values: Sequence[str], which: str, times: int) -> list[str]:
        if self.names is None or which != self.which:
            return list(values)
        return [self.names.met(one, times) if one else "" for one in values]

    def say(self, which: str, value: str) -> str:
        if self.names is None or which != self.which or not value:
            return self.spoken.say(self.of[which], value)
        return self.names.label(value)

    def asked(self, which: str, value: str) -> str:
        """As an address asks for the records that say it."""
        return self.say(which, value) if self.names is not None and which == self.which else value


def parts_of(record: Record, of: str, spoken: Words) -> list[str]:
    """The values of a property; several where a question takes several."""
    said = record.value(of)
    return (said.split(" ") if spoken.is_multiple(of) else [said]) if said else [""]


def _one(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """Records of one list: one property down, another across, counted or summed."""
    name, down, across = panel.get("list"), panel.get("rows"), panel.get("columns")
    value, form = panel.get("value"), panel.get("as", "number")
    names = panel.get("names")
    wanted = [down, across, *([value] if value else [])]
    found, more = lists.alike(actor, chosen, name, of=wanted, where=panel.get("where", ()), dated=panel.get("date", ""))
    if not found:
        return Shown(empty=nothing_in(name, chosen.programme_id))
    spoken = Words(actor, chosen.programme_id, name, language)
    called = _Called(panel, chosen, language, spoken)
    sums: Sums = {}
    there: set[tuple[str, str]] = set()
    whole = Decimal()
    for same in found:
        record = same.one
        amount = _times(record.number(value) if value else Decimal(1), same.count)
        whole += amount or Decimal()
        for row in called.met(parts_of(record, down, spoken), "rows", same.count):
            for column in called.met(parts_of(record, across, spoken), "columns", same.count):
                there.add((row, column))
                if amount is not None:
                    sums[row, column] = sums.get((row, column), Decimal()) + amount
    several = spoken.is_multiple(down) or spoken.is_multiple(across)
    behind = Behind(panel, chosen)
    named = _records_named(actor, chosen, {row for row, _column in there}, language, names)
    spoken.know([*(row for row, _column in there), *(column for _row, column in there)])
    across_sums: dict[str, Decimal] = {}
    for (row, _column), amount in sums.items():
        across_sums[row] = across_sums.get(row, Decimal()) + amount
    rows = sorted({row for row, _column in there} | named.keys(), key=lambda row: _order(row, named, across_sums))
    columns = sorted({column for _row, column in there}, key=lambda one: (not one, -_down(sums, one), called.say("columns", one)))
    check = panel.get("check")
    heads = [Column(local_text(panel.get("label")) if panel.get("label") else spoken.label(down))]
    heads += [Column(called.say("columns", one) or _("not stated"), True) for one in columns]
    unit = words.unit(form, language)
    heads.append(Column(_("Total (%(unit)s)", unit=unit) if unit else _("Total"), True))
    if check:
        heads.append(Column(_("Declared (%(unit)s)", unit=unit) if unit else _("Declared"), True))
    lines = []
    for row in rows:
        record_of = named.get(row)
        title = record_of.name if record_of else called.say("rows", row) or _("not stated")
        address = url_for("records.record", list_name=record_of.list, record_id=row) if record_of else ""
        across_sum = across_sums.get(row, Decimal())
        at = called.asked("rows", row)
        cells = [
            _amount(sums.get((row, one)), (row, one) in there, form, behind.address(row=at, column=called.asked("columns", one)))
            for one in columns
        ]
        known = row in across_sums
        total = Cell(words.NOTHING, tone="soft")
        if known:
            # Where a record stands in several columns, their sum counts it several times: no list of records does.
            rows_of = "" if spoken.is_multiple(across) else behind.address(row=at)
            total = Cell(words.figure(across_sum, form), across_sum, rows_of)
        line = [Cell(title, address=address), *cells, total]
        if check:
            line.append(_declared(record_of.number(check) if record_of else None, across_sum if known else None, form))
        lines.append(Row(line))
    sums_down = [_down(sums, one) for one in columns]
    shown_down = [
        _amount(
            amount if any(c == one for _r, c in sums) else None,
            True,
            form,
            "" if spoken.is_multiple(down) else behind.address(column=called.asked("columns", one)),
        )
        for one, amount in zip(columns, sums_down, strict=True)
    ]
    all_of_it = whole if several else sum(sums.values(), Decimal())
    foot = [Cell(_("Total")), *shown_down, Cell(words.figure(all_of_it, form), all_of_it, behind.address())]
    if check:
        declared = sum((one.number(check) or Decimal() for one in named.values()), Decimal())
        foot.append(_declared(declared or None, all_of_it if sums else None, form))
    notes = cut(more, lists.MOST_COUNTED)
    if several:
        notes.append(_("One record may stand in several rows or columns; the total counts it once."))
    legend = [(HERE, _("takes part; the amount is not stated"))] if there - sums.keys() and value else []
    return Shown([Table(heads, lines, [Row(foot, "total")], notes, legend)])


def _order(row: str, named: Mapping[str, Record], across: Mapping[str, Decimal]) -> tuple[Any, ...]:
    code = str(named[row].data.get("ag_code") or "") if row in named else ""
    return (not row, not code, code, -across.get(row, Decimal()))


def _down(sums: Sums, column: str) -> Decimal:
    return sum((amount for (_row, one), amount in sums.items() if one == column), Decimal())


def _amount(amount: Decimal | None, is_there: bool, form: str, address: str) -> Cell:
    if amount is None:
        return Cell(HERE if is_there else "", tone="soft", address=address if is_there else "")
    return Cell(words.figure(amount, form), amount, address)


def _times(amount: Decimal | None, count: int) -> Decimal | None:
    return None if amount is None else amount * count


def _declared(declared: Decimal | None, summed: Decimal | None, form: str) -> Cell:
    """What the row's own record says, and how far the sum is from it: said, never refused."""
    if declared is None:
        return Cell(words.NOTHING, tone="soft")
    text = words.figure(declared, form)
    if summed is None or summed == declared:
        return Cell(text, declared, tone="ok" if summed == declared else "")
    gap = summed - declared
    sign = "+" if gap > 0 else "−"
    return Cell(text, declared, tone="warn", note=_("gap %(gap)s", gap=f"\u2066{sign}{words.figure(abs(gap), form)}\u2069"))


def _records_named(
    actor: Actor, chosen: Perimeter, values: Iterable[str], language: str, names: Mapping[str, str] | None
) -> dict[str, Record]:
    """Where rows are records of another list: all of that list, so that one without anything still has its row."""
    ids = [one for one in values if len(one) == 36]
    if not ids:
        return {}
    mine = visible(actor, chosen.programme_id, Entity, "entity.read")
    list_name = db.session.scalar(sa.select(Entity.list).where(mine, Entity.id.in_(ids)).limit(1))
    if list_name is None:
        return {}
    found = lists.read(actor, chosen, list_name, language=language, names=names, most=lists.MOST)
    return {record.id: record for record in found.rows}


def _several(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """Values of one list of choices down; across, what each of several lists counts or sums for them."""
    sources = panel.get("sources")
    sums: Sums = {}
    said: dict[str, str] = {}
    notes: list[str] = []
    names = Names(chosen.programme_id, language) if panel.get("institutions") else None
    sharing: set[int] = set()  # sources whose records may stand in several rows
    for n, source in enumerate(sources):
        spoken = Words(actor, chosen.programme_id, source["list"], language)
        wanted = [source["by"], *([source["sum"]] if "sum" in source else [])]
        dated = source.get("date", "")
        found, more = lists.alike(actor, chosen, source["list"], of=wanted, where=source.get("where", ()), dated=dated)
        notes += [one for one in cut(more, lists.MOST_COUNTED) if one not in notes]
        spoken.know(same.one.value(source["by"]) for same in found)
        sharing |= {n} if spoken.is_multiple(source["by"]) else set()
        for same in found:
            amount = _times(same.one.number(source["sum"]) if "sum" in source else Decimal(1), same.count)
            for part in parts_of(same.one, source["by"], spoken):
                value = names.met(part, same.count) if names is not None and part else part
                if amount is not None:
                    sums[value, str(n)] = sums.get((value, str(n)), Decimal()) + amount
                said[value] = (names.label(value) if names is not None else spoken.say(source["by"], value)) or _("not stated")
    if not said:
        return Shown(empty=nothing_in(sources[0]["list"], chosen.programme_id))
    behind = Behind(panel, chosen)
    units = [words.unit(source.get("as", ""), language) for source in sources]
    titles = [local_text(source["label"]) for source in sources]
    heads = [Column(local_text(panel.get("rows")))]
    heads += [Column(f"{title} ({unit})" if unit else title, True) for title, unit in zip(titles, units, strict=True)]
    rows = []
    for value in sorted(said, key=lambda one: (not one, *(-sums.get((one, str(n)), Decimal()) for n in range(len(sources))))):
        cells = []
        for n, source in enumerate(sources):
            amount = sums.get((value, str(n)), Decimal())
            row = said[value] if names is not None and value else value
            address = behind.address(row=row, source=str(n)) if (value, str(n)) in sums else ""
            cells.append(Cell(words.figure(amount, source.get("as", "number")), amount, address, "" if amount else "soft"))
        rows.append(Row([Cell(said[value]), *cells]))
    totals = [_down(sums, str(n)) for n in range(len(sources))]
    foot = [
        Cell(words.figure(one, source.get("as", "number")), one, "" if n in sharing else behind.address(source=str(n)))
        for n, (one, source) in enumerate(zip(totals, sources, strict=True))
    ]
    return Shown([Table(heads, rows, [Row([Cell(_("Total")), *foot], "total")], notes)])
