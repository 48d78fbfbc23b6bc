"""What every answer has in common: language, security headers, anti-forgery tokens, and problems as JSON or as a page."""

from __future__ import annotations

import traceback
from typing import Any

from flask import Flask, Request, Response, current_app, g, jsonify, make_response, render_template, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core import problems
from app.core.db import db
from app.core.languages import LANGUAGES, LOCALES, babel, chosen_language, date_and_time, direction, long_date, number
from app.core.problems import Kind, Problem

csrf = CSRFProtect()

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; "
    "media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)
# What runs nothing, and of which a phone takes a dozen answers before it is ready, has a short one.
RUN_NOTHING = {"application/json", "text/css", "image/png", "image/svg+xml"}
SHORT_POLICY = "default-src 'none'; frame-ancestors 'none'"

# The sync protocol carries its own proofs; Flask's signed cookie would cost each delivery a tenth of its time.
WITHOUT_FORM_COOKIE = ("/api/sync/", "/api/field/")


class FormCookie(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if request.path.startswith(WITHOUT_FORM_COOKIE) else super().open_session(app, request)


KINDS_BY_STATUS = {
    400: problems.BAD_REQUEST,
    401: problems.NOT_SIGNED_IN,
    403: problems.NOT_ALLOWED,
    404: problems.NOT_FOUND,
    405: problems.WRONG_METHOD,
    413: problems.TOO_LARGE,
    503: problems.STORE_BUSY,
}


def init_app(app: Flask) -> None:
    # The name "session" belongs to the cookie of the signed-in person; Flask's own holds the anti-forgery secret and notices.
    # (Assigned, not setdefault: Flask fills these keys itself.)
    app.config["SESSION_COOKIE_NAME"] = "form"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_SECURE"] = bool(app.config["HTTPS"])
    # A page may stay open for days; the token lives as long as the cookie that it is bound to.
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    # Our own Referrer-Policy leaves nothing for a referrer check to look at; the token decides.
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)
    app.config["MAX_CONTENT_LENGTH"] = int(app.config["MAX_XLSFORM_BYTES"]) + 256 * 1024
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "../translations")
    if app.config["TRUSTED_PROXIES"]:
        count = int(app.config["TRUSTED_PROXIES"])
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.session_interface = FormCookie()
    babel.init_app(app, locale_selector=lambda: LOCALES[chosen_language()])
    csrf.init_app(app)
    app.after_request(_finish)
    app.register_error_handler(Problem, answer_problem)
    app.register_error_handler(CSRFError, lambda _error: answer_problem(problems.FORM_EXPIRED()))
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(OperationalError, _answer_store_error)
    app.register_error_handler(DataError, _answer_unfit_value)
    app.register_error_handler(Exception, _answer_bug)
    app.jinja_env.globals.update(language=chosen_language, direction=direction, LANGUAGES=LANGUAGES, actor=lambda: g.get("actor"))
    app.jinja_env.filters.update(
        number=number,
        long_date=lambda value: long_date(value, chosen_language()),
        date_and_time=lambda value: date_and_time(value, chosen_language()),
        local=local_text,
    )


def local_text(value: Any) -> str:
    """The reader's language of {"ar": …, "fr": …}, or the other one rather than nothing."""
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    here = chosen_language()
    return value.get(here) or next((text for text in value.values() if text), "")


def wants_json() -> bool:
    return request.path.startswith("/api/")


def answer_problem(problem: Problem) -> Response:
    """A problem as `application/problem+json` for /api/…, as a page in the reader's language otherwise."""
    db.session.rollback()
    kind = problem.kind
    if wants_json():
        response = jsonify(problem.to_json())
        response.content_type = "application/problem+json"
    else:
        response = make_response(render_template("accounts/problem.html", problem=problem))
    response.status_code = kind.status
    if "after_s" in problem.details:
        response.headers["Retry-After"] = str(problem.details["after_s"])
    if "offset" in problem.details:
        response.headers["Upload-Offset"] = str(problem.details["offset"])
    return response


def _answer_http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]
    code = error.code or 500
    kind = KINDS_BY_STATUS.get(code) or Kind(f"core.http_{code}", code, problems.BAD_REQUEST.message)
    if kind is problems.TOO_LARGE:
        most = request.max_content_length or current_app.config["MAX_CONTENT_LENGTH"]
        return answer_problem(kind(limit=max(1, most // (1024 * 1024))))
    return answer_problem(kind())


def _answer_store_error(error: OperationalError) -> Response:
    current_app.logger.error("The database refused: %s", str(error.orig).splitlines()[0] if error.orig else "no detail")
    return answer_problem(problems.STORE_BUSY(after_s=5))


def _answer_unfit_value(error: DataError) -> Response:
    """An address or a field held what the database cannot hold: PostgreSQL takes no U+0000 and no text beyond its column."""
    current_app.logger.warning("A value of %s %s does not fit: %s", request.method, request.url_rule, type(error.orig).__name__)
    return answer_problem(problems.BAD_REQUEST())


def _answer_bug(error: Exception) -> Response:
    if current_app.testing:
        raise error
    # Where it happened, without the message: messages quote what people wrote.
    frames = "".join(traceback.format_tb(error.__traceback__))
    current_app.logger.error("A bug in %s %s: %s\n%s", request.method, request.url_rule, type(error).__name__, frames)
    return answer_problem(problems.BUG())


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", SHORT_POLICY if response.mimetype in RUN_NOTHING else CONTENT_SECURITY_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    if current_app.config["HTTPS"] or request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    # Personal pages stay in no cache; what may be kept (static files, the shell) says so itself.
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response
