"""Pages of the office: lists of records, one record with its story, and what a coordinator does with it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any, Literal

from flask import Blueprint, Response, abort, flash, g, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.sessions import signed_in
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import chosen_language
from app.core.permissions import Actor, can, require
from app.core.problems import NOT_ALLOWED, NOT_FOUND, Problem
from app.registry import operations, queries
from app.registry.models import Entity
from app.registry.names import record_name
from app.registry.problems import STALE
from app.registry.queries import Filters, filters_from
from app.review import duplicates, pages, properties, record_lists, record_table, records, rounds
from app.review.views import chosen_programme
from app.submissions import merging, reassigning, rescoring
from app.submissions.queries import Filters as SubmissionFilters

bp = Blueprint("records", __name__)


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor


def _programme() -> str:
    programme_id = chosen_programme()
    if not can(_actor(), "entity.read", programme_id=programme_id):
        raise NOT_ALLOWED(action="entity.read")
    return programme_id


def address(filters: Filters, **more: str) -> str:
    values: dict[str, Any] = filters.to_args() | {name: value for name, value in more.items() if value}
    return url_for("records.listed", list_name=filters.list, **values)


@bp.get("/records")
@signed_in
def home() -> Response:
    """The list that is asked for most."""
    programme_id = _programme()
    there = queries.lists_of(programme_id)
    first = "cooperatives" if "cooperatives" in there or not there else properties.lists(programme_id)[0]
    return redirect(url_for("records.listed", list_name=first))  # type: ignore[return-value]


@bp.get("/records/<list_name>")
@signed_in
def listed(list_name: str) -> str:
    programme_id, actor = _programme(), _actor()
    if not queries.LIST_NAME.fullmatch(list_name):
        abort(404)
    filters = filters_from(programme_id, list_name, request.args)
    after = request.args.get("after", "").replace("\0", "")[:200]
    found = queries.page(actor, filters, after=after)
    known = properties.Properties(programme_id, list_name, chosen_language())
    states = [
        ("open", _("In use")),
        ("to_settle", _("To settle")),
        ("archived", _("In the archive")),
    ]
    return render_template(
        "registry/list.html",
        list_name=list_name,
        title=properties.list_title(list_name, programme_id),
        lists=[(name, properties.list_title(name, programme_id)) for name in properties.lists(programme_id)],
        found=found,
        rows=record_lists.rows(actor, programme_id, found.records),
        count=record_lists.counted(found),
        filters=filters,
        tabs=[(text, address(queries.with_state(filters, state)), state == filters.state) for state, text in states],
        choices=pages.filter_choices(actor, programme_id),
        waiting=record_lists.waiting(actor, programme_id, list_name)
        if can(actor, "entity.edit", programme_id=programme_id)
        else [],
        map_address=url_for("record_map.shown", list_name=list_name, **dict[str, Any](filters.to_args())),
        give_address=url_for("records.giving", list_name=list_name, **dict[str, Any](filters.to_args())),
        first=address(filters) if after else "",
        next=address(filters, after=found.next),
        clear=address(Filters(programme_id, list_name, state=filters.state)),
        scored=list_name == "cooperatives",
        headings=[known.label(name) for name in record_lists.columns_of(known)],
        narrowing=record_lists.choices_of(known, filters),
        tables=[
            (text, url_for("records.table", list_name=list_name, format=one, **dict[str, Any](filters.to_args())))
            for text, one in ((_("Table for Excel"), "xlsx"), (_("Table (CSV)"), "csv"))
        ],
    )


@bp.get("/records/<list_name>/table")
@signed_in
def table(list_name: str) -> Response:
    """The records that the filters leave, as a table to take along; without what says who somebody is."""
    programme_id, actor = _programme(), _actor()
    if not queries.LIST_NAME.fullmatch(list_name):
        abort(404)
    require(actor, "submission.export", programme_id=programme_id)
    file_format: Literal["xlsx", "csv"] = "xlsx" if request.args.get("format") == "xlsx" else "csv"
    filters = filters_from(programme_id, list_name, request.args)
    target = tempfile.TemporaryFile(prefix="daftar-records-")  # noqa: SIM115  (send_file closes it)
    made = record_table.write(actor, filters, chosen_language(), target, file_format, now=utcnow())
    db.session.commit()
    target.seek(0)
    return send_file(target, mimetype=made.mimetype, as_attachment=True, download_name=made.name)


def _shown(list_name: str, record_id: str) -> Entity:
    entity = queries.find(_actor(), list_name, record_id)
    if entity is None:
        raise NOT_FOUND()
    return entity


@bp.get("/records/<list_name>/<record_id>")
@signed_in
def record(list_name: str, record_id: str) -> Response:
    return _page(list_name, record_id)


def _page(list_name: str, record_id: str, *, status: int = 200, problem: str = "", typed: Any = None) -> Response:
    entity = _shown(list_name, record_id)
    view = records.record(_actor(), entity, chosen_language())
    html = render_template(
        "registry/record.html",
        view=view,
        list_title=properties.list_title(list_name, entity.programme_id),
        all_submissions=pages_address(entity),
        submission_address=lambda item: url_for("review.submission", submission_id=item.id),
        here={"list_name": list_name, "record_id": entity.id},
        degree_name=rounds.degree_name,
        merges=duplicates.merges(entity) if view.may_edit else [],
        problem=problem,
        typed=typed or {},
    )
    return make_response(html, status)


def pages_address(entity: Entity) -> str:
    values: dict[str, Any] = SubmissionFilters(entity.programme_id, subject_id=entity.id).to_args()
    return url_for("review.submissions", **values)


def _done(list_name: str, record_id: str, said: str) -> Response:
    db.session.commit()
    flash(said, "done")
    return redirect(url_for("records.record", list_name=list_name, record_id=record_id))  # type: ignore[return-value]


def _with_record(list_name: str, record_id: str, said: str, work: Callable[[], object]) -> Response:
    """One operation on the record; what it refuses stands on its page, with what was typed."""
    _shown(list_name, record_id)
    begin_writing()
    try:
        work()
        return _done(list_name, record_id, said)
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status not in (409, 422):
            raise
        return _page(list_name, record_id, status=problem.kind.status, problem=str(problem), typed=request.form)


@bp.post("/records/<list_name>/<record_id>/archive")
@signed_in
def archive(list_name: str, record_id: str) -> Response:
    said = _("Archived. Phones no longer offer it; nothing was deleted.")
    version, note = _number("version"), request.form.get("note", "")
    return _with_record(
        list_name, record_id, said, lambda: operations.archive(_actor(), record_id, version=version, note=note, now=utcnow())
    )


@bp.post("/records/<list_name>/<record_id>/restore")
@signed_in
def restore(list_name: str, record_id: str) -> Response:
    said = _("In use again. Phones get it at their next contact.")
    return _with_record(list_name, record_id, said, lambda: operations.restore(_actor(), record_id, now=utcnow()))


@bp.post("/records/<list_name>/<record_id>/settle")
@signed_in
def settle(list_name: str, record_id: str) -> Response:
    said = _("Settled. The other value stays in the history.")
    conflict, name, choice = (request.form.get(one, "") for one in ("conflict", "property", "choice"))
    seen = _number("version")
    return _with_record(
        list_name,
        record_id,
        said,
        lambda: operations.settle(_actor(), record_id, conflict, name, choice, seen=seen, now=utcnow()),
    )


@bp.post("/records/<list_name>/<record_id>/rescore")
@signed_in
def rescore(list_name: str, record_id: str) -> Response:
    """The round before, by the grid of the newest. The engine may take seconds: nothing is locked meanwhile."""
    _shown(list_name, record_id)
    try:
        rescoring.rescore(_actor(), request.form.get("submission", ""), request.form.get("grid", ""), now=utcnow())
        return _done(list_name, record_id, _("Scored by the newer grid too. Both are kept."))
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status in (403, 404):
            raise
        return _page(list_name, record_id, status=problem.kind.status, problem=str(problem))


def _number(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _editable(list_name: str, record_id: str) -> Entity:
    entity = _shown(list_name, record_id)
    about = {"organisation_id": entity.organisation_id, "territory": entity.territory}
    require(_actor(), "entity.edit", programme_id=entity.programme_id, **about)
    return entity


@bp.get("/records/<list_name>/<record_id>/merge")
@signed_in
def choose_duplicate(list_name: str, record_id: str) -> Response:
    """Look for the record that is the same as this one; then compare the two."""
    entity, actor = _editable(list_name, record_id), _actor()
    if with_id := request.args.get("with", ""):
        return _compare(list_name, entity, with_id)
    search = request.args.get("q", entity.label).replace("\0", "")[:100]
    found = queries.page(actor, Filters(entity.programme_id, list_name, search=search, state="all"), size=20)
    others = [one for one in found.records if one.id != entity.id and not one.merged_into]
    html = render_template(
        "registry/merge.html",
        name=record_name(entity, chosen_language()),
        near=record_lists.rows(actor, entity.programme_id, queries.near(actor, entity)),
        rows=record_lists.rows(actor, entity.programme_id, others),
        search=search,
        here={"list_name": list_name, "record_id": record_id},
    )
    return make_response(html)


def _compare(list_name: str, entity: Entity, with_id: str, *, status: int = 200, problem: str = "") -> Response:
    duplicate = _editable(list_name, with_id)
    html = render_template(
        "registry/compare.html",
        entity=entity,
        duplicate=duplicate,
        pairs=duplicates.compared(_actor(), entity, duplicate, chosen_language()),
        here={"list_name": list_name, "record_id": entity.id},
        problem=problem,
    )
    return make_response(html, status)


@bp.post("/records/<list_name>/<record_id>/merge")
@signed_in
def merge(list_name: str, record_id: str) -> Response:
    form, duplicate_id = request.form, request.form.get("with", "")
    _editable(list_name, record_id)
    _editable(list_name, duplicate_id)
    begin_writing()
    try:
        merging.merge(
            _actor(),
            record_id,
            duplicate_id,
            of_duplicate=[name[5:] for name, value in form.items() if name.startswith("take:") and value == "other"],
            survivor_version=_number("version"),
            duplicate_version=_number("with_version"),
            now=utcnow(),
        )
        return _done(list_name, record_id, _("Merged. It can be undone on this page."))
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status not in (409, 422):
            raise
        return _compare(list_name, _shown(list_name, record_id), duplicate_id, status=problem.kind.status, problem=str(problem))


@bp.post("/records/<list_name>/<record_id>/unmerge")
@signed_in
def unmerge(list_name: str, record_id: str) -> Response:
    said = _("Undone: there are two records again.")
    return _with_record(list_name, record_id, said, lambda: merging.undo(_actor(), request.form.get("merge", ""), now=utcnow()))


@bp.get("/records/<list_name>/give")
@signed_in
def giving(list_name: str) -> Response:
    return _giving(list_name)


def _giving(list_name: str, *, status: int = 200, problem: str = "") -> Response:
    """What would change hands, and whose work is still under way."""
    programme_id, actor = _programme(), _actor()
    if not queries.LIST_NAME.fullmatch(list_name):
        abort(404)
    require(actor, "entity.edit", programme_id=programme_id)
    filters, record_id = filters_from(programme_id, list_name, request.args), request.args.get("record", "")
    try:
        plan = reassigning.plan(actor, filters, record_id=record_id)
    except Problem as refused:
        plan, problem, status = reassigning.Plan([]), str(refused), refused.kind.status
    values: dict[str, Any] = filters.to_args() | ({"record": record_id} if record_id else {})
    html = render_template(
        "registry/give.html",
        list_title=properties.list_title(list_name, programme_id),
        rows=record_lists.rows(actor, programme_id, plan.records[:10]),
        plan=plan,
        names=pages.people_names([one.person_id for one in plan.pending]),
        choices=pages.filter_choices(actor, programme_id),
        may_free=reassigning.organisation_of(actor, programme_id) is None,
        back=url_for("records.record", list_name=list_name, record_id=record_id) if record_id else address(filters),
        action=url_for("records.give", list_name=list_name, **values),
        problem=problem,
        typed=request.form,
    )
    return make_response(html, status)


@bp.post("/records/<list_name>/give")
@signed_in
def give(list_name: str) -> Response:
    programme_id, actor, form = _programme(), _actor(), request.form
    filters, record_id = filters_from(programme_id, list_name, request.args), request.args.get("record", "")
    begin_writing()
    try:
        plan = reassigning.plan(actor, filters, record_id=record_id)
        if len(plan.records) != _number("count"):
            raise STALE()
        count = reassigning.give(
            actor,
            plan.records,
            organisation_id=form.get("organisation", ""),
            person_id=form.get("person", ""),
            note=form.get("note", ""),
            now=utcnow(),
        )
        db.session.commit()
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status not in (409, 422):
            raise
        return _giving(list_name, status=problem.kind.status, problem=str(problem))
    flash(ngettext("%(num)d record given.", "%(num)d records given.", count), "done")
    if record_id:
        return redirect(url_for("records.record", list_name=list_name, record_id=record_id))  # type: ignore[return-value]
    return redirect(url_for("records.listed", list_name=list_name))  # type: ignore[return-value]


@bp.post("/records/<list_name>/waiting/<waiting_id>")
@signed_in
def sort_waiting(list_name: str, waiting_id: str) -> Response:
    """An update whose record does not come: make the record from it, or leave it."""
    actor = _actor()
    begin_writing()
    if request.form.get("action") == "begin":
        record_id = operations.begin_with(actor, waiting_id, now=utcnow())
        return _done(list_name, record_id, _("The record begins with what was waiting."))
    operations.dismiss_waiting(actor, waiting_id, now=utcnow())
    db.session.commit()
    flash(_("Left out. The submission keeps what it says."), "done")
    return redirect(url_for("records.listed", list_name=list_name))  # type: ignore[return-value]
