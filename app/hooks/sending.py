"""Telling receivers what waits for them. Runs in threads of each server process; a row is told by one at a time.

At least once: a process that dies between telling and marking leaves the row waiting, and it is told again under the same id
(SV-13). Per receiver and submission in order: a later event waits until an earlier one was delivered or given up.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import aliased
from standardwebhooks import Webhook

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.hooks.addresses import Rules
from app.hooks.asking import Answer, post
from app.hooks.models import Hook, HookDelivery

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2
TOGETHER = 20  # deliveries that are claimed, told one after another, and marked in two commits
MOST_AT_ONCE = 8  # receivers a process tells at the same moment
LEASE = 4  # a claim lasts so many times the limit of one attempt
FIRST_WAIT_S, LONGEST_WAIT_S = 10, 3600  # of a delivery that failed
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5, 300  # of a receiver that failed
KEPT = timedelta(days=30)
TIDY_EVERY_S = 3600


@dataclass(frozen=True)
class Claimed:
    """One delivery that this process, and no other, tells now."""

    id: str
    event: str
    body: str
    attempts: int
    since: datetime


def run(app: Flask, stop: threading.Event) -> None:
    """Until told to stop. Each receiver that has something due gets a thread: one that is slow holds up no other."""
    busy: set[str] = set()
    tidied = time.monotonic()

    def tell(hook_id: str) -> None:
        try:
            with app.app_context():
                while not stop.is_set() and tell_some(hook_id, now=utcnow):
                    pass
        except Exception as error:
            log.warning("Telling a receiver pauses after %s", type(error).__name__)
        finally:
            busy.discard(hook_id)

    while not stop.wait(LOOK_EVERY_S):
        try:
            with app.app_context():
                for hook_id in due(now=utcnow()):
                    if hook_id not in busy and len(busy) < MOST_AT_ONCE:
                        busy.add(hook_id)
                        threading.Thread(target=tell, args=(hook_id,), name=f"hook {hook_id}", daemon=True).start()
                if time.monotonic() - tidied > TIDY_EVERY_S:
                    tidied = time.monotonic()
                    tidy(now=utcnow())
        except Exception as error:
            log.warning("Looking for what is to be told pauses after %s", type(error).__name__)


def due(*, now: datetime) -> list[str]:
    """Receivers that have something to be told now."""
    waits = sa.exists().where(HookDelivery.hook_id == Hook.id, *_is_due(now))
    query = sa.select(Hook.id).where(Hook.is_on, _is_not_paused(now), waits).order_by(Hook.paused_until.is_not(None), Hook.id)
    found = list(db.session.scalars(query))
    db.session.rollback()
    return found


def _is_not_paused(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(Hook.paused_until.is_(None), Hook.paused_until <= now)


def _is_due(now: datetime) -> Sequence[sa.ColumnElement[bool]]:
    free = sa.or_(HookDelivery.held_until.is_(None), HookDelivery.held_until <= now)
    return HookDelivery.state == "waiting", HookDelivery.due_at <= now, free


def tell_some(hook_id: str, *, now: Callable[[], datetime]) -> bool:
    """Claim, tell and mark up to TOGETHER deliveries of one receiver; whether it took all and more may wait. Commits, twice."""
    timeout_s = current_app.config["HOOKS_TIMEOUT_S"]
    rules = Rules.of(current_app.config)
    found = _claim(hook_id, now(), timeout_s * LEASE)
    if found is None:
        return False
    url, secret, claimed = found
    began, answers = time.monotonic(), []
    for one in claimed:
        answers.append(post(url, one.body.encode(), headers(secret, one.id, one.body, now()), rules, timeout_s=timeout_s))
        # The claim must outlast the next attempt, and what fails is not tried on: the others would fail too.
        if not answers[-1].is_taken or time.monotonic() - began > timeout_s:
            break
    _mark(hook_id, claimed, answers, now())
    return answers[-1].is_taken


def _claim(hook_id: str, now: datetime, lease_s: float) -> tuple[str, str, list[Claimed]] | None:
    begin_writing()
    hook = db.session.get(Hook, hook_id)
    if hook is None or not hook.is_on or (hook.paused_until is not None and hook.paused_until > now):
        db.session.rollback()
        return None
    earlier = aliased(HookDelivery)
    waits_for = sa.exists().where(
        earlier.hook_id == HookDelivery.hook_id,
        earlier.submission_id == HookDelivery.submission_id,
        earlier.number < HookDelivery.number,
        earlier.state == "waiting",
    )
    rows = db.session.scalars(
        sa.select(HookDelivery)
        .where(HookDelivery.hook_id == hook_id, *_is_due(now), ~waits_for)
        .order_by(HookDelivery.due_at, HookDelivery.created_at, HookDelivery.id)
        .limit(TOGETHER)
        .with_for_update(skip_locked=True, of=HookDelivery)
    ).all()
    claimed = [Claimed(one.id, one.event, one.body, one.attempts, one.since) for one in rows]
    for one in rows:
        one.held_until = now + timedelta(seconds=lease_s)
    url, secret = hook.url, hook.secret
    db.session.commit()
    return (url, secret, claimed) if claimed else None


def headers(secret: str, delivery_id: str, body: str, now: datetime) -> dict[str, str]:
    """What a receiver checks and recognises it by (www.standardwebhooks.com): signed anew at each attempt, under the same id."""
    at = now.astimezone(UTC)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Daftar",
        "Connection": "close",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery_id, at, body),
    }


def _mark(hook_id: str, claimed: Sequence[Claimed], answers: Sequence[Answer], now: datetime) -> None:
    begin_writing()
    for n, one in enumerate(claimed):
        values: dict[str, Any] = {"held_until": None}
        if n < len(answers):
            answer = answers[n]
            values |= {"attempts": one.attempts + 1, "answered_at": now, "took_ms": answer.took_ms}
            values |= {"status": answer.status, "trouble": answer.trouble}
            if answer.is_taken:
                values["state"] = "delivered"
            else:
                values["due_at"] = now + timedelta(seconds=wait_s(one.attempts))
        here = sa.update(HookDelivery).where(HookDelivery.id == one.id, HookDelivery.state == "waiting")
        db.session.execute(here.values(values))
    if answers[-1].is_taken:
        fresh = {"failures": 0, "paused_until": None}
        db.session.execute(sa.update(Hook).where(Hook.id == hook_id, Hook.failures > 0).values(fresh))
    else:
        failures = db.session.scalar(sa.select(Hook.failures).where(Hook.id == hook_id)) or 0
        pause = timedelta(seconds=_growing(FIRST_PAUSE_S, LONGEST_PAUSE_S, failures))
        db.session.execute(sa.update(Hook).where(Hook.id == hook_id).values(failures=Hook.failures + 1, paused_until=now + pause))
        _give_up(hook_id, now)
    db.session.commit()


def wait_s(attempts: int) -> float:
    """Seconds until the next attempt of what failed `attempts` times before this one."""
    return _growing(FIRST_WAIT_S, LONGEST_WAIT_S, attempts)


def _growing(first: float, longest: float, times: int) -> float:
    """Doubled each time, up to the longest; a third more or less, so that what failed together does not come back together."""
    return min(longest, first * 2 ** min(times, 20)) * random.uniform(2 / 3, 4 / 3)


def _give_up(hook_id: str, now: datetime) -> None:
    """What is too old when an attempt fails. A receiver that comes back in time gets everything, however much waits."""
    too_old = HookDelivery.since < now - timedelta(days=current_app.config["HOOKS_DAYS"])
    given_up = db.session.execute(
        sa.update(HookDelivery)
        .where(HookDelivery.hook_id == hook_id, HookDelivery.state == "waiting", too_old)
        .values(state="given_up", held_until=None)
    )
    if given_up.rowcount:  # type: ignore[attr-defined]
        log.warning("Given up telling %s: %s deliveries", hook_id, given_up.rowcount)  # type: ignore[attr-defined]


def tidy(*, now: datetime) -> int:
    """Remove what was delivered or given up long ago, and all of receivers that were removed; how many rows. Commits."""
    begin_writing()
    removed = sa.select(Hook.id).where(Hook.removed_at.is_not(None))
    old = sa.and_(HookDelivery.state != "waiting", HookDelivery.created_at < now - KEPT, HookDelivery.since < now - KEPT)
    gone = db.session.execute(sa.delete(HookDelivery).where(sa.or_(old, HookDelivery.hook_id.in_(removed))))
    long_removed = Hook.removed_at < now - KEPT
    db.session.execute(sa.delete(Hook).where(long_removed, ~sa.exists().where(HookDelivery.hook_id == Hook.id)))
    db.session.commit()
    return int(gone.rowcount)  # type: ignore[attr-defined]
