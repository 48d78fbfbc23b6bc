"""Pages of the office: the list of submissions, one submission with its decisions, photos, and the records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from app.accounts.sessions import signed_in
from app.accounts.working import FIRST_STEPS, working_programme
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import chosen_language
from app.core.permissions import Actor, can
from app.core.problems import NOT_ALLOWED, NOT_FOUND, Problem
from app.review import pages
from app.review.shell import Shell
from app.submissions import decisions, queries
from app.submissions.attachments import open_attachment
from app.submissions.models import STATES
from app.submissions.queries import TO_REVIEW, Filters, filters_from

bp = Blueprint("review", __name__)


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor


def chosen_programme() -> str:
    """Id of the programme that the page works on."""
    return working_programme("programme.read").id


def address(endpoint: str, filters: Filters | None = None, **values: Any) -> str:
    """An address with the filters that are set."""
    return url_for(endpoint, **{**(filters.to_args() if filters else {}), **{k: v for k, v in values.items() if v}})


@bp.get("/")
@signed_in
def home() -> Response:
    """Where one's work is: the queue, the list, or the phone's page for whoever works in the field."""
    actor, programme = _actor(), Shell().programme
    # A programme in which nothing was ever received is still being set up.
    if can(actor, "programme.manage") and (programme is None or queries.is_empty(programme.id)):
        return redirect(FIRST_STEPS)  # type: ignore[return-value]
    if can(actor, "submission.review"):
        return redirect(url_for("review.submissions", state="to_review"))  # type: ignore[return-value]
    if can(actor, "home.read"):  # supervisors
        return redirect("/overview")  # type: ignore[return-value]
    return redirect("/field/")  # type: ignore[return-value]


@bp.get("/submissions")
@signed_in
def submissions() -> str:
    programme_id = chosen_programme()
    actor = _actor()
    if not can(actor, "submission.read", programme_id=programme_id):
        raise NOT_ALLOWED(action="submission.read")
    filters = filters_from(programme_id, request.args)
    found = queries.page(actor, filters, before=request.args.get("before", ""), after=request.args.get("after", ""))
    tabs = [
        (_("All"), replace(filters, states=(), quarantined=None)),
        (_("To review"), replace(filters, states=TO_REVIEW, quarantined=None)),
        *((pages.states_name(state), replace(filters, states=(state,), quarantined=None)) for state in STATES[1:]),
        (_("In quarantine"), replace(filters, states=(), quarantined=True)),
    ]
    return render_template(
        "review/list.html",
        filters=filters,
        unread_days=any(request.args.get(one) and one not in filters.to_args() for one in ("from", "to")),
        page=found,
        items=pages.list_items(actor, programme_id, found.items),
        count=queries.bounded_count(actor, filters),
        tabs=[(text, address("review.submissions", one), one == filters) for text, one in tabs],
        choices=pages.filter_choices(actor, programme_id),
        newer=address("review.submissions", filters, after=found.newer) if found.newer else "",
        older=address("review.submissions", filters, before=found.older) if found.older else "",
        record_address=lambda item: address("review.submission", filters, submission_id=item.id),
        clear=address("review.submissions", Filters(programme_id, states=filters.states)),
    )


@bp.get("/submissions/<submission_id>")
@signed_in
def submission(submission_id: str) -> Response:
    return _record(submission_id)


def _record(
    submission_id: str, *, status: int = 200, stale: str = "", problem: str = "", typed: Any = None, asked_again: bool = False
) -> Response:
    """The page of one submission. After a refused decision `typed` brings back what the reviewer wrote."""
    actor = _actor()
    found = queries.find(actor, submission_id)
    if found is None:
        raise NOT_FOUND()
    filters = filters_from(found.programme_id, request.args)
    view = pages.record(actor, found, chosen_language(), with_blanks="blank" in request.args)
    following = queries.following(actor, filters, found)
    around = queries.around(actor, filters, found)
    here = {"submission_id": found.id}
    html = render_template(
        "review/record.html",
        view=view,
        submission=found,
        filters=filters,
        queue=pages.list_items(actor, found.programme_id, around),
        queue_title=pages.filter_title(filters),
        list_address=address("review.submissions", filters),
        record_address=lambda item: address("review.submission", filters, submission_id=item.id),
        next_address=address("review.submission", filters, submission_id=following.id) if following else "",
        blanks_address=address("review.submission", filters, **here, blank="1"),
        plain_address=address("review.submission", filters, **here),
        decide_address=address("review.decide", filters, **here),
        may_review=can(actor, "submission.review", **found.scope),
        stale=stale,
        problem=problem,
        typed=typed or {},
        asked_again=asked_again,
    )
    return make_response(html, status)


@bp.post("/submissions/<submission_id>/decision")
@signed_in
def decide(submission_id: str) -> Response:
    actor, form, now = _actor(), request.form, utcnow()
    if queries.find(actor, submission_id) is None:
        raise NOT_FOUND()
    action, based_on = form.get("action", ""), form.get("based_on", "")
    remarks = typed_remarks(form)
    begin_writing()
    try:
        event = decisions.decide(
            actor,
            submission_id,
            action,
            based_on=based_on,
            comment=form.get("comment", ""),
            remarks=remarks,
            as_it_is="as_it_is" in form,
            now=now,
        )
        done = event.action
        db.session.commit()
    except Problem as problem:
        db.session.rollback()
        if problem.kind is decisions.STALE:
            begin_writing()
            decisions.note_refusal(actor, submission_id, action, based_on=based_on, now=now)
            db.session.commit()
            return _record(submission_id, status=409, stale=str(problem), typed=form)
        if problem.kind.status == 422:
            asked_again = problem.kind is decisions.NOT_CORRECTED
            return _record(submission_id, status=422, problem=str(problem), typed=form, asked_again=asked_again)
        raise
    found = queries.find(actor, submission_id)
    if found is not None:
        title = pages.submission_names(actor, found.programme_id, [found], chosen_language())[found.id]
        flash(_done(done, len(remarks), url_for("review.submission", submission_id=submission_id), title), "done")
    filters = filters_from(found.programme_id if found else chosen_programme(), request.args)
    # A list of all states goes on with what waits: the decided one under one's hand again would be decided twice.
    waiting = filters if filters.states else replace(filters, states=TO_REVIEW)
    following = queries.following(actor, waiting, found) if found else None
    if following is not None:
        return redirect(address("review.submission", filters, submission_id=following.id))  # type: ignore[return-value]
    return redirect(address("review.submissions", filters))  # type: ignore[return-value]


def _done(event: str, remarks: int, where: str, title: str) -> Markup:
    """The page that comes next shows another submission: the message names and links the one it speaks of."""
    link = Markup('<a href="%s"><bdi>%s</bdi></a>') % (where, title)
    if event == "approved":
        text = _("Approved: %(title)s", title=link)
    elif event == "rejected":
        text = _("Rejected: %(title)s. It stays in the history and out of exports.", title=link)
    elif not remarks:
        text = _("Returned with your comment: %(title)s. The author's phone gets it at its next contact.", title=link)
    else:
        text = ngettext(
            "Returned with %(num)d remark: %(title)s. The author's phone gets it at its next contact.",
            "Returned with %(num)d remarks: %(title)s. The author's phone gets them at its next contact.",
            remarks,
            title=link,
        )
    return Markup(text)  # noqa: S704  (the title was escaped into the link, the rest is ours)


def typed_remarks(form: Any) -> dict[str, str]:
    """Remarks of the decision form: `remark:<path>`, and for a table `remark-text:<path>` with its row and column."""
    found = {}
    for name, text in form.items():
        kind, _colon, path = name.partition(":")
        if not text.strip():
            continue
        if kind == "remark":
            found[path] = text
        elif kind == "remark-text":
            row, column = form.get(f"remark-row:{path}", ""), form.get(f"remark-column:{path}", "")
            place = f"{path}[{int(row)}]" if row.isdecimal() else path
            found[f"{place}/{column}" if column and row.isdecimal() else place] = text
    return found


@bp.get("/submissions/<submission_id>/files/<sha256>")
@signed_in
def attachment(submission_id: str, sha256: str) -> Response:
    """A photo or another file; always reached through its submission, never by its hash alone (AS-12)."""
    found = queries.find(_actor(), submission_id)
    if found is None:
        raise NOT_FOUND()
    return open_attachment(_actor(), found.id, sha256)
