"""Checking a form and publishing it. A published version never changes: phones and submissions refer to its bytes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from app.core import audit
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND
from app.instruments import files, problems, queries
from app.instruments.compiler import Compiled, compile_instrument, library_lists
from app.instruments.files import MAX_ALL_MEDIA_BYTES, List, TooLong, Unusable, dataset_content, sha256_of
from app.instruments.models import Dataset, Instrument, InstrumentDraft, InstrumentVersion
from app.instruments.workbook import MAX_BYTES


@dataclass
class Given:
    """Files sent with a form."""

    lists: dict[str, List] = field(default_factory=dict)  # by name
    media: dict[str, str] = field(default_factory=dict)  # what labels show: content by file name


@dataclass
class Checked:
    """A form that was read and compiled for a programme, and the files it may use."""

    filename: str
    content: bytes
    compiled: Compiled
    given: Given = field(default_factory=Given)


def read_given(sent: Iterable[tuple[str, bytes]]) -> Given:
    """What files (name, content) hold: lists, and what labels show. Raises LIST_TOO_LONG, FILE_UNREADABLE, FILES_TOO_LARGE."""
    given = Given()
    for path, content in sent:
        name = path.replace("\\", "/").rpartition("/")[2]
        try:
            if files.suffix_of(name) in files.LIST_SUFFIXES:
                given.lists[name.rpartition(".")[0]] = files.read_list(name, content)
            else:
                given.media[name] = files.read_media(name, content)
        except TooLong as long:
            raise problems.LIST_TOO_LONG(name=name, rows=long.rows, limit=files.MAX_LIST_ROWS) from None
        except Unusable:
            raise problems.FILE_UNREADABLE(name=name, limit=files.MAX_MEDIA_BYTES // (1024 * 1024)) from None
    if sum(len(content) for content in given.media.values()) > MAX_ALL_MEDIA_BYTES * 4 // 3:
        raise problems.FILES_TOO_LARGE(limit=MAX_ALL_MEDIA_BYTES // (1024 * 1024))
    return given


def check(
    programme_id: str,
    filename: str,
    content: bytes,
    given: Given | None = None,
    max_bytes: int = MAX_BYTES,
    *,
    written: Collection[str] = (),
) -> Checked:
    """Compile a form as it would be published in this programme. Reads only; takes a second or two, so not inside a write.

    A file given with the form goes before one the programme has, and that before the product's own.

    written    entity lists that other forms write, which are published with this one
    """
    given = given or Given()
    known = Given(library_lists() | queries.lists_of(programme_id) | given.lists, queries.media_of(programme_id) | given.media)
    lists = queries.entity_lists_of(programme_id) | set(written)
    hashes = {name: sha256_of(content) for name, content in known.media.items()}
    return Checked(filename, content, compile_instrument(filename, content, known.lists, lists, max_bytes, hashes), known)


def publish(
    actor: Actor | None, programme_id: str, filename: str, content: bytes, now: datetime, given: Given | None = None
) -> InstrumentVersion:
    """Check and publish in one go. The caller commits. `actor` None: the command line."""
    if actor is not None:
        require(actor, "instrument.publish", programme_id=programme_id)
    return publish_checked(actor, programme_id, check(programme_id, filename, content, given), now)


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
        if "sha256" in used:
            _keep(programme_id, name, dataset_content(checked.given.lists[name]), now)
    for name in package.get("media", {}):
        _keep(programme_id, f"{queries.MEDIA}{name}", checked.given.media[name], now)
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


def check_library(programme_id: str, form_ids: Iterable[str]) -> list[Checked]:
    """Forms that come with Daftar as they would be published here; those that the programme has already are left out.

    Raises NOT_IN_LIBRARY(form_id, known). Reads only; takes up to a second a form.
    """
    known, left = queries.library(), {one.form_id for one in queries.library_left(programme_id)}
    wanted = set(form_ids)
    for form_id in sorted(wanted - known.keys()):
        raise problems.NOT_IN_LIBRARY(form_id=form_id, known=", ".join(known))
    return [check(programme_id, known[one].file, known[one].content) for one in known if one in wanted & left]


def check_newer(programme_id: str, form_ids: Iterable[str]) -> list[Checked]:
    """The newer versions of these forms of Daftar's, as they would be published here; nothing where there is none newer.

    Raises NOT_IN_LIBRARY(form_id, known). Reads only; takes up to a second a form.
    """
    known, wanted = queries.library(), set(form_ids)
    for form_id in sorted(wanted - known.keys()):
        raise problems.NOT_IN_LIBRARY(form_id=form_id, known=", ".join(known))
    newer = [one.form for one in queries.library_newer(programme_id)]
    return [check(programme_id, one.file, one.content) for one in newer if one.form_id in wanted]


def keep_draft(actor: Actor, programme_id: str, checked: Checked, given: Given, now: datetime) -> InstrumentDraft:
    """Keep what check() gave as the form's draft, in the place of an earlier one. `given`: the files sent with it."""
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
    draft.lists, draft.kept_at, draft.kept_by = json.dumps({"lists": given.lists, "media": given.media}), now, actor.person_id
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


def _keep(programme_id: str, name: str, content: str, now: datetime) -> None:
    """A file of a form, once for each content."""
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
