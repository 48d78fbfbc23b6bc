"""The kind `partners`: who brings what to a programme, its share of the budget, and how the sum stands to it."""

from __future__ import annotations

from decimal import Decimal

from flask import url_for
from flask_babel import gettext as _

from app.core.permissions import Actor
from app.core.web import local_text
from app.overview import charts, words
from app.overview.figures import programme_of
from app.overview.perimeter import Perimeter
from app.overview.tables import Cell, Column, Empty, Row, Shown, Table
from app.panels.declarations import Panel
from app.programmes.plan import KINDS, ROLES, Partner, Plan


def partners(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """Of the whole programme: a perimeter narrows no agreement."""
    programme = programme_of(chosen)
    plan = Plan.of(programme)
    if not plan.partners:
        return Shown(
            empty=Empty(
                _("No partner yet"),
                _("Partners and what each brings stand on the programme's page."),
                url_for("programmes.programme", programme_id=programme.id),
                _("Open the programme's page"),
                "programme.manage",
            )
        )
    mad = words.unit("mad", language)
    heads = [
        Column(_("Partner")),
        Column(_("Role")),
        Column(_("Brings")),
        Column(_("Amount (%(unit)s)", unit=mad), True),
        Column(_("Share of the budget"), True, drawn=True),
    ]
    rows = []
    for one in plan.partners:
        amount, share = one.amount, plan.share(one.amount)
        rows.append(
            Row(
                [
                    Cell(local_text(dict(one.name))),
                    Cell(str(ROLES.get(one.role, one.role))),
                    Cell(_brought(one, language)),
                    Cell(words.NOTHING, tone="soft") if amount is None else Cell(words.figure(amount, "mad"), amount),
                    _share(share, language),
                ]
            )
        )
    pledged = plan.pledged
    is_known = any(one.amount is not None for one in plan.partners)  # nobody brings 0 because nobody said how much
    summed = Cell(words.figure(pledged, "mad"), pledged) if is_known else Cell(words.NOTHING, tone="soft")
    of_all = _share(plan.share(pledged) if is_known else None, language)
    foot = [Row([Cell(_("Total")), Cell(), Cell(), summed, of_all], "total")]
    notes = []
    if plan.budget is not None:
        said = (words.in_millions(plan.budget, language), local_text(dict(plan.budget_note)))
        budget = Cell(words.figure(plan.budget, "mad"), plan.budget)
        foot.append(
            Row([Cell(_("Budget"), note=" · ".join(one for one in said if one)), Cell(), Cell(), budget, Cell()], "total")
        )
    if plan.difference is not None:
        missing = f"{words.figure(abs(plan.difference), 'mad')}{words.NO_BREAK}{mad}"
        more = _("What is pledged exceeds the budget by %(amount)s.", amount=missing)
        notes.append(
            more if plan.difference > 0 else _("What is pledged falls short of the budget by %(amount)s.", amount=missing)
        )
    return Shown([Table(heads, rows, foot, notes)])


def _share(share: Decimal | None, language: str) -> Cell:
    if share is None:
        return Cell(words.NOTHING, tone="soft")
    text = f"{words.figure(share, 'percent')}{words.NO_BREAK}%"
    return Cell(text, share, drawn=charts.bar(float(share), rtl=language == "ar"))


def _brought(one: Partner, language: str) -> str:
    """Money, land or management, with what was noted of it."""
    said = []
    for part in one.contributions:
        kind, note = str(KINDS.get(part.kind, part.kind)), local_text(dict(part.note)) if part.note else ""
        said.append(f"{kind} ({note})" if note else kind)
    return ("، " if language == "ar" else ", ").join(said)
