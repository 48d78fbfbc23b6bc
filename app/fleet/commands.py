"""`flask fleet check`: for the machine's own monitoring."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.fleet import queries

fleet = AppGroup("fleet", help="Phones: who was not heard from, what may be missing.")


@fleet.command("check")
@click.option("--silent", "most_silent", default=0, show_default=True, help="How many silent phones are no alarm.")
def check(most_silent: int) -> None:
    """Say how many phones were silent for 48 hours and how many incidents are open; exit status 1 if too many."""
    silent, holding, opened = queries.alarms(utcnow())
    click.echo(f"no contact in 48 h: {silent} phones ({holding} of them still held work)  open incidents: {opened}")
    if silent > most_silent or opened:
        sys.exit(1)
