"""Indicators: figures declared as data, kept in step with what is received and decided. docs/indicators.md."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.indicators.commands import indicators
    from app.indicators.views import bp

    app.register_blueprint(bp)
    app.cli.add_command(indicators)
