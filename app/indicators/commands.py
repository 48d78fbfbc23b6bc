"""`flask indicators …`: check a file of declarations, load it, count afresh."""

from __future__ import annotations

import json
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.problems import Problem, in_both
from app.indicators import declarations, forms, keeping, operations, queries
from app.registry.models import Programme

indicators = AppGroup("indicators", help="The figures of a programme: docs/indicators.md.")


def _programme(code: str) -> Programme:
    found = db.session.scalar(sa.select(Programme).where(Programme.code == code))
    if found is None:
        raise click.ClickException(f"Aucun programme {code}.")
    return found


@indicators.command("load")
@click.argument("programme")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Say what is wrong; store nothing.")
def load(programme: str, file: Path, *, check: bool) -> None:
    """Make the declarations of FILE (JSON) the indicators of PROGRAMME, and count them."""
    begin_writing()
    found = _programme(programme)
    phases = keeping.periods_in(getattr(found, "phases", None))
    try:
        raw = json.loads(file.read_text("utf-8"))
        read = declarations.read(raw, forms.forms_of(found.id), forms.lists_of(found.id), list(phases), file=file.name)
    except json.JSONDecodeError as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from problem
    if check:
        db.session.rollback()
    else:
        operations.replace(found, read, utcnow())
        db.session.commit()
        operations.catch_up(found.id)
    click.echo(f"{file.name}: {len(read)}")


@indicators.command("recount")
@click.argument("programme")
def recount(programme: str) -> None:
    """Count all indicators of PROGRAMME afresh. Figures come to the same: this is for doubts."""
    found = _programme(programme)
    operations.recount(found.id)
    click.echo(f"{programme}: {len(queries.indicators(_programme(programme), hidden=True))}")
