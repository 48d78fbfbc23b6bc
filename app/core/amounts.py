"""Amounts in dirhams: as people type them, and said back in words, so that two noughts too many are seen."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext as _

from app.core.languages import number

_SPACES = re.compile(r"[\s\u00a0\u202f\u200e\u200f]+")
_AMOUNT = re.compile(r"([0-9]{1,13})(?:[.,]([0-9]+))?")
_FIGURES = {ord(sign): str(value % 10) for value, sign in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}
_BILLION = 1_000_000_000
_MILLION = 1_000_000
_CENTIMES = 10_000  # dirhams in what people call a million: of centimes


def read_amount(text: str | None, decimals: int = 2) -> Decimal | None:
    """`3 700 000,50` as a number; None where nothing is written.

    A point or comma before more than `decimals` figures is refused: it may mean thousands. Raises ValueError.
    """
    plain = _SPACES.sub("", text or "").translate(_FIGURES).replace("\u066b", ",")
    if not plain:
        return None
    found = _AMOUNT.fullmatch(plain)
    if not found or len(found[2] or "") > decimals:
        raise ValueError(text)
    return Decimal(f"{found[1]}.{found[2] or '0'}").quantize(Decimal(1).scaleb(-decimals))


def typed(amount: Decimal | None, decimals: int = 2) -> str:
    """As it stands in a field to be changed."""
    return "" if amount is None else number(amount, decimals)


def said(amount: Decimal | None) -> str:
    """`28 250 000,00 dirhams · 28,25 million dirhams · 2 825 million centimes`, as phones say it (static/js/form/amount.js)."""
    if amount is None:
        return ""
    parts = [_("{amount} dirhams").format(amount=number(amount, 2))]
    if abs(amount) >= _BILLION:
        parts.append(_("{amount} billion dirhams").format(amount=_short(amount, _BILLION)))
    elif abs(amount) >= _MILLION:
        parts.append(_("{amount} million dirhams").format(amount=_short(amount, _MILLION)))
    if abs(amount) >= _CENTIMES:
        parts.append(_("{amount} million centimes").format(amount=_short(amount, _CENTIMES)))
    return " · ".join(parts)


def _short(amount: Decimal, unit: int) -> str:
    rounded = (amount / unit).quantize(Decimal("0.001"), ROUND_HALF_UP)
    return number(rounded.to_integral_value() if rounded == rounded.to_integral_value() else rounded.normalize())
