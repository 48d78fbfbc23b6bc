"""The office's page for rescue files."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.permissions import can, require
from app.core.problems import Problem
from app.rescue import copies, operations, problems

bp = Blueprint("rescue", __name__)

MAX_BYTES = 512 * 1024 * 1024


def allow_whole_file() -> None:
    """All the photos of a phone. Runs before anything reads the request, as the token's check does."""
    if request.endpoint == "rescue.bring" and can(g.actor, "device.manage"):
        request.max_content_length = MAX_BYTES


@bp.route("/phones/rescue", methods=["GET", "POST"])
@signed_in
def bring() -> ResponseReturnValue:
    require(g.actor, "device.manage")
    brought, problem = None, None
    if request.method == "POST":
        file = request.files.get("file")
        try:
            if file is None or not file.filename:
                raise problems.NOT_ONE()
            app = current_app._get_current_object()  # type: ignore[attr-defined]
            brought = operations.bring(app, cast(BinaryIO, file.stream), actor_id=g.actor.person_id, now=utcnow())
        except Problem as error:
            problem = error
    may_drop = can(g.actor, "programme.manage")
    page = render_template("rescue/bring.html", brought=brought, problem=problem, kept=copies.all_left(), may_drop=may_drop)
    return page, problem.kind.status if problem else 200


@bp.post("/phones/rescue/<sha256>/drop")
@signed_in
def drop(sha256: str) -> ResponseReturnValue:
    """What is left of a copy is needed no more."""
    require(g.actor, "programme.manage")
    operations.drop(g.actor.person_id, sha256, now=utcnow())
    flash(_("The rest of the file was deleted."), "done")
    return redirect(url_for("rescue.bring"))


@bp.get("/phones/rescue/<sha256>")
@signed_in
def receipts(sha256: str) -> Response:
    """Receipts of a file that was brought, for the phone it came from."""
    require(g.actor, "device.manage")
    content = operations.receipts_file(operations.receipts_of(sha256), now=utcnow())
    response = Response(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f"attachment; filename=daftar-receipts-{sha256[:8]}.daftar"
    return response
