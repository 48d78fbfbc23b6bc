"""The head and foot of printed pages, as a style sheet of its own: programme, perimeter, moment, page n of N.

A page's policy allows no style inside it, and only a style sheet can write into the margin of each sheet.
"""

from __future__ import annotations

from flask_babel import gettext as _

A4 = {"": "A4 portrait", "wide": "A4 landscape"}


def quoted(text: str) -> str:
    """A string of CSS: whatever is not a letter, a digit or a space is written by its number (and a space, which ends it)."""
    return '"' + "".join(one if one.isalnum() or one == " " else f"\\{ord(one):06x} " for one in text) + '"'


def sheet(programme: str, perimeter: str, situation: str, language: str) -> str:
    """For `@media print`. In Arabic the head begins at the right."""
    start, end = ("right", "left") if language == "ar" else ("left", "right")
    way = f"direction: {'rtl' if language == 'ar' else 'ltr'}; unicode-bidi: plaintext; font: 8pt sans-serif; color: #333;"
    before, between = quoted(_("Page") + " "), quoted(" / ")
    page = f"{before} counter(page) {between} counter(pages)"
    return "\n".join(
        f"@page {name} {{ size: {size}; margin: 18mm 12mm 14mm;"
        f" @top-{start} {{ content: {quoted(programme)}; {way} font-weight: bold; }}"
        f" @top-{end} {{ content: {quoted(perimeter)}; {way} }}"
        f" @bottom-{start} {{ content: {quoted(situation)}; {way} }}"
        f" @bottom-{end} {{ content: {page}; {way} }} }}"
        for name, size in A4.items()
    )
