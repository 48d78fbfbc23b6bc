"""`flask indicators …`: check a file of declarations, load it, count afresh."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from app.core import amounts
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.problems import Problem, in_both
from app.indicators import declarations, forms, keeping, operations, problems, queries, words
from app.indicators.declarations import Target
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
    for one in queries.indicators(_programme(programme), hidden=True):
        if one.declaration.target != one.declared:
            click.echo(f"  target {one.declaration.code}: kept as it was set by hand")


@indicators.command("target")
@click.argument("programme")
@click.argument("code")
@click.argument("value")
@click.option("--by", type=click.DateTime(formats=["%Y-%m-%d"]), help="Day by which it is to be reached.")
def target(programme: str, code: str, value: str, by: datetime | None) -> None:
    """Set the target of the indicator CODE to VALUE, in its unit; "none" takes it away. It stays when files are loaded again."""
    begin_writing()
    found = _programme(programme)
    try:
        unit = queries.indicator(found, code).declaration.unit
        number = None if value == "none" else amounts.read_amount(value, 2 if unit in words.AMOUNTS else 0)
        wanted = None if number is None else Target(number, unit, by.date() if by else None)
        changed = operations.set_target(None, found, code, wanted, now=utcnow())
    except ValueError:
        raise click.ClickException(in_both(problems.TARGET_UNREADABLE(found=value))) from None
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    click.echo(f"{code}: {value} {unit if number is not None else ''}".rstrip() + ("" if changed else ", as before"))


@indicators.command("recount")
@click.argument("programme")
def recount(programme: str) -> None:
    """Count all indicators of PROGRAMME afresh. Figures come to the same: this is for doubts."""
    found = _programme(programme)
    operations.recount(found.id)
    click.echo(f"{programme}: {len(queries.indicators(_programme(programme), hidden=True))}")
