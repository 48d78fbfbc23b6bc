"""What a programme's home shows to one reader: the panels that it declares, or those made of what it has."""

from __future__ import annotations

from collections.abc import Callable

from app.core.db import db
from app.core.permissions import Actor
from app.indicators import queries
from app.overview import axes, figures, maps, matrices, partners, records, waiting
from app.overview.perimeter import Perimeter
from app.overview.tables import Shown
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
}


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
    return MAKERS[panel.kind](actor, chosen, panel, language)
