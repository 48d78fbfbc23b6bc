"""`flask audit …`: whether the chain of what was done holds, also against heads that were kept elsewhere (I-21).
`flask store check`: for the machine's own monitoring."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.core import audit, stores

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

group = AppGroup("audit", help="The chain of what was done.")
store = AppGroup("store", help="The room that the database and its files have.")


@store.command("check")
def check() -> None:
    """Say how much room there is; exit status 1 when the store's log has grown too long or the disk is nearly full."""
    room = stores.room(current_app)
    click.echo(f"free: {room.free >> 20} MB" + ("" if room.log is None else f"  log of the store: {room.log >> 20} MB"))
    alarms = room.alarms()
    for alarm in alarms:
        click.echo(alarm, err=True)
    if alarms:
        sys.exit(1)


@group.command("head")
def head() -> None:
    """Number and hash of the newest entry: note them outside this machine."""
    number, made = audit.head()
    click.echo(f"{number} {made}")


@group.command("verify")
@click.option(
    "--witness", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with heads: of receipts, backups."
)
def verify(witness: Path | None) -> None:
    """Walk the chain. Exit status 1 when an entry was changed or removed, or a witnessed head is not in it."""
    broken = audit.first_broken_entry()
    if broken is not None:
        click.echo(f"The chain is broken at entry {broken}: it was changed, or the one before it is missing.", err=True)
        sys.exit(1)
    number, made = audit.head()
    heads = _heads(witness.read_text("utf-8", "replace")) if witness else set()
    missing = sorted(audit.not_in_chain(heads))
    if missing:
        click.echo(
            f"{len(missing)} of {len(heads)} witnessed heads are not in the chain: entries were removed or replaced.", err=True
        )
        for one in missing[:10]:
            click.echo(f"  {one}", err=True)
        sys.exit(1)
    click.echo(f"The chain holds: {number} entries, head {made}.")
    if witness:
        click.echo(f"{len(heads)} witnessed heads are in it.")


def _heads(text: str) -> set[str]:
    """By name where the file names them (a manifest holds other hashes too), else whatever looks like one."""
    named = re.findall(r'"audit_head"\s*:\s*"([0-9a-f]{64})"', text)
    return set(named or re.findall(r"\b[0-9a-f]{64}\b", text))
