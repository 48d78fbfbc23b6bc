"""`flask hooks …`: receivers of notices from a terminal."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import begin_writing, db, iso
from app.core.problems import NOT_FOUND, Problem, in_both
from app.hooks import operations, problems, queries, sending
from app.hooks.addresses import Rules
from app.hooks.models import EVENTS, Hook
from app.registry.models import Programme

hooks = AppGroup("hooks", help="Systems that are told what happens to submissions.")
EVENT = click.option("--event", "events", multiple=True, type=click.Choice(EVENTS), help="May be repeated.")
SECRET = click.option("--secret", default="", help="whsec_ and base64. Not given: one is made, or stays.")


def _rules() -> Rules:
    return Rules.of(current_app.config)


def _hook(hook_id: str) -> Hook:
    found = queries.hook(hook_id)
    if found is None:
        raise problems.NO_SUCH_HOOK(id=hook_id)
    return found


@hooks.command("list")
def list_hooks() -> None:
    """One line a receiver: id, programme, address, events, on or off, what waits, what was given up, the last answer."""
    codes = {row.id: row.code for row in db.session.execute(sa.select(Programme.id, Programme.code))}
    for one in queries.hooks():
        last = (one.last.trouble or str(one.last.status)) if one.last else "-"
        fields = [one.hook.id, codes[one.hook.programme_id], one.hook.url, one.hook.events, "on" if one.hook.is_on else "off"]
        click.echo("\t".join([*fields, f"waiting: {one.waiting}", f"given up: {one.given_up}", f"last: {last}"]))


@hooks.command("add")
@click.argument("programme")
@click.argument("url")
@EVENT
@SECRET
def add(programme: str, url: str, events: tuple[str, ...], secret: str) -> None:
    """Tell URL what happens in the programme with the code PROGRAMME; all events, if none is named. Prints its id and secret."""
    try:
        checked = operations.check(url, events or EVENTS, secret, rules=_rules())
        begin_writing()
        found = db.session.scalar(sa.select(Programme).where(Programme.code == programme.strip().lower()))
        if found is None:
            raise NOT_FOUND()
        made = operations.create(None, found, checked, now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    line = f"{made.id}\t{made.secret}"
    db.session.commit()
    click.echo(line)


@hooks.command("set")
@click.argument("hook_id")
@click.option("--url")
@EVENT
@SECRET
@click.option("--new-secret", is_flag=True, help="Make a new one; it is printed.")
@click.option("--on/--off", "is_on", default=None)
def change(hook_id: str, url: str | None, events: tuple[str, ...], secret: str, new_secret: bool, is_on: bool | None) -> None:
    """Change a receiver: what is not named stays."""
    try:
        before = _hook(hook_id)
        wanted = operations.new_secret() if new_secret else secret
        is_on = before.is_on if is_on is None else is_on
        checked = operations.check(url or before.url, events or before.events.split(), wanted, is_on=is_on, rules=_rules())
        begin_writing()
        operations.change(None, _hook(hook_id), checked, now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    click.echo(wanted if new_secret else "saved.")


@hooks.command("remove")
@click.argument("hook_id")
def remove(hook_id: str) -> None:
    """Tell it nothing more; what waits for it is dropped."""
    begin_writing()
    try:
        operations.remove(None, _hook(hook_id), now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    click.echo("removed.")


@hooks.command("test")
@click.argument("hook_id")
def test(hook_id: str) -> None:
    """Write a test for it, which the server sends within seconds (or `flask hooks send`); `log` shows its answer."""
    begin_writing()
    try:
        hook = _hook(hook_id)
        made = operations.test(None, hook, db.session.get_one(Programme, hook.programme_id).code, now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    line = made.id
    db.session.commit()
    click.echo(line)


@hooks.command("again")
@click.argument("hook_id")
@click.argument("delivery_id", default="")
def again(hook_id: str, delivery_id: str) -> None:
    """Send DELIVERY_ID again, or all that were given up."""
    begin_writing()
    try:
        count = operations.again(None, _hook(hook_id), delivery_id=delivery_id, now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    click.echo(f"{count} to send again.")


@hooks.command("log")
@click.argument("hook_id")
@click.option("--limit", default=queries.MOST_SHOWN, show_default=True)
def show_log(hook_id: str, limit: int) -> None:
    """The newest deliveries: id, moment, event, submission, state, attempts, the last answer, how long it took."""
    try:
        found = queries.deliveries(_hook(hook_id), limit)
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    for one in found:
        answer = one.trouble or (str(one.status) if one.status else "-")
        took = f"{one.took_ms} ms" if one.took_ms is not None else "-"
        fields = [one.id, iso(one.created_at), one.event, one.submission_id or "-", one.state]
        click.echo("\t".join([*fields, f"attempts: {one.attempts}", answer, took]))


@hooks.command("send")
def send() -> None:
    """Send what is due now, once, as the server does by itself every two seconds."""
    found = sending.due(now=utcnow())
    for hook_id in found:
        while sending.tell_some(hook_id, now=utcnow):
            pass
    click.echo(f"receivers: {len(found)}")
