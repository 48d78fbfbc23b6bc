"""Tables for others: one instrument to CSV and XLSX. Reads only."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.export.commands import export
    from app.export.views import bp

    app.register_blueprint(bp)
    app.cli.add_command(export)
