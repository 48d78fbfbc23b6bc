"""Reading submissions: filtered pages that stay stable while rows arrive, bounded counts, envelopes."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from flask_babel import lazy_gettext

from app.core.clock import EPOCH
from app.core.db import db
from app.core.languages import MOROCCO, NARROW_SPACE
from app.core.permissions import COORDINATOR, Actor, visible
from app.core.problems import Kind
from app.submissions.models import STATES, Remark, ReviewEvent, Revision, Submission

SEALED = Kind(
    "submission.sealed",
    422,
    lazy_gettext(
        "This submission is encrypted and its key is not on this server. Restore the keys from the backup, then open it again."
    ),
)

TO_REVIEW = ("received", "edited")
MANY = 1000  # a list says "1 000+" rather than count a large table
PAGE = 25

Where = list[sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. Every field but the programme may be left out."""

    programme_id: str
    form_id: str = ""
    organisation_id: str = ""
    territory: str = ""  # HCP code of a region, province or commune: what lies in it
    states: tuple[str, ...] = ()
    author_id: str = ""
    date_from: date | None = None  # days in Morocco, both included
    date_to: date | None = None
    quarantined: bool | None = None
    subject_id: str = ""

    @property
    def are_any(self) -> bool:
        return self != Filters(self.programme_id)

    def to_args(self) -> dict[str, str]:
        """As they stand in an address; filters_from() reads them back."""
        states = "to_review" if self.states == TO_REVIEW else ",".join(self.states)
        args = {
            "form": self.form_id,
            "organisation": self.organisation_id,
            "territory": self.territory,
            "state": states,
            "person": self.author_id,
            "from": self.date_from.isoformat() if self.date_from else "",
            "to": self.date_to.isoformat() if self.date_to else "",
            "quarantined": "" if self.quarantined is None else str(int(self.quarantined)),
            "subject": self.subject_id,
        }
        return {name: value for name, value in args.items() if value}


def filters_from(programme_id: str, args: Any) -> Filters:
    """Filters of an address; what cannot be read is left out."""
    asked = args.get("state", "")
    states = TO_REVIEW if asked == "to_review" else tuple(state for state in STATES if state in asked.split(","))
    quarantined = {"1": True, "0": False}.get(args.get("quarantined", ""))
    territory = args.get("territory", "").strip()
    return Filters(
        programme_id,
        form_id=args.get("form", "")[:64],
        organisation_id=args.get("organisation", "")[:36],
        territory=territory if re.fullmatch(r"[0-9]{2}(\.[0-9]{2,4}){0,5}\.?", territory) else "",
        states=states,
        author_id=args.get("person", "")[:36],
        date_from=_day(args.get("from", "")),
        date_to=_day(args.get("to", "")),
        quarantined=quarantined,
        subject_id=args.get("subject", "")[:36],
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def start_of(day: date) -> datetime:
    """The first moment of a day in Morocco."""
    return datetime.combine(day, time(), MOROCCO)


def conditions(actor: Actor, filters: Filters, action: str = "submission.read") -> Where:
    """What the filters leave, within what the actor may see; states apart."""
    found: Where = [visible(actor, filters.programme_id, Submission, action), Submission.deleted_at.is_(None)]
    for column, value in (
        (Submission.form_id, filters.form_id),
        (Submission.organisation_id, filters.organisation_id),
        (Submission.author_id, filters.author_id),
        (Submission.subject_id, filters.subject_id),
    ):
        if value:
            found.append(column == value)
    if filters.territory:
        place = filters.territory.rstrip(".")
        inside = Submission.territory.startswith(place + ".", autoescape=True)
        found.append(sa.or_(Submission.territory == place, inside))
    if filters.date_from:
        found.append(Submission.received_at >= start_of(filters.date_from))
    if filters.date_to and filters.date_to < date.max:  # after the last day of the calendar nothing comes
        found.append(Submission.received_at < start_of(filters.date_to + timedelta(days=1)))
    # What is held back waits in the quarantine, for a decision of another kind: no queue counts it twice.
    held = False if filters.quarantined is None and filters.states == TO_REVIEW else filters.quarantined
    if held is not None:
        there = Submission.quarantine.is_not(None)
        found.append(there if held else sa.not_(there))
    if held and "rejected" not in filters.states:
        found.append(Submission.state != "rejected")  # it stays held back, and waits for nobody
    return found


@dataclass(frozen=True)
class Page:
    items: Sequence[Submission]
    newer: str = ""  # cursors of the neighbouring pages; "" where there is none
    older: str = ""


def cursor_of(submission: Submission) -> str:
    """`<microseconds since 1970>~<id>`."""
    return f"{(submission.received_at - EPOCH) // timedelta(microseconds=1)}~{submission.id}"


def _read_cursor(text: str) -> tuple[datetime, str] | None:
    moment, _, submission_id = text.partition("~")
    try:
        return EPOCH + timedelta(microseconds=int(moment)), submission_id
    except (ValueError, OverflowError):
        return None


def _run(where: Where, states: tuple[str, ...], cursor: str, *, older: bool, limit: int) -> list[Submission]:
    """`limit` submissions from the cursor on, outwards.

    The place in the list is (received_at, id) of a row, never a number of rows to skip: rows that arrive meanwhile
    move nothing, and the thousandth page costs what the first one costs. Each state is read along its own index.
    """
    key = sa.tuple_(Submission.received_at, Submission.id)
    place = _read_cursor(cursor)
    if place is not None:
        edge = sa.tuple_(sa.literal(place[0], Submission.received_at.type), sa.literal(place[1]))
        where = [*where, key < edge if older else key > edge]
    order = (Submission.received_at.desc(), Submission.id.desc()) if older else (Submission.received_at, Submission.id)

    def ids(state: str | None) -> sa.Select[Any]:
        narrowed = where if state is None else [*where, Submission.state == state]
        return sa.select(Submission.id).where(*narrowed).order_by(*order).limit(limit)

    if len(states) > 1:
        parts = [sa.select(ids(state).subquery().c.id) for state in states]
        chosen: Any = sa.union_all(*parts).subquery()
        query = sa.select(Submission).where(Submission.id.in_(sa.select(chosen.c.id)))
    else:
        narrowed = [*where, Submission.state == states[0]] if states else where
        query = sa.select(Submission).where(*narrowed)
    found = list(db.session.scalars(query.order_by(*order).limit(limit)))
    return found if older else found[::-1]


def page(actor: Actor, filters: Filters, *, before: str = "", after: str = "", size: int = PAGE) -> Page:
    """Newest first. `before` is a cursor to go on to older ones from, `after` to newer ones."""
    where = conditions(actor, filters)
    if after:
        found = _run(where, filters.states, after, older=False, limit=size + 1)
        more, items = len(found) > size, found[-size:]
        if len(items) < size and not more:  # the newest page is always a whole one
            return page(actor, filters, size=size)
        return Page(items, cursor_of(items[0]) if more else "", cursor_of(items[-1]) if items else "")
    found = _run(where, filters.states, before, older=True, limit=size + 1)
    items = found[:size]
    older = cursor_of(items[-1]) if len(found) > size else ""
    return Page(items, cursor_of(items[0]) if before and items else "", older)


def around(actor: Actor, filters: Filters, submission: Submission, *, newer: int = 6, older: int = 18) -> list[Submission]:
    """The list with this submission in its place, whether or not the filters still leave it."""
    where = [*conditions(actor, filters), Submission.id != submission.id]
    here = cursor_of(submission)
    return [
        *_run(where, filters.states, here, older=False, limit=newer),
        submission,
        *_run(where, filters.states, here, older=True, limit=older),
    ]


def following(actor: Actor, filters: Filters, submission: Submission) -> Submission | None:
    """The next older one of the list, else the newest other one."""
    where = [*conditions(actor, filters), Submission.id != submission.id]
    for cursor in (cursor_of(submission), ""):
        if found := _run(where, filters.states, cursor, older=True, limit=1):
            return found[0]
    return None


@dataclass(frozen=True)
class Count:
    number: int
    more: bool

    @property
    def text(self) -> str:
        whole = f"{self.number:,}".replace(",", NARROW_SPACE)
        return f"{whole}+" if self.more else whole

    def __bool__(self) -> bool:
        return self.number > 0


def bounded_count(actor: Actor, filters: Filters, most: int = MANY) -> Count:
    """How many, counting no further than `most`."""
    where, total = conditions(actor, filters), 0
    for owner in _owners(actor, filters):
        for state in filters.states or (None,):
            narrowed = [*where, *owner, *([] if state is None else [Submission.state == state])]
            some = sa.select(sa.literal(1)).select_from(Submission).where(*narrowed).limit(most + 1 - total).subquery()
            total += db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
            if total > most:
                return Count(most, True)
    return Count(total, False)


def _owners(actor: Actor, filters: Filters) -> list[list[sa.ColumnElement[bool]]]:
    """What a coordinator of one organisation sees in parts that the index knows: of hers, and of none. As one condition SQLite
    reads what waits for all of them."""
    grant = actor.grants.get(filters.programme_id)
    own = grant.organisation_id if grant is not None and grant.role == COORDINATOR and not actor.is_administrator else None
    if own is None or filters.organisation_id or filters.quarantined:  # what is held back has an index of its own
        return [[]]
    return [[Submission.organisation_id == own], [Submission.organisation_id.is_(None)]]


def find(actor: Actor, submission_id: str) -> Submission | None:
    """A submission that the actor may read, or none."""
    found = db.session.get(Submission, submission_id)
    if found is None or found.deleted_at is not None:
        return None
    allowed = sa.select(sa.literal(1)).where(Submission.id == found.id, visible(actor, found.programme_id, Submission))
    return found if db.session.scalar(allowed) else None


def is_empty(programme_id: str) -> bool:
    """Whether nothing was ever received in the programme."""
    return db.session.scalar(sa.select(Submission.id).where(Submission.programme_id == programme_id).limit(1)) is None


def revisions_of(submission_id: str) -> list[Revision]:
    """Oldest first, in the order in which the server took them."""
    query = sa.select(Revision).where(Revision.submission_id == submission_id).order_by(Revision.seq, Revision.id)
    return list(db.session.scalars(query))


def events_of(submission_id: str) -> list[ReviewEvent]:
    query = sa.select(ReviewEvent).where(ReviewEvent.submission_id == submission_id).order_by(ReviewEvent.number)
    return list(db.session.scalars(query))


def remarks_of(submission_id: str) -> list[Remark]:
    return list(db.session.scalars(sa.select(Remark).where(Remark.submission_id == submission_id).order_by(Remark.at, Remark.id)))


def last_event(submission_id: str) -> ReviewEvent | None:
    query = sa.select(ReviewEvent).where(ReviewEvent.submission_id == submission_id).order_by(ReviewEvent.number.desc()).limit(1)
    return db.session.scalar(query)


def scores_of(submissions: Sequence[Submission]) -> dict[str, dict[str, Any]]:
    """By submission id: the scores that the server computed of the current revision, where it has."""
    query = sa.select(Revision.submission_id, Revision.check_result).where(
        Revision.id.in_([submission.current_revision_id for submission in submissions])
    )
    rows = db.session.execute(query)
    return {key: result["scores"] for key, result in rows if result and result.get("scores")}


def earlier_submission(actor: Actor, submission: Submission) -> Submission | None:
    """The round before: the same instrument about the same record, received earlier and not rejected, where the actor may
    read it: a phone can name any record as its subject."""
    if not submission.subject_id:
        return None
    query = (
        sa.select(Submission)
        .where(
            visible(actor, submission.programme_id, Submission),
            Submission.subject_id == submission.subject_id,
            Submission.form_id == submission.form_id,
            Submission.id != submission.id,
            Submission.received_at <= submission.received_at,
            Submission.state != "rejected",
            Submission.quarantine.is_(None),
            Submission.deleted_at.is_(None),
        )
        .order_by(Submission.received_at.desc(), Submission.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def envelope_of(revision: Revision) -> dict[str, Any]:
    """What the phone froze (docs/sync.md, "Envelope"). The one place where stored bytes become answers."""
    return opened(revision.encryption, revision.body)


def opened(encryption: str, body: bytes) -> dict[str, Any]:
    """The envelope in these stored bytes. Raises SEALED where the key is not here."""
    if encryption != "none":
        raise SEALED()
    envelope: dict[str, Any] = orjson.loads(gzip.decompress(body))
    return envelope


def with_states(filters: Filters, *states: str) -> Filters:
    return replace(filters, states=states)
