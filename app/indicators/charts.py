"""A figure month by month as SVG bars, drawn without a script."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from babel.dates import format_date
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.core.languages import LOCALES
from app.indicators.evaluating import day_of
from app.indicators.words import number_of

MOST_MONTHS = 24
WIDTH, HEIGHT, EDGE, FOOT = 720, 200, 8, 40


def month_name(month: str, language: str) -> str:
    """`نونبر 2026`."""
    day = day_of(f"{month}-01")
    return format_date(day, "MMMM y", locale=LOCALES[language]) if day else month


def months(points: Sequence[tuple[str, Decimal | None]], unit: str, language: str) -> Markup:
    """points: ("2026-11", value), oldest first; the newest MOST_MONTHS are drawn. Time runs the way the language is read."""
    shown = [(month, value) for month, value in points if value is not None][-MOST_MONTHS:]
    if len(shown) < 2:
        return Markup("")
    most = max((value for _month, value in shown), default=Decimal(1)) or Decimal(1)
    step = (WIDTH - 2 * EDGE) / len(shown)
    tall = HEIGHT - FOOT - 24
    parts = []
    for n, (month, value) in enumerate(shown):
        place = n if language != "ar" else len(shown) - 1 - n
        x, wide = EDGE + place * step, min(step * 0.72, 56)
        high = round(float(max(value, Decimal(0)) / most) * tall, 1)
        middle, top = round(x + step / 2, 1), round(HEIGHT - FOOT - high, 1)
        parts.append(f'<rect x="{round(middle - wide / 2, 1)}" y="{top}" width="{round(wide, 1)}" height="{high}" rx="3"/>')
        if len(shown) <= 12:
            parts.append(
                f'<text class="value" x="{middle}" y="{top - 7}" text-anchor="middle">{escape(number_of(value, unit))}</text>'
            )
        if n % max(1, len(shown) // 8) == 0:
            short = f"{month[5:]}/{month[:4]}" if len(shown) <= 12 else f"{month[5:]}/{month[2:4]}"
            parts.append(f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">{escape(short)}</text>')
    spoken = "; ".join(f"{month_name(month, language)}: {number_of(value, unit)}" for month, value in shown)
    line = f'<line class="web" x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{HEIGHT - FOOT}" y2="{HEIGHT - FOOT}"/>'
    title = escape(_("Month by month. %(values)s", values=spoken))
    return Markup(  # noqa: S704  (every text in it was escaped above)
        f'<svg class="months" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">{line}{"".join(parts)}</svg>'
    )
