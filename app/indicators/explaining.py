"""What an indicator counts, in the reader's words: over which forms or list, on which conditions, dated by what."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from app.core.languages import long_date
from app.core.web import local_text
from app.indicators.declarations import MINUTES, Condition, Declaration, Over
from app.indicators.evaluating import day_of
from app.indicators.forms import node_of
from app.instruments.compiler import entity_lists
from app.registry.models import Programme
from app.submissions.answers import SEPARATOR, Form


def explained(programme: Programme, declaration: Declaration, forms: Mapping[str, Form], language: str) -> list[tuple[str, str]]:
    """(what, in words), for the page's definition."""

    def label(name: str) -> str:
        if name == "label":
            return _("Name")
        found = node_of(forms, declaration, name)
        if found is None and name == MINUTES:
            return _("Minutes of filling")
        return (found[0].label(found[1], language) if found is not None else "") or name

    def words(condition: Condition) -> str:
        return f"{label(condition.of)}: {_test(condition, forms, declaration, language)}"

    found = [(_("Counted over"), _over(declaration.over, forms, language))]
    if declaration.days:
        found.append((_("Days between"), f"{label(declaration.days[0])} – {label(declaration.days[1])}"))
    elif declaration.of == "subject":
        found.append((_("Counted by"), _("the record that a submission is about")))
    elif declaration.of:
        found.append((_("Counted by") if declaration.measure == "distinct" else _("Of"), label(declaration.of)))
    if declaration.weight:
        found.append((_("Weighted by"), label(declaration.weight)))
    if declaration.out_of:
        found.append((_("Out of"), label(declaration.out_of)))
    found += [(_("Condition"), words(one)) for one in declaration.where]
    found += [(_("Of them, those with"), words(one)) for one in declaration.having]
    if declaration.each:
        each = {
            "latest": _("the newest submission about each record"),
            "before": _("the one before the newest about each record"),
            "first": _("the first submission about each record"),
        }
        found.append((_("Only"), each[declaration.each]))
    if declaration.once:
        found.append((_("Only"), _("the newest of those that say the same: %(property)s", property=label(declaration.once))))
    dated = label(declaration.date) if declaration.date else ""
    if not dated:
        dated = _("the day it was made") if declaration.over.list else _("the day of reception")
    found.append((_("Dated by"), dated))
    if declaration.phase:
        phases = {str(one["code"]): local_text(one.get("name")) for one in getattr(programme, "phases", None) or ()}
        found.append((_("Phase"), phases.get(declaration.phase, declaration.phase)))
    if declaration.over.instrument:
        states = {
            "received": _("Those received"),
            "has_issues": _("Those to correct"),
            "edited": _("Those corrected"),
            "approved": _("Those approved"),
            "rejected": _("Those rejected"),
        }
        found.append((_("Submissions"), SEPARATOR[language].join(states[one] for one in declaration.states)))
    return found


def _over(over: Over, forms: Mapping[str, Form], language: str) -> str:
    if over.list:
        known = entity_lists().get(over.list)
        own = (
            form.package["title"] for form in forms.values() if any(one["list"] == over.list for one in form.package["entities"])
        )
        return str((known or next(own, {})).get(language) or over.list)
    form = forms.get(over.instrument)
    if form is None:
        return over.instrument
    title = str(form.package.get("title", {}).get(language) or over.instrument)
    node = form.by_path(over.repeat) if over.repeat else None
    return f"{title} – {form.label(node, language) or over.repeat}" if node is not None else title


def _test(condition: Condition, forms: Mapping[str, Form], declaration: Declaration, language: str) -> str:
    value = condition.value
    if condition.test == "filled":
        return _("answered") if value else _("not answered")
    if condition.test in ("at_least", "at_most"):
        day = day_of(value) if isinstance(value, str) else None
        shown = long_date(day, language) if day else str(value).replace(".", ",")
        return (_("%(value)s or more") if condition.test == "at_least" else _("%(value)s or less")) % {"value": shown}
    found = node_of(forms, declaration, condition.of)
    values = value if isinstance(value, list) else [value]
    named = [found[0].choice(found[1], str(one), language) if found is not None else str(one) for one in values]
    text = SEPARATOR[language].join(named)
    return text if condition.test in ("is", "in") else _("not %(values)s") % {"values": text}
