"""Signing in and out, the language, and the pages of people and their phones."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for

from app.accounts import operations, sessions
from app.accounts.forms import SignInForm
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import LANGUAGES
from app.core.problems import Problem

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    where = sessions.safe_next(request.args.get("next"))
    if request.method == "GET" and g.actor is not None:
        return redirect(where or "/")  # type: ignore[return-value]
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        try:
            return _signed_in(form.username.data, form.password.data, where)
        except Problem as problem:
            status = problem.kind.status
            form.password.errors = [str(problem)]
    response = make_response(render_template("accounts/sign_in.html", form=form), status)
    return response


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
    chosen = request.args.get("lang")
    if request.method != "GET" or chosen not in LANGUAGES or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return response
    secure = bool(current_app.config["HTTPS"]) or request.is_secure
    response.set_cookie("lang", chosen, max_age=365 * 86400, path="/", samesite="Lax", secure=secure)
    if response.status_code < 400 and g.actor is not None and g.actor.language != chosen:
        begin_writing()
        operations.set_language(g.actor.person_id, chosen)
        db.session.commit()
    return response
