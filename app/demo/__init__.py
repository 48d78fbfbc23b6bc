"""The demonstration programme: what `make run` shows on an empty database."""

from __future__ import annotations

from flask import Flask

from app.core.clock import utcnow
from app.demo.boulemane import ACCOUNTS, PASSWORD, Account


def init_app(app: Flask) -> None:
    from app.demo.commands import demo

    app.cli.add_command(demo)


def load_if_empty(app: Flask) -> bool:
    """Load the demonstration into a database where nobody has begun to work; where DAFTAR_DEMO is off, never."""
    from app.demo import operations

    if not app.config["DEMO"]:
        return False
    with app.app_context():
        return operations.is_empty() and operations.load(utcnow())


def accounts() -> list[tuple[Account, str]]:
    """The accounts of the demonstration, each with its password."""
    return [(account, PASSWORD) for account in ACCOUNTS]
