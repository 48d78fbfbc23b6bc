"""Programmes as people set them up: their settings, organisations and consent texts, and what is left to do first."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.programmes import plan_views, views
    from app.programmes.commands import programme
    from app.programmes.plan_commands import plan

    app.register_blueprint(views.bp)
    app.register_blueprint(plan_views.bp)
    programme.add_command(plan)
    app.cli.add_command(programme)
