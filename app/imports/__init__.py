"""Records brought from a spreadsheet: shown and checked row by row, written once somebody has confirmed. docs/registry.md."""

from __future__ import annotations

from flask import Flask

from app.imports.views import bp


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
