"""Signing in and out, the language, and the pages of people and their phones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from app.accounts import forms, operations, queries, sessions
from app.accounts.forms import NewPersonForm, PasswordForm, PersonForm, RoleForm, SignInForm
from app.accounts.models import Membership, Person
from app.accounts.problems import OUTSIDE_PROGRAMME
from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import LANGUAGES, chosen_language
from app.core.permissions import Actor, require
from app.core.problems import NOT_ALLOWED, NOT_FOUND, Problem
from app.core.web import local_text
from app.registry import places

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    where = sessions.safe_next(request.args.get("next"))
    if request.method == "GET" and g.actor is not None:
        return redirect(where or "/")  # type: ignore[return-value]
    form = SignInForm()
    status, headers = 200, {}
    if form.validate_on_submit():
        try:
            return _signed_in(form.username.data, form.password.data, where)
        except Problem as problem:
            status = problem.kind.status
            form.password.errors = [str(problem)]
            if "after_s" in problem.details:
                headers["Retry-After"] = str(problem.details["after_s"])
    return make_response(render_template("accounts/sign_in.html", form=form), status, headers)


def _signed_in(username: str, password: str, where: str | None) -> Response:
    now = utcnow()
    begin_writing()
    person = operations.authenticate(
        username, password, known_device=sessions.known_device(username), now=now, demo_allowed=current_app.config["DEMO"]
    )
    # A new token at each sign-in: one that was planted in the browser before stays worthless (AS-25).
    old = request.cookies.get(sessions.COOKIE)
    if old:
        operations.end_session(old, now=now)
    token = operations.start_session(
        person, now=now, days=current_app.config["SESSION_DAYS"], user_agent=request.headers.get("User-Agent", "")
    )
    username = person.username
    db.session.commit()
    response = redirect(where or "/")
    sessions.set_cookies(response, token, username)  # type: ignore[arg-type]
    _keep_language(response, chosen_language())  # type: ignore[arg-type]  # the one in which she reads goes on
    return response  # type: ignore[return-value]


@bp.post("/sign-out")
def sign_out() -> Response:
    token = request.cookies.get(sessions.COOKIE)
    if token:
        begin_writing()
        operations.end_session(token, now=utcnow())
        db.session.commit()
    response = redirect(url_for("accounts.sign_in"))
    sessions.clear_cookie(response)  # type: ignore[arg-type]
    return response  # type: ignore[return-value]


@bp.after_app_request
def remember_language(response: Response) -> Response:
    """`?lang=fr` on any page is a choice: kept in a cookie, and with the account of whoever is signed in."""
    chosen = request.args.get("lang") if request.method == "GET" else None
    if chosen not in LANGUAGES or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return response
    _keep_language(response, chosen)
    if response.status_code < 400 and g.actor is not None and g.actor.language != chosen:
        begin_writing()
        operations.set_language(g.actor.person_id, chosen)
        db.session.commit()
    return response


def _keep_language(response: Response, language: str) -> None:
    secure = bool(current_app.config["HTTPS"]) or request.is_secure
    response.set_cookie("lang", language, max_age=365 * 86400, path="/", samesite="Lax", secure=secure)


# People


def _manager() -> Actor:
    require(g.actor, "people.manage")
    actor: Actor = g.actor
    return actor


def _managed(person_id: str) -> Person:
    """The account, if the reader manages it; what she does not manage looks like what does not exist."""
    actor = _manager()
    person = db.session.get(Person, person_id)
    if person is None or not operations.manages(actor, person):
        raise NOT_FOUND()
    return person


def _roles_for(actor: Actor) -> list[SelectChoice]:
    return [
        SelectChoice(value, str(name)) for value, name in forms.ROLES.items() if actor.is_administrator or value == "facilitator"
    ]


def _fill_role(
    form: RoleForm | NewPersonForm,
    actor: Actor,
    programme_ids: list[str],
    *,
    may_remove: bool = False,
    held: Membership | None = None,
) -> None:
    """Choices that the reader may give: nobody gives more than she has."""
    form.role.choices = _roles_for(actor) + ([SelectChoice("", _("No role in this programme"))] if may_remove else [])
    every = actor.is_administrator or any(
        (grant := actor.grants.get(one)) is not None and grant.organisation_id is None for one in programme_ids
    )
    offered = queries.organisations(actor, programme_ids, held.organisation_id if held else None)
    form.organisation.choices = ([SelectChoice("", _("All organisations"))] if every else []) + [
        SelectChoice(one.id, local_text(one.name)) for one in offered
    ]


def _people(actor: Actor, search: str = "") -> list[Person]:
    return [one for one in queries.people(actor, search) if actor.is_administrator or operations.manages(actor, one)]


def _place(code: str) -> str:
    return places.full_name(code, chosen_language())


@bp.app_context_processor
def _place_choices() -> dict[str, object]:
    return {"place_choices": lambda: places.choices(chosen_language())}


@bp.get("/people")
@signed_in
def people() -> str:
    actor = _manager()
    search = request.args.get("q", "").strip()[:80]
    return render_template(
        "accounts/people.html", people=queries.people(actor, search), search=search, roles=forms.ROLES, place=_place
    )


@bp.route("/people/new", methods=["GET", "POST"])
@signed_in
def new_person() -> Response:
    actor = _manager()
    form = NewPersonForm()
    programmes = queries.programmes(actor)
    form.programme.choices = [SelectChoice(one.id, local_text(one.name)) for one in programmes]
    if actor.is_administrator:
        form.programme.choices.append(SelectChoice("", _("No role in this programme")))
    else:
        del form.is_administrator
    if request.method == "GET" and session.get("programme") in {one.id for one in programmes}:
        form.programme.data = session["programme"]
    _fill_role(form, actor, [one.id for one in programmes])
    status = 200
    if form.is_submitted() and _is_right(form):
        try:
            return _create(actor, form)
        except Problem as problem:
            db.session.rollback()
            status = problem.kind.status
            flash(str(problem), "error")
    elif request.method == "POST":
        status = 422
    return make_response(render_template("accounts/new_person.html", form=form), status)


def _is_right(form: NewPersonForm) -> bool:
    """Everything that is wrong at once, each beside its field."""
    right = bool(form.validate())
    username, password = (form.username.data or "").strip().lower(), form.password.data
    if username:
        right = _holds(form.username, partial(operations.check_username, username)) and right
    if password:
        right = _holds(form.password, partial(operations.check_password, username or "\0", password)) and right
    if form.programme.data and form.role.data:
        right = form.validate_places() and right
    return right


def _holds(field: Any, check: Callable[[], None]) -> bool:
    try:
        check()
    except Problem as problem:
        field.errors = [*field.errors, str(problem)]
        return False
    return True


def _create(actor: Actor, form: NewPersonForm) -> Response:
    now, password = utcnow(), form.password.data or queries.a_password()
    begin_writing()
    person = operations.create_person(
        username=form.username.data,
        name={"ar": form.name_ar.data, "fr": form.name_fr.data},
        password=password,
        language=form.language.data,
        email=form.email.data or "",
        phone=form.phone.data or "",
        is_administrator=bool(actor.is_administrator and form.is_administrator.data),
        now=now,
        by=actor,
    )
    if form.programme.data:
        _set_role(actor, person, form.programme.data, form)
    elif not actor.is_administrator:
        raise NOT_ALLOWED(action="people.manage")
    person_id = person.id
    db.session.commit()
    _say_password(form.username.data.strip().lower(), password, shown=not form.password.data, saved=_("The account is saved."))
    return redirect(url_for("accounts.person", person_id=person_id))  # type: ignore[return-value]


def _say_password(username: str, password: str, *, shown: bool, saved: str) -> None:
    if shown:
        flash(
            _(
                "The password of %(username)s is %(password)s. Write it down now: it is not shown again.",
                username=username,
                password=password,
            ),
            "warning",
        )
    else:
        flash(saved, "ok")


def _set_role(actor: Actor, person: Person, programme_id: str, form: RoleForm | NewPersonForm) -> None:
    role, organisation_id = form.role.data or None, form.organisation.data or None
    territories = list(form.territories.data)
    if role is not None:
        operations.require_gives_role(actor, programme_id, role, organisation_id, territories)
    operations.set_role(
        person, programme_id, role, organisation_id=organisation_id, territories=territories, now=utcnow(), by=actor
    )


@bp.route("/people/<person_id>", methods=["GET", "POST"])
@signed_in
def person(person_id: str) -> Response:
    actor, managed = _manager(), _managed(person_id)
    form = PersonForm(
        data={
            "name_ar": managed.name.get("ar"),
            "name_fr": managed.name.get("fr"),
            "language": managed.language,
            "email": managed.email,
            "phone": managed.phone,
        }
    )
    if form.validate_on_submit():
        begin_writing()
        managed = _managed(person_id)
        managed.name = {"ar": form.name_ar.data, "fr": form.name_fr.data}
        managed.language = form.language.data
        managed.email, managed.phone = form.email.data or "", form.phone.data or ""
        db.session.commit()
        flash(_("The account is saved."), "ok")
        return redirect(url_for("accounts.person", person_id=person_id))  # type: ignore[return-value]
    return make_response(_person_page(actor, managed, form), 422 if request.method == "POST" else 200)


def _person_page(actor: Actor, managed: Person, form: PersonForm) -> str:
    held = {one.programme_id: one for one in managed.memberships}
    role_forms = []
    for programme in queries.programmes(actor):
        has = held.get(programme.id)
        role_form = RoleForm(
            formdata=None,
            prefix=f"{programme.code}-",
            data={
                "role": has.role if has else "",
                "organisation": (has.organisation_id or "") if has else "",
                "territories": list(has.territories or []) if has else [],
                "everywhere": ("no" if has.territories else "yes") if has else None,
            },
        )
        _fill_role(role_form, actor, [programme.id], may_remove=True, held=has)
        role_forms.append((programme, role_form))
    return render_template(
        "accounts/person.html",
        person=managed,
        form=form,
        role_forms=role_forms,
        sessions=queries.sessions_of(managed, utcnow()),
        phones=queries.phones([managed]),
        is_self=managed.id == actor.person_id,
    )


@bp.post("/people/<person_id>/role/<programme_id>")
@signed_in
def set_role(person_id: str, programme_id: str) -> Response:
    actor, managed = _manager(), _managed(person_id)
    held = next((one for one in managed.memberships if one.programme_id == programme_id), None)
    programme = next((one for one in queries.programmes(actor) if one.id == programme_id), None)
    if programme is None:
        raise NOT_FOUND()
    form = RoleForm(prefix=f"{programme.code}-")
    _fill_role(form, actor, [programme_id], may_remove=True, held=held)
    if form.validate() and (not form.role.data or form.validate_places()):
        begin_writing()
        try:
            _set_role(actor, _managed(person_id), programme_id, form)
        except Problem as problem:
            if problem.kind is not OUTSIDE_PROGRAMME:
                raise
            db.session.rollback()
            flash(str(problem), "error")
            return _back_to(person_id)
        db.session.commit()
        flash(_("The role is saved. Phones take the change at their next contact."), "ok")
    else:
        flash(" ".join(str(text) for texts in form.errors.values() for text in texts), "error")
        return _back_to(person_id)
    # Without a role left, a coordinator no longer manages this account.
    return redirect(url_for("accounts.people"))  # type: ignore[return-value]


@bp.get("/people/<person_id>/confirm/<what>")
@signed_in
def confirm(person_id: str, what: str) -> str:
    """The step before what cannot be taken back: says what will happen, and what will not."""
    actor, managed = _manager(), _managed(person_id)
    if what not in ("password", "deactivate", "sessions") or (what == "deactivate" and person_id == actor.person_id):
        raise NOT_FOUND()
    return _confirm_page(managed, what, PasswordForm(formdata=None))


def _confirm_page(managed: Person, what: str, form: PasswordForm) -> str:
    unsent = sum(phone.unsent for phone in queries.phones([managed]))
    return render_template("accounts/confirm.html", person=managed, what=what, password_form=form, unsent=unsent)


@bp.post("/people/<person_id>/password")
@signed_in
def reset_password(person_id: str) -> Response:
    actor, form = _manager(), PasswordForm()
    typed, made = form.password.data or "", request.form.get("make") == "1"
    if not typed and not made:
        form.password.errors = [_("Write the new password, or have one made below.")]
        return make_response(_confirm_page(_managed(person_id), "password", form), 422)
    password = queries.a_password() if made else typed
    begin_writing()
    managed = _managed(person_id)
    username = managed.username
    try:
        operations.set_password(managed, password, now=utcnow(), by=actor)
    except Problem as problem:
        db.session.rollback()
        form.password.errors = [str(problem)]
        return make_response(_confirm_page(_managed(person_id), "password", form), problem.kind.status)
    db.session.commit()
    _say_password(username, password, shown=made, saved=_("The new password of %(username)s is saved.", username=username))
    return _back_to(person_id)


@bp.post("/people/<person_id>/active")
@signed_in
def set_active(person_id: str) -> Response:
    actor = _manager()
    if person_id == actor.person_id:
        raise NOT_FOUND()  # nobody locks herself out
    begin_writing()
    managed, active = _managed(person_id), request.form.get("active") == "1"
    operations.set_active(managed, active, now=utcnow(), by=actor)
    name = local_text(managed.name)
    db.session.commit()
    flash(_("%(name)s can sign in again.", name=name) if active else _("%(name)s can no longer sign in.", name=name), "ok")
    return _back_to(person_id)


@bp.post("/people/<person_id>/sessions/end")
@signed_in
def end_sessions(person_id: str) -> Response:
    begin_writing()
    ended = operations.end_all_sessions(_managed(person_id), now=utcnow())
    db.session.commit()
    flash(_("Sessions ended: %(count)s.", count=ended), "ok")
    return _back_to(person_id)


def _back_to(person_id: str) -> Response:
    return redirect(url_for("accounts.person", person_id=person_id))  # type: ignore[return-value]
