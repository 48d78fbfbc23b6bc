"""Pages of the quarantine: what waits for a person, and one case with what can be decided."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.models import Person
from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.db import begin_writing, db, iso
from app.core.languages import chosen_language
from app.core.permissions import Actor, require, visible
from app.core.problems import Problem
from app.core.web import local_text
from app.registry import queries as registry
from app.registry.models import Entity, Programme
from app.registry.names import in_both_scripts, latin_name, record_name
from app.review import pages, record_lists
from app.review.reading import Reader, Reading
from app.submissions import quarantine
from app.submissions.answers import form_of
from app.submissions.models import Submission
from app.submissions.names import titles_of
from app.submissions.quarantine import Case

bp = Blueprint("sorting", __name__)

MOST_RECORDS = 30
PAGE = 100


@dataclass(frozen=True)
class Line:
    """A case in words."""

    id: str
    title: str
    instrument: str
    reason: str
    named: str  # as its author
    owner: str  # of the phone
    phone: str
    received_at: datetime
    programme: str


def _actor() -> Actor:
    require(g.actor, "submission.review")
    actor: Actor = g.actor
    return actor


def lines(cases: list[Case]) -> list[Line]:
    """Each in words, with a few questions to the store for all of them."""
    programmes = {one.id: one for one in db.session.scalars(sa.select(Programme))}
    named = {case.author_id for case in cases if case.author_id}
    people = {one.id: one for one in db.session.scalars(sa.select(Person).where(Person.id.in_(named)))}
    titles = {id: pages.instrument_titles(id) for id in {case.programme_id for case in cases} if id in programmes}
    named_so = _titles(cases, titles)
    return [_line(case, named_so.get(case.id, ""), programmes, people, titles.get(case.programme_id or "", {})) for case in cases]


def _line(
    case: Case, title: str, programmes: Mapping[str, Programme], people: Mapping[str, Person], titles: Mapping[str, str]
) -> Line:
    envelope, submission = case.envelope, case.submission
    programme, author = programmes.get(case.programme_id or ""), people.get(case.author_id or "")
    form_id = submission.form_id if submission else envelope.form_id if envelope else ""
    return Line(
        case.id,
        title or titles.get(form_id, form_id) or _("Unreadable"),
        titles.get(form_id, form_id),
        pages.quarantine_reason(case.reason),
        local_text(author.name) if author else _("nobody here") if case.author_id else "",
        local_text(case.owner.name) if case.owner else "",
        case.phone.label if case.phone else "",
        case.received_at,
        local_text(programme.name) if programme else "",
    )


def _titles(cases: list[Case], programmes: Iterable[str]) -> dict[str, str]:
    """What each is about, in the reader's language: {case id: title}."""
    actor, language = _actor(), chosen_language()
    found = {case.id: in_both_scripts(case.envelope.title, "", language) for case in cases if case.envelope}
    for programme_id in programmes:
        may_see = visible(actor, programme_id, Entity)
        filed = [case.submission for case in cases if case.submission and case.programme_id == programme_id]
        aside = {
            case.id: case.envelope
            for case in cases
            if case.envelope and case.submission is None and case.programme_id == programme_id
        }
        found |= titles_of(filed, may_see, language)
        wanted = {envelope.subject_id for envelope in aside.values() if envelope.subject_id}
        subjects = {one.id: one for one in db.session.scalars(sa.select(Entity).where(may_see, Entity.id.in_(wanted)))}
        for id, envelope in aside.items():
            subject = subjects.get(envelope.subject_id or "")
            found[id] = in_both_scripts(envelope.title, latin_name(subject.data) if subject else "", language)
    return found


@bp.get("/quarantine")
@signed_in
def cases() -> str:
    actor, after = _actor(), _after(request.args.get("after", ""))
    found = quarantine.waiting(actor, after=after, limit=PAGE + 1)
    if after and not found:  # all of that page was sorted meanwhile
        after, found = None, quarantine.waiting(actor, limit=PAGE + 1)
    older = found[PAGE - 1] if len(found) > PAGE else None
    return render_template(
        "review/quarantine.html",
        cases=lines(found[:PAGE]),
        first=url_for("sorting.cases") if after else "",
        next=url_for("sorting.cases", after=f"{iso(older.place[0])}~{older.place[1]}") if older else "",
    )


def _after(text: str) -> tuple[datetime, int] | None:
    """The case to go on from; whatever else stands in an address begins anew."""
    at, _tilde, seq = text.partition("~")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), int(seq[:18])
    except (ValueError, OverflowError):
        return None


@bp.get("/quarantine/<case_id>")
@signed_in
def case(case_id: str) -> Response:
    return _page(case_id)


def _page(case_id: str, *, status: int = 200, problem: str = "") -> Response:
    actor = _actor()
    found = quarantine.find(actor, case_id)
    search = request.values.get("q", "").strip()[:100]
    subject_id = found.submission.subject_id if found.submission else found.envelope.subject_id if found.envelope else None
    subject = db.session.get(Entity, subject_id) if subject_id else None
    outcome = found.outcome
    html = render_template(
        "review/case.html",
        case=found,
        line=lines([found])[0],
        finished_at=pages.said_moment(found.envelope.t_client or "", chosen_language()) if found.envelope else "",
        outcome=outcome,
        decided_by=pages.people_names([outcome.by]).get(outcome.by, "") if outcome else "",
        authors=[(one.id, local_text(one.name)) for one in quarantine.authors(actor, found)],
        author_id=found.author_id,
        owner_id=found.owner.id if found.owner else "",
        subject=record_name(subject, chosen_language()) if subject else "",
        records=_records(actor, found, subject.list if subject else "cooperatives", search) if search else [],
        search=search,
        revisions=quarantine.revisions_to_choose(found),
        reading=_reading(actor, found),
        same_number=_same_number(actor, found),
        problem=problem,
        typed=request.form,
    )
    return make_response(html, status)


def _records(actor: Actor, case: Case, list_name: str, search: str) -> list[tuple[str, str]]:
    programme_id = case.programme_id or ""
    if db.session.get(Programme, programme_id) is None:
        return []
    found = registry.page(actor, registry.Filters(programme_id, list_name, search=search), size=MOST_RECORDS)
    return [
        (row.entity.id, " · ".join(filter(None, [row.name, row.place])))
        for row in record_lists.rows(actor, programme_id, found.records)
    ]


def _reading(actor: Actor, case: Case) -> Reading | None:
    """The answers of bytes that are no submission yet, laid out with the instrument they name; a filed one has its page."""
    if case.kept is None or case.envelope is None:
        return None
    envelope: Mapping[str, Any] = orjson.loads(gzip.decompress(case.kept.body))
    form, answers = form_of(case.envelope.form_sha256), envelope.get("answers")
    if form is None or not isinstance(answers, Mapping):
        return None
    return Reader(form, answers, chosen_language(), visible(actor, case.programme_id or "", Entity)).read()


def _same_number(actor: Actor, case: Case) -> Submission | None:
    """The submission that has the number already, for comparison."""
    if case.kept is None:
        return None
    there = db.session.get(Submission, case.kept.submission_id)
    return there if there is not None and there.deleted_at is None and pages.may_read(actor, there) else None


@bp.post("/quarantine/<case_id>")
@signed_in
def decide(case_id: str) -> Response:
    actor, form, now = _actor(), request.form, utcnow()
    if form.get("action") not in ("accept", "reject"):  # looking for a record
        return _page(case_id)
    begin_writing()
    try:
        if form["action"] == "reject":
            quarantine.reject(actor, case_id, note=form.get("note", ""), now=now)
            done, where = _("Rejected. It stays readable, with your reason."), url_for("sorting.cases")
        else:
            made = quarantine.accept(
                actor,
                case_id,
                person_id=form.get("person", ""),
                record_id=form.get("record", ""),
                revision_id=form.get("revision", ""),
                note=form.get("note", ""),
                now=now,
            )
            done, where = _("Accepted: it counts from now on, and waits to be reviewed."), f"/submissions/{made}"
        db.session.commit()
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status in (409, 422):
            return _page(case_id, status=problem.kind.status, problem=str(problem))
        raise
    flash(done, "ok")
    return redirect(where)  # type: ignore[return-value]
