"""Units and what is counted, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from flask_babel import LazyString, lazy_gettext, ngettext

from app.core.languages import NARROW_SPACE, number

if TYPE_CHECKING:
    from app.indicators.declarations import Declaration

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
    "payments": lazy_gettext("payments"),
    "mad": lazy_gettext("MAD"),
    "percent": lazy_gettext("percent"),
    "points": lazy_gettext("points out of 100"),
    "steps": lazy_gettext("points out of 4"),
    "m2": lazy_gettext("m²"),
    "hours": lazy_gettext("hours"),
    "days": lazy_gettext("days"),
    "minutes": lazy_gettext("minutes"),
}
# Units of amounts: nothing that is counted one by one is measured in them.
AMOUNTS = frozenset({"mad", "percent", "points", "steps", "m2", "hours", "days", "minutes"})

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

# What an address may ask for in vain.
UNKNOWN: Final[dict[str, LazyString]] = {
    "organisation": lazy_gettext(
        "The address asks for an organisation that is not of this programme. All organisations are shown."
    ),
    "territory": lazy_gettext("The address asks for a place that is not known. The figures are not narrowed to a place."),
    "phase": lazy_gettext("The address asks for a phase that this programme does not have. The whole programme is shown."),
    "from": lazy_gettext("The address holds a first day that cannot be read. It was left out."),
    "to": lazy_gettext("The address holds a last day that cannot be read. It was left out."),
}

# With a number: Arabic says two, few and many each in its way. (n, the number as written) -> words.
COUNTED: Final[dict[str, Callable[[int, str], str]]] = {
    "women": lambda n, count: ngettext("%(count)s woman", "%(count)s women", n, count=count),
    "men": lambda n, count: ngettext("%(count)s man", "%(count)s men", n, count=count),
    "persons": lambda n, count: ngettext("%(count)s person", "%(count)s persons", n, count=count),
    "participations": lambda n, count: ngettext("%(count)s participation", "%(count)s participations", n, count=count),
    "artisans": lambda n, count: ngettext("%(count)s artisan", "%(count)s artisans", n, count=count),
    "apprentices": lambda n, count: ngettext("%(count)s apprentice", "%(count)s apprentices", n, count=count),
    "beneficiaries": lambda n, count: ngettext("%(count)s beneficiary", "%(count)s beneficiaries", n, count=count),
    "cooperatives": lambda n, count: ngettext("%(count)s cooperative", "%(count)s cooperatives", n, count=count),
    "groups": lambda n, count: ngettext("%(count)s group", "%(count)s groups", n, count=count),
    "premises": lambda n, count: ngettext("%(count)s premises", "%(count)s premises (several)", n, count=count),
    "projects": lambda n, count: ngettext("%(count)s project", "%(count)s projects", n, count=count),
    "partners": lambda n, count: ngettext("%(count)s partner", "%(count)s partners", n, count=count),
    "communes": lambda n, count: ngettext("%(count)s commune", "%(count)s communes", n, count=count),
    "diagnostics": lambda n, count: ngettext("%(count)s diagnostic", "%(count)s diagnostics", n, count=count),
    "trainings": lambda n, count: ngettext("%(count)s training session", "%(count)s training sessions", n, count=count),
    "visits": lambda n, count: ngettext("%(count)s visit", "%(count)s visits", n, count=count),
    "meetings": lambda n, count: ngettext("%(count)s meeting", "%(count)s meetings", n, count=count),
    "actions": lambda n, count: ngettext("%(count)s action", "%(count)s actions", n, count=count),
    "commitments": lambda n, count: ngettext("%(count)s commitment", "%(count)s commitments", n, count=count),
    "files": lambda n, count: ngettext("%(count)s file", "%(count)s files", n, count=count),
    "difficulties": lambda n, count: ngettext("%(count)s difficulty", "%(count)s difficulties", n, count=count),
    "submissions": lambda n, count: ngettext("%(count)s submission", "%(count)s submissions", n, count=count),
    "records": lambda n, count: ngettext("%(count)s record", "%(count)s records", n, count=count),
    "rows": lambda n, count: ngettext("%(count)s row", "%(count)s rows", n, count=count),
    "payments": lambda n, count: ngettext("%(count)s payment", "%(count)s payments", n, count=count),
    "minutes": lambda n, count: ngettext("%(count)s minute", "%(count)s minutes", n, count=count),
    "hours": lambda n, count: ngettext("%(count)s hour", "%(count)s hours", n, count=count),
    "days": lambda n, count: ngettext("%(count)s day", "%(count)s days", n, count=count),
}

# Words for millions, beside the exact amount: programmes speak in them.
MILLIONS: Final = {"ar": "مليون درهم", "fr": "MDH"}
MILLION = 1_000_000
NO_BREAK = "\u00a0"
ALWAYS = {"mad": 2, "percent": 1, "points": 1, "steps": 2}  # decimals that are written though they are 0
AT_MOST = {"days": 1, "m2": 2, "hours": 1, "minutes": 1}


def _rounded(value: Decimal, unit: str) -> Decimal:
    decimals = ALWAYS.get(unit, AT_MOST.get(unit, 0))
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def number_of(value: Decimal, unit: str) -> str:
    """`1 051`, `28 250 000,00`, `100,0`, `37,5`: with the decimals of its unit."""
    rounded = _rounded(value, unit)
    if unit in ALWAYS:
        return number(rounded, ALWAYS[unit])
    return number(rounded.to_integral_value() if rounded == rounded.to_integral_value() else rounded.normalize())


def counted(value: Decimal, unit: str) -> tuple[str, str]:
    """The number, and its unit as it agrees with it: `("78", "امرأة")`; `("امرأتان", "")` where the word says the number too."""
    text = number_of(value, unit)
    if unit not in COUNTED:
        return text, str(UNITS[unit])
    rounded = _rounded(value, unit)
    # A fraction has the singular in Arabic, from two on the plural in French: as a hundred has.
    n = int(rounded) if rounded >= 0 and (rounded == rounded.to_integral_value() or rounded < 2) else 100
    said = COUNTED[unit](n, _PLACE)
    return (text, said.replace(_PLACE, "").strip()) if _PLACE in said else (said, "")


_PLACE = "\0"  # where the number stands among the words


def figure(value: Decimal | None, unit: str) -> str:
    """With its unit: `1 051 femmes`, `28 250 000,00 MAD`, `92,5 %`; "–" where there is none. Shown inside <bdi>."""
    if value is None:
        return "–"
    text, words = counted(value, unit)
    if not words:
        return text
    return f"{text}{NARROW_SPACE if unit == 'percent' else NO_BREAK}{words}"


def in_millions(value: Decimal | None, unit: str, language: str) -> str:
    """`28,25 MDH`, `3,205 مليون درهم`, to a hundred dirhams; "" below a million, and for other units."""
    if value is None or unit != "mad" or abs(value) < MILLION:
        return ""
    millions = (value / MILLION).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    short = millions.to_integral_value() if millions == millions.to_integral_value() else millions.normalize()
    return f"{number(short)}\u00a0{MILLIONS[language]}"


def told_in(declaration: Declaration) -> list[str]:
    """What is counted, in sentences for the reader."""
    lines = [str(COUNTS[declaration.counts])]
    if declaration.counts == "persons":
        if declaration.measure == "distinct":
            lines.append(str(WITHOUT_RECORD))
        elif declaration.measure == "sum":
            lines = [str(AS_DECLARED)]
    elif declaration.counts == "participations" and declaration.over.list:
        lines.append(str(AS_DECLARED))
    return lines
