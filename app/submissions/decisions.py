"""What a reviewer decides about a submission: approve, return with remarks, reject. docs/review.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from flask_babel import lazy_gettext
from sqlalchemy.exc import IntegrityError

from app.core import audit
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND, Kind
from app.submissions.models import Remark, ReviewEvent, Submission
from app.submissions.operations import apply_held_records, tell
from app.submissions.queries import last_event

STALE = Kind(
    "review.stale",
    409,
    lazy_gettext("Somebody else decided or corrected this submission meanwhile. Read what is new, then decide again."),
)
NOTHING_SAID = Kind(
    "review.nothing_said", 422, lazy_gettext("To return a submission, write at least one remark on a question, or a comment.")
)
NO_REASON = Kind("review.no_reason", 422, lazy_gettext("To reject a submission, write the reason."))
REMARKS_LEFT = Kind(
    "review.remarks_left",
    422,
    lazy_gettext(
        "Remarks were written on questions. Return the submission with them, or clear them before approving or rejecting."
    ),
)
NOT_CORRECTED = Kind(
    "review.not_corrected",
    422,
    lazy_gettext(
        "This submission was returned, and its author has not answered yet. To approve it as it is, press “Approve” once more."
    ),
)
UNKNOWN_ACTION = Kind("review.unknown_action", 400, lazy_gettext("This decision is not known. Reload the page and try again."))

MOST_REMARK_CHARACTERS = 2000


@dataclass(frozen=True)
class Outcome:
    event: str  # ReviewEvent.action
    state: str  # Submission.state afterwards


OUTCOMES: Final = {
    "approve": Outcome("approved", "approved"),
    "return": Outcome("returned", "has_issues"),
    "reject": Outcome("rejected", "rejected"),
}


def decide(
    actor: Actor,
    submission_id: str,
    action: str,
    *,
    based_on: str,
    comment: str = "",
    remarks: Mapping[str, str] | None = None,
    as_it_is: bool = True,
    now: datetime,
) -> ReviewEvent:
    """Append the decision and put the submission in its new state.

    action     a key of OUTCOMES
    based_on   id of the last event that the reviewer saw, "" where there was none
    remarks    {question path: text}; "" is the submission as a whole
    as_it_is   whether to approve also what was returned and not corrected since

    Returning needs a remark or a comment, rejecting a comment. Approving lifts a quarantine: a person
    has looked, and what the submission says about records is applied now.
    The submission takes a new seq, so that its author's phone pulls the state and the remarks.

    Raises NOT_FOUND, NOT_ALLOWED, UNKNOWN_ACTION, NOTHING_SAID, NO_REASON, REMARKS_LEFT, NOT_CORRECTED, RECORD_ELSEWHERE
    (approving what was in quarantine), and STALE(current=<event id>) when another event came first; nothing is written then,
    and note_refusal() keeps what was tried. The caller began the transaction with begin_writing() and commits. docs/review.md.
    """
    outcome = OUTCOMES.get(action)
    if outcome is None:
        raise UNKNOWN_ACTION()
    # The row stays locked until the commit where the store can: the second of two reviewers waits, then reads the first's event.
    submission = db.session.get(Submission, submission_id, with_for_update=True)
    if submission is None or submission.deleted_at is not None:
        raise NOT_FOUND()
    require(actor, "submission.review", **submission.scope)
    said = {path: text.strip()[:MOST_REMARK_CHARACTERS] for path, text in (remarks or {}).items() if text.strip()}
    comment = comment.strip()[:MOST_REMARK_CHARACTERS]

    last = last_event(submission_id)
    if (last.id if last else "") != based_on:
        raise STALE(current=last.id if last else "")
    if action == "return" and not said and not comment:
        raise NOTHING_SAID()
    if action != "return" and said:
        raise REMARKS_LEFT()
    if action == "reject" and not comment:
        raise NO_REASON()

    if action == "approve" and submission.state == "has_issues" and not as_it_is:
        raise NOT_CORRECTED()

    event = ReviewEvent(
        id=new_id(),
        submission_id=submission_id,
        number=last.number + 1 if last else 1,
        revision_id=submission.current_revision_id,
        action=outcome.event,
        actor_id=actor.person_id,
        comment=comment,
        at=now,
    )
    db.session.add(event)
    try:
        db.session.flush()
    except IntegrityError as error:  # the number is taken: an event was appended after last_event() read
        raise STALE(current="") from error

    for path, text in said.items():
        remark = Remark(id=new_id(), submission_id=submission_id, revision_id=event.revision_id, question=path, text=text)
        remark.author_id, remark.at = actor.person_id, now
        db.session.add(remark)
    if action != "return":
        # Whoever approves or rejects despite open remarks has answered them.
        db.session.execute(
            sa.update(Remark)
            .where(Remark.submission_id == submission_id, Remark.closed_by.is_(None))
            .values(closed_by=submission.current_revision_id)
        )
    details = {"event": event.id, "number": event.number, "based_on": based_on, "revision": event.revision_id}
    details |= {"remarks": len(said)}
    if action == "approve" and submission.quarantine:
        details["quarantine_lifted"] = submission.quarantine
        submission.quarantine = None
        apply_held_records(actor, submission, now=now)
    submission.state, submission.updated_at = outcome.state, now
    db.session.flush()
    submission.seq = next_seq()
    audit.record(
        f"submission.{outcome.event}",
        at=now,
        actor_id=actor.person_id,
        programme_id=submission.programme_id,
        object_id=submission_id,
        details=details,
    )
    db.session.flush()
    tell(submission, event.action, event.number, event.id, now=now)
    return event


def note_refusal(actor: Actor, submission_id: str, action: str, *, based_on: str, now: datetime) -> None:
    """Keep that a decision came too late in the submission's history (I-17); its words stay out of the chain, which nothing
    can be erased from. The caller commits."""
    submission = db.session.get(Submission, submission_id)
    if submission is None:
        return
    audit.record(
        "submission.decision_refused",
        at=now,
        actor_id=actor.person_id,
        programme_id=submission.programme_id,
        object_id=submission_id,
        details={"decision": action, "based_on": based_on},
    )
