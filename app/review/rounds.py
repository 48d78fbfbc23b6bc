"""Two rounds of one instrument side by side: what each axis scored, how far that compares, and why (docs/results.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.languages import number
from app.core.permissions import Actor, can
from app.core.problems import Problem
from app.instruments import comparability
from app.instruments.comparability import AxisCompared, Change, Compared
from app.review.pages import people_names
from app.review.reading import one_decimal, signed
from app.submissions.answers import Form, as_date, axis_group, flat, form_of
from app.submissions.models import Revision, Submission
from app.submissions.queries import envelope_of
from app.submissions.rescoring import rescores_of


@dataclass(frozen=True)
class Row:
    """An axis, or the overall score. Scores are words; "" where there is none."""

    label: str
    then: str
    now: str
    change: str = ""  # of the scores as they were given
    regraded: str = ""  # the score of then by the newer grid
    common: str = ""  # "40,0 → 60,0"
    questions: str = ""  # on how many
    degree: str = ""  # "same", "partly", "not"
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rounds:
    earlier: Submission
    latest: Submission
    held: tuple[datetime, datetime]
    then_version: str
    now_version: str
    rows: list[Row]
    overall: Row
    is_one_version: bool
    form_sha256: str  # of the newer grid
    may_rescore: bool
    regraded_at: datetime | None = None
    regraded_by: str = ""


def degree_name(degree: str) -> str:
    return {"same": _("comparable"), "partly": _("comparable in part"), "not": _("not comparable")}.get(degree, "")


@lru_cache(maxsize=64)
def _compared(older: str, newer: str) -> Compared | None:
    forms = form_of(older), form_of(newer)
    return comparability.compare(forms[0].package, forms[1].package) if forms[0] and forms[1] else None


def side_by_side(
    actor: Actor,
    earlier: tuple[Submission, Revision, Mapping[str, Any]],
    latest: tuple[Submission, Revision, Mapping[str, Any]],
    language: str,
) -> Rounds | None:
    """Of two submissions of one form with their scores as the server computed them; None when a version is not here."""
    (before, old, then), (after, new, now) = earlier, latest
    forms = form_of(old.form_sha256), form_of(new.form_sha256)
    compared = _compared(old.form_sha256, new.form_sha256)
    if compared is None or forms[0] is None or forms[1] is None:
        return None
    values = [_by_name(form, revision) for form, revision in zip(forms, (old, new), strict=True) if form is not None]
    common, overall = comparability.on_common(compared, forms[1].package, *values)
    kept = rescores_of([old.id]).get((old.id, new.form_sha256))
    regraded = kept.scores if kept else {}
    sides = [_by_axis(scores) for scores in (then, now, regraded)]
    rows = []
    for axis, one in compared.axes.items():
        scores = [side.get(axis) for side in sides]
        on = common.get(axis)
        rows.append(
            Row(
                _axis_name(forms, axis, language),
                *_words(scores, one.degree),
                common=f"{one_decimal(on.then)} → {one_decimal(on.now)}" if on else "",
                questions=ngettext("%(num)d question", "%(num)d questions", on.questions) if on else "",
                degree=one.degree,
                reasons=_reasons(one, forms, language),
            )
        )
    return Rounds(
        before,
        after,
        (held_at(before, old), held_at(after, new)),
        forms[0].version,
        forms[1].version,
        rows,
        Row(
            _("Overall"),
            *_words([scores.get("overall") for scores in (then, now, regraded)], compared.degree),
            common=f"{one_decimal(overall[0])} → {one_decimal(overall[1])}" if overall else "",
            degree=compared.degree,
            reasons=[_reason(change, forms, language) for change in compared.changes],
        ),
        old.form_sha256 == new.form_sha256,
        new.form_sha256,
        old.form_sha256 != new.form_sha256 and kept is None and can(actor, "submission.review", **before.scope),
        kept.at if kept else None,
        people_names([kept.actor_id]).get(kept.actor_id, "") if kept else "",
    )


def _by_name(form: Form, revision: Revision) -> dict[str, str]:
    """{name: answer} of what stands once in the form; nothing where the key of sealed answers is not here."""
    try:
        answers = envelope_of(revision)["answers"]
    except Problem:
        return {}
    return {path.rsplit("/", 1)[-1]: value for path, value in flat(form, answers).items() if "[" not in path}


def held_at(submission: Submission, revision: Revision) -> datetime:
    """The day that the form itself says, its first date that stands once; where it says none or is sealed, when it arrived."""
    form = form_of(revision.form_sha256)
    node = next((one for one in form.nodes if one.get("type") == "date" and not form.scope(one["i"])), None) if form else None
    day = as_date(_by_name(form, revision).get(node["name"], "")) if form and node else None
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) if day else submission.received_at


def _by_axis(scores: Mapping[str, Any]) -> dict[str, float | None]:
    return {axis.get("axis", ""): axis.get("score") for axis in scores.get("axes") or []}


def _words(scores: list[float | None], degree: str) -> tuple[str, str, str, str]:
    """Then, now, what changed where that says something, then by the newer grid."""
    then, now, _regraded = scores
    said = ["" if one is None else one_decimal(one) for one in scores]
    change = signed(now - then) if then is not None and now is not None and degree != "not" else ""
    return said[0], said[1], change, said[2]


def _axis_name(forms: tuple[Form | None, Form | None], axis: str, language: str) -> str:
    for form in reversed(forms):
        if form is None:
            continue
        nodes = (node for node in form.nodes if node.get("attributes", {}).get("role") == "axis-score")
        node = next((one for one in nodes if one["attributes"].get("axis", one["name"]) == axis), None) or axis_group(form, axis)
        if node is not None and (label := form.label(node, language)):
            return label
    return axis


def _reasons(axis: AxisCompared, forms: tuple[Form | None, Form | None], language: str) -> list[str]:
    return [_reason(change, forms, language) for change in axis.changes]


def _reason(change: Change, forms: tuple[Form | None, Form | None], language: str) -> str:
    form = forms[0 if change.is_older else 1]
    question = (form.label(change.node, language) if form is not None and change.node is not None else "") or change.name
    weights = {"before": _weight(change.before), "after": _weight(change.after)}
    return {
        "came": lambda: _("New: “%(question)s”", question=question),
        "went": lambda: _("No longer asked: “%(question)s”", question=question),
        "choices": lambda: _("Takes other answers now: “%(question)s”", question=question),
        "weight": lambda: _("Weighs %(after)s instead of %(before)s: “%(question)s”", question=question, **weights),
        "reworded": lambda: _("Worded differently, counts as before: “%(question)s”", question=question),
        "rule": lambda: _("The score is computed in another way."),
        "levels": lambda: _("The levels or what limits them changed."),
        "axis_came": lambda: _("The axis was not scored before."),
        "axis_went": lambda: _("The axis is no longer scored."),
        "axis_weight": lambda: _("The axis weighs %(after)s instead of %(before)s: %(axis)s", axis=question, **weights),
    }[change.kind]()


def _weight(weight: float | None) -> str:
    return "" if weight is None else str(number(int(weight) if weight == int(weight) else weight))
