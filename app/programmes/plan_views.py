"""Pages for what a programme lasts, costs and is paid by: its budget, its phases, its partners."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.problems import NOT_FOUND, Problem
from app.core.web import local_text
from app.indicators.queries import within_phase
from app.programmes import planning, problems
from app.programmes.plan import Partner, Phase, Plan
from app.programmes.plan_forms import BudgetForm, NewPartnerForm, NewPhaseForm, PartnerForm, PhaseForm
from app.programmes.views import found_programme, manager
from app.registry.models import Programme

bp = Blueprint("plan", __name__, url_prefix="/programmes")


def _answer(template: str, **shown: Any) -> Response:
    return make_response(render_template(template, **shown), 422 if request.method == "POST" else 200)


def _to_plan(programme_id: str) -> Response:
    return redirect(url_for("programmes.programme", programme_id=programme_id, _anchor="plan"))  # type: ignore[return-value]


def _flash_sums(programme: Programme) -> None:
    plan = Plan.of(programme)
    if plan.difference is not None:
        flash(_("The known contributions and the budget differ: look at the sums below."), "warning")


@bp.route("/<programme_id>/budget", methods=["GET", "POST"])
@signed_in
def budget(programme_id: str) -> Response:
    actor, found = manager(), found_programme(programme_id)
    form = BudgetForm.of(Plan.of(found))
    if form.validate_on_submit():
        begin_writing()
        found = found_programme(programme_id)
        planning.set_budget(actor, found, form.amount.amount, form.note, now=utcnow())
        db.session.commit()
        flash(_("The budget is saved: %(amount)s", amount=form.amount.said or _("not known")), "ok")
        _flash_sums(found_programme(programme_id))
        return _to_plan(programme_id)
    return _answer("programmes/budget.html", programme=found, form=form)


# Phases


def _phase(programme: Programme, code: str) -> Phase:
    found = next((one for one in Plan.of(programme).phases if one.code == code), None)
    if found is None:
        raise NOT_FOUND()
    return found


@bp.route("/<programme_id>/new-phase", methods=["GET", "POST"])
@signed_in
def new_phase(programme_id: str) -> Response:
    return _save_phase(programme_id, NewPhaseForm(), None)


@bp.route("/<programme_id>/phases/<code>", methods=["GET", "POST"])
@signed_in
def phase(programme_id: str, code: str) -> Response:
    manager()
    here = _phase(found_programme(programme_id), code)
    return _save_phase(programme_id, PhaseForm.of(here), here)


def _save_phase(programme_id: str, form: PhaseForm, here: Phase | None, problem: str = "") -> Response:
    actor, found = manager(), found_programme(programme_id)
    if not problem and form.validate_on_submit():
        begin_writing()
        found = found_programme(programme_id)
        code = here.code if here else form.code.data
        try:
            planning.save_phase(actor, found, form.phase(code), is_new=here is None, now=utcnow())
            db.session.commit()
        except Problem as wrong:
            _beside_code(form, wrong)
            found = found_programme(programme_id)
        else:
            flash(_("The phase is saved."), "ok")
            found = found_programme(programme_id)
            if Plan.of(found).uneven(found.starts_on, found.ends_on):
                flash(_("The days of the phases do not fit together: look below."), "warning")
            return _to_plan(programme_id)
    used = within_phase(found.id, here.code) if here else []
    return _answer("programmes/phase.html", programme=found, phase=here, form=form, used=used, problem=problem)


@bp.post("/<programme_id>/phases/<code>/remove")
@signed_in
def remove_phase(programme_id: str, code: str) -> Response:
    actor = manager()
    here = _phase(found_programme(programme_id), code)
    begin_writing()
    try:
        planning.remove_phase(actor, found_programme(programme_id), code, now=utcnow())
        db.session.commit()
    except Problem as wrong:
        db.session.rollback()
        if wrong.kind is not problems.PHASE_IN_USE:
            raise
        return _save_phase(programme_id, PhaseForm(formdata=None, data=_of_phase(here)), here, str(wrong))
    flash(_("%(name)s is taken away.", name=local_text(dict(here.name))), "ok")
    return _to_plan(programme_id)


def _of_phase(here: Phase) -> dict[str, Any]:
    names = {"name_ar": here.name.get("ar"), "name_fr": here.name.get("fr")}
    return {"starts_on": here.starts_on, "ends_on": here.ends_on, **names}


# Partners


def _partner(programme: Programme, code: str) -> Partner:
    found = next((one for one in Plan.of(programme).partners if one.code == code), None)
    if found is None:
        raise NOT_FOUND()
    return found


@bp.route("/<programme_id>/new-partner", methods=["GET", "POST"])
@signed_in
def new_partner(programme_id: str) -> Response:
    manager()
    return _save_partner(programme_id, NewPartnerForm.of(None), None)


@bp.route("/<programme_id>/partners/<code>", methods=["GET", "POST"])
@signed_in
def partner(programme_id: str, code: str) -> Response:
    manager()
    here = _partner(found_programme(programme_id), code)
    return _save_partner(programme_id, PartnerForm.of(here), here)


def _save_partner(programme_id: str, form: PartnerForm, here: Partner | None) -> Response:
    actor, found = manager(), found_programme(programme_id)
    if form.validate_on_submit():
        begin_writing()
        found = found_programme(programme_id)
        given = form.partner(here.code if here else form.code.data)
        try:
            planning.save_partner(actor, found, given, is_new=here is None, now=utcnow())
            db.session.commit()
        except Problem as wrong:
            _beside_code(form, wrong)
            found = found_programme(programme_id)
        else:
            lines = [line.form.amount.said or _("not known") for line in form.contributions if line.form.counts]
            name = local_text(dict(given.name))
            flash(_("%(name)s is saved.", name=name), "ok")
            for said in lines:
                flash(_("%(name)s brings: %(amount)s", name=name, amount=said), "ok")
            _flash_sums(found_programme(programme_id))
            return _to_plan(programme_id)
    return _answer("programmes/partner.html", programme=found, partner=here, form=form)


@bp.post("/<programme_id>/partners/<code>/remove")
@signed_in
def remove_partner(programme_id: str, code: str) -> Response:
    actor = manager()
    here = _partner(found_programme(programme_id), code)
    begin_writing()
    planning.remove_partner(actor, found_programme(programme_id), code, now=utcnow())
    db.session.commit()
    flash(_("%(name)s is taken away.", name=local_text(dict(here.name))), "ok")
    _flash_sums(found_programme(programme_id))
    return _to_plan(programme_id)


def _beside_code(form: Any, wrong: Problem) -> None:
    """A code that is taken or none is said beside its field; anything else is not for this page."""
    db.session.rollback()
    if wrong.kind not in (problems.BAD_CODE, problems.CODE_TAKEN) or not hasattr(form, "code"):
        raise wrong
    form.code.errors = [*form.code.errors, str(wrong)]
