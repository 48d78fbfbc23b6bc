"""Notices to other systems: what happened to a submission, told to an address that an administrator set. docs/hooks.md."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.hooks.commands import hooks
    from app.hooks.views import bp

    app.register_blueprint(bp)
    app.cli.add_command(hooks)
