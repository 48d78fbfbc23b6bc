"""Sorting what is in quarantine: what a person decides about work that the server took without being sure (I-10).

Two kinds wait. A submission that was filed but does not count yet (`submissions.quarantine`: the form was closed, the phone
revoked, two corrections arrived…), and bytes that no submission could hold (`quarantined`: the id was taken, the author is
unproven…). Both can be accepted, as they are or as another person's or about another record, or rejected with a reason. What
was sent never changes; each decision is an entry of the chain. docs/review.md, "Quarantine". Callers began with
begin_writing() and commit.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext

from app.accounts.models import Device, Membership, Person
from app.core import audit
from app.core.db import db, next_seq
from app.core.driver import Statements
from app.core.ids import new_id
from app.core.models import Audit
from app.core.permissions import Actor, can, programmes_where, require, visible
from app.core.problems import NOT_FOUND, Kind
from app.instruments.queries import lists_changed
from app.registry.applying import EntityChange
from app.registry.models import Entity, Programme
from app.submissions import decisions, intake
from app.submissions.envelope import Envelope, read
from app.submissions.intake import Forms, Sender, Sent
from app.submissions.models import Quarantined, ReviewEvent, Revision, Submission
from app.submissions.operations import apply_held_records, make_current, require_records, tell
from app.submissions.problems import QUARANTINE
from app.submissions.queries import SEALED, last_event

DECIDED = Kind("quarantine.decided", 409, lazy_gettext("Somebody else has sorted this meanwhile. Read what was decided."))
NO_AUTHOR = Kind(
    "quarantine.no_author",
    422,
    lazy_gettext("Choose a person of this programme whose work you answer for: she becomes the author."),
)
NO_RECORD = Kind("quarantine.no_record", 422, lazy_gettext("Choose a record of this programme that you may see."))
NO_PROGRAMME = Kind(
    "quarantine.no_programme",
    422,
    lazy_gettext("The programme is not on this server. Choose a person: it is filed in her programme."),
)
NO_REASON = Kind("quarantine.no_reason", 422, lazy_gettext("To reject it, write the reason."))

MOST_LISTED = 200
MOST_NOTE = 2000


@dataclass(frozen=True)
class Outcome:
    """How a case was sorted."""

    decision: str  # "accepted", "rejected"
    by: str | None  # id of a person
    at: datetime
    note: str


@dataclass(frozen=True)
class Case:
    """One thing that waits for a person. Exactly one of `submission` and `kept` is set."""

    reason: str
    received_at: datetime
    submission: Submission | None = None
    kept: Quarantined | None = None
    envelope: Envelope | None = None  # none: its bytes cannot be read here
    phone: Device | None = None  # that brought it
    owner: Person | None = None  # of that phone
    outcome: Outcome | None = None  # none: it waits

    @property
    def id(self) -> str:
        return self.submission.id if self.submission is not None else self.kept.id if self.kept is not None else ""

    @property
    def place(self) -> tuple[datetime, int]:
        """In the order in which they arrived."""
        return _place(self.submission or self.kept)  # type: ignore[arg-type]

    @property
    def programme_id(self) -> str | None:
        return self.submission.programme_id if self.submission else self.envelope.programme_id if self.envelope else None

    @property
    def author_id(self) -> str | None:
        """Whom it names."""
        return self.submission.author_id if self.submission else self.envelope.author_id if self.envelope else None


# Reading


def waiting(actor: Actor, *, after: tuple[datetime, int] | None = None, limit: int = MOST_LISTED) -> list[Case]:
    """What this person may sort, oldest first, without the answers of what is filed.

    after    (received_at, seq) of the last one seen
    """
    found: list[Submission | Quarantined] = []
    for programme_id in _programmes(actor):
        query = sa.select(Submission).where(_held(actor, programme_id), _later(Submission, after))
        found += list(db.session.scalars(query.order_by(Submission.received_at, Submission.seq).limit(limit)))
    mine = sa.select(Quarantined).where(_aside(actor), _later(Quarantined, after))
    kept = list(db.session.scalars(mine.order_by(Quarantined.received_at, Quarantined.seq).limit(limit)))
    rows = sorted([*found, *kept], key=_place)[:limit]
    phones = _all(Device, {one.device_id for one in rows})
    people = _all(Person, {one.person_id for one in phones.values()})
    cases = []
    for one in rows:
        phone = phones.get(one.device_id)
        by = {"phone": phone, "owner": people.get(phone.person_id) if phone else None}
        if isinstance(one, Submission):
            cases.append(Case(one.quarantine or "", one.received_at, submission=one, **by))
        else:
            cases.append(Case(one.reason, one.received_at, kept=one, envelope=_read(one.encryption, one.body), **by))
    return cases


def count(actor: Actor) -> int:
    """How many wait, for menus: read along indexes of what is in quarantine, no further than MOST_LISTED each."""
    parts = [sa.select(sa.literal(1)).where(_held(actor, programme_id)).limit(MOST_LISTED) for programme_id in _programmes(actor)]
    parts.append(sa.select(sa.literal(1)).where(_aside(actor)).limit(MOST_LISTED))
    counts = [db.session.scalar(sa.select(sa.func.count()).select_from(part.subquery())) for part in parts]
    return sum(one or 0 for one in counts)


def _programmes(actor: Actor) -> list[str]:
    mine = programmes_where(actor, "submission.review")
    return list(db.session.scalars(sa.select(Programme.id))) if mine is None else mine


def _held(actor: Actor, programme_id: str) -> sa.ColumnElement[bool]:
    """Submissions of a programme that do not count until this person has looked."""
    return sa.and_(
        visible(actor, programme_id, Submission, "submission.review"),
        Submission.quarantine.is_not(None),
        Submission.deleted_at.is_(None),
        Submission.state != "rejected",
    )


def _aside(actor: Actor) -> sa.ColumnElement[bool]:
    """Bytes that wait, as may_sort() says of one."""
    undecided = Quarantined.decided_at.is_(None)
    mine = programmes_where(actor, "submission.review")
    if mine is None:
        return undecided
    known = sa.select(Programme.id).scalar_subquery()
    nobodys = sa.or_(Quarantined.programme_id.is_(None), Quarantined.programme_id.not_in(known))
    allowed = []
    for programme_id in mine:
        phones = sa.select(Device.id).where(Device.person_id.in_(sorted(actor.answers_for(programme_id))))
        allowed.append(sa.and_(sa.or_(Quarantined.programme_id == programme_id, nobodys), Quarantined.device_id.in_(phones)))
    return sa.and_(undecided, sa.or_(sa.false(), *allowed))


def _later(model: type[Submission] | type[Quarantined], after: tuple[datetime, int] | None) -> sa.ColumnElement[bool]:
    if after is None:
        return sa.true()
    at, seq = after
    return sa.or_(model.received_at > at, sa.and_(model.received_at == at, model.seq > seq))


def _place(row: Submission | Quarantined) -> tuple[datetime, int]:
    return row.received_at, row.seq


def _all(model: Any, ids: set[str]) -> dict[str, Any]:
    return {one.id: one for one in db.session.scalars(sa.select(model).where(model.id.in_(ids)))} if ids else {}


def find(actor: Actor, case_id: str) -> Case:
    """A case that this person may sort, decided or not. Raises NOT_FOUND."""
    submission, kept = db.session.get(Submission, case_id), db.session.get(Quarantined, case_id)
    case = None
    if submission is not None and submission.deleted_at is None:
        case = _case_of(submission)
    elif kept is not None:
        case = _case_of_kept(kept)
    if case is None or not may_sort(actor, case):
        raise NOT_FOUND()
    return case


def may_sort(actor: Actor, case: Case) -> bool:
    """A submission: who may review it. Bytes that no submission holds: who answers for the owner of the phone in the
    programme that they name; in any, where they name none of this server.
    """
    if actor.is_administrator:
        return True
    if case.submission is not None:
        one = case.submission
        return can(actor, "submission.review", **one.scope)
    mine = programmes_where(actor, "submission.review") or []
    if case.programme_id is not None and db.session.get(Programme, case.programme_id) is not None:
        mine = [one for one in mine if one == case.programme_id]
    return any(case.owner is not None and case.owner.id in actor.answers_for(programme_id) for programme_id in mine)


def _case_of(submission: Submission) -> Case | None:
    """None of what was never held back."""
    reason, outcome = submission.quarantine, None
    if not reason:
        reason, outcome = _let_out(submission)
    elif submission.state == "rejected":
        last = last_event(submission.id)
        outcome = Outcome("rejected", last.actor_id, last.at, last.comment) if last else None
    if not reason:
        return None
    revision = db.session.get(Revision, submission.current_revision_id)
    envelope = _read(revision.encryption, revision.body) if revision else None
    phone, owner = _brought_by(submission.device_id)
    return Case(reason, submission.received_at, submission, None, envelope, phone, owner, outcome)


def _let_out(submission: Submission) -> tuple[str, Outcome | None]:
    """Why a submission that counts was held back, and who let it out; ("", None) where it never was."""
    done = Audit.action.in_(["quarantine.accepted", "submission.approved"])
    query = sa.select(Audit).where(Audit.object_id == submission.id, done).order_by(Audit.number.desc())
    for entry in db.session.scalars(query):
        # Bytes that became a submission were sorted under their own number.
        is_accepted = entry.details.get("case") == submission.id
        reason = entry.details["reason"] if is_accepted else entry.details.get("quarantine_lifted", "")
        if reason:
            event = ReviewEvent.action == "admitted" if is_accepted else ReviewEvent.id == entry.details["event"]
            said = sa.select(ReviewEvent.comment).where(ReviewEvent.submission_id == submission.id, event)
            note = db.session.scalar(said.order_by(ReviewEvent.number.desc()).limit(1)) or ""
            return reason, Outcome("accepted", entry.actor_id, entry.at, note)
    return "", None


def _case_of_kept(kept: Quarantined) -> Case:
    phone, owner = _brought_by(kept.device_id)
    outcome = Outcome(kept.decision or "", kept.decided_by, kept.decided_at, kept.note) if kept.decided_at else None
    return Case(kept.reason, kept.received_at, None, kept, _read(kept.encryption, kept.body), phone, owner, outcome)


def _read(encryption: str, body: bytes) -> Envelope | None:
    return read(gzip.decompress(body)) if encryption == "none" else None


def _brought_by(device_id: str) -> tuple[Device | None, Person | None]:
    phone = db.session.get(Device, device_id)
    return phone, db.session.get(Person, phone.person_id) if phone else None


def authors(actor: Actor, case: Case) -> list[Person]:
    """Who may be its author: people of its programme for whom the actor answers; of any, where it names an unknown one."""
    known = case.programme_id is not None and db.session.get(Programme, case.programme_id) is not None
    members = sa.select(Membership.person_id)
    if known:
        members = members.where(Membership.programme_id == case.programme_id)
    found = db.session.scalars(sa.select(Person).where(Person.id.in_(members)).order_by(Person.username)).all()
    if actor.is_administrator:
        return list(found)
    mine = [one for one in programmes_where(actor, "submission.review") or [] if not known or one == case.programme_id]
    return [one for one in found if any(one.id in actor.answers_for(programme_id) for programme_id in mine)]


def revisions_to_choose(case: Case) -> list[Revision]:
    """Where two corrections of one submission arrived: those that nobody corrected further, the newest first."""
    if case.submission is None or case.reason != "revision_conflict":
        return []
    query = sa.select(Revision).where(Revision.submission_id == case.submission.id).order_by(Revision.seq.desc())
    found = list(db.session.scalars(query))
    parents = {one.parent_id for one in found}
    return [one for one in found if one.id not in parents]


# Deciding


def accept(
    actor: Actor,
    case_id: str,
    *,
    person_id: str = "",
    record_id: str = "",
    revision_id: str = "",
    note: str = "",
    now: datetime,
) -> str:
    """Make it count; the id of the submission that it is, or has become.

    person_id    who becomes its author; "" keeps whom it names, which bytes need to be somebody whom the actor answers for
    record_id    the record it is about instead of the one it names; what it says of that one is said of this
    revision_id  the correction that counts, where two arrived

    Raises NOT_FOUND, DECIDED, NO_AUTHOR, NO_RECORD, NO_PROGRAMME, SEALED, RECORD_ELSEWHERE.
    """
    case = _waiting_one(actor, case_id)
    note = note.strip()[:MOST_NOTE]
    if case.submission is not None:
        return _release(actor, case, person_id, record_id, revision_id, note, now)
    return _file(actor, case, person_id, record_id, note, now)


def reject(actor: Actor, case_id: str, *, note: str, now: datetime) -> None:
    """It counts nowhere and stays readable, with the reason. Raises NOT_FOUND, DECIDED, NO_REASON."""
    case = _waiting_one(actor, case_id)
    note = note.strip()[:MOST_NOTE]
    if not note:
        raise NO_REASON()
    if case.submission is not None:
        _still_held(case)
        last = last_event(case.submission.id)
        decisions.decide(actor, case.submission.id, "reject", based_on=last.id if last else "", comment=note, now=now)
        _record("quarantine.rejected", actor, case, now, submission_id=case.submission.id)
        return
    kept = _undecided(case)
    kept.decided_at, kept.decided_by, kept.decision, kept.note = now, actor.person_id, "rejected", note
    db.session.flush()
    _record("quarantine.rejected", actor, case, now, submission_id=kept.submission_id)


def _waiting_one(actor: Actor, case_id: str) -> Case:
    case = find(actor, case_id)
    if case.outcome is not None:
        raise DECIDED()
    return case


def _still_held(case: Case) -> Submission:
    """The submission, locked where the store can: the second of two people waits here and reads what the first decided."""
    submission = case.submission
    assert submission is not None
    db.session.refresh(submission, with_for_update=True)
    if submission.quarantine != case.reason or submission.state == "rejected":
        raise DECIDED()
    return submission


def _undecided(case: Case) -> Quarantined:
    kept = case.kept
    assert kept is not None
    db.session.refresh(kept, with_for_update=True)
    if kept.decided_at is not None:
        raise DECIDED()
    return kept


def _record(action: str, actor: Actor, case: Case, now: datetime, *, submission_id: str, **details: str | None) -> None:
    audit.record(
        action,
        at=now,
        actor_id=actor.person_id,
        programme_id=case.programme_id,
        object_id=submission_id,
        details={"case": case.id, "reason": case.reason, **{name: value for name, value in details.items() if value}},
    )


def _author(actor: Actor, case: Case, person_id: str) -> Person:
    wanted = person_id or case.author_id or ""
    allowed = {one.id: one for one in authors(actor, case)}
    if wanted not in allowed:
        raise NO_AUTHOR()
    return allowed[wanted]


def _subject(actor: Actor, programme_id: str, record_id: str) -> Entity:
    found = db.session.get(Entity, record_id)
    if found is None or not db.session.scalar(
        sa.select(sa.literal(1)).where(Entity.id == record_id, visible(actor, programme_id, Entity, "entity.read"))
    ):
        raise NO_RECORD()
    return found


def _organisation(person: Person, programme_id: str) -> str | None:
    return next((one.organisation_id for one in person.memberships if one.programme_id == programme_id), None)


def _release(actor: Actor, case: Case, person_id: str, record_id: str, revision_id: str, note: str, now: datetime) -> str:
    """Let a filed submission count."""
    submission = _still_held(case)
    moved: dict[str, str] = {}
    if revision_id:
        if revision_id not in {one.id for one in revisions_to_choose(case)}:
            raise NOT_FOUND()
        make_current(submission, revision_id)
    if person_id and person_id != submission.author_id:
        person = _author(actor, case, person_id)
        # It is no longer hers: her phone begins its pull again, and this one does not come (docs/sync.md, "Cursor").
        db.session.execute(
            sa.update(Membership)
            .where(Membership.person_id == submission.author_id, Membership.programme_id == submission.programme_id)
            .values(scope_version=Membership.scope_version + 1)
        )
        submission.author_id = person.id
        submission.organisation_id = _organisation(person, submission.programme_id) or submission.organisation_id
    if record_id and record_id != submission.subject_id:
        record = _subject(actor, submission.programme_id, record_id)
        moved = {submission.subject_id: record.id} if submission.subject_id else {}
        submission.subject_id, submission.territory = record.id, record.territory or submission.territory
    submission.quarantine = None
    _admit(actor, submission.id, submission.current_revision_id, note, now)
    apply_held_records(actor, submission, now=now, instead=moved)
    submission = db.session.get_one(Submission, case.id)
    submission.updated_at = now
    db.session.flush()
    submission.seq = next_seq()
    _tell_admitted(submission, now)
    _record(
        "quarantine.accepted",
        actor,
        case,
        now,
        submission_id=submission.id,
        author=person_id,
        record=record_id,
        revision=revision_id,
    )
    db.session.flush()
    return submission.id


def _admit(actor: Actor, submission_id: str, revision_id: str, note: str, now: datetime) -> None:
    last = last_event(submission_id)
    db.session.add(
        ReviewEvent(
            id=new_id(),
            submission_id=submission_id,
            number=last.number + 1 if last else 1,
            revision_id=revision_id,
            action="admitted",
            actor_id=actor.person_id,
            comment=note,
            at=now,
        )
    )
    db.session.flush()


def _tell_admitted(submission: Submission, now: datetime) -> None:
    """What held it back was told with its arrival; that it counts now is told as an arrival of the same kind."""
    event = last_event(submission.id)
    assert event is not None
    revision = db.session.get_one(Revision, submission.current_revision_id)
    tell(submission, "revised" if revision.parent_id else "received", event.number, event.id, now=now)


class _Everything(Forms):
    """A person has looked: no form is closed or unknown to her."""

    def trouble(self, envelope: Envelope) -> str | None:
        return None


def _file(actor: Actor, case: Case, person_id: str, record_id: str, note: str, now: datetime) -> str:
    """Make a submission of bytes that none could hold, or a correction of the one they correct."""
    kept, envelope = _undecided(case), case.envelope
    if envelope is None:
        raise SEALED()
    author = _author(actor, case, person_id)
    programme_id = envelope.programme_id
    if db.session.get(Programme, programme_id) is None:
        if not person_id or not author.memberships:
            raise NO_PROGRAMME()
        programme_id = author.memberships[0].programme_id
    require(actor, "submission.review", programme_id=programme_id, organisation_id=_organisation(author, programme_id))
    there = db.session.get(Submission, envelope.submission_id)
    parent_id = _parent(there, envelope, programme_id)
    taken = there is not None and parent_id is None
    submission_id = new_id() if taken else envelope.submission_id
    revision_id = new_id() if db.session.get(Revision, envelope.revision_id) is not None else envelope.revision_id
    subject_id, changes, territory = envelope.subject_id, envelope.entities, envelope.territory
    if record_id and record_id != subject_id:
        record = _subject(actor, programme_id, record_id)
        changes = [_about(one, {subject_id: record.id} if subject_id else {}) for one in changes]
        subject_id, territory = record.id, record.territory or territory
    elsewhere = set(
        db.session.scalars(
            sa.select(Entity.id).where(Entity.id.in_([one.id for one in changes]), Entity.programme_id != programme_id)
        )
    )
    declared = lists_changed(db.session.connection(), [envelope.form_sha256]).get(envelope.form_sha256)
    filed = replace(
        envelope,
        submission_id=submission_id,
        revision_id=revision_id,
        parent_revision_id=parent_id,
        programme_id=programme_id,
        author_id=author.id,
        subject_id=subject_id,
        territory=territory,
        entities=[one for one in changes if one.id not in elsewhere and (declared is None or one.list in declared)],
    )
    sender = Sender(kept.device_id, author.id, None, {programme_id: _organisation(author, programme_id)})
    sent = Sent(submission_id, revision_id, kept.sha256, "none", kept.body, filed, sender)
    do = Statements(db.session.connection().connection, db.engine.dialect.name)
    try:
        require_records(actor, programme_id, filed.entities, intake.records_named(do, [filed]))
        intake.file_decided(do, sent, _Everything(), now=now)
    finally:
        do.cursor.close()
    db.session.expire_all()
    kept = db.session.get_one(Quarantined, case.id)
    kept.decided_at, kept.decided_by, kept.decision, kept.note = now, actor.person_id, "accepted", note
    kept.became_submission_id, kept.became_revision_id = submission_id, revision_id
    _admit(actor, submission_id, revision_id, note, now)
    _record(
        "quarantine.accepted",
        actor,
        case,
        now,
        submission_id=submission_id,
        author=author.id,
        record=record_id,
        revision=revision_id,
    )
    db.session.flush()
    return submission_id


def _parent(there: Submission | None, envelope: Envelope, programme_id: str) -> str | None:
    """The revision that bytes correct, if they can be a correction of this submission. One that corrects what was set aside
    too and was not accepted goes on from what counts.
    """
    named = envelope.parent_revision_id or ""
    if there is None or there.deleted_at is not None or not named:
        return None
    if (there.programme_id, there.form_id) != (programme_id, envelope.form_id) or db.session.get(
        Revision, envelope.revision_id
    ) is not None:
        return None
    if db.session.get(Revision, named) is not None:
        return named
    beside = sa.select(Quarantined.id).where(Quarantined.submission_id == there.id, Quarantined.revision_id == named).limit(1)
    return there.current_revision_id if db.session.scalar(beside) else None


def _about(change: EntityChange, instead: dict[str, str]) -> EntityChange:
    return replace(change, id=instead[change.id], action="update") if change.id in instead else change


# What the phone is told


@dataclass(frozen=True)
class Decided:
    """What was decided about something that had been set aside."""

    decision: str  # "accepted", "rejected"
    note: str  # why it was rejected
    at: datetime


def decided(person_id: str, revisions: Mapping[str, str]) -> dict[str, Decided]:
    """What was decided about these of a person's own: {revision_id: sha256 of what her phone sent} in. What still waits, what is
    another's and what is not here are left out alike."""
    mine = sa.select(Device.id).where(Device.person_id == person_id)
    found = {}
    filed = db.session.execute(
        sa.select(Revision.id, Revision.sha256, Submission)
        .join(Submission, Submission.id == Revision.submission_id)
        .where(Revision.id.in_(revisions), Submission.deleted_at.is_(None))
        .where(sa.or_(Submission.author_id == person_id, Revision.device_id.in_(mine)))
    )
    for revision_id, sha256, submission in filed.all():
        event = last_event(submission.id)
        if revisions[revision_id] != sha256 or event is None:
            continue
        if submission.state == "rejected":
            found[revision_id] = Decided("rejected", event.comment, event.at)
        elif submission.quarantine is None:
            found[revision_id] = Decided("accepted", "", event.at)
    kept = sa.select(Quarantined).where(
        Quarantined.revision_id.in_(revisions), Quarantined.device_id.in_(mine), Quarantined.decided_at.is_not(None)
    )
    for one in db.session.scalars(kept):
        if one.revision_id not in found and revisions[one.revision_id] == one.sha256 and one.decided_at is not None:
            rejected = one.decision == "rejected"
            found[one.revision_id] = Decided("rejected" if rejected else "accepted", one.note if rejected else "", one.decided_at)
    return found


def reasons() -> list[str]:
    return list(QUARANTINE)
