"""Arabic and French, equal: which one a reader gets, its direction, and how numbers and dates read in Morocco."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import g, has_request_context, request
from flask_babel import Babel

LANGUAGES = ("ar", "fr")
LOCALES = {"ar": "ar_MA", "fr": "fr_MA"}  # generic "ar" has the months of another country

# The machine's own table can be years old: Morocco went back to UTC on 20 September 2026 (docs/decisions/0006-clocks.md).
with files("tzdata.zoneinfo.Africa").joinpath("Casablanca").open("rb") as _table:
    MOROCCO = ZoneInfo.from_file(_table, key="Africa/Casablanca")
NARROW_SPACE = "\u202f"

babel = Babel()


def chosen_language() -> str:
    """The reader's language: this request's `?lang=`, then the cookie's, the account's, the browser's, else Arabic.

    The cookie goes first: whoever signs in goes on in the language that the sign-in page spoke."""
    if not has_request_context():
        return "ar"
    for asked in (request.args.get("lang"), request.cookies.get("lang"), getattr(g, "language", None)):
        if asked in LANGUAGES:
            return asked
    return request.accept_languages.best_match(LANGUAGES) or "ar"


def direction(language: str) -> str:
    return "rtl" if language == "ar" else "ltr"


def number(value: int | float | Decimal | str, decimals: int | None = None) -> str:
    """`28 250 000,00`: narrow no-break space for thousands, comma for decimals, digits 0-9, in both languages."""
    amount = Decimal(str(value))
    text = f"{amount:,.{decimals}f}" if decimals is not None else f"{amount:,f}"
    whole, _, fraction = text.partition(".")
    whole = whole.replace(",", NARROW_SPACE)
    return f"{whole},{fraction}" if fraction else whole


def long_date(value: date | datetime, language: str) -> str:
    """`5 غشت 2026`, `5 août 2026`, `1er août 2026`."""
    if isinstance(value, datetime):
        value = value.astimezone(MOROCCO).date()
    if language == "fr" and value.day == 1:
        return format_date(value, "'1er' MMMM y", locale=LOCALES[language])
    return format_date(value, "d MMMM y", locale=LOCALES[language])


def date_and_time(value: datetime, language: str) -> str:
    value = value.astimezone(MOROCCO)
    return f"{long_date(value, language)}، {value:%H:%M}" if language == "ar" else f"{long_date(value, language)}, {value:%H:%M}"
