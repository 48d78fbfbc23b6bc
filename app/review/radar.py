"""The radar of axis scores as SVG: the same picture as on the phone, drawn without a script."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

from markupsafe import Markup, escape

RADIUS = 78
RINGS = (25, 50, 75, 100)
CHARACTERS = 14  # of one line of a label


def _point(index: int, count: int, distance: float) -> tuple[float, float]:
    angle = 2 * pi * index / count - pi / 2
    return round(cos(angle) * distance, 1), round(sin(angle) * distance, 1)


def _polygon(kind: str, scores: Sequence[float]) -> str:
    count = len(scores)
    points = " ".join(f"{x},{y}" for x, y in (_point(n, count, RADIUS * score / 100) for n, score in enumerate(scores)))
    return f'<polygon class="{kind}" points="{points}"/>'


def _lines(label: str) -> list[str]:
    """At most two lines; a word is never cut unless it alone is too long."""
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > CHARACTERS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], lines[1][: CHARACTERS - 1].rstrip() + "…"]
    return lines


def _span(x: float, y: float, line: str, is_score: bool) -> str:
    kind = ' class="value"' if is_score else ""
    return f'<tspan x="{x}" y="{round(y, 1)}"{kind}>{escape(line)}</tspan>'


def radar(
    axes: Sequence[tuple[str, float | None, str]], then: Sequence[float | None] | None = None, *, title: str = ""
) -> Markup:
    """axes: (label, score 0-100 or None, score in words), clockwise from the top; `then`: the scores of the round before.

    An axis without a score has no corner: it is drawn at the centre and its words say why.
    """
    count = len(axes)
    if count < 3:
        return Markup("")
    parts = [_polygon("web", [ring] * count) for ring in RINGS]
    for n in range(count):
        x, y = _point(n, count, RADIUS)
        parts.append(f'<line class="spoke" x1="0" y1="0" x2="{x}" y2="{y}"/>')
    if then and any(score is not None for score in then):
        parts.append(_polygon("then", [score or 0 for score in then]))
    parts.append(_polygon("now", [score or 0 for _, score, _ in axes]))
    for n, (label, score, words) in enumerate(axes):
        if score is not None:
            x, y = _point(n, count, RADIUS * score / 100)
            parts.append(f'<circle cx="{x}" cy="{y}" r="2.5"/>')
        x, y = _point(n, count, RADIUS + 9)
        side = "middle" if abs(x) < RADIUS / 4 else "start" if x > 0 else "end"
        lines = [*_lines(label), words]
        # Beside the web a label stands level with its corner; above and below it keeps clear of it.
        above = len(lines) - 1 if y < -RADIUS / 2 else 0 if y > RADIUS / 2 else (len(lines) - 1) / 2
        top = y - 15 * above + (4 if abs(y) <= RADIUS / 2 else -2 if y < 0 else 11)
        spans = "".join(_span(x, top + 15 * row, line, row == len(lines) - 1) for row, line in enumerate(lines))
        parts.append(f'<text text-anchor="{side}">{spans}</text>')
    spoken = "; ".join(f"{label}: {words}" for label, _, words in axes)
    label = escape(f"{title}. {spoken}")
    start = f'<svg class="radar" viewBox="-192 -125 384 250" role="img" aria-label="{label}">'
    return Markup(start + "".join(parts) + "</svg>")  # noqa: S704  (every text in it was escaped above)
