"""`flask rescue import FILE`"""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.problems import Problem
from app.rescue import copies, operations

rescue = AppGroup("rescue", help="What a phone could not send itself, brought by hand.")


@rescue.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--receipts", type=click.Path(path_type=Path, dir_okay=False), help="Write the receipts for the phone there.")
def bring(file: Path, receipts: Path | None) -> None:
    """Deliver everything in a rescue file. Twice changes nothing."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        with file.open("rb") as opened:
            brought = operations.bring(app, opened, actor_id=None, now=utcnow())
    except Problem as problem:
        raise click.ClickException(str(problem)) from None
    said = ", ".join(f"{count} {result}" for result, count in sorted(brought.results.items())) or "no form"
    click.echo(f"{said}; {brought.files} files complete, {brought.files_waiting} wait for their form, {brought.damaged} damaged")
    if brought.is_cut:
        click.echo("The file is cut off: something may be missing from its end. Make it again on the phone.")
    if brought.left:
        click.echo(f"{brought.left.parts} parts have no place yet and are kept: `rescue kept`.")
    if receipts:
        receipts.write_bytes(operations.receipts_file(brought.receipts, now=utcnow()))
        click.echo(f"{len(brought.receipts)} receipts in {receipts}: open the file on the phone (Phone, “Rescue file”).")


@rescue.command("kept")
def kept() -> None:
    """What of brought files is not in its place yet, after trying once more."""
    operations.settle(current_app._get_current_object(), now=utcnow())  # type: ignore[attr-defined]
    for one in copies.all_left():
        click.echo(f"{one.sha256}\t{one.brought_at:%Y-%m-%d}\t{one.forms} forms, {one.files} photos, {one.cut} cut off")


@rescue.command("drop")
@click.argument("sha256")
def drop(sha256: str) -> None:
    """Delete what is left of a file, as `rescue kept` names it: nobody needs it any more."""
    try:
        operations.drop(None, sha256, now=utcnow())
    except Problem as problem:
        raise click.ClickException(str(problem)) from None
    click.echo("Deleted.")
