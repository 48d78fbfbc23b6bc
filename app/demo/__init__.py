"""The demonstration programme: what `make run` shows on an empty database."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from flask import Flask

from app.accounts.models import Person
from app.core.clock import utcnow
from app.core.db import db
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
    """The accounts of the demonstration that are here, each with its password; none where it was never loaded."""
    here = set(db.session.scalars(sa.select(Person.username).where(Person.is_demo)))
    named = [replace(account, username=f"{account.username}.demo") for account in ACCOUNTS]
    found = [plain if plain.username in here else other for plain, other in zip(ACCOUNTS, named, strict=True)]
    return [(account, PASSWORD) for account in found if account.username in here]
