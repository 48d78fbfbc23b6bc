"""Scores of earlier rounds by a newer grid: computed by the engine with the newer version, kept beside what was given then.

What the round said on its day (`Revision.check_result`) is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from flask_babel import lazy_gettext

from app.core import audit
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND, Kind
from app.engine import host
from app.instruments.comparability import compare, for_grid
from app.instruments.models import Instrument, InstrumentVersion
from app.submissions.checks import datasets_of, moment_of
from app.submissions.models import Rescore, Revision, Submission
from app.submissions.queries import envelope_of

OTHER_FORM = Kind(
    "rescore.other_form",
    422,
    lazy_gettext("Scores are computed again only with another version of the same form. Reload the page and try again."),
)


def rescore(actor: Actor, submission_id: str, form_sha256: str, *, now: datetime) -> Rescore:
    """Compute the scores of a submission's current revision with another version of its form; once computed they are kept.

    Answers to questions that take other answers in that version are left out: there they would mean something else.

    Called outside a transaction that wrote; begins one itself, once the engine is done, and the caller commits.
    Raises NOT_FOUND, NOT_ALLOWED, OTHER_FORM, SEALED, and the engine's TOO_LONG, TOO_LARGE, FAILED.
    """
    submission = db.session.get(Submission, submission_id)
    if submission is None or submission.deleted_at is not None:
        raise NOT_FOUND()
    require(actor, "submission.review", **submission.scope)
    revision = db.session.get(Revision, submission.current_revision_id)
    assert revision is not None
    if kept := rescores_of([revision.id]).get((revision.id, form_sha256)):
        return kept
    older, newer = (_package(submission, sha256) for sha256 in (revision.form_sha256, form_sha256))
    if older is None or newer is None:
        raise OTHER_FORM()
    revision_id, programme_id = revision.id, submission.programme_id
    asked = _asked(submission, revision, orjson.loads(older), newer)
    db.session.rollback()  # the computation may take seconds; nobody waits for it
    scores = dict(host.recompute(newer, package_sha256=form_sha256, **asked).get("scores") or {})
    begin_writing()
    if kept := rescores_of([revision_id]).get((revision_id, form_sha256)):
        return kept
    made = Rescore(id=new_id(), revision_id=revision_id, form_sha256=form_sha256, scores=scores, actor_id=actor.person_id, at=now)
    db.session.add(made)
    db.session.flush()
    audit.record(
        "submission.rescored",
        at=now,
        actor_id=actor.person_id,
        programme_id=programme_id,
        object_id=submission_id,
        details={"form_sha256": form_sha256},
    )
    return made


def rescores_of(revision_ids: list[str]) -> dict[tuple[str, str], Rescore]:
    """What is kept, by revision and package."""
    found = db.session.scalars(sa.select(Rescore).where(Rescore.revision_id.in_(revision_ids)))
    return {(one.revision_id, one.form_sha256): one for one in found}


def _package(submission: Submission, sha256: str) -> str | None:
    """The version of the submission's form with this hash, as JSON."""
    return db.session.scalar(
        sa.select(InstrumentVersion.package)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(
            Instrument.programme_id == submission.programme_id,
            Instrument.form_id == submission.form_id,
            InstrumentVersion.sha256 == sha256,
        )
    )


def _asked(submission: Submission, revision: Revision, older: Mapping[str, Any], newer: str) -> dict[str, Any]:
    """What the engine needs to compute the revision with the newer package."""
    envelope = envelope_of(revision)
    package = orjson.loads(newer)
    moment = moment_of(envelope.get("t_client"), revision.received_at)
    declared = package.get("datasets", {})
    return {
        "answers": for_grid(compare(older, package), envelope["answers"]),
        "datasets": dict(datasets_of(declared, submission.programme_id, orjson.dumps(envelope))),
        "now": int(moment.timestamp() * 1000),
        "offset_minutes": int((moment.utcoffset() or timedelta(0)).total_seconds() // 60),
        "language": envelope.get("language") if envelope.get("language") in ("ar", "fr") else None,
    }
