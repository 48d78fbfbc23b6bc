"""What a `minutes` panel reads: how long it took to fill each instrument, and how many forms were left open in between.

Nobody writes these indicators by hand; they are kept in step like every other one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.languages import LANGUAGES
from app.indicators.declarations import MINUTES
from app.panels.declarations import Panel
from app.submissions.answers import Form

LONGEST = 240  # minutes: a form that was open for longer was left and taken up again, and says nothing of how long filling takes
STATES = ["received", "has_issues", "edited", "approved"]


def code_of(form_id: str) -> str:
    return f"{form_id}.minutes"


def code_of_interrupted(form_id: str) -> str:
    return f"{form_id}.interrupted"


def declarations(panels: Sequence[Panel], forms: Mapping[str, Form]) -> list[dict[str, Any]]:
    """As in indicators.json, hidden; the forms that panels name, each once."""
    wanted = dict.fromkeys(one for panel in panels if panel.kind == "minutes" for one in panel.get("instruments"))
    return [raw for form_id in wanted if form_id in forms for raw in _declared(forms[form_id])]


def _declared(form: Form) -> list[dict[str, Any]]:
    common: dict[str, Any] = {
        "name": {language: str(form.package["title"].get(language) or form.form_id) for language in LANGUAGES},
        "over": {"instrument": form.form_id},
        "states": STATES,
        "by": ["organisation"],
        "hidden": True,
    }
    filling = {
        "ar": "الدقائق بين فتح الاستمارة وإنهائها، بما فيها التوقفات؛ ما بقي مفتوحا أكثر من أربع ساعات لا يُحسب، ولا التصحيحات",
        "fr": "Minutes entre l’ouverture du formulaire et sa fin, pauses comprises ; ni ceux restés ouverts plus de quatre "
        "heures, ni les corrections",
    }
    interrupted = {
        "ar": "استمارات بقيت مفتوحة أكثر من أربع ساعات: تُركت ثم استؤنفت",
        "fr": "Formulaires restés ouverts plus de quatre heures : laissés, puis repris",
    }
    return [
        {
            **common, "code": code_of(form.form_id), "definition": filling, "unit": "minutes", "measure": "median", "of": MINUTES,
            "where": [{"of": MINUTES, "at_most": LONGEST}],
        },
        {
            **common, "code": code_of_interrupted(form.form_id), "definition": interrupted, "unit": "submissions",
            "measure": "rows", "where": [{"of": MINUTES, "at_least": LONGEST + 1}],
        },
    ]  # fmt: skip
