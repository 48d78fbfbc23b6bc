"""Pages of indicators: the list, one with its splits and the rows behind it, and the rows as a table for others."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from app.accounts.models import Person
from app.accounts.sessions import signed_in
from app.accounts.working import working_programme
from app.core import audit, demonstration
from app.core.cells import neutral
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import MOROCCO, chosen_language, long_date, number
from app.core.permissions import Actor, can, require
from app.core.web import local_text
from app.indicators import charts, listing, operations, problems, queries, words
from app.indicators.counting import NONE
from app.indicators.declarations import BUILT_IN, Declaration, Target
from app.indicators.explaining import explained
from app.indicators.forms import forms_of, node_of
from app.indicators.perimeter import Perimeter, asked_in, with_part
from app.indicators.reading import Reading, Shown, Value
from app.indicators.target_form import TargetForm
from app.registry.models import Organisation, Programme
from app.registry.places import full_name
from app.submissions.places import places_of_records

bp = Blueprint("indicators", __name__)


def _begin() -> tuple[Actor, Programme]:
    """What changed since the last page is counted first."""
    programme = working_programme("programme.read")
    operations.refresh(programme.id)
    return g.actor, db.session.get_one(Programme, programme.id)


@bp.get("/indicators")
@signed_in
def home() -> str:
    actor, programme = _begin()
    found = []
    for shown in queries.indicators(programme):
        value = Reading(actor, programme, shown, None).value()
        found.append({"code": shown.declaration.code, **_figure(shown.declaration, value)})
    return render_template("indicators/list.html", found=found)


def _figure(declaration: Declaration, value: Value) -> dict[str, Any]:
    """A value as pages show it."""
    target = declaration.target
    part = value.value / target.value * 100 if target and target.value and value.value is not None else None
    return {
        "name": declaration.name,
        "text": words.figure(value.value, declaration.unit) if value.is_counted else _("Being counted"),
        "millions": words.in_millions(value.value, declaration.unit, chosen_language()),
        "target": words.figure(target.value, target.unit) if target else "",
        "target_by": target.by if target else None,
        "part": words.figure(part, "percent") if part is not None else "",
        "bar": min(max(int(part), 0), 100) if part is not None else 0,
        "situation": value.situation,
        "n": value.n,
        "is_counted": value.is_counted,
    }


@bp.get("/indicators/<code>")
@signed_in
def page(code: str) -> str:
    return _page(code)


@bp.post("/indicators/<code>/target")
@signed_in
def set_target(code: str) -> Response:
    """Another target, or none; what is wrong is said beside its field, on the same page."""
    actor, programme = _begin()
    require(actor, "programme.manage", programme_id=programme.id)
    form = TargetForm.of(queries.indicator(programme, code).declaration)
    if not form.validate_on_submit():
        return make_response(_page(code, form), 422)
    programme_id = programme.id
    begin_writing()
    programme = db.session.get_one(Programme, programme_id)
    operations.set_target(actor, programme, code, form.target(), now=utcnow())
    db.session.commit()
    flash(_("The target is saved. It stays when the programme's file is loaded again."), "ok")
    here: dict[str, Any] = {"code": code}
    asked = asked_in(db.session.get_one(Programme, programme_id), request.args)
    here |= with_part(asked.perimeter, request.args).to_args()
    return redirect(url_for("indicators.page", **here))  # type: ignore[return-value]


def _middle(value: Value, declaration: Declaration) -> list[tuple[str, str]]:
    """Of a median the mean beside it: whoever comes from a panel of means finds her number."""
    if value.mean is None or value.value is None:
        return []
    said = [(_("Mean"), value.mean), (_("Median"), value.value)]
    return [*((name, words.number_of(one, declaration.unit)) for name, one in said), (_("n"), number(value.n))]


def _history(shown: Shown) -> list[str]:
    """Each change of the target by hand, the last first."""
    if not shown.changes:
        return []
    ids = {one.by for one in shown.changes if one.by}
    names = {
        row[0]: local_text(row[1]) for row in db.session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(ids)))
    }
    language, terminal = chosen_language(), _("the command line")
    return [
        _(
            "Target changed from %(was)s to %(now)s on %(day)s by %(person)s.",
            was=_target_words(one.was),
            now=_target_words(one.now),
            day=long_date(one.at, language),
            person=names.get(one.by or "", terminal),
        )
        for one in reversed(shown.changes)
    ]


def _target_words(target: Target | None) -> str:
    if target is None:
        return _("none")
    text = words.figure(target.value, target.unit)
    return _("%(target)s (by %(day)s)", target=text, day=long_date(target.by, chosen_language())) if target.by else text


def _page(code: str, form: TargetForm | None = None) -> str:
    actor, programme = _begin()
    shown = queries.indicator(programme, code)
    asked = asked_in(programme, request.args)
    perimeter = with_part(asked.perimeter, request.args)
    reading = Reading(actor, programme, shown, perimeter)
    if form is None and can(actor, "programme.manage", programme_id=programme.id):
        form = TargetForm.of(shown.declaration, sent=False)
    declaration, language = shown.declaration, chosen_language()
    value = reading.value()
    rows = listing.page(reading, request.args.get("after", ""))
    by_month = reading.over_time()
    args = perimeter.to_args()
    here: dict[str, Any] = {"code": code, **args}
    return render_template(
        "indicators/page.html",
        declaration=declaration,
        figure=_figure(declaration, value),
        middle=_middle(value, declaration),
        deviation=words.figure(value.deviation, declaration.unit) if value.deviation is not None else "",
        told=words.told_in(declaration),
        explained=explained(programme, declaration, forms_of(programme.id), language),
        perimeter=perimeter,
        unknown=[words.UNKNOWN[one] for one in asked.unknown],
        target_form=form,
        declared=_target_words(shown.declared) if shown.declared != declaration.target else "",
        history=_history(shown),
        perimeter_words=[*_perimeter_words(programme, perimeter), *_part_words(reading)],
        leaves_time_out=reading.leaves_time_out,
        chart=charts.months([(key, one.value) for key, one in by_month], declaration.unit, language),
        months=[(charts.month_name(key, language), words.figure(one.value, declaration.unit)) for key, one in by_month[::-1]],
        splits=_splits(reading, declaration, value.n, args),
        leaves_parts_out=any(not reading.is_quick(by, value.n) for by in ("organisation", "commune")),
        rows=rows,
        row_value=lambda amount: words.number_of(amount, declaration.unit) if amount is not None else "",
        dims=[_split_name(programme, declaration, dim, language) for dim in declaration.dims],
        choices=_choices(actor, programme),
        csv=url_for("indicators.rows", **here) if can(actor, "submission.export", programme_id=programme.id) and value.n else "",
        next=url_for("indicators.page", after=rows.next, _anchor="rows", **here) if rows.next else "",
        first=url_for("indicators.page", _anchor="rows", **here) if request.args.get("after") else "",
        clear=url_for("indicators.page", code=code) if args else "",
        other_language="fr" if language == "ar" else "ar",
    )


MOST_PARTS = 60  # of one split on the page; the table for others holds all rows


def _splits(reading: Reading, declaration: Declaration, n: int, args: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for by in dict.fromkeys(("organisation", "commune", *declaration.by)):
        if not reading.is_quick(by, n):
            continue
        parts = reading.split(by)
        if len(parts) < 2 and by in BUILT_IN:
            continue
        most = max((value.value or Decimal(0) for _key, _label, value in parts), default=Decimal(0)) or Decimal(1)
        lines = [
            {
                "label": label or (_("none recorded") if key in ("", NONE) else key),
                "text": words.figure(value.value, declaration.unit),
                "n": value.n,
                "bar": int(max(value.value or Decimal(0), Decimal(0)) * 100 / most),
                "address": _narrowed(declaration.code, by, key, args),
            }
            for key, label, value in parts[:MOST_PARTS]
        ]
        if lines:
            name = _split_name(reading.programme, declaration, by, chosen_language())
            found.append({"name": name, "lines": lines, "more": max(len(parts) - MOST_PARTS, 0)})
    return found


def _narrowed(code: str, by: str, key: str, args: dict[str, str]) -> str:
    """The same page of one part alone, where the address can say it."""
    if by in BUILT_IN and key in ("", NONE):
        return ""
    here: dict[str, Any] = {name: text for name, text in args.items() if by in BUILT_IN or name not in ("of", "is")}
    if by in BUILT_IN:
        here["organisation" if by == "organisation" else "territory"] = key
    else:
        here |= {"of": by, "is": key}
    return url_for("indicators.page", code=code, **here)


def _split_name(programme: Programme, declaration: Declaration, by: str, language: str) -> str:
    built_in = {
        "organisation": _("By organisation"),
        "region": _("By region"),
        "province": _("By province"),
        "commune": _("By commune"),
    }
    if by in built_in:
        return built_in[by]
    found = node_of(forms_of(programme.id), declaration, by)
    return found[0].label(found[1], language) or by if found is not None else by


def _part_words(reading: Reading) -> list[tuple[str, str]]:
    said = reading.part_words()
    if said is None:
        return []
    return [(_split_name(reading.programme, reading.declaration, said[0], chosen_language()), said[1] or _("none recorded"))]


def _choices(actor: Actor, programme: Programme) -> dict[str, Any]:
    organisations = sa.select(Organisation).where(Organisation.programme_id == programme.id)
    grant = actor.grants.get(programme.id)
    if grant is not None and grant.organisation_id and not actor.is_administrator:
        organisations = organisations.where(Organisation.id == grant.organisation_id)
    named = sorted(((one.id, local_text(one.name)) for one in db.session.scalars(organisations)), key=lambda one: one[1])
    phases = [(str(one["code"]), local_text(one.get("name"))) for one in getattr(programme, "phases", None) or ()]
    return {
        "organisations": named,
        "places": places_of_records(actor, programme.id, chosen_language()),
        "phases": phases,
    }


def _perimeter_words(programme: Programme, perimeter: Perimeter) -> list[tuple[str, str]]:
    """What the figure is narrowed to, for paper: filters are not printed."""
    language, found = chosen_language(), []
    if perimeter.organisation_id:
        one = db.session.get(Organisation, perimeter.organisation_id)
        found.append((_("Organisation"), local_text(one.name) if one is not None and one.programme_id == programme.id else "–"))
    if perimeter.territory:
        found.append((_("Territory"), full_name(perimeter.territory, language)))
    if perimeter.phase:
        phases = {str(one["code"]): local_text(one.get("name")) for one in getattr(programme, "phases", None) or ()}
        found.append((_("Phase"), phases.get(perimeter.phase, perimeter.phase)))
    if perimeter.date_from:
        found.append((_("From"), long_date(perimeter.date_from, language)))
    if perimeter.date_to:
        found.append((_("To"), long_date(perimeter.date_to, language)))
    return found


@bp.get("/indicators/<code>.csv")
@signed_in
def rows(code: str) -> Response:
    """The rows of the perimeter as CSV (UTF-8 with BOM). Names of persons stand in it only for who may take them out."""
    actor, programme = _begin()
    require(actor, "submission.export", programme_id=programme.id)
    shown, asked = queries.indicator(programme, code), asked_in(programme, request.args)
    if asked.unknown:
        raise problems.PERIMETER_UNKNOWN()
    perimeter = with_part(asked.perimeter, request.args)
    names = can(actor, "names.export", programme_id=programme.id)
    now = utcnow()
    begin_writing()
    audit.record(
        "indicator.exported",
        at=now,
        actor_id=actor.person_id,
        programme_id=programme.id,
        object_id=programme.id,
        details={"indicator": code, "names": names, "filters": perimeter.to_args()},
    )
    db.session.commit()
    programme = db.session.get_one(Programme, programme.id)
    reading = Reading(actor, programme, shown, perimeter)
    target = tempfile.TemporaryFile(prefix="daftar-indicator-")  # noqa: SIM115  (send_file closes it)
    for line in _csv(reading, names=names):
        target.write(line.encode())
    target.seek(0)
    file = f"daftar-{programme.code}-{code}-{now.astimezone(MOROCCO):%Y-%m-%d}.csv"
    return send_file(target, mimetype="text/csv; charset=utf-8", as_attachment=True, download_name=file)


def _csv(reading: Reading, *, names: bool) -> Iterator[str]:
    declaration = reading.declaration
    heads = ["day", "source", "row", "organisation", "commune_code", "commune", "value", "unit", *declaration.dims]
    heads += ["title", "record"] if names else []
    mark = [demonstration.SAID[chosen_language()]] if reading.programme.is_demo else []
    heads += [demonstration.CODE] if mark else []
    yield "\ufeff" + _line(heads)
    for one in listing.every(reading):
        value = "" if one.value is None else f"{one.value.normalize():f}"
        cells: list[Any] = [one.day.isoformat(), one.source_id, one.number or "", one.organisation, one.territory, one.place]
        cells += [value, declaration.unit, *one.parts]
        cells += [one.title, one.person, *mark] if names else mark
        yield _line(cells)


def _line(cells: list[Any]) -> str:
    stream = io.StringIO()
    told = [one if n == 6 else neutral(str(one)) for n, one in enumerate(cells)]  # a negative number is one
    csv.writer(stream).writerow(told)
    return stream.getvalue()
