"""What waits for whom: decisions, corrections, actions and phones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import long_date, number
from app.core.permissions import Actor, can, visible
from app.fleet.queries import phones
from app.overview import lists
from app.overview.behind import Behind
from app.overview.lists import Record
from app.overview.perimeter import Perimeter
from app.overview.tables import Cell, Column, Row, Shown, Table
from app.panels.declarations import WAITING, Panel
from app.registry.models import Entity
from app.review.pages import people_names
from app.submissions import kept
from app.submissions.answers import as_date
from app.submissions.models import Submission
from app.submissions.queries import MANY, TO_REVIEW, Count, Filters, bounded_count, conditions

MOST_NAMED = 3


def waiting(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> Shown:
    """The kind `waiting`. What is counted here is counted as it is now: the time chosen does not narrow it."""
    rows = []
    for kind in panel.get("of", WAITING):
        row = _ROWS[kind](actor, chosen, language) if kind in _ROWS else _late(actor, chosen, panel, language, LATE[kind])
        if row is not None:
            rows.append(row)
    heads = [Column(_("What")), Column(_("How many"), True), Column(_("Waits for")), Column(_("The oldest since"))]
    return Shown([Table(heads, rows, stacks=True)])


def _filters(chosen: Perimeter, **more: Any) -> Filters:
    return Filters(chosen.programme_id, organisation_id=chosen.organisation_id, territory=chosen.territory, **more)


def _count(count: Count, address: str) -> Cell:
    return Cell(count.text, address=address if count else "", tone="warn" if count else "ok")


def _since(moment: datetime | None, language: str) -> Cell:
    return Cell(long_date(moment, language) if moment else "")


def _oldest(actor: Actor, filters: Filters) -> datetime | None:
    """Each state along its own index."""
    where, found = conditions(actor, filters), []
    for state in filters.states or (None,):
        narrowed = where if state is None else [*where, Submission.state == state]
        query = sa.select(Submission.received_at).where(*narrowed).order_by(Submission.received_at, Submission.id).limit(1)
        found += list(db.session.scalars(query))
    return min(found, default=None)


def _to_review(actor: Actor, chosen: Perimeter, language: str) -> Row | None:
    filters = _filters(chosen, states=TO_REVIEW)
    count = bounded_count(actor, filters)
    address = url_for("review.submissions", **dict[str, Any](filters.to_args()))
    return Row(
        [
            Cell(_("Submissions to review")),
            _count(count, address),
            Cell(_("coordinators")),
            _since(_oldest(actor, filters) if count else None, language),
        ]
    )


def _returned(actor: Actor, chosen: Perimeter, language: str) -> Row | None:
    filters = _filters(chosen, states=("has_issues",))
    count = bounded_count(actor, filters)
    address = url_for("review.submissions", **dict[str, Any](filters.to_args()))
    some = (
        sa.select(Submission.author_id)
        .where(*conditions(actor, filters), Submission.state == "has_issues")
        .limit(MANY)
        .subquery()
    )
    query = sa.select(some.c.author_id, sa.func.count()).group_by(some.c.author_id).order_by(sa.func.count().desc())
    authors = [(key, many) for key, many in db.session.execute(query)] if count else []
    names = people_names([key for key, _many in authors[:MOST_NAMED]])
    said = [f"{names.get(key, '')} ({number(many)})" for key, many in authors[:MOST_NAMED]]
    return Row(
        [
            Cell(_("Returned, not yet corrected")),
            _count(count, address),
            Cell(_and_others(said, len(authors), language)),
            _since(_oldest(actor, filters) if count else None, language),
        ]
    )


def _and_others(said: Sequence[str], of: int, language: str) -> str:
    text = ("، " if language == "ar" else ", ").join(said)
    return _("%(names)s and %(more)s more", names=text, more=number(of - len(said))) if of > len(said) else text


def _quarantined(actor: Actor, chosen: Perimeter, language: str) -> Row | None:
    if not can(actor, "submission.review", programme_id=chosen.programme_id):
        return None
    filters = _filters(chosen, quarantined=True)
    count = bounded_count(actor, filters)
    address = url_for("review.submissions", **dict[str, Any](filters.to_args()))
    oldest = _since(_oldest(actor, filters) if count else None, language)
    return Row([Cell(_("In quarantine")), _count(count, address), Cell(_("coordinators")), oldest])


def _silent(actor: Actor, chosen: Perimeter, language: str) -> Row | None:
    if not can(actor, "device.manage", programme_id=chosen.programme_id):
        return None
    found = [
        one
        for one in phones(actor, now=utcnow())
        if one.is_silent and any(m.programme_id == chosen.programme_id for m in one.person.memberships)
    ]
    names = people_names([one.person.id for one in found[:MOST_NAMED]])
    said = [name for one in found[:MOST_NAMED] if (name := names.get(one.person.id, ""))]
    oldest = min((one.device.last_seen_at or one.device.created_at for one in found), default=None)
    unsent = sum(one.unsent for one in found)
    note = _("%(count)s still unsent on them", count=number(unsent)) if unsent else ""
    count = Cell(number(len(found)), address="/phones" if found else "", tone="warn" if found else "ok", note=note)
    return Row(
        [
            Cell(_("Phones not heard of for two days")),
            count,
            Cell(_and_others(said, len(found), language)),
            _since(oldest, language),
        ]
    )


def _kept(actor: Actor, chosen: Perimeter, language: str) -> Row | None:
    """Nothing is erased by itself: who answers for personal data looks and confirms."""
    grant = actor.grants.get(chosen.programme_id)
    is_kept_to = not actor.is_administrator and grant is not None and bool(grant.organisation_id or grant.territories)
    if is_kept_to or not can(actor, "person.manage", programme_id=chosen.programme_id):
        return None
    if not kept.limited(chosen.programme_id):
        return None
    count, oldest = kept.too_long(chosen.programme_id, now=utcnow(), most=MANY)
    address = url_for("personal.home", _anchor="retention")
    return Row(
        [
            Cell(_("Kept longer than people were told")),
            _count(Count(min(count, MANY), count >= MANY), address),
            Cell(_("coordinators")),
            _since(oldest, language),
        ]
    )


@dataclass(frozen=True)
class Late:
    """A list whose records should be done by a day, and the property that says by whom."""

    list: str
    who: str
    title: Callable[[], str]


LATE = {
    "actions": Late("actions", "responsible", lambda: _("Actions past their day")),
    "commitments": Late("commitments", "party", lambda: _("Commitments past their day")),
}


def _are_late(actor: Actor, chosen: Perimeter, late: Late) -> list[sa.ColumnElement[bool]]:
    """Records whose day has passed and whose state does not say that it is over."""
    where = [
        Entity.programme_id == chosen.programme_id,
        Entity.list == late.list,
        Entity.waits_until < lists.today().isoformat(),
        visible(actor, chosen.programme_id, Entity, "entity.read"),
        Entity.archived_at.is_(None),
        Entity.merged_into.is_(None),
    ]
    if chosen.organisation_id:
        where.append(Entity.organisation_id == chosen.organisation_id)
    if chosen.territory:
        where.append(lists.in_place(chosen.territory))
    return where


def late_ones(actor: Actor, chosen: Perimeter, late: Late, language: str, *, most: int) -> tuple[list[Record], Count]:
    """The longest late first; and how many they are, as the panel counts them."""
    where = _are_late(actor, chosen, late)
    query = sa.select(Entity).where(*where).order_by(Entity.waits_until, Entity.id).limit(most)
    some = sa.select(sa.literal(1)).select_from(Entity).where(*where).limit(MANY + 1).subquery()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return [lists.of_entity(one, language) for one in db.session.scalars(query)], Count(min(count, MANY), count > MANY)


def _late(actor: Actor, chosen: Perimeter, panel: Panel, language: str, late: Late) -> Row | None:
    where, who = _are_late(actor, chosen, late), Entity.data[late.who].as_string()
    columns = (who.label("who"), Entity.waits_until.label("due"))
    some = sa.select(*columns).where(*where).order_by(Entity.waits_until).limit(MANY + 1).subquery()
    query = sa.select(some.c.who, sa.func.count(), sa.func.min(some.c.due)).group_by(some.c.who).order_by(sa.func.count().desc())
    parts = [(key or "", many, first) for key, many, first in db.session.execute(query)]
    count = sum(many for _key, many, _first in parts)
    if not count and not _has(chosen.programme_id, late.list):
        return None
    spoken = lists.Words(actor, chosen.programme_id, late.list, language)
    said = [f"{spoken.say(late.who, key)} ({number(many)})" for key, many, _first in parts if key][:MOST_NAMED]
    first = min((one for _key, _many, one in parts if one), default="")
    day = as_date(first) if first else None
    text = Count(min(count, MANY), count > MANY).text
    address = Behind(panel, chosen).address(row=late.list) if count else ""
    return Row(
        [
            Cell(late.title()),
            Cell(text, address=address, tone="warn" if count else "ok"),
            Cell(_and_others(said, sum(1 for key, _many, _first in parts if key), language)),
            Cell(long_date(day, language) if day else ""),
        ]
    )


def _has(programme_id: str, list_name: str) -> bool:
    query = sa.select(Entity.id).where(Entity.programme_id == programme_id, Entity.list == list_name).limit(1)
    return db.session.scalar(query) is not None


_ROWS = {
    "to_review": _to_review,
    "returned": _returned,
    "quarantined": _quarantined,
    "silent": _silent,
    "kept": _kept,
}
