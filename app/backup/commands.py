"""`flask backup make | drill | list` and `flask restore`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from app.backup import operations
from app.core.clock import utcnow
from app.core.problems import Problem
from app.personal import erasing

FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))

backup = AppGroup("backup", help="Copies of the database and the attachments, verified.")


def said_plainly(command: Callable[..., None]) -> Callable[..., None]:
    """A problem ends the command with its sentence and exit status 1, not with a traceback."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except Problem as problem:
            click.echo(str(problem), err=True)
            sys.exit(1)

    return wrapped


@backup.command("make")
@FOLDER
@click.option("--off-host", is_flag=True, help="FOLDER survives the loss of this machine: phones may forget what it holds.")
@said_plainly
def make(folder: Path, off_host: bool) -> None:
    """Copy everything into FOLDER and examine the copy."""
    made = operations.make(folder, now=utcnow(), off_host=off_host)
    rows = sum(made.manifest["tables"].values())
    click.echo(f"{made.folder}: {rows} rows, {made.manifest['attachments']} attachments, verified, {made.seconds:.1f} s")
    if not made.manifest["keys_protected"]:
        click.echo("FOLDER/keys opens what phones hold: keep it as private as the server, or set DAFTAR_BACKUP_PASSPHRASE.")
    if not off_host:
        click.echo("The backed-up watermark did not move: add --off-host when FOLDER is not on this machine.")


@backup.command("drill")
@FOLDER
@said_plainly
def drill(folder: Path) -> None:
    """Restore the newest backup of FOLDER into a scratch database and verify every row and file of it."""
    done = operations.drill(folder, now=utcnow())
    held = f"{done.rows} rows, {done.attachments} attachments, {done.phone_keys} keys of phones opened"
    click.echo(f"{done.backup}: intact, {held}")
    click.echo(f"RPO {done.rpo_s:.0f} s (age of the backup)  RTO {done.rto_s:.1f} s (restored and verified)")


@backup.command("list")
@FOLDER
@said_plainly
def list_backups(folder: Path) -> None:
    """The finished backups of FOLDER, oldest first."""
    for manifest in sorted(folder.glob("*/manifest.json")):
        held = json.loads(manifest.read_text("utf-8"))
        submissions = held["tables"].get("submissions", 0)
        click.echo(f"{manifest.parent.name}  {held['store']}  {submissions} submissions  {held['attachments']} attachments")


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="Also when the database in use holds submissions.")
@with_appcontext
@said_plainly
def restore(folder: Path, replace: bool) -> None:
    """Put back a backup: FOLDER is one backup, or a folder of backups (its newest). Stop the server first."""
    chosen = folder if (folder / "manifest.json").exists() else operations.latest(folder)
    manifest = operations.restore(chosen, replace=replace)
    submissions = manifest["tables"].get("submissions", 0)
    click.echo(f"{chosen.name} is in place: {submissions} submissions, {manifest['attachments']} attachments.")
    click.echo("Start the server: it takes a new epoch, and phones send again what they still hold.")
    if erasing.journal().exists():
        click.echo("People were erased here: run `flask person again --yes` once it has started, before anybody works with it.")
