"""What a programme's home shows to one reader: the panels that it declares, or those made of what it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import Actor
from app.core.web import local_text
from app.indicators import queries
from app.overview import axes, figures, lists, maps, matrices, minutes, partners, records, waiting
from app.overview.perimeter import Perimeter
from app.overview.tables import Empty, Shown, Table
from app.panels.declarations import Panel, read
from app.panels.models import Home
from app.registry.models import Programme
from app.registry.queries import lists_of

MAKERS: dict[str, Callable[[Actor, Perimeter, Panel, str], Shown]] = {
    "indicators": figures.tiles,
    "split": figures.split,
    "ranking": figures.ranking,
    "axes": axes.axes,
    "table": records.table,
    "board": records.board,
    "matrix": matrices.matrix,
    "partners": partners.partners,
    "map": maps.drawn,
    "waiting": waiting.waiting,
    "minutes": minutes.minutes,
}


OF_RECORDS = ("table", "board", "matrix", "map")  # dated by a property that the panel names, or not at all


def panels_of(programme: Programme) -> list[Panel]:
    """In their order. What was checked when it was loaded is not compared with the programme again."""
    home = db.session.get(Home, programme.id)
    return read(home.panels) if home is not None else made(programme)


def made(programme: Programme) -> list[Panel]:
    """The home of a programme that declares none."""
    raw: list[dict[str, object]] = [{"kind": "waiting", "title": {"ar": "ما ينتظر", "fr": "Ce qui attend"}}]
    codes = [one.declaration.code for one in queries.indicators(programme)]
    if codes:
        raw.insert(
            0, {"kind": "indicators", "title": {"ar": "الأهداف والمنجزات", "fr": "Cibles et réalisations"}, "indicators": codes}
        )
    if programme.financing:
        raw.append({"kind": "partners", "title": {"ar": "الشركاء ومساهماتهم", "fr": "Partenaires et contributions"}})
    if "cooperatives" in lists_of(programme.id):
        raw.append({"kind": "map", "title": {"ar": "خريطة التعاونيات", "fr": "Carte des coopératives"}, "list": "cooperatives"})
    return read(raw)


def shown(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    found = MAKERS[panel.kind](actor, chosen, panel, language)
    if found.empty and chosen.has_time and panel.kind in OF_RECORDS and panel.get("date"):
        found.empty = Empty(_("No record in the chosen time"), _("Choose another time above, or none."))
    if chosen.is_home:
        found.tables = [_beginning(one) for one in found.tables]
    if chosen.has_time and not found.empty and (said := _not_narrowed(panel)):
        found.notes.append(said)
    return found


def _beginning(table: Table) -> Table:
    """What stands beside other panels of a table with a row for each commune of the country."""
    many = len(table.rows)
    if many <= lists.MOST_AT_HOME:
        return table
    return replace(table, rows=table.rows[: lists.MOST_AT_HOME], notes=[*table.notes, lists.more_there(many)])


def _not_narrowed(panel: Panel) -> str:
    """What a reader must know who chose a time that the panel does not go by; "" where it does."""
    if panel.kind == "waiting":
        return _("What waits is counted as it is now, whatever time is chosen.")
    if panel.kind == "partners":
        return _("What partners bring is that of the whole programme, whatever time and place are chosen.")
    if panel.kind not in OF_RECORDS or panel.get("date"):
        return ""
    sources = panel.get("sources", [])
    timeless = [local_text(one["label"]) for one in sources if not one.get("date")]
    if sources and not timeless:
        return ""
    if sources and len(timeless) < len(sources):
        said = ", ".join(timeless)
        return _("The chosen time does not narrow these columns, which show records as they are now: %(columns)s.", columns=said)
    return _("The chosen time does not narrow this panel: it shows records as they are now.")
