"""The form, the declarations and the programme at work of these tests."""

from __future__ import annotations

import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.problems import Problem
from app.indicators import declarations, forms, keeping
from app.indicators import operations as indicators
from app.indicators.models import Indicator
from app.indicators.people import unpacked
from app.instruments import operations as instruments
from app.instruments.operations import Checked
from app.personal import erasing
from app.personal.finding import search
from app.personal.operations import asked
from app.registry import operations as registry
from app.registry.models import Entity, EntityMerge
from app.submissions import decisions, merging
from app.submissions import operations as submissions
from app.submissions.models import Submission
from app.submissions.queries import last_event
from tests.conftest import NOW, World

SESSION: list[Checked] = []
PLACES = ("05.271.01.03", "05.271.03.05", "05.131.01.01", "05", "03.531.01.05", None)
DAYS = ("2026-01-15", "2026-02-01", "2026-02-28", "2026-03-10", "2026-05-31", "0026-03-10")  # the last a slip of a hand


def said(code: str, measure: str, over: dict[str, str], unit: str, **more: Any) -> dict[str, Any]:
    """A declaration."""
    name = {"ar": f"مؤشر {code}", "fr": f"Indicateur {code}"}
    definition = {"ar": f"تعريف {code}", "fr": f"Définition de {code}"}
    return {"code": code, "name": name, "definition": definition, "unit": unit, "measure": measure, "over": over, **more}


SESSIONS, ROWS, DAYS_OF_ROWS = (
    {"instrument": "session"},
    {"instrument": "session", "repeat": "part"},
    {"instrument": "session", "repeat": "att"},
)
COOPERATIVES = {"list": "cooperatives"}
DECLARED: list[dict[str, Any]] = [
    said("sessions", "rows", SESSIONS, "trainings", date="held_on", by=["organisation", "commune", "themes", "subject.sector"]),
    said("women", "distinct", ROWS, "women", counts="persons", where=[{"of": "p_sex", "is": "f"}], date="held_on",
         by=["organisation", "commune", "province", "themes"], target={"value": 300, "unit": "women", "by": "2026-03-31"}),
    said("participations", "rows", ROWS, "participations", date="held_on", by=["p_sex"]),
    said("attendance", "share", DAYS_OF_ROWS, "percent", having=[{"of": "present", "is": "yes"}], date="held_on"),
    said("cost", "sum", SESSIONS, "mad", of="cost", date="held_on", by=["organisation", "commune"]),
    said("spending", "share", SESSIONS, "percent", of="spent", out_of="cost", date="held_on"),
    said("score", "mean", SESSIONS, "points", of="score", weight="women", date="held_on", by=["subject.sector", "commune"]),
    said("middle", "median", SESSIONS, "mad", of="cost", date="held_on", by=["organisation", "commune", "themes"]),
    said("latest", "median", SESSIONS, "points", of="score", each="latest", by=["subject.sector"]),
    said("before", "mean", SESSIONS, "points", of="score", each="before"),
    said("reached", "distinct", SESSIONS, "cooperatives", of="subject", states=["received", "edited", "approved"]),
    said("cooperatives", "rows", COOPERATIVES, "cooperatives", by=["sector", "commune", "organisation"]),
    said("members", "sum", COOPERATIVES, "women", of="women", counts="persons", where=[{"of": "sector", "filled": True}]),
    said("once", "sum", COOPERATIVES, "women", of="women", once="sector", by=["organisation"]),
]  # fmt: skip


def publish(world: World) -> str:
    """The hash of the form's package."""
    if not SESSION:
        content = (Path(__file__).parent / "session.md").read_bytes()
        SESSION.append(instruments.check(world.programme.id, "session.md", content))
    sha256 = instruments.publish_checked(None, world.programme.id, SESSION[0], NOW).sha256
    db.session.commit()
    return sha256


def declare(world: World, raw: list[dict[str, Any]] | None = None) -> None:
    lists = forms.lists_of(world.programme.id)
    db.session.refresh(world.programme)
    phases = list(keeping.periods_in(world.programme.phases))
    read = declarations.read(DECLARED if raw is None else raw, forms.forms_of(world.programme.id), lists, phases)
    indicators.replace(world.programme, read, NOW)
    db.session.commit()


class Work:
    """People at work on a programme, each step drawn from a seeded lot."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.lot, self.form = world, random.Random(seed), publish(world)
        self.people = [world.people[name] for name in ("amina", "fatima")]
        self.coops, self.persons = [new_id() for _ in range(4)], [new_id() for _ in range(6)]
        create = [
            {"list": "cooperatives", "id": one, "action": "create", "label": f"تعاونية {n}",
             "data": {"sector": ("food", "craft")[n % 2], "women": str(10 + n)}}
            for n, one in enumerate(self.coops)
        ]  # fmt: skip
        create += [
            {
                "list": "persons",
                "id": one,
                "action": "create",
                "label": f"زهرة {n}",
                "data": {"full_name": f"زهرة {n}", "sex": "f"},
            }
            for n, one in enumerate(self.persons)
        ]
        for n, one in enumerate(create):
            self.people[n % 2].deliver(
                form_id="session", form_sha256=self.form, answers={}, entities=[one], territory=PLACES[n % 5]
            )
        db.session.commit()
        self.sent: list[tuple[Any, dict[str, Any]]] = []

    def answers(self, subject: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        lot = self.lot
        rows, made = [], []
        for n in range(lot.randrange(4)):
            row = {
                "p_consent": "yes",
                "p_sex": lot.choice("ffm"),
                "att": [{"present": lot.choice(("yes", "no"))} for _ in range(2)],
            }
            what = lot.randrange(3)
            if what == 0:
                row["p_person"] = lot.choice(self.persons)
            elif what == 1:
                row["p_name"] = f"جديدة {n}"
                data = {"full_name": row["p_name"], "sex": row["p_sex"]}
                made.append({"list": "persons", "id": new_id(), "action": "create", "label": row["p_name"], "data": data})
                self.persons.append(made[-1]["id"])
            rows.append(row)
        numbers = {"score": str(lot.randrange(101)), "cost": lot.choice(("1000", "118000.50", "118049", "250000.25", ""))}
        return {
            "coop": subject,
            "held_on": lot.choice(DAYS),
            "grp": {"themes": lot.choice(("T01", "T02", "T01 T02", "")), "spent": str(lot.randrange(1000)), **numbers},
            "women": str(lot.randrange(1, 30)),
            "part": rows,
        }, made

    def envelope(self, author: Any, **more: Any) -> dict[str, Any]:
        subject = self.lot.choice(self.coops)
        answers, made = self.answers(subject)
        named = {"list": "cooperatives", "id": subject}
        envelope: dict[str, Any] = author.envelope(
            form_id="session", form_sha256=self.form, answers=answers, entities=made, subject=named,
            territory=self.lot.choice(PLACES), **more,
        )  # fmt: skip
        return envelope

    def send(self) -> None:
        author = self.lot.choice(self.people)
        envelopes = [self.envelope(author) for _ in range(self.lot.randrange(1, 4))]
        assert author.push(*envelopes).status_code == 200
        self.sent += [(author, one) for one in envelopes]

    def correct(self) -> None:
        author, before = self.lot.choice(self.sent)
        ids = {"submission_id": before["submission_id"], "parent_revision_id": before["revision_id"]}
        after = self.envelope(author, **ids)
        assert author.push(after).status_code == 200
        self.sent[self.sent.index((author, before))] = (author, after)

    def decide(self) -> None:
        _author, envelope = self.lot.choice(self.sent)
        action = self.lot.choice(("approve", "approve", "approve", "return", "reject"))
        last = last_event(envelope["submission_id"])
        begin_writing()
        if db.session.get_one(Submission, envelope["submission_id"]).deleted_at is None:
            decisions.decide(
                self.actor, envelope["submission_id"], action, based_on=last.id if last else "", comment="سبب", now=NOW
            )

    def delete(self) -> None:
        _author, envelope = self.lot.choice(self.sent)
        begin_writing()
        if db.session.get_one(Submission, envelope["submission_id"]).deleted_at is None:
            submissions.delete(self.actor, envelope["submission_id"], reason="سبب", now=NOW)

    def merge(self) -> None:
        begin_writing()
        list_name = self.lot.choice(("persons", "cooperatives"))
        alive = sa.select(Entity).where(Entity.list == list_name, Entity.merged_into.is_(None)).order_by(Entity.id)
        there = list(db.session.scalars(alive))
        if len(there) > 2:
            one, other = self.lot.sample(there, 2)
            merging.merge(self.actor, one.id, other.id, survivor_version=one.version, duplicate_version=other.version, now=NOW)

    def undo(self) -> None:
        begin_writing()
        made = list(db.session.scalars(sa.select(EntityMerge).where(EntityMerge.undone_at.is_(None)).order_by(EntityMerge.id)))
        if made:
            try:
                merging.undo(self.actor, made[-1].id, now=NOW)
            except Problem:
                db.session.rollback()

    def edit(self) -> None:
        begin_writing()
        there = sa.select(Entity).where(Entity.list == "cooperatives", Entity.merged_into.is_(None)).order_by(Entity.id)
        one = self.lot.choice(list(db.session.scalars(there)))
        values = {"sector": self.lot.choice(("food", "craft", "")), "women": str(self.lot.randrange(50))}
        registry.correct(self.actor, one.id, values, version=one.version, note="سبب", now=NOW)

    def archive(self) -> None:
        begin_writing()
        one = self.lot.choice(list(db.session.scalars(sa.select(Entity).where(Entity.merged_into.is_(None)).order_by(Entity.id))))
        if one.archived_at is None:
            registry.archive(self.actor, one.id, version=one.version, note="سبب", now=NOW)
        else:
            registry.restore(self.actor, one.id, now=NOW)

    def erase(self) -> None:
        """A person asks that nothing of hers stays: her record, her rows, the choices of her record."""
        one = db.session.get_one(Entity, self.lot.choice(self.persons[:6]))
        who = asked(one.label or "x", one.id)
        places = search(self.world.programme.id, who).found
        begin_writing()
        done = erasing.erase(None, self.world.programme.id, who, places, archive=self.lot.random() < 0.5, now=NOW)
        db.session.commit()
        erasing.finish(done)

    def meet_the_same_again(self, times: int) -> None:
        """Sessions with few women, on different days and at different places, each approved."""
        same = self.persons[-5:]
        for _ in range(times):
            self.persons = list(same)
            author = self.lot.choice(self.people)
            envelope = self.envelope(author)
            envelope["answers"]["part"] = [
                {"p_consent": "yes", "p_sex": "f", "p_person": one} for one in self.lot.sample(same, 3)
            ]
            envelope["entities"] = []
            assert author.push(envelope).status_code == 200
            last = last_event(envelope["submission_id"])
            begin_writing()
            decisions.decide(
                self.actor, envelope["submission_id"], "approve", based_on=last.id if last else "", comment="", now=NOW
            )
            db.session.commit()

    @property
    def actor(self) -> Any:
        return self.world.people["admin"].actor

    def step(self) -> None:
        names = ["send"] * 4 + ["decide"] * 6 + ["correct"] * 2 + ["merge", "undo", "edit", "archive", "delete", "erase"]
        getattr(self, self.lot.choice(names) if self.sent else "send")()
        db.session.commit()


def kept(world: World) -> dict[str, Any]:
    """The rows and the cells of every indicator, in an order of their own; whoever stands in a cell by her record."""
    db.session.rollback()
    ids = dict(
        db.session.execute(sa.select(Indicator.id, Indicator.code).where(Indicator.programme_id == world.programme.id)).all()
    )
    rows = db.session.execute(sa.text(f"SELECT {keeping.ROW_COLUMNS} FROM indicator_rows")).all()
    cells = db.session.execute(sa.text(f"SELECT {keeping.CELL_COLUMNS} FROM indicator_cells")).all()
    known = {(row[0], row[-1]): row[8] for row in rows if row[-1] is not None}
    assert len(known) == len({(row[0], row[8]) for row in rows if row[-1] is not None}), "a person has one number"
    return {
        "rows": sorted((ids[row[0]], *map(str, row[1:-1])) for row in rows),
        "cells": {
            (ids[row[0]], *row[1:8]): (
                *row[8:11], round(row[11], 3), row[12], sorted(known[row[0], one] for one in unpacked(row[13]))
            )
            for row in cells
        },
    }  # fmt: skip


def changed(declaration: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A copy with keys replaced; None takes one away."""
    found = deepcopy(declaration) | more
    return {key: value for key, value in found.items() if value is not None}
