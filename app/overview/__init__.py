"""The programme's home: targets and actuals, progress, what waits; for coordinators and supervisors. docs/home.md."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.overview.views import bp

    app.register_blueprint(bp)
