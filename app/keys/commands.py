"""`flask keys …`: the server's key pairs, which open what phones seal."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.keys import operations, pairs
from app.registry.models import Programme

keys = AppGroup("keys", help="The server's key pairs, which open what phones seal.")


@keys.command("list")
def list_pairs() -> None:
    """One line a key pair, oldest first: id, file, how many phones' keys only it opens."""
    counts = operations.count_by_pair()
    now = pairs.current()[0]
    for file in pairs.files(pairs.folder()):
        name = file.stem.rpartition("-")[2]
        click.echo(f"{name}  {file.name}  {counts.pop(name, 0)} keys of phones{'  current' if name == now else ''}")
    for name, count in sorted(counts.items()):
        click.echo(
            f"{name}  MISSING: {count} keys of phones cannot be opened; put its file back from a backup, then: flask keys retry"
        )


@keys.command("rotate")
def rotate() -> None:
    """Make a new current key pair. Old ones stay: phones that are offline still seal for them."""
    begin_writing()
    made = operations.rotate(now=utcnow())
    db.session.commit()
    click.echo(f"{made} is current. Make a backup now: without this file nothing sealed for it can be opened.")


@keys.command("pin")
@click.argument("programme")
@click.argument("asked", type=click.Choice(["on", "off"]))
def pin(programme: str, asked: str) -> None:
    """Ask for a PIN on the phones of a PROGRAMME (its code), or leave it to their own screen lock."""
    begin_writing()
    found = db.session.scalar(sa.select(Programme).where(Programme.code == programme))
    if found is None:
        raise click.ClickException(f"No programme has the code {programme}.")
    operations.ask_for_pin(found, asked == "on", now=utcnow())
    db.session.commit()
    if asked == "on":
        click.echo(f"{programme}: each person chooses a PIN at her next signing in.")
    else:
        click.echo(f"{programme}: from the next signing in no PIN is asked. Whoever opens such a phone reads what it keeps.")
