"""`flask keys …`: the server's key pairs, which open what phones seal."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.keys import operations, pairs

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
        click.echo(f"{name}  MISSING: {count} keys of phones cannot be opened; put its file back from a backup")


@keys.command("rotate")
def rotate() -> None:
    """Make a new current key pair. Old ones stay: phones that are offline still seal for them."""
    begin_writing()
    made = operations.rotate(now=utcnow())
    db.session.commit()
    click.echo(f"{made} is current. Make a backup now: without this file nothing sealed for it can be opened.")
