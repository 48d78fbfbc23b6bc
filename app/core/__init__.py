"""Database, problems, permissions, languages, clock: what every other package stands on."""

from __future__ import annotations

from flask import Flask

from app.core import models  # noqa: F401  (registers the tables)
from app.core.languages import babel, chosen_language


def init_app(app: Flask) -> None:
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "en")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "../translations")
    babel.init_app(app, locale_selector=chosen_language)
