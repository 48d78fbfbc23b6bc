"""Addresses of the records behind a number of a panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for

from app.overview.perimeter import Perimeter
from app.panels.declarations import Panel


@dataclass(frozen=True)
class Behind:
    """Of the numbers of one panel within what its reader chose."""

    panel: Panel
    chosen: Perimeter

    def address(self, **cell: str) -> str:
        """`cell`: what the number stands for, as rows.py reads it: row, column, source, step. Without any: the whole panel."""
        args: dict[str, Any] = {**self.chosen.to_args(), **cell}
        return url_for("overview.rows", code=self.panel.code, **args)
