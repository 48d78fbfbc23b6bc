from __future__ import annotations

from flask import Flask

from app.core import models, packing, web  # noqa: F401  (models registers the tables)


def init_app(app: Flask) -> None:
    from app.core.commands import group, store

    web.init_app(app)
    packing.init_app(app)
    app.cli.add_command(group)
    app.cli.add_command(store)
