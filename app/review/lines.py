"""Scores over time as a small SVG line, drawn without a script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.core.languages import long_date
from app.review.reading import one_decimal

WIDTH, HEIGHT, EDGE = 320, 120, 24


def trend(points: Sequence[tuple[datetime, float]], language: str) -> Markup:
    """points: (when, score 0-100), oldest first; nothing for fewer than two. Time runs the way the language is read."""
    if len(points) < 2:
        return Markup("")
    first, last = points[0][0], points[-1][0]
    span = max((last - first).total_seconds(), 1)
    wide = WIDTH - 2 * EDGE

    def place(at: datetime, score: float) -> tuple[float, float]:
        x = EDGE + wide * (at - first).total_seconds() / span
        if language == "ar":
            x = WIDTH - x
        return round(x, 1), round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * min(max(score, 0), 100) / 100, 1)

    placed = [place(at, score) for at, score in points]
    lines = "".join(
        f'<line class="web" x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{y}" y2="{y}"/>' for y in (HEIGHT - EDGE, HEIGHT / 2, EDGE)
    )
    path = " ".join(f"{x},{y}" for x, y in placed)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="4"/>' for x, y in placed)
    words = "".join(
        f'<text class="value" x="{x}" y="{y - 9}" text-anchor="middle">{escape(one_decimal(score))}</text>'
        for (x, y), (_at, score) in zip(placed, points, strict=True)
    )
    spoken = "; ".join(f"{long_date(at, language)}: {one_decimal(score)}" for at, score in points)
    title = escape(_("Scores over time. %(values)s", values=spoken))
    return Markup(  # noqa: S704  (every text in it was escaped above)
        f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">{lines}'
        f'<polyline class="line" points="{path}"/>{dots}{words}</svg>'
    )
