"""`flask submissions …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.submissions import checks, sweeper

submissions = AppGroup("submissions", help="Received submissions.")


@submissions.command("check")
@click.option("--limit", default=1000, show_default=True, help="At most so many.")
def check(limit: int) -> None:
    """Compute submissions again that wait for it, as the process beside the server does."""
    click.echo(f"{checks.check_waiting(limit)} computed again.")


@submissions.command("sweep")
def sweep() -> None:
    """Set apart files that nothing has named for three months; remove those that were apart for another one."""
    done = sweeper.sweep(now=utcnow())
    freed = f"{done.bytes / 1e6:.1f} MB"
    click.echo(f"{done.set_apart} set apart, {done.put_back} put back, {done.removed} removed ({freed})")
