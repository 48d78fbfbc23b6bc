"""Setting receivers up, and telling them again. Callers began with begin_writing() and commit. `actor` None: the command line."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from app.core import audit
from app.core.db import db, iso
from app.core.ids import new_id
from app.core.permissions import Actor, require
from app.hooks import problems
from app.hooks.addresses import Rules, parse, resolve
from app.hooks.models import EVENTS, TEST, Hook, HookDelivery
from app.registry.models import Programme

MOST_HOOKS = 10
SECRET = "whsec_"  # noqa: S105  (the prefix that the published libraries know)


@dataclass(frozen=True)
class Settings:
    """What people write of a receiver, as check() found it right."""

    url: str
    events: tuple[str, ...]
    secret: str  # empty: the one it has, or a new one
    is_on: bool = True


def check(url: str, events: Collection[str], secret: str, *, is_on: bool = True, rules: Rules) -> Settings:
    """Looks the name up, which can take seconds: call it before begin_writing().

    Raises BAD_ADDRESS, HTTPS_ONLY, HOST_UNKNOWN(host), ADDRESS_REFUSED(host), NO_EVENT, UNKNOWN_EVENT(event, known), BAD_SECRET.
    """
    url, secret = url.strip(), secret.strip()
    for event in events:
        if event not in EVENTS:
            raise problems.UNKNOWN_EVENT(event=event, known=", ".join(EVENTS))
    if not events:
        raise problems.NO_EVENT()
    if secret:
        try:
            length = len(base64.b64decode(secret.removeprefix(SECRET), validate=True))
        except (binascii.Error, ValueError):
            length = 0
        if not secret.startswith(SECRET) or not 24 <= length <= 64:
            raise problems.BAD_SECRET()
    resolve(parse(url, rules), rules)
    return Settings(url, tuple(one for one in EVENTS if one in events), secret, is_on)


def new_secret() -> str:
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def create(actor: Actor | None, programme: Programme, settings: Settings, *, now: datetime) -> Hook:
    """Raises NOT_ALLOWED, TOO_MANY(most)."""
    _may_manage(actor, programme.id)
    here = sa.select(sa.func.count()).select_from(Hook).where(Hook.programme_id == programme.id, Hook.removed_at.is_(None))
    if (db.session.scalar(here) or 0) >= MOST_HOOKS:
        raise problems.TOO_MANY(most=MOST_HOOKS)
    hook = Hook(id=new_id(), programme_id=programme.id, created_at=now, failures=0)
    _write(hook, settings)
    db.session.add(hook)
    db.session.flush()
    _record("hook.created", actor, hook, now, _as_details(hook))
    return hook


def change(actor: Actor | None, hook: Hook, settings: Settings, *, now: datetime) -> None:
    """What waits is told to the new address, at once. Raises NOT_ALLOWED."""
    _may_manage(actor, hook.programme_id)
    was, had = _as_details(hook), hook.secret
    _write(hook, settings)
    hook.failures, hook.paused_until = 0, None
    db.session.execute(sa.update(HookDelivery).where(HookDelivery.hook_id == hook.id, _waits()).values(due_at=now))
    db.session.flush()
    will = _as_details(hook)
    changed: dict[str, Any] = {name: [was[name], will[name]] for name in will if was[name] != will[name]}
    if had != hook.secret:
        changed["secret"] = ["", "new"]
    if changed:
        _record("hook.changed", actor, hook, now, changed)


def remove(actor: Actor | None, hook: Hook, *, now: datetime) -> None:
    """Nothing more is told to it; what waited is dropped. Raises NOT_ALLOWED."""
    _may_manage(actor, hook.programme_id)
    hook.is_on, hook.removed_at, hook.secret = False, now, ""
    db.session.flush()
    _record("hook.removed", actor, hook, now, _as_details(hook))


def test(actor: Actor | None, hook: Hook, code: str, *, now: datetime) -> HookDelivery:
    """A notice about nothing, told as any other, also while others wait. `code`: of the programme. Raises NOT_ALLOWED."""
    _may_manage(actor, hook.programme_id)
    body = {"type": TEST, "timestamp": iso(now), "data": {"programme": code}}
    delivery = HookDelivery(
        id=new_id(), hook_id=hook.id, number=0, event=TEST, body=orjson.dumps(body).decode(), created_at=now, since=now,
        due_at=now, state="waiting", attempts=0,
    )  # fmt: skip
    db.session.add(delivery)
    hook.paused_until = None
    db.session.flush()
    return delivery


def again(actor: Actor | None, hook: Hook, *, delivery_id: str = "", now: datetime) -> int:
    """Tell one delivery again, whatever became of it, or all that were given up; how many. Ids stay. Raises NOT_ALLOWED."""
    _may_manage(actor, hook.programme_id)
    which = HookDelivery.id == delivery_id if delivery_id else HookDelivery.state == "given_up"
    found = db.session.execute(
        sa.update(HookDelivery)
        .where(HookDelivery.hook_id == hook.id, which)
        .values(state="waiting", since=now, due_at=now, attempts=0)
    )
    hook.paused_until = None
    db.session.flush()
    return int(found.rowcount)  # type: ignore[attr-defined]


def _waits() -> sa.ColumnElement[bool]:
    return HookDelivery.state == "waiting"


def _may_manage(actor: Actor | None, programme_id: str) -> None:
    if actor is not None:
        require(actor, "programme.manage", programme_id=programme_id)


def _write(hook: Hook, settings: Settings) -> None:
    hook.url, hook.events, hook.is_on = settings.url, " ".join(settings.events), settings.is_on
    hook.secret = settings.secret or hook.secret or new_secret()


def _as_details(hook: Hook) -> dict[str, Any]:
    """For the chain, which nothing is erased from: the machine, not the whole address, which may hold a password."""
    return {"host": parse(hook.url, Rules((), True)).host, "events": hook.events, "on": hook.is_on}


def _record(action: str, actor: Actor | None, hook: Hook, now: datetime, details: dict[str, Any]) -> None:
    audit.record(
        action,
        at=now,
        actor_id=actor.person_id if actor else None,
        programme_id=hook.programme_id,
        object_id=hook.id,
        details=details,
    )
