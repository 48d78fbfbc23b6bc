"""Pages of imports: the file, its rows with what is wrong in them, the confirmation, and the way back."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.sessions import signed_in
from app.accounts.working import working_programme
from app.core.cells import neutral
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import chosen_language, number
from app.core.permissions import Actor, require, visible
from app.core.problems import Problem
from app.imports import operations, words
from app.imports.checking import GOOD, KNOWN, WRONG, Row, unpacked
from app.imports.columns import Targets, targets
from app.imports.forms import FileForm
from app.imports.models import RecordImport
from app.instruments.queries import entity_lists_of
from app.registry import queries
from app.registry.models import Entity
from app.registry.places import full_name
from app.review import pages
from app.review.properties import Properties, list_title, lists
from app.submissions.answers import record_labels

bp = Blueprint("imports", __name__)

PAGE = 50
STATES = ("all", GOOD, WRONG, KNOWN)


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor


def _list(list_name: str) -> str:
    """The programme of the page; its list is known, or one that forms write."""
    programme_id = working_programme("entity.edit").id
    if not queries.LIST_NAME.fullmatch(list_name) or list_name not in {*lists(programme_id), *entity_lists_of(programme_id)}:
        abort(404)
    return programme_id


def _to(one: RecordImport, **values: Any) -> Response:
    return redirect(url_for("imports.shown", list_name=one.list, import_id=one.id, **values))  # type: ignore[return-value]


def _form(programme_id: str) -> FileForm:
    form = FileForm()
    grant = _actor().grants.get(programme_id)
    choices = pages.filter_choices(_actor(), programme_id).organisations
    bound = grant is not None and grant.organisation_id is not None and not _actor().is_administrator
    form.organisation.choices = choices if bound else [("", _("No organisation")), *choices]
    return form


@bp.get("/records/<list_name>/import")
@signed_in
def home(list_name: str) -> Response:
    programme_id = _list(list_name)
    return _home(list_name, programme_id, _form(programme_id))


def _home(list_name: str, programme_id: str, form: FileForm, status: int = 200) -> Response:
    known = targets(programme_id, list_name)
    html = render_template(
        "imports/home.html",
        list_name=list_name,
        list_title=list_title(list_name, programme_id),
        form=form,
        columns=[one.label(chosen_language()) for one in known.by_name.values()],
        imports=operations.of_list(_actor(), programme_id, list_name),
        words=_state_words,
    )
    return make_response(html, status)


@bp.post("/records/<list_name>/import")
@signed_in
def begin(list_name: str) -> Response:
    programme_id = _list(list_name)
    form, actor = _form(programme_id), _actor()
    if not form.validate_on_submit():
        return _home(list_name, programme_id, form, 422)
    limit = int(current_app.config["MAX_XLSFORM_BYTES"])
    file_name, content = form.file.data.filename or "", form.file.data.read(limit + 1)
    organisation_id = form.organisation.data or None
    require(actor, "entity.edit", programme_id=programme_id, organisation_id=organisation_id)
    db.session.rollback()  # reading a large file must not hold a reader's snapshot open
    try:
        sheet = operations.read_file(file_name, content, limit)
        made = operations.begin(actor, programme_id, list_name, organisation_id, file_name, content, sheet, now=utcnow())
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status != 422:
            raise
        form.file.errors = [str(problem)]
        return _home(list_name, programme_id, form, 422)
    return _to(made)


@bp.get("/records/<list_name>/import/<import_id>")
@signed_in
def shown(list_name: str, import_id: str) -> Response:
    return _page(list_name, import_id)


def _one(list_name: str, import_id: str) -> RecordImport:
    one = operations.found(_actor(), import_id)
    if one.list != list_name:
        abort(404)
    return one


def _page(list_name: str, import_id: str, *, status: int = 200, problem: str = "", typed: Any = None) -> Response:
    one = _one(list_name, import_id)
    known = targets(one.programme_id, one.list)
    state = request.args.get("show", "")
    state = state if state in STATES else WRONG if one.counts[WRONG] else "all"
    page = request.args.get("page", "")
    start = (int(page) - 1) * PAGE if page.isdecimal() and 0 < int(page) < 10_000 else 0
    lines, count = _lines(one, known, state, start)
    counts = {"all": one.counts["rows"], **{name: one.counts[name] for name in (GOOD, WRONG, KNOWN)}}
    texts = {"all": _("All rows"), GOOD: _("To record"), WRONG: _("With mistakes"), KNOWN: _("Recorded already")}
    here: dict[str, Any] = {"list_name": one.list, "import_id": one.id}
    left = one.state in ("done", "writing")
    tabs = [(texts[name], url_for("imports.shown", **here, show=name), name == state, number(counts[name])) for name in STATES]
    if left:
        tabs = [tab for name, tab in zip(STATES, tabs, strict=True) if name in (WRONG, KNOWN)]
    personal = [known.by_name[name].label(chosen_language()) for name in operations.personal_columns(one, known)]
    html = render_template(
        "imports/import.html",
        one=one,
        here=here,
        list_title=list_title(one.list, one.programme_id),
        state_text=_state_words(one),
        counts=counts,
        columns=_columns(one, known),
        choices=[(name, target.label(chosen_language())) for name, target in known.by_name.items()],
        lines=lines,
        tabs=tabs,
        count=count,
        previous=url_for("imports.shown", **here, show=state, page=start // PAGE) if start else "",
        next=url_for("imports.shown", **here, show=state, page=start // PAGE + 2) if start + PAGE < count else "",
        personal=personal,
        used=operations.used(one.id) if one.state == "undone" else [],
        problem=problem,
        typed=typed or {},
    )
    return make_response(html, status)


def _state_words(one: RecordImport) -> str:
    return {
        "checked": _("checked, nothing recorded yet"),
        "writing": _("being recorded"),
        "done": _("recorded"),
        "undone": _("undone"),
    }[one.state]


def _columns(one: RecordImport, known: Targets) -> list[dict[str, str]]:
    """Each column with its letter, heading, the property chosen, and what its first rows hold."""
    first = unpacked(one.rows)[:40]
    found = []
    for letter, heading, name in zip(one.head["letters"], one.head["columns"], one.head["targets"], strict=True):
        samples = [cells[letter] for _number, cells in first if cells.get(letter)][:3]
        found.append({"letter": letter, "heading": heading, "target": name, "samples": " · ".join(text[:30] for text in samples)})
    return found


def _lines(one: RecordImport, known: Targets, state: str, start: int) -> tuple[list[dict[str, Any]], int]:
    """Rows of a page as they would be recorded, each mistake as (column, heading, what, mend); how many there are in all."""
    language = chosen_language()
    rows = [Row.from_json(row) for row in unpacked(one.result)]
    rows = [row for row in rows if state == "all" or row.state == state]
    part = rows[start : start + PAGE]
    letters = {name: letter for letter, name in zip(one.head["letters"], one.head["targets"], strict=True) if name}
    target_of = {letter: known.by_name.get(name) for name, letter in letters.items()}
    headings = dict(zip(one.head["letters"], one.head["columns"], strict=True))
    wanted = {row.number for row in part}
    cells = {number: cells for number, cells in unpacked(one.rows) if number in wanted}
    properties = Properties(one.programme_id, one.list, language)
    ids = {row.known for row in part if row.known}
    named = {value for row in part for value in row.values.values() if len(value) == 36}
    visible_here = visible(_actor(), one.programme_id, Entity)
    records = record_labels(ids | named, visible_here, language)
    found = []
    for row in part:
        mistakes = [
            (wrong.letter, headings.get(wrong.letter, ""), *words.sentence(wrong, target_of.get(wrong.letter)))
            for wrong in row.mistakes
        ]
        place = row.territory
        values = [
            (properties.label(name), properties.show(name, value, records))
            for name, value in row.values.items()
            if name not in ("region", "province", "commune") and value != row.label
        ]
        found.append(
            {
                "number": row.number,
                "label": row.label or cells.get(row.number, {}).get(letters.get(known.name, ""), ""),
                "place": full_name(place, language) if place else "",
                "values": values,
                "mistakes": mistakes,
                "state": row.state,
                "known": row.known,
                "known_name": records.get(row.known, ""),
            }
        )
    return found, len(rows)


def _with(list_name: str, import_id: str, work: Any) -> Response:
    """One operation; what it refuses stands on the page."""
    _one(list_name, import_id)
    try:
        done: Response = work()
        return done
    except Problem as problem:
        db.session.rollback()
        if problem.kind.status not in (409, 422):
            raise
        return _page(list_name, import_id, status=problem.kind.status, problem=str(problem), typed=request.form)


def _check_number() -> int:
    text = request.form.get("check", "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


@bp.post("/records/<list_name>/import/<import_id>/columns")
@signed_in
def choose_columns(list_name: str, import_id: str) -> Response:
    actor, chosen = _actor(), request.form.getlist("column")
    return _with(list_name, import_id, lambda: _to(operations.choose_columns(actor, import_id, chosen, now=utcnow()), show="all"))


@bp.post("/records/<list_name>/import/<import_id>/write")
@signed_in
def write(list_name: str, import_id: str) -> Response:
    actor, check, agreed = _actor(), _check_number(), request.form.get("agreed") == "yes"

    def work() -> Response:
        one = operations.write(actor, import_id, check_number=check, agreed=agreed, now=utcnow())
        written, late = one.counts["written"], one.counts["late"]
        flash(ngettext("%(num)d record made.", "%(num)d records made.", written), "done")
        if late:
            flash(
                ngettext(
                    "%(num)d row was recorded by somebody else since the check and was left out.",
                    "%(num)d rows were recorded by somebody else since the check and were left out.",
                    late,
                ),
                "warning",
            )
        return _to(one)

    return _with(list_name, import_id, work)


@bp.post("/records/<list_name>/import/<import_id>/undo")
@signed_in
def undo(list_name: str, import_id: str) -> Response:
    actor = _actor()

    def work() -> Response:
        archived, left = operations.undo(actor, import_id, note=_("import undone"), now=utcnow())
        flash(ngettext("%(num)d record archived.", "%(num)d records archived.", archived), "done")
        if left:
            flash(
                ngettext(
                    "%(num)d record stays: it was used since. It stands below.",
                    "%(num)d records stay: they were used since. They stand below.",
                    left,
                ),
                "warning",
            )
        return _to(operations.found(actor, import_id))

    return _with(list_name, import_id, work)


@bp.post("/records/<list_name>/import/<import_id>/drop")
@signed_in
def drop(list_name: str, import_id: str) -> Response:
    actor = _actor()

    def work() -> Response:
        begin_writing()
        operations.drop(actor, import_id)
        db.session.commit()
        flash(_("Given up. The rows of the file are no longer here; nothing was recorded."), "done")
        return redirect(url_for("imports.home", list_name=list_name))  # type: ignore[return-value]

    return _with(list_name, import_id, work)


@bp.get("/records/<list_name>/import/<import_id>/left.csv")
@signed_in
def left_out(list_name: str, import_id: str) -> Response:
    """The rows that are not recorded, as they came, with what is wrong: to be mended and sent again."""
    one = _one(list_name, import_id)
    known = targets(one.programme_id, one.list)
    by_name = dict(zip(one.head["letters"], one.head["targets"], strict=True))
    headings = dict(zip(one.head["letters"], one.head["columns"], strict=True))
    cells = dict(unpacked(one.rows))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    letters = one.head["letters"]
    writer.writerow([*(neutral(text) for text in one.head["columns"]), _("Row in the file"), _("What is wrong")])
    for row in (Row.from_json(line) for line in unpacked(one.result)):
        if row.state == GOOD:
            continue
        said = [_("It is recorded already.")] if row.state == KNOWN else []
        for mistake in row.mistakes:
            what, mend = words.sentence(mistake, known.by_name.get(by_name.get(mistake.letter, "")))
            where = f"{mistake.letter} ({headings[mistake.letter]}): " if mistake.letter in headings else ""
            said.append(f"{where}{what} {mend}")
        text = " | ".join(said).replace("\u2068", "").replace("\u2069", "")
        writer.writerow([*(neutral(cells.get(row.number, {}).get(letter, "")) for letter in letters), row.number, neutral(text)])
    response = Response(stream.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{list_name}-a-corriger.csv")
    return response
