"""Records brought from a spreadsheet: shown and checked row by row, written once somebody has confirmed.

Also one record corrected by hand. docs/registry.md.
"""

from __future__ import annotations

from flask import Flask

from app.imports import correct_views, views


def init_app(app: Flask) -> None:
    app.register_blueprint(views.bp)
    app.register_blueprint(correct_views.bp)
