"""The signed-in person of a request: the cookie, `g.actor`, and the decorators that ask for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property, wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Response, current_app, g, has_request_context, redirect, request, url_for
from flask.ctx import _AppCtxGlobals
from itsdangerous import BadSignature, URLSafeSerializer

from app.accounts import operations
from app.accounts.credentials import hashed
from app.accounts.models import SignInSession
from app.core.clock import utcnow
from app.core.db import db
from app.core.ids import new_id
from app.core.permissions import Actor
from app.core.problems import NOT_ALLOWED, NOT_SIGNED_IN

P = ParamSpec("P")
R = TypeVar("R")

COOKIE = "session"
KNOWN_COOKIE = "known"
ACCOUNTS_A_BROWSER_KNOWS = 8


class Globals(_AppCtxGlobals):
    """`g` with the signed-in person, looked up when first asked for: the sync protocol's requests never pay for it."""

    renew_cookie: str | None = None  # the session was used and lasts longer: so must its cookie

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)

    @cached_property
    def sign_in(self) -> SignInSession | None:
        token = session_token() if has_request_context() else None
        if not token:
            return None
        now = utcnow()
        found = operations.find_session(token, now=now, demo_allowed=current_app.config["DEMO"])
        if found is not None and now - found.last_seen_at > operations.TOUCH_EVERY:
            _touch(found.id)
            self.renew_cookie = token if token == request.cookies.get(COOKIE) else None
        return found

    @cached_property
    def actor(self) -> Actor | None:
        found = self.sign_in
        return operations.actor_of(found.person) if found else None

    @cached_property
    def language(self) -> str | None:
        actor = self.actor
        return actor.language if actor else None


def _touch(session_id: str) -> None:
    """Note the visit and push the end back, in a transaction of its own: a page that reads must not hold the write lock."""
    now = utcnow()
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        connection.execute(
            sa.update(SignInSession)
            .where(SignInSession.id == session_id)
            .values(last_seen_at=now, expires_at=now + timedelta(days=current_app.config["SESSION_DAYS"]))
        )


def session_token() -> str | None:
    """Of a phone, which keeps it sealed and names it in a header while it is unlocked; of a browser at the office, its cookie."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Session" and token else request.cookies.get(COOKIE)


def signed_in(view: Callable[P, R]) -> Callable[P, R | Response]:
    """For pages: sends whoever is not signed in to /sign-in and back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if g.actor is None:
            where = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("accounts.sign_in", next=where))  # type: ignore[return-value]
        return view(*args, **kwargs)

    return guarded


def signed_in_json(view: Callable[P, R]) -> Callable[P, R]:
    """For /api/…: answers NOT_SIGNED_IN. What changes something must also come from our own pages."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if request.method not in ("GET", "HEAD"):
            require_own_origin()
        if g.actor is None:
            raise NOT_SIGNED_IN()
        return view(*args, **kwargs)

    return guarded


def require_own_origin() -> None:
    """Stands in for an anti-forgery token, which would be older than a phone's queue (docs/sync.md, "Who may call")."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    same = site == "same-origin" if site is not None else origin is None or urlsplit(origin).netloc == request.host
    if "X-Sync-Proto" not in request.headers or not same:
        raise NOT_ALLOWED(action="cross_origin")


def safe_next(value: str | None) -> str | None:
    """A path of this server to go on to after signing in; anything that could name another server is dropped."""
    if not value or not value.startswith("/") or value.startswith(("//", "/\\")) or any(c in value for c in "\\\r\n\t"):
        return None
    parts = urlsplit(value)
    return value if not parts.scheme and not parts.netloc else None


def set_cookies(response: Response, token: str, username: str) -> None:
    """The session, and a signed note that this browser is known to the account (operations.authenticate)."""
    _set(response, COOKIE, token, days=current_app.config["SESSION_DAYS"])
    note_known(response, username)


def note_known(response: Response, username: str) -> None:
    known = _known()
    accounts = {**known["accounts"], _mark(username): 1}
    kept = dict(list(accounts.items())[-ACCOUNTS_A_BROWSER_KNOWS:])
    _set(response, KNOWN_COOKIE, _signer().dumps({"id": known["id"], "accounts": kept}), days=365)


def renew_cookie(response: Response) -> Response:
    if g.renew_cookie and not any(header.startswith(COOKIE + "=") for header in response.headers.getlist("Set-Cookie")):
        _set(response, COOKIE, g.renew_cookie, days=current_app.config["SESSION_DAYS"])
    return response


def clear_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=_secure())


def known_device(username: str) -> str:
    """The id of this browser if the account has signed in here before, else ""."""
    known = _known()
    return str(known["id"]) if _mark(username.strip().lower()) in known["accounts"] else ""


def _mark(username: str) -> str:
    return hashed(username)[:16]


def _known() -> dict[str, Any]:
    try:
        found = _signer().loads(request.cookies.get(KNOWN_COOKIE, ""))
        return {"id": str(found["id"]), "accounts": dict(found["accounts"])}
    except (BadSignature, KeyError, TypeError, ValueError):
        return {"id": new_id(), "accounts": {}}


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known-browser")


def _set(response: Response, name: str, value: str, *, days: int) -> None:
    response.set_cookie(name, value, max_age=days * 86400, path="/", httponly=True, samesite="Lax", secure=_secure())


def _secure() -> bool:
    return bool(current_app.config["HTTPS"]) or request.is_secure
