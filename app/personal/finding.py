"""Looking for one person in everything that is held: records and their history, answers, files, remarks, what is set aside,
tables on their way, accounts. Nothing is decided here: namesakes exist, a person ticks what is hers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from app.accounts.models import Membership, Person
from app.core.db import db
from app.core.models import Sequence as Counter
from app.core.problems import Problem
from app.imports.checking import unpacked
from app.imports.models import RecordImport
from app.personal.hers import PERSONS, Leaf, Wanted, leaves, personal_of, properties_of
from app.registry.applying import LABEL
from app.registry.erased import is_mark
from app.registry.finding import normalise
from app.registry.models import Entity, EntityVersion, EntityWaiting
from app.rescue import copies
from app.submissions.models import Attachment, Quarantined, Remark, ReviewEvent, Revision, Submission
from app.submissions.queries import opened

MOST_LOOKED_AT = 20_000  # revisions that a page looks through; the command looks through all
AT_ONCE = 500


@dataclass
class Found:
    """One place where somebody is named. `key` is what a form sends back; `kind` is its first word."""

    key: str
    kind: str  # record property said answer row file text waiting aside import account
    title: str  # of the record or submission
    name: str  # property, path, or what sort of text
    values: list[str]
    at: datetime
    object_id: str  # of the record, submission…
    is_sure: bool = True  # found by her record or in a personal answer; else somebody has to look
    list_name: str = ""
    form_sha256: str = ""
    files: list[str] = field(default_factory=list)  # hashes


@dataclass
class Search:
    found: list[Found] = field(default_factory=list)
    looked_at: int = 0  # revisions
    more: bool = False  # there are older ones that were not looked at
    unreadable: int = 0  # sealed, the key is not here: she may be in them
    copies: int = 0  # parts of rescue files that nobody can look into
    by_name: bool = False
    words: int = 0
    seq: int = 0  # of the last change when the search began: what came later was not looked at

    @property
    def is_clear(self) -> bool:
        """Whether all that is found is likely one person's: by her number or record, or a whole name that one record bears or
        names."""
        bearers = {one.object_id for one in self.found if one.kind in ("record", "property")}
        return not self.by_name or (self.words > 1 and len(bearers) <= 1)


def search(programme_id: str, who: Wanted, *, most: int | None = MOST_LOOKED_AT) -> Search:
    """Everything about the person in a programme. `most`: revisions looked through, newest first; None: all of them."""
    result = Search(by_name=bool(who.words) and not who.records, words=len(who.words), seq=last_seq())
    personal = properties_of(programme_id)
    records, hers = _records(programme_id, who, personal)
    result.found += records
    who = Wanted(who.words, who.digits, who.records | hers)
    _submissions(programme_id, who, most, result)
    result.found += _texts(programme_id, who)
    result.found += _waiting(programme_id, who)
    result.found += _aside(programme_id, who, result)
    result.found += _imports(programme_id, who)
    result.found += _accounts(programme_id, who)
    result.copies = sum(left.unread for left in copies.all_left())
    return result


def last_seq() -> int:
    return int(db.session.scalar(sa.select(Counter.value).where(Counter.name == "server")) or 0)


# -- records


def _records(programme_id: str, who: Wanted, personal: dict[str, frozenset[str]]) -> tuple[list[Found], set[str]]:
    """Records that are hers, and properties of others that name her, in whatever version; ids of the former."""
    where = [Entity.programme_id == programme_id]
    named = [Entity.words.contains(word, autoescape=True) for word in who.words]
    if who.digits:
        named = [Entity.words.contains(who.digits, autoescape=True)]
    by_name = sa.and_(*named) if named else sa.false()
    ids = set(db.session.scalars(sa.select(Entity.id).where(*where, sa.or_(by_name, Entity.id.in_(who.records)))))
    before, texts = _named_before(programme_id, who, personal)
    found, hers = [], set()
    for entity in _entities(ids | before | texts.keys()):
        for name, several in sorted(texts.get(entity.id, {}).items()):
            key = f"said:{entity.id}:{name}"
            at = entity.updated_at
            found.append(Found(key, "said", entity.label, name, several, at, entity.id, False, list_name=entity.list))
        properties = personal.get(entity.list, frozenset())
        values = said_of(entity, properties)
        matching = {name: [one for one in said if who.is_in(one)] for name, said in values.items()}
        if entity.list in PERSONS:
            if entity.id in who.records or any(matching.values()):
                hers.add(entity.id)
                said = list(dict.fromkeys(one for several in values.values() for one in several))
                found.append(
                    Found(
                        f"record:{entity.id}",
                        "record",
                        entity.label,
                        "",
                        said,
                        entity.updated_at,
                        entity.id,
                        list_name=entity.list,
                    )
                )
            continue
        there = entity.id in who.records
        if not there and not any(matching.values()):
            continue
        for name, said in sorted(values.items()):
            if said:
                sure = bool(matching[name])
                key = f"property:{entity.id}:{name}"
                found.append(
                    Found(
                        key, "property", entity.label, name, matching[name] or said, entity.updated_at, entity.id, sure,
                        list_name=entity.list,
                    )
                )  # fmt: skip
    return found, hers


def _entities(ids: Iterable[str]) -> Iterator[Entity]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), AT_ONCE):
        yield from db.session.scalars(sa.select(Entity).where(Entity.id.in_(wanted[start : start + AT_ONCE])))


def said_of(entity: Entity, properties: frozenset[str]) -> dict[str, list[str]]:
    """What each personal property says and said, in the order of versions; what was erased is not said."""
    found: dict[str, list[str]] = {name: [] for name in properties}
    query = sa.select(EntityVersion.changes, EntityVersion.conflicts).where(EntityVersion.entity_id == entity.id)
    for changes, conflicts in db.session.execute(query.order_by(EntityVersion.version)):
        for name in properties:
            sides = (conflicts or {}).get(name, {})
            several = [changes.get(name, ""), *(sides.get(one, "") for one in ("base", "theirs", "ours"))]
            found[name] += [one for one in several if one and not is_mark(one)]
    for name in properties:
        now = entity.label if name == LABEL else entity.data.get(name, "")
        found[name] = list(dict.fromkeys([*found[name], *([now] if now else [])]))
    return {name: said for name, said in found.items() if said}


def _named_before(
    programme_id: str, who: Wanted, personal: dict[str, frozenset[str]]
) -> tuple[set[str], dict[str, dict[str, list[str]]]]:
    """Records whose history names her, though they say something else by now; and texts of records of whatever list that tell
    of her, now or before: {record: {property: texts}}."""
    named: set[str] = set()
    texts: dict[str, dict[str, list[str]]] = {}
    if not who.words and not who.digits:
        return named, texts
    query = (
        sa.select(EntityVersion.entity_id, Entity.list, EntityVersion.changes, EntityVersion.conflicts)
        .join(Entity, Entity.id == EntityVersion.entity_id)
        .where(Entity.programme_id == programme_id, EntityVersion.kind != "erased")
    )
    for entity_id, list_name, changes, conflicts in db.session.execute(query.execution_options(yield_per=2000)):
        names = personal.get(list_name, frozenset())
        sides = [(name, one.get(side)) for name, one in (conflicts or {}).items() for side in ("base", "theirs", "ours")]
        for name, value in [*changes.items(), *sides]:
            if not isinstance(value, str) or not value or is_mark(value):
                continue
            if name in names:
                if who.is_in(value):
                    named.add(entity_id)
            elif who.is_told_in(value):
                said = texts.setdefault(entity_id, {}).setdefault(name, [])
                if value not in said:
                    said.append(value)
    return named, texts


# -- submissions


def _submissions(programme_id: str, who: Wanted, most: int | None, result: Search) -> None:
    """Answers of every revision; a row of a repeat that is hers is one place."""
    there: dict[str, Found] = {}
    columns = (Revision.id, Revision.form_sha256, Revision.encryption, Revision.body)
    query = (
        sa.select(*columns, Submission.id.label("submission_id"), Submission.title, Revision.received_at)
        .join(Submission, Submission.id == Revision.submission_id)
        .where(Submission.programme_id == programme_id)
        .order_by(Revision.seq.desc())
    )
    for row in db.session.execute(query.limit(most + 1 if most else None).execution_options(yield_per=AT_ONCE)):
        if most and result.looked_at >= most:
            result.more = True
            break
        result.looked_at += 1
        try:
            envelope = opened(row.encryption, row.body)
        except Problem:
            result.unreadable += 1
            continue
        for one in in_envelope(envelope, row.form_sha256, who):
            key = f"{one.kind}:{row.submission_id}:{one.name}"
            one.key, one.title, one.at, one.object_id = key, row.title, row.received_at, row.submission_id
            if key in there:
                known = there[key]
                known.values = list(dict.fromkeys([*known.values, *one.values]))
                known.files = list(dict.fromkeys([*known.files, *one.files]))
                known.is_sure = known.is_sure or one.is_sure
            else:
                there[key] = one
    result.found += there.values()
    _note_files(result.found)


def in_envelope(envelope: dict[str, Any], form_sha256: str, who: Wanted) -> list[Found]:
    """Her rows and answers in one envelope. Of a form that is not here, every answer is taken for personal."""
    personal = personal_of(form_sha256)
    all_leaves = list(leaves(envelope.get("answers", {})))
    sure_rows: set[str] = set()
    answers: list[tuple[Leaf, bool]] = []
    derived = personal.derived if personal is not None else frozenset()
    asked = {leaf.value for leaf in all_leaves if not leaf.row and leaf.plain not in derived}
    for leaf in all_leaves:
        if not leaf.value or (not leaf.row and leaf.plain in derived and leaf.value in asked):
            continue  # what a calculation carries on goes with the answer itself
        is_personal = personal is None or leaf.plain in personal.paths
        if (is_personal and who.is_in(leaf.value)) or who.names(leaf.value):
            if leaf.row:
                sure_rows.add(leaf.row)
            elif is_personal:
                answers.append((leaf, True))
        elif personal is not None and leaf.plain in personal.free and who.is_told_in(leaf.value):
            answers.append((leaf, False))
    for change in envelope.get("entities", []):
        # The row that made her record: the phone gave it an id of its own.
        if isinstance(change, dict) and change.get("id") in who.records:
            data = {str(value) for value in (change.get("data") or {}).values() if value}
            rows: dict[str, list[str]] = {}
            for leaf in all_leaves:
                if leaf.row and leaf.value and (personal is None or leaf.plain in personal.paths - personal.files):
                    rows.setdefault(leaf.row, []).append(leaf.value)
            # All that the row says of somebody is what the record says: one that shares only her name is another's.
            sure_rows |= {row for row, values in rows.items() if set(values) <= data}
    hashes = files_of(envelope)
    found = []
    for name in sorted(sure_rows):
        inside = [leaf for leaf in all_leaves if leaf.path.startswith(f"{name}/")]
        hers = [leaf for leaf in inside if personal is None or leaf.plain in personal.paths | personal.files]
        files = [hashes[leaf.value] for leaf in inside if leaf.value in hashes]
        values = [leaf.value for leaf in hers if leaf.value not in hashes and not who.names(leaf.value)]
        found.append(_place("row", name, values, form_sha256, True, files))
    for leaf, sure in answers:
        found.append(_place("answer", leaf.path, [leaf.value], form_sha256, sure))
    # What stands beside her name outside rows: perhaps hers, perhaps another's. A person looks. Beside her row only pictures,
    # such as that of the list on paper which she signed.
    named = who.everybody or any(sure for _leaf, sure in answers)
    if named or sure_rows:
        taken = {leaf.path for leaf, _sure in answers}
        near = (personal.paths - personal.derived) | personal.files if personal is not None else frozenset()
        for leaf in all_leaves:
            beside = leaf.plain in near and (named or leaf.value in hashes)
            if leaf.row or leaf.path in taken or not leaf.value or not beside:
                continue
            files = [hashes[leaf.value]] if leaf.value in hashes else []
            found.append(_place("file" if files else "answer", leaf.path, [leaf.value], form_sha256, False, files))
    found += _kept_aside(envelope, hashes, who)
    found += _said_of_records(envelope, form_sha256, {leaf.value for leaf in all_leaves}, who)
    return found


# Beside the answers; no question begins with an @.
ASIDE, OF_RECORDS = "@aside[", "@entities["


def _kept_aside(envelope: dict[str, Any], hashes: dict[str, str], who: Wanted) -> Iterator[Found]:
    """Answers of a draft that moved to another version of the form, where their questions have no place."""
    for number, one in enumerate(envelope.get("aside") or [], start=1):
        if not isinstance(one, dict):
            continue
        question, form_sha256 = str(one.get("question") or ""), str(one.get("form_sha256") or "")
        personal = personal_of(form_sha256)
        plain = re.sub(r"\[\d+\]", "", question)
        is_personal = personal is None or plain in personal.paths | personal.files
        said = list(dict.fromkeys(str(one[name]) for name in ("value", "said", "row") if one.get(name)))
        hit = [text for text in said if (is_personal and who.is_in(text)) or who.is_told_in(text)]
        if hit:
            files = [hashes[text] for text in hit if text in hashes]
            yield _place("file" if files else "answer", f"{ASIDE}{number}]/{question}", hit, form_sha256, is_personal, files)


def _said_of_records(envelope: dict[str, Any], form_sha256: str, answers: set[str], who: Wanted) -> Iterator[Found]:
    """What the form says of records and no answer says by itself."""
    personal = personal_of(form_sha256)
    for number, change in enumerate(envelope.get("entities") or [], start=1):
        if not isinstance(change, dict):
            continue
        list_name = str(change.get("list"))
        names = personal.properties.get(list_name, set()) if personal else set()
        for name, given in {LABEL: change.get("label"), **(change.get("data") or {})}.items():
            value = str(given or "")
            if not value or value in answers:
                continue
            is_personal = name in names or (name == LABEL and list_name in PERSONS)
            if (is_personal and who.is_in(value)) or (not who.everybody and who.is_told_in(value)):
                yield _place("answer", f"{OF_RECORDS}{number}]/{name}", [value], form_sha256, is_personal)


def files_of(envelope: dict[str, Any]) -> dict[str, str]:
    """{name as the answer has it: hash} of the files that an envelope announces."""
    listed = envelope.get("attachments", [])
    return {str(one["name"]): str(one["sha256"]) for one in listed if isinstance(one, dict) and {"name", "sha256"} <= one.keys()}


def _place(kind: str, name: str, values: list[str], form_sha256: str, sure: bool, files: list[str] | None = None) -> Found:
    return Found("", kind, "", name, values, datetime.min, "", sure, form_sha256=form_sha256, files=files or [])


def _note_files(found: list[Found]) -> None:
    """Only files that are not gone yet."""
    wanted = {(one.object_id, sha256) for one in found for sha256 in one.files}
    if not wanted:
        return
    ids = sorted({submission_id for submission_id, _sha in wanted})
    there = set()
    for start in range(0, len(ids), AT_ONCE):
        query = sa.select(Attachment.submission_id, Attachment.sha256, Attachment.sealed).where(
            Attachment.submission_id.in_(ids[start : start + AT_ONCE]), Attachment.lost_reason.is_distinct_from("erased")
        )
        for submission_id, sha256, sealed in db.session.execute(query):
            there.add((submission_id, sha256))
            if sealed:
                there.add((submission_id, sealed.get("sha256")))
    for one in found:
        one.files = [sha256 for sha256 in one.files if (one.object_id, sha256) in there]


# -- what people at the office wrote, and what waits


def _texts(programme_id: str, who: Wanted) -> list[Found]:
    """Remarks, comments and notes in which her name or number stands."""
    if not who.words and not who.digits:
        return []
    mine = sa.select(Submission.id).where(Submission.programme_id == programme_id)
    entities = sa.select(Entity.id).where(Entity.programme_id == programme_id)
    found = []
    for kind, model, column, about, at in (
        ("remark", Remark, Remark.text, Remark.submission_id.in_(mine), Remark.at),
        ("comment", ReviewEvent, ReviewEvent.comment, ReviewEvent.submission_id.in_(mine), ReviewEvent.at),
        ("note", EntityVersion, EntityVersion.note, EntityVersion.entity_id.in_(entities), EntityVersion.at),
        ("quarantine", Quarantined, Quarantined.note, Quarantined.programme_id == programme_id, Quarantined.received_at),
    ):
        key: Any = model.id
        query = sa.select(key, column, at).where(about, column != "")
        for one_id, text, moment in db.session.execute(query.execution_options(yield_per=AT_ONCE)):
            if who.is_told_in(text):
                found.append(Found(f"text:{kind}:{one_id}", "text", "", kind, [text], moment, one_id, False))
    return found


def _waiting(programme_id: str, who: Wanted) -> list[Found]:
    """Updates that wait for their record."""
    query = sa.select(EntityWaiting).where(EntityWaiting.programme_id == programme_id)
    found = []
    for one in db.session.scalars(query):
        values = [str(value) for value in (one.change.get("data") or {}).values()] + [str(one.change.get("label") or "")]
        hit = [value for value in values if value and (who.is_in(value) or who.is_told_in(value))]
        if hit or one.entity_id in who.records:
            title = str(one.change.get("label") or "")
            found.append(Found(f"waiting:{one.id}", "waiting", title, one.list, hit, one.at, one.id, bool(hit)))
    return found


def _aside(programme_id: str, who: Wanted, result: Search) -> list[Found]:
    """What was ever set aside, decided or not: its bytes are kept. Of sealed ones only that they are there."""
    query = sa.select(Quarantined).where(sa.or_(Quarantined.programme_id == programme_id, Quarantined.programme_id.is_(None)))
    found = []
    for one in db.session.scalars(query.execution_options(yield_per=AT_ONCE)):
        envelope = aside_envelope(one)
        if envelope is None:
            result.unreadable += 1
            continue
        places = in_envelope(envelope, str(envelope.get("form_sha256")), who)
        hers = [place for place in places if place.is_sure and (place.values or place.files)]
        hit = hers or [place for place in places if any(who.is_told_in(value) for value in place.values)]
        if hit:
            values = list(dict.fromkeys(value for place in hit for value in place.values))
            title = str(envelope.get("title") or "")
            found.append(Found(f"aside:{one.id}", "aside", title, "", values, one.received_at, one.id, bool(hers)))
    return found


def aside_envelope(kept: Quarantined) -> dict[str, Any] | None:
    """None for one that cannot be read here."""
    try:
        envelope = opened(kept.encryption, kept.body)
    except (Problem, OSError, EOFError, orjson.JSONDecodeError):
        return None
    return envelope if isinstance(envelope, dict) else None


def _imports(programme_id: str, who: Wanted) -> list[Found]:
    """Tables that wait for a decision, or whose rows were left out."""
    query = sa.select(RecordImport).where(RecordImport.programme_id == programme_id, RecordImport.rows.is_not(None))
    found = []
    for one in db.session.scalars(query):
        values = [text for _number, cells in unpacked(one.rows) for text in cells.values() if who.is_in(text)]
        if values:
            found.append(Found(f"import:{one.id}", "import", one.file_name, one.list, values[:5], one.created_at, one.id, True))
    return found


def _accounts(programme_id: str, who: Wanted) -> list[Found]:
    """People of the programme who have an account: shown and given out; an account is closed on its own page."""
    query = sa.select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.programme_id == programme_id)
    return [
        Found(f"account:{one.id}", "account", one.username, "", list(one.name.values()), one.created_at, one.id, False)
        for one in db.session.scalars(query.distinct())
        if any(who.is_in(text) for text in one.name.values()) or (who.words and normalise(one.username) in who.words)
    ]
