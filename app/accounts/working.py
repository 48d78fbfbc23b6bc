"""The programme that a page works on."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort, g, redirect, request, session

from app.accounts import problems
from app.core.db import db
from app.core.permissions import Actor, can, programmes_where, require
from app.core.web import local_text
from app.registry.models import Programme

FIRST_STEPS = "/programmes/start"  # app/programmes/views.py


def working_programme(action: str) -> Programme:
    """The one asked for in the address, else the last one, else the first, of those where the reader may do `action`.

    An installation without programmes has nothing to show yet: its administrator is led to the first steps, others are
    told whom to ask (NO_PROGRAMME). Raises NOT_ALLOWED when the reader's role does not allow it.
    """
    actor: Actor = g.actor
    mine = programmes_where(actor, action)
    query = sa.select(Programme) if mine is None else sa.select(Programme).where(Programme.id.in_(mine))
    # In the order of the menu (app/review/shell.py), so that both mean the same one by "the first".
    by_id = {one.id: one for one in sorted(db.session.scalars(query), key=lambda one: local_text(one.name))}
    if not by_id:
        if can(actor, "programme.manage"):
            abort(redirect(FIRST_STEPS))
        if not actor.grants:
            raise problems.NO_PROGRAMME()
        require(actor, action)
    asked = request.args.get("programme", "")
    if asked in by_id:
        session["programme"] = asked
        return by_id[asked]
    return by_id.get(session.get("programme", "")) or next(iter(by_id.values()))
