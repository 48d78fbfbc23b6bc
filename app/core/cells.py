"""Cells of tables that somebody opens in a spreadsheet."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

# What a cell holds: blanks are None; text is never read as anything else by those who write it out.
Value = None | str | int | float | Decimal | date | datetime | time

# A spreadsheet that opens a CSV may run a cell that starts with one of these (ASVS 5, 1.2.10; also the full-width forms).
RISKY = tuple("=+-@\t\r\n\0＝＋－＠")


def neutral(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe before what could start a formula, NUL left out."""
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" \u00a0\u200e\u200f\u061c\ufeff").startswith(RISKY) else text


def csv_cell(value: Value) -> str:
    """Numbers stay numbers, with a point; dates are ISO 8601; texts are neutralised."""
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    return format(value, "f") if isinstance(value, Decimal) else str(value)
