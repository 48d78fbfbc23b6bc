"""The records behind one number of a panel: read and chosen as the panel itself does, so that they are as many as it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.languages import number
from app.core.permissions import Actor
from app.core.problems import NOT_FOUND
from app.core.web import local_text
from app.overview import figures, lists, waiting, words
from app.overview.lists import Record, Words
from app.overview.matrices import parts_of
from app.overview.naming import Names
from app.overview.perimeter import Perimeter
from app.overview.records import cut, states_of
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.panels.declarations import Panel, steps_of
from app.registry.places import full_name, name
from app.submissions.answers import PERSONS

MOST_SHOWN = 500

Cells = Mapping[str, str]  # what a number stands for: row, column, source, step


@dataclass
class _Asked:
    """The records that a number counts."""

    name: str
    said: list[str] = field(default_factory=list)  # what the number stands for, in words
    saying: list[tuple[str, str, bool]] = field(default_factory=list)  # as lists.read() takes it
    keeps: Callable[[Record], bool] = lambda _record: True
    where: Sequence[Mapping[str, Any]] = ()
    dated: str = ""
    value: str = ""  # the property that the number sums
    form: str = "number"
    reads: list[str] = field(default_factory=list)  # properties that `keeps` asks


def rows(actor: Actor, chosen: Perimeter, panel: Panel, language: str, cell: Cells) -> Shown:
    """The records, with their count and their sum. Raises NOT_FOUND where the panel has no such number."""
    if panel.kind == "ranking":
        return _of_ranking(actor, chosen, panel, language, cell)
    if panel.kind == "waiting":
        return _late(actor, chosen, panel, language, cell)
    make = _MADE.get(panel.kind)
    if make is None:
        raise NOT_FOUND()
    asked = make(actor, chosen, panel, language, cell)
    if panel.kind == "map" and cell.get("row"):
        chosen = replace(chosen, territory=cell["row"])
    found = lists.read(
        actor,
        chosen,
        asked.name,
        language=language,
        where=asked.where,
        names=panel.get("names"),
        dated=asked.dated,
        most=lists.MOST_COUNTED,
        only=sorted({*asked.reads, asked.value, *(one[0] for one in asked.saying)} - {"", "organisation"}),
        saying=asked.saying,
    )
    kept = [record for record in found.rows if asked.keeps(record)]
    shown = _table(actor, chosen, asked, kept, language)
    shown.notes += cut(found.more, lists.MOST_COUNTED)
    return shown


def _table(actor: Actor, chosen: Perimeter, asked: _Asked, kept: Sequence[Record], language: str) -> Shown:
    spoken = Words(actor, chosen.programme_id, asked.name, language)
    heads = [Column(_("Name"), is_personal=asked.name in PERSONS), Column(_("Organisation")), Column(_("Commune"))]
    if asked.value:
        unit = words.unit(asked.form, language)
        title = spoken.label(asked.value)
        heads.append(Column(f"{title} ({unit})" if unit and f"({unit})" not in title else title, True))
    lines = []
    for record in kept[:MOST_SHOWN]:
        address = url_for("records.record", list_name=record.list, record_id=record.id)
        cells = [Cell(record.name or _("(without a name)"), address=address)]
        cells += [Cell(spoken.say("organisation", record.organisation_id)), Cell(_place(record.territory, language))]
        if asked.value:
            amount = record.number(asked.value)
            cells.append(Cell(words.NOTHING, tone="soft") if amount is None else Cell(words.figure(amount, asked.form), amount))
        lines.append(Row(cells))
    count = ngettext("%(num)d record", "%(num)d records", len(kept))
    foot = [Cell(_("Total"), note=count), Cell(), Cell()]
    if asked.value:
        whole = sum((record.number(asked.value) or Decimal() for record in kept), Decimal())
        foot.append(Cell(words.figure(whole, asked.form), whole))
    title = " · ".join([*asked.said, count])
    return Shown([Table(heads, lines, [Row(foot, "total")], title=title)], notes=_first(len(kept)))


def _first(many: int) -> list[str]:
    return [_("The first %(count)s are shown.", count=number(MOST_SHOWN))] if many > MOST_SHOWN else []


def _place(territory: str, language: str) -> str:
    if not territory:
        return ""
    return full_name(territory, language) if territory.count(".") > 1 else name(territory, language)


def _of_matrix(actor: Actor, chosen: Perimeter, panel: Panel, language: str, cell: Cells) -> _Asked:
    if panel.get("sources"):
        return _of_source(actor, chosen, panel, language, cell)
    spoken = Words(actor, chosen.programme_id, panel.get("list"), language)
    asked = _Asked(panel.get("list"), where=panel.get("where", ()), dated=panel.get("date", ""))
    asked.value, asked.form = panel.get("value") or "", panel.get("as", "number")
    there = [(which, cell[key]) for which, key in (("rows", "row"), ("columns", "column")) if key in cell]
    named = panel.get("institutions")
    _say(asked, spoken, [(panel.get(which), value) for which, value in there if which != named or not value])
    for which, value in there:
        if which == named and value:
            _call(asked, Names(chosen.programme_id, language), spoken, panel.get(which), value)
    return asked


def _say(asked: _Asked, spoken: Words, chosen_of: Sequence[tuple[str, str]]) -> None:
    """Records that say these values."""
    spoken.know(value for _of, value in chosen_of)
    asked.said += [spoken.say(of, value) or _("not stated") for of, value in chosen_of]
    asked.saying = [(of, value, spoken.is_multiple(of)) for of, value in chosen_of]
    asked.keeps = lambda record: all(value in parts_of(record, of, spoken) for of, value in chosen_of)


def _of_source(actor: Actor, chosen: Perimeter, panel: Panel, language: str, cell: Cells) -> _Asked:
    sources, said = panel.get("sources"), cell.get("source", "")
    if not said.isdecimal() or int(said) >= len(sources):
        raise NOT_FOUND()
    source = sources[int(said)]
    spoken = Words(actor, chosen.programme_id, source["list"], language)
    asked = _Asked(source["list"], where=source.get("where", ()), dated=source.get("date", ""))
    asked.value, asked.form = source.get("sum", ""), source.get("as", "number")
    if cell.get("row") and panel.get("institutions"):
        _call(asked, Names(chosen.programme_id, language), spoken, source["by"], cell["row"])
    else:
        _say(asked, spoken, [(source["by"], cell["row"])] if "row" in cell else [])
    asked.said.append(local_text(source["label"]))
    return asked


def _call(asked: _Asked, names: Names, spoken: Words, of: str, row: str) -> None:
    """Records that name this institution, however they write it."""
    key = names.key(row)
    asked.said.append(names.say(row))
    asked.reads.append(of)
    others = asked.keeps
    asked.keeps = lambda record: others(record) and any(part and names.key(part) == key for part in parts_of(record, of, spoken))


def _of_board(actor: Actor, chosen: Perimeter, panel: Panel, language: str, cell: Cells) -> _Asked:
    steps, said = steps_of(panel.get("steps")), cell.get("step", "")
    if not said.isdecimal() or int(said) >= len(steps):
        raise NOT_FOUND()
    step, states = steps[int(said)], states_of(panel)
    spoken = Words(actor, chosen.programme_id, panel.get("list"), language)
    title = local_text(step["label"]) if "label" in step else spoken.label(step["of"])
    return _Asked(
        panel.get("list"),
        [title, _("done")],
        where=panel.get("where", ()),
        dated=panel.get("date", ""),
        keeps=lambda record: states.get(record.value(step["of"])) == "done",
        reads=[step["of"]],
    )


def _of_map(_actor: Actor, _chosen: Perimeter, panel: Panel, language: str, cell: Cells) -> _Asked:
    asked = _Asked(panel.get("list"), where=panel.get("where", ()), dated=panel.get("date", ""))
    if "row" in cell:
        asked.said = [_place(cell["row"], language) or _("not stated")]
        asked.keeps = lambda record: record.territory == cell["row"]
    return asked


_MADE: dict[str, Callable[[Actor, Perimeter, Panel, str, Cells], _Asked]] = {
    "matrix": _of_matrix,
    "board": _of_board,
    "map": _of_map,
}


def _of_ranking(actor: Actor, chosen: Perimeter, panel: Panel, language: str, cell: Cells) -> Shown:
    """The records that a value counts: of one indicator, or of several together."""
    told = figures.behind_ranking(
        actor, chosen, panel, language, key=cell.get("row"), source=cell.get("source", ""), place=cell.get("column")
    )
    heads = [Column(_("Name")), Column(_("Organisation")), Column(_("Commune"))]
    named = lists.named(actor, chosen.programme_id, sorted(told.ids)[:MOST_SHOWN], language)
    organisations = Words(actor, chosen.programme_id, "", language).organisations()
    lines = [
        Row([Cell(one.name or _("(without a name)"), address=url_for("records.record", list_name=one.list, record_id=one.id)),
             Cell(organisations.get(one.organisation_id, "")), Cell(_place(one.territory, language))])
        for one in named
    ]  # fmt: skip
    count = ngettext("%(num)d record", "%(num)d records", len(told.ids))
    return Shown([Table(heads, lines, title=" · ".join([*told.said, count]))], notes=_first(len(told.ids)))


def _late(actor: Actor, chosen: Perimeter, panel: Panel, language: str, cell: Cells) -> Shown:
    late = waiting.LATE.get(cell.get("row", ""))
    if late is None or cell["row"] not in waiting.are_shown(panel):
        raise NOT_FOUND()
    found, count = waiting.late_ones(actor, chosen, late, language, most=MOST_SHOWN)
    spoken = Words(actor, chosen.programme_id, late.list, language)
    spoken.know(one.value(of) for one in found for of in ("party", "responsible"))
    heads = [Column(_("Name")), Column(_("Waits for")), Column(spoken.label("due")), Column(_("Organisation"))]
    lines = []
    names = Names(chosen.programme_id, language)
    for one in found:
        address = url_for("records.record", list_name=one.list, record_id=one.id)
        day = one.day("due")
        lines.append(
            Row(
                [
                    Cell(one.name or _("(without a name)"), address=address),
                    Cell(late.who(spoken, names.say(spoken.say("party", one.value("party"))), one.value("responsible"))),
                    Cell(words.short_day(day) if day else "", day),
                    Cell(spoken.say("organisation", one.organisation_id)),
                ]
            )
        )
    return Shown([Table(heads, lines, title=f"{late.title()} · {count.text}")], notes=_first(count.number))
