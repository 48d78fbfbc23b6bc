"""Giving records to another organisation or person, after a look at the work that is still under way. docs/registry.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from flask_babel import lazy_gettext

from app.accounts.models import Device, Membership, Person
from app.core.db import db
from app.core.permissions import Actor, require
from app.core.problems import NOT_ALLOWED, Kind
from app.registry.models import Entity, Organisation
from app.registry.operations import change, editable, note_in_chain
from app.registry.queries import Filters, conditions, page
from app.submissions.models import Submission

MOST = 2000

TOO_MANY = Kind(
    "record.too_many",
    422,
    lazy_gettext(
        "At most %(most)s records are given away at once. Narrow the list, by territory for instance, and go on from there."
    ),
)
NOBODY = Kind("record.nobody", 422, lazy_gettext("Choose an organisation or a person of this programme to give the records to."))
WRONG_PERSON = Kind(
    "record.wrong_person", 422, lazy_gettext("This person does not work for the organisation chosen. Choose another one.")
)


@dataclass(frozen=True)
class Pending:
    """Somebody's work about these records, or on her phones."""

    person_id: str
    to_correct: int = 0  # returned to her, not corrected yet
    to_review: int = 0
    unsent: int = 0  # on her phones at their last contact, about whatever


@dataclass
class Plan:
    records: Sequence[Entity]
    pending: list[Pending] = field(default_factory=list)


def plan(actor: Actor, filters: Filters, *, record_id: str = "") -> Plan:
    """The records that the filters leave (or one), and who still has work about them. Raises TOO_MANY."""
    where = [*conditions(actor, filters)]
    if record_id:
        where.append(Entity.id == record_id)
    if filters.search:
        records: Sequence[Entity] = page(actor, filters, size=MOST + 1).records
    else:
        records = list(db.session.scalars(sa.select(Entity).where(*where).order_by(Entity.id).limit(MOST + 1)))
    if len(records) > MOST:
        raise TOO_MANY(most=MOST)
    return Plan(records, _pending(records))


def _pending(records: Sequence[Entity]) -> list[Pending]:
    found: dict[str, dict[str, int]] = {}
    ids = [one.id for one in records]
    for start in range(0, len(ids), 500):
        query = (
            sa.select(Submission.author_id, Submission.state, sa.func.count())
            .where(
                Submission.subject_id.in_(ids[start : start + 500]),
                Submission.state.in_(["received", "edited", "has_issues"]),
                Submission.deleted_at.is_(None),
            )
            .group_by(Submission.author_id, Submission.state)
        )
        for author_id, state, count in db.session.execute(query):
            mine = found.setdefault(author_id, {})
            name = "to_correct" if state == "has_issues" else "to_review"
            mine[name] = mine.get(name, 0) + count
    people = set(found) | {one.follower_id for one in records if one.follower_id}
    organisations = {one.organisation_id for one in records if one.organisation_id}
    programmes = {one.programme_id for one in records}
    people |= set(
        db.session.scalars(
            sa.select(Membership.person_id).where(
                Membership.programme_id.in_(programmes), Membership.organisation_id.in_(organisations)
            )
        )
    )
    phones = sa.select(Device.person_id, Device.report).where(Device.person_id.in_(people), Device.revoked_at.is_(None))
    for person_id, report in db.session.execute(phones):
        unsent = (report or {}).get("unsent")
        if isinstance(unsent, int) and unsent > 0:
            mine = found.setdefault(person_id, {})
            mine["unsent"] = mine.get("unsent", 0) + unsent
    return [Pending(person_id, **counts) for person_id, counts in sorted(found.items())]


def organisation_of(actor: Actor, programme_id: str) -> str | None:
    """The organisation that the actor is kept to in this programme; None: to none."""
    grant = actor.grants.get(programme_id)
    return None if actor.is_administrator or grant is None else grant.organisation_id


def give(
    actor: Actor,
    records: Sequence[Entity],
    *,
    organisation_id: str,
    person_id: str,
    note: str,
    now: datetime,
) -> int:
    """Give the records to an organisation, or to a person and her organisation; how many changed hands.

    organisation_id    "" leaves it, unless the person works for one; "none": nobody's, everybody sees them
    person_id          "" leaves it where the organisation stays, else nobody

    What phones still hold about them is taken when it comes: of another organisation's people it waits in quarantine
    (entity_elsewhere). Who is kept to one organisation gives to its people only. Raises NOBODY, WRONG_PERSON, NOT_ALLOWED, STALE.
    """
    if not organisation_id and not person_id:
        raise NOBODY()
    programme_id = records[0].programme_id if records else ""
    target = None if organisation_id in ("", "none") else organisation_id
    if target and db.session.scalar(sa.select(Organisation.programme_id).where(Organisation.id == target)) != programme_id:
        raise NOBODY()
    kept_to = organisation_of(actor, programme_id)
    if kept_to and organisation_id == "none":
        raise NOT_ALLOWED(action="entity.edit")
    if person_id:
        membership = db.session.scalar(
            sa.select(Membership).where(Membership.person_id == person_id, Membership.programme_id == programme_id)
        )
        if membership is None or db.session.get(Person, person_id) is None:
            raise NOBODY()
        if kept_to and membership.organisation_id != kept_to:
            raise NOT_ALLOWED(action="entity.edit")
        if not organisation_id and membership.organisation_id:
            organisation_id = target = membership.organisation_id
        if target and membership.organisation_id not in (None, target):
            raise WRONG_PERSON()
    done = 0
    # All rows before the counter, in the order of their ids: so does whoever delivers.
    ids = [one.id for one in records]
    db.session.execute(sa.select(Entity.id).where(Entity.id.in_(ids)).order_by(Entity.id).with_for_update())
    for one in sorted(records, key=lambda record: record.id):
        entity = editable(actor, one.id)
        new_organisation = target if organisation_id else entity.organisation_id
        new_person = person_id or (entity.follower_id if new_organisation == entity.organisation_id else None)
        if (new_organisation, new_person) == (entity.organisation_id, entity.follower_id):
            continue
        # Nobody gives away what she may not give to: a coordinator of one organisation keeps to it.
        require(actor, "entity.edit", programme_id=programme_id, organisation_id=new_organisation, territory=entity.territory)
        entity.organisation_id, entity.follower_id = new_organisation, new_person
        change(entity, {}, kind="reassigned", actor=actor, note=note, now=now, always=True)
        note_in_chain("entity.reassigned", entity, actor, now, organisation=new_organisation, person=new_person)
        done += 1
    db.session.flush()
    return done
