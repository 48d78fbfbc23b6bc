"""Cells of tables that somebody opens in a spreadsheet."""

from __future__ import annotations

# A spreadsheet that opens a CSV may run a cell that starts with one of these (ASVS 5, 1.2.10; also the full-width forms).
RISKY = tuple("=+-@\t\r\n\0＝＋－＠")


def neutral(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe before what could start a formula, NUL left out."""
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" \u00a0\u200e\u200f\u061c\ufeff").startswith(RISKY) else text
