"""`flask submissions …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.submissions import checks

submissions = AppGroup("submissions", help="Received submissions.")


@submissions.command("check")
@click.option("--limit", default=1000, show_default=True, help="At most so many.")
def check(limit: int) -> None:
    """Compute submissions again that wait for it, as the process beside the server does."""
    click.echo(f"{checks.check_waiting(limit)} computed again.")
