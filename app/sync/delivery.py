"""Group commit: what phones deliver at the same moment becomes durable in one transaction, before any is answered."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Flask, current_app

from app.accounts.models import Device, Membership, Person
from app.core.clock import utcnow
from app.core.db import db
from app.core.driver import Statements
from app.core.epoch import a_new_epoch
from app.instruments import queries as instruments
from app.instruments.models import Instrument, InstrumentVersion
from app.keys import operations as keys
from app.keys.models import DeviceKey
from app.keys.operations import DataKey
from app.registry.models import Programme
from app.submissions import intake
from app.submissions.intake import Forms, Sender, Sent
from app.sync import witness

log = logging.getLogger(__name__)

LARGEST_GROUP = 200
REMEMBER_SENDERS_S = 60
REMEMBER_FORMS_S = 10
NEW_EPOCH_EVERY_S = 3600
SAY_AGAIN_S = 300  # a phone that says the same is noted as seen so often


class NotStored(Exception):
    """The store refused; nothing of the request is stored, the phone tries again."""


@dataclass(slots=True)
class Answered:
    """What the store says of itself after a delivery."""

    epoch: str
    high_water: int
    backup_seq: int


@dataclass(slots=True, eq=False)
class Job:
    """The items of one request and the thread that waits for them."""

    items: list[Sent]
    device_id: str
    report: bytes | None
    seen: tuple[str, int] | None  # epoch and high water, as the phone knows them
    answered: Answered | None = None
    error: Exception | None = None
    wake: threading.Lock = field(default_factory=threading.Lock)


class Delivery:
    """One a process. The first thread that comes files for all who came meanwhile; the others wait for it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._mutex = threading.Lock()
        self._waiting: list[Job] = []
        self._busy = False
        self._connection: Any = None
        self._process = os.getpid()
        self._senders: dict[str, tuple[float, Sender]] = {}
        self._keys: dict[str, DataKey] = {}
        self._forms = Forms()
        self._forms_at = 0.0
        self._reports: dict[str, tuple[bytes, float]] = {}  # as last noted, and until when that is enough
        self._epoch_made_at = 0.0

    def deliver(
        self, items: list[Sent], device_id: str, report: bytes | None = None, seen: tuple[str, int] | None = None
    ) -> Answered:
        """File the items; returns after they are on stable storage. Raises NotStored."""
        job = Job(items, device_id, report, seen)
        job.wake.acquire()
        with self._mutex:
            self._waiting.append(job)
            leads, self._busy = not self._busy, True
        if not leads:
            job.wake.acquire()
        if job.answered is None and job.error is None:
            self._lead()
        if job.error is not None:
            raise NotStored from job.error
        assert job.answered is not None
        return job.answered

    def _lead(self) -> None:
        """File everything that waits, wake its threads, and hand over to the first who came meanwhile."""
        with self._mutex:
            group: list[Job] = []
            size = 0
            while self._waiting and (not group or size + len(self._waiting[0].items) <= LARGEST_GROUP):
                group.append(self._waiting.pop(0))
                size += len(group[-1].items)
        try:
            self._file(group)
        except Exception as error:
            for job in group:
                job.answered, job.error = None, error
        finally:
            with self._mutex:
                following = self._waiting[0] if self._waiting else None
                if following is None:
                    self._busy = False
            for job in group:
                job.wake.release()
            if following is not None:
                following.wake.release()

    def _file(self, group: list[Job]) -> None:
        """One transaction for the group, tried once more on a new connection: the store may have restarted."""
        for attempt in (1, 2):
            try:
                return self._file_once(group)
            except Exception as error:
                self.forget_connection()
                if attempt == 2:
                    log.error("A delivery was not stored: %s", type(error).__name__)
                    raise
                log.warning("A delivery is tried again after %s", type(error).__name__)
        return None

    def _file_once(self, group: list[Job]) -> None:
        dialect = db.engine.dialect.name
        connection = self._connect()
        do = Statements(connection, dialect)
        now = utcnow()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if do.is_sqlite:
            do.execute("BEGIN IMMEDIATE")
        for job in sorted(group, key=lambda job: job.device_id):
            self._note_report(do, job, now)
        items = [item for job in group for item in job.items]
        if items:
            intake.accept(do, items, self._forms_for(items), now=now)
        answered = self._notice_restore(do, group, state(do))
        do.cursor.close()
        connection.commit()
        for job in group:
            job.answered = answered
            if job.report is not None:
                self._reports[job.device_id] = (job.report, time.monotonic() + SAY_AGAIN_S)

    def _notice_restore(self, do: Statements, group: list[Job], answered: Answered) -> Answered:
        """A phone has seen, in this epoch, a number we never gave: the database was put back. The new epoch tells the phones."""
        ahead = any(job.seen and job.seen[0] == answered.epoch and job.seen[1] > answered.high_water for job in group)
        # Not more often than phones need: one that lies can make the others ask once an hour, no more.
        if not ahead or (self._epoch_made_at and time.monotonic() - self._epoch_made_at < NEW_EPOCH_EVERY_S):
            return answered
        self._epoch_made_at = time.monotonic()
        log.warning("A phone knows more than this database: it was restored. Phones send again what they hold")
        made = a_new_epoch()
        do.execute("UPDATE settings SET value = ? WHERE name = 'epoch'", (made,))
        return Answered(made, answered.high_water, answered.backup_seq)

    def _note_report(self, do: Statements, job: Job, now: Any) -> None:
        """What the phone says of itself; written when it differs from the last time, or a while has passed."""
        known = self._reports.get(job.device_id)
        if job.report is None or (known is not None and known[0] == job.report and time.monotonic() < known[1]):
            return
        going = {item.revision_id for item in job.items}
        do.execute("SAVEPOINT report")
        try:
            witness.hear(do, job.device_id, orjson.loads(job.report), going, now=now)
        except Exception as error:  # what a phone says of itself must never cost its work
            log.error("The report of a phone was not kept: %s", type(error).__name__)
            do.execute("ROLLBACK TO SAVEPOINT report")
        do.execute("RELEASE SAVEPOINT report")
        if len(self._reports) > 10_000:
            self._reports.clear()

    def _connect(self) -> Any:
        if self._process != os.getpid():  # made before the server forked: not ours
            self._connection, self._process = None, os.getpid()
        if self._connection is None:
            self._connection = db.engine.raw_connection()
            if db.engine.dialect.name == "postgresql":
                # Every statement here goes by key. A plan made while a table was small would read it whole for hours after.
                cursor = self._connection.cursor()
                cursor.execute("SET enable_seqscan = off")
                cursor.close()
                self._connection.commit()
        return self._connection

    def forget_connection(self) -> None:
        """Close it: it is broken, or the application ends."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.rollback()
            except Exception as error:
                log.info("The connection is gone: %s", type(error).__name__)
            connection.invalidate()

    # Who sends, and what is published: asked often, changed rarely

    def sender(self, credential: str) -> Sender | None:
        """The phone with this credential, or None. Remembered for a minute: that is how long a revocation may take."""
        secret = hashlib.sha256(credential.encode("utf-8", "replace")).hexdigest()
        return self._remembered(secret, Device.secret_hash == secret)

    def _remembered(self, name: str, which: sa.ColumnElement[bool]) -> Sender | None:
        found = self._senders.get(name)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        sender = _load_sender(which)
        if sender is None:
            return None
        if len(self._senders) > 10_000:
            self._senders.clear()
        self._senders[name] = (time.monotonic() + (0 if self.app.testing else REMEMBER_SENDERS_S), sender)
        return sender

    def key(self, key_id: str) -> tuple[DataKey, Sender] | None:
        """A phone's key in escrow, and the phone and person it proves. A key never changes: it is remembered."""
        found = self._keys.get(key_id)
        if found is None:
            with db.engine.connect() as connection:
                found = keys.data_key(connection, key_id)
            if found is None:
                return None
            if len(self._keys) > 10_000:
                self._keys.clear()
            self._keys[key_id] = found
        sender = self._remembered(f"device {found.device_id}", Device.id == found.device_id)
        return (found, sender) if sender else None

    def _forms_for(self, items: list[Sent]) -> Forms:
        """What is published; read again when an item would not find its form in what is remembered."""
        if time.monotonic() - self._forms_at > REMEMBER_FORMS_S or any(
            item.envelope
            and (item.envelope.programme_id not in self._forms.programmes or self._forms.trouble(item.envelope) is not None)
            for item in items
        ):
            self._forms = load_forms()
            self._forms_at = time.monotonic()
        return self._forms


def _load_sender(which: sa.ColumnElement[bool]) -> Sender | None:
    with db.engine.connect() as connection:
        row = connection.execute(
            sa.select(Device.id, Device.person_id, Device.revoked_at, Device.lost_at, Person.is_active, Person.is_demo)
            .join(Person, Person.id == Device.person_id)
            .where(which)
        ).first()
        if row is None:
            return None
        here = connection.execute(
            sa.select(Membership.programme_id, Membership.organisation_id, Membership.territories).where(
                Membership.person_id == row.person_id
            )
        ).all()
        allowed = row.is_active and (not row.is_demo or current_app.config["DEMO"])
        trouble = "device_revoked" if row.revoked_at else "device_lost" if row.lost_at else None if allowed else "author_disabled"
        in_clear = connection.execute(sa.select(DeviceKey.in_clear).where(DeviceKey.device_id == row.id)).scalars().all()
        return Sender(
            row.id,
            row.person_id,
            trouble,
            {one.programme_id: one.organisation_id for one in here},
            {one.programme_id: tuple(one.territories or ()) for one in here},
            seals=bool(in_clear),
            in_clear=frozenset(one for some in in_clear for one in some),
        )


def load_forms() -> Forms:
    with db.engine.connect() as connection:
        programmes = set(connection.execute(sa.select(Programme.id)).scalars())
        forms = connection.execute(sa.select(Instrument.programme_id, Instrument.form_id, Instrument.is_open))
        versions = connection.execute(
            sa.select(Instrument.programme_id, Instrument.form_id, InstrumentVersion.sha256).join(
                Instrument, Instrument.id == InstrumentVersion.instrument_id
            )
        ).all()
        return Forms(
            programmes,
            {(one.programme_id, one.form_id): bool(one.is_open) for one in forms},
            {(one.programme_id, one.form_id, one.sha256) for one in versions},
            instruments.lists_changed(connection, {one.sha256 for one in versions}),
        )


def state(do: Statements) -> Answered:
    """Epoch, high water and backed-up watermark, in the transaction of `do`."""
    settings = dict(do.rows("SELECT name, value FROM settings WHERE name IN ('epoch', 'backup_seq')"))
    high_water = do.rows("SELECT value FROM sequence WHERE name = 'server'")[0][0]
    return Answered(settings.get("epoch", ""), int(high_water), int(settings.get("backup_seq", 0)))


def of(app: Flask) -> Delivery:
    found: Delivery = app.extensions["daftar-delivery"]
    return found
