"""`flask programme plan`: what a programme lasts, costs and is paid by, from a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import click

from app.core import amounts
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import number
from app.core.problems import Problem, in_both
from app.programmes import planning, problems
from app.programmes.commands import TEXTS, both_languages, by_code
from app.programmes.plan import KINDS, ROLES, Contribution, Partner, Phase, Plan
from app.registry.models import Programme

_PHASE = re.compile(r"([^=]+)=(.*)@(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?")
_PARTNER = re.compile(r"([^=]+)=([a-z]+):(.*)")
_BRINGS = re.compile(r"([^=]+)=([a-z]+)(?::(.*))?")


@click.command("plan")
@click.argument("code")
@click.option("--budget", metavar="AMOUNT", help='In dirhams; "" where it is not known.')
@click.option("--budget-note", metavar=TEXTS)
@click.option("--phase", "phases", multiple=True, metavar=f"CODE={TEXTS}@FIRST..LAST", help="Add one or write it anew.")
@click.option("--drop-phase", multiple=True, metavar="CODE")
@click.option("--partner", "partners", multiple=True, metavar=f"CODE=ROLE:{TEXTS}", help=f"Roles: {', '.join(ROLES)}.")
@click.option(
    "--brings",
    multiple=True,
    metavar="CODE=KIND:AMOUNT",
    help=f"All that a partner brings, instead of what it brought; KIND alone: not known how much. Kinds: {', '.join(KINDS)}.",
)
@click.option("--drop-partner", multiple=True, metavar="CODE")
def plan(
    code: str,
    budget: str | None,
    budget_note: str | None,
    phases: tuple[str, ...],
    drop_phase: tuple[str, ...],
    partners: tuple[str, ...],
    brings: tuple[str, ...],
    drop_partner: tuple[str, ...],
) -> None:
    """Change budget, phases and partners of the programme CODE, and list them. What is not named stays."""
    now = utcnow()
    begin_writing()
    try:
        found = by_code(code)
        if budget is not None or budget_note is not None:
            here = Plan.of(found)
            amount = here.budget if budget is None else _amount(budget)
            note = here.budget_note if budget_note is None else both_languages(budget_note)
            planning.set_budget(None, found, amount, note, now=now)
        for one in phases:
            phase = _phase(one)
            is_new = all(other.code != phase.code for other in Plan.of(found).phases)
            planning.save_phase(None, found, phase, is_new=is_new, now=now)
        for one in drop_phase:
            planning.remove_phase(None, found, one, now=now)
        for one in partners:
            partner = _partner(one)
            there = next((other for other in Plan.of(found).partners if other.code == partner.code), None)
            kept = replace(partner, contributions=there.contributions) if there else partner
            planning.save_partner(None, found, kept, is_new=there is None, now=now)
        for who, brought in _brought(brings).items():
            there = next((other for other in Plan.of(found).partners if other.code == who), None)
            if there is None:
                raise problems.NO_SUCH_PARTNER(code=who)
            planning.save_partner(None, found, replace(there, contributions=brought), is_new=False, now=now)
        for one in drop_partner:
            planning.remove_partner(None, found, one, now=now)
        lines = _lines(found)
    except Problem as problem:
        raise click.ClickException(in_both(problem)) from None
    db.session.commit()
    for line in lines:
        click.echo(line)


def _amount(text: str | None) -> Decimal | None:
    try:
        return amounts.read_amount(text)
    except ValueError:
        raise problems.AMOUNT_UNREADABLE(found=text) from None


def _phase(text: str) -> Phase:
    found = _PHASE.fullmatch(text)
    if not found:
        raise click.BadParameter(f"{text}: a phase is written CODE={TEXTS}@2015-06-17..2016-12-31; a day may be left out.")
    try:
        first, last = (date.fromisoformat(day) if day else None for day in (found[3], found[4]))
    except ValueError as wrong:
        raise click.BadParameter(f"{text}: {wrong}") from None
    return Phase(found[1].strip().lower(), both_languages(found[2]), first, last)


def _partner(text: str) -> Partner:
    found = _PARTNER.fullmatch(text)
    if not found or found[2] not in ROLES:
        raise click.BadParameter(f"{text}: a partner is written CODE=ROLE:{TEXTS}. Roles: {', '.join(ROLES)}.")
    return Partner(found[1].strip().lower(), both_languages(found[3]), found[2], ())


def _brought(given: tuple[str, ...]) -> dict[str, tuple[Contribution, ...]]:
    result: dict[str, tuple[Contribution, ...]] = {}
    for text in given:
        found = _BRINGS.fullmatch(text)
        if not found or found[2] not in KINDS:
            raise click.BadParameter(f"{text}: what a partner brings is written CODE=KIND:AMOUNT. Kinds: {', '.join(KINDS)}.")
        who = found[1].strip().lower()
        result[who] = (*result.get(who, ()), Contribution(found[2], _amount(found[3]), {}))
    return result


def _lines(found: Programme) -> list[str]:
    here = Plan.of(found)
    lines = ["\t".join(["budget", _told(here.budget)])]
    for one in here.phases:
        lines.append(
            "\t".join(["phase", one.code, one.name["ar"], one.name["fr"], f"{one.starts_on or ''}..{one.ends_on or ''}"])
        )
    for who in here.partners:
        brought = [f"{part.kind} {_told(part.amount)}" for part in who.contributions]
        lines.append("\t".join(["partner", who.code, who.name["ar"], who.name["fr"], who.role, *brought]))
    for uneven in here.uneven(found.starts_on, found.ends_on):
        lines.append(f"! {uneven.kind}\t{', '.join(one.code for one in uneven.phases)}\t{uneven.first}..{uneven.last}")
    if here.difference is not None:
        lines.append(f"! sums\t{number(here.pledged, 2)} / {_told(here.budget)}")
    return lines


def _told(amount: Decimal | None) -> str:
    return "?" if amount is None else f"{number(amount, 2)} MAD"
