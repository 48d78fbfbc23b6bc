"""The list of submissions (docs/review.md, "The list").

L1 every filter narrows, and only to what the reader may see
L2 pages go from row to row: rows that arrive meanwhile neither repeat nor hide one
L3 counts are bounded
L4 the queries read an index in order, also with many rows
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.core.ids import new_id
from app.core.permissions import visible
from app.registry.models import Entity
from app.submissions import queries
from app.submissions.answers import record_labels
from app.submissions.models import Revision, Submission
from app.submissions.queries import TO_REVIEW, Filters, filters_from
from tests.conftest import NOW, Someone, World
from tests.review.instrument import stored

AN_ENTITY = {"territory": None, "data": {}, "version": 1, "updated_at": NOW, "seq": 0}


def titles(actor: object, filters: Filters, **cursor: str) -> list[str]:
    return [one.title for one in queries.page(actor, filters, **cursor).items]  # type: ignore[arg-type]


def test_each_filter_narrows_and_they_combine(world: World, amina: Someone, fatima: Someone, said: Someone):  # L1
    subject = new_id()
    stored(amina, "x", title="a", minutes=0)
    stored(amina, "x", title="b", minutes=1, state="approved", form_id="train", subject_id=subject)
    stored(fatima, "x", title="c", minutes=2, territory="05.061.01.01", quarantine="form_closed")
    stored(fatima, "x", title="d", minutes=60 * 24 * 3, territory=None, state="edited")
    db.session.commit()
    everything = Filters(world.programme.id)

    cases: list[tuple[dict[str, object], list[str]]] = [
        ({}, ["d", "c", "b", "a"]),
        ({"form_id": "train"}, ["b"]),
        ({"organisation_id": world.al_hadaf.id}, ["d", "c"]),
        ({"territory": "05"}, ["c", "b", "a"]),
        ({"territory": "05.271"}, ["b", "a"]),
        ({"territory": "05.271.01.03"}, ["b", "a"]),
        ({"territory": "05.27"}, []),
        ({"states": ("approved",)}, ["b"]),
        ({"states": TO_REVIEW}, ["d", "a"]),  # "c" waits in the quarantine: no two queues count it
        ({"author_id": amina.id}, ["b", "a"]),
        ({"date_from": date(2026, 11, 22)}, ["d"]),
        ({"date_to": date(2026, 11, 21)}, ["c", "b", "a"]),
        ({"date_to": date.max}, ["d", "c", "b", "a"]),
        ({"quarantined": True}, ["c"]),
        ({"quarantined": False, "states": TO_REVIEW}, ["d", "a"]),
        ({"subject_id": subject}, ["b"]),
    ]
    for changes, expected in cases:
        filters = replace(everything, **changes)  # type: ignore[arg-type]
        assert titles(said.actor, filters) == expected, changes
        assert queries.bounded_count(said.actor, filters).number == len(expected)
        assert filters_from(world.programme.id, filters.to_args()) == filters


def test_a_list_holds_only_what_its_reader_may_see(world: World, amina: Someone, fatima: Someone, khadija: Someone):  # L1
    stored(amina, "x", title="hers")
    stored(fatima, "x", title="of another organisation")
    stored(amina, "x", title="deleted", deleted_at=NOW)
    db.session.commit()

    assert titles(amina.actor, Filters(world.programme.id)) == ["hers"]
    assert titles(khadija.actor, Filters(world.programme.id)) == ["hers"]
    assert titles(fatima.actor, Filters(world.programme.id)) == ["of another organisation"]
    assert "hers" not in fatima.client.get("/submissions").text
    assert "hers" in khadija.client.get("/submissions").text


@pytest.mark.parametrize("states", [(), TO_REVIEW])
def test_pages_neither_repeat_nor_hide_a_row_while_others_arrive(
    world: World, amina: Someone, said: Someone, states: tuple[str, ...]
):  # L2
    choose = random.Random(3)
    for n in range(23):  # several share a moment: the id decides their order
        stored(amina, "x", title=f"old {n}", minutes=choose.randrange(6), state=choose.choice(TO_REVIEW))
    db.session.commit()
    filters = Filters(world.programme.id, states=states)
    expected = [one.title for one in queries.page(said.actor, filters, size=100).items]

    seen: list[str] = []
    page = queries.page(said.actor, filters, size=5)
    while True:
        seen += [one.title for one in page.items]
        stored(amina, "x", title="new", minutes=100 + len(seen))
        db.session.commit()
        if not page.older:
            break
        page = queries.page(said.actor, filters, before=page.older, size=5)
    assert seen == expected

    back = [one.title for one in page.items]
    while page.newer:
        page = queries.page(said.actor, filters, after=page.newer, size=5)
        back = [one.title for one in page.items] + back
    assert [title for title in back if title != "new"][-len(expected) :] == expected


def test_a_record_shows_no_score_and_no_label_that_its_reader_may_not_see(
    world: World, amina: Someone, fatima: Someone, said: Someone
):  # L1
    """A record of everybody's, diagnosed by another organisation; and one of that organisation, named by an answer."""
    shared = Entity(id=new_id(), programme_id=world.programme.id, list="cooperatives", label="التعاونية", **AN_ENTITY)
    hers = Entity(id=new_id(), programme_id=world.programme.id, list="cooperatives", label="سر", **AN_ENTITY)
    hers.organisation_id = world.al_hadaf.id
    db.session.add_all([shared, hers])
    made = stored(fatima, "x", subject_id=shared.id)
    db.session.get_one(Revision, made.current_revision_id).check_result = {"scores": {"overall": 37.5, "level": 2, "axes": []}}
    db.session.commit()

    assert "37,5" in said.client.get("/records/cooperatives").text
    assert "37,5" not in amina.client.get("/records/cooperatives").text
    assert record_labels([hers.id], visible(amina.actor, world.programme.id, Entity), "ar") == {}
    assert record_labels([hers.id], visible(said.actor, world.programme.id, Entity), "ar") == {hers.id: "سر"}


def test_counts_stop_at_their_bound(world: World, amina: Someone, said: Someone):  # L3
    for n in range(7):
        stored(amina, "x", minutes=n, state=TO_REVIEW[n % 2])
    db.session.commit()
    assert queries.bounded_count(said.actor, Filters(world.programme.id), most=7).text == "7"
    assert queries.bounded_count(said.actor, Filters(world.programme.id, states=TO_REVIEW), most=5).text == "5+"


def test_the_queue_keeps_a_decided_submission_in_its_place(world: World, amina: Someone, said: Someone):  # L2
    rows = [stored(amina, "x", title=str(n), minutes=n) for n in range(5)]
    rows[2].state = "approved"
    db.session.commit()
    filters = Filters(world.programme.id, states=TO_REVIEW)

    assert [one.title for one in queries.around(said.actor, filters, rows[2])] == ["4", "3", "2", "1", "0"]
    following = queries.following(said.actor, filters, rows[2])
    assert following is not None
    assert following.title == "1"


def test_a_page_reads_an_index_in_its_order(app, world: World, amina: Someone, said: Someone):  # L4
    rows = [
        {"id": new_id(), "programme_id": world.programme.id, "form_id": "diag", "organisation_id": amina.organisation_id,
         "territory": "05.271.01.03", "author_id": amina.id, "device_id": new_id(), "title": "", "subject_id": None,
         "state": "approved" if n % 50 else "received", "quarantine": None, "current_revision_id": new_id(),
         "received_at": NOW, "updated_at": NOW, "deleted_at": None, "seq": n}
        for n in range(3000)
    ]  # fmt: skip
    db.session.execute(sa.insert(Submission), rows)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE submissions"))
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    plans: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT submissions.") and "ORDER BY" in statement:
            cursor.execute(explain + statement, parameters)
            plans.append("\n".join(str(row) for row in cursor.fetchall()))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        page = queries.page(said.actor, Filters(world.programme.id))
        queries.page(said.actor, Filters(world.programme.id), before=page.older)
        queries.page(said.actor, Filters(world.programme.id, states=("received",)))
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert len(plans) == 3
    for plan in plans:
        assert "ix_submissions" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
        assert "Sort" not in plan, plan
        assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("address", ["/submissions?organisation=%00", "/submissions?before=1~%00", "/submissions/%00"])
def test_a_character_no_database_keeps_is_a_wrong_address_and_no_bug(said: Someone, address: str):
    assert said.client.get(address).status_code in (200, 400, 404)
