"""Pages of forms on trial: kept before they are published, and filled in the frame of a phone (app/pwa/preview.py)."""

from __future__ import annotations

import json

from flask import Response, current_app, flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _

from app.accounts.sessions import signed_in
from app.core import qr
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import chosen_language
from app.core.permissions import can, require
from app.core.web import CONTENT_SECURITY_POLICY, local_text
from app.instruments import operations, problems, queries
from app.instruments.compiler import entity_lists
from app.instruments.forms import DraftForm, PublishForm
from app.instruments.models import InstrumentDraft
from app.instruments.operations import Given
from app.instruments.preview import preview
from app.instruments.views import bp, unpack
from app.registry.models import Programme


@bp.post("/drafts")
@signed_in
def keep_draft() -> Response:
    """Keep a form that was checked, to try it; nothing is published."""
    form = PublishForm()
    if not form.validate_on_submit():
        raise problems.UPLOAD_EXPIRED()
    programme_id, filename, content, given = unpack(form.checked.data or "")
    require(g.actor, "instrument.prepare", programme_id=programme_id)
    checked = operations.check(programme_id, filename, content, given, int(current_app.config["MAX_XLSFORM_BYTES"]))
    actor = g.actor
    begin_writing()
    draft_id = operations.keep_draft(actor, programme_id, checked, given, utcnow()).id
    db.session.commit()
    return redirect(url_for("instruments.draft", draft_id=draft_id))  # type: ignore[return-value]


def _draft(draft_id: str, action: str = "instrument.prepare") -> InstrumentDraft:
    found = db.session.get(InstrumentDraft, draft_id)
    if found is None:
        raise problems.DRAFT_GONE()
    require(g.actor, action, programme_id=found.programme_id)
    return found


@bp.get("/drafts/<draft_id>")
@signed_in
def draft(draft_id: str) -> Response:
    """A form on trial: in the frame of a phone, and by a code on a real one."""
    found = _draft(draft_id)
    package, _lists = queries.draft_data(found)
    there = queries.instrument(found.programme_id, found.form_id)
    current = queries.current_version(there) if there else None
    address = url_for("preview.page", draft_id=found.id, _external=True)
    names = entity_lists()
    samples = {names.get(name, {}).get(chosen_language(), name): rows for name, rows in queries.samples_for(found).items()}
    response = make_response(
        render_template(
            "instruments/draft.html",
            programme=db.session.get(Programme, found.programme_id),
            draft=found,
            preview=preview(package, queries.package_of(current) if current else None),
            package=package,
            list_names=names,
            samples=samples,
            address=address,
            code=qr.drawing(address),
            may_publish=can(g.actor, "instrument.publish", programme_id=found.programme_id),
            form=DraftForm(formdata=None),
        )
    )
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return response


@bp.post("/drafts/<draft_id>/publish")
@signed_in
def publish_draft(draft_id: str) -> Response:
    if not DraftForm().validate_on_submit():
        raise problems.UPLOAD_EXPIRED()
    found = _draft(draft_id, "instrument.publish")
    programme_id, name, source, given = found.programme_id, found.source_name, found.source, Given(**json.loads(found.lists))
    checked = operations.check(programme_id, name, source, given, int(current_app.config["MAX_XLSFORM_BYTES"]))
    actor = g.actor
    begin_writing()
    version = operations.publish_checked(actor, programme_id, checked, utcnow())
    published, title = version.version, local_text(checked.compiled.package["title"])
    operations.drop_draft(actor, _draft(draft_id))
    db.session.commit()
    flash(
        _("%(form)s: version %(version)s is published. Phones take it at their next sync.", form=title, version=published),
        "success",
    )
    return redirect(url_for("instruments.list_instruments", programme=programme_id))  # type: ignore[return-value]


@bp.post("/drafts/<draft_id>/drop")
@signed_in
def drop_draft(draft_id: str) -> Response:
    if not DraftForm().validate_on_submit():
        raise problems.UPLOAD_EXPIRED()
    actor = g.actor
    begin_writing()
    found = _draft(draft_id)
    programme_id = found.programme_id
    operations.drop_draft(actor, found)
    db.session.commit()
    flash(_("The draft was put away."), "success")
    return redirect(url_for("instruments.list_instruments", programme=programme_id))  # type: ignore[return-value]
