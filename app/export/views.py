"""The page of exports and the download."""

from __future__ import annotations

import tempfile
from typing import Any, Literal

import sqlalchemy as sa
from flask import Blueprint, Response, g, render_template, request, send_file
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.accounts.working import working_programme
from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import chosen_language
from app.core.permissions import Actor, can, require
from app.core.web import local_text
from app.export import operations
from app.export.forms import ExportForm
from app.export.gather import Request, export_conditions
from app.export.tables import Options
from app.instruments.models import Instrument
from app.registry.models import Organisation, Programme
from app.submissions.models import STATES, Submission
from app.submissions.places import places_of_records
from app.submissions.queries import MANY, Filters

bp = Blueprint("export", __name__)


@bp.route("/exports", methods=["GET", "POST"])
@signed_in
def exports() -> Response | str:
    actor: Actor = g.actor
    programme = working_programme("submission.export")
    require(actor, "submission.export", programme_id=programme.id)
    may_name = can(actor, "names.export", programme_id=programme.id)
    form = _form(actor, programme)
    if not may_name:
        del form.names
    if form.validate_on_submit():
        filters = _filters(programme, form)
        if _has_rows(actor, filters):
            return _download(actor, filters, form, names=may_name and bool(form.names.data))
        form.states.errors = [
            _("No submission matches these choices, so there is nothing to download. Choose other states or dates.")
        ]
    return render_template("export/page.html", form=form, programme=programme, counts=_counts(actor, programme.id))


def _form(actor: Actor, programme: Programme) -> ExportForm:
    form = ExportForm()
    instruments = db.session.scalars(sa.select(Instrument).where(Instrument.programme_id == programme.id))
    form.form_id.choices = sorted(
        ((one.form_id, local_text(one.title) or one.form_id) for one in instruments), key=lambda one: one[1]
    )
    names = {
        "received": _("Those received"),
        "has_issues": _("Those to correct"),
        "edited": _("Those corrected"),
        "approved": _("Those approved"),
        "rejected": _("Those rejected"),
    }
    form.states.choices = [(state, names[state]) for state in ("approved", *(one for one in STATES if one != "approved"))]
    organisations = sa.select(Organisation).where(Organisation.programme_id == programme.id)
    found = sorted(((one.id, local_text(one.name)) for one in db.session.scalars(organisations)), key=lambda one: one[1])
    form.organisation_id.choices = [("", _("All organisations")), *found]
    places = places_of_records(actor, programme.id, chosen_language())
    form.territory.choices = [("", _("Everywhere")), *((one.code, "\u2003" * one.depth + one.name) for one in places)]
    if request.method == "GET":
        form.language.data = chosen_language()
        asked = request.args.get("form", "")
        if asked in dict(form.form_id.choices):
            form.form_id.data = asked
    return form


def _counts(actor: Actor, programme_id: str) -> list[tuple[str, str, str]]:
    """Approved submissions of each instrument, counted no further than a list counts."""
    found = []
    query = sa.select(Instrument).where(Instrument.programme_id == programme_id)
    for instrument in db.session.scalars(query):
        where = export_conditions(actor, Filters(programme_id, form_id=instrument.form_id, states=("approved",)))
        some = sa.select(sa.literal(1)).select_from(Submission).where(*where).limit(MANY + 1).subquery()
        number = db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
        found.append((instrument.form_id, local_text(instrument.title), f"{MANY}+" if number > MANY else str(number)))
    return sorted(found, key=lambda one: one[1])


def _filters(programme: Programme, form: Any) -> Filters:
    return Filters(
        programme.id,
        form_id=form.form_id.data,
        organisation_id=form.organisation_id.data or "",
        territory=form.territory.data or "",
        states=tuple(state for state in STATES if state in form.states.data),
        date_from=form.date_from.data,
        date_to=form.date_to.data,
    )


def _has_rows(actor: Actor, filters: Filters) -> bool:
    found = sa.select(sa.literal(1)).select_from(Submission).where(*export_conditions(actor, filters)).limit(1)
    return db.session.scalar(found) is not None


def _download(actor: Actor, filters: Filters, form: Any, *, names: bool) -> Response:
    options = Options(
        language=form.language.data,
        shape=form.shape.data,
        labels=form.content.data == "labels",
        label_row=form.label_row.data,
        split_multiple=form.split_multiple.data,
        every_calculation=form.every_calculation.data,
        names=names,
    )
    file_format: Literal["xlsx", "csv"] = "csv" if form.format.data == "csv" else "xlsx"
    target = tempfile.TemporaryFile(prefix="daftar-export-")  # noqa: SIM115  (send_file closes it)
    made = operations.write(actor, Request(filters, options), target, file_format, separator=form.separator.data, now=utcnow())
    db.session.commit()
    target.seek(0)
    return send_file(target, mimetype=made.mimetype, as_attachment=True, download_name=made.name)
