"""A form on trial as a phone shows it: the phone's own code on records that are made up, with nothing kept.

The page stands apart from the phone's (/field/): another address, no worker, a store in memory (static/js/pages/preview.js).
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from markupsafe import Markup

from app.accounts.sessions import signed_in
from app.core import packing
from app.core.db import db
from app.core.languages import LANGUAGES, chosen_language, direction
from app.core.permissions import require
from app.core.web import CONTENT_SECURITY_POLICY, SHORT_POLICY
from app.instruments import queries
from app.instruments.columns import NotInColumns, columns_json
from app.instruments.lint import TOKENS
from app.instruments.models import InstrumentDraft
from app.instruments.problems import DRAFT_GONE
from app.pwa import assets, preview_assets
from app.registry.models import Programme

bp = Blueprint("preview", __name__)

FRAMED = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")


def _draft(draft_id: str) -> InstrumentDraft:
    found = db.session.get(InstrumentDraft, draft_id)
    if found is None:
        raise DRAFT_GONE()
    require(g.actor, "instrument.read", programme_id=found.programme_id)
    return found


@bp.get("/preview/<draft_id>")
@signed_in
def page(draft_id: str) -> Response:
    """For whoever sees the programme's instruments: in the office's frame, or on a phone of her own."""
    found = _draft(draft_id)
    wanted = request.args.get("lang", "")
    language = wanted if wanted in LANGUAGES else chosen_language()
    made = preview_assets.current()
    style, script = made.style, made.script[language]
    html = render_template(
        "pwa/preview.html",
        language=language,
        direction=direction(language),
        script=script.text,
        style=style.text,
        later=[url_for("preview.file", name=name) for name in made.later[language]],
        icon=assets.ICON,
        package=_within(_package(found.package)),
        trial=_within(json.dumps(_trial(found), ensure_ascii=False, separators=(",", ":"))),
    )
    content = html.encode()
    # A form is tried several times, in the office and on a phone.
    response = packing.answered(
        make_response(content), lambda encoding: packing.packed_before(content, encoding, packing.SOMETIMES)
    )
    policy = FRAMED.replace("script-src 'self'", f"script-src 'self' {script.source}")
    response.headers["Content-Security-Policy"] = policy.replace("style-src 'self'", f"style-src 'self' {style.source}")
    return response


def _within(text: str) -> Markup:
    """JSON as it stands within a page: in strings alone it has what could end an element."""
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704


def _package(text: str) -> str:
    """A package as phones fetch it: a third less of the page for 1,000 questions."""
    try:
        return columns_json(text)
    except NotInColumns:
        return text


def _trial(found: InstrumentDraft) -> dict[str, Any]:
    """What a phone would have pulled beside the package; records are made up."""
    files = queries.draft_data(found)[1]
    programme = db.session.get(Programme, found.programme_id)
    assert programme is not None
    # A consent text that nobody has filled yet shows where it will stand.
    unfilled: dict[str, Any] = {name: dict.fromkeys(LANGUAGES, f"[{name}]") for name in TOKENS if name != "programme_name"}
    return {
        "sha256": found.sha256,
        "datasets": {sha256: json.loads(content) for sha256, content in files.items()},
        "entities": queries.samples_for(found),
        "programme": {"id": programme.id, "name": programme.name, "consent": unfilled | dict(programme.consent or {})},
    }


@bp.get("/preview/later/<name>")
def file(name: str) -> Response:
    asset = preview_assets.current().files.get(name)
    if asset is None:
        abort(404)
    response = packing.answered(Response(asset.body, content_type=asset.type), asset.packed)
    response.headers["Content-Security-Policy"] = SHORT_POLICY
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
