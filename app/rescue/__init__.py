"""Rescue files: what a phone could not send itself, brought by hand."""

from __future__ import annotations

from flask import Flask

from app.rescue.commands import rescue
from app.rescue.views import allow_whole_file, bp


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.before_request_funcs.setdefault(None, []).insert(0, allow_whole_file)
    app.cli.add_command(rescue)
