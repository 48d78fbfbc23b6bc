"""`flask demo …`: the demonstration programme, in and out."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import db
from app.core.problems import Problem
from app.demo import accounts, operations
from app.demo.problems import NOT_ALLOWED_HERE

demo = AppGroup("demo", help="The demonstration programme: load it, take it away.")


@demo.command("load")
def load() -> None:
    """Load the demonstration programme with its accounts; loading twice changes nothing."""
    try:
        if not current_app.config["DEMO"]:
            raise NOT_ALLOWED_HERE()
        loaded = operations.load(utcnow())
    except Problem as problem:
        db.session.rollback()
        raise click.ClickException(str(problem)) from None
    click.echo("The demonstration is loaded." if loaded else "The demonstration was loaded before: nothing changed.")
    for account, password in accounts():
        click.echo(f"{account.username}\t{password}\t{account.role}\t{account.fr}")


@demo.command("unload")
def unload() -> None:
    """Take the demonstration away: its programme, its accounts and all they sent. Real data stays."""
    try:
        unloaded = operations.unload(utcnow())
    except Problem as problem:
        db.session.rollback()
        raise click.ClickException(str(problem)) from None
    click.echo("The demonstration is gone." if unloaded else "There is no demonstration here.")
