from __future__ import annotations

from flask import Flask

from app.accounts import models  # noqa: F401  (registers the tables)
from app.accounts.commands import people
from app.accounts.sessions import Globals, renew_cookie
from app.accounts.views import bp


def init_app(app: Flask) -> None:
    app.app_ctx_globals_class = Globals
    app.after_request(renew_cookie)
    app.register_blueprint(bp)
    app.cli.add_command(people)
