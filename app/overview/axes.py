"""Axes of a scored instrument: mean, median, deviation and n, split; the weakest questions; two rounds compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median, pstdev
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from app.core.db import db
from app.core.languages import number
from app.core.permissions import Actor
from app.indicators.counting import NONE, Sums, deviation, places_of
from app.indicators.declarations import PLACES
from app.indicators.forms import forms_of
from app.indicators.models import BY_COLUMNS, SCALE, IndicatorRow
from app.indicators.perimeter import conditions
from app.indicators.reading import LEVEL, Reading
from app.overview import charts, words
from app.overview.figures import (
    Read,
    address_of,
    by_label,
    narrowed_to,
    not_counted,
    nothing_declared,
    nothing_yet,
    situation,
)
from app.overview.perimeter import Perimeter
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.panels.axes import BEFORE, Scored, dimension, scored
from app.panels.declarations import Panel
from app.registry.queries import in_parts
from app.review.radar import radar
from app.submissions.answers import Form
from app.submissions.models import Submission

FEW = 1500  # records whose scores are read one by one; beyond, only their sums are
TOP_OF_QUESTION = 4  # the last step of a ladder
LONG = 34  # characters of an axis's name in a column


@dataclass(frozen=True)
class Spread:
    n: int
    mean: Decimal
    median: Decimal | None
    deviation: Decimal | None


@dataclass(frozen=True)
class Pair:
    """Two rounds of the same records."""

    n: int
    before: Decimal
    now: Decimal


def axes(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `axes`. Of each record its newest approved submission counts."""
    read = Read(actor, chosen, language)
    form = forms_of(chosen.programme_id).get(panel.get("instrument"))
    if form is None:
        return nothing_declared()
    parts = {one.code: (one, reading) for one in scored(form) if (reading := read.reading(one.code)) is not None}
    scores = [(one, reading) for one, reading in parts.values() if not one.is_question]
    if not scores:
        return nothing_declared()
    wholes = [reading.value() for _one, reading in scores]
    of = spreads([reading for _one, reading in parts.values()])
    wholly = {one.code: found[""] for one, reading in scores if "" in (found := of(reading, ""))}
    if not wholly:
        return nothing_yet(wholes, language)
    shown = Shown(notes=not_counted(wholes), situation=situation(wholes, language))
    pairs: dict[str, Pair] = {}
    if panel.get("rounds"):
        all_codes = {code: reading for code, (_one, reading) in parts.items()}
        pairs = _pairs(read, all_codes) if are_few([reading for _one, reading in scores]) else _pairs_of_sums(read, all_codes)
        if not pairs and not are_few([reading for _one, reading in scores]):
            shown.notes.append(_("There are too many records to compare two rounds of each here: choose a territory."))
    # Beside today's mean of all stands yesterday's mean of all, or none: of some it would tell of a change that nobody made.
    of_all = pairs if all(code in pairs and pairs[code].n == one.n for code, one in wholly.items()) else {}
    shown.tables.append(_whole(form, scores, wholly, of_all, read))
    shown.picture, shown.picture_words = _picture(form, scores, wholly, of_all, language)
    for by in panel.get("by", []):
        table, long = _split(form, scores, dimension(by), read, of)
        if table is not None:
            shown.tables.append(table)
            shown.in_files.append(long)
    questions = [(one, reading) for one, reading in parts.values() if one.is_question]
    if panel.get("weakest", 10) and questions:
        shown.tables.append(_weakest(form, questions, pairs, panel.get("weakest", 10), read, of))
    if pairs:
        shown.tables.append(_rounds(form, scores, pairs, language))
        shown.in_files.append(_every_question(form, questions, pairs, language))
    return shown


Spreads = Callable[[Reading, str], dict[str, Spread]]  # of the parts of one score that have rows


def are_few(readings: Sequence[Reading]) -> bool:
    """Whether the rows of each can be read while a page waits."""
    return readings[0].gather("").get("", Sums()).n <= FEW


def spreads(readings: Sequence[Reading]) -> Spreads:
    """How to know them: from the rows of all scores at once where they are few, else from the sums that indicators keep."""
    first = readings[0]
    if not are_few(readings) or first.scope.nothing:
        return _from_sums
    row = IndicatorRow
    within = conditions(first.shown.id, first.scope)[1:]  # without the one indicator
    query = sa.select(row.indicator_id, row.value, row.organisation_id, row.territory, *BY_COLUMNS)
    rows: dict[int, list[Any]] = {}
    # Asked for a value, SQLite would go through all values of each indicator.
    for one in db.session.execute(query.where(row.indicator_id.in_([one.shown.id for one in readings]), *within)):
        if one[1] is not None:
            rows.setdefault(one[0], []).append(one)

    def from_rows(reading: Reading, by: str) -> dict[str, Spread]:
        parts: dict[str, list[int]] = {}
        for one in rows.get(reading.shown.id, []):
            for key in _keys(reading, by, one):
                parts.setdefault(key, []).append(one[1])
        return {key: _spread(values) for key, values in parts.items()}

    return from_rows


def _keys(reading: Reading, by: str, row: Any) -> Iterable[str]:
    if not by:
        return ("",)
    if by == "organisation":
        return (row.organisation_id or NONE,)
    if by in PLACES:
        return [one for one in places_of(row.territory) if one == NONE or one.count(".") + 1 == LEVEL[by]]
    return str(row[4 + reading.declaration.dims.index(by)]).split(" ")


def _spread(values: Sequence[int]) -> Spread:
    off = Decimal(str(pstdev(values))) / SCALE if len(values) > 1 else None
    return Spread(len(values), Decimal(sum(values)) / len(values) / SCALE, Decimal(median(values)) / SCALE, off)


def _from_sums(reading: Reading, by: str) -> dict[str, Spread]:
    parts: dict[str, Sums] = {key: sums for key, sums in reading.gather(by).items() if sums.n and sums.weight}
    medians = reading.medians(by, parts) if reading.declaration.measure == "median" else {}
    found = {}
    for key, sums in parts.items():
        off = deviation(sums)
        mean = Decimal(sums.total) / sums.weight
        found[key] = Spread(sums.n, mean, medians.get(key), None if off is None else Decimal(str(off)))
    return found


def _one_decimal(value: Decimal | None) -> Cell:
    if value is None:
        return Cell(words.NOTHING, tone="soft")
    return Cell(number(words.rounded(value, 1), 1), words.rounded(value, 4))


def _signed(value: Decimal, decimals: int = 1) -> Cell:
    """With its sign, which stays on its left in Arabic too."""
    amount = words.rounded(value, decimals)
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    tone = "ok" if amount > 0 else "warn" if amount < 0 else ""
    return Cell(f"\u2066{sign}{number(abs(amount), decimals)}\u2069", amount, tone=tone)


def name_of(form: Form, one: Scored, language: str) -> str:
    if not one.is_question and not one.axis:
        return _("Overall score")
    return form.label(one.node, language) or str(one.node["name"])


def names_of_axes(form: Form, language: str) -> dict[str, str]:
    return {one.axis: name_of(form, one, language) for one in scored(form) if one.axis and not one.is_question}


def _whole(
    form: Form,
    scores: Sequence[tuple[Scored, Reading]],
    wholly: dict[str, Spread],
    pairs: dict[str, Pair],
    read: Read,
) -> Table:
    rows: list[Row] = []
    foot: list[Row] = []
    for one, _reading in scores:
        spread = wholly.get(one.code)
        if spread is None:
            continue
        pair = pairs.get(one.code)
        drawn = charts.scale(
            float(spread.mean),
            rtl=read.language == "ar",
            deviation=None if spread.deviation is None else float(spread.deviation),
            median=None if spread.median is None else float(spread.median),
            before=None if pair is None else float(pair.before),
        )
        cells = [
            Cell(name_of(form, one, read.language), address=address_of(one.code, read.args)),
            _one_decimal(spread.mean),
            _one_decimal(spread.median),
            _one_decimal(spread.deviation),
            Cell(number(spread.n), Decimal(spread.n)),
            Cell(drawn=drawn),
        ]
        (rows if one.axis else foot).append(Row(cells, "" if one.axis else "total"))
    heads = [Column(_("Axis"))]
    heads += [Column(title, True) for title in (_("Mean"), _("Median"), _("Standard deviation"), _("n"))]
    heads.append(Column(_("0 to 100"), drawn=True))
    notes = [_("On the scale: thick line, mean; band, one standard deviation on either side; thin line, median.")]
    if pairs:
        notes.append(_("Dashed line: mean of the round before."))
    return Table(heads, rows, foot, notes)


def _picture(
    form: Form,
    scores: Sequence[tuple[Scored, Reading]],
    wholly: dict[str, Spread],
    pairs: dict[str, Pair],
    language: str,
) -> tuple[Markup | None, str]:
    corners = []
    then = []
    for one, _reading in scores:
        if not one.axis:
            continue
        spread, pair = wholly.get(one.code), pairs.get(one.code)
        mean = None if spread is None else float(spread.mean)
        said = words.NOTHING if spread is None else number(words.rounded(spread.mean, 1), 1)
        corners.append((name_of(form, one, language), mean, said))
        then.append(None if pair is None else float(pair.before))
    drawn = radar(corners, then if pairs else None, title=_("Mean of each axis"))
    return (drawn or None), _("Means; dashed: the round before.") if pairs and drawn else ""


def _beside(spread: Spread) -> str:
    """Median and deviation in small below a mean; each stays with its figure where the line is broken."""
    said = [(_("md"), spread.median), ("σ", spread.deviation)]
    return " · ".join(f"{sign}{words.NO_BREAK}{number(words.rounded(one, 1), 1)}" for sign, one in said if one is not None)


def _split(
    form: Form, scores: Sequence[tuple[Scored, Reading]], by: str, read: Read, of: Spreads
) -> tuple[Table, Table] | tuple[None, Table]:
    """Means by axis and part, with median and deviation below each; and the same a line each, for files."""
    by_score = {one.code: of(reading, by) for one, reading in scores}
    keys = {key for found in by_score.values() for key in found}
    long_heads = [Column(by_label(read, scores[0][1], by)), Column(_("Axis"))]
    long_heads += [Column(title, True) for title in (_("Mean"), _("Median"), _("Standard deviation"), _("n"))]
    title = _("By %(what)s", what=by_label(read, scores[0][1], by))
    if not keys:
        return None, Table(long_heads, title=title)
    labels = scores[0][1].labels(by, keys)
    first = by_score[scores[0][0].code]
    order = sorted(
        keys, key=lambda key: (key in ("", NONE), -(first[key].mean if key in first else Decimal()), labels.get(key, ""))
    )
    heads = [Column(by_label(read, scores[0][1], by)), Column(_("n"), True)]
    for one, _reading in scores:
        name = name_of(form, one, read.language)
        heads.append(Column(name if len(name) <= LONG else f"{name[: LONG - 1].rstrip()}…", True, hint=name))
    rows, long_rows = [], []
    for key in order:
        part = Cell(labels.get(key) or _("not stated"))
        n = max(found[key].n for found in by_score.values() if key in found)
        cells = []
        for one, _reading in scores:
            spread = by_score[one.code].get(key)
            if spread is None:
                cells.append(Cell(words.NOTHING, tone="soft"))
                continue
            note = _beside(spread)
            address = address_of(one.code, narrowed_to(read.args, by, key))
            cells.append(Cell(number(words.rounded(spread.mean, 1), 1), words.rounded(spread.mean, 4), address, note=note))
            figures = [_one_decimal(one_figure) for one_figure in (spread.mean, spread.median, spread.deviation)]
            axis = Cell(name_of(form, one, read.language))
            long_rows.append(Row([part, axis, *figures, Cell(number(spread.n), Decimal(spread.n))]))
        rows.append(Row([part, Cell(number(n), Decimal(n)), *cells]))
    notes = [_("Mean; below it md, the median, and σ, the standard deviation.")]
    return Table(heads, rows, notes=notes, title=title), Table(long_heads, long_rows, title=title)


def _weakest(
    form: Form, questions: Sequence[tuple[Scored, Reading]], pairs: dict[str, Pair], most: int, read: Read, of: Spreads
) -> Table:
    means = []
    for one, reading in questions:
        spread = of(reading, "").get("")
        if spread is not None:
            means.append((spread, one))
    axis_names = names_of_axes(form, read.language)
    means.sort(key=lambda pair: (pair[0].mean, pair[1].code))
    rows = []
    # Beside a mean of all stands the change of all, or none: `_rounds` says that of the records that have both.
    since = {one.code: pair for spread, one in means if (pair := pairs.get(one.code)) is not None and pair.n == spread.n}
    for spread, one in means[:most]:
        bar = charts.bar(float(spread.mean * 100 / TOP_OF_QUESTION), rtl=read.language == "ar")
        cells = [
            Cell(name_of(form, one, read.language), address=address_of(one.code, read.args), note=axis_names.get(one.axis, "")),
            Cell(number(words.rounded(spread.mean, 2), 2), words.rounded(spread.mean, 4)),
            Cell(drawn=bar),
            Cell(number(spread.n), Decimal(spread.n)),
        ]
        if since:
            pair = since.get(one.code)
            cells.append(_signed(pair.now - pair.before, 2) if pair else Cell(words.NOTHING, tone="soft"))
        rows.append(Row(cells))
    heads = [Column(_("Question")), Column(_("Mean out of 4"), True), Column("", drawn=True), Column(_("n"), True)]
    if since:
        heads.append(Column(_("Since the round before"), True))
    title = ngettext("The weakest question", "The %(num)d weakest questions", len(rows))
    return Table(heads, rows, title=title)


# -- two rounds


def _pairs(read: Read, readings: Mapping[str, Reading]) -> dict[str, Pair]:
    """{code: means of the records that have both rounds}, of all codes at once."""
    both = {code: (before, now) for code, now in readings.items() if (before := read.reading(code + BEFORE)) is not None}
    if not both:
        return {}
    some_before, some_now = next(iter(both.values()))
    if some_before.scope.nothing or some_now.scope.nothing:
        return {}
    earlier, later = _values([one for one, _now in both.values()]), _values([now for _before, now in both.values()])
    sources = {source_id for rows in (*earlier.values(), *later.values()) for source_id in rows}
    subjects = _subjects(sources)
    found = {}
    for code, (before, now) in both.items():
        then = {subjects.get(source_id): value for source_id, value in earlier.get(before.shown.id, {}).items()}
        today = {subjects.get(source_id): value for source_id, value in later.get(now.shown.id, {}).items()}
        same = [one for one in then.keys() & today.keys() if one is not None]
        if same:
            sums = [Decimal(sum(values[one] for one in same)) / len(same) / SCALE for values in (then, today)]
            found[code] = Pair(len(same), sums[0], sums[1])
    return found


def _values(readings: Sequence[Reading]) -> dict[int, dict[str, int]]:
    """{indicator: {submission: value}} of their rows."""
    row, found = IndicatorRow, dict[int, dict[str, int]]()
    within = conditions(readings[0].shown.id, readings[0].scope)[1:]  # without the one indicator
    query = sa.select(row.indicator_id, row.source_id, row.value).where(row.indicator_id.in_([one.shown.id for one in readings]))
    for id_, source_id, value in db.session.execute(query.where(*within)):
        if value is not None:
            found.setdefault(id_, {})[source_id] = value
    return found


def _subjects(submissions: Iterable[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for some in in_parts(sorted(submissions)):
        query = sa.select(Submission.id, Submission.subject_id).where(Submission.id.in_(some))
        found |= {row[0]: row[1] for row in db.session.execute(query)}
    return found


def _pairs_of_sums(read: Read, readings: Mapping[str, Reading]) -> dict[str, Pair]:
    """The same from the sums that are kept, which can say it where every record has both rounds."""
    found = {}
    for code, now in readings.items():
        before = read.reading(code + BEFORE)
        then = before.gather("").get("", Sums()) if before is not None else Sums()
        sums = now.gather("").get("", Sums())
        if then.n and then.n == sums.n:
            found[code] = Pair(sums.n, Decimal(then.total) / then.weight, Decimal(sums.total) / sums.weight)
    return found


def _compared(name: Cell, pair: Pair, decimals: int) -> Row:
    def cell(value: Decimal) -> Cell:
        return Cell(number(words.rounded(value, decimals), decimals), words.rounded(value, 4))

    count = Cell(number(pair.n), Decimal(pair.n))
    return Row([name, cell(pair.before), cell(pair.now), _signed(pair.now - pair.before, decimals), count])


def _heads_of_rounds(first: str) -> list[Column]:
    return [Column(first), *(Column(title, True) for title in (_("Round before"), _("Last round"), _("Change"), _("n")))]


def _rounds(form: Form, scores: Sequence[tuple[Scored, Reading]], pairs: dict[str, Pair], language: str) -> Table:
    rows = [_compared(Cell(name_of(form, one, language)), pairs[one.code], 1) for one, _reading in scores if one.code in pairs]
    notes = [_("Only records that have two approved rounds are compared.")]
    return Table(_heads_of_rounds(_("Axis")), rows, notes=notes, title=_("Two rounds compared"))


def _every_question(form: Form, questions: Sequence[tuple[Scored, Reading]], pairs: dict[str, Pair], language: str) -> Table:
    axis_names = names_of_axes(form, language)
    rows = [
        _compared(Cell(name_of(form, one, language), note=axis_names.get(one.axis, "")), pairs[one.code], 2)
        for one, _reading in questions
        if one.code in pairs
    ]
    return Table(_heads_of_rounds(_("Question")), rows, title=_("Two rounds, question by question"))
