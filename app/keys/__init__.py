from __future__ import annotations

from flask import Flask

from app.keys import models  # noqa: F401  (registers the table)
from app.keys.commands import keys


def init_app(app: Flask) -> None:
    app.cli.add_command(keys)
