"""Records on a map: those with a position where they are, the others at the centre of their commune, the rest in a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, g, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.accounts.working import working_programme
from app.core.languages import chosen_language
from app.core.permissions import Actor
from app.registry import queries
from app.registry.centres import centre_of, provinces
from app.registry.names import record_name
from app.registry.places import full_name
from app.registry.queries import Filters, filters_from
from app.review import pages, properties

bp = Blueprint("record_map", __name__)

MOST = 3000  # records drawn at once


@dataclass(frozen=True)
class Placed:
    """A record as the map needs it."""

    id: str
    list: str
    name: str
    territory: str | None
    lat: float | None
    lon: float | None


def drawn(actor: Actor, filters: Filters, language: str) -> dict[str, Any]:
    """As placed(), of the records that the filters leave, with "more": whether some of them are not drawn."""
    page = queries.page(actor, filters, size=MOST)
    records = [
        Placed(one.id, one.list, record_name(one, language), one.territory, one.lat, one.lon) for one in page.records
    ]  # fmt: skip
    return placed(records, language) | {"more": bool(page.next)}


def placed(records: Iterable[Placed], language: str) -> dict[str, Any]:
    """{"points": [{"name", "place", "lat", "lon", "address"}], "centres": [{"place", "lat", "lon", "records": [{"name",
    "address"}]}], "apart": [{"name", "address"}], "provinces": [{"name", "lat", "lon"}]}"""
    points: list[dict[str, Any]] = []
    apart: list[dict[str, str]] = []
    centres: dict[str, dict[str, Any]] = {}
    for one in records:
        address = url_for("records.record", list_name=one.list, record_id=one.id)
        named = {"name": one.name or _("(without a name)"), "address": address}
        place = full_name(one.territory, language) if one.territory else ""
        if one.lat is not None and one.lon is not None:
            points.append(named | {"place": place, "lat": one.lat, "lon": one.lon})
        elif centre := centre_of(one.territory):
            code, lat, lon = centre
            found = centres.setdefault(code, {"place": full_name(code, language), "lat": lat, "lon": lon, "records": []})
            found["records"].append(named)
        else:
            apart.append(named)
    named_provinces = [{"name": full_name(code, language), "lat": lat, "lon": lon} for code, (lat, lon) in provinces().items()]
    return {"points": points, "centres": list(centres.values()), "apart": apart, "provinces": named_provinces}


@bp.get("/records/<list_name>/map")
@signed_in
def shown(list_name: str) -> str:
    actor: Actor = g.actor
    programme_id = working_programme("entity.read").id
    if not queries.LIST_NAME.fullmatch(list_name):
        abort(404)
    filters = filters_from(programme_id, list_name, request.args)
    found = drawn(actor, filters, chosen_language())
    values: dict[str, Any] = filters.to_args()
    return render_template(
        "registry/map.html",
        list_name=list_name,
        title=properties.list_title(list_name, programme_id),
        filters=filters,
        found=found,
        count=len(found["points"]) + sum(len(one["records"]) for one in found["centres"]) + len(found["apart"]),
        choices=pages.filter_choices(actor, programme_id),
        as_list=url_for("records.listed", list_name=list_name, **values),
        clear=url_for("record_map.shown", list_name=list_name),
    )
