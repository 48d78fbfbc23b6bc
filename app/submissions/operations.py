"""Changes to submissions that the office makes besides decisions. Callers began with begin_writing() and commit."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from app.core import audit
from app.core.db import db, next_seq
from app.core.driver import Numbers, Statements
from app.core.ids import new_id
from app.core.permissions import Actor, can, require
from app.hooks import outbox
from app.instruments.queries import lists_changed
from app.registry import applying
from app.registry.applying import EntityChange, Record, Source
from app.registry.models import EntityVersion
from app.submissions import intake
from app.submissions.envelope import read
from app.submissions.models import ReviewEvent, Revision, Submission
from app.submissions.problems import NO_SUCH_SUBMISSION, RECORD_ELSEWHERE
from app.submissions.queries import last_event


def delete(actor: Actor, submission_id: str, *, reason: str, now: datetime) -> None:
    """Leave a tombstone: phones are told, the same id never comes back (I-18). The bytes stay until retention ends."""
    submission = db.session.get(Submission, submission_id, with_for_update=True)
    if submission is None or submission.deleted_at is not None:
        raise NO_SUCH_SUBMISSION()
    require(actor, "submission.delete", **submission.scope)
    submission.deleted_at = submission.updated_at = now
    db.session.flush()
    submission.seq = next_seq()
    last = last_event(submission_id)
    # The words stand here and not in the chain, which nothing can be erased from.
    event = ReviewEvent(
        id=new_id(),
        submission_id=submission_id,
        number=last.number + 1 if last else 1,
        revision_id=submission.current_revision_id,
        action="deleted",
        actor_id=actor.person_id,
        comment=reason[:2000],
        at=now,
    )
    db.session.add(event)
    audit.record(
        "submission.deleted",
        at=now,
        actor_id=actor.person_id,
        programme_id=submission.programme_id,
        object_id=submission_id,
        details={"event": event.id},
    )
    db.session.flush()
    tell(submission, "deleted", event.number, submission_id, now=now)


def tell(submission: Submission, event: str, number: int, source: str, *, now: datetime) -> None:
    """Note for those who want to be told (docs/hooks.md), in the transaction of what happened. `source` is told once."""
    revision = db.session.get_one(Revision, submission.current_revision_id)
    outbox.note_here(
        outbox.Event(
            event,
            number,
            source=source,
            programme_id=submission.programme_id,
            organisation_id=submission.organisation_id,
            submission_id=submission.id,
            revision_id=revision.id,
            form_id=submission.form_id,
            form_version=revision.form_version,
            receipt=revision.seq,
            quarantine=submission.quarantine,
        ),
        now=now,
    )


def make_current(submission: Submission, revision_id: str) -> None:
    """Let another revision count: its title, place and record are the submission's."""
    submission.current_revision_id = revision_id
    revision = db.session.get_one(Revision, revision_id)
    if revision.encryption != "none":
        return
    envelope = read(gzip.decompress(revision.body))
    do = Statements(db.session.connection().connection, db.engine.dialect.name)
    try:
        records = intake.records_named(do, [envelope])
    finally:
        do.cursor.close()
    submission.title = envelope.title
    submission.territory = envelope.territory or submission.territory
    submission.subject_id = intake.subject_of(envelope, records) or submission.subject_id


def require_records(actor: Actor, programme_id: str, changes: Iterable[EntityChange], records: Mapping[str, Record]) -> None:
    """Raise RECORD_ELSEWHERE unless the actor may change all these records: whoever lets a submission count lets it change them.

    What her people began stays with a coordinator wherever it lies, as their submissions do.
    """
    for entity_id in {applying.meant(change.id, records) for change in changes}:
        record = records.get(entity_id)
        if record is None or record.programme_id != programme_id:  # begun by it; of another programme, left out
            continue
        began = sa.select(EntityVersion.actor_id).where(EntityVersion.entity_id == entity_id, EntityVersion.version == 1)
        place = {"organisation_id": record.organisation_id, "territory": record.territory}
        if not can(actor, "entity.edit", programme_id=programme_id, **place, author_id=db.session.scalar(began)):
            raise RECORD_ELSEWHERE()


def apply_held_records(actor: Actor, submission: Submission, *, now: datetime, instead: Mapping[str, str] | None = None) -> None:
    """What a submission says about records, once it leaves quarantine: until then it changed none.

    actor      who lets it count
    instead    {record it names: record that a person chose}

    Raises RECORD_ELSEWHERE.
    """
    db.session.flush()
    revision = db.session.get(Revision, submission.current_revision_id)
    if revision is None or revision.encryption != "none":
        return
    envelope = read(gzip.decompress(revision.body))
    for change in envelope.entities:
        if instead and change.id in instead:
            change.id, change.action = instead[change.id], "update"
    if not envelope.entities:
        return
    do = Statements(db.session.connection().connection, db.engine.dialect.name)
    try:
        records = intake.records_named(do, [envelope])
        left_out = {name for name, record in records.items() if record.programme_id != submission.programme_id}
        # What it already said, before something else put it in quarantine, may have been changed by others since.
        left_out |= set(db.session.scalars(sa.select(EntityVersion.entity_id).where(EntityVersion.revision_id == revision.id)))
        source = Source(
            submission.programme_id,
            submission.organisation_id,
            submission.territory,
            submission.id,
            revision.id,
            submission.author_id,
        )
        declared = lists_changed(db.session.connection(), [revision.form_sha256]).get(revision.form_sha256)
        changes = [
            change for change in envelope.entities if change.id not in left_out and (declared is None or change.list in declared)
        ]
        require_records(actor, submission.programme_id, changes, records)
        applying.apply(do, changes, records, source, seqs=Numbers(do, len(envelope.entities)), now=now)
    finally:
        do.cursor.close()
    db.session.expire_all()
