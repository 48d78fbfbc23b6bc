"""Daftar: field data collection for programmes that support women's cooperatives.

create_app() is the only module that knows every package.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask
from flask_migrate import Migrate

import config
from app.core.db import db, engine_options

# Leftmost first: a package imports only packages that stand before it (tests/test_imports.py).
PACKAGES = (
    "core",
    "engine",
    "registry",
    "accounts",
    "keys",
    "instruments",
    "hooks",
    "submissions",
    "indicators",
    "panels",
    "programmes",
    "review",
    "fleet",
    "sync",
    "export",
    "pwa",
    "overview",
    "imports",
    "rescue",
    "personal",
    "packs",
    "backup",
    "demo",
)


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """The application, configured from the environment; `overrides` replace single settings (tests)."""
    settings = config.from_environment() | (overrides or {})
    app = Flask(__name__, instance_path=str(settings["INSTANCE"]), static_folder="../static")
    app.config.update(settings)
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", engine_options(str(settings["SQLALCHEMY_DATABASE_URI"])))
    db.init_app(app)
    for name in PACKAGES:
        package = import_module(f"app.{name}")
        if hasattr(package, "init_app"):
            package.init_app(app)
    Migrate(app, db, directory="migrations", render_as_batch=True)
    return app
