"""Demonstrations of packs: what `make run` shows on an empty database."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from flask import Flask

from app.accounts.models import Person
from app.core.clock import utcnow
from app.core.db import db
from app.demo.people import PASSWORD, Account, of_pack
from app.packs.reading import folder_of, read
from app.registry.models import Programme

FIRST = "boulemane"  # the pack that an empty installation shows
PROGRAMME = f"{FIRST}-demo"


def init_app(app: Flask) -> None:
    from app.demo.commands import demo, load
    from app.programmes.commands import programme

    app.cli.add_command(demo)
    programme.add_command(load)


def load_if_empty(app: Flask) -> bool:
    """Load the demonstration into a database where nobody has begun to work; where DAFTAR_DEMO is off, never."""
    from app.demo.playing import play

    if not app.config["DEMO"]:
        return False
    with app.app_context():
        return is_empty() and play(read(folder_of(FIRST)), utcnow())


def is_empty() -> bool:
    """Nobody has begun to work with this installation."""
    return not (db.session.scalar(sa.select(Programme.id).limit(1)) or db.session.scalar(sa.select(Person.id).limit(1)))


def accounts(code: str = FIRST) -> list[tuple[Account, str]]:
    """The accounts of a pack's demonstration that are here, under the names they have here, each with its password."""
    here = set(db.session.scalars(sa.select(Person.username).where(Person.is_demo)))
    found = []
    for account in of_pack(code):
        for username in (account.username, f"{account.username}.demo"):
            if username in here:
                found.append((replace(account, username=username), PASSWORD))
                break
    return found
