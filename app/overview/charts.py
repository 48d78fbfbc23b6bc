"""Bars and scales as SVG, drawn without a script or a style of their own: a page's policy allows neither.

Each stands beside its number in a table, so it says nothing that the table does not; a reader of screens hears the number.
They stretch with their cell: nothing in them is text, and lines keep their width.
"""

from __future__ import annotations

from markupsafe import Markup

HIGH = 12


def _x(share: float, wide: float, *, rtl: bool) -> float:
    """Where a stretch of `wide` that begins at `share` stands; Arabic begins at the right."""
    return round(100 - share - wide if rtl else share, 2)


def _within(value: float) -> float:
    return max(0.0, min(100.0, value))


def bar(share: float, *, rtl: bool, target: float | None = None, tone: str = "", second: float | None = None) -> Markup:
    """A bar of `share` (0 to 100) of its room; `target` a line across it; `second` a thinner bar below, to compare."""
    high, wide = HIGH if second is None else HIGH + 7, _within(share)
    parts = [f'<rect class="room" x="0" y="0" width="100" height="{HIGH}"/>']
    parts.append(f'<rect class="done {tone}" x="{_x(0, wide, rtl=rtl)}" y="0" width="{round(wide, 2)}" height="{HIGH}"/>')
    if second is not None:
        wide = _within(second)
        parts.append(f'<rect class="second" x="{_x(0, wide, rtl=rtl)}" y="{HIGH + 2}" width="{round(wide, 2)}" height="5"/>')
    if target is not None:
        x = _x(_within(target), 0, rtl=rtl)
        parts.append(f'<line class="aim" x1="{x}" x2="{x}" y1="0" y2="{high}"/>')
    return _svg(parts, high)


def scale(
    mean: float, *, rtl: bool, deviation: float | None = None, median: float | None = None, before: float | None = None
) -> Markup:
    """A place on 0 to 100: the mean as a thick line, one standard deviation on either side as a band, the median as a thin line,
    the mean of the round before as a dashed one."""
    parts = [f'<rect class="room" x="0" y="0" width="100" height="{HIGH + 4}"/>']
    for ring in (25, 50, 75):
        parts.append(f'<line class="web" x1="{ring}" x2="{ring}" y1="0" y2="{HIGH + 4}"/>')
    if deviation:
        low, top = _within(mean - deviation), _within(mean + deviation)
        x, wide = _x(low, top - low, rtl=rtl), round(top - low, 2)
        parts.append(f'<rect class="spread" x="{x}" y="4" width="{wide}" height="{HIGH - 4}"/>')
    for value, kind in ((before, "before"), (median, "median"), (mean, "mean")):
        if value is not None:
            x = _x(_within(value), 0, rtl=rtl)
            parts.append(f'<line class="{kind}" x1="{x}" x2="{x}" y1="1" y2="{HIGH + 3}"/>')
    return _svg(parts, HIGH + 4)


def _svg(parts: list[str], high: int) -> Markup:
    start = f'<svg class="bar" viewBox="0 0 100 {high}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
    return Markup(start + "".join(parts) + "</svg>")  # noqa: S704  (numbers and names of ours only)
