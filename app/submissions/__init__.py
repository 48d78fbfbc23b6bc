from __future__ import annotations

from flask import Flask

from app.submissions import models  # noqa: F401  (registers the tables)


def init_app(app: Flask) -> None:
    from app.submissions.commands import submissions

    app.cli.add_command(submissions)
