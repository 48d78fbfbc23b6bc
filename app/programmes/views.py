"""Pages of the programmes: the first steps, the list, one programme with its organisations, its consent texts."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import chosen_language
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND, Problem
from app.core.web import local_text
from app.indicators.words import in_millions
from app.instruments import words
from app.instruments.queries import library_newer
from app.programmes import operations, problems, queries
from app.programmes.forms import ConsentForm, NewOrganisationForm, NewProgrammeForm, OrganisationForm, ProgrammeForm
from app.programmes.operations import Settings
from app.programmes.plan import KINDS, ROLES, Plan
from app.programmes.words import told
from app.registry import places
from app.registry.models import Organisation, Programme

bp = Blueprint("programmes", __name__, url_prefix="/programmes")


def manager() -> Actor:
    require(g.actor, "programme.manage")
    actor: Actor = g.actor
    return actor


def found_programme(programme_id: str) -> Programme:
    """The one of the address, which the menu shows from now on."""
    found = next((one for one in queries.programmes(manager()) if one.id == programme_id), None)
    if found is None:
        raise NOT_FOUND()
    session["programme"] = found.id
    return found


def _organisation(programme: Programme, organisation_id: str) -> Organisation:
    found = db.session.get(Organisation, organisation_id)
    if found is None or found.programme_id != programme.id:
        raise NOT_FOUND()
    return found


@bp.get("/start")
@signed_in
def start() -> str:
    """What to do first, with what is done: an installation begins empty."""
    found = queries.programmes(manager())
    by_id = {one.id: one for one in found}
    asked = request.args.get("programme", "")
    if asked in by_id:
        session["programme"] = asked
    chosen = by_id.get(session.get("programme", "")) or next(iter(sorted(found, key=lambda one: local_text(one.name))), None)
    return render_template("programmes/start.html", programme=chosen, progress=queries.progress(chosen))


@bp.get("")
@signed_in
def list_programmes() -> Response:
    found = [queries.progress(one) for one in queries.programmes(manager())]
    if not found:
        return redirect(url_for("programmes.start"))  # type: ignore[return-value]
    return make_response(render_template("programmes/list.html", programmes=found, place=_place))


def _place(code: str) -> str:
    return places.full_name(code, chosen_language())


@bp.route("/new", methods=["GET", "POST"])
@signed_in
def new() -> Response:
    actor = manager()
    form = NewProgrammeForm(data={"phone_pin": True})
    if form.validate_on_submit():
        begin_writing()
        try:
            programme = operations.create(actor, form.code.data, form.settings(), now=utcnow())
            session["programme"] = programme.id
            db.session.commit()
        except Problem as problem:
            db.session.rollback()
            form.show(problem)
        else:
            flash(_("The programme is created. Here is what comes next."), "ok")
            return redirect(url_for("programmes.start"))  # type: ignore[return-value]
    status = 422 if request.method == "POST" else 200
    return make_response(render_template("programmes/new.html", form=form), status)


@bp.route("/<programme_id>", methods=["GET", "POST"])
@signed_in
def programme(programme_id: str) -> Response:
    actor, found = manager(), found_programme(programme_id)
    form = ProgrammeForm.of(found)
    if form.validate_on_submit():
        begin_writing()
        found = found_programme(programme_id)
        operations.change(actor, found, form.settings(Settings.of(found)), now=utcnow())
        db.session.commit()
        flash(_("The programme is saved. Phones take what concerns them at their next contact."), "ok")
        return redirect(url_for("programmes.programme", programme_id=programme_id))  # type: ignore[return-value]
    return _page(found_programme(programme_id), form=form, status=422 if request.method == "POST" else 200)


def _page(
    found: Programme,
    *,
    form: ProgrammeForm | None = None,
    organisation_form: NewOrganisationForm | None = None,
    status: int = 200,
) -> Response:
    plan = Plan.of(found)
    html = render_template(
        "programmes/programme.html",
        programme=found,
        progress=queries.progress(found),
        form=form or ProgrammeForm.of(found),
        organisations=queries.organisations(found),
        people=queries.people_by_organisation(found),
        tokens=queries.tokens(found),
        newer=library_newer(found.id),
        plan=plan,
        uneven=[told(one) for one in plan.uneven(found.starts_on, found.ends_on)],
        kinds=KINDS,
        roles=ROLES,
        millions=lambda amount: in_millions(amount, "mad", chosen_language()),
        place=_place,
        organisation_form=organisation_form or NewOrganisationForm(formdata=None, prefix="organisation-"),
    )
    return make_response(html, status)


# Consent texts


@bp.route("/<programme_id>/consent", methods=["GET", "POST"])
@signed_in
def consent(programme_id: str) -> Response:
    actor, found = manager(), found_programme(programme_id)
    form = ConsentForm.of(found)
    if form.validate_on_submit() and form.is_whole():
        begin_writing()
        operations.set_consent(actor, found_programme(programme_id), form.given(), now=utcnow())
        db.session.commit()
        waiting = queries.progress(found_programme(programme_id)).closed_instruments
        if waiting:
            flash(_("The texts are saved. Forms that ask for names wait for those that are still missing."), "warning")
        else:
            flash(_("The texts are saved. Phones take them at their next contact."), "ok")
        return redirect(url_for("programmes.consent", programme_id=programme_id))  # type: ignore[return-value]
    html = render_template(
        "programmes/consent.html",
        programme=found,
        form=form,
        tokens=queries.tokens(found),
        progress=queries.progress(found),
        words=words.TOKENS,
        one_field=words.ONE_FIELD,
    )
    return make_response(html, 422 if request.method == "POST" else 200)


# Organisations


@bp.post("/<programme_id>/organisations")
@signed_in
def add_organisation(programme_id: str) -> Response:
    actor, found = manager(), found_programme(programme_id)
    form = NewOrganisationForm(prefix="organisation-")
    if form.validate_on_submit():
        begin_writing()
        try:
            found, now = found_programme(programme_id), utcnow()
            one = operations.add_organisation(actor, found, form.code.data, form.name, now=now)
            operations.set_territories(actor, found, one, form.territories.data, now=now)
            db.session.commit()
        except Problem as problem:
            db.session.rollback()
            if problem.kind not in (problems.BAD_CODE, problems.CODE_TAKEN):
                raise
            form.code.errors = [*form.code.errors, str(problem)]
        else:
            flash(_("The organisation is added."), "ok")
            return _to_organisations(programme_id)
        found = found_programme(programme_id)
    return _page(found, organisation_form=form, status=422)


@bp.route("/<programme_id>/organisations/<organisation_id>", methods=["GET", "POST"])
@signed_in
def organisation(programme_id: str, organisation_id: str) -> Response:
    actor, found = manager(), found_programme(programme_id)
    one = _organisation(found, organisation_id)
    names = {"name_ar": one.name.get("ar"), "name_fr": one.name.get("fr")}
    form = OrganisationForm(data={**names, "territories": one.territories})
    if form.validate_on_submit():
        begin_writing()
        found, now = found_programme(programme_id), utcnow()
        one = _organisation(found, organisation_id)
        operations.rename_organisation(actor, found, one, form.name, now=now)
        operations.set_territories(actor, found, one, form.territories.data, now=now)
        db.session.commit()
        flash(_("The organisation is saved."), "ok")
        return _to_organisations(programme_id)
    people = queries.people_by_organisation(found).get(one.id, 0)
    html = render_template("programmes/organisation.html", programme=found, organisation=one, form=form, people=people)
    return make_response(html, 422 if request.method == "POST" else 200)


@bp.post("/<programme_id>/organisations/<organisation_id>/closed")
@signed_in
def set_closed(programme_id: str, organisation_id: str) -> Response:
    actor = manager()
    begin_writing()
    found, closed = found_programme(programme_id), request.form.get("closed") == "1"
    one = _organisation(found, organisation_id)
    operations.set_closed(actor, found, one, closed, now=utcnow())
    name = local_text(one.name)
    db.session.commit()
    if closed:
        flash(_("%(name)s is closed: it is no longer offered for accounts.", name=name), "ok")
    else:
        flash(_("%(name)s takes part again.", name=name), "ok")
    return _to_organisations(programme_id)


def _to_organisations(programme_id: str) -> Response:
    return redirect(  # type: ignore[return-value]
        url_for("programmes.programme", programme_id=programme_id, _anchor="organisations")
    )
