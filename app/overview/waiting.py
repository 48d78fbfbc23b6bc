"""What waits for whom: decisions, corrections, actions and phones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import long_date, number
from app.core.permissions import Actor, can, visible
from app.fleet.queries import phones
from app.overview import lists
from app.overview.behind import Behind
from app.overview.lists import Record
from app.overview.naming import Names
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
    late = _late(actor, chosen, panel, language)
    for kind in panel.get("of", WAITING):
        if kind in _ROWS:
            row = _ROWS[kind](actor, chosen, language)
            rows += [] if row is None else [row]
        else:
            rows += [late[key] for key in ALSO.get(kind, (kind,)) if key in late]
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
    more = of - len(said)
    if more <= 0:
        return text
    return ngettext("%(names)s and %(more)s other", "%(names)s and %(more)s others", more, names=text, more=number(more))


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


KINDS = ("decision", "commitment")  # of actions: what was decided or promised in a meeting; the others are of a plan


@dataclass(frozen=True)
class Late:
    """Records of a list that should be done by a day: of one kind where the list holds several."""

    list: str
    kind: str
    title: Callable[[], str]

    def who(self, spoken: lists.Words, party: str, responsible: str) -> str:
        """Who promised it; without a name whom the plan holds responsible."""
        return party or spoken.say("responsible", responsible)


LATE = {
    "actions": Late("actions", "", lambda: _("Actions past their day")),
    "decisions": Late("actions", "decision", lambda: _("Decisions past their day")),
    "commitments": Late("actions", "commitment", lambda: _("Commitments past their day")),
    "own-commitments": Late("commitments", "", lambda: _("Commitments past their day")),
}
# A programme may keep what was promised in a list of its own.
ALSO = {"commitments": ("commitments", "own-commitments")}


def are_shown(panel: Panel) -> list[str]:
    """Keys of LATE that a panel shows."""
    return [key for kind in panel.get("of", WAITING) for key in ALSO.get(kind, (kind,)) if key in LATE]


def _are_late(actor: Actor, chosen: Perimeter, list_name: str) -> sa.Subquery:
    """id, kind, party, responsible and due of records whose day has passed and whose state does not say that it is over: the
    longest late, one more than are counted."""
    where = [
        Entity.programme_id == chosen.programme_id,
        Entity.list == list_name,
        Entity.waits_until < lists.today().isoformat(),
        visible(actor, chosen.programme_id, Entity, "entity.read"),
        Entity.archived_at.is_(None),
        Entity.merged_into.is_(None),
    ]
    if chosen.organisation_id:
        where.append(Entity.organisation_id == chosen.organisation_id)
    if chosen.territory:
        where.append(lists.in_place(chosen.territory))
    kind, party, responsible = (sa.func.coalesce(Entity.data[of].as_string(), "") for of in ("kind", "party", "responsible"))
    columns = [
        Entity.id,
        sa.case((kind.in_(KINDS), kind), else_="").label("kind") if list_name == "actions" else sa.literal("").label("kind"),
        party.label("party"),
        sa.case((party == "", responsible), else_="").label("responsible"),
        Entity.waits_until.label("due"),
    ]
    return sa.select(*columns).where(*where).order_by(Entity.waits_until, Entity.id).limit(MANY + 1).subquery()


def late_ones(actor: Actor, chosen: Perimeter, late: Late, language: str, *, most: int) -> tuple[list[Record], Count]:
    """The longest late first; and how many they are, as the panel counts them."""
    some = _are_late(actor, chosen, late.list)
    query = sa.select(Entity).join(some, some.c.id == Entity.id).where(some.c.kind == late.kind)
    query = query.order_by(some.c.due, some.c.id).limit(most)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(some).where(some.c.kind == late.kind)) or 0
    every = db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return [lists.of_entity(one, language) for one in db.session.scalars(query)], Count(min(count, MANY), every > MANY)


@dataclass(frozen=True)
class _Part:
    """What waits for one of those who promised."""

    kind: str
    party: str
    responsible: str
    many: int
    first: str


def _parts(actor: Actor, chosen: Perimeter, list_name: str, spoken: lists.Words) -> list[_Part]:
    """The most first; spellings of one name, and names of one institution, are one."""
    some = _are_late(actor, chosen, list_name)
    by = (some.c.kind, some.c.party, some.c.responsible)
    query = sa.select(*by, sa.func.count(), sa.func.min(some.c.due)).group_by(*by).order_by(sa.func.count().desc(), *by)
    names, found = Names(chosen.programme_id, spoken.language), dict[tuple[str, str, str], _Part]()
    for kind, party, responsible, many, first in db.session.execute(query):
        key = (kind, names.met(spoken.say("party", party), many) if party else "", responsible)
        was = found.get(key) or _Part(*key, 0, first)
        found[key] = replace(was, many=was.many + many, first=min(was.first, first))
    parts = [replace(one, party=names.label(one.party) if one.party else "") for one in found.values()]
    return sorted(parts, key=lambda one: (-one.many, one.kind, one.party, one.responsible))


def _late(actor: Actor, chosen: Perimeter, panel: Panel, language: str) -> dict[str, Row]:
    """{key of LATE: its row}; without kinds of which nothing is late."""
    keys = are_shown(panel)
    spoken = {name: lists.Words(actor, chosen.programme_id, name, language) for name in {LATE[key].list for key in keys}}
    parts = {name: _parts(actor, chosen, name, words) for name, words in spoken.items()}
    found = {}
    for key in keys:
        late = LATE[key]
        here = [one for one in parts[late.list] if one.kind == late.kind]
        if here or (not late.kind and _has(chosen.programme_id, late.list)):
            is_cut = sum(one.many for one in parts[late.list]) > MANY
            found[key] = _row(Behind(panel, chosen), key, here, spoken[late.list], is_cut)
    return found


def _row(behind: Behind, key: str, parts: Sequence[_Part], spoken: lists.Words, is_cut: bool) -> Row:
    late, count = LATE[key], sum(one.many for one in parts)
    named = [one for one in parts if one.party or one.responsible]
    # The sentence runs as its reader's language does, each name apart: Arabic ones in French would run together backwards.
    whole = "\u2067" if spoken.language == "ar" else "\u2066"
    said = [f"\u2068{late.who(spoken, one.party, one.responsible)}\u2069 ({number(one.many)})" for one in named[:MOST_NAMED]]
    day = as_date(min(one.first for one in parts)) if parts else None
    return Row(
        [
            Cell(late.title()),
            Cell(
                Count(min(count, MANY), is_cut).text,
                address=behind.address(row=key) if count else "",
                tone="warn" if count else "ok",
            ),
            Cell(f"{whole}{_and_others(said, len(named), spoken.language)}\u2069" if said else ""),
            Cell(long_date(day, spoken.language) if day else ""),
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
