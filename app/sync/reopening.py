"""What was set aside because its key was not here, or was nobody's yet, tried again when a key has come: with the password on the
phone that holds it, with a key pair put back from a backup, with a restored database. Until then it waits."""

from __future__ import annotations

import gzip
import logging
from dataclasses import dataclass
from datetime import datetime

import click
import sqlalchemy as sa
from flask import Flask

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.driver import Statements
from app.core.problems import Problem
from app.keys.commands import keys
from app.keys.operations import fingerprint
from app.keys.sealing import SEALED
from app.submissions import attachments, intake
from app.submissions.envelope import read
from app.submissions.intake import Forms, Sender, Sent
from app.submissions.models import Quarantined
from app.sync import delivery, opening

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reopened:
    filed: int = 0
    aside: int = 0  # opened, and set aside for another reason now
    waiting: int = 0  # whose key is still not here
    files: int = 0


def try_everything(app: Flask, *, now: datetime) -> Reopened:
    """Forms, and files that were kept sealed. Commits."""
    made = try_forms(app, now=now)
    made.files = attachments.open_kept(now=now)
    return made


def try_forms(app: Flask, *, now: datetime) -> Reopened:
    """File what can be opened now; each in a transaction of its own, so that one takes no other with it. Commits."""
    made = Reopened()
    unknown = (Quarantined.reason == "encryption_unknown") & (Quarantined.encryption == SEALED)
    unproven = Quarantined.reason == "key_unproven"
    wanted = sa.select(Quarantined.id).where(sa.or_(unknown, unproven), Quarantined.decided_at.is_(None))
    cases = list(db.session.scalars(wanted.order_by(Quarantined.seq)))
    db.session.rollback()
    forms = delivery.load_forms() if cases else Forms()
    for case_id in cases:
        try:
            _try_one(app, case_id, forms, made, now=now)
        except Exception as error:
            db.session.rollback()
            made.waiting += 1
            log.error("A form whose key came back was not filed: %s", type(error).__name__)
    return made


def _try_one(app: Flask, case_id: str, forms: Forms, made: Reopened, *, now: datetime) -> None:
    kept = db.session.get_one(Quarantined, case_id)
    item = _opened(app, kept)
    if item is None:
        db.session.rollback()
        made.waiting += 1
        return
    db.session.rollback()
    begin_writing()
    kept = db.session.get_one(Quarantined, case_id, with_for_update=True)
    if kept.decided_at is not None:  # somebody sorted it meanwhile
        db.session.rollback()
        return
    if item.envelope is None:
        kept.reason = item.aside or "unreadable"
        made.aside += 1
    else:
        do = Statements(db.session.connection().connection, db.engine.dialect.name)
        try:
            intake.file_opened(do, item, case_id, forms, now=now)
        finally:
            do.cursor.close()
        if item.reason and item.receipt is None:
            made.aside += 1
        else:
            made.filed += 1
    db.session.commit()


def _opened(app: Flask, kept: Quarantined) -> Sent | None:
    """None while its key is not here, or is nobody's. What opens and is no form is unreadable."""
    if kept.sealed_by is not None:
        return _proven(app, kept)
    text = gzip.decompress(kept.body).decode()
    ids = (kept.submission_id, kept.revision_id)
    brought_by = Sender(kept.device_id, "", None, {})
    try:
        item = opening.sealed_item(delivery.of(app), ids, kept.sha256, text, brought_by, {})
    except Problem:
        return Sent(*ids, kept.sha256, SEALED, kept.body, None, brought_by, aside="unreadable")
    return None if item.aside == "encryption_unknown" else item


def _proven(app: Flask, kept: Quarantined) -> Sent | None:
    """Opened before, with a key that was offered beside it: filed only when that very key was given into escrow since."""
    key_id = str(kept.sealed_by).partition(" ")[0]
    found = delivery.of(app).key(key_id)
    if found is None or fingerprint(found[0]) != kept.sealed_by:
        return None
    envelope = read(gzip.decompress(kept.body))
    return Sent(kept.submission_id, kept.revision_id, kept.sha256, "none", kept.body, envelope, found[1], key_id)


@keys.command("retry")
def retry() -> None:
    """File what was set aside for want of a key: after a key pair was put back. The server does the same when it starts."""
    from flask import current_app

    click.echo(in_words(try_everything(current_app._get_current_object(), now=utcnow())))  # type: ignore[attr-defined]


def in_words(made: Reopened) -> str:
    return (
        f"{made.filed} forms filed, {made.aside} opened and set aside for another reason, {made.files} photos opened; "
        f"{made.waiting} still wait for their key."
    )
