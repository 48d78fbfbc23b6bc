"""Taking out what is held about one person, everywhere it was found and ticked. docs/personal-data.md says what goes.

Everything is one transaction; the files on the disk go after it was committed, for a file that is gone cannot come back with a
transaction that failed. The chain says how much was erased and by whom, never of whom.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from flask import current_app

from app.core import audit
from app.core.db import db, iso, next_seq
from app.core.disk import flush
from app.core.ids import new_id
from app.core.permissions import Actor
from app.imports.models import RecordImport
from app.personal.finding import ASIDE, AT_ONCE, OF_RECORDS, Found, aside_envelope, files_of, in_envelope, last_seq, said_of
from app.personal.hers import PERSONS, Wanted, leaves, personal_of, properties_of, take_out, without
from app.personal.models import Erasure
from app.registry.applying import LABEL
from app.registry.erased import REFUSED, is_mark, mark, print_of
from app.registry.models import Entity, EntityMerge, EntityVersion, EntityWaiting
from app.rescue import copies
from app.submissions.attachments import path_of, remove_unless_named
from app.submissions.models import ERASED, Attachment, Quarantined, Remark, ReviewEvent, Revision, Submission

log = logging.getLogger(__name__)

Chooses = Callable[[Found], bool]


@dataclass
class Done:
    """How much was erased, and the files to take from the disk after the commit."""

    records: int = 0
    properties: int = 0
    submissions: int = 0
    answers: int = 0
    files: int = 0
    texts: int = 0
    paths: list[Path] = field(default_factory=list)
    clean: Callable[[str], str] | None = None  # takes her words out of a text that nobody could read
    decisions: list[Erasure] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        names = ("records", "properties", "submissions", "answers", "files", "texts")
        return {name: getattr(self, name) for name in names}


@dataclass
class Work:
    """What one decision has erased so far."""

    programme_id: str
    now: datetime
    done: Done = field(default_factory=Done)
    values: set[str] = field(default_factory=set)  # names and numbers that were taken out
    entities: list[str] = field(default_factory=list)
    archived: bool = False
    properties: list[list[str]] = field(default_factory=list)
    submissions: list[str] = field(default_factory=list)


def erase(
    actor: Actor | None,
    programme_id: str,
    who: Wanted,
    chosen: Sequence[Found],
    *,
    archive: bool,
    now: datetime,
    seen: int | None = None,
) -> Done:
    """Erase the chosen places. The caller began with begin_writing(), commits, and then calls finish().

    who      as the places were found with
    archive  her records leave lists and phones; else they stay, without her name
    seen     Search.seq of what was shown: later arrivals were not, and again() looks at them; None: everything was

    `actor` None: the command line.
    """
    work = Work(programme_id, now)
    kinds: dict[str, list[Found]] = {}
    for one in chosen:
        kinds.setdefault(one.kind, []).append(one)
    hers = {one.object_id for one in kinds.get("record", [])}
    personal = properties_of(programme_id)
    # All rows before the counter, in the order of their ids: so does whoever delivers.
    _lock(Submission, {one.object_id for kind in ("row", "answer", "file") for one in kinds.get(kind, [])})
    _lock(Entity, hers | {one.object_id for kind in ("property", "said") for one in kinds.get(kind, [])})
    for one in kinds.get("record", []):
        erase_record(work, one.object_id, personal, archive, actor)
    for one in kinds.get("property", []):
        erase_property(work, one.object_id, one.name, set(one.values), actor)
    # A text that names her also loses what other ticked places say of her: her number, where she was looked for by name.
    work.values |= {
        value for kind in ("row", "answer") for one in kinds.get(kind, []) if not is_text(one) for value in one.values
    }
    for one in kinds.get("said", []):
        erase_said(work, one.object_id, one.name, who, actor)
    keys = {(one.kind, one.object_id, one.name) for kind in ("row", "answer", "file") for one in kinds.get(kind, [])}
    who = Wanted(who.words, who.digits, who.records | hers, who.prints)
    for submission_id in sorted({submission_id for _kind, submission_id, _name in keys}):
        wanted = {(kind, name) for kind, of, name in keys if of == submission_id}
        erase_submission(work, submission_id, who, lambda place, wanted=wanted: (place.kind, place.name) in wanted)  # type: ignore[misc]
    for one in kinds.get("text", []):
        _erase_text(work, one, who)
    for one in kinds.get("waiting", []):
        _erase_waiting(work, one.object_id, personal, who)
    for one in kinds.get("aside", []):
        # Somebody ticked it whole: its texts too, and her number beside her name.
        erase_aside(
            work,
            one.object_id,
            who,
            lambda place: (
                place.is_sure or any(who.is_told_in(value) for value in place.values) or not work.values.isdisjoint(place.values)
            ),
        )
    for one in kinds.get("import", []):
        work.done.texts += _drop_import(one.object_id)
    keep_decision(work, "person", actor, seen)
    work.done.clean = partial(without, who=who, values=frozenset(work.values))
    return work.done


def _lock(model: Any, ids: Collection[str]) -> None:
    if ids:
        db.session.execute(sa.select(model.id).where(model.id.in_(sorted(ids))).order_by(model.id).with_for_update())


def keep_decision(work: Work, kind: str, actor: Actor | None, seen: int | None = None) -> None:
    """What was erased where, without a name: also beside the database, for the day when an older copy of it is put back."""
    db.session.flush()
    made = Erasure(
        id=new_id(),
        programme_id=work.programme_id,
        kind=kind,
        places={
            "entities": work.entities,
            "archived": work.archived,
            "properties": work.properties,
            "submissions": list(dict.fromkeys(work.submissions)),
        },
        prints=sorted({print_of(value) for value in work.values if len(value) > 2}),
        actor_id=actor.person_id if actor else None,
        at=work.now,
        seq=last_seq() if seen is None else min(seen, last_seq()),
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        "person.erased" if kind == "person" else "person.expired",
        at=work.now,
        actor_id=made.actor_id,
        programme_id=work.programme_id,
        object_id=made.id,
        details=work.done.counts(),
    )
    work.done.decisions.append(made)


def journal() -> Path:
    """The decisions beside the database, one JSON a line: a restored database is told them again (`flask person again`)."""
    return Path(current_app.config["INSTANCE"]) / "erasures.jsonl"


def write_beside(decisions: Iterable[Erasure]) -> None:
    lines = [
        {
            "id": made.id, "programme_id": made.programme_id, "kind": made.kind, "places": made.places, "prints": made.prints,
            "actor_id": made.actor_id, "at": iso(made.at),
        }
        for made in decisions
    ]  # fmt: skip
    if lines:
        file = journal()
        is_torn = file.exists() and not file.read_bytes().endswith(b"\n")
        with file.open("a", encoding="ascii") as stream:
            stream.write("\n" if is_torn else "")
            stream.writelines(json.dumps(line) + "\n" for line in lines)
        flush(file)


# -- records


def erase_record(work: Work, entity_id: str, personal: Mapping[str, frozenset[str]], archive: bool, actor: Actor | None) -> None:
    """Her record stays, as somebody of this sex and age who took part; it says no more who she is, in no version."""
    entity = db.session.get(Entity, entity_id, with_for_update=True)
    if entity is None or entity.programme_id != work.programme_id:
        return
    names = personal.get(entity.list, frozenset()) | ({LABEL} if entity.list in PERSONS else set())
    for name in names:
        said = entity.label if name == LABEL else entity.data.get(name, "")
        work.values |= {said} if said else set()
    _rewrite_history(work, entity, names, _marking(work, None))
    entity.data = {name: ("" if name in names else value) for name, value in entity.data.items()}
    if LABEL in names:
        entity.label = ""
    entity.erased_at = work.now
    if archive and entity.archived_at is None:
        entity.archived_at = work.now
        work.archived = True
    work.entities.append(entity.id)
    work.done.records += 1
    _note(work, entity, actor)


def erase_property(work: Work, entity_id: str, name: str, values: set[str], actor: Actor | None) -> None:
    """A property of somebody else's record, a cooperative's president: only where it says these values."""
    entity = db.session.get(Entity, entity_id, with_for_update=True)
    if entity is None or entity.programme_id != work.programme_id:
        return
    work.values |= values
    _rewrite_history(work, entity, {name}, _marking(work, values))
    if name == LABEL and entity.label in values:
        entity.label = ""
    elif entity.data.get(name, "") in values:
        entity.data = entity.data | {name: ""}
    work.properties.append([entity.id, name])
    work.done.properties += 1
    _note(work, entity, actor)


def erase_said(work: Work, entity_id: str, name: str, who: Wanted, actor: Actor | None) -> None:
    """A text of a record of whatever list, an action agreed with her: without her name and number, now and in its history."""
    entity = db.session.get(Entity, entity_id, with_for_update=True)
    if entity is None or entity.programme_id != work.programme_id:
        return
    known = frozenset(work.values)

    def new(value: Any) -> Any:
        is_hers = isinstance(value, str) and not is_mark(value) and who.is_told_in(value)
        return without(value, who, known) if is_hers else value

    _rewrite_history(work, entity, {name}, new)
    if name == LABEL:
        entity.label = new(entity.label)
    elif name in entity.data:
        entity.data = entity.data | {name: new(entity.data[name])}
    work.done.texts += 1
    _note(work, entity, actor)


def forget_history(programme_id: str, entity_id: str, names: Collection[str], now: datetime) -> int:
    """What a record said of somebody before its consent was refused: its history says so no more. How many properties."""
    entity = db.session.get(Entity, entity_id, with_for_update=True)
    if entity is None:
        return 0
    known = {name for name in said_of(entity, frozenset(names)) if not entity.data.get(name)}
    if not known:
        return 0
    work = Work(programme_id, now)

    def new(value: Any) -> Any:
        return REFUSED if isinstance(value, str) and value and not is_mark(value) else value

    _rewrite_history(work, entity, known, new)
    _note(work, entity, None)
    told = {"properties": len(known)}
    audit.record("person.erased", at=now, actor_id=None, programme_id=programme_id, object_id=entity.id, details=told)
    return len(known)


def _marking(work: Work, values: set[str] | None) -> Callable[[Any], Any]:
    """Marks instead of the values, so that an old phone that says them again is known to say nothing new. None: all values."""

    def new(value: Any) -> Any:
        if not isinstance(value, str) or not value or is_mark(value) or (values is not None and value not in values):
            return value
        work.values.add(value)
        return mark(value)

    return new


def _rewrite_history(work: Work, entity: Entity, names: Collection[str], new: Callable[[Any], Any]) -> None:
    for version in db.session.scalars(sa.select(EntityVersion).where(EntityVersion.entity_id == entity.id)):
        version.changes = {name: new(value) if name in names else value for name, value in version.changes.items()}
        if version.conflicts:
            version.conflicts = {
                name: {side: new(value) if side in ("base", "theirs", "ours") else value for side, value in one.items()}
                if name in names
                else one
                for name, one in version.conflicts.items()
            }
            if all(is_mark(str(one.get("ours", ""))) for one in version.conflicts.values()) and version.settled_at is None:
                version.settled_at = work.now  # nothing is left to choose between
    about = sa.or_(EntityMerge.survivor_id == entity.id, EntityMerge.duplicate_id == entity.id)
    for merge in db.session.scalars(sa.select(EntityMerge).where(about)):
        for side in ("before", "after"):
            said = getattr(merge, side)
            setattr(merge, side, {name: new(value) if name in names else value for name, value in said.items()})


def _note(work: Work, entity: Entity, actor: Actor | None) -> None:
    open_ = sa.select(sa.literal(1)).where(
        EntityVersion.entity_id == entity.id, EntityVersion.conflict, EntityVersion.settled_at.is_(None)
    )
    db.session.flush()
    entity.to_settle = bool(db.session.scalar(open_.limit(1)))
    entity.version += 1
    entity.updated_at = work.now
    db.session.add(
        EntityVersion(
            id=new_id(),
            entity_id=entity.id,
            version=entity.version,
            changes={},
            kind="erased",
            actor_id=actor.person_id if actor else None,
            at=work.now,
        )
    )
    db.session.flush()
    entity.seq = next_seq()


# -- submissions


def erase_submission(work: Work, submission_id: str, who: Wanted, chooses: Chooses) -> None:
    """Her rows and answers in every revision: each is looked at by itself, for rows may have moved between them."""
    submission = db.session.get(Submission, submission_id, with_for_update=True)
    if submission is None or submission.programme_id != work.programme_id:
        return
    taken: set[str] = set()
    texts: set[str] = set()
    changed = False
    for revision in db.session.scalars(sa.select(Revision).where(Revision.submission_id == submission_id)):
        if revision.encryption != "none":
            continue
        envelope = orjson.loads(gzip.decompress(revision.body))
        places = [place for place in in_envelope(envelope, revision.form_sha256, who) if chooses(place)]
        if not places:
            continue
        out = take_out_of(envelope, revision.form_sha256, places, who, work.values)
        _rewrite(revision, envelope, out.values | out.texts, work.now)
        work.values |= out.values
        taken |= out.files
        texts |= out.texts
        work.done.answers += out.places
        changed = True
    if changed:
        work.submissions.append(submission_id)
        work.done.submissions += 1
        submission.title = _title_without(submission.title, work.values | texts)
        erase_files(work.done, submission_id, taken)
        submission.updated_at = work.now
        db.session.flush()
        submission.seq = next_seq()


@dataclass
class TakenOut:
    """What went out of an envelope."""

    values: set[str] = field(default_factory=set)  # names and numbers
    files: set[str] = field(default_factory=set)  # hashes
    texts: set[str] = field(default_factory=set)  # as they were: they stay without her

    @property
    def places(self) -> int:
        return len(self.values) + len(self.texts)


def is_text(place: Found) -> bool:
    """Whether the place is a free text, which stays without her."""
    if place.kind != "answer" or place.is_sure:
        return False
    if place.name.startswith((ASIDE, OF_RECORDS)):
        return True
    personal = personal_of(place.form_sha256)
    return personal is not None and re.sub(r"\[\d+\]", "", place.name) in personal.free


def take_out_of(
    envelope: dict[str, Any], form_sha256: str, places: Iterable[Found], who: Wanted, known: Collection[str] = ()
) -> TakenOut:
    """Remove the places from an envelope. `known`: names and numbers that leave its texts too."""
    personal = personal_of(form_sha256)
    out = TakenOut()
    values, files = out.values, out.files
    answers = envelope.get("answers", {})
    hashes = files_of(envelope)
    places = list(places)
    for place in places:
        if place.name.startswith((ASIDE, OF_RECORDS)):
            _take_out_beside(envelope, place, out)
            continue
        if is_text(place):
            continue
        for leaf in list(leaves(answers)):
            inside = leaf.path.startswith(f"{place.name}/") if place.kind == "row" else leaf.path == place.name
            if not inside:
                continue
            if leaf.value in hashes:
                files.add(hashes[leaf.value])
                take_out(answers, leaf.path)
            elif (place.kind != "row" or personal is None or leaf.plain in personal.paths) and not who.names(leaf.value):
                values.add(leaf.value)
                take_out(answers, leaf.path)
    for leaf in list(leaves(answers)):
        carried = personal is not None and leaf.plain in personal.derived
        if carried and (leaf.value in values or any(len(value) > 2 and value in leaf.value for value in values)):
            take_out(answers, leaf.path)
    envelope["attachments"] = [
        one for one in envelope.get("attachments", []) if not (isinstance(one, dict) and one.get("sha256") in files)
    ]
    for change in envelope.get("entities", []):
        if not isinstance(change, dict):
            continue
        hers = change.get("id") in who.records
        properties = (personal.properties.get(str(change.get("list")), set()) if personal else set()) if hers else set()
        data = change.get("data") or {}
        # It says nothing of them any more: an empty value would take away what others say since.
        change["data"] = {
            name: value for name, value in data.items() if name not in properties and not (len(value) > 2 and value in values)
        }
        label = str(change.get("label") or "")
        if label in values or (hers and change.get("list") in PERSONS):
            change["label"] = ""
    for old, new in _texts_without(envelope, places, who, values | set(known)).items():
        out.texts.add(old)
        _replace(envelope, old, new)
    envelope["title"] = _title_without(str(envelope.get("title") or ""), values | out.texts)
    return out


def _beside(envelope: dict[str, Any], place: Found) -> tuple[dict[str, Any], str]:
    """The entry of `aside` or `entities` that a place names, and what the place says after it."""
    inside, _, rest = place.name.partition("/")
    part, _, number = inside.removeprefix("@").rstrip("]").partition("[")
    return envelope[part][int(number) - 1], rest


def _take_out_beside(envelope: dict[str, Any], place: Found, out: TakenOut) -> None:
    if not place.is_sure:
        return
    one, name = _beside(envelope, place)
    out.files |= set(place.files)
    if place.name.startswith(ASIDE):
        out.values |= {str(one[part]) for part in ("value", "said") if one.get(part)} if not place.files else set()
        one |= {part: "" for part in ("value", "said", "row") if one.get(part)}
    elif name == LABEL:
        out.values.add(str(one["label"]))
        one["label"] = ""
    else:
        out.values.add(str(one["data"].pop(name)))


def _texts_without(envelope: dict[str, Any], places: Iterable[Found], who: Wanted, values: set[str]) -> dict[str, str]:
    """{text of a chosen place: the same without her}, the longest first."""
    there = {leaf.path: leaf.value for leaf in leaves(envelope.get("answers", {}))}
    found: dict[str, str] = {}
    for place in places:
        if not is_text(place):
            continue
        if place.name.startswith((ASIDE, OF_RECORDS)):
            one, name = _beside(envelope, place)
            said = one if place.name.startswith(ASIDE) else {**(one.get("data") or {}), LABEL: one.get("label")}
            parts = ("value", "said", "row") if place.name.startswith(ASIDE) else (name,)
            texts = [str(said[part]) for part in parts if said.get(part)]
        else:
            texts = [there[place.name]] if place.name in there else []
        for text in texts:
            if who.is_told_in(text) and (new := without(text, who, values)) != text:
                found[text] = new
    return dict(sorted(found.items(), key=lambda one: -len(one[0])))


def _replace(envelope: dict[str, Any], old: str, new: str) -> None:
    """A text wherever the form says it: the answer, what is calculated from it, what is said of records, what was kept aside."""
    answers = envelope.get("answers", {})
    for leaf in list(leaves(answers)):
        if old in leaf.value:
            _put(answers, leaf.path, leaf.value.replace(old, new))
    for change in envelope.get("entities") or []:
        if isinstance(change, dict):
            data = change.get("data") or {}
            change["data"] = {name: value.replace(old, new) if isinstance(value, str) else value for name, value in data.items()}
            change["label"] = str(change.get("label") or "").replace(old, new)
    for one in envelope.get("aside") or []:
        if isinstance(one, dict):
            one |= {part: one[part].replace(old, new) for part in ("value", "said", "row") if isinstance(one.get(part), str)}


def _put(answers: dict[str, Any], path: str, text: str) -> None:
    at: Any = answers
    *steps, last = path.split("/")
    for step in steps:
        name, _, rest = step.partition("[")
        at = at[name] if not rest else at[name][int(rest.rstrip("]")) - 1]
    at[last] = text


def _title_without(title: str, values: Iterable[str]) -> str:
    for value in sorted({one for one in values if len(one) > 2}, key=len, reverse=True):
        title = title.replace(value, "…")
    return title


def _rewrite(revision: Revision, envelope: dict[str, Any], values: set[str], now: datetime) -> None:
    """The body without what was taken out. sha256 stays that of what arrived: a phone that sends it again is still recognised."""
    revision.body = gzip.compress(orjson.dumps(envelope), mtime=0)
    revision.erased_at = now
    if revision.check_result:
        result = dict(revision.check_result)
        for name in ("differences", "problems"):
            result[name] = [one for one in result.get(name) or [] if not _says(one, values)]
        result["title"] = _title_without(str(result.get("title") or ""), values)
        revision.check_result = result


def _says(one: Any, values: set[str]) -> bool:
    text = orjson.dumps(one).decode()
    return any(len(value) > 2 and value in text for value in values)


def erase_files(done: Done, submission_id: str, hashes: set[str]) -> None:
    """Mark files as erased: nobody offers or asks for them any more. Their bytes go with finish()."""
    if not hashes:
        return
    for slot in db.session.scalars(sa.select(Attachment).where(Attachment.submission_id == submission_id)):
        inside = slot.sealed.get("sha256") if slot.sealed else None
        named = not hashes.isdisjoint({slot.sha256, inside, slot.opened_sha256})
        if not named or slot.lost_reason == ERASED:
            continue
        done.paths += [path_of(sha) for sha in (slot.sha256, slot.opened_sha256) if sha] + [_half(submission_id, slot.sha256)]
        slot.lost_reason, slot.complete_at, slot.opened_sha256 = ERASED, None, None
        done.files += 1
    db.session.flush()


def finish(done: Done) -> None:
    """After the commit: the decision beside the database, the bytes of files, and what copies of rescue files keep."""
    write_beside(done.decisions)
    for path in done.paths:
        remove_unless_named(path)
    copies.shrink_all(done.clean)
    db.session.rollback()


def left_behind() -> list[Path]:
    """Files that were erased and are on the disk all the same: the machine stopped before finish()."""
    found = []
    query = sa.select(Attachment.submission_id, Attachment.sha256, Attachment.sealed).where(Attachment.lost_reason == ERASED)
    for submission_id, sha256, sealed in db.session.execute(query.execution_options(yield_per=AT_ONCE)):
        inside = [path_of(sealed["sha256"])] if sealed else []
        found += [path for path in (path_of(sha256), _half(submission_id, sha256), *inside) if path.exists()]
    return found


def _half(submission_id: str, sha256: str) -> Path:
    """Where a file grows while it arrives."""
    return Path(current_app.config["ATTACHMENTS"]) / "partial" / f"{submission_id}.{sha256}"


# -- the rest


def _erase_text(work: Work, one: Found, who: Wanted) -> None:
    models: dict[str, tuple[Any, str]] = {
        "remark": (Remark, "text"),
        "comment": (ReviewEvent, "comment"),
        "note": (EntityVersion, "note"),
        "quarantine": (Quarantined, "note"),
    }
    model, column = models[one.name]
    row = db.session.get(model, one.object_id)
    if row is not None:
        setattr(row, column, without(getattr(row, column), who, work.values))
        work.done.texts += 1


def _erase_waiting(work: Work, waiting_id: str, personal: Mapping[str, frozenset[str]], who: Wanted) -> None:
    row = db.session.get(EntityWaiting, waiting_id)
    if row is None:
        return
    names = personal.get(row.list, frozenset())
    data = row.change.get("data") or {}
    work.values |= {value for name, value in data.items() if name in names and value}
    row.change = row.change | {
        "data": {name: without(str(value), who, work.values) for name, value in data.items() if name not in names},
        "label": "" if LABEL in names else without(str(row.change.get("label") or ""), who, work.values),
    }
    work.done.texts += 1


def erase_aside(work: Work, case_id: str, who: Wanted, chooses: Chooses | None = None) -> bool:
    """In what was set aside: her rows and answers. What waits still waits for its decision."""
    kept = db.session.get(Quarantined, case_id)
    envelope = aside_envelope(kept) if kept is not None else None
    if kept is None or envelope is None:
        return False
    form_sha256 = str(envelope.get("form_sha256"))
    places = [one for one in in_envelope(envelope, form_sha256, who) if (chooses(one) if chooses else one.is_sure)]
    out = take_out_of(envelope, form_sha256, places, who, work.values)
    if not out.places and not out.files:
        return False
    kept.body = gzip.compress(orjson.dumps(envelope), mtime=0)
    erase_files(work.done, kept.submission_id, out.files)
    work.values |= out.values
    work.submissions.append(kept.submission_id)
    work.done.answers += out.places
    work.done.submissions += 1
    db.session.flush()
    return True


def _drop_import(import_id: str) -> int:
    one = db.session.get(RecordImport, import_id)
    if one is None:
        return 0
    if one.state == "checked":
        db.session.delete(one)
    elif one.state != "writing":
        one.rows = one.result = None
    return 1
