from __future__ import annotations

from flask import Flask

from app.accounts import models  # noqa: F401  (registers the tables)


def init_app(app: Flask) -> None:
    pass
