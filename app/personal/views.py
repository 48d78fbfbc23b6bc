"""The page for whoever answers to the law on personal data (09-08): find somebody, give out, correct, erase; and retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.sessions import signed_in
from app.accounts.working import working_programme
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import chosen_language
from app.core.permissions import Actor, can, require
from app.core.problems import NOT_FOUND, Problem
from app.core.web import local_text
from app.instruments.models import Instrument
from app.personal import erasing, exporting, later, operations
from app.personal.finding import MOST_LOOKED_AT, Found, search
from app.personal.words import kind_words, name_words
from app.registry.models import Programme

bp = Blueprint("personal", __name__)


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor


def _programme() -> str:
    programme_id = working_programme("person.manage").id
    operations.require_whole(_actor(), programme_id)
    return programme_id


@dataclass(frozen=True)
class Shown:
    place: Found
    kind: str
    name: str
    values: str
    address: str


@bp.get("/personal-data")
@signed_in
def home() -> Response:
    return _page(_programme())


MOST_MONTHS = 1200


def _page(
    programme_id: str, *, status: int = 200, problem: str = "", typed: Any = None, months: dict[str, str] | None = None
) -> Response:
    """`months`: what was typed as times of retention, by form, where some of it is wrong."""
    text, record_id = request.values.get("q", "").replace("\0", "")[:100].strip(), request.values.get("record", "")[:36]
    found = None
    if text or record_id:
        try:
            found = search(programme_id, operations.asked(text, record_id))
        except Problem as refused:
            problem, status = str(refused), refused.kind.status
    html = render_template(
        "personal/home.html",
        search=text,
        record_id=record_id,
        found=found,
        places=_shown(programme_id, found.found) if found else [],
        values=sorted({value for one in found.found if one.kind in ("record", "property") for value in one.values})
        if found
        else [],
        most=MOST_LOOKED_AT,
        retention=_retention(programme_id),
        months=months,
        is_month=_is_month,
        most_months=MOST_MONTHS,
        promised=_promised(programme_id),
        may_manage=can(_actor(), "programme.manage", programme_id=programme_id),
        problem=problem,
        typed=typed or {},
    )
    return make_response(html, status)


def _shown(programme_id: str, places: list[Found]) -> list[Shown]:
    language = chosen_language()
    order = ["record", "property", "said", "row", "answer", "file", "waiting", "aside", "text", "import", "account"]
    found = []
    for one in sorted(places, key=lambda place: (order.index(place.kind), not place.is_sure)):
        address = ""
        if one.kind in ("record", "property", "said"):
            address = url_for("records.record", list_name=one.list_name, record_id=one.object_id)
        elif one.kind in ("row", "answer", "file"):
            address = url_for("review.submission", submission_id=one.object_id)
        values = " · ".join(one.values)
        found.append(Shown(one, kind_words(one.kind), name_words(programme_id, one, language), values[:160], address))
    return found


def _retention(programme_id: str) -> list[tuple[Instrument, int]]:
    """Each instrument with what is due today."""
    due = {one.instrument.id: len(one.submissions) for one in later.expired(programme_id, now=utcnow()).due}
    return [(one, due.get(one.id, 0)) for one in _instruments(programme_id)]


def _instruments(programme_id: str) -> list[Instrument]:
    query = sa.select(Instrument).where(Instrument.programme_id == programme_id).order_by(Instrument.form_id)
    return list(db.session.scalars(query))


def _is_month(text: str) -> bool:
    """Empty: no limit."""
    return text == "" or (text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= MOST_MONTHS)


def _promised(programme_id: str) -> str:
    """What the forms say aloud about it."""
    programme = db.session.get_one(Programme, programme_id)
    return local_text((programme.consent or {}).get("retention"))


@bp.post("/personal-data")
@signed_in
def act() -> Response:
    """What is done with the ticked places: the file, a correction, or the erasure after a second look."""
    programme_id, actor, form = _programme(), _actor(), request.form
    keys, action = set(form.getlist("key")), form.get("action", "")
    try:
        who = operations.asked(form.get("q", "").replace("\0", "")[:100].strip(), form.get("record", "")[:36])
        if action in ("erase", "anonymise") and form.get("sure") != "yes":
            return _ask(programme_id, who, keys, action)
        # Looked for before the write lock is taken: it reads for seconds. What is written is read once more under the lock.
        again, ticked = operations.chosen(programme_id, who, keys, most=MOST_LOOKED_AT)
        begin_writing()
        if action == "export":
            content = exporting.write(actor, programme_id, ticked, chosen_language(), now=utcnow())
            db.session.commit()
            response = Response(content, mimetype="application/zip")
            response.headers.set("Content-Disposition", "attachment", filename="donnees-personnelles.zip")
            return response
        if action == "correct":
            count = operations.correct(actor, programme_id, ticked, form.get("was", ""), form.get("now", ""), now=utcnow())
            db.session.commit()
            flash(ngettext("%(num)d record corrected.", "%(num)d records corrected.", count), "done")
            return redirect(url_for("personal.home", q=form.get("now", "").strip()))  # type: ignore[return-value]
        if action not in ("erase", "anonymise"):
            raise NOT_FOUND()
        seen = form.get("seen", "")
        shown = min(int(seen), again.seq) if seen.isdecimal() and len(seen) < 16 else again.seq
        done = erasing.erase(actor, programme_id, who, ticked, archive=action == "erase", now=utcnow(), seen=shown)
        db.session.commit()
        erasing.finish(done)
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status != 422:
            raise
        return _page(programme_id, status=422, problem=str(problem), typed=form)
    flash(
        _(
            "Erased: %(records)s records, %(answers)s answers in %(submissions)s submissions, %(files)s files. "
            "Phones follow at their next contact.",
            records=done.records + done.properties,
            answers=done.answers,
            submissions=done.submissions,
            files=done.files,
        ),
        "done",
    )
    return redirect(url_for("personal.home"))  # type: ignore[return-value]


def _ask(programme_id: str, who: Any, keys: set[str], action: str) -> Response:
    _found, ticked = operations.chosen(programme_id, who, keys, most=MOST_LOOKED_AT)
    html = render_template(
        "personal/confirm.html",
        places=_shown(programme_id, ticked),
        files=sum(len(one.files) for one in ticked),
        action=action,
        search=request.form.get("q", ""),
        record_id=request.form.get("record", ""),
        seen=request.form.get("seen", ""),
    )
    return make_response(html)


@bp.post("/personal-data/retention")
@signed_in
def set_retention() -> Response:
    """How long each instrument keeps personal answers."""
    programme_id, actor = _programme(), _actor()
    require(actor, "programme.manage", programme_id=programme_id)
    given = {one.form_id: request.form.get(f"months-{one.form_id}", "").strip()[:40] for one in _instruments(programme_id)}
    if not all(_is_month(text) for text in given.values()):
        return _page(programme_id, status=422, months=given)
    begin_writing()
    for one in _instruments(programme_id):
        text = given.get(one.form_id, "")
        later.set_retention(actor, one, int(text) if text else None, now=utcnow())
    db.session.commit()
    flash(_("Kept. Nothing is erased by itself: somebody looks at what is due and confirms."), "done")
    return redirect(url_for("personal.home"))  # type: ignore[return-value]


@bp.post("/personal-data/expire")
@signed_in
def expire() -> Response:
    """Erase what was kept long enough."""
    programme_id, actor = _programme(), _actor()
    require(actor, "programme.manage", programme_id=programme_id)
    done = later.expire(actor, programme_id, now=utcnow()).done
    flash(
        _(
            "Erased: %(records)s records, %(answers)s answers in %(submissions)s submissions, %(files)s files. "
            "Phones follow at their next contact.",
            records=done.records,
            answers=done.answers,
            submissions=done.submissions,
            files=done.files,
        ),
        "done",
    )
    return redirect(url_for("personal.home"))  # type: ignore[return-value]
