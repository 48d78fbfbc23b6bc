"""The page on which a coordinator corrects one record."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import chosen_language
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND, Problem
from app.imports import words
from app.imports.correcting import Correcting
from app.imports.values import Mistake
from app.registry import operations, queries
from app.registry.models import Entity
from app.registry.names import record_name
from app.registry.problems import MERGED

bp = Blueprint("correcting", __name__)


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor


def _entity(list_name: str, record_id: str) -> Entity:
    entity = queries.find(_actor(), list_name, record_id)
    if entity is None:
        raise NOT_FOUND()
    about = {"organisation_id": entity.organisation_id, "territory": entity.territory}
    require(_actor(), "entity.edit", programme_id=entity.programme_id, **about)
    if entity.merged_into:
        raise MERGED()
    return entity


@bp.get("/records/<list_name>/<record_id>/correct")
@signed_in
def shown(list_name: str, record_id: str) -> Response:
    return _page(_entity(list_name, record_id))


def _page(entity: Entity, *, status: int = 200, problem: str = "", mistakes: list[Mistake] | None = None) -> Response:
    correcting = Correcting(_actor(), entity, chosen_language())
    html = render_template(
        "imports/correct.html",
        entity=entity,
        name=record_name(entity, chosen_language()),
        fields=correcting.fields(_typed()),
        wrong={one.letter: " ".join(words.sentence(one, correcting.able.get(one.letter))) for one in mistakes or []},
        note=request.form.get("note", ""),
        version=request.form.get("version", str(entity.version)),
        here={"list_name": entity.list, "record_id": entity.id},
        problem=problem,
    )
    return make_response(html, status)


def _typed() -> dict[str, str]:
    return {name[2:]: text.replace("\r\n", "\n") for name, text in request.form.items() if name.startswith("p:")}


@bp.post("/records/<list_name>/<record_id>/correct")
@signed_in
def correct(list_name: str, record_id: str) -> Response:
    actor, now, version = _actor(), utcnow(), request.form.get("version", "")
    _entity(list_name, record_id)
    begin_writing()
    try:
        entity = operations.editable(actor, record_id, int(version) if version.isdecimal() and len(version) < 10 else -1)
        correction = Correcting(actor, entity, chosen_language()).read(_typed(), now)
        if correction.mistakes:
            db.session.rollback()
            return _page(_entity(list_name, record_id), status=422, mistakes=list(correction.mistakes))
        note = request.form.get("note", "")
        operations.correct(actor, record_id, correction.values, version=entity.version, note=note, now=now)
        db.session.commit()
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status not in (409, 422):
            raise
        return _page(_entity(list_name, record_id), status=problem.kind.status, problem=str(problem))
    flash(_("Corrected. What it was stays in the history.") if correction.values else _("Nothing was changed."), "done")
    return redirect(url_for("records.record", list_name=list_name, record_id=record_id))  # type: ignore[return-value]
