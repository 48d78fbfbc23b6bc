"""Decisions of reviewers (docs/review.md, "Decisions").

D1 a decision is an event on what the reviewer saw; the author's phone pulls the state and the remarks
D2 a stale decision is refused, both stay in the history
D3 of two reviewers at once one decides
D4 words are asked for: returning, rejecting
D5 only who may review decides
D6 everything is in the chain of what was done
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core import audit
from app.core.db import begin_writing, db
from app.core.models import Audit
from app.core.problems import NOT_ALLOWED, Problem
from app.submissions import decisions
from app.submissions.models import Remark, ReviewEvent, Submission
from app.submissions.queries import last_event
from tests.conftest import NOW, Someone, World, count
from tests.review.instrument import changed, stored


def post(reviewer: Someone, submission: str, action: str, based_on: str, **fields: str) -> Any:
    return reviewer.client.post(f"/submissions/{submission}/decision", data={"action": action, "based_on": based_on, **fields})


def newest(submission: str) -> str:
    db.session.rollback()
    event = last_event(submission)
    assert event is not None
    return event.id


def a_submission(author: Someone, package: str, **changes: Any) -> str:
    found = stored(author, package, **changes).id
    db.session.commit()
    return found


def test_a_returned_submission_carries_its_remarks_to_the_author(amina: Someone, khadija: Someone, package: str):  # D1, D6
    submission = a_submission(amina, package)
    before = db.session.get(Submission, submission).seq

    typed = {"remark:grp_fig/k_ca": "هل المبلغ بالسنتيم؟", "comment": "Merci"}
    in_the_table = {"remark-text:part": "Vérifier", "remark-row:part": "2", "remark-column:part": "p_years"}
    answer = post(khadija, submission, "return", newest(submission), **typed, **in_the_table)

    assert answer.status_code == 302
    db.session.rollback()
    row = db.session.get(Submission, submission)
    assert (row.state, row.seq > before) == ("has_issues", True)
    remarks = {remark.question: remark.text for remark in db.session.scalars(sa.select(Remark))}
    assert remarks == {"grp_fig/k_ca": "هل المبلغ بالسنتيم؟", "part[2]/p_years": "Vérifier"}
    assert db.session.scalar(sa.select(Audit.action).order_by(Audit.number.desc())) == "submission.returned"
    assert audit.first_broken_entry() is None

    pulled = amina.client.get(f"/api/sync/pull?programme={amina.programme_id}&limit=500", headers={"X-Sync-Proto": "1"})
    data = next(change["data"] for change in pulled.json["changes"] if change["id"] == submission)
    assert data["state"] == "has_issues"
    assert {remark["question"] for remark in data["remarks"]} == set(remarks)
    page = khadija.client.get(f"/submissions/{submission}").text
    assert "هل المبلغ بالسنتيم؟" in page
    assert "Vérifier" in page


def test_a_correction_closes_the_remarks_and_shows_what_changed(amina: Someone, khadija: Someone, package: str):  # D1
    first = amina.deliver(form_id="short", form_sha256=package, answers=changed())
    submission = first["submission_id"]
    post(khadija, submission, "return", newest(submission), **{"remark:grp_fig/k_ca": "centimes ?"})
    correction = amina.envelope(
        submission_id=submission,
        parent_revision_id=first["revision_id"],
        form_id="short",
        form_sha256=package,
        answers=changed(grp_fig={"k_ca": "1180"}),
    )
    assert amina.push(correction).json["results"][0]["result"] == "accepted"

    page = khadija.client.get(f"/submissions/{submission}?lang=fr").text

    db.session.rollback()
    assert db.session.get(Submission, submission).state == "edited"
    assert db.session.scalar(sa.select(Remark.closed_by)) == correction["revision_id"]
    assert "1\u202f180\u00a0MAD" in page
    assert "118\u202f000,50\u00a0MAD" in page  # what it was
    assert page.count('class="answer changed') == 1


def test_a_stale_decision_is_refused_and_both_stay_in_the_history(  # AS-22
    amina: Someone, khadija: Someone, admin: Someone, package: str
):  # D2
    submission = a_submission(amina, package)
    seen = newest(submission)
    assert post(admin, submission, "approve", seen).status_code == 302

    late = post(khadija, submission, "reject", seen, comment="doublon de la fiche 12")

    assert late.status_code == 409
    assert "doublon de la fiche 12" in late.text  # what was written is not lost
    db.session.rollback()
    assert db.session.get(Submission, submission).state == "approved"
    assert [event.action for event in db.session.scalars(sa.select(ReviewEvent).order_by(ReviewEvent.number))] == [
        "received",
        "approved",
    ]
    assert db.session.scalar(sa.select(Audit.actor_id).where(Audit.action == "submission.decision_refused")) == khadija.id
    assert 'class="refused"' in khadija.client.get(f"/submissions/{submission}").text
    assert post(khadija, submission, "reject", newest(submission), comment="doublon").status_code == 302


def test_of_two_reviewers_at_once_one_decides(  # AS-21
    app: Flask, world: World, amina: Someone, khadija: Someone, admin: Someone, package: str
):  # D3
    submission = a_submission(amina, package)
    seen, actors = newest(submission), [khadija.actor, admin.actor]
    db.session.rollback()
    together, outcomes = threading.Barrier(2), []

    def review(actor: Any, action: str) -> None:
        with app.app_context():
            together.wait()
            begin_writing()
            try:
                decisions.decide(actor, submission, action, based_on=seen, comment="x", now=NOW)
                db.session.commit()
                outcomes.append(action)
            except Problem as problem:
                db.session.rollback()
                outcomes.append(problem.kind.code)
            db.session.remove()

    threads = [threading.Thread(target=review, args=pair) for pair in zip(actors, ("approve", "reject"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) in (["approve", "review.stale"], ["reject", "review.stale"])
    assert count(ReviewEvent, ReviewEvent.submission_id == submission) == 2
    assert db.session.get(Submission, submission).state == ("approved" if "approve" in outcomes else "rejected")


@pytest.mark.parametrize(
    ("action", "fields", "code"),
    [
        ("return", {}, "review.nothing_said"),
        ("return", {"comment": "  ", "remark:grp_fig/k_ca": " "}, "review.nothing_said"),
        ("reject", {}, "review.no_reason"),
        ("approve", {"remark:grp_fig/k_ca": "?"}, "review.remarks_left"),
    ],
)
def test_a_decision_without_its_words_changes_nothing(
    amina: Someone, khadija: Someone, package: str, action: str, fields: dict[str, str], code: str
):  # D4
    submission = a_submission(amina, package)
    answer = post(khadija, submission, action, newest(submission), **fields)
    assert answer.status_code == 422
    assert "stale" in answer.text  # the box that says why
    db.session.rollback()
    assert db.session.get(Submission, submission).state == "received"
    assert count(ReviewEvent) == 1
    with pytest.raises(Problem) as problem:
        decisions.decide(
            khadija.actor, submission, action, based_on=newest(submission), comment=fields.get("comment", ""),
            remarks={name[7:]: text for name, text in fields.items() if name.startswith("remark:")}, now=NOW,
        )  # fmt: skip
    assert problem.value.kind.code == code


def test_only_who_may_review_decides(amina: Someone, fatima: Someone, khadija: Someone, said: Someone, package: str):  # D5
    hers, other = a_submission(amina, package), a_submission(fatima, package)
    for person, submission, status in ((said, hers, 403), (amina, hers, 403), (khadija, other, 404), (fatima, hers, 404)):
        assert post(person, submission, "approve", newest(submission)).status_code == status
    with pytest.raises(Problem) as problem:
        decisions.decide(khadija.actor, other, "approve", based_on=newest(other), now=NOW)
    assert problem.value.kind is NOT_ALLOWED
    assert 'value="approve"' not in said.client.get(f"/submissions/{hers}").text
    assert 'value="approve"' in khadija.client.get(f"/submissions/{hers}").text


def test_after_a_decision_the_queue_goes_on(amina: Someone, khadija: Someone, package: str):
    older, newer = a_submission(amina, package, minutes=0), a_submission(amina, package, minutes=5)
    answer = khadija.client.post(
        f"/submissions/{newer}/decision?state=to_review", data={"action": "approve", "based_on": newest(newer)}
    )
    assert answer.headers["Location"] == f"/submissions/{older}?state=to_review"
    answer = khadija.client.post(
        f"/submissions/{older}/decision?state=to_review", data={"action": "approve", "based_on": newest(older)}
    )
    assert answer.headers["Location"] == "/submissions?state=to_review"
