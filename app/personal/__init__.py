"""What is held about one person: found, given out, corrected, erased; and what was kept long enough. docs/personal-data.md."""

from __future__ import annotations

from flask import Flask

from app.personal.arriving import take_out_erased
from app.personal.commands import person
from app.personal.views import bp
from app.submissions import intake


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.cli.add_command(person)
    intake.LOOKS["erased"] = take_out_erased
