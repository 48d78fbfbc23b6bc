"""Pull: everything of one's scope up to the cursor, nothing else (I-13), whatever others write meanwhile."""

from __future__ import annotations

import json
import threading
from typing import Any

import sqlalchemy as sa
from flask import Flask

from app.accounts import operations as accounts
from app.accounts.models import Person
from app.core.clock import utcnow
from app.core.db import begin_writing, db, next_seq
from app.core.ids import new_id
from app.core.models import Setting
from app.instruments.columns import in_columns
from app.instruments.models import Dataset, Instrument
from app.registry.models import Entity
from app.submissions.models import Remark, ReviewEvent, Submission
from tests.conftest import NOW, PACKAGE, PACKAGE_SHA256, PACKAGE_TEXT, Someone, World, assert_problem, item_of


def pull(someone: Someone, cursor: str = "", limit: int = 500) -> dict[str, Any]:
    query = {"programme": someone.programme_id, "cursor": cursor, "limit": limit}
    response = someone.client.get("/api/sync/pull", query_string=query)
    assert response.status_code == 200, response.text
    return dict(response.json)


def pull_all(someone: Someone, cursor: str = "", limit: int = 500) -> tuple[list[dict[str, Any]], str]:
    found = []
    while True:
        page = pull(someone, cursor, limit)
        assert "resync" not in page
        found += page["changes"]
        cursor = page["next_cursor"]
        if not page["more"]:
            return found, cursor


def of(changes: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [change for change in changes if change["kind"] == kind]


def an_entity(someone: Someone, organisation_id: str | None, territory: str | None = None, **more: Any) -> Entity:
    entity = Entity(
        id=new_id(),
        programme_id=someone.programme_id,
        list="cooperatives",
        label="تعاونية",
        organisation_id=organisation_id,
        territory=territory,
        data={"sector": "food"},
        updated_at=NOW,
        seq=next_seq(),
        **more,
    )
    db.session.add(entity)
    db.session.commit()
    return entity


def test_a_first_pull_brings_programme_instruments_records_and_own_submissions(amina: Someone, fatima: Someone, world: World):
    mine = an_entity(amina, world.al_amal.id)
    an_entity(amina, world.al_hadaf.id)
    everyones = an_entity(amina, None)
    envelope = amina.deliver()
    fatima.deliver()
    changes, _ = pull_all(amina)
    assert [change["data"]["name"]["fr"] for change in of(changes, "programme")] == ["Boulemane"]
    (instrument,) = of(changes, "instrument")
    assert (instrument["data"]["form_id"], instrument["data"]["sha256"]) == ("diag", PACKAGE_SHA256)
    assert {change["id"] for change in of(changes, "entity")} == {mine.id, everyones.id}
    (submission,) = of(changes, "submission")
    assert submission["id"] == envelope["submission_id"]
    assert submission["data"]["state"] == "received"
    assert "envelope" not in submission["data"]
    numbers = [change["seq"] for change in changes]
    assert numbers == sorted(numbers)


def test_the_next_pull_brings_only_what_changed(amina: Someone):
    _, cursor = pull_all(amina)
    assert pull(amina, cursor)["changes"] == []
    envelope = amina.deliver()
    changes, _ = pull_all(amina, cursor)
    assert [change["id"] for change in changes] == [envelope["submission_id"]]


def test_a_limit_that_is_no_number_is_the_usual_one(amina: Someone):
    amina.deliver()
    usual = pull(amina)["changes"]
    for odd in ("²", "", "-1", "1e3", "９９９９９９", "Ⅷ", "x"):
        assert pull(amina, limit=odd)["changes"] == usual, odd  # type: ignore[arg-type]


def test_small_pages_bring_the_same_as_large_ones(amina: Someone, world: World):
    for _ in range(7):
        an_entity(amina, world.al_amal.id)
        amina.deliver()
    assert pull_all(amina, limit=2)[0] == pull_all(amina)[0]


def test_a_returned_submission_comes_with_its_remarks_and_its_text(amina: Someone):
    envelope = amina.deliver()
    submission = db.session.get(Submission, envelope["submission_id"])
    submission.state, submission.seq = "has_issues", next_seq()
    decided = {"submission_id": submission.id, "revision_id": submission.current_revision_id, "at": NOW}
    db.session.add(ReviewEvent(id=new_id(), number=2, action="returned", actor_id="k", comment="راجعي الأرقام", **decided))
    db.session.add(Remark(id=new_id(), question="grp_fig/k_ca", text="بالسنتيم؟", author_id="k", **decided))
    db.session.add(Remark(id=new_id(), question="x", text="قديم", author_id="k", closed_by="r", **decided))
    (change,) = of(pull_all(amina)[0], "submission")
    data = change["data"]
    assert data["comment"] == "راجعي الأرقام"
    assert [(one["question"], one["text"]) for one in data["remarks"]] == [("grp_fig/k_ca", "بالسنتيم؟")]
    assert data["envelope"] == item_of(envelope)["envelope"]


def test_what_is_deleted_archived_or_moved_out_of_reach_is_taken_from_the_phone(amina: Someone, world: World):
    entity, other = an_entity(amina, world.al_amal.id), an_entity(amina, world.al_amal.id)
    envelope = amina.deliver()
    _, cursor = pull_all(amina)
    entity.organisation_id, entity.version, entity.seq = world.al_hadaf.id, 2, next_seq()
    other.archived_at, other.version, other.seq = NOW, 2, next_seq()
    submission = db.session.get(Submission, envelope["submission_id"])
    submission.deleted_at, submission.seq = NOW, next_seq()
    changes, _ = pull_all(amina, cursor)
    assert {(change["op"], change["id"]) for change in changes} == {("del", entity.id), ("del", other.id), ("del", submission.id)}
    assert all(change["data"] is None for change in changes)


def test_a_cursor_of_another_scope_epoch_or_future_makes_the_phone_begin_again(amina: Someone):
    _, cursor = pull_all(amina)
    epoch, scope, seq = cursor.rsplit(".", 2)
    for wrong in (f"x.{scope}.{seq}", f"{epoch}.9.{seq}", f"{epoch}.{scope}.999999", f"{epoch}.{scope}.x", "nonsense", "..."):
        answer = pull(amina, wrong)
        assert answer["resync"] is True
        assert answer["changes"] == []
    person = db.session.get(Person, amina.id)
    accounts.set_role(person, amina.programme_id, "facilitator", organisation_id=None, territories=["05.271"], now=NOW, by=None)
    assert pull(amina, cursor)["resync"] is True
    db.session.execute(sa.update(Setting).where(Setting.name == "epoch").values(value="restored"))
    assert pull(amina, cursor)["resync"] is True


def test_nobody_pulls_without_a_session_or_from_a_programme_of_others(client, amina: Someone):
    assert_problem(client.get("/api/sync/pull"), "core.not_signed_in", 401)
    assert_problem(client.get("/api/sync/pull", headers=amina.delivering), "core.not_signed_in", 401)
    assert_problem(amina.client.get("/api/sync/pull", query_string={"programme": new_id()}), "core.not_found", 404)


def test_pull_has_no_gap_while_others_write(app: Flask, amina: Someone, world: World):  # I-13
    """Writers take a number, wait and commit in any order; a reader that follows its cursor misses nothing."""
    written: set[str] = set()
    stop = threading.Event()

    programme, organisation = amina.programme_id, world.al_amal.id

    def write(pause: float) -> None:
        with app.app_context():
            for _ in range(12):
                begin_writing()
                entity = Entity(
                    id=new_id(),
                    programme_id=programme,
                    list="l",
                    label="x",
                    organisation_id=organisation,
                    data={},
                    updated_at=utcnow(),
                    seq=next_seq(),
                )
                db.session.add(entity)
                db.session.flush()
                stop.wait(pause)
                written.add(entity.id)
                db.session.commit()

    assert amina.client
    db.session.commit()
    threads = [threading.Thread(target=write, args=(pause,)) for pause in (0.001, 0.004, 0.009)]
    for thread in threads:
        thread.start()
    seen: set[str] = set()
    cursor = ""
    while any(thread.is_alive() for thread in threads):
        page = pull(amina, cursor, limit=5)
        seen |= {change["id"] for change in of(page["changes"], "entity")}
        cursor = page["next_cursor"]
    rest, _ = pull_all(amina, cursor)
    seen |= {change["id"] for change in of(rest, "entity")}
    assert seen == written
    assert len(written) == 36


def test_packages_and_lists_come_as_they_were_published_to_whoever_may_fill_them(amina: Someone, world: World, client):
    content = json.dumps({"columns": ["name"], "rows": [["مسور"]]}, ensure_ascii=False)
    dataset = Dataset(
        id=new_id(), programme_id=world.programme.id, name="communes", sha256="d" * 64, content=content, created_at=NOW, seq=1
    )
    db.session.add(dataset)
    assert amina.client.get(f"/api/sync/instrument/{PACKAGE_SHA256}").text == PACKAGE_TEXT
    assert amina.client.get(f"/api/sync/dataset/{'d' * 64}").text == content
    together = f"/api/sync/instruments?of={'e' * 64},{PACKAGE_SHA256}"
    assert amina.client.get(together).json == {PACKAGE_SHA256: in_columns(PACKAGE)}
    assert_problem(client.get(together), "core.not_signed_in", 401)
    assert_problem(client.get(f"/api/sync/instrument/{PACKAGE_SHA256}"), "core.not_signed_in", 401)
    assert_problem(amina.client.get(f"/api/sync/instrument/{'e' * 64}"), "core.not_found", 404)
    accounts.set_role(
        db.session.get(Person, amina.id), amina.programme_id, None, organisation_id=None, territories=[], now=NOW, by=None
    )
    assert_problem(amina.client.get(f"/api/sync/dataset/{'d' * 64}"), "core.not_found", 404)
    assert amina.client.get(together).json == {}


def test_a_closed_instrument_is_told_with_the_next_number(amina: Someone, world: World):
    _, cursor = pull_all(amina)
    db.session.execute(sa.update(Instrument).values(is_open=False))
    world.instrument.seq = next_seq()
    (change,) = pull_all(amina, cursor)[0]
    assert change["data"]["is_open"] is False
