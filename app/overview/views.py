"""Pages of the home: all panels, one alone, its tables as CSV, and the head of its printed sheets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.accounts.working import working_programme
from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import MOROCCO, chosen_language, date_and_time
from app.core.permissions import Actor, can
from app.core.problems import NOT_FOUND
from app.core.web import local_text
from app.indicators import operations as indicators
from app.indicators.problems import PERIMETER_UNKNOWN
from app.indicators.words import UNKNOWN
from app.overview import building, paper, words
from app.overview import rows as rows_of_panel
from app.overview.figures import phases_of
from app.overview.perimeter import Perimeter, in_words, perimeter_from
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.overview.tables import as_csv as csv_of
from app.panels.declarations import Panel
from app.registry.models import Programme
from app.review.pages import filter_choices
from app.submissions.places import Place

CELL = ("row", "column", "source", "step")  # what a number stands for, in an address
MOST_CELL = 200  # signs of each: a row may be an institution's name

bp = Blueprint("overview", __name__, url_prefix="/overview")


@dataclass(frozen=True)
class Reading:
    """Who reads the home of which programme, and what she chose."""

    actor: Actor
    programme: Programme
    chosen: Perimeter
    language: str
    organisations: list[tuple[str, str]]
    places: list[Place]
    phases: dict[str, str]
    unknown: tuple[str, ...]  # of the address

    @property
    def perimeter(self) -> str:
        return in_words(self.actor, self.programme, self.chosen, dict(self.organisations), self.phases, self.language)

    @property
    def situation(self) -> str:
        return _("Situation of %(moment)s", moment=date_and_time(utcnow(), self.language))

    @property
    def args(self) -> dict[str, Any]:
        return dict(self.chosen.to_args())


def _reading() -> Reading:
    actor: Actor = g.actor
    # What changed since the last page is counted first; that ends the transaction in which the programme was read.
    programme_id, language = working_programme("home.read").id, chosen_language()
    indicators.refresh(programme_id)
    programme = db.session.get_one(Programme, programme_id)
    choices = filter_choices(actor, programme.id)
    chosen, unknown = perimeter_from(programme, request.args)
    return Reading(
        actor,
        programme,
        chosen,
        language,
        choices.organisations,
        choices.places,
        phases_of(programme),
        unknown,
    )


def _panel(reading: Reading, code: str) -> Panel:
    found = next((one for one in building.panels_of(reading.programme) if one.code == code), None)
    if found is None:
        raise NOT_FOUND()
    return found


def _shown(reading: Reading, panel: Panel) -> Shown:
    found = building.shown(reading.actor, reading.chosen, panel, reading.language)
    found.situation = found.situation or reading.situation
    return found


def _page(reading: Reading, panels: list[tuple[Panel, Shown]], *, alone: bool, back: str = "") -> str:
    """`back`: of the rows behind a number, the address of their panel."""
    programme = reading.programme
    return render_template(
        "overview/page.html",
        title=local_text(programme.name),
        perimeter=reading.perimeter,
        days=words.period(programme.starts_on, programme.ends_on, reading.language),
        panels=panels,
        chosen=reading.chosen,
        args=reading.args,
        organisations=reading.organisations,
        places=reading.places,
        phases=reading.phases,
        unknown=[UNKNOWN[one] for one in reading.unknown],
        has_map=any(shown.map for _panel, shown in panels),
        paper=url_for("overview.sheet", lang=reading.language, **reading.args),
        back=back or url_for("overview.page", **reading.args),
        is_behind=bool(back),
        alone=alone,
    )


@bp.get("")
@signed_in
def page() -> str:
    reading = _reading()
    reading = replace(reading, chosen=replace(reading.chosen, is_home=True))
    return _page(reading, [(one, _shown(reading, one)) for one in building.panels_of(reading.programme)], alone=False)


@bp.get("/<code>")
@signed_in
def alone(code: str) -> str:
    """One panel: for a wall, or for one sheet of paper; `?whole=1` with the tables that are too long for either."""
    reading = _reading()
    panel = _panel(reading, code)
    found = _shown(reading, panel)
    if request.args.get("whole") == "1":
        found.tables += found.in_files
    return _page(reading, [(panel, found)], alone=True)


@bp.get("/<code>/rows")
@signed_in
def rows(code: str) -> str:
    """The records behind one number of a panel."""
    reading = _reading()
    panel = _panel(reading, code)
    cell = {name: request.args[name].replace("\0", "")[:MOST_CELL] for name in CELL if name in request.args}
    found = rows_of_panel.rows(reading.actor, reading.chosen, panel, reading.language, cell)
    found.situation = reading.situation
    return _page(reading, [(panel, found)], alone=True, back=url_for("overview.alone", code=code, **reading.args))


@bp.get("/<code>.csv")
@signed_in
def as_csv(code: str) -> Response:
    """Its tables. What says who somebody is leaves only with whoever may take names out."""
    reading = _reading()
    if reading.unknown:
        raise PERIMETER_UNKNOWN()
    panel = _panel(reading, code)
    found = _shown(reading, panel)
    tables = [*([_tiles(found)] if found.tiles else []), *found.tables, *found.in_files]
    about: list[tuple[str, ...]] = [
        (local_text(panel.title),),
        (*_title(reading.programme), reading.perimeter),
        (found.situation,),
    ]
    names = can(reading.actor, "names.export", programme_id=reading.programme.id)
    response = Response(csv_of(tables, about, names=names), mimetype="text/csv; charset=utf-8")
    day = utcnow().astimezone(MOROCCO).date().isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="daftar-{reading.programme.code}-{panel.code}-{day}.csv"'
    return response


def _title(programme: Programme) -> tuple[str, ...]:
    """What stands above a file and on each sheet of paper."""
    name = local_text(programme.name)
    return (name, _("Demonstration")) if programme.is_demo else (name,)


def _tiles(found: Shown) -> Table:
    heads = [Column(_("Indicator")), Column(_("Value")), Column(_("Unit")), Column(_("Target")), Column(_("Definition"))]
    rows = [
        Row([Cell(one.name), Cell(one.figure, one.value), Cell(one.measured_in), Cell(one.target), Cell(one.definition)])
        for one in found.tiles
    ]
    return Table(heads, rows)


@bp.get("/sheet.css")
@signed_in
def sheet() -> Response:
    reading = _reading()
    text = paper.sheet(" · ".join(_title(reading.programme)), reading.perimeter, reading.situation, reading.language)
    return Response(text, mimetype="text/css; charset=utf-8")
