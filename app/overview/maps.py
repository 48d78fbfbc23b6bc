"""Records of a panel on a map of our own, with those of each province in a table below, for paper and for whoever sees no map."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _

from app.core.languages import number
from app.core.permissions import Actor
from app.overview import lists
from app.overview.behind import Behind
from app.overview.perimeter import Perimeter
from app.overview.records import nothing_in
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.panels.declarations import Panel
from app.registry.places import full_name, name
from app.review import record_map

MOST_AT_HOME = 500  # beside other panels


def drawn(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `map`."""
    list_name = panel.get("list")
    where, names = panel.get("where", ()), panel.get("names")
    dated = panel.get("date", "")
    alike, _more = lists.alike(actor, chosen, list_name, of=["commune"], where=where, dated=dated)
    if not alike:
        return Shown(empty=nothing_in(list_name, chosen.programme_id))
    places: dict[str, int] = {}
    for same in alike:
        places[same.one.territory] = places.get(same.one.territory, 0) + same.count
    behind = Behind(panel, chosen)
    ordered = sorted(places.items(), key=lambda one: (not one[0], -one[1], one[0]))
    rows = [
        Row([Cell(full_name(place, language) if place.count(".") > 1 else name(place, language) if place else _("not stated")),
             Cell(number(count), Decimal(count), behind.address(row=place))])
        for place, count in ordered[: lists.MOST_AT_HOME if chosen.is_home else None]
    ]  # fmt: skip
    whole = sum(places.values())
    foot = Row([Cell(_("Total")), Cell(number(whole), Decimal(whole), behind.address())], "total")
    most = MOST_AT_HOME if chosen.is_home else record_map.MOST
    found = lists.read(
        actor, chosen, list_name, language=language, where=where, names=names, dated=dated, most=most, only=()
    )  # fmt: skip
    notes = [lists.more_there(len(ordered))] if len(rows) < len(ordered) else []
    if found.more:
        said = _("Only %(count)s records are drawn on the map; the table counts all.", count=number(most))
        notes.append(said)
    table = Table([Column(_("Commune")), Column(_("How many"), True)], rows, [foot], notes)
    placed = record_map.placed(
        [
            record_map.Placed(one.id, one.list, one.name, one.territory, one.lat, one.lon)
            for one in found.rows
        ],
        language,
    )  # fmt: skip
    return Shown([table], map=placed)
