"""Afterwards: erased data that old phones, opened seals and restored copies bring back, and what was kept long enough."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from app.core import audit
from app.core.db import begin_writing, db
from app.core.models import Setting
from app.core.permissions import Actor, require
from app.core.problems import Problem
from app.instruments.models import Instrument, InstrumentVersion
from app.personal import erasing
from app.personal.erasing import Done
from app.personal.finding import AT_ONCE, Found, aside_envelope, last_seq
from app.personal.hers import PERSONS, Wanted, personal_of, properties_of
from app.personal.known import Earlier, Known, came_back, known, of_form
from app.personal.models import Erasure
from app.registry.applying import LABEL
from app.registry.erased import print_of
from app.registry.models import Entity, EntityVersion, Programme
from app.submissions.kept import kept_before, limited, months_before
from app.submissions.models import Quarantined, Revision, Submission
from app.submissions.queries import opened

log = logging.getLogger(__name__)

LOOKED = "erased_again"  # the setting that says for which day it was looked: "epoch 2026-11-26"


@dataclass
class Again:
    """What was erased once more, and where somebody has to look: a namesake may be another person."""

    done: Done = field(default_factory=Done)
    perhaps: list[tuple[str, str]] = field(default_factory=list)  # (submission id, path)
    told: int = 0  # decisions that this database did not know: it is an older copy


def again(*, now: datetime, apply: bool) -> Again:
    """Look at what arrived, was opened or was put back since each decision. `apply` erases what is surely hers. Commits.

    Sure is what names her record, and what was said before in the same submission or property.
    """
    result = Again()
    begin_writing()
    here = {one.id for one in db.session.scalars(sa.select(Erasure))}
    programmes = set(db.session.scalars(sa.select(Programme.id)))
    for line in _journal():
        if line["id"] not in here and line["programme_id"] in programmes:
            result.told += 1
            here.add(line["id"])
            if apply:
                values = {name: line[name] for name in ("id", "programme_id", "kind", "places", "prints", "actor_id")}
                db.session.add(Erasure(**values, at=datetime.fromisoformat(line["at"]), seq=-1))
    db.session.flush()
    written = {line["id"] for line in _journal()}
    high = last_seq()
    for decision in db.session.scalars(sa.select(Erasure).order_by(Erasure.at, Erasure.id)).all():
        _one(decision, result, apply=apply, now=now)
        if apply:
            decision.seq = high
            if decision.id not in written:
                result.done.decisions.append(decision)
    if apply:
        result.done.paths += erasing.left_behind()
        db.session.commit()
        erasing.finish(result.done)
    else:
        db.session.rollback()
    return result


def again_each_night(*, now: datetime) -> bool:
    """For the process beside the server: again(), once a day from two o'clock (UTC) on, and at once where a copy was put back.
    Whether it looked. Commits."""
    day = f"{db.session.scalar(sa.select(Setting.value).where(Setting.name == 'epoch'))} {(now - timedelta(hours=2)).date()}"
    looked = db.session.scalar(sa.select(Setting.value).where(Setting.name == LOOKED))
    db.session.rollback()
    if looked == day:
        return False
    begin_writing()
    db.session.merge(Setting(name=LOOKED, value=day))  # before: what fails is tried again tomorrow, not without end
    db.session.commit()
    result = again(now=now, apply=True)
    if any(result.done.counts().values()) or result.perhaps:
        log.info("Erased again: %s; to look at: %s", result.done.counts(), len(result.perhaps))
    return True


_refusals_seen = 0


def forget_refused(*, now: datetime) -> int:
    """For the process beside the server: of records whose consent was given and is refused now, the history keeps no personal
    property. How many records. Commits."""
    global _refusals_seen
    since, high = _refusals_seen, last_seq()
    if since == high:
        return 0
    since = since if since < high else 0  # an older copy was put back
    found: list[tuple[str, str, frozenset[str]]] = []
    for programme_id in db.session.scalars(sa.select(Programme.id)).all():
        personal = {name: names - {LABEL} for name, names in properties_of(programme_id).items() if name not in PERSONS}
        query = sa.select(Entity.id, Entity.list).where(
            Entity.programme_id == programme_id,
            Entity.seq > since,
            Entity.list.in_(sorted(personal)),
            Entity.data["consent"].as_string() == "no",
            Entity.erased_at.is_(None),
        )
        found += [(programme_id, entity_id, personal[name]) for entity_id, name in db.session.execute(query)]
    db.session.rollback()
    done = 0
    if found:
        begin_writing()
        done = sum(bool(erasing.forget_history(*one, now)) for one in sorted(found))
        db.session.commit()
    _refusals_seen = high
    return done


def _journal() -> Iterator[dict[str, Any]]:
    file = erasing.journal()
    if file.exists():
        for line in file.read_text("ascii").splitlines():
            with contextlib.suppress(json.JSONDecodeError):  # the machine stopped in the middle of a line
                yield json.loads(line)


def _one(decision: Erasure, result: Again, *, apply: bool, now: datetime) -> None:
    was = result.done.counts()
    work = erasing.Work(decision.programme_id, now, done=result.done)
    one = known(decision.id, decision.places, decision.prints)
    personal = properties_of(decision.programme_id)
    for entity in _in_parts(Entity, sorted(one.records)):
        if entity.erased_at is None:
            if apply:
                erasing.erase_record(work, entity.id, personal, decision.places.get("archived", False), None)
            else:
                result.done.records += 1
    for entity_id, name in one.properties:
        entity = db.session.get(Entity, entity_id)
        said = "" if entity is None else entity.label if name == LABEL else entity.data.get(name, "")
        if said and print_of(said) in one.prints:
            if apply:
                erasing.erase_property(work, entity_id, name, {said}, None)
            else:
                result.done.properties += 1
    query = (
        sa.select(Revision.id, Revision.submission_id, Revision.form_sha256, Revision.encryption, Revision.body)
        .join(Submission, Submission.id == Revision.submission_id)
        .where(Submission.programme_id == decision.programme_id, Revision.seq > decision.seq)
        .order_by(Revision.seq)
    )
    hers: dict[str, set[tuple[str, str]]] = {}
    for revision_id, submission_id, form_sha256, encryption, body in db.session.execute(
        query.execution_options(yield_per=AT_ONCE)
    ):
        try:
            envelope = opened(encryption, body)
        except Problem:
            continue
        again = came_back(one, envelope, form_sha256, partial(_earlier, one, submission_id, revision_id))
        if again.hers:
            hers.setdefault(submission_id, set()).update((place.kind, place.name) for place in again.hers)
        result.perhaps += [(submission_id, place.name) for place in again.perhaps]
    _aside_again(decision, work, one, result, apply=apply)
    for submission_id, places in hers.items():
        if apply:
            erasing.erase_submission(work, submission_id, one.who, lambda at, places=places: (at.kind, at.name) in places)  # type: ignore[misc]
        else:
            result.done.submissions += 1
    done = {name: count - was[name] for name, count in result.done.counts().items()}
    if apply and any(done.values()):
        # What is hers in a form stays hers in its next correction.
        reached = [*decision.places["submissions"], *(id for id in work.submissions if id not in one.submissions)]
        decision.places = decision.places | {"submissions": list(dict.fromkeys(reached))}
        db.session.flush()
        about = {"programme_id": decision.programme_id, "object_id": decision.id}
        audit.record("person.erased", at=now, actor_id=None, details=done, **about)


def _earlier(one: Known, submission_id: str, revision_id: str) -> list[Earlier] | None:
    """Of a submission, but for one of its revisions."""
    query = sa.select(Revision.form_sha256, Revision.body).where(
        Revision.submission_id == submission_id,
        Revision.id != revision_id,
        Revision.erased_at.is_not(None),
        Revision.encryption == "none",
    )
    return of_form(one, submission_id, [Earlier.read(form_sha256, body) for form_sha256, body in db.session.execute(query)])


def _aside_again(decision: Erasure, work: erasing.Work, one: Known, result: Again, *, apply: bool) -> None:
    """What was set aside since: the same rule as for submissions."""
    here = sa.or_(Quarantined.programme_id == decision.programme_id, Quarantined.programme_id.is_(None))
    query = sa.select(Quarantined).where(here, Quarantined.seq > decision.seq)
    for kept in db.session.scalars(query.order_by(Quarantined.seq)).all():
        envelope = aside_envelope(kept)
        if envelope is None:
            continue
        again = came_back(one, envelope, str(envelope.get("form_sha256")), partial(_earlier, one, kept.submission_id, ""))
        result.perhaps += [(kept.submission_id, place.name) for place in again.perhaps]
        if again.hers and apply:
            erasing.erase_aside(work, kept.id, one.who, again.chooses)
        elif again.hers:
            result.done.submissions += 1


def _in_parts(model: Any, ids: list[str]) -> Iterator[Any]:
    for start in range(0, len(ids), AT_ONCE):
        yield from db.session.scalars(sa.select(model).where(model.id.in_(ids[start : start + AT_ONCE]))).all()


# -- retention


@dataclass
class Due:
    """What an instrument kept longer than it may."""

    instrument: Instrument
    before: datetime
    submissions: list[str]


@dataclass
class Expired:
    due: list[Due] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)  # records that nothing newer speaks of
    done: Done = field(default_factory=Done)


def expired(programme_id: str, *, now: datetime, limit: int = 5000) -> Expired:
    """What is due today; reads only."""
    result = Expired()
    kept = db.session.scalars(sa.select(Instrument).where(Instrument.programme_id == programme_id).order_by(Instrument.form_id))
    instruments = list(kept)
    for one in limited(programme_id):
        before = months_before(now, one.retention_months or 0)
        query = sa.select(Submission.id).where(*kept_before(one, before))
        result.due.append(Due(one, before, list(db.session.scalars(query.order_by(Submission.received_at).limit(limit)))))
    result.persons = _persons_due(programme_id, instruments, now, limit)
    return result


def _persons_due(programme_id: str, instruments: list[Instrument], now: datetime, limit: int) -> list[str]:
    """Records of persons that no form touched within the longest time of those that write them; none while one has no limit."""
    months: dict[str, list[int | None]] = {}
    for one in instruments:
        sha256 = db.session.scalar(sa.select(InstrumentVersion.sha256).where(InstrumentVersion.id == one.current_id))
        personal = personal_of(sha256) if sha256 else None
        for name in personal.properties if personal else ():
            months.setdefault(name, []).append(one.retention_months)
    found: list[str] = []
    for name in sorted(PERSONS & months.keys()):
        if any(one is None for one in months[name]):
            continue
        before = months_before(now, max(one for one in months[name] if one is not None))
        newer = sa.select(EntityVersion.id).where(EntityVersion.entity_id == Entity.id, EntityVersion.at >= before)
        query = sa.select(Entity.id).where(
            Entity.programme_id == programme_id, Entity.list == name, Entity.erased_at.is_(None), Entity.updated_at < before
        )
        found += db.session.scalars(query.where(~newer.exists()).order_by(Entity.id).limit(limit))
    return found


def expire(actor: Actor | None, programme_id: str, *, now: datetime) -> Expired:
    """Take personal answers and files out of what is due; figures, scores and choices stay. Commits."""
    begin_writing()
    result = expired(programme_id, now=now)
    work = erasing.Work(programme_id, now, done=result.done)
    everybody = Wanted(everybody=True)
    for due in result.due:
        for submission_id in due.submissions:
            erasing.erase_submission(work, submission_id, everybody, _is_personal)
            # Also what held nothing personal is done with.
            db.session.execute(
                sa.update(Revision)
                .where(Revision.submission_id == submission_id, Revision.erased_at.is_(None), Revision.encryption == "none")
                .values(erased_at=now)
            )
    limits = {due.instrument.form_id: due.before for due in result.due}
    for kept in db.session.scalars(sa.select(Quarantined).where(Quarantined.programme_id == programme_id)).all():
        form_id = str((aside_envelope(kept) or {}).get("form_id"))
        if form_id in limits and kept.received_at < limits[form_id]:
            erasing.erase_aside(work, kept.id, everybody, _is_personal)
    personal = properties_of(programme_id)
    for entity_id in result.persons:
        erasing.erase_record(work, entity_id, personal, False, actor)
    if work.done.submissions or work.done.records:
        erasing.keep_decision(work, "retention", actor)
    db.session.commit()
    erasing.finish(work.done)
    return result


def _is_personal(place: Found) -> bool:
    return place.is_sure or place.kind == "file"


def set_retention(actor: Actor | None, instrument: Instrument, months: int | None, *, now: datetime) -> None:
    """How long an instrument keeps personal answers; None: until somebody decides. The caller commits."""
    if actor is not None:
        require(actor, "programme.manage", programme_id=instrument.programme_id)
    if instrument.retention_months == months:
        return
    instrument.retention_months = months
    db.session.flush()
    audit.record(
        "instrument.retention",
        at=now,
        actor_id=actor.person_id if actor else None,
        programme_id=instrument.programme_id,
        object_id=instrument.id,
        details={"months": months},
    )
