"""Records of a panel on a map of our own, with those of each province in a table below, for paper and for whoever sees no map."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _

from app.core.languages import number
from app.core.permissions import Actor
from app.overview import lists
from app.overview.perimeter import Perimeter
from app.overview.records import cut, nothing_in
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.panels.declarations import Panel
from app.registry.places import full_name, name
from app.review import record_map


def drawn(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `map`."""
    list_name = panel.get("list")
    where, names = panel.get("where", ()), panel.get("names")
    found = lists.read(actor, chosen, list_name, language=language, where=where, names=names, most=record_map.MOST, only=())
    if not found.rows:
        return Shown(empty=nothing_in(list_name))
    places: dict[str, int] = {}
    for record in found.rows:
        places[record.territory] = places.get(record.territory, 0) + 1
    rows = [
        Row([Cell(full_name(place, language) if place.count(".") > 1 else name(place, language) if place else _("not stated")),
             Cell(number(count), Decimal(count))])
        for place, count in sorted(places.items(), key=lambda one: (not one[0], -one[1], one[0]))
    ]  # fmt: skip
    foot = Row([Cell(_("Total")), Cell(number(len(found.rows)), Decimal(len(found.rows)))], "total")
    table = Table([Column(_("Commune")), Column(_("How many"), True)], rows, [foot], cut(found))
    placed = record_map.placed(
        [
            record_map.Placed(one.id, one.list, one.name, one.territory, one.lat, one.lon)
            for one in found.rows
        ],
        language,
    )  # fmt: skip
    return Shown([table], map=placed)
