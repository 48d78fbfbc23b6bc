"""`flask person …`: what is held about one person, and what was kept long enough."""

from __future__ import annotations

from pathlib import Path

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import begin_writing, db, iso
from app.core.problems import Problem, in_both
from app.instruments.models import Instrument
from app.personal import erasing, exporting, later, operations
from app.personal.erasing import Done
from app.personal.finding import Found, search
from app.registry.models import Programme
from app.rescue import operations as rescue

person = AppGroup("person", help="What is held about one person: found, given out, erased. docs/personal-data.md")


def _programme(code: str) -> Programme:
    found = db.session.scalar(sa.select(Programme).where(Programme.code == code))
    if found is None:
        known = ", ".join(db.session.scalars(sa.select(Programme.code).order_by(Programme.code)))
        raise click.ClickException(f"There is no programme {code}. There are: {known}")
    return found


def _line(one: Found) -> str:
    sure = " " if one.is_sure else "?"
    return f"{sure} {one.key}\t{one.title}\t{' · '.join(one.values)[:80]}\t{iso(one.at)[:10] if one.at.year > 1 else ''}"


def _counts(done: Done) -> str:
    return ", ".join(f"{count} {name}" for name, count in done.counts().items() if count) or "nothing"


@person.command("find")
@click.argument("programme")
@click.argument("name")
def find(programme: str, name: str) -> None:
    """Every place that names somebody, by name or telephone number. A question mark: a person has to look."""
    try:
        found = search(_programme(programme).id, operations.asked(name), most=None)
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    for one in found.found:
        click.echo(_line(one))
    click.echo(f"{len(found.found)} places; {found.looked_at} revisions were looked through.")
    if found.unreadable:
        click.echo(f"{found.unreadable} sealed items cannot be read here: their key is missing. She may be in them.")
    if found.copies:
        click.echo(f"{found.copies} parts of rescue files have no place yet: she may be in them (`flask rescue kept`).")


@person.command("export")
@click.argument("programme")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", "keys", multiple=True, help="Only these places, as `find` names them.")
@click.option("--language", type=click.Choice(["ar", "fr"]), default="ar")
def export(programme: str, name: str, file: Path, keys: tuple[str, ...], language: str) -> None:
    """Write what is held about somebody to a ZIP file. Namesakes are in it unless places are named."""
    from flask_babel import force_locale

    here = _programme(programme)
    try:
        found = search(here.id, operations.asked(name), most=None).found
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    wanted = [one for one in found if not keys or one.key in keys]
    begin_writing()
    with force_locale(language):
        content = exporting.write(None, here.id, wanted, language, now=utcnow())
    db.session.commit()
    file.write_bytes(content)
    click.echo(f"{len(wanted)} places in {file}")


@person.command("erase")
@click.argument("programme")
@click.argument("name")
@click.option("--key", "keys", multiple=True, help="Only these places, as `find` names them; without it those without a mark.")
@click.option("--keep", is_flag=True, help="Her record stays in use, without her name.")
@click.option("--yes", is_flag=True, help="Do it; without it only say what would be erased.")
def erase(programme: str, name: str, keys: tuple[str, ...], keep: bool, yes: bool) -> None:
    """Erase somebody: records, their history, answers, pictures and signatures, remarks."""
    here = _programme(programme)
    try:
        who = operations.asked(name)
        result = search(here.id, who, most=None)
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    found = result.found
    if not keys and not result.is_clear:
        raise click.ClickException("Several persons are called so: name the places with --key, as `find` shows them.")
    wanted = [one for one in found if (one.key in keys if keys else one.is_sure)]
    for one in wanted:
        click.echo(_line(one))
    if not yes:
        click.echo(f"{len(wanted)} places. Nothing was done: add --yes to erase them.")
        return
    begin_writing()
    done = erasing.erase(None, here.id, who, wanted, archive=not keep, now=utcnow(), seen=result.seq)
    db.session.commit()
    erasing.finish(done)
    click.echo(f"Erased: {_counts(done)}")


@person.command("again")
@click.option("--yes", is_flag=True, help="Do it; without it only say what came back.")
def again(yes: bool) -> None:
    """Erase once more what old phones, opened seals or a restored copy brought back. Run it after a restore, and every night."""
    if yes:
        rescue.settle(current_app._get_current_object(), now=utcnow())  # type: ignore[attr-defined]
    result = later.again(now=utcnow(), apply=yes)
    if result.told:
        click.echo(f"{result.told} decisions were not known to this database: it is an older copy.")
    click.echo(f"{'Erased again' if yes else 'To erase again'}: {_counts(result.done)}.")
    for submission_id, path in result.perhaps:
        click.echo(f"? {submission_id}\t{path}\tthe same name or number as somebody who was erased: look whether it is her")


@person.command("retention")
@click.argument("programme")
@click.argument("form_id", required=False)
@click.argument("months", type=click.IntRange(1, 1200), required=False)
@click.option("--yes", is_flag=True, help="Erase what is due.")
def retention(programme: str, form_id: str | None, months: int | None, yes: bool) -> None:
    """Say what was kept long enough; with FORM_ID and MONTHS set how long an instrument keeps personal answers."""
    here = _programme(programme)
    if form_id is not None and months is not None:
        begin_writing()
        query = sa.select(Instrument).where(Instrument.programme_id == here.id, Instrument.form_id == form_id)
        instrument = db.session.scalar(query)
        if instrument is None:
            raise click.ClickException(f"There is no form {form_id} in {programme}.")
        later.set_retention(None, instrument, months, now=utcnow())
        db.session.commit()
        click.echo(f"{form_id}: {months} months")
        return
    now = utcnow()
    result = later.expire(None, here.id, now=now) if yes else later.expired(here.id, now=now)
    for due in result.due:
        click.echo(f"{due.instrument.form_id}\t{due.instrument.retention_months} months\t{len(due.submissions)} submissions due")
    click.echo(f"{len(result.persons)} records of persons due")
    if yes:
        click.echo(f"Erased: {_counts(result.done)}")
    else:
        click.echo("Nothing was done: add --yes to erase them.")
