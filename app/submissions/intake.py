"""Filing what phones deliver: many items in one transaction, each deciding only about itself.

The one path that must stay fast, so it speaks to the driver directly and writes table by table. Invariants: an item is
stored once whatever is repeated (I-8); a well-formed one is never refused (I-10); one that fails takes no other with it
(I-11). Nothing here commits: app/sync/delivery.py does, before anybody is answered (I-9).
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.core.audit import GENESIS, entry_hash
from app.core.db import iso
from app.core.driver import Numbers, Statements
from app.core.ids import new_id
from app.core.permissions import Grant
from app.hooks import outbox
from app.registry import applying
from app.registry.applying import EntityChange, Record, Source, meant
from app.submissions.envelope import Envelope, read

log = logging.getLogger(__name__)

# What no backup holds whole while nobody can read it: phones keep it. The greatest number that they read exactly.
NOT_READ = 2**53 - 1
MISSING = "complete_at IS NULL AND size > 0 AND coalesce(lost_reason, '') <> 'erased'"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose phone delivers, as its credential proves."""

    device_id: str
    person_id: str
    trouble: str | None  # a quarantine reason that holds for all it sends
    organisations: dict[str, str | None]  # programme_id: the organisation she works for there
    territories: dict[str, tuple[str, ...]] = field(default_factory=dict)  # likewise, HCP prefixes; none: everywhere
    # The phone has a key: what it does not seal proves no author, save what it had finished before (revisions in clear).
    seals: bool = False
    in_clear: frozenset[str] = frozenset()


@dataclass(slots=True)
class Sent:
    """One item of a push and, afterwards, what became of it."""

    submission_id: str
    revision_id: str
    sha256: str
    encryption: str
    body: bytes  # compressed
    envelope: Envelope | None  # none: encrypted in a way that this server cannot read
    sender: Sender  # of what is sealed, the owner of the key, whoever delivers
    key_id: str | None = None  # of the phone's key that sealed what arrived: sha256 is of the sealed text, body is opened
    aside: str | None = None  # a quarantine reason that is known before filing
    sealed_by: str | None = None  # of an unproven key (keys/operations.py, fingerprint)
    decided: bool = False  # a person has looked at it
    erased: int = 0  # values that were taken out of body before filing: sha256 stays that of what arrived
    result: str = ""  # accepted, duplicate, quarantined, gone, retry
    reason: str | None = None  # of quarantine
    receipt: dict[str, Any] | None = None


@dataclass(slots=True)
class Forms:
    """What is published, as far as filing needs to know."""

    programmes: set[str] = field(default_factory=set)
    is_open: dict[tuple[str, str], bool] = field(default_factory=dict)  # (programme_id, form_id)
    packages: set[tuple[str, str, str]] = field(default_factory=set)  # (programme_id, form_id, sha256)
    lists: dict[str, frozenset[str]] = field(default_factory=dict)  # sha256: whose records it declares to change

    def trouble(self, envelope: Envelope) -> str | None:
        form = (envelope.programme_id, envelope.form_id)
        if form not in self.is_open or (*form, envelope.form_sha256) not in self.packages:
            return "form_unknown"
        return None if self.is_open[form] else "form_closed"


# Who looks at items before they are filed, under a name of its own: a package that stands above this one and knows what must not
# come back (app/personal). It is called under the locks of filing and may change `body`, `envelope` and `erased`.
LOOKS: dict[str, Callable[[Statements, list[Sent]], None]] = {}


def _look(do: Statements, items: list[Sent]) -> None:
    for look in LOOKS.values() if items else ():
        look(do, items)


def accept(do: Statements, items: list[Sent], forms: Forms, *, now: datetime) -> None:
    """File the items in their order and say in each what became of it.

    First all together; if the store refuses anything, each alone in a savepoint, and one that is refused even then is kept
    as it came, in quarantine.
    """
    parts = _without_repeats(items)
    if len(parts) > 1 and not do.is_sqlite:
        # The first part takes the counter: the rows of the later ones are locked before it, as by everybody who writes.
        _submissions(do, items)
        records_named(do, [item.envelope for item in items])
    for together in parts:
        do.execute("SAVEPOINT together")
        try:
            _file(do, together, forms, now=now)
        except Exception as error:
            log.warning("Filing %s items one by one after %s", len(together), type(error).__name__)
            do.execute("ROLLBACK TO SAVEPOINT together")
            for item in together:
                _accept_alone(do, item, forms, now=now)
        do.execute("RELEASE SAVEPOINT together")


def _accept_alone(do: Statements, item: Sent, forms: Forms, *, now: datetime) -> None:
    for properly in (True, False):
        do.execute("SAVEPOINT one")
        try:
            if properly:
                _file(do, [item], forms, now=now)
            else:
                _keep(do, [(item, "store_refused")], now=now)
            do.execute("RELEASE SAVEPOINT one")
            return
        except Exception as error:
            log.error("The store refused revision %s: %s", item.revision_id, type(error).__name__)
            do.execute("ROLLBACK TO SAVEPOINT one")
            do.execute("RELEASE SAVEPOINT one")
    item.result, item.reason, item.receipt = "retry", None, None


def _without_repeats(items: list[Sent]) -> list[list[Sent]]:
    """Cut where a submission or a record comes again: what is filed together decides on the state before it."""
    parts: list[list[Sent]] = [[]]
    seen: set[str] = set()
    for item in items:
        named = {item.submission_id, item.revision_id}
        if item.envelope:
            named.update(change.id for change in item.envelope.entities)
        if not named.isdisjoint(seen):
            parts.append([])
            seen = set()
        seen |= named
        parts[-1].append(item)
    return parts


@dataclass(slots=True)
class _Stored:
    """The submission as it stands before an item is filed."""

    programme_id: str
    form_id: str
    author_id: str
    state: str
    quarantine: str | None
    current_revision_id: str
    is_deleted: bool
    organisation_id: str | None


def _file(do: Statements, items: list[Sent], forms: Forms, *, now: datetime) -> None:
    for item in items:
        item.result, item.reason, item.receipt = "", None, None

    # Rows first, in the order of their ids, the counter last: everybody who writes takes locks in this order.
    stored = _submissions(do, items)
    entities = records_named(do, [item.envelope for item in items])
    seqs = Numbers(do, sum(1 + (len(item.envelope.entities) if item.envelope else 0) for item in items))
    if not do.is_sqlite:
        stored = _submissions(do, items)  # another process may have filed one while we waited for the counter
        entities = records_named(do, [item.envelope for item in items])
    revisions = do.among(
        "SELECT id, sha256, seq, received_at, submission_id FROM revisions WHERE id IN (:ids)", _revision_ids(items)
    )
    known = {row[0]: row for row in revisions}
    kept = {
        (row[0], row[1]): row
        for row in do.among(
            "SELECT revision_id, sha256, seq, received_at, reason, encryption FROM quarantined WHERE submission_id IN (:ids) "
            "AND (became_revision_id IS NULL OR became_revision_id <> revision_id)",
            [item.submission_id for item in items],
        )
    }

    fresh: list[Sent] = []
    corrections: list[Sent] = []
    aside: list[tuple[Sent, str]] = []
    for item in items:
        before = stored.get(item.submission_id)
        same = known.get(item.revision_id)
        if (item.revision_id, item.sha256) in kept:
            row = kept[(item.revision_id, item.sha256)]
            item.result, item.reason = "quarantined", row[4]
            announced = _announced(item.envelope) if row[5] == "none" else None
            item.receipt = _receipt(item, row[2], do.moment_text(row[3]), announced, None)
        elif before is not None and before.is_deleted:
            item.result = "gone"
        elif same is not None and same[1] == item.sha256 and same[4] == item.submission_id:
            _answer_again(do, item, same, before)
        else:
            why = _why_aside(do, item, before, same is not None, entities, forms)
            if why:
                aside.append((item, why))
            elif before is None:
                fresh.append(item)
            else:
                corrections.append(item)

    _look(do, [*fresh, *corrections, *(item for item, _ in aside)])
    chain = _Chain(do, now)
    if fresh:
        _insert_new(do, fresh, entities, forms, seqs, chain, now=now)
    for item in corrections:
        _insert_correction(do, item, stored[item.submission_id], entities, forms, seqs, chain, now=now)
    if aside:
        _keep(do, aside, now=now, seqs=seqs, chain=chain)
    chain.write()


def file_decided(do: Statements, item: Sent, forms: Forms, *, now: datetime) -> None:
    """File one item that was in quarantine, as a person decided (app/submissions/quarantine.py): her word is the proof."""
    assert item.envelope is not None
    stored = _submissions(do, [item])
    entities = records_named(do, [item.envelope])
    seqs = Numbers(do, 1 + len(item.envelope.entities))
    chain = _Chain(do, now)
    item.decided = True
    _look(do, [item])
    if item.submission_id in stored:
        _insert_correction(do, item, stored[item.submission_id], entities, forms, seqs, chain, now=now)
    else:
        _insert_new(do, [item], entities, forms, seqs, chain, now=now)
    chain.write()


def file_opened(do: Statements, item: Sent, case_id: str, forms: Forms, *, now: datetime) -> None:
    """File what was set aside because its key was not here. Where it still can be no submission it stays set aside, opened, with
    the reason that is left (`item.reason`)."""
    assert item.envelope is not None
    stored = _submissions(do, [item])
    entities = records_named(do, [item.envelope])
    seqs = Numbers(do, 1 + len(item.envelope.entities))
    chain = _Chain(do, now)
    before = stored.get(item.submission_id)
    taken = bool(do.rows("SELECT 1 FROM revisions WHERE id = ?", (item.revision_id,)))
    _look(do, [item])
    why = "id_conflict" if before is not None and before.is_deleted else _why_aside(do, item, before, taken, entities, forms)
    chain.add(
        "quarantine.opened",
        programme_id=item.envelope.programme_id,
        actor_id=item.sender.person_id,
        object_id=item.revision_id,
        details={"case": case_id, "reason": why, **_erased(item)},
    )
    if why:
        item.result, item.reason = "quarantined", why
        do.execute(
            "UPDATE quarantined SET reason = ?, encryption = 'none', body = ?, programme_id = ? WHERE id = ?",
            (why, item.body, item.envelope.programme_id, case_id),
        )
    else:
        do.execute(
            "UPDATE quarantined SET decided_at = ?, decision = 'accepted', became_submission_id = ?, became_revision_id = ? "
            "WHERE id = ?",
            (do.moment(now), item.submission_id, item.revision_id, case_id),
        )
        if before is None:
            _insert_new(do, [item], entities, forms, seqs, chain, now=now)
        else:
            _insert_correction(do, item, before, entities, forms, seqs, chain, now=now)
    chain.write()


def _revision_ids(items: list[Sent]) -> list[str]:
    return [item.revision_id for item in items]


def _submissions(do: Statements, items: list[Sent]) -> dict[str, _Stored]:
    rows = do.among(
        "SELECT id, programme_id, form_id, author_id, state, quarantine, current_revision_id, deleted_at, organisation_id "
        "FROM submissions WHERE id IN (:ids)",
        [item.submission_id for item in items],
        lock=True,
    )
    return {row[0]: _Stored(row[1], row[2], row[3], row[4], row[5], row[6], row[7] is not None, row[8]) for row in rows}


def records_named(do: Statements, envelopes: Iterable[Envelope | None]) -> dict[str, Record]:
    """The records that the envelopes change, and those they are about."""
    wanted: set[str] = set()
    for envelope in envelopes:
        if envelope is not None:
            wanted.update(change.id for change in envelope.entities)
            if envelope.subject_id:
                wanted.add(envelope.subject_id)
    return applying.find(do, wanted)


def _why_aside(
    do: Statements, item: Sent, before: _Stored | None, id_taken: bool, entities: dict[str, Record], forms: Forms
) -> str | None:
    """Why the item cannot become a submission, or a revision of one; its bytes are kept beside them."""
    envelope = item.envelope
    if envelope is None:
        return item.aside or "encryption_unknown"
    if item.aside:
        return item.aside
    if item.key_id is None and item.sender.seals and item.revision_id not in item.sender.in_clear:
        return "author_unproven"
    if envelope.author_id != item.sender.person_id:
        return "author_unproven"
    if id_taken:
        return "id_conflict"
    if envelope.programme_id not in forms.programmes:
        return "programme_unknown"
    if before is not None:
        if before.author_id != envelope.author_id:
            return "author_unproven"
        if (before.programme_id, before.form_id) != (envelope.programme_id, envelope.form_id):
            return "id_conflict"
        # A correction in doubt: what it corrects counts as it stands, and rejecting it changes nothing of that. Where the
        # whole submission waits for the same reason, it waits with it.
        trouble = _trouble(do, item, envelope, entities, forms)
        return trouble if trouble != before.quarantine else None
    return None


def _trouble(do: Statements, item: Sent, envelope: Envelope, entities: dict[str, Record], forms: Forms) -> str | None:
    """Why a person must look at it before it counts."""
    if item.decided:
        return None
    if item.sender.trouble:
        return item.sender.trouble
    if envelope.programme_id not in item.sender.organisations:
        return "not_a_member"
    if any(_is_elsewhere(do, change, item.sender, envelope, entities, forms) for change in envelope.entities):
        return "entity_elsewhere"
    return forms.trouble(envelope)


def _is_elsewhere(
    do: Statements, change: EntityChange, sender: Sender, envelope: Envelope, entities: dict[str, Record], forms: Forms
) -> bool:
    """Whether a change reaches beyond what its form declares, or where its author works."""
    declared = forms.lists.get(envelope.form_sha256)
    if declared is not None and change.list not in declared:
        return True
    entity_id = meant(change.id, entities)
    record = entities.get(entity_id)
    if record is None:
        return False
    if record.programme_id != envelope.programme_id or record.list != change.list:
        return True
    # Given to another organisation, or moved, perhaps while the phone was offline. What she made herself she may correct,
    # wherever she placed it.
    own = Grant("", sender.organisations[envelope.programme_id], sender.territories.get(envelope.programme_id, ()))
    if own.organisation_id and record.organisation_id not in (None, own.organisation_id):
        return True
    made = "SELECT 1 FROM entity_versions WHERE entity_id = ? AND version = 1 AND actor_id = ?"
    return not own.reaches(record.territory) and not do.rows(made, (entity_id, envelope.author_id))


class _Chain:
    """The audit entries of one transaction, hashed one after the other and written together."""

    def __init__(self, do: Statements, now: datetime) -> None:
        self.do, self.now = do, now
        self.rows: list[tuple[Any, ...]] = []
        self.number, self.head = 0, ""

    def add(self, action: str, *, programme_id: str | None, actor_id: str | None, object_id: str, details: dict[str, Any]) -> str:
        if not self.head:
            found = self.do.rows("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
            self.number, self.head = found[0] if found else (0, GENESIS)
        self.number += 1
        self.head = entry_hash(self.head, self.now, programme_id, actor_id, action, object_id, details)
        moment = self.do.moment(self.now)
        text = orjson.dumps(details).decode()
        self.rows.append((self.number, moment, programme_id, actor_id, action, object_id, text, self.head))
        return self.head

    def write(self) -> None:
        self.do.insert("audit", "number, at, programme_id, actor_id, action, object_id, details, hash", self.rows)


def _erased(item: Sent) -> dict[str, int]:
    """For the chain, which names nobody: how much was taken out before it was filed."""
    return {"erased": item.erased} if item.erased else {}


def _receipt(item: Sent, seq: int, received_at: str, missing: list[str] | None, audit_head: str | None) -> dict[str, Any]:
    return {
        "submission_id": item.submission_id,
        "revision_id": item.revision_id,
        "sha256": item.sha256,
        "number": seq,
        "server_seq": NOT_READ if missing is None else seq,
        "received_at": received_at,
        "missing": missing,
        "audit_head": audit_head,
    }


def _announced(envelope: Envelope | None) -> list[str] | None:
    """The files that it names, or None where it could not be read: nobody knows then what is missing."""
    return list(dict.fromkeys(one.sha256 for one in envelope.attachments if one.size)) if envelope else None


def _answer_again(do: Statements, item: Sent, row: tuple[Any, ...], before: _Stored | None) -> None:
    item.receipt = receipts(do, {item.revision_id: item.sha256})[item.revision_id]
    item.result = "duplicate"
    if before is not None and before.quarantine:
        item.result, item.reason = "quarantined", before.quarantine


def receipts(do: Statements, wanted: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Receipts of the revisions that are here with exactly these bytes: {revision_id: sha256} in, receipts out."""
    found: dict[str, dict[str, Any]] = {}
    rows = do.among("SELECT id, sha256, seq, received_at, submission_id FROM revisions WHERE id IN (:ids)", wanted)
    rows = [row for row in rows if wanted[row[0]] == row[1]]
    set_aside = [
        row
        for row in do.among(
            "SELECT revision_id, sha256, seq, received_at, submission_id, encryption, body, became_submission_id "
            "FROM quarantined WHERE revision_id IN (:ids) AND (became_revision_id IS NULL OR became_revision_id <> revision_id)",
            wanted,
        )
        if wanted[row[0]] == row[1]
    ]
    missing: dict[str, list[str]] = {}
    # A backup holds an item when it holds the last of its photos too: phones remove nothing before (docs/sync.md).
    whole: dict[str, int] = {}
    for submission_id, sha256, is_missing, arrived in do.among(
        # One that a phone said to be lost is taken from any that has it; an empty one cannot come, an erased one shall not.
        f"SELECT submission_id, sha256, {MISSING}, coalesce(seq, 0) FROM attachments "  # noqa: S608
        "WHERE submission_id IN (:ids)",
        [*(row[4] for row in rows), *(row[7] for row in set_aside if row[7])],
    ):
        if is_missing:
            missing.setdefault(submission_id, []).append(sha256)
        whole[submission_id] = max(whole.get(submission_id, 0), arrived)
    heads = dict(
        do.among(
            "SELECT object_id, hash FROM audit WHERE object_id IN (:ids) "
            "AND action IN ('submission.received', 'submission.revised', 'submission.quarantined')",
            wanted,
        )
    )
    for revision_id, sha256, seq, received_at, submission_id in rows:
        found[revision_id] = {
            "submission_id": submission_id,
            "revision_id": revision_id,
            "sha256": sha256,
            "number": seq,
            "server_seq": max(seq, whole.get(submission_id, 0)),
            "received_at": do.moment_text(received_at),
            "missing": missing.get(submission_id, []),
            "audit_head": heads.get(revision_id),
        }
    for revision_id, sha256, seq, received_at, submission_id, encryption, body, became in set_aside:
        # Until a person accepts it, no photo of it has a place: a phone must not believe that any arrived.
        envelope = read(gzip.decompress(body)) if encryption == "none" else None
        found[revision_id] = {
            "submission_id": submission_id,
            "revision_id": revision_id,
            "sha256": sha256,
            "number": seq,
            "server_seq": max(seq, whole.get(became, 0)) if envelope else NOT_READ,
            "received_at": do.moment_text(received_at),
            "missing": missing.get(became, []) if became else _announced(envelope),
            "audit_head": heads.get(revision_id),
        }
    return found


def reasons(do: Statements, wanted: dict[str, str]) -> dict[str, str]:
    """Why those of these revisions that wait for a person do: {revision_id: sha256} in, {revision_id: reason} out."""
    filed = do.among(
        "SELECT revisions.id, revisions.sha256, quarantine FROM revisions JOIN submissions ON submissions.id = submission_id "
        "WHERE quarantine IS NOT NULL AND revisions.id IN (:ids)",
        wanted,
    )
    aside = do.among(
        "SELECT revision_id, sha256, reason FROM quarantined WHERE revision_id IN (:ids) "
        "AND (became_revision_id IS NULL OR became_revision_id <> revision_id)",
        wanted,
    )
    return {revision_id: reason for revision_id, sha256, reason in (*filed, *aside) if wanted[revision_id] == sha256}


SUBMISSION_COLUMNS = (
    "id, programme_id, form_id, organisation_id, territory, author_id, device_id, title, subject_id, state, quarantine, "
    "current_revision_id, received_at, updated_at, deleted_at, seq"
)
REVISION_COLUMNS = (
    "id, submission_id, parent_id, form_version, form_sha256, encryption, body, sha256, author_id, device_id, t_client, "
    "clock_offset_ms, received_at, check_state, check_result, seq, key_id, erased_at"
)
EVENT_COLUMNS = "id, submission_id, number, revision_id, action, actor_id, comment, at"


def _revision_row(item: Sent, envelope: Envelope, moment: Any, seq: int) -> tuple[Any, ...]:
    return (
        item.revision_id, item.submission_id, envelope.parent_revision_id, envelope.form_version, envelope.form_sha256,
        item.encryption, item.body, item.sha256, envelope.author_id, item.sender.device_id, envelope.t_client,
        envelope.clock_offset_ms, moment, "waiting", None, seq, item.key_id, moment if item.erased else None,
    )  # fmt: skip


def _slots(do: Statements, items: Iterable[Sent]) -> None:
    rows = [
        (
            new_id(),
            item.submission_id,
            one.sha256,
            one.name,
            one.question,
            one.size,
            one.type,
            None,
            None if one.size else "empty",
            orjson.dumps(one.sealed).decode() if one.sealed else None,
        )
        for item in items
        if item.envelope
        for one in item.envelope.attachments
    ]
    columns = "id, submission_id, sha256, name, question, size, type, complete_at, lost_reason, sealed"
    do.insert("attachments", columns, rows, " ON CONFLICT (submission_id, sha256) DO NOTHING")


def _insert_new(
    do: Statements, items: list[Sent], entities: dict[str, Record], forms: Forms, seqs: Numbers, chain: _Chain, *, now: datetime
) -> None:
    moment, text = do.moment(now), iso(now)
    submissions, revisions, events, changes, told = [], [], [], [], []
    for item in items:
        envelope = item.envelope
        assert envelope is not None
        seq = seqs.next()
        trouble = _trouble(do, item, envelope, entities, forms)
        organisation_id, territory = _place(item, envelope, entities)
        submissions.append((
            item.submission_id, envelope.programme_id, envelope.form_id, organisation_id, territory, envelope.author_id,
            item.sender.device_id, envelope.title, subject_of(envelope, entities), "received", trouble, item.revision_id, moment,
            moment, None, seq,
        ))  # fmt: skip
        revisions.append(_revision_row(item, envelope, moment, seq))
        events.append((new_id(), item.submission_id, 1, item.revision_id, "received", envelope.author_id, "", moment))
        head = chain.add(
            "submission.received",
            programme_id=envelope.programme_id,
            actor_id=envelope.author_id,
            object_id=item.revision_id,
            details={"submission": item.submission_id, "sha256": item.sha256, "quarantine": trouble, **_erased(item)},
        )
        item.result, item.reason = ("quarantined", trouble) if trouble else ("accepted", None)
        item.receipt = _receipt(item, seq, text, _announced(item.envelope), head)
        told.append(_told("received", 1, item, organisation_id, seq, trouble))
        if not trouble and envelope.entities:
            changes.append((item, organisation_id, territory))
    do.insert("submissions", SUBMISSION_COLUMNS, submissions)
    do.insert("revisions", REVISION_COLUMNS, revisions)
    do.insert("review_events", EVENT_COLUMNS, events)
    outbox.note(do, told, now=now)
    _slots(do, items)
    for item, organisation_id, territory in changes:
        assert item.envelope is not None
        source = Source(
            item.envelope.programme_id,
            organisation_id,
            territory,
            item.submission_id,
            item.revision_id,
            item.envelope.author_id,
        )
        applying.apply(do, item.envelope.entities, entities, source, seqs=seqs, now=now)


def _told(event: str, number: int, item: Sent, organisation_id: str | None, seq: int, quarantine: str | None) -> outbox.Event:
    """What receivers are told of an item that was filed."""
    envelope = item.envelope
    assert envelope is not None
    return outbox.Event(
        event,
        number,
        source=item.revision_id,
        programme_id=envelope.programme_id,
        organisation_id=organisation_id,
        submission_id=item.submission_id,
        revision_id=item.revision_id,
        form_id=envelope.form_id,
        form_version=envelope.form_version,
        receipt=seq,
        quarantine=quarantine,
    )


def subject_of(envelope: Envelope, entities: dict[str, Record]) -> str | None:
    """The record it is about; of a duplicate, the one that stayed."""
    return meant(envelope.subject_id, entities) if envelope.subject_id else None


def _place(item: Sent, envelope: Envelope, entities: dict[str, Record]) -> tuple[str | None, str | None]:
    """Organisation and place of a submission: the author's and the answer's, else those of the record it is about."""
    subject = entities.get(subject_of(envelope, entities) or "")
    if subject is not None and subject.programme_id != envelope.programme_id:
        subject = None
    organisation_id = item.sender.organisations.get(envelope.programme_id)
    if organisation_id is None and subject is not None:
        organisation_id = subject.organisation_id
    return organisation_id, envelope.territory or (subject.territory if subject else None)


def _insert_correction(
    do: Statements,
    item: Sent,
    before: _Stored,
    entities: dict[str, Record],
    forms: Forms,
    seqs: Numbers,
    chain: _Chain,
    *,
    now: datetime,
) -> None:
    envelope = item.envelope
    assert envelope is not None
    moment, seq = do.moment(now), seqs.next()
    do.insert("revisions", REVISION_COLUMNS, [_revision_row(item, envelope, moment, seq)])
    _slots(do, [item])
    number = do.rows("SELECT max(number) FROM review_events WHERE submission_id = ?", (item.submission_id,))[0][0] or 0
    event = (new_id(), item.submission_id, number + 1, item.revision_id, "revised", envelope.author_id, "", moment)
    do.insert("review_events", EVENT_COLUMNS, [event])

    parents = dict(do.rows("SELECT id, parent_id FROM revisions WHERE submission_id = ?", (item.submission_id,)))
    current, forked = newest(parents, before.current_revision_id, item.revision_id)
    trouble = _trouble(do, item, envelope, entities, forms)
    if current not in (before.current_revision_id, item.revision_id):  # what was missing between two has come: the later counts
        body = do.rows("SELECT body FROM revisions WHERE id = ?", (current,))[0][0]
        envelope = read(gzip.decompress(body))
        entities = entities | records_named(do, [envelope])
        trouble = trouble or _trouble(do, item, envelope, entities, forms)
    quarantine = before.quarantine or trouble or ("revision_conflict" if forked else None)
    if current == before.current_revision_id:
        do.execute(
            "UPDATE submissions SET quarantine = ?, updated_at = ?, seq = ? WHERE id = ?",
            (quarantine, moment, seq, item.submission_id),
        )
    else:
        # What nobody has looked at yet stays "received"; what was returned, or decided, is to be looked at again.
        state = "received" if before.state == "received" else "edited"
        do.execute(
            "UPDATE submissions SET current_revision_id = ?, state = ?, quarantine = ?, title = ?, "
            "territory = coalesce(?, territory), subject_id = coalesce(?, subject_id), updated_at = ?, seq = ? WHERE id = ?",
            (
                current,
                state,
                quarantine,
                envelope.title,
                envelope.territory,
                subject_of(envelope, entities),
                moment,
                seq,
                item.submission_id,
            ),
        )
        do.execute(
            "UPDATE remarks SET closed_by = ? WHERE submission_id = ? AND closed_by IS NULL", (current, item.submission_id)
        )
        if not quarantine:
            organisation_id, territory = _place(item, envelope, entities)
            source = Source(envelope.programme_id, organisation_id, territory, item.submission_id, current, envelope.author_id)
            applying.apply(do, envelope.entities, entities, source, seqs=seqs, now=now)
    head = chain.add(
        "submission.revised",
        programme_id=envelope.programme_id,
        actor_id=envelope.author_id,
        object_id=item.revision_id,
        details={"submission": item.submission_id, "sha256": item.sha256, "quarantine": quarantine, **_erased(item)},
    )
    outbox.note(do, [_told("revised", number + 1, item, before.organisation_id, seq, quarantine)], now=now)
    missing = do.rows(
        f"SELECT sha256 FROM attachments WHERE submission_id = ? AND {MISSING}",  # noqa: S608
        (item.submission_id,),
    )
    item.result, item.reason = ("quarantined", quarantine) if quarantine else ("accepted", None)
    item.receipt = _receipt(item, seq, iso(now), [row[0] for row in missing], head)


def newest(parents: dict[str, str | None], current: str, arrived: str) -> tuple[str, bool]:
    """Follow corrections from the current revision to the newest; and whether a person must choose.

    `parents`: {revision: the one it corrects}. Revisions may arrive in any order. One whose ancestors are not here yet
    stands apart and waits for them. A person chooses where the line forks ahead, where the one that `arrived` corrects what
    another already corrected, and where a phone sent a circle. A fork that was decided stays decided.
    """
    children: dict[str | None, list[str]] = {}
    for revision, parent in parents.items():
        children.setdefault(parent, []).append(revision)
    tip, seen = current, {current}
    while following := children.get(tip):
        if following[0] in seen:
            return current, True
        if len(following) > 1:
            return tip, True
        tip = following[0]
        seen.add(tip)
    line: set[str | None] = set()
    at: str | None = tip
    while at not in line:
        line.add(at)
        at = parents.get(at) if at else None
    apart: set[str | None] = set()
    at = arrived
    while at not in line and at not in apart:
        apart.add(at)
        if at not in parents:
            return tip, False
        at = parents[at]
    return tip, bool(apart)


def _keep(
    do: Statements, items: list[tuple[Sent, str]], *, now: datetime, seqs: Numbers | None = None, chain: _Chain | None = None
) -> None:
    """Put bytes aside that no submission can hold."""
    moment, rows = do.moment(now), []
    own_chain = chain or _Chain(do, now)
    seqs = seqs or Numbers(do, len(items))
    for item, reason in items:
        seq = seqs.next()
        rows.append((
            new_id(), item.submission_id, item.revision_id, item.envelope.programme_id if item.envelope else None, reason,
            item.sender.device_id, item.encryption, item.body, item.sha256, moment, seq, item.sealed_by,
        ))  # fmt: skip
        head = own_chain.add(
            "submission.quarantined",
            programme_id=None,
            actor_id=item.sender.person_id,
            object_id=item.revision_id,
            details={"submission": item.submission_id, "sha256": item.sha256, "reason": reason, **_erased(item)},
        )
        item.result, item.reason = "quarantined", reason
        item.receipt = _receipt(item, seq, iso(now), _announced(item.envelope), head)
    columns = (
        "id, submission_id, revision_id, programme_id, reason, device_id, encryption, body, sha256, received_at, seq, sealed_by"
    )
    do.insert("quarantined", columns, rows)
    if chain is None:
        own_chain.write()
