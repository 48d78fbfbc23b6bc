"""Phones as the office sees them: what each said at its last contact, links that make one ready, incidents."""

from __future__ import annotations

from flask import Flask

from app.fleet.commands import fleet
from app.fleet.views import bp


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.cli.add_command(fleet)
