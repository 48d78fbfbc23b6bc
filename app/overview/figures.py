"""Indicators on the home: tiles, splits with bars, rankings. What is counted, and how, is app/indicators' own business."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask_babel import gettext as _

from app.core.db import db
from app.core.languages import date_and_time, long_date, number
from app.core.permissions import Actor
from app.core.problems import NOT_FOUND
from app.core.web import local_text
from app.indicators import queries
from app.indicators import words as indicator_words
from app.indicators.counting import NONE
from app.indicators.declarations import BUILT_IN, PLACES, Declaration
from app.indicators.forms import forms_of, node_of
from app.indicators.models import BY_COLUMNS, IndicatorRow
from app.indicators.perimeter import conditions
from app.indicators.reading import Reading, Value
from app.indicators.reading import Shown as Declared
from app.overview import charts, words
from app.overview.asked import once_a_page
from app.overview.behind import Behind
from app.overview.lists import place_label
from app.overview.perimeter import Perimeter
from app.overview.tables import Cell, Column, Empty, Row, Shown, Table, Tile
from app.panels.declarations import Panel
from app.registry.models import Programme


def programme_of(chosen: Perimeter) -> Programme:
    programme = db.session.get(Programme, chosen.programme_id)
    assert programme is not None
    return programme


class Read:
    """The indicators of a programme that a panel names, read by one person within one perimeter."""

    def __init__(self, actor: Actor, chosen: Perimeter, language: str, *, phase: str | None = None) -> None:
        self.actor, self.language, self.programme = actor, language, programme_of(chosen)
        self.perimeter = chosen if phase is None else replace(chosen, phase=phase)
        self.args = chosen.to_args()
        self.known = once_a_page(("indicators", self.programme.id), self._declared)

    def _declared(self) -> dict[str, Declared]:
        return {one.declaration.code: one for one in queries.indicators(self.programme, hidden=True)}

    def reading(self, code: str) -> Reading | None:
        """None: the programme no longer has it."""
        return Reading(self.actor, self.programme, self.known[code], self.perimeter) if code in self.known else None


def text_of(value: Decimal | None, declaration: Declaration) -> str:
    """Without its unit."""
    if value is None:
        return words.NOTHING
    return indicator_words.number_of(value, declaration.unit)


def unit_of(declaration: Declaration, language: str) -> str:
    """Of a column, whatever its numbers."""
    short = words.unit(declaration.unit, language)
    return short or str(indicator_words.UNITS.get(declaration.unit, declaration.unit))


def counted_in(value: Decimal | None, declaration: Declaration, language: str) -> tuple[str, str]:
    """A number and its unit as it agrees with it, `("78", "امرأة")`; "" for a unit that the number's own word says."""
    if value is None or words.unit(declaration.unit, language):
        return text_of(value, declaration), unit_of(declaration, language)
    return indicator_words.counted(value, declaration.unit)


def name_of(declaration: Declaration) -> str:
    return local_text(dict(declaration.name))


def definition_of(declaration: Declaration) -> str:
    return local_text(dict(declaration.definition))


def cell_of(value: Decimal | None, declaration: Declaration) -> Cell:
    return Cell(text_of(value, declaration), value, tone="" if value else "soft")


def nothing_declared() -> Shown:
    return Shown(
        empty=Empty(
            _("The programme declares no such indicator"),
            _("Load the programme's pack again, or take the panel out of it."),
        )
    )


def situation(values: Sequence[Value], language: str) -> str:
    """The earliest moment up to which they are counted."""
    moments = [one.situation for one in values]
    if not moments:
        return ""
    return _("Situation of %(moment)s", moment=date_and_time(min(moments), language))


def not_counted(values: Sequence[Value]) -> list[str]:
    if all(one.is_counted for one in values):
        return []
    return [_("Figures shown as “—” are being counted for the first time. Open the page again in a minute.")]


def not_narrowed(readings: Sequence[Reading], *, is_all: bool = False) -> list[str]:
    """What a reader must know who chose a time by which some figures do not go. `is_all`: the panel shows nothing else."""
    names = list(dict.fromkeys(name_of(one.declaration) for one in readings if one.leaves_time_out))
    if not names:
        return []
    if is_all and all(one.leaves_time_out for one in readings):
        return [_("The chosen time does not narrow this panel: it shows records as they are now.")]
    said = " · ".join(names)
    return [_("The chosen time does not narrow these figures, which count records as they are now: %(figures)s.", figures=said)]


def tiles(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `indicators`."""
    if panel.get("by_phase"):
        return _by_phase(actor, chosen, panel, language)
    read = Read(actor, chosen, language)
    found, values, readings = [], [], []
    for code in panel.get("indicators"):
        reading = read.reading(code)
        if reading is None:
            continue
        value = reading.value()
        values.append(value)
        readings.append(reading)
        found.append(_tile(reading, value, read))
    if not found:
        return nothing_declared()
    notes = [*not_counted(values), *not_narrowed(readings, is_all=True)]
    return Shown(tiles=found, notes=notes, situation=situation(values, language))


def address_of(code: str, args: dict[str, Any]) -> str:
    """Its page, with the rows behind it."""
    said = {name: value for name, value in args.items() if value}
    return f"/indicators/{code}" + (f"?{urlencode(said)}" if said else "")


def _tile(reading: Reading, value: Value, read: Read) -> Tile:
    declaration, language = reading.declaration, read.language
    drawn, share, target = None, "", ""
    if value.target is not None:
        # In the unit that stands beside the figure above it.
        target = _("Target: %(value)s", value=text_of(value.target.value, declaration))
        if value.target.by:
            target = _("%(target)s by %(day)s", target=target, day=long_date(value.target.by, language))
        if value.value is not None and value.target.value:
            percent = value.value * 100 / value.target.value
            most = max(percent, Decimal(100))
            aim = float(Decimal(10000) / most)
            drawn = charts.bar(float(percent * 100 / most), rtl=language == "ar", target=aim)
            share = f"{words.figure(percent, 'percent')}{words.NO_BREAK}%"
    figure, unit = counted_in(value.value, declaration, language)
    return Tile(
        name_of(declaration),
        figure,
        unit=unit,
        measured_in=unit_of(declaration, language),
        definition=definition_of(declaration),
        counted=str(indicator_words.COUNTS.get(declaration.counts, "")).partition(":")[0].rstrip("."),
        target=target,
        drawn=drawn,
        share=share,
        address=address_of(declaration.code, read.args),
        in_millions=words.in_millions(value.value, language) if value.value is not None and declaration.unit == "mad" else "",
        value=value.value,
    )


def phases_of(programme: Programme) -> dict[str, str]:
    """{code: name} of the programme's phases, in their order."""
    return {one["code"]: local_text(one["name"]) for one in getattr(programme, "phases", None) or ()}


def _by_phase(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """A row an indicator; the whole, then each phase apart."""
    whole = Read(actor, chosen, language, phase="")
    parts = [(name, Read(actor, chosen, language, phase=code)) for code, name in phases_of(whole.programme).items()]
    heads = [Column(_("Indicator")), Column(_("Whole programme"), True), *(Column(name, True) for name, _read in parts)]
    rows, aims = list[list[Cell]](), list[Cell]()
    values, readings = list[Value](), list[Reading]()
    for code in panel.get("indicators"):
        reading = whole.reading(code)
        if reading is None:
            continue
        of_phases = [part for _name, read in parts if (part := read.reading(code)) is not None]
        here = [reading.value(), *(part.value() for part in of_phases)]
        values += here
        readings += [reading, *of_phases]
        unit = unit_of(reading.declaration, language)
        addresses = [address_of(code, {**whole.args, "phase": phase}) for phase in ("", *phases_of(whole.programme))]
        cells = [
            Cell(text_of(one.value, reading.declaration), one.value, address)
            for one, address in zip(here, addresses, strict=False)
        ]
        if reading.declaration.is_stock:
            cells[1:] = [Cell(words.NOTHING, tone="soft") for _phase in of_phases]
        name = Cell(name_of(reading.declaration), address=address_of(code, whole.args), note=unit)
        aim = here[0].target
        aims.append(Cell(text_of(aim.value, reading.declaration), aim.value) if aim is not None else Cell())
        rows.append([name, *cells])
    if not rows:
        return nothing_declared()
    if any(one.text for one in aims):
        heads.append(Column(_("Target"), True))
        rows = [[*cells, aim] for cells, aim in zip(rows, aims, strict=True)]
    # Two measures of one name would stand there twice: {name: definition}.
    legend = {name_of(one.declaration): definition_of(one.declaration) for one in readings}
    notes = [*not_counted(values), *not_narrowed(readings)]
    return Shown(
        [Table(heads, [Row(cells) for cells in rows], legend=list(legend.items()))],
        notes=notes,
        situation=situation(values, language),
    )


def by_label(read: Read, reading: Reading, by: str) -> str:
    if by in BUILT_IN:
        return place_label(by)
    found = node_of(forms_of(read.programme.id), reading.declaration, by)
    return (found[0].label(found[1], read.language) if found else "") or by


def nothing_yet(wholes: Sequence[Value], language: str) -> Shown:
    empty = Empty(
        _("Nothing to count yet"),
        _("Figures come with approved submissions: they stand here by themselves once there are any."),
    )
    return Shown(empty=empty, notes=not_counted(wholes), situation=situation(wholes, language))


def split(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `split`: bars and a table; with `out_of`, how far each part is."""
    read, by = Read(actor, chosen, language), panel.get("by")
    columns = [one for code in panel.get("indicators") if (one := read.reading(code)) is not None]
    if not columns:
        return nothing_declared()
    out_of = read.reading(panel.get("out_of")) if panel.get("out_of") else None
    if out_of is not None:
        columns.append(out_of)
    parts: list[dict[str, Value]] = []
    labels: dict[str, str] = {}
    for reading in columns:
        found = reading.split(by)
        parts.append({key: value for key, _label, value in found})
        labels.update({key: label for key, label, _value in found})
    wholes = [reading.value() for reading in columns]
    if not labels:
        return nothing_yet(wholes, language)
    first = columns[0].declaration
    drawn = _Drawn(first.measure in ("rows", "sum", "distinct"), out_of is not None, parts[0], language)
    heads = [Column(by_label(read, columns[0], by))]
    for reading in columns:
        unit = unit_of(reading.declaration, language)
        heads.append(Column(name_of(reading.declaration), True, hint=f"{name_of(reading.declaration)} ({unit})"))
    heads.append(Column(drawn.title, True, drawn=True))
    rows = []
    for key in sorted(labels, key=lambda key: (key in ("", NONE), -(_of(parts[0], key) or Decimal()), labels[key])):
        args = narrowed_to(read.args, by, key)
        cells = [
            replace(
                cell_of(_counted(part, key, all_of_it, one.declaration), one.declaration),
                address=address_of(one.declaration.code, args) if key in part else "",
            )
            for part, one, all_of_it in zip(parts, columns, wholes, strict=True)
        ]
        whole = _of(parts[-1], key) if out_of is not None else wholes[0].value
        rows.append(Row([Cell(labels[key] or _("not stated")), *cells, drawn.cell(_of(parts[0], key), whole)]))
    totals = [cell_of(one.value, reading.declaration) for one, reading in zip(wholes, columns, strict=True)]
    last = drawn.cell(wholes[0].value, wholes[-1].value) if out_of is not None else Cell()
    notes = [*not_counted(wholes), *not_narrowed(columns, is_all=True)]
    if first.measure == "distinct" and sum((_of(parts[0], key) or Decimal() for key in labels), Decimal()) != wholes[0].value:
        notes.append(_("Whoever stands in several parts is counted once in the total."))
    foot = Row([Cell(_("Total")), *totals, last], "total")
    definitions = [(name_of(one.declaration), definition_of(one.declaration)) for one in columns]
    table = Table(heads, rows, [foot], legend=definitions)
    return Shown([table], notes=notes, situation=situation(wholes, language))


def narrowed_to(args: Mapping[str, str], by: str, key: str) -> dict[str, str]:
    """The perimeter of a part, where a perimeter can say it: its figure opens its own rows."""
    name = "organisation" if by == "organisation" else "territory" if by in PLACES else ""
    if name:
        return {**args, name: key} if key not in ("", NONE) else dict(args)
    return {**args, "of": by, **({"is": key} if key else {})}


@dataclass(frozen=True)
class _Drawn:
    """The bar of a part: of what it is out of, of all, or, where parts do not add up, of the greatest."""

    adds_up: bool
    is_progress: bool
    part: dict[str, Value]
    language: str

    @property
    def title(self) -> str:
        return _("Progress") if self.is_progress else _("Share") if self.adds_up else ""

    def cell(self, own: Decimal | None, whole: Decimal | None) -> Cell:
        rtl = self.language == "ar"
        if own is None:
            return Cell()
        if not self.is_progress and not self.adds_up:
            most = max((one.value for one in self.part.values() if one.value is not None), default=Decimal())
            return Cell(drawn=charts.bar(float(own * 100 / most) if most else 0, rtl=rtl))
        if not whole:
            return Cell()
        share = own * 100 / whole
        text = f"{words.figure(share, 'percent')}{words.NO_BREAK}%"
        return Cell(text, words.rounded(share, 1), drawn=charts.bar(float(share), rtl=rtl))


def _of(part: dict[str, Value], key: str) -> Decimal | None:
    return part[key].value if key in part else None


def _counted(part: dict[str, Value], key: str, whole: Value, declaration: Declaration) -> Decimal | None:
    """Of a part that has no row: none where rows are counted, and nothing that could be said of a mean."""
    if key in part:
        return part[key].value
    return Decimal() if whole.is_counted and declaration.measure in ("rows", "distinct") else None


def ranking(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `ranking`: the values of one list, counted by several indicators, the most named first."""
    read = Read(actor, chosen, language)
    declared = [(one, read.reading(one["code"])) for one in panel.get("indicators")]
    wholes = [reading.value() for _one, reading in declared if reading is not None]
    if not wholes:
        return nothing_declared()
    if panel.get("across"):
        return _across(chosen, panel, read, _sources(declared, wholes, read, across=panel.get("across")), wholes)
    sources = _sources(declared, wholes, read)
    wanted = panel.get("values")
    keys = list(wanted or dict.fromkeys(key for one in sources for key in one.counts))
    notes = [*not_counted(wholes), *not_narrowed([one.reading for one in sources], is_all=True)]
    if any(one.is_too_many for one in sources):
        notes.append(_("There are too many rows to count each record once over all of them: choose a territory or a period."))
    if not any(one.counts.get(key) for one in sources for key in keys):
        nothing = nothing_yet(wholes, language)
        return replace(nothing, notes=notes)
    labels = _labels(sources, keys, read)
    counted = [one for one in sources if not one.is_beside] or sources
    # Records that several of them count are one record together.
    together = None not in [one.ids for one in counted] and len(counted) > 1
    sums = {key: sum((one.counts.get(key, Decimal()) for one in counted), Decimal()) for key in keys}
    if together:
        sums = {key: Decimal(len(_together(counted, key))) for key in keys}
    behind = Behind(panel, chosen)
    first = Column(_counted_by(panel, sources[0], read))
    if len({one.reading.declaration.unit for one in counted}) > 1:
        notes.append(_("The columns count different things: they are neither added up nor ranked together."))
        heads = [first, *(Column(one.title, True) for one in sources)]
        if not wanted:
            keys.sort(key=lambda key: (*(-one.counts.get(key, Decimal()) for one in sources), labels[key]))
        lines = [
            Row([Cell(labels[key]), *(one.cell(key, n, behind, read.args) for n, one in enumerate(sources))]) for key in keys
        ]
    else:
        of_all = _("Together, each once") if together else _("Total") if len(counted) > 1 and not lacks_some(counted) else ""
        beside = [one for one in sources if one not in counted]
        heads = [first, Column(_("Rank"), True), *(Column(one.title, True) for one in counted)]
        heads += [Column(of_all, True)] if of_all else []
        heads += [Column("", drawn=True), *(Column(one.title, True) for one in beside)]
        if beside:
            said = " · ".join(one.title for one in beside)
            notes.append(_("Counts something else, and is neither in the sum nor in the rank: %(columns)s.", columns=said))
        lines = []
        ranks, most = ranked(sums), max(sums.values()) or Decimal(1)
        for key in sorted(keys, key=lambda one: (ranks[one], labels[one])):
            cells = {one: one.cell(key, n, behind, read.args) for n, one in enumerate(sources)}
            line = [Cell(labels[key]), Cell(number(ranks[key]), Decimal(ranks[key])), *(cells[one] for one in counted)]
            if of_all:
                address = behind.address(row=key) if together and sums[key] else ""
                line.append(Cell(words.figure(sums[key]), sums[key], address))
            bar = charts.bar(float(sums[key] * 100 / most), rtl=language == "ar")
            lines.append(Row([*line, Cell(drawn=bar), *(cells[one] for one in beside)]))
    definitions = [(one.title, definition_of(one.reading.declaration)) for one in sources]
    return Shown([Table(heads, lines, legend=definitions)], notes=notes, situation=situation(wholes, language))


def _labels(sources: Sequence[_Source], keys: Sequence[str], read: Read) -> dict[str, str]:
    said = {key: next((one.labels[key] for one in reversed(sources) if one.labels.get(key, key) != key), key) for key in keys}
    return {key: _words_of(read.programme.id, key, read.language) if label == key else label for key, label in said.items()}


def _counted_by(panel: Panel, first: _Source, read: Read) -> str:
    """What the values of a ranking are: as the panel says, else as the form asks for them."""
    return local_text(panel.get("label")) if panel.get("label") else by_label(read, first.reading, first.by)


def _across(chosen: Perimeter, panel: Panel, read: Read, sources: Sequence[_Source], wholes: Sequence[Value]) -> Shown:
    """A ranking with `across`: its values down, places or organisations across; each record once in every cell and sum."""
    across, language = panel.get("across"), read.language
    notes = [*not_counted(wholes), *not_narrowed([one.reading for one in sources], is_all=True)]
    known = [one for one in sources if one.ids is not None]
    if any(one.is_too_many for one in sources):
        notes.append(_("There are too many rows to count each record once over all of them: choose a territory or a period."))
    keys = list(panel.get("values") or dict.fromkeys(key for one in known for key in one.ids or {}))
    ids: dict[tuple[str, str], set[str]] = {}
    for one in known:
        for (key, place), found in one.placed.items():
            if key in keys:
                ids.setdefault((key, place), set()).update(found)
    if not ids:
        return replace(nothing_yet(wholes, language), notes=notes)
    labels, titles = _labels(known, keys, read), known[0].reading.labels(across, dict.fromkeys(place for _key, place in ids))
    down = {key: _joined(found for (row, _place), found in ids.items() if row == key) for key in keys}
    below = {place: _joined(found for (_key, column), found in ids.items() if column == place) for place in titles}
    places = sorted(titles, key=lambda one: (one in ("", NONE), -len(below[one]), titles[one]))
    behind, of_all = Behind(panel, chosen), _("Together, each once")
    heads = [Column(_counted_by(panel, known[0], read))]
    heads += [Column(titles[one] or _("not stated"), True) for one in places] + [Column(of_all, True)]

    def cell(found: set[str], **where: str) -> Cell:
        many = Decimal(len(found))
        return Cell(words.figure(many), many, behind.address(**where) if found else "", "" if found else "soft")

    lines = []
    for key in sorted(keys, key=lambda one: (-len(down[one]), labels[one])):
        cells = [cell(ids.get((key, place), set()), row=key, column=place) for place in places]
        lines.append(Row([Cell(labels[key]), *cells, cell(down[key], row=key)]))
    everybody = _joined(down.values())
    foot = Row([Cell(of_all), *(cell(below[one], column=one) for one in places), cell(everybody)], "total")
    notes.append(_("Whoever stands in several rows or columns is counted once in their sum."))
    definitions = [(one.title, definition_of(one.reading.declaration)) for one in known]
    return Shown([Table(heads, lines, [foot], legend=definitions)], notes=notes, situation=situation(wholes, language))


def _joined(found: Iterable[set[str]]) -> set[str]:
    return set().union(*found)


def ranked(sums: Mapping[str, Decimal]) -> dict[str, int]:
    """{key: its rank}: equals share one, and the next stands as many places below."""
    return {key: 1 + sum(1 for other in sums.values() if other > own) for key, own in sums.items()}


def lacks_some(sources: Sequence[_Source]) -> bool:
    """Whether what one of them counts is not known, so that no sum is."""
    return any(one.is_too_many and not one.counts for one in sources)


PLACE_PARTS = {"region": 1, "province": 2, "commune": 4}  # of the code of a place
MOST_IDENTITIES = 20_000  # rows whose records are told apart one by one


def _sources(
    declared: Sequence[tuple[Mapping[str, Any], Reading | None]], wholes: Sequence[Value], read: Read, *, across: str = ""
) -> list[_Source]:
    is_many = sum(one.n for one in wholes) > MOST_IDENTITIES
    return [_Source(one, reading, read, is_many=is_many, across=across) for one, reading in declared if reading is not None]


class _Source:
    """One indicator of a ranking, by value; with `map`, by what its values are mapped to (a need to its domain)."""

    def __init__(self, declared: Mapping[str, Any], reading: Reading, read: Read, *, is_many: bool, across: str = "") -> None:
        self.reading, self.by, self.is_beside = reading, declared["by"], bool(declared.get("beside"))
        self.title = local_text(declared["label"]) if "label" in declared else name_of(reading.declaration)
        self.counts: dict[str, Decimal] = {}
        self.ids: dict[str, set[str]] | None = None
        self.placed: dict[tuple[str, str], set[str]] = {}  # with `across`, by value and place
        column, is_distinct = declared.get("map"), reading.declaration.measure == "distinct"
        self.is_too_many = is_distinct and is_many
        # Whether each value is one that the indicator is split by, so that its page can show the rows.
        self.is_plain = not (is_distinct and column)
        if is_distinct and not is_many:
            mapped = _mapping(read.programme.id, reading.declaration, self.by, column) if column else None
            self.placed, lists_codes = _identities(reading, self.by, mapped, across)
            self.ids = {}
            for (key, _place), found in self.placed.items():
                self.ids.setdefault(key, set()).update(found)
            self.is_plain = self.is_plain and not lists_codes
            self.counts = {key: Decimal(len(ids)) for key, ids in self.ids.items()}
        elif not is_distinct or not column:
            for key, _label, value in reading.split(self.by):
                if words.NO_BREAK in key:  # codes that a calculation lists: only their rows tell them apart
                    self.counts = {}
                    break
                if key not in ("", NONE):
                    self.counts[key] = value.value or Decimal()
        self.labels = {} if column else reading.labels(self.by, self.counts)

    def cell(self, key: str, n: int, behind: Behind, args: Mapping[str, str]) -> Cell:
        if self.is_too_many and not self.counts:
            return Cell(words.NOTHING, tone="soft")
        shown = cell_of(self.counts.get(key, Decimal()), self.reading.declaration)
        if not shown.value:
            return shown
        if self.is_plain:
            return replace(shown, address=address_of(self.reading.declaration.code, {**args, "of": self.by, "is": key}))
        return replace(shown, address=behind.address(row=key, source=str(n)))


@dataclass(frozen=True)
class Told:
    """The records behind a number of a ranking, and what the number stands for."""

    ids: set[str]
    said: list[str]


def behind_ranking(
    actor: Actor, chosen: Perimeter, panel: Panel, language: str, *, key: str | None, source: str, place: str | None
) -> Told:
    """Of one source, or ("") of all that are counted together; with `across` of a value, a place, or ("none") of all of them.
    Raises NOT_FOUND where records are not told apart."""
    read = Read(actor, chosen, language)
    declared = [(one, read.reading(one["code"])) for one in panel.get("indicators")]
    wholes = [reading.value() for _one, reading in declared if reading is not None]
    across = panel.get("across", "")
    sources = _sources(declared, wholes, read, across=across)
    if across:
        return _behind_across(panel, read, [one for one in sources if one.ids is not None], key, place)
    if source:
        if not source.isdecimal() or int(source) >= len(sources):
            raise NOT_FOUND()
        sources = [sources[int(source)]]
    else:
        sources = [one for one in sources if not one.is_beside] or sources
    if not sources or key is None or any(one.ids is None for one in sources):
        raise NOT_FOUND()
    label = _labels(sources, [key], read)[key]
    return Told(_together(sources, key), [label, *([sources[0].title] if source else [_("Together, each once")])])


def _behind_across(panel: Panel, read: Read, sources: Sequence[_Source], key: str | None, place: str | None) -> Told:
    if not sources:
        raise NOT_FOUND()
    wanted = panel.get("values")
    found: set[str] = set()
    for one in sources:
        for (row, column), ids in one.placed.items():
            if (row == key if key is not None else not wanted or row in wanted) and place in (None, column):
                found |= ids
    said = [] if key is None else [_labels(sources, [key], read)[key]]
    if place is not None:
        said.append(sources[0].reading.labels(panel.get("across"), {place: None})[place] or _("not stated"))
    return Told(found, said or [_("Together, each once")])


def _together(sources: Sequence[_Source], key: str) -> set[str]:
    everybody: set[str] = set()
    for one in sources:
        everybody |= (one.ids or {}).get(key, set())
    return everybody


def _identities(
    reading: Reading, by: str, mapped: Mapping[str, str] | None, across: str
) -> tuple[dict[tuple[str, str], set[str]], bool]:
    """{(value, or what it is mapped to; place or organisation of `across`): the records counted there}: one with two needs of one
    domain is one record; and whether a row lists several codes that the indicator keeps as one."""
    found: dict[tuple[str, str], set[str]] = {}
    lists_codes = False
    for said, identity, stands in once_a_page((reading.shown.id, reading.scope, by, across), lambda: _named(reading, by, across)):
        place = _part_of(stands or "", across)
        # Codes that a calculation lists stand with spaces that do not break (app/indicators/evaluating.py).
        lists_codes = lists_codes or words.NO_BREAK in said
        for value in said.replace(words.NO_BREAK, " ").split():
            key = value if mapped is None else mapped.get(value, "")
            if key:
                found.setdefault((key, place), set()).add(identity)
    return found, lists_codes


def _part_of(stands: str, across: str) -> str:
    """The place of a row at the depth that is asked for, or its organisation; NONE where it says less than that."""
    if across not in PLACE_PARTS:
        return stands or ("" if not across else NONE)
    parts = stands.rstrip(".").split(".")
    return ".".join(parts[: PLACE_PARTS[across]]) if len(parts) >= PLACE_PARTS[across] else NONE


def _named(reading: Reading, by: str, across: str) -> list[tuple[str, str, str | None]]:
    """(what rows say, the record they count by, its place or organisation), each once."""
    row, column = IndicatorRow, BY_COLUMNS[reading.declaration.dims.index(by)]
    beside = {"": sa.literal(""), "organisation": row.organisation_id}.get(across, row.territory)
    query = sa.select(column, row.identity, beside).where(*conditions(reading.shown.id, reading.scope), row.identity.is_not(None))
    return [(str(said), one, place) for said, one, place in db.session.execute(query.distinct())]


def _mapping(programme_id: str, declaration: Declaration, by: str, column: str) -> dict[str, str]:
    """{code: what the column of its choice says}: of the question's own list, else of every list of the form."""
    found = node_of(forms_of(programme_id), declaration, by)
    if found is None:
        return {}
    form, node = found
    lists = form.package.get("lists", {})
    own = node.get("choices", {}).get("list")
    chosen = [lists[own]] if own in lists else list(lists.values())
    return {item["name"]: str(item[column]) for items in chosen for item in items if item.get(column)}


def _words_of(programme_id: str, code: str, language: str) -> str:
    """What any form of the programme calls a value that comes from a mapping."""
    for form in forms_of(programme_id).values():
        for name, items in form.package.get("lists", {}).items():
            if name.endswith("domain") or name.endswith("domains"):
                for item in items:
                    if item["name"] == code:
                        return form.text(item.get("label"), language) or code
    return code
