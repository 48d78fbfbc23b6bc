"""`flask programme …`: programmes, their organisations and consent texts from a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.problems import Problem, in_both
from app.programmes import operations, problems, queries
from app.programmes.operations import Settings
from app.registry.models import Organisation, Programme

programme = AppGroup("programme", help="Programmes: create and change them, their organisations, their consent texts.")

TEXTS = "ARABIC|FRENCH"
DAY = click.DateTime(formats=["%Y-%m-%d"])


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    """Options that `create` and `set` share."""
    for option in (
        click.option("--consent", multiple=True, metavar=f"FILE.json or TOKEN={TEXTS}", help="A consent text; may be repeated."),
        click.option("--pin", type=click.Choice(["on", "off"]), help="Whether phones ask for a PIN."),
        click.option("--ends", type=DAY, help="Last day, such as 2028-12-31."),
        click.option("--starts", type=DAY, help="First day."),
        click.option("--territory", "territories", multiple=True, metavar="CODE", help="Region, province or commune (HCP)."),
        click.option("--partners-fr"),
        click.option("--partners-ar"),
    ):
        command = option(command)
    return command


@programme.command("create")
@click.argument("code")
@click.option("--name-ar", required=True, help="Name in Arabic.")
@click.option("--name-fr", required=True, help="Name in French.")
@click.option(
    "--organisation", "organisations", multiple=True, metavar=f"CODE={TEXTS}", help="One that takes part; may be repeated."
)
@_settings
def create(code: str, organisations: tuple[str, ...], consent: tuple[str, ...], **given: Any) -> None:
    """Create a programme; with organisations and consent texts, if they are given."""
    texts, named = _consent(consent), [_organisation(one) for one in organisations]
    begin_writing()
    try:
        found = operations.create(None, code, _changed(Settings({}), given), now=utcnow())
        for organisation_code, name in named:
            operations.add_organisation(None, found, organisation_code, name, now=utcnow())
        operations.set_consent(None, found, texts, now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    code = found.code
    db.session.commit()
    click.echo(f"{code} is created. What comes next: flask instrument library --programme {code}")


@programme.command("set")
@click.argument("code")
@click.option("--name-ar", help="Name in Arabic.")
@click.option("--name-fr", help="Name in French.")
@_settings
def change(code: str, consent: tuple[str, ...], **given: Any) -> None:
    """Change a programme: what is not named stays. A consent text with nothing after its = is taken away."""
    texts = _consent(consent)
    begin_writing()
    try:
        found = by_code(code)
        operations.change(None, found, _changed(Settings.of(found), given), now=utcnow())
        operations.set_consent(None, found, texts, now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    click.echo(f"{code} is saved.")


@programme.command("list")
def list_programmes() -> None:
    """One line a programme: code, French name, organisations, forms, active accounts, phones, what is missing."""
    for one in db.session.scalars(sa.select(Programme).order_by(Programme.code)):
        state = queries.progress(one)
        counts = [
            f"organisations: {state.organisations}",
            f"forms: {state.instruments}",
            f"facilitators: {state.facilitators}",
            f"coordinators: {state.coordinators}",
            f"phones: {state.phones}",
        ]
        missing = [token.name for token in queries.tokens(one) if not token.is_filled]
        without = f"consent texts missing: {', '.join(missing)}" if missing else "consent texts filled"
        marks = ["demonstration"] * one.is_demo
        click.echo("\t".join([one.code, one.name["fr"], ", ".join(counts), without, *marks]))


@programme.command("organisations")
@click.argument("code")
@click.option("--add", multiple=True, metavar=f"CODE={TEXTS}", help="Add one; may be repeated.")
@click.option("--rename", multiple=True, metavar=f"CODE={TEXTS}")
@click.option("--close", multiple=True, metavar="CODE", help="Takes part no more: offered to nobody new.")
@click.option("--reopen", multiple=True, metavar="CODE")
def organisations(
    code: str, add: tuple[str, ...], rename: tuple[str, ...], close: tuple[str, ...], reopen: tuple[str, ...]
) -> None:
    """Change the organisations of the programme CODE, and list them: one a line."""
    added, renamed, now = [_organisation(one) for one in add], [_organisation(one) for one in rename], utcnow()
    begin_writing()
    try:
        found = by_code(code)
        for organisation_code, name in added:
            operations.add_organisation(None, found, organisation_code, name, now=now)
        for organisation_code, name in renamed:
            operations.rename_organisation(None, found, _of(found, organisation_code), name, now=now)
        for one in close:
            operations.set_closed(None, found, _of(found, one), True, now=now)
        for one in reopen:
            operations.set_closed(None, found, _of(found, one), False, now=now)
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    lines = [
        "\t".join([one.code, one.name["ar"], one.name["fr"], *(["closed"] * (one.closed_at is not None))])
        for one in queries.organisations(found)
    ]
    db.session.commit()
    for line in lines:
        click.echo(line)


def by_code(code: str) -> Programme:
    found = db.session.scalar(sa.select(Programme).where(Programme.code == code.strip().lower()))
    if found is None:
        raise problems.NO_SUCH_PROGRAMME(code=code)
    return found


def _of(found: Programme, code: str) -> Organisation:
    organisation = operations.find_organisation(found, code)
    if organisation is None:
        raise problems.NO_SUCH_ORGANISATION(code=code)
    return organisation


def _changed(before: Settings, given: dict[str, Any]) -> Settings:
    """The settings with the options that were given; an option left out changes nothing."""
    name = {language: given[f"name_{language}"] or before.name.get(language, "") for language in ("ar", "fr")}
    partners = {
        language: before.partners.get(language, "") if given[f"partners_{language}"] is None else given[f"partners_{language}"]
        for language in ("ar", "fr")
    }
    if given["starts"]:
        before = replace(before, starts_on=given["starts"].date())
    if given["ends"]:
        before = replace(before, ends_on=given["ends"].date())
    if given["pin"] is not None:
        before = replace(before, phone_pin=given["pin"] == "on")
    if given["territories"]:
        before = replace(before, territories=given["territories"])
    return replace(before, name=name, partners=partners)


def _organisation(text: str) -> tuple[str, dict[str, str]]:
    code, equals, names = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text}: an organisation is written CODE={TEXTS}.")
    return code, both_languages(names)


def both_languages(text: str) -> dict[str, str]:
    arabic, bar, french = text.partition("|")
    return {"ar": arabic, "fr": french if bar else arabic}


def _consent(given: tuple[str, ...]) -> dict[str, Any]:
    """What files and TOKEN=… say, the later over the earlier."""
    found: dict[str, Any] = {}
    for one in given:
        token, equals, text = one.partition("=")
        if equals:
            found[token.strip()] = both_languages(text)
            continue
        try:
            content = json.loads(Path(one).read_text("utf-8"))
        except (OSError, ValueError) as problem:
            raise click.BadParameter(f"{one} is neither TOKEN={TEXTS} nor a file of JSON: {problem}") from None
        if not isinstance(content, dict):
            raise click.BadParameter(f'{one}: expected {{"responsible_org": {{"ar": "…", "fr": "…"}}, …}}.')
        found |= content
    return found
