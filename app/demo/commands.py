"""`flask programme load`: a programme from its pack. `flask demo …`: demonstrations, in and out."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import number
from app.core.problems import Problem, in_both
from app.demo import FIRST, accounts
from app.demo.playing import code_of, play
from app.demo.problems import NOT_ALLOWED_HERE
from app.demo.unloading import unload as take_away
from app.packs.loading import load_over
from app.packs.reading import Pack, folder_of, read
from app.programmes.plan import Plan
from app.registry.models import Programme

demo = AppGroup("demo", help="Demonstrations of packs: load one, take them away.")


@click.command("load")
@click.argument("pack", metavar="CODE|FOLDER")
def load(pack: str) -> None:
    """Load a programme from its pack; with DAFTAR_DEMO on, its demonstration beside it. Loading twice changes nothing."""
    try:
        found = read(folder_of(pack))
        done = load_over(found, now=utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    _say_sums(found.code)
    for one in done.changed:
        click.echo(f"  {one}")
    for one in done.kept:
        click.echo(f"  {one}: kept as it was changed here / gardé tel que modifié ici / بقي كما غُيّر هنا")
    click.echo(f"{found.code} is loaded." if done.changed else f"{found.code} was loaded before: nothing changed.")
    if current_app.config["DEMO"] and found.has_demonstration:
        _play(found)


def _say_sums(code: str) -> None:
    """A warning where contributions and budget differ; never more than that."""
    plan = Plan.of(db.session.scalars(sa.select(Programme).where(Programme.code == code)).one())
    if plan.difference is not None and plan.budget is not None:
        told = f"{number(plan.pledged, 2)} / {number(plan.budget, 2)} MAD"
        click.echo(f"Attention : les contributions connues et le budget diffèrent : {told}", err=True)
        click.echo(f"تنبيه: المساهمات المعروفة لا تساوي الميزانية: {told}", err=True)


@demo.command("load")
@click.argument("pack", metavar="CODE|FOLDER", default=FIRST)
def load_demonstration(pack: str) -> None:
    """Load the demonstration of a pack with its accounts; loading twice changes nothing."""
    try:
        if not current_app.config["DEMO"]:
            raise NOT_ALLOWED_HERE()
        found = read(folder_of(pack))
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    _play(found)


def _play(pack: Pack) -> None:
    try:
        played = play(pack, utcnow())
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    click.echo(f"{code_of(pack)}: the demonstration {'is loaded' if played else 'was loaded before: nothing changed'}.")
    for account, password in accounts(str(pack.folder)):
        click.echo(f"{account.username}\t{password}\t{account.role}\t{account.name['fr']}")


@demo.command("unload")
@click.argument("code", default="")
@click.option("--with-real-work", is_flag=True, help="Also what real people did in a demonstration itself.")
def unload(code: str, with_real_work: bool) -> None:
    """Take demonstrations away, or only that of CODE: their programmes, accounts and all they sent. Real data stays."""
    try:
        gone = take_away(utcnow(), code, with_real_work=with_real_work)
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    click.echo(f"The demonstration is gone: {', '.join(gone)}." if gone else "There is no such demonstration here.")
