"""`flask demo …`: the demonstration programme, in and out."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from app.accounts.models import Person
from app.core.clock import utcnow
from app.core.db import db
from app.core.problems import Problem
from app.demo import operations
from app.demo.boulemane import PASSWORD
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
    for person in db.session.scalars(sa.select(Person).where(Person.is_demo).order_by(Person.created_at, Person.id)):
        role = "administrator" if person.is_administrator else person.memberships[0].role
        click.echo(f"{person.username}\t{PASSWORD}\t{role}\t{person.name['fr']}")


@demo.command("unload")
def unload() -> None:
    """Take the demonstration away: its programme, its accounts and all they sent. Real data stays."""
    try:
        unloaded = operations.unload(utcnow())
    except Problem as problem:
        db.session.rollback()
        raise click.ClickException(str(problem)) from None
    click.echo("The demonstration is gone." if unloaded else "There is no demonstration here.")
