"""Pages of an administrator: the receivers of a programme, and what each was told."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.problems import NOT_FOUND, Problem
from app.hooks import operations, queries, words
from app.hooks.addresses import Rules
from app.hooks.forms import HookForm
from app.hooks.models import Hook
from app.registry.models import Programme

bp = Blueprint("hooks", __name__, url_prefix="/programmes/<programme_id>/hooks")


def _programme(programme_id: str) -> Programme:
    found = queries.programme(g.actor, programme_id)
    session["programme"] = found.id
    return found


def _hook(programme_id: str, hook_id: str) -> Hook:
    _programme(programme_id)
    found = queries.hook(hook_id, programme_id)
    if found is None:
        raise NOT_FOUND()
    return found


def _to(hook_id: str, programme_id: str) -> Response:
    return redirect(url_for("hooks.hook", programme_id=programme_id, hook_id=hook_id))  # type: ignore[return-value]


@bp.route("", methods=["GET", "POST"])
@signed_in
def list_hooks(programme_id: str) -> Response:
    found = _programme(programme_id)
    form = HookForm.of(None)
    checked = form.checked(Rules.of(current_app.config))
    if checked is not None:
        begin_writing()
        try:
            made = operations.create(g.actor, _programme(programme_id), checked, now=utcnow())
            hook_id = made.id
            db.session.commit()
        except Problem as problem:
            db.session.rollback()
            form.show(problem)
        else:
            flash(_("The receiver is saved. Give it the secret, then try it with “Send a test”."), "ok")
            return _to(hook_id, programme_id)
        found = _programme(programme_id)
    html = render_template("hooks/list.html", programme=found, hooks=queries.hooks(programme_id), form=form)
    return make_response(html, 422 if request.method == "POST" else 200)


@bp.route("/<hook_id>", methods=["GET", "POST"])
@signed_in
def hook(programme_id: str, hook_id: str) -> Response:
    found = _hook(programme_id, hook_id)
    form = HookForm.of(found)
    checked = form.checked(Rules.of(current_app.config))
    if checked is not None:
        begin_writing()
        operations.change(g.actor, _hook(programme_id, hook_id), checked, now=utcnow())
        db.session.commit()
        flash(_("The receiver is saved."), "ok")
        return _to(hook_id, programme_id)
    html = render_template(
        "hooks/hook.html",
        programme=_programme(programme_id),
        one=queries.shown(found),
        form=form,
        deliveries=queries.deliveries(found),
        most=queries.MOST_SHOWN,
        days=current_app.config["HOOKS_DAYS"],
        words=words,
    )
    return make_response(html, 422 if request.method == "POST" else 200)


@bp.post("/<hook_id>/test")
@signed_in
def test(programme_id: str, hook_id: str) -> Response:
    begin_writing()
    found = _hook(programme_id, hook_id)
    operations.test(g.actor, found, _programme(programme_id).code, now=utcnow())
    is_on = found.is_on
    db.session.commit()
    if is_on:
        flash(_("The test is on its way. Its answer appears below in a few seconds: reload the page."), "ok")
    else:
        flash(_("The test waits: notices to this receiver are switched off."), "warning")
    return _to(hook_id, programme_id)


@bp.post("/<hook_id>/again")
@signed_in
def again(programme_id: str, hook_id: str) -> Response:
    begin_writing()
    found = _hook(programme_id, hook_id)
    count = operations.again(g.actor, found, delivery_id=request.form.get("delivery", ""), now=utcnow())
    db.session.commit()
    flash(ngettext("%(num)s notice is sent again.", "%(num)s notices are sent again.", count), "ok" if count else "warning")
    return _to(hook_id, programme_id)


@bp.post("/<hook_id>/remove")
@signed_in
def remove(programme_id: str, hook_id: str) -> Response:
    begin_writing()
    operations.remove(g.actor, _hook(programme_id, hook_id), now=utcnow())
    db.session.commit()
    flash(_("The receiver is removed. Nothing more is sent to it."), "ok")
    return redirect(url_for("hooks.list_hooks", programme_id=programme_id))  # type: ignore[return-value]
