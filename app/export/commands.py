"""`flask export …`: submissions to a file, as somebody with an account may take them out."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from typing import Literal

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from app.accounts.models import Person
from app.accounts.operations import actor_of
from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import LANGUAGES
from app.core.problems import Problem, in_both
from app.export import operations
from app.export.gather import Request
from app.export.tables import ANSWERS, SUBMISSIONS, Options
from app.registry.models import Programme
from app.submissions.models import STATES
from app.submissions.queries import Filters

export = AppGroup("export", help="Submissions as a spreadsheet. docs/export.md")
DAY = click.DateTime(["%Y-%m-%d"])


@export.command("submissions")
@click.argument("programme")
@click.argument("form")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as", "username", required=True, help="The account whose reach and permissions it has, and that is noted.")
@click.option("--rows", type=click.Choice([SUBMISSIONS, ANSWERS]), default=SUBMISSIONS, help="What has a row.")
@click.option("--language", type=click.Choice(LANGUAGES), default="ar", help="Of labels and headings.")
@click.option("--codes", is_flag=True, help="Choices as codes, not as labels.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="May be repeated; approved if none is named.")
@click.option("--from", "date_from", type=DAY, help="First day of reception.")
@click.option("--to", "date_to", type=DAY, help="Last day of reception.")
@click.option("--names", is_flag=True, help="With names, telephone numbers and signatures.")
@click.option("--separator", type=click.Choice([",", ";"]), default=",", help="Of CSV files.")
def submissions(
    programme: str,
    form: str,
    file: Path,
    *,
    username: str,
    rows: str,
    language: str,
    codes: bool,
    states: tuple[str, ...],
    date_from: datetime | None,
    date_to: datetime | None,
    names: bool,
    separator: str,
) -> None:
    """Write the submissions of FORM in PROGRAMME to FILE: .xlsx, or .zip for CSV files."""
    formats: dict[str, Literal["xlsx", "csv"]] = {".xlsx": "xlsx", ".zip": "csv"}
    if file.suffix.lower() not in formats:
        raise click.BadParameter("ends neither in .xlsx nor in .zip.", param_hint="FILE")
    here = db.session.scalar(sa.select(Programme).where(Programme.code == programme))
    person = db.session.scalar(sa.select(Person).where(Person.username == username.lower(), Person.is_active))
    if here is None or person is None:
        missing = f"programme {programme}" if here is None else f"account {username} in use"
        raise click.ClickException(f"There is no {missing}.")
    first, last = (day.date() if day else None for day in (date_from, date_to))
    filters = Filters(here.id, form_id=form, states=states or ("approved",), date_from=first, date_to=last)
    options = Options(language=language, shape=rows, labels=not codes, names=names)
    # The file appears when it is whole.
    with tempfile.TemporaryFile(prefix="daftar-export-") as target:
        try:
            made = operations.write(
                actor_of(person),
                Request(filters, options),
                target,
                formats[file.suffix.lower()],
                separator=separator,
                now=utcnow(),
            )
        except Problem as problem:
            raise click.ClickException(in_both(problem)) from None
        db.session.commit()
        target.seek(0)
        with file.open("wb") as stream:
            copyfileobj(target, stream)
    click.echo(f"{made.submissions} submissions, {made.rows} rows in {file}")
    if made.unreadable:
        click.echo(f"{made.unreadable} of them cannot be read: their rows say so.")
