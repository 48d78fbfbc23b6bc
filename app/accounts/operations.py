"""Accounts: making them, signing in, sessions and phones. Callers commit, except where a function says otherwise."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from app.accounts import credentials, problems
from app.accounts.credentials import hashed
from app.accounts.models import Device, Membership, Person, SignInFailures, SignInSession
from app.core import audit
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.permissions import COORDINATOR, FACILITATOR, Actor, Grant, require
from app.core.problems import NOT_ALLOWED
from app.registry import places
from app.registry.models import Programme

# OWASP's smallest Argon2id setting: a market day's sign-ins must not exhaust a small server's memory.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

FREE_TRIES = 5
LONGEST_WAIT_S = 15 * 60
FORGET_FAILURES_AFTER = timedelta(days=1)
TOUCH_EVERY = timedelta(minutes=5)
KEEP_OLD_SESSIONS = timedelta(days=90)
COMMON_PASSWORDS = {
    "password", "12345678", "123456789", "1234567890", "qwertyui", "azertyui", "azertyuiop", "motdepasse", "11111111", "00000000",
    "iloveyou", "marocmaroc", "casablanca", "cooperative", "administrator", "password1", "password123", "admin123",
}  # fmt: skip
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")


@cache
def _hash_of_nobody() -> str:
    return hasher.hash(secrets.token_hex(16))


def actor_of(person: Person) -> Actor:
    grants = {
        membership.programme_id: Grant(membership.role, membership.organisation_id, tuple(membership.territories or ()))
        for membership in person.memberships
    }
    return Actor(person.id, person.name, person.language, person.is_administrator, grants)


# Accounts


def create_person(
    *,
    username: str,
    name: dict[str, str],
    password: str,
    now: datetime,
    language: str = "ar",
    email: str = "",
    phone: str = "",
    is_administrator: bool = False,
    is_demo: bool = False,
    by: Actor | None = None,
) -> Person:
    """A new account, without any role yet. Raises BAD_USERNAME, USERNAME_TAKEN, WEAK_PASSWORD."""
    username = username.strip().lower()
    check_username(username)
    person = Person(
        id=new_id(),
        username=username,
        name=name,
        password_hash=hasher.hash(password) if is_demo else _checked_hash(username, password),
        language=language,
        email=email,
        phone=phone,
        is_administrator=is_administrator,
        is_demo=is_demo,
        created_at=now,
        memberships=[],
    )
    db.session.add(person)
    db.session.flush()
    audit.record("person.created", at=now, actor_id=by.person_id if by else None, object_id=person.id)
    return person


def check_username(username: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise problems.BAD_USERNAME()
    if db.session.scalar(sa.select(Person.id).where(Person.username == username)):
        raise problems.USERNAME_TAKEN()


def check_password(username: str, password: str) -> None:
    if len(password) < 8 or username in password.lower() or password.lower() in COMMON_PASSWORDS or len(set(password)) < 4:
        raise problems.WEAK_PASSWORD()


def _checked_hash(username: str, password: str) -> str:
    check_password(username, password)
    return hasher.hash(password)


def set_role(
    person: Person,
    programme_id: str,
    role: str | None,
    *,
    organisation_id: str | None,
    territories: list[str],
    now: datetime,
    by: Actor | None,
) -> None:
    """Give a role in a programme, change it, or take it away (role None). Phones notice: the scope's version grows.

    Raises OUTSIDE_PROGRAMME(place) for a new place where the programme does not work.
    """
    membership = next((one for one in person.memberships if one.programme_id == programme_id), None)
    before = [membership.role, membership.organisation_id, membership.territories] if membership else None
    if role is not None:
        _check_places(programme_id, set(territories) - set((membership.territories or []) if membership else []))
    if role is None:
        if membership is not None:
            person.memberships.remove(membership)
            db.session.delete(membership)
    elif membership is None:
        # A scope that is given again must not look to a phone like the one it had before.
        db.session.add(
            Membership(
                id=new_id(),
                person=person,
                programme_id=programme_id,
                role=role,
                organisation_id=organisation_id,
                territories=territories,
                scope_version=int(now.timestamp()),
            )
        )
    elif before != [role, organisation_id, territories]:
        membership.role, membership.organisation_id, membership.territories = role, organisation_id, territories
        membership.scope_version += 1
    db.session.flush()
    after = [role, organisation_id, territories] if role else None
    if before != after:
        audit.record(
            "person.role_set",
            at=now,
            actor_id=by.person_id if by else None,
            programme_id=programme_id,
            object_id=person.id,
            details={"before": before, "after": after},
        )


def _check_places(programme_id: str, codes: set[str]) -> None:
    programme = db.session.get(Programme, programme_id)
    area = Grant("", territories=tuple((programme.territories or []) if programme else []))
    for code in sorted(codes):
        if not area.reaches(code):
            raise problems.OUTSIDE_PROGRAMME(place=f"{places.name(code, 'ar')} / {places.name(code, 'fr')} ({code})")


def set_password(person: Person, password: str, *, now: datetime, by: Actor | None) -> None:
    """A new password ends every session: whoever had the old one is out. Phones still deliver."""
    person.password_hash = _checked_hash(person.username, password)
    end_all_sessions(person, now=now)
    db.session.execute(sa.delete(SignInFailures).where(SignInFailures.account == person.username))
    audit.record("person.password_reset", at=now, actor_id=by.person_id if by else None, object_id=person.id)


def set_active(person: Person, active: bool, *, now: datetime, by: Actor) -> None:
    """A deactivated account cannot sign in or read; what its phones still hold is taken, for a person to look at."""
    person.is_active = active
    if not active:
        end_all_sessions(person, now=now)
    audit.record("person.activated" if active else "person.deactivated", at=now, actor_id=by.person_id, object_id=person.id)


def set_language(person_id: str, language: str) -> None:
    db.session.execute(sa.update(Person).where(Person.id == person_id).values(language=language))


def require_manages(actor: Actor, person: Person) -> None:
    """Administrators manage everyone; a coordinator the facilitators of her organisation and programme, and nobody else."""
    if actor.is_administrator:
        return
    if person.is_administrator or person.id == actor.person_id or not person.memberships:
        raise NOT_ALLOWED(action="people.manage")
    for one in person.memberships:
        require_gives_role(actor, one.programme_id, one.role, one.organisation_id, list(one.territories or ()))


def require_gives_role(actor: Actor, programme_id: str, role: str, organisation_id: str | None, territories: list[str]) -> None:
    """Nobody gives more than she has: a coordinator gives only the facilitator's role, inside her own limits."""
    require(actor, "people.manage", programme_id=programme_id, organisation_id=organisation_id)
    if actor.is_administrator:
        return
    grant = actor.grants[programme_id]
    wider_organisation = grant.organisation_id is not None and organisation_id != grant.organisation_id
    wider_place = bool(grant.territories) and not (territories and all(grant.reaches(place) for place in territories))
    if role != FACILITATOR or grant.role != COORDINATOR or wider_organisation or wider_place:
        raise NOT_ALLOWED(action="people.manage")


def manages(actor: Actor, person: Person) -> bool:
    try:
        require_manages(actor, person)
    except Exception as error:
        if getattr(error, "kind", None) is NOT_ALLOWED:
            return False
        raise
    return True


# Signing in


def authenticate(username: str, password: str, *, known_device: str, now: datetime, demo_allowed: bool) -> Person:
    """The person with this username and password.

    known_device    id of a browser in which this account has signed in before, else "". Each such browser waits for its
                    own mistakes; all others share one count an account, so that guessing from many places is slow
                    and still never locks out the phone the person works with (AS-14).

    Raises WRONG_PASSWORD, the same for an unknown account; TOO_MANY_TRIES(after_s). Commits the count of tries before the
    password is checked: tries made at the same time are all counted.
    """
    account = username.strip().lower()[:64]
    key = (SignInFailures.account == account) & (SignInFailures.device == known_device)
    db.session.execute(sa.delete(SignInFailures).where(SignInFailures.last_at < now - FORGET_FAILURES_AFTER))
    row = db.session.execute(sa.select(SignInFailures.count.label("tries"), SignInFailures.last_at).where(key)).first()
    if row is not None and row.tries >= FREE_TRIES:
        wait = min(2 ** (row.tries - FREE_TRIES + 1), LONGEST_WAIT_S)
        left = wait - (now - row.last_at).total_seconds()
        if left > 0:
            db.session.commit()
            raise problems.TOO_MANY_TRIES(after_s=int(left) + 1)
    insert = _insert()(SignInFailures).values(account=account, device=known_device, count=1, last_at=now)
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=["account", "device"], set_={"count": SignInFailures.count + 1, "last_at": now}
        )
    )
    db.session.commit()

    person = db.session.scalar(sa.select(Person).where(Person.username == account))
    right = _matches(person.password_hash if person else _hash_of_nobody(), password)
    if person is None or not right or not person.is_active or (person.is_demo and not demo_allowed):
        raise problems.WRONG_PASSWORD()
    # Checking the password took a while after it was read: somebody else may have written, and the caller will.
    begin_writing()
    db.session.execute(sa.delete(SignInFailures).where(key))
    if hasher.check_needs_rehash(person.password_hash):
        person.password_hash = hasher.hash(password)
    return person


def _insert() -> Any:
    if db.engine.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert

    return postgresql_insert


def _matches(stored: str, password: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def start_session(person: Person, *, now: datetime, days: int, user_agent: str = "", device_id: str | None = None) -> str:
    """A new session; returns the token for the cookie, which is stored nowhere else."""
    token = secrets.token_urlsafe(32)
    db.session.execute(sa.delete(SignInSession).where(SignInSession.expires_at < now - KEEP_OLD_SESSIONS))
    db.session.add(
        SignInSession(
            id=new_id(),
            token_hash=hashed(token),
            person_id=person.id,
            device_id=device_id,
            user_agent=user_agent[:200],
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    db.session.flush()
    return token


def find_session(token: str, *, now: datetime, demo_allowed: bool) -> SignInSession | None:
    """The running session of this token."""
    found = db.session.scalar(sa.select(SignInSession).where(SignInSession.token_hash == hashed(token)))
    if found is None or found.ended_at is not None or found.expires_at <= now:
        return None
    if not found.person.is_active or (found.person.is_demo and not demo_allowed):
        return None
    return found


def end_session(token: str, *, now: datetime) -> None:
    db.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.token_hash == hashed(token), SignInSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_sessions_of(device: Device, *, now: datetime) -> None:
    """A phone has one session: the newest."""
    db.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.device_id == device.id, SignInSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_all_sessions(person: Person, *, now: datetime) -> int:
    done = db.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.person_id == person.id, SignInSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


# Phones


def enrol_device(person: Person, *, label: str, device_id: str | None, now: datetime) -> tuple[Device, str]:
    """Enrol a phone, or renew the credential of one this person enrolled before; returns it and the new credential.

    A revoked or lost phone, or one of somebody else, becomes a new phone: its id proves nothing.
    """
    from app.accounts import incidents

    device = db.session.get(Device, device_id) if device_id else None
    if device is None or device.person_id != person.id or device.revoked_at or device.lost_at:
        device_id = new_id()
        credential = credentials.made(device_id, person.id, now=now)
        device = Device(
            id=device_id, person_id=person.id, label=label[:120], secret_hash=hashed(credential), created_at=now, report={}
        )
        db.session.add(device)
        db.session.flush()
        audit.record("device.enrolled", at=now, actor_id=person.id, object_id=device.id)
        incidents.signed_in_afresh(person, device, now=now)
    else:
        credential = credentials.made(device.id, person.id, now=now)
        device.secret_hash = hashed(credential)
        device.label = label[:120] or device.label
    device.last_seen_at = now
    db.session.flush()
    return device, credential


def revoke_device(device: Device, *, now: datetime, by: Actor) -> None:
    """Ends the phone's sessions. It can still deliver what it holds, into quarantine (I-24): it never reads again."""
    device.revoked_at = now
    _end_sessions_of(device, now=now)
    audit.record("device.revoked", at=now, actor_id=by.person_id, object_id=device.id)


def set_lost(device: Device, lost: bool, *, now: datetime, by: Actor) -> None:
    """A lost phone reads nothing more. If it comes back it delivers, into quarantine; found again, all is as before."""
    device.lost_at = now if lost else None
    if lost:
        _end_sessions_of(device, now=now)
    db.session.flush()
    audit.record("device.lost" if lost else "device.found", at=now, actor_id=by.person_id, object_id=device.id)


def _end_sessions_of(device: Device, *, now: datetime) -> None:
    db.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.device_id == device.id, SignInSession.ended_at.is_(None))
        .values(ended_at=now)
    )
