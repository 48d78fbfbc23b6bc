"""`flask people …`: the accounts nobody is signed in to make."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from app.accounts import operations, problems
from app.accounts.models import Person
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.problems import Problem, in_both

people = AppGroup("people", help="Accounts: the first administrator, passwords.")


@people.command("create-administrator")
@click.argument("username")
@click.option("--name", help="As shown in the office; the username if left out.")
@click.option("--language", type=click.Choice(["ar", "fr"]), default="ar", show_default=True)
@click.password_option("--password", help="Asked for when left out.")
def create_administrator(username: str, name: str | None, language: str, password: str) -> None:
    """Create an account that may do everything."""
    begin_writing()
    try:
        operations.create_person(
            username=username,
            name={"ar": name or username, "fr": name or username},
            password=password,
            language=language,
            is_administrator=True,
            now=utcnow(),
        )
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    click.echo(f"{username.strip().lower()} can sign in.")


@people.command("reset-password")
@click.argument("username")
@click.password_option("--password", help="Asked for when left out.")
def reset_password(username: str, password: str) -> None:
    """Set a new password and end the account's sessions."""
    begin_writing()
    try:
        person = db.session.scalar(sa.select(Person).where(Person.username == username.strip().lower()))
        if person is None:
            raise problems.NO_SUCH_PERSON()
        if person.is_demo:
            raise problems.DEMO_ACCOUNT(username=person.username)
        operations.set_password(person, password, now=utcnow(), by=None)
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    click.echo(f"The password of {person.username} is changed; its sessions are ended.")


@people.command("list")
def list_people() -> None:
    """One line an account: username, roles, whether it is active."""
    for person in db.session.scalars(sa.select(Person).order_by(Person.username)):
        roles = [f"{one.programme.code}:{one.role}" for one in person.memberships]
        if person.is_administrator:
            roles.insert(0, "administrator")
        marks = ["demonstration"] * person.is_demo + ["deactivated"] * (not person.is_active)
        click.echo("\t".join([person.username, " ".join(roles), " ".join(marks)]).rstrip())
