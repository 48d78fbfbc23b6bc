"""P1 every action has its sentence on the page; P2 roles; P3 organisation and place; P4 lists agree with can().

P5 what a coordinator's own people wrote is hers wherever it was placed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.accounts.models import Membership
from app.core.db import db
from app.core.ids import new_id
from app.core.permissions import ACTIONS, Actor, Grant, can, require, visible
from app.core.problems import Problem
from app.registry.models import Entity, Organisation
from app.submissions import queries
from app.submissions.models import Submission
from tests.conftest import World

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "permissions.md").read_text("utf-8")


def an_actor(role: str, organisation: str | None = None, *territories: str) -> Actor:
    return Actor(new_id(), {"ar": "أمينة"}, grants={"p": Grant(role, organisation, territories)})


def test_the_page_lists_every_action_with_its_sentence_and_roles():  # P1
    rows = {
        name: (sentence, tuple(role.strip() for role in roles))
        for name, sentence, *roles in re.findall(r"^\| `([a-z.]+)` \| (.+?) \|(.*?)\|(.*?)\|(.*?)\|$", PAGE, re.M)
    }
    in_code = {
        name: (
            action.sentence,
            tuple(
                "" if role not in action.roles else "her own" if role in action.own else "yes"
                for role in ("facilitator", "coordinator", "supervisor")
            ),
        )
        for name, action in ACTIONS.items()
    }
    assert rows == in_code


def test_nobody_in_particular_may_do_nothing():  # P2
    assert not any(can(None, action) for action in ACTIONS)


def test_an_administrator_may_do_everything_everywhere():  # P2
    admin = Actor("a", {}, is_administrator=True)
    assert all(can(admin, action, programme_id="any", organisation_id="x", territory="09") for action in ACTIONS)


def test_a_facilitator_reads_her_own_submissions_only():  # P2
    amina = an_actor("facilitator", "amal")
    assert can(amina, "submission.read", programme_id="p", organisation_id="amal", author_id=amina.person_id)
    assert not can(amina, "submission.read", programme_id="p", organisation_id="amal", author_id="fatima")
    assert not can(amina, "submission.review", programme_id="p")
    assert not can(amina, "submission.read", programme_id="another")


def test_a_coordinator_stays_within_organisation_and_territory():  # P3
    khadija = an_actor("coordinator", "amal", "05.271")
    assert can(khadija, "submission.review", programme_id="p", organisation_id="amal", territory="05.271.01")
    assert can(khadija, "submission.review", programme_id="p", organisation_id="amal", territory=None)
    assert not can(khadija, "submission.review", programme_id="p", organisation_id="hadaf", territory="05.271.01")
    assert not can(khadija, "submission.review", programme_id="p", organisation_id="amal", territory="05.2710")


def test_a_supervisor_reads_and_exports_the_whole_programme_and_decides_nothing():  # P2
    said = an_actor("supervisor", "amal")
    assert can(said, "submission.export", programme_id="p", organisation_id="hadaf")
    assert not can(said, "submission.review", programme_id="p")
    with pytest.raises(Problem) as raised:
        require(said, "people.manage", programme_id="p")
    assert raised.value.kind.code == "core.not_allowed"


@pytest.mark.parametrize("role", ["facilitator", "coordinator", "supervisor"])
@pytest.mark.parametrize("organisation", [None, "amal"])
@pytest.mark.parametrize("territories", [(), ("05.271",), ("05.271.01", "09")])
@pytest.mark.sqlite_only
def test_lists_hold_what_can_says_of_each_row(
    world: World, role: str, organisation: str | None, territories: tuple[str, ...]
):  # P4
    organisations: dict[str | None, Organisation | None] = {None: None, "amal": world.al_amal, "hadaf": world.al_hadaf}
    for owner in organisations.values():
        for territory in (None, "05.271", "05.271.01.03", "05.2710", "09", "05"):
            db.session.add(
                Entity(
                    id=new_id(),
                    programme_id=world.programme.id,
                    list="cooperatives",
                    label="تعاونية",
                    organisation_id=owner.id if owner else None,
                    territory=territory,
                    data={},
                    updated_at=datetime.now(UTC),
                    seq=1,
                )
            )
    db.session.flush()
    mine = organisations[organisation]
    actor = Actor("x", {}, grants={world.programme.id: Grant(role, mine.id if mine else None, territories)})
    rows = db.session.scalars(sa.select(Entity)).all()
    listed = set(db.session.scalars(sa.select(Entity.id).where(visible(actor, world.programme.id, Entity))))
    allowed = {
        row.id
        for row in rows
        if can(actor, "entity.read", programme_id=row.programme_id, organisation_id=row.organisation_id, territory=row.territory)
    }
    assert listed == allowed
    assert listed


@pytest.mark.parametrize(
    ("facilitator", "coordinator", "seen"),
    [
        (["05.271.01"], ["05.271"], True),
        (["05.271.01", "05.271.03"], ["05.271.01", "05.271.03"], True),
        (["05.271.01", "09"], ["05.271"], False),
        ([], ["05.271"], False),
    ],
)
def test_a_coordinator_sees_what_her_people_placed_elsewhere(
    world: World, facilitator: list[str], coordinator: list[str], seen: bool
):  # P5
    territories = {"amina": facilitator, "fatima": ["05.271"], "khadija": coordinator}
    for name, places in territories.items():
        member = db.session.scalars(sa.select(Membership).where(Membership.person_id == world.people[name].id)).one()
        member.territories = places
    db.session.commit()
    stray = world.people["amina"].deliver(territory="01.051.01.01")["submission_id"]
    other = world.people["fatima"].deliver(territory="05.271.01")["submission_id"]  # her place, another organisation
    khadija = world.people["khadija"].actor
    rows = db.session.scalars(sa.select(Submission)).all()
    listed = set(db.session.scalars(sa.select(Submission.id).where(visible(khadija, world.programme.id, Submission))))
    for action in ("submission.read", "submission.review"):
        allowed = {
            row.id
            for row in rows
            if can(
                khadija,
                action,
                programme_id=row.programme_id,
                organisation_id=row.organisation_id,
                territory=row.territory,
                author_id=row.author_id,
            )
        }
        assert allowed == listed
    assert listed == ({stray} if seen else set())
    assert (queries.find(khadija, stray) is not None) is seen
    assert queries.find(khadija, other) is None


@pytest.mark.sqlite_only
def test_the_people_answered_for_are_looked_up_once(world: World):  # P5
    khadija = Actor("k", {}, grants={world.programme.id: Grant("coordinator", world.al_amal.id, ("05",))})
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        for _ in range(3):
            visible(khadija, world.programme.id, Submission)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert len([one for one in asked if "memberships" in one]) == 1
