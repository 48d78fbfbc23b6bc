"""What submissions say about records: applied field by field, with the history of every property. docs/registry.md.

It speaks to the driver because it belongs to the transaction in which phones deliver (app/submissions/intake.py).
ODK Entities' meaning of create, update, baseVersion, trunkVersion and branchId; one difference: what two sides changed apart
is merged, and only a property that both changed is a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.core.driver import Numbers, Statements
from app.core.ids import new_id
from app.registry.erased import is_mark, is_same
from app.registry.finding import derived, links_of, territory_of

LABEL = ""  # stands for the label among the properties


@dataclass(slots=True)
class EntityChange:
    """What a submission says about one record."""

    list: str
    id: str
    action: str  # "create", "update"
    label: str
    data: dict[str, str]
    base_version: int | None = None  # the version that the phone had; on a branch it goes on from the trunk's
    trunk_version: int | None = None  # the server's version from which the phone went on without network
    branch_id: str | None = None  # of the versions that a phone made since


@dataclass(slots=True)
class Record:
    """A record as it stands before a change."""

    programme_id: str
    organisation_id: str | None
    territory: str | None
    label: str
    data: dict[str, str]
    version: int
    is_archived: bool = False
    merged_into: str | None = None
    to_settle: bool = False
    list: str = ""
    is_erased: bool = False

    def value(self, name: str) -> str:
        return self.label if name == LABEL else self.data.get(name, "")


@dataclass(frozen=True, slots=True)
class Source:
    """The submission that says it."""

    programme_id: str
    organisation_id: str | None
    territory: str | None
    submission_id: str
    revision_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class _Version:
    version: int
    changes: dict[str, str]
    submission_id: str | None
    branch_id: str | None
    base_version: int | None


@dataclass(slots=True)
class _Said:
    """What is left to write of a change, once it is compared with what stands."""

    values: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, dict[str, Any]] = field(default_factory=dict)


_MISSING = object()


def find(do: Statements, ids: Iterable[str], *, lock: bool = True) -> dict[str, Record]:
    """Records by id, locked where the store can; of one that was a duplicate also the one that it was merged into."""
    found: dict[str, Record] = {}
    wanted = set(ids)
    while wanted:
        rows = do.among(
            "SELECT id, programme_id, organisation_id, territory, label, data, version, archived_at, merged_into, to_settle, "
            "list, erased_at FROM entities WHERE id IN (:ids)",
            wanted,
            lock=lock,
        )
        for row in rows:
            data = orjson.loads(row[5]) if isinstance(row[5], str) else row[5]
            found[row[0]] = Record(
                row[1],
                row[2],
                row[3],
                row[4],
                data,
                row[6],
                row[7] is not None,
                row[8],
                bool(row[9]),
                row[10],
                row[11] is not None,
            )
        wanted = {row[8] for row in rows if row[8]} - set(found)
    return found


def meant(entity_id: str, records: Mapping[str, Record]) -> str:
    """The record that an id means: of a merged duplicate, the one that stayed."""
    seen: set[str] = set()
    while (record := records.get(entity_id)) is not None and record.merged_into and entity_id not in seen:
        seen.add(entity_id)
        entity_id = record.merged_into
    return entity_id


def apply(
    do: Statements,
    changes: Iterable[EntityChange],
    records: dict[str, Record],
    source: Source,
    *,
    seqs: Numbers,
    now: datetime,
) -> None:
    """Create and update records as a submission says; each change is a version that names it.

    records    those that the changes name, as find() gives them; brought up to date here

    An update of a record that is not here yet waits for its creation; one that goes on from a version that is still on its way
    waits for that. What waited is applied as soon as that arrives, in the order in which it came.
    """
    for change in changes:
        if _apply(do, change, records, source, seqs=seqs, now=now):
            _apply_waiting(do, meant(change.id, records), records, seqs=seqs, now=now)
        else:
            _wait(do, change, source, seqs=seqs, now=now)


def _apply(
    do: Statements, change: EntityChange, records: dict[str, Record], source: Source, *, seqs: Numbers, now: datetime
) -> bool:
    """False when it has to wait."""
    entity_id = meant(change.id, records)
    record = records.get(entity_id)
    if record is None:
        if change.action == "update":
            return False
        records[entity_id] = create(do, entity_id, change, source, seq=seqs.next(), now=now)
        return True
    if record.programme_id != source.programme_id or record.list != change.list:
        return True  # another programme's, or of another list: nothing is said of it (intake asks a person before)
    if record.is_erased:
        return True  # an old phone may still know her name; the submission itself is looked at by `flask person again`
    versions = _versions(do, change.id)
    there = _said_of_survivors(do, change, source) if entity_id != change.id else []
    base = _base(change, versions, there, source)
    if base is _MISSING and entity_id == change.id:
        # Of a merge that was undone, what the branch said meanwhile stayed with the other record.
        base = _base(change, versions, _said_of_survivors(do, change, source), source)
    if base is _MISSING:
        return False
    known = base if isinstance(base, int) else None
    if entity_id == change.id:
        said = compare(change, record, versions, known, source)
    else:
        said = compare_merged(change, record, versions, there, known, source)
    if not said.values and not change.branch_id:
        return True
    conflict = bool(said.conflicts) or record.is_archived
    if record.to_settle and known is not None and entity_id == change.id:
        record.to_settle = _close(do, entity_id, change, said, versions, known, source, now=now)
    _write(do, entity_id, record, change, said, source, conflict=conflict, seq=seqs.next(), now=now)
    return True


def _versions(do: Statements, entity_id: str) -> list[_Version]:
    rows = do.rows(
        "SELECT version, changes, submission_id, branch_id, base_version FROM entity_versions "
        "WHERE entity_id = ? ORDER BY version",
        (entity_id,),
    )
    return _read(rows)


def _said_of_survivors(do: Statements, change: EntityChange, source: Source) -> list[_Version]:
    """What the same submission and the same branch said of records that this one is, or was, merged into; oldest first."""
    rows = do.rows(
        "WITH RECURSIVE stayed(id) AS ("
        "SELECT survivor_id FROM entity_merges WHERE duplicate_id = ? "
        "UNION SELECT m.survivor_id FROM entity_merges m JOIN stayed ON m.duplicate_id = stayed.id) "
        "SELECT version, changes, submission_id, branch_id, base_version FROM entity_versions "
        "WHERE entity_id IN (SELECT id FROM stayed) AND (submission_id = ? OR branch_id = ?) ORDER BY at, version",
        (change.id, source.submission_id, change.branch_id or ""),
    )
    return _read(rows)


def _read(rows: Iterable[Sequence[Any]]) -> list[_Version]:
    return [_Version(row[0], orjson.loads(row[1]) if isinstance(row[1], str) else row[1], row[2], row[3], row[4]) for row in rows]


def _base(change: EntityChange, versions: list[_Version], there: list[_Version], source: Source) -> object:
    """The version here that the change goes on from; None where that is not said, _MISSING while it is still on its way.

    versions    of the record that it names
    there       what its submission and its branch said of the record that this one was merged into
    """
    own = [one.version for one in versions if one.submission_id == source.submission_id]
    if own:
        return own[-1]  # a correction of what the same submission said
    if change.action == "create":
        return 0
    if change.base_version is None:
        return None
    if change.branch_id and change.base_version > (change.trunk_version or 1):
        before = [one.version for one in versions if _goes_before(one, change)]
        if before:
            return before[-1]
        return change.trunk_version or 1 if any(_goes_before(one, change) for one in there) else _MISSING
    # Of a version that this server never had (a restored backup) nothing is known.
    return change.base_version if versions and change.base_version <= versions[-1].version else None


def _goes_before(version: _Version, change: EntityChange) -> bool:
    return _same_branch(version, change) and version.base_version == (change.base_version or 0) - 1


def state_at(versions: Iterable[_Version], version: int) -> dict[str, str]:
    """What the record said at a version, the label under ""."""
    found: dict[str, str] = {}
    for one in versions:
        if one.version <= version:
            found |= one.changes
    return found


def compare(change: EntityChange, record: Record, versions: list[_Version], base: int | None, source: Source) -> _Said:
    """The properties that the author changed, and those of them that somebody else had changed meanwhile.

    Without a base everything that differs counts as changed by the author, and nothing as a conflict: that is all an old phone
    tells. Records that begin before their history (loaded by hand) are taken as they stand.
    """
    wanted = dict(change.data)
    if change.label:
        wanted[LABEL] = change.label
    said = _Said()
    # What was erased there stays so, whichever version the phone still had.
    erased = {name: [one.changes[name] for one in versions if is_mark(one.changes.get(name, ""))] for name in wanted}
    wanted = {name: text for name, text in wanted.items() if not any(is_same(kept, text) for kept in erased[name])}
    if base is None:
        said.values = {name: text for name, text in wanted.items() if record.value(name) != text}
        return said
    # On a branch the phone has seen what it said itself, and of others only what stood at the trunk.
    since = min(base, change.trunk_version or 1) if change.branch_id else base
    then = state_at(versions, since)
    for one in versions:
        if since < one.version <= base and _same_branch(one, change):
            then |= one.changes
    known = {name for one in versions for name in one.changes}
    last = {name: one for one in versions if one.version > since for name in one.changes}
    others = {
        name: one.version
        for name, one in last.items()
        if one.submission_id != source.submission_id and not _same_branch(one, change)
    }
    for name, ours in wanted.items():
        theirs = record.value(name)
        # A property without history has the value it began with.
        was = then.get(name, "") if name in known else theirs
        # What both sides made of it is noted on a branch all the same: the branch goes on from it.
        if ours == was or (ours == theirs and not change.branch_id):
            continue
        said.values[name] = ours
        if ours == theirs:
            continue
        # Two forms that create the same record each say its properties; what only one of them says is no conflict.
        if name in others and (theirs or base):
            said.conflicts[name] = {"base": was, "theirs": theirs, "ours": ours, "version": others[name]}
    return said


def compare_merged(
    change: EntityChange, record: Record, versions: list[_Version], there: list[_Version], base: int | None, source: Source
) -> _Said:
    """What is said of a duplicate, for the record it was merged into.

    versions    of the duplicate: they tell what its author changed
    there       what its submission and its branch said of the record that stayed, since
    """
    then: dict[str, str] = {}
    if base is not None:
        since = min(base, change.trunk_version or 1) if change.branch_id else base
        then = state_at(versions, since)
        for one in versions:
            if since < one.version <= base and _same_branch(one, change):
                then |= one.changes
    for one in there:
        earlier = _same_branch(one, change) and (one.base_version or 0) < (change.base_version or 0)
        if earlier or one.submission_id == source.submission_id:
            then |= one.changes
    wanted = change.data | ({LABEL: change.label} if change.label else {})
    said = _Said()
    for name, ours in wanted.items():
        theirs, was = record.value(name), then.get(name, "")
        if ours == was or is_same(was, ours) or (ours == theirs and not change.branch_id):
            continue
        said.values[name] = ours
        if theirs not in ("", was, ours):
            said.conflicts[name] = {"base": was, "theirs": theirs, "ours": ours, "version": record.version}
    return said


def _same_branch(version: _Version, change: EntityChange) -> bool:
    return change.branch_id is not None and version.branch_id == change.branch_id


def create(do: Statements, entity_id: str, change: EntityChange, source: Source, *, seq: int, now: datetime) -> Record:
    label = change.label or change.data.get("label", "")
    data = dict(change.data)
    territory = territory_of(data) or source.territory
    found = derived(label, data)
    do.insert(
        "entities",
        "id, programme_id, list, label, organisation_id, territory, data, version, updated_at, seq, to_settle, "
        "sort_key, words, sounds, lat, lon, waits_until",
        [(
            entity_id, source.programme_id, change.list, label, source.organisation_id, territory, orjson.dumps(data).decode(), 1,
            do.moment(now), seq, False, found.sort_key, found.words, found.sounds, found.lat, found.lon,
            found.waits_until,
        )],
    )  # fmt: skip
    _link(do, entity_id, data, fresh=True)
    _note(do, entity_id, 1, {**data, LABEL: label}, change, source, _Said(), conflict=False, now=now)
    return Record(source.programme_id, source.organisation_id, territory, label, data, 1, list=change.list)


def _write(
    do: Statements,
    entity_id: str,
    record: Record,
    change: EntityChange,
    said: _Said,
    source: Source,
    *,
    conflict: bool,
    seq: int,
    now: datetime,
) -> None:
    record.data |= {name: text for name, text in said.values.items() if name != LABEL}
    record.label = said.values.get(LABEL, record.label)
    record.version += 1
    record.to_settle = record.to_settle or conflict
    record.territory = territory_of(record.data) or record.territory
    found = derived(record.label, record.data)
    do.execute(
        "UPDATE entities SET label = ?, data = ?, territory = ?, version = ?, updated_at = ?, seq = ?, to_settle = ?, "
        "sort_key = ?, words = ?, sounds = ?, lat = ?, lon = ?, waits_until = ? WHERE id = ?",
        (
            record.label, orjson.dumps(record.data).decode(), record.territory, record.version, do.moment(now), seq,
            record.to_settle, found.sort_key, found.words, found.sounds, found.lat, found.lon, found.waits_until, entity_id,
        ),
    )  # fmt: skip
    if any(len(value) >= 36 or not value for value in said.values.values()):
        _link(do, entity_id, record.data)
    _note(do, entity_id, record.version, said.values, change, source, said, conflict=conflict, now=now)


def _close(
    do: Statements,
    entity_id: str,
    change: EntityChange,
    said: _Said,
    versions: list[_Version],
    base: int,
    source: Source,
    *,
    now: datetime,
) -> bool:
    """Whoever saw both sides of a conflict and says something newer has decided it; whether anything is left to settle.

    A correction of a submission goes on from what that said itself: its author has not seen the others.
    """
    if any(one.submission_id == source.submission_id for one in versions):
        return True
    seen = min(base, change.trunk_version or 1) if change.branch_id else base
    left = False
    for key, version, kept in do.rows(
        "SELECT id, version, conflicts FROM entity_versions WHERE entity_id = ? AND conflict AND settled_at IS NULL", (entity_id,)
    ):
        conflicts = (orjson.loads(kept) if isinstance(kept, str) else kept) or {}
        decided = {name for name, one in conflicts.items() if name in said.values and not one.get("settled")}
        if version > seen or not decided:
            left = True
            continue
        closed = {name: one | {"settled": "later"} if name in decided else one for name, one in conflicts.items()}
        is_over = all(one.get("settled") for one in closed.values())
        left = left or not is_over
        do.execute(
            "UPDATE entity_versions SET conflicts = ?, settled_at = ?, settled_by = ? WHERE id = ?",
            (
                orjson.dumps(closed).decode(),
                do.moment(now) if is_over else None,
                source.actor_id if is_over else None,
                key,
            ),
        )
    return left


def _link(do: Statements, entity_id: str, data: Mapping[str, str], *, fresh: bool = False) -> None:
    if not fresh:
        do.execute("DELETE FROM entity_links WHERE entity_id = ?", (entity_id,))
    rows = [(entity_id, name[:80], target) for name, target in sorted(links_of(data))]
    do.insert("entity_links", "entity_id, property, target_id", rows, " ON CONFLICT DO NOTHING")


def _note(
    do: Statements,
    entity_id: str,
    version: int,
    values: Mapping[str, str],
    change: EntityChange,
    source: Source,
    said: _Said,
    *,
    conflict: bool,
    now: datetime,
) -> None:
    do.insert(
        "entity_versions",
        "id, entity_id, version, changes, kind, submission_id, revision_id, actor_id, note, base_version, trunk_version, "
        "branch_id, conflict, conflicts, at",
        [(
            new_id(), entity_id, version, orjson.dumps(values).decode(), "submission", source.submission_id, source.revision_id,
            source.actor_id, "", change.base_version, change.trunk_version, change.branch_id, conflict,
            orjson.dumps(said.conflicts).decode() if said.conflicts else None, do.moment(now),
        )],
    )  # fmt: skip


def _wait(do: Statements, change: EntityChange, source: Source, *, seqs: Numbers, now: datetime) -> None:
    do.insert(
        "entity_waiting",
        "id, entity_id, programme_id, list, change, organisation_id, territory, submission_id, revision_id, actor_id, at, seq",
        [(
            new_id(), change.id, source.programme_id, change.list, orjson.dumps(asdict(change)).decode(), source.organisation_id,
            source.territory, source.submission_id, source.revision_id, source.actor_id, do.moment(now), seqs.next(),
        )],
    )  # fmt: skip


def _apply_waiting(do: Statements, entity_id: str, records: dict[str, Record], *, seqs: Numbers, now: datetime) -> None:
    """What waited for this record or its duplicates; one that is applied may be what another waits for."""
    while True:
        rows = do.rows(
            "WITH RECURSIVE same(id) AS ("
            "SELECT id FROM entities WHERE id = ? "
            "UNION SELECT m.duplicate_id FROM entity_merges m JOIN same ON m.survivor_id = same.id WHERE m.undone_at IS NULL) "
            "SELECT id, change, programme_id, organisation_id, territory, submission_id, revision_id, actor_id "
            "FROM entity_waiting WHERE entity_id IN (SELECT id FROM same) ORDER BY seq",
            (entity_id,),
        )
        for row in rows:
            change = EntityChange(**(orjson.loads(row[1]) if isinstance(row[1], str) else row[1]))
            if change.id not in records:  # a duplicate: who would undo its merge waits for the lock of the one that stayed
                records.update({one: found for one, found in find(do, [change.id], lock=False).items() if one not in records})
            if row[2] == records[entity_id].programme_id and _apply(do, change, records, Source(*row[2:8]), seqs=seqs, now=now):
                do.execute("DELETE FROM entity_waiting WHERE id = ?", (row[0],))
                break
        else:
            return
