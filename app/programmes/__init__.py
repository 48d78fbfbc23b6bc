"""Programmes as people set them up: their settings, organisations and consent texts, and what is left to do first."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.programmes.commands import programme
    from app.programmes.views import bp

    app.register_blueprint(bp)
    app.cli.add_command(programme)
