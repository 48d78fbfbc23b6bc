"""Rescue files: what a phone could not send itself, brought by hand."""

from __future__ import annotations

from flask import Flask

from app.rescue.commands import rescue
from app.rescue.views import bp


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.cli.add_command(rescue)
