"""Addresses that a phone's camera reads."""

from __future__ import annotations

import segno
from markupsafe import Markup


def drawing(address: str) -> Markup:
    """The address as a QR code: an SVG without a size of its own, to stand in a `.qr`."""
    made = segno.make(address, error="m").svg_inline(dark="#000", light="#fff", omitsize=True)
    return Markup(made)  # noqa: S704  (segno's drawing of our own address)
