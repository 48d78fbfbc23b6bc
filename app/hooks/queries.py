"""What the pages and commands show of receivers and of what they were told."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from app.core.db import db
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND
from app.hooks.models import Hook, HookDelivery
from app.registry.models import Programme

MOST_SHOWN = 50


@dataclass(frozen=True)
class Shown:
    """A receiver and how it fares."""

    hook: Hook
    waiting: int
    given_up: int
    last: HookDelivery | None  # whose attempt ended last


def programme(actor: Actor, programme_id: str) -> Programme:
    """Raises NOT_ALLOWED, NOT_FOUND."""
    require(actor, "programme.manage", programme_id=programme_id)
    found = db.session.get(Programme, programme_id)
    if found is None:
        raise NOT_FOUND()
    return found


def hooks(programme_id: str | None = None) -> list[Shown]:
    """Oldest first; of one programme, or of all."""
    query = sa.select(Hook).where(Hook.removed_at.is_(None)).order_by(Hook.programme_id, Hook.created_at, Hook.id)
    if programme_id is not None:
        query = query.where(Hook.programme_id == programme_id)
    return [shown(one) for one in db.session.scalars(query)]


def shown(hook: Hook) -> Shown:
    here = HookDelivery.hook_id == hook.id
    states = db.session.execute(sa.select(HookDelivery.state, sa.func.count()).where(here).group_by(HookDelivery.state))
    counts = {row[0]: row[1] for row in states}
    last = sa.select(HookDelivery).where(here, HookDelivery.answered_at.is_not(None))
    last = last.order_by(HookDelivery.answered_at.desc()).limit(1)
    return Shown(hook, counts.get("waiting", 0), counts.get("given_up", 0), db.session.scalar(last))


def hook(hook_id: str, programme_id: str | None = None) -> Hook | None:
    found = db.session.get(Hook, hook_id)
    is_here = found is not None and found.removed_at is None and programme_id in (None, found.programme_id)
    return found if is_here else None


def deliveries(hook: Hook, limit: int = MOST_SHOWN) -> list[HookDelivery]:
    """Newest first."""
    query = sa.select(HookDelivery).where(HookDelivery.hook_id == hook.id)
    return list(db.session.scalars(query.order_by(HookDelivery.created_at.desc(), HookDelivery.id.desc()).limit(limit)))
