"""What an `axes` panel reads: indicators of each score axis, of the overall score and of each scored question of a form.

Nobody writes them by hand: they follow from the form's roles (docs/package.md). They are kept in step like every other indicator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.languages import LANGUAGES
from app.panels.declarations import PLACES, Panel
from app.submissions.answers import Form, Node

BEFORE = ".before"  # ends the code of the same in the round before


@dataclass(frozen=True)
class Scored:
    """A score of a form: of an axis, of all of them (axis ""), or of one question."""

    code: str  # of its indicator
    node: Node
    axis: str
    is_question: bool = False


def scored(form: Form) -> list[Scored]:
    """The overall score, the axes, the questions, in the order of the form."""
    whole: list[Scored] = []
    axes: list[Scored] = []
    questions: list[Scored] = []
    for node in form.nodes:
        attributes = node.get("attributes", {})
        role, axis = attributes.get("role"), str(attributes.get("axis", ""))
        if role == "overall":
            whole.append(Scored(f"{form.form_id}.overall", node, ""))
        elif role == "axis-score":
            axes.append(Scored(f"{form.form_id}.axis.{axis or node['name']}", node, axis or node["name"]))
        elif role == "item":
            questions.append(Scored(f"{form.form_id}.item.{node['name']}", node, axis, is_question=True))
    return [*whole, *axes, *questions]


def dimension(by: str) -> str:
    """What a panel splits by, as indicators name it: a place, or a property of the record that the form is about."""
    return by if by in PLACES or "." in by else f"subject.{by}"


def declarations(panels: Sequence[Panel], forms: Mapping[str, Form]) -> list[dict[str, Any]]:
    """As in indicators.json, hidden: of each record's newest round, and of the one before where a panel compares the two."""
    found: dict[str, dict[str, Any]] = {}
    for panel in panels:
        form = forms.get(panel.get("instrument", "")) if panel.kind == "axes" else None
        if form is None:
            continue
        by = [dimension(one) for one in panel.get("by", [])]
        for one in scored(form):
            if one.is_question and not panel.get("weakest", 10) and not panel.get("rounds"):
                continue
            for each in ("latest", "before") if panel.get("rounds") else ("latest",):
                raw = _declaration(form, one, [] if one.is_question else by, each, panel.get("date", ""))
                found.setdefault(raw["code"], raw)
    return list(found.values())


def _declaration(form: Form, one: Scored, by: list[str], each: str, dated: str) -> dict[str, Any]:
    name = {language: form.label(one.node, language) or str(one.node["name"]) for language in LANGUAGES}
    said = {
        "latest": {"ar": "آخر تشخيص معتمد لكل سجل", "fr": "Le dernier dossier approuvé de chaque fiche"},
        "before": {"ar": "التشخيص الذي قبل الأخير لكل سجل", "fr": "L’avant-dernier dossier approuvé de chaque fiche"},
    }[each]
    return {
        "code": one.code + (BEFORE if each == "before" else ""),
        "name": name,
        "definition": said,
        "unit": "steps" if one.is_question else "points",
        "measure": "mean" if one.is_question else "median",
        "over": {"instrument": form.form_id},
        "of": one.node["name"],
        "each": each,
        "by": by if each == "latest" else [],
        "hidden": True,
        **({"date": dated} if dated else {}),
    }
