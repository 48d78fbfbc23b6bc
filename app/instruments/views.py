"""Pages of the instruments: what is published, checking a form, publishing it."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadData, TimestampSigner

from app.accounts.sessions import signed_in
from app.accounts.working import working_programme
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.permissions import Actor, can, require
from app.core.problems import NOT_FOUND, Problem
from app.core.web import local_text
from app.instruments import consent, operations, problems, queries
from app.instruments.compiler import entity_lists
from app.instruments.files import MAX_ALL_MEDIA_BYTES, MAX_LIST_BYTES
from app.instruments.forms import CheckForm, OpenForm, PublishForm
from app.instruments.models import Instrument, InstrumentVersion
from app.instruments.operations import Given
from app.instruments.preview import preview
from app.instruments.words import token_name
from app.instruments.workbook import FORMATS, Unreadable, read_workbook, to_xlsx
from app.registry.models import Programme

bp = Blueprint("instruments", __name__, url_prefix="/instruments")

CHECK_LASTS_S = 3600

bp.add_app_template_global(token_name)


def _programme() -> Programme:
    return working_programme("instrument.read")


def _signer() -> TimestampSigner:
    return TimestampSigner(current_app.secret_key or "", salt="instruments.checked", digest_method=hashlib.sha256)


def _pack(programme_id: str, filename: str, content: bytes, given: Given) -> str:
    """What was checked, for the page to hand back: nothing is kept on the server until it is published."""
    head = json.dumps({"programme": programme_id, "name": filename, "lists": given.lists, "media": given.media}).encode()
    return _signer().sign(base64.urlsafe_b64encode(zlib.compress(head + b"\n" + content))).decode()


def unpack(packed: str) -> tuple[str, str, bytes, Given]:
    try:
        body = _signer().unsign(packed, max_age=CHECK_LASTS_S)
    except BadData:
        raise problems.UPLOAD_EXPIRED() from None
    head, _, content = zlib.decompress(base64.urlsafe_b64decode(body)).partition(b"\n")
    found = json.loads(head)
    return found["programme"], found["name"], content, Given(found["lists"], found["media"])


def allow_whole_file() -> None:
    """A form comes with its files, and the page hands them back as a field. Runs before anything reads the request: the
    token's check does. Whoever may not prepare a form gets no such room.
    """
    whole = ("instruments.check", "instruments.publish", "instruments.keep_draft")
    if request.endpoint in whole and can(g.actor, "instrument.prepare"):
        most = int(current_app.config["MAX_XLSFORM_BYTES"]) + MAX_LIST_BYTES + MAX_ALL_MEDIA_BYTES
        most *= 1 if request.endpoint == "instruments.check" else 2  # written in letters
        request.max_content_length = request.max_form_memory_size = most


def _page(programme: Programme, *, form: CheckForm | None = None, status: int = 200, **more: Any) -> Response:
    actor: Actor = g.actor
    may_publish = can(actor, "instrument.publish", programme_id=programme.id)
    may_prepare = can(actor, "instrument.prepare", programme_id=programme.id)
    published = queries.published(programme.id)
    return make_response(
        render_template(
            "instruments/list.html",
            programme=programme,
            published=published,
            waiting={one.version.id: consent.missing(programme, one.version) for one in published},
            library=queries.library_left(programme.id) if may_publish else [],
            newer=queries.library_newer(programme.id) if may_publish else [],
            first_forms=queries.FIRST_FORMS,
            may_manage=can(actor, "programme.manage", programme_id=programme.id),
            drafts=queries.drafts(programme.id) if may_prepare else [],
            may_publish=may_publish,
            may_prepare=may_prepare,
            form=form or (CheckForm(formdata=None) if may_prepare else None),
            **more,
        ),
        status,
    )


@bp.get("")
@signed_in
def list_instruments() -> Response:
    return _page(_programme())


@bp.post("/check")
@signed_in
def check() -> Response:
    """Compile what was sent and show what is wrong or what would change. Publishes nothing."""
    programme = _programme()
    require(g.actor, "instrument.prepare", programme_id=programme.id)
    form = CheckForm()
    if not form.validate_on_submit():
        return _page(programme, form=form, status=422)
    limit = int(current_app.config["MAX_XLSFORM_BYTES"])
    filename, content = form.file.data.filename or "form", form.file.data.read(limit + 1)
    try:
        given = operations.read_given((one.filename, one.read()) for one in form.files.data or [] if one and one.filename)
    except Problem as problem:
        form.files.errors = [str(problem)]
        return _page(programme, form=form, status=problem.kind.status)
    checked = operations.check(programme.id, filename, content, given, limit)
    compiled = checked.compiled
    shown: dict[str, Any] = {"filename": filename, "findings": compiled.errors + compiled.warnings, "checked": compiled}
    if not compiled.errors:
        there = queries.instrument(programme.id, compiled.package["form_id"])
        current = queries.current_version(there) if there else None
        same = queries.version(there, compiled.package["version"]) if there else None
        shown["is_same"] = same is not None and same.sha256 == compiled.sha256
        shown["is_taken"] = same is not None and same.sha256 != compiled.sha256
        shown["preview"] = preview(compiled.package, queries.package_of(current) if current else None)
        if same is None:
            packed = _pack(programme.id, filename, content, given)
            shown["draft_form"] = PublishForm(formdata=None, checked=packed)
            if can(g.actor, "instrument.publish", programme_id=programme.id):
                shown["publish_form"] = PublishForm(formdata=None, checked=packed)
    return _page(programme, status=422 if compiled.errors else 200, list_names=entity_lists(), **shown)


@bp.post("/publish")
@signed_in
def publish() -> Response:
    form = PublishForm()
    if not form.validate_on_submit():
        raise problems.UPLOAD_EXPIRED()
    programme_id, filename, content, given = unpack(form.checked.data or "")
    require(g.actor, "instrument.publish", programme_id=programme_id)
    checked = operations.check(programme_id, filename, content, given, int(current_app.config["MAX_XLSFORM_BYTES"]))
    actor = g.actor
    begin_writing()
    version = operations.publish_checked(actor, programme_id, checked, utcnow())
    name, title = version.version, local_text(checked.compiled.package["title"])
    db.session.commit()
    flash(
        _("%(form)s: version %(version)s is published. Phones take it at their next sync.", form=title, version=name), "success"
    )
    return redirect(url_for("instruments.list_instruments", programme=programme_id))  # type: ignore[return-value]


@bp.post("/library")
@signed_in
def publish_library() -> Response:
    """Publish forms that come with Daftar; what the programme has already stays as it is."""
    if number := _publish_all(operations.check_library):
        flash(
            ngettext(
                "%(num)s form is published. Phones take it at their next sync.",
                "%(num)s forms are published. Phones take them at their next sync.",
                number,
            ),
            "success",
        )
    else:
        flash(_("Choose at least one form."), "warning")
    return redirect(url_for("instruments.list_instruments", programme=_programme().id))  # type: ignore[return-value]


@bp.post("/newer")
@signed_in
def publish_newer() -> Response:
    """Publish newer versions of forms that come with Daftar. Forms under way go over to them as to any version."""
    if number := _publish_all(operations.check_newer):
        flash(
            ngettext(
                "%(num)s newer version is published. Phones take it at their next sync; forms under way go over to it.",
                "%(num)s newer versions are published. Phones take them at their next sync; forms under way go over to them.",
                number,
            ),
            "success",
        )
    else:
        flash(_("Nothing was published: the programme has the newest versions of the chosen forms."), "warning")
    return redirect(url_for("instruments.list_instruments", programme=_programme().id))  # type: ignore[return-value]


def _publish_all(check: Callable[[str, list[str]], list[operations.Checked]]) -> int:
    """Publish those of the forms that were ticked which `check` gives; how many."""
    programme = _programme()
    require(g.actor, "instrument.publish", programme_id=programme.id)
    actor, programme_id = g.actor, programme.id
    found = check(programme_id, request.form.getlist("form_id"))
    begin_writing()
    for checked in found:
        operations.publish_checked(actor, programme_id, checked, utcnow())
    db.session.commit()
    return len(found)


@bp.post("/<instrument_id>/open")
@signed_in
def set_open(instrument_id: str) -> Response:
    form = OpenForm()
    if not form.validate_on_submit():
        raise NOT_FOUND()
    actor = g.actor
    begin_writing()
    instrument = operations.set_open(actor, instrument_id, form.is_open.data == "1", utcnow())
    is_open, programme_id = instrument.is_open, instrument.programme_id
    db.session.commit()
    flash(_("The form is open.") if is_open else _("The form is closed: phones start no new ones."), "success")
    return redirect(url_for("instruments.list_instruments", programme=programme_id))  # type: ignore[return-value]


@bp.get("/<version_id>/<kind>")
@signed_in
def download(version_id: str, kind: str) -> Response:
    """The source as uploaded, the same as .xlsx, or the XForm that pyxform made: nobody is locked in."""
    version = db.session.get(InstrumentVersion, version_id)
    instrument = db.session.get(Instrument, version.instrument_id) if version else None
    if version is None or instrument is None or kind not in ("source", "xlsx", "xform"):
        raise NOT_FOUND()
    require(g.actor, "instrument.read", programme_id=instrument.programme_id)
    stem = f"{instrument.form_id}-{version.version}"
    if kind == "xform":
        return _attachment(version.xform.encode(), f"{stem}.xml", "application/xml")
    suffix = next((one for one in FORMATS if version.source_name.lower().endswith(one)), "")
    if kind == "source":
        return _attachment(version.source, stem + suffix, "application/octet-stream")
    try:
        book = to_xlsx(read_workbook(version.source_name, version.source))
    except Unreadable:
        raise NOT_FOUND() from None
    return _attachment(book, f"{stem}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def _attachment(body: bytes, name: str, mimetype: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
