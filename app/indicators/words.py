"""Units and what is counted, in the reader's words."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

# What a figure is measured in. A declaration's target says the same word.
UNITS: Final[dict[str, LazyString]] = {
    "women": lazy_gettext("women"),
    "men": lazy_gettext("men"),
    "persons": lazy_gettext("persons"),
    "participations": lazy_gettext("participations"),
    "artisans": lazy_gettext("artisans"),
    "apprentices": lazy_gettext("apprentices"),
    "beneficiaries": lazy_gettext("beneficiaries"),
    "cooperatives": lazy_gettext("cooperatives"),
    "groups": lazy_gettext("groups"),
    "premises": lazy_gettext("premises"),
    "projects": lazy_gettext("projects"),
    "partners": lazy_gettext("partners"),
    "communes": lazy_gettext("communes"),
    "diagnostics": lazy_gettext("diagnostics"),
    "trainings": lazy_gettext("training sessions"),
    "visits": lazy_gettext("visits"),
    "meetings": lazy_gettext("meetings"),
    "actions": lazy_gettext("actions"),
    "commitments": lazy_gettext("commitments"),
    "files": lazy_gettext("files"),
    "difficulties": lazy_gettext("difficulties"),
    "submissions": lazy_gettext("submissions"),
    "records": lazy_gettext("records"),
    "rows": lazy_gettext("rows"),
    "mad": lazy_gettext("MAD"),
    "percent": lazy_gettext("percent"),
    "points": lazy_gettext("points out of 100"),
    "steps": lazy_gettext("points out of 4"),
    "m2": lazy_gettext("m²"),
    "hours": lazy_gettext("hours"),
    "days": lazy_gettext("days"),
}
# Units of amounts: nothing that is counted one by one is measured in them.
AMOUNTS = frozenset({"mad", "percent", "points", "steps", "m2", "hours", "days"})

COUNTS: Final[dict[str, LazyString]] = {
    "persons": lazy_gettext("Persons: each is counted once, however often she comes."),
    "participations": lazy_gettext("Participations: whoever comes three times is counted three times."),
    "rows": lazy_gettext("Rows: each one that meets the conditions is counted."),
    "records": lazy_gettext("Records: each is counted once, as it stands today."),
    "money": lazy_gettext("Amounts in dirhams, as they were written."),
    "amounts": lazy_gettext("Amounts, as they were written."),
}
WITHOUT_RECORD = lazy_gettext("Whoever has no record of her own, or did not agree to be named, counts as one participation.")
AS_DECLARED = lazy_gettext("The numbers are those that were declared; nobody is counted by name.")
