"""Received submissions are computed again by the phone's own code; a difference is told, never refused."""

from __future__ import annotations

import json
import time

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.submissions import checks
from app.submissions.models import Revision
from tests.conftest import PACKAGE, Someone, World, an_instrument, count

DOUBLED = {
    **PACKAGE,
    "form_id": "sum",
    "nodes": [
        *PACKAGE["nodes"][:5],
        {"i": 5, "parent": 3, "kind": "value", "name": "twice", "type": "calculate", "calculation": 0, "row": 6},
    ],
    "expressions": [
        {
            "text": "/data/grp_fig/k_ca * 2",
            "ast": ["*", ["path", "/", [["child", "data", []], ["child", "grp_fig", []], ["child", "k_ca", []]]], ["num", 2]],
            "deps": [[4, "same"]],
            "lists": [],
        }
    ],
    "order": [5],
}


def deliver(amina: Someone, world: World, twice: str) -> Revision:
    version = an_instrument(world.programme.id, "sum", json.dumps(DOUBLED))
    answers = {"grp_id": {"coop_name_ar": "تيفاوين"}, "grp_fig": {"k_ca": "21", "twice": twice}}
    envelope = amina.deliver(form_id="sum", form_sha256=version.sha256, answers=answers)
    found = db.session.get(Revision, envelope["revision_id"])
    assert found is not None
    return found


@pytest.mark.parametrize(("sent", "state"), [("42", "ok"), ("43", "differs")])
def test_what_the_phone_computed_is_compared(amina: Someone, world: World, sent: str, state: str):
    revision = deliver(amina, world, sent)
    assert checks.check_waiting() == 1
    db.session.refresh(revision)
    assert revision.check_state == state, revision.check_result
    paths = [(one["path"], one["sent"], one["computed"]) for one in revision.check_result["differences"]]
    assert paths == ([] if state == "ok" else [("grp_fig/twice", "43", "42")])
    assert checks.check_waiting() == 0


@pytest.mark.sqlite_only
def test_a_form_that_cannot_be_computed_is_marked_and_does_not_stop_the_others(amina: Someone, world: World):
    broken = an_instrument(world.programme.id, "broken", '{"format": 99}')
    amina.deliver(form_id="broken", form_sha256=broken.sha256)
    revision = deliver(amina, world, "42")
    assert checks.check_waiting() == 2
    db.session.refresh(revision)
    assert revision.check_state == "ok"
    assert count(Revision, Revision.check_state == "failed") == 1


def test_one_process_works_at_a_time(app):
    now = time.time()
    assert checks.hold_lease("a", now=now)
    assert checks.hold_lease("a", now=now + 1)
    assert not checks.hold_lease("b", now=now + 2)
    assert checks.hold_lease("b", now=now + checks.LEASE_S + 2), "the first is gone"
    assert not checks.hold_lease("a", now=now + checks.LEASE_S + 3)


@pytest.mark.sqlite_only
def test_the_command_checks_what_waits(app, amina: Someone, world: World):
    deliver(amina, world, "42")
    result = app.test_cli_runner().invoke(args=["submissions", "check"])
    assert "1 computed again" in result.output
    assert db.session.scalar(sa.select(sa.func.count()).where(Revision.check_state == "waiting")) == 0
