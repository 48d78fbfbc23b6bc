"""Checking a form and publishing it. A published version never changes: phones and submissions refer to its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from app.core import audit
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND
from app.instruments import problems, queries
from app.instruments.compiler import Compiled, Rows, compile_instrument, dataset_content, library_lists, read_csv, sha256_of
from app.instruments.models import Dataset, Instrument, InstrumentDraft, InstrumentVersion
from app.instruments.workbook import MAX_BYTES

MAX_LIST_BYTES = 5 * 1024 * 1024
MAX_LIST_ROWS = 50_000


@dataclass
class Checked:
    """A form that was read and compiled for a programme, and the lists it may read."""

    filename: str
    content: bytes
    compiled: Compiled
    lists: Mapping[str, Rows] = field(default_factory=dict)


def read_list(filename: str, content: bytes) -> tuple[str, Rows]:
    """Name and rows of a CSV list, or LIST_UNREADABLE."""
    name = filename.rpartition("/")[2].removesuffix(".csv")
    try:
        rows = read_csv(content) if len(content) <= MAX_LIST_BYTES else []
    except (UnicodeDecodeError, ValueError):
        rows = []
    if not rows or len(rows) > MAX_LIST_ROWS or not filename.endswith(".csv"):
        raise problems.LIST_UNREADABLE(name=filename)
    return name, rows


def check(
    programme_id: str, filename: str, content: bytes, lists: Mapping[str, Rows] | None = None, max_bytes: int = MAX_BYTES
) -> Checked:
    """Compile a form as it would be published in this programme. Reads only; takes a second or two, so not inside a write.

    A list given with the form goes before one the programme has, and that before the product's own.
    """
    known = library_lists() | queries.lists_of(programme_id) | dict(lists or {})
    written = queries.entity_lists_of(programme_id)
    return Checked(filename, content, compile_instrument(filename, content, known, written, max_bytes), known)


def publish(
    actor: Actor | None, programme_id: str, filename: str, content: bytes, now: datetime, lists: Mapping[str, Rows] | None = None
) -> InstrumentVersion:
    """Check and publish in one go. The caller commits. `actor` None: the command line."""
    if actor is not None:
        require(actor, "instrument.publish", programme_id=programme_id)
    return publish_checked(actor, programme_id, check(programme_id, filename, content, lists), now)


def publish_checked(actor: Actor | None, programme_id: str, checked: Checked, now: datetime) -> InstrumentVersion:
    """Store what check() gave as the version that new forms start with. The same content again gives the version there is."""
    if actor is not None:
        require(actor, "instrument.publish", programme_id=programme_id)
    compiled = checked.compiled
    if compiled.errors:
        raise problems.HAS_ERRORS(count=len(compiled.errors))
    package = compiled.package
    # Two who publish at once take turns: the counter's row is everybody's lock.
    db.session.execute(sa.text("UPDATE sequence SET value = value WHERE name = 'server'"))
    instrument = queries.instrument(programme_id, package["form_id"])
    if instrument is None:
        instrument = Instrument(id=new_id(), programme_id=programme_id, form_id=package["form_id"], title={}, is_open=True)
        db.session.add(instrument)
        db.session.flush()
    same = db.session.scalar(
        sa.select(InstrumentVersion).where(
            InstrumentVersion.instrument_id == instrument.id, InstrumentVersion.version == package["version"]
        )
    )
    if same is not None and same.sha256 != compiled.sha256:
        raise problems.VERSION_TAKEN(version=package["version"], form_id=package["form_id"])
    for name, used in package["datasets"].items():
        if used["kind"] == "csv":
            _keep_list(programme_id, name, checked.lists[name], now)
    if same is not None:
        return same
    version = InstrumentVersion(
        id=new_id(),
        instrument_id=instrument.id,
        version=package["version"],
        sha256=compiled.sha256,
        package=compiled.package_json,
        source_name=checked.filename[:200],
        source=checked.content,
        xform=compiled.xform,
        published_at=now,
        published_by=actor.person_id if actor else None,
        seq=next_seq(),
    )
    db.session.add(version)
    instrument.title = package["title"]
    instrument.current_id = version.id
    db.session.flush()
    audit.record(
        "instrument.publish",
        at=now,
        actor_id=actor.person_id if actor else None,
        programme_id=programme_id,
        object_id=version.id,
        details={"form_id": package["form_id"], "version": package["version"], "sha256": compiled.sha256},
    )
    return version


def keep_draft(actor: Actor, programme_id: str, checked: Checked, given: Mapping[str, Rows], now: datetime) -> InstrumentDraft:
    """Keep what check() gave as the form's draft, in the place of an earlier one. `given`: the lists sent with it."""
    require(actor, "instrument.prepare", programme_id=programme_id)
    compiled = checked.compiled
    if compiled.errors:
        raise problems.HAS_ERRORS(count=len(compiled.errors))
    package = compiled.package
    draft = queries.draft_of(programme_id, package["form_id"])
    if draft is None:
        draft = InstrumentDraft(id=new_id(), programme_id=programme_id, form_id=package["form_id"])
        db.session.add(draft)
    draft.version, draft.title, draft.sha256 = package["version"], package["title"], compiled.sha256
    draft.package, draft.source_name, draft.source = compiled.package_json, checked.filename[:200], checked.content
    draft.lists, draft.kept_at, draft.kept_by = json.dumps(dict(given)), now, actor.person_id
    db.session.flush()
    audit.record(
        "instrument.draft",
        at=now,
        actor_id=actor.person_id,
        programme_id=programme_id,
        object_id=draft.id,
        details={"form_id": draft.form_id, "version": draft.version, "sha256": draft.sha256},
    )
    return draft


def drop_draft(actor: Actor, draft: InstrumentDraft) -> None:
    """Put a draft away."""
    require(actor, "instrument.prepare", programme_id=draft.programme_id)
    db.session.delete(draft)
    db.session.flush()


def _keep_list(programme_id: str, name: str, rows: Rows, now: datetime) -> None:
    content = dataset_content(rows)
    sha256 = sha256_of(content)
    there = sa.select(Dataset.id).where(Dataset.programme_id == programme_id, Dataset.name == name, Dataset.sha256 == sha256)
    if db.session.scalar(there) is None:
        db.session.add(
            Dataset(
                id=new_id(), programme_id=programme_id, name=name, sha256=sha256, content=content, created_at=now, seq=next_seq()
            )
        )
        db.session.flush()


def set_open(actor: Actor, instrument_id: str, is_open: bool, now: datetime) -> Instrument:
    """Open or close an instrument. Closed: phones start no new forms; what is on its way is still taken."""
    instrument = db.session.get(Instrument, instrument_id)
    if instrument is None:
        raise NOT_FOUND()
    require(actor, "instrument.publish", programme_id=instrument.programme_id)
    if instrument.is_open == is_open:
        return instrument
    instrument.is_open = is_open
    current = db.session.get(InstrumentVersion, instrument.current_id) if instrument.current_id else None
    if current is not None:  # its content stays; the new number tells phones to look again
        current.seq = next_seq()
    db.session.flush()
    audit.record(
        "instrument.open" if is_open else "instrument.close",
        at=now,
        actor_id=actor.person_id,
        programme_id=instrument.programme_id,
        object_id=instrument.id,
    )
    return instrument
