"""How figures of the home read: amounts, shares, areas, days."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext as _

from app.core.languages import long_date, number
from app.indicators import words as indicators

NO_BREAK = "\u00a0"
NOTHING = "—"

UNIT_WORDS = {
    "mad": {"ar": "درهم", "fr": "MAD"},
    "percent": {"ar": "%", "fr": "%"},
    "m2": {"ar": "م²", "fr": "m²"},
    "bar": {"ar": "%", "fr": "%"},
}


def unit(form: str, language: str) -> str:
    return UNIT_WORDS.get(form, {}).get(language, "")


def rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def figure(value: Decimal, form: str = "number") -> str:
    """Without its unit, which stands in the column's title: `28 250 000,00`, `92,5`."""
    if form == "mad":
        return number(rounded(value, 2), 2)
    if form in ("percent", "bar"):
        return number(rounded(value, 1), 1)
    shown = rounded(value, 2)
    return number(shown.to_integral() if shown == shown.to_integral() else shown.normalize())


def with_unit(value: Decimal, form: str, language: str) -> str:
    """`28 250 000,00 MAD`, `92,5 %`."""
    words = unit(form, language)
    return f"{figure(value, form)}{NO_BREAK}{words}" if words else figure(value, form)


def in_millions(value: Decimal, language: str) -> str:
    """`28,25 MDH`, `28,25 مليون درهم`; nothing for less than a million."""
    return indicators.in_millions(value, "mad", language)


def short_day(value: date) -> str:
    """`26/11/2026`: for cells that have no room for the month's name."""
    return f"{value:%d/%m/%Y}"


def period(start: date | None, end: date | None, language: str) -> str:
    if start and end:
        return _("from %(start)s to %(end)s", start=long_date(start, language), end=long_date(end, language))
    if start:
        return _("from %(start)s on", start=long_date(start, language))
    return _("until %(end)s", end=long_date(end, language)) if end else ""
