"""Tables and boards of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import median

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.languages import number
from app.core.permissions import Actor
from app.core.web import local_text
from app.overview import columns, lists, words
from app.overview.behind import Behind
from app.overview.columns import Reckoned
from app.overview.lists import Record, Words
from app.overview.naming import Names
from app.overview.perimeter import Perimeter
from app.overview.tables import Cell, Column, Empty, Row, Shown, Table
from app.panels.declarations import Panel, steps_of
from app.review.properties import list_title
from app.submissions.answers import PERSONS

STATES = {"done": ["done"], "going": ["ongoing"], "none": ["na"]}  # as the steps of the library's forms name them
SIGNS = {"done": "✓", "going": "◐", "none": "—", "": "·"}


def nothing_in(list_name: str, programme_id: str) -> Empty:
    return Empty(
        _("No record in “%(list)s” yet", list=list_title(list_name, programme_id)),
        _("Records come from the forms that phones send, or from a table that you bring. They then stand here by themselves."),
        url_for("imports.home", list_name=list_name),
        _("Bring records…"),
        "entity.edit",
    )


def cut(more: bool, most: int) -> list[str]:
    if not more:
        return []
    return [_("Only the first %(count)s records are read here. Choose a territory to see its own.", count=number(most))]


def _named(record: Record) -> Cell:
    return Cell(
        record.name or _("(without a name)"), address=url_for("records.record", list_name=record.list, record_id=record.id)
    )


def _sorted(rows: Sequence[Record], by: str) -> list[Record]:
    """By a property: numbers as numbers; "-" before it: the largest first. What says nothing stands last."""
    of, down = by.removeprefix("-"), by.startswith("-")
    said = [row for row in rows if row.value(of)]
    numbers = all(row.number(of) is not None for row in said)
    said.sort(key=lambda row: (row.number(of) or Decimal(), "") if numbers else (Decimal(), row.value(of)), reverse=down)
    return [*said, *(row for row in rows if not row.value(of))]


def _read(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> lists.Records:
    """The records that a panel is about."""
    return lists.read(
        actor,
        chosen,
        panel.get("list"),
        language=language,
        where=panel.get("where", ()),
        names=panel.get("names"),
        dated=panel.get("date", ""),
    )


def table(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `table`: records with chosen properties, their sums, a light where two shares part."""
    name = panel.get("list")
    found = _read(actor, chosen, panel, language)
    if not found.rows:
        return Shown(empty=nothing_in(name, chosen.programme_id))
    if panel.get("institutions"):
        called = Names(chosen.programme_id, language)
        found = replace(found, rows=[replace(one, name=called.say(one.name)) for one in found.rows])
    spoken = Words(actor, chosen.programme_id, name, language, panel.get("names", {}))
    reckoned = Reckoned(actor, chosen, spoken, panel.get("columns"), found.rows)
    heads = [Column(_("Name"), is_personal=name in PERSONS), *reckoned.heads()]
    signal = panel.get("signal")
    if signal:
        heads.append(Column(_("Gap")))
    every = _sorted(found.rows, panel.get("sort")) if panel.get("sort") else list(found.rows)

    def line(record: Record) -> Row:
        light = [_light(record, signal)] if signal else []
        return Row([_named(record), *reckoned.cells(record), *light])

    def summed(records: Sequence[Record], title: str, kind: str) -> Row:
        count = ngettext("%(num)d record", "%(num)d records", len(records))
        return Row([Cell(title, note=count), *reckoned.totals(records), *([Cell()] if signal else [])], kind)

    lines: list[Row] = []
    group = panel.get("group")
    rows = _beginning(chosen, every)
    if group:
        parts: dict[str, list[Record]] = {}
        for record in every:
            parts.setdefault(record.value(group), []).append(record)
        here = {record.id for record in rows}
        for value, records in sorted(parts.items(), key=lambda one: (not one[0], -len(one[1]), one[0])):
            title = spoken.say(group, value) or _("not stated")
            if reckoned.has_totals:
                lines.append(summed(records, title, "group"))
            else:
                count = ngettext("%(num)d record", "%(num)d records", len(records))
                lines.append(Row([Cell(title, note=count), *(Cell() for _n in heads[1:])], "group"))
            lines += [line(record) for record in records if record.id in here]
    else:
        lines = [line(record) for record in rows]
    foot = [summed(every, _("Total"), "total")] if reckoned.has_totals else []
    notes = [*_more_there(chosen, len(every)), *cut(found.more, lists.MOST)]
    filed = None
    if group:
        column = Column(spoken.label(group), is_personal=spoken.is_personal(group))
        said = [Cell(spoken.say(group, record.value(group)) or _("not stated")) for record in every]
        flat = [_with(cell, line(record)) for cell, record in zip(said, every, strict=True)]
        filed = Table([heads[0], column, *heads[1:]], flat, [_with(Cell(), one) for one in foot], notes)
    return Shown([Table(heads, lines, foot, notes, filed=filed)])


def _with(cell: Cell, row: Row) -> Row:
    """The row with one more cell, after its name."""
    return Row([row.cells[0], cell, *row.cells[1:]], row.kind)


def _beginning(chosen: Perimeter, rows: Sequence[Record]) -> Sequence[Record]:
    return rows[: lists.MOST_AT_HOME] if chosen.is_home else rows


def _more_there(chosen: Perimeter, many: int) -> list[str]:
    return [lists.more_there(many)] if chosen.is_home and many > lists.MOST_AT_HOME else []


def _light(record: Record, signal: dict[str, object]) -> Cell:
    """How far two shares stand apart, in words: a light alone says nothing on black and white paper."""
    sides = []
    for side in signal["gap"]:  # type: ignore[attr-defined]
        sides.append(
            columns.share(record.number(side[0]), record.number(side[1])) if isinstance(side, list) else record.number(side)
        )
    if sides[0] is None or sides[1] is None:
        return Cell(_("not reported"), tone="soft")
    gap = words.rounded(abs(sides[0] - sides[1]), 0)
    tone = "bad" if gap >= Decimal(str(signal["bad"])) else "warn" if gap >= Decimal(str(signal["warn"])) else "ok"
    said = {"bad": _("large gap"), "warn": _("to watch"), "ok": _("in step")}[tone]
    return Cell(said, gap, tone=tone, note=ngettext("%(num)d point", "%(num)d points", int(gap)))


def states_of(panel: Panel) -> dict[str, str]:
    """{value of a step: done, going, none}"""
    return {value: kind for kind, usual in STATES.items() for value in panel.get(kind, usual)}


def board(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `board`: a row a record, a column a step, with the day on which each was done."""
    name = panel.get("list")
    found = _read(actor, chosen, panel, language)
    if not found.rows:
        return Shown(empty=nothing_in(name, chosen.programme_id))
    spoken, steps = Words(actor, chosen.programme_id, name, language), steps_of(panel.get("steps"))
    reckoned = Reckoned(actor, chosen, spoken, panel.get("columns", []), found.rows)
    states = states_of(panel)
    titles = [local_text(step["label"]) if "label" in step else spoken.label(step["of"]) for step in steps]
    narrow = len(steps) > 6
    # What the steps come to stands before them: fifteen do not fit beside each other on most screens.
    heads = [Column(_("Name"), is_personal=name in PERSONS), *reckoned.heads(), Column(_("Steps done"), True)]
    timed = panel.get("start")
    if timed:
        heads.append(Column(_("Days"), True, hint=_("Days from start to end")))
    heads += [Column(number(n) if narrow else title, hint=title) for n, title in enumerate(titles, 1)]
    rows, ended, done_in_all = [], list[int](), [0] * len(steps)
    ordered = _sorted(found.rows, panel.get("sort")) if panel.get("sort") else found.rows
    here = {record.id for record in _beginning(chosen, ordered)}
    for record in ordered:
        cells, done, counted = [], 0, 0
        for n, step in enumerate(steps):
            state = states.get(record.value(step["of"]), "")
            day = record.day(step["date"]) if "date" in step else None
            done, counted = done + (state == "done"), counted + (state != "none")
            done_in_all[n] += state == "done"
            if record.id in here:
                said = spoken.say(step["of"], record.value(step["of"])) if state == "going" else ""
                cells.append(_step(state, said, words.short_day(day) if day else ""))
        if record.id in here:
            told = _("%(done)s of %(all)s", done=number(done), all=number(counted))
            cells.insert(0, Cell(told, Decimal(done), _named(record).address))
        if timed:
            worked = columns.days_between(record, [timed, panel.get("end")] if panel.get("end") else [timed], reckoned.until)
            cells.insert(1, Cell(worked.text or words.NOTHING, worked.value, note=worked.note))
            if isinstance(worked.value, Decimal) and not worked.note:
                ended.append(int(worked.value))
        if record.id in here:
            rows.append(Row([_named(record), *reckoned.cells(record), *cells]))
    behind = Behind(panel, chosen)
    counts = [
        Cell(number(one), Decimal(one), behind.address(step=str(n)) if one else "") for n, one in enumerate(done_in_all)
    ]  # fmt: skip
    last = [Cell(), *([Cell()] if timed else [])]
    foot = [Row([Cell(_("Done by")), *(reckoned.totals(found.rows)), *last, *counts], "total")]
    notes = [*_more_there(chosen, len(ordered)), *cut(found.more, lists.MOST)]
    if timed and ended:
        middle = number(words.rounded(Decimal(str(median(ended))), 1).normalize())
        said = ngettext("%(num)d has reached the end", "%(num)d have reached the end", len(ended))
        notes.append(_("Days from start to end: median %(days)s (%(count)s).", days=middle, count=said))
    legend = [(number(n), title) for n, title in enumerate(titles, 1)] if narrow else []
    signs = [("✓", _("done")), ("◐", _("going on")), ("·", _("not begun")), ("—", _("does not apply"))]
    return Shown([Table(heads, rows, foot, notes, [*legend, *signs], tight=narrow)])


def _step(state: str, said: str, day: str) -> Cell:
    tone = {"done": "ok", "going": "warn", "none": "soft", "": "soft"}[state]
    return Cell(SIGNS[state], tone=tone, note=day or ("" if state in ("none", "") else said if state == "going" else ""))
