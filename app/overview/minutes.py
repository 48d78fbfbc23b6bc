"""The kind `minutes`: how long filling each instrument takes."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _

from app.core.languages import number
from app.core.permissions import Actor
from app.indicators.forms import forms_of
from app.indicators.reading import Value
from app.overview import words
from app.overview.figures import (
    Read,
    address_of,
    definition_of,
    name_of,
    not_counted,
    nothing_declared,
    nothing_yet,
    situation,
)
from app.overview.perimeter import Perimeter
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.panels.declarations import Panel
from app.panels.filling import code_of, code_of_interrupted


def minutes(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    read, forms = Read(actor, chosen, language), forms_of(chosen.programme_id)
    rows, wholes, said = list[Row](), list[Value](), list[str]()
    for form_id in panel.get("instruments"):
        timed, interrupted = read.reading(code_of(form_id)), read.reading(code_of_interrupted(form_id))
        if form_id not in forms or timed is None or interrupted is None:
            continue
        value, left = timed.value(), interrupted.value()
        wholes.append(value)
        said = [definition_of(timed.declaration), definition_of(interrupted.declaration)]
        quartiles = timed.quartiles()
        shown = [Cell(words.figure(one), one) for one in (words.rounded(of, 1) for of in quartiles)] or [
            Cell(words.NOTHING, tone="soft")
        ] * 3
        count = Cell(number(value.n), Decimal(value.n), address_of(code_of(form_id), read.args) if value.n else "")
        open_long = Cell(
            number(left.n),
            Decimal(left.n),
            address_of(code_of_interrupted(form_id), read.args) if left.n else "",
            "" if left.n else "soft",
        )
        rows.append(Row([Cell(name_of(timed.declaration)), count, *shown, open_long]))
    if not rows:
        return nothing_declared()
    if not any(one.n for one in wholes):
        return nothing_yet(wholes, language)
    heads = [Column(_("Instrument")), Column(_("How many"), True)]
    heads += [Column(title, True) for title in (_("A quarter took at most"), _("Median"), _("Three quarters took at most"))]
    heads.append(Column(_("Open for more than 4 hours"), True))
    return Shown([Table(heads, rows, notes=said, stacks=True)], notes=not_counted(wholes), situation=situation(wholes, language))
