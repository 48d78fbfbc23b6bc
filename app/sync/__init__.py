from __future__ import annotations

from flask import Flask

from app.sync.delivery import Delivery


def init_app(app: Flask) -> None:
    from app.core.web import csrf
    from app.sync.api import bp  # brings `flask keys retry` with it

    app.extensions["daftar-delivery"] = Delivery(app)
    app.register_blueprint(bp)
    csrf.exempt(bp)
