"""Deleting leaves a tombstone; what is lifted out of quarantine counts from then on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.models import Audit
from app.core.problems import Problem
from app.registry.models import Entity
from app.submissions import decisions, operations
from app.submissions.models import Submission
from app.submissions.queries import last_event
from tests.conftest import Someone, count


def test_a_coordinator_deletes_what_she_reviews_and_nobody_else_does(amina: Someone, khadija: Someone, fatima: Someone):
    envelope = amina.deliver()
    theirs = fatima.deliver()
    for actor, submission in ((amina, envelope), (khadija, theirs)):
        with pytest.raises(Problem):
            operations.delete(actor.actor, submission["submission_id"], reason="", now=utcnow())
    before = db.session.get(Submission, envelope["submission_id"]).seq
    begin_writing()
    operations.delete(khadija.actor, envelope["submission_id"], reason="تجربة", now=utcnow())
    db.session.commit()
    stored = db.session.get(Submission, envelope["submission_id"])
    assert stored.deleted_at is not None
    assert stored.seq > before
    said = db.session.scalars(sa.select(Audit.details).where(Audit.action == "submission.deleted")).one()
    assert "تجربة" not in str(said), "nothing can be erased from the chain"
    assert last_event(stored.id).comment == "تجربة"
    assert amina.push(envelope).json["results"][0]["result"] == "gone"


def test_approving_what_was_in_quarantine_lets_it_change_records(amina: Someone, admin: Someone):
    coop = {"list": "cooperatives", "id": new_id(), "action": "create", "label": "أ", "data": {"sector": "food"}}
    envelope = amina.envelope(form_sha256="f" * 64, entities=[coop])
    assert amina.push(envelope).json["results"][0]["reason"] == "form_unknown"
    assert count(Entity) == 0
    begin_writing()
    event = last_event(envelope["submission_id"])
    decisions.decide(admin.actor, envelope["submission_id"], "approve", based_on=event.id if event else "", now=utcnow())
    db.session.commit()
    assert db.session.get(Entity, coop["id"]).data == {"sector": "food"}
    stored = db.session.get(Submission, envelope["submission_id"])
    assert (stored.state, stored.quarantine) == ("approved", None)
