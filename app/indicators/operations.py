"""Storing declarations, and having them counted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.core import audit
from app.core.db import db
from app.core.permissions import Actor, require
from app.indicators import keeping, problems
from app.indicators.declarations import Declaration, Target, restored
from app.indicators.keeping import START
from app.indicators.models import Indicator, IndicatorCell, IndicatorRow
from app.indicators.targets import Change, changes_in, holding
from app.registry.models import Programme

log = logging.getLogger(__name__)

ON_A_PAGE_S = 0.1  # a page counts what changed since the last one, so long; the process beside the server does the rest


def replace(programme: Programme, declarations: Sequence[Declaration], now: datetime) -> None:
    """Make these the programme's indicators. The caller commits.

    One whose rows would be the same keeps them; another begins to be counted by catch_up() or the process beside the server.
    """
    here = {one.code: one for one in db.session.scalars(sa.select(Indicator).where(Indicator.programme_id == programme.id))}
    phases = keeping.periods_in(getattr(programme, "phases", None))
    for position, declaration in enumerate(declarations):
        digest = declaration.digest(phases.get(declaration.phase))
        one = here.pop(declaration.code, None)
        if one is None:
            one = Indicator(programme_id=programme.id, code=declaration.code, digest=digest, cursor=START, counted_at=None)
            one.position, one.declaration = position, declaration.stored()
            db.session.add(one)
            continue
        if one.digest != digest:
            _forget(one.id)
            one.digest, one.cursor, one.counted_at, one.numbered = digest, START, None, 0
        one.position, one.declaration = position, declaration.stored()
    for one in here.values():
        _forget(one.id)
        db.session.delete(one)
    db.session.flush()
    audit.record(
        "programme.indicators",
        at=now,
        actor_id=None,
        programme_id=programme.id,
        object_id=programme.id,
        details={"codes": [one.code for one in declarations]},
    )
    db.session.flush()


def set_target(actor: Actor | None, programme: Programme, code: str, target: Target | None, *, now: datetime) -> bool:
    """Set the target of an indicator by hand, or take it away (None); whether it is new. The caller commits.

    It holds until it is changed again, whatever file is loaded; one that equals the file's follows the file again.

    Raises NOT_ALLOWED, UNKNOWN, OTHER_UNIT.
    """
    if actor is not None:
        require(actor, "programme.manage", programme_id=programme.id)
    query = sa.select(Indicator).where(Indicator.programme_id == programme.id, Indicator.code == code)
    one = db.session.scalar(query)
    if one is None:
        raise problems.UNKNOWN(code=code)
    declaration, changes = restored(one.declaration), changes_in(one.targets)
    if target is not None and target.unit != declaration.unit:
        raise problems.OTHER_UNIT(file="–", indicator=code, key="target.unit", found=target.unit, allowed=declaration.unit)
    was = holding(declaration, changes)
    if was == target:
        return False
    by = actor.person_id if actor else None
    change = Change(now, by, was, target, follows=target == declaration.target)
    one.targets = [*(one.targets or []), change.stored()]
    db.session.flush()
    audit.record(
        "indicator.target",
        at=now,
        actor_id=by,
        programme_id=programme.id,
        object_id=programme.id,
        details={"indicator": code, "target": [change.stored()["was"], change.stored()["now"]]},
    )
    return True


def _forget(indicator_id: int) -> None:
    for model in (IndicatorRow, IndicatorCell):
        db.session.execute(sa.delete(model).where(model.indicator_id == indicator_id))


def catch_up(programme_id: str) -> None:
    """Count everything that changed. Commits by itself: the caller has committed before."""
    keeping.catch_up(programme_id)


def refresh(programme_id: str) -> None:
    """Before a page shows figures: count what little changed since. What is more is left to the process beside the server, and
    the figures say up to when they are. The caller has nothing uncommitted."""
    try:
        if not keeping.is_in_step(programme_id):
            keeping.catch_up(programme_id, most_s=ON_A_PAGE_S, wait=False, for_a_page=True)
    except OperationalError as error:  # the store is busy with others: a figure of a moment ago says so itself
        log.warning("Indicators were not counted for a page: %s", type(error.orig).__name__)
    db.session.rollback()


def recount(programme_id: str) -> None:
    """Count everything afresh. Commits by itself."""
    ids = list(db.session.scalars(sa.select(Indicator.id).where(Indicator.programme_id == programme_id)))
    for indicator_id in ids:
        _forget(indicator_id)
    afresh = {"cursor": START, "counted_at": None, "numbered": 0}
    db.session.execute(sa.update(Indicator).where(Indicator.programme_id == programme_id).values(**afresh))
    db.session.commit()
    keeping.catch_up(programme_id)
