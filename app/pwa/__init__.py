"""The phone's page: its shell under /field/, its one script and one style sheet, the manifest and the service worker."""

from __future__ import annotations

from flask import Flask

from app.pwa import preview
from app.pwa.views import bp


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.register_blueprint(preview.bp)
