"""Pull: what changed in a person's scope, in the order in which it was committed. docs/sync.md, "Pull"."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from app.accounts.models import Person
from app.core.db import db, iso
from app.core.models import Sequence, Setting
from app.core.permissions import Actor, programmes_where, visible
from app.core.problems import NOT_FOUND, Problem
from app.instruments.columns import NotInColumns, columns_json
from app.instruments.models import Dataset, Instrument, InstrumentVersion
from app.registry.models import Entity, Programme
from app.submissions.models import Remark, ReviewEvent, Revision, Submission

START = -1  # rows that were there before the counter began have 0
Change = dict[str, Any]
# Bytes of packages in one answer, as they were published: some 45 kB for the network, which a slow one brings within a minute.
MOST_TOGETHER = 1536 * 1024


def pull(actor: Actor, person: Person, programme_id: str, cursor: str, *, limit: int) -> dict[str, Any]:
    """A page of changes after the cursor. A cursor of another epoch or scope gets {"resync": True}."""
    # Read first: everything up to here is visible to the queries below, for numbers are taken in the order of commits.
    high_water = int(db.session.scalar(sa.select(Sequence.value).where(Sequence.name == "server")) or 0)
    settings: dict[str, str] = dict(db.session.execute(sa.select(Setting.name, Setting.value)).all())
    epoch = settings.get("epoch", "")
    scope = next((one.scope_version for one in person.memberships if one.programme_id == programme_id), 0)
    about = {
        "epoch": epoch,
        "high_water": high_water,
        "backup_seq": int(settings.get("backup_seq", 0)),
        "min_app": settings.get("min_app", ""),
    }
    since = _since(cursor, epoch, scope, high_water)
    if since is None:
        return {"resync": True, "changes": [], "next_cursor": f"{epoch}.{scope}.{START}", "more": True, **about}
    found: list[Change] = []
    for part in (_programme, _instruments, _entities, _submissions):
        found += part(actor, programme_id, since, high_water, limit + 1)
    found.sort(key=lambda change: (change["seq"], change["kind"], change["id"]))
    page, more = _whole_numbers(found, limit)
    last = page[-1]["seq"] if more else high_water
    return {"changes": page, "next_cursor": f"{epoch}.{scope}.{last}", "more": more, **about}


def _whole_numbers(found: list[Change], limit: int) -> tuple[list[Change], bool]:
    """Cut after `limit`, but never between two changes of one number: the cursor stands after the number."""
    if len(found) <= limit:
        return found, False
    end = limit
    while end < len(found) and found[end]["seq"] == found[end - 1]["seq"]:
        end += 1
    return found[:end], end < len(found)


def _since(cursor: str, epoch: str, scope: int, high_water: int) -> int | None:
    if not cursor:
        return START
    parts = cursor.rsplit(".", 2)
    if len(parts) != 3 or parts[0] != epoch or parts[1] != str(scope):
        return None
    try:
        since = int(parts[2])
    except ValueError:
        return None
    return since if START <= since <= high_water else None


def _programme(_actor: Actor, programme_id: str, since: int, until: int, _limit: int) -> list[Change]:
    row = db.session.scalar(
        sa.select(Programme).where(Programme.id == programme_id, Programme.seq > since, Programme.seq <= until)
    )
    if row is None:
        return []
    return [{"seq": row.seq, "kind": "programme", "op": "put", "id": row.id, "data": {"name": row.name, "consent": row.consent}}]


def _instruments(_actor: Actor, programme_id: str, since: int, until: int, limit: int) -> list[Change]:
    """The version that new forms start with. Publishing, opening and closing give that version a new number."""
    rows = db.session.execute(
        sa.select(Instrument, InstrumentVersion.version, InstrumentVersion.sha256, InstrumentVersion.seq)
        .join(InstrumentVersion, InstrumentVersion.id == Instrument.current_id)
        .where(Instrument.programme_id == programme_id, InstrumentVersion.seq > since, InstrumentVersion.seq <= until)
        .order_by(InstrumentVersion.seq)
        .limit(limit)
    )
    return [
        {
            "seq": row.seq,
            "kind": "instrument",
            "op": "put",
            "id": row.Instrument.id,
            "data": {
                "form_id": row.Instrument.form_id,
                "version": row.version,
                "sha256": row.sha256,
                "title": row.Instrument.title,
                "is_open": row.Instrument.is_open,
                "datasets": _datasets_of(row.sha256),
            },
        }
        for row in rows
    ]


def forms_of(person: Person) -> dict[str, list[str]]:
    """Hashes of the packages and lists that a new phone of this person will fetch, for it to ask without waiting for its rows."""
    packages = db.session.scalars(
        sa.select(InstrumentVersion.sha256)
        .join(Instrument, Instrument.current_id == InstrumentVersion.id)
        .where(Instrument.programme_id.in_([one.programme_id for one in person.memberships]), Instrument.is_open)
        .order_by(InstrumentVersion.sha256)
    ).all()
    datasets = {sha256 for package in packages for sha256 in _datasets_of(package).values()}
    return {"packages": list(dict.fromkeys(packages)), "datasets": sorted(datasets)}


@lru_cache(maxsize=256)
def _datasets_of(sha256: str) -> dict[str, str]:
    """{name: sha256} of the lists that a package reads, and of what its labels show ("media/loom.png")."""
    package = db.session.scalar(sa.select(InstrumentVersion.package).where(InstrumentVersion.sha256 == sha256).limit(1))
    found = orjson.loads(package or "{}")
    lists = {name: one["sha256"] for name, one in found.get("datasets", {}).items() if "sha256" in one}
    return lists | {f"media/{name}": sha256 for name, sha256 in found.get("media", {}).items()}


def _entities(actor: Actor, programme_id: str, since: int, until: int, limit: int) -> list[Change]:
    seen = visible(actor, programme_id, Entity)
    wanted = sa.and_(Entity.programme_id == programme_id, Entity.seq > since, Entity.seq <= until)
    if since == START:
        wanted = sa.and_(wanted, seen, Entity.archived_at.is_(None))
    else:
        # One that left the scope, or the list, is taken from the phone; one that was never on it is none of its business.
        wanted = sa.and_(wanted, sa.or_(seen, Entity.version > 1))
    rows = db.session.execute(
        sa.select(Entity, sa.case((seen, 1), else_=0).label("seen")).where(wanted).order_by(Entity.seq).limit(limit)
    )
    return [
        {
            "seq": row.Entity.seq,
            "kind": "entity",
            "op": "put" if row.seen and row.Entity.archived_at is None else "del",
            "id": row.Entity.id,
            "data": {
                "list": row.Entity.list,
                "label": row.Entity.label,
                "territory": row.Entity.territory,
                "version": row.Entity.version,
                "follower": row.Entity.follower_id,
                "properties": row.Entity.data,
            }
            if row.seen and row.Entity.archived_at is None
            else None,
        }
        for row in rows
    ]


def _submissions(actor: Actor, programme_id: str, since: int, until: int, limit: int) -> list[Change]:
    """The person's own, with what the office says about them."""
    own = (Submission.programme_id == programme_id) & (Submission.author_id == actor.person_id)
    query = sa.select(Submission).where(own, Submission.seq > since, Submission.seq <= until)
    if since == START:
        query = query.where(Submission.deleted_at.is_(None))
    rows = db.session.scalars(query.order_by(Submission.seq).limit(limit)).all()
    ids = [row.id for row in rows if row.deleted_at is None]
    remarks: dict[str, list[Change]] = {}
    for remark in db.session.scalars(
        sa.select(Remark).where(Remark.submission_id.in_(ids), Remark.closed_by.is_(None)).order_by(Remark.at, Remark.id)
    ):
        remarks.setdefault(remark.submission_id, []).append(
            {"id": remark.id, "question": remark.question, "text": remark.text, "author": remark.author_id, "at": iso(remark.at)}
        )
    comments: dict[str, str] = {}
    for event in db.session.scalars(
        sa.select(ReviewEvent).where(ReviewEvent.submission_id.in_(ids)).order_by(ReviewEvent.number)
    ):
        comments[event.submission_id] = event.comment
    to_correct = [row.current_revision_id for row in rows if row.state == "has_issues" and row.deleted_at is None]
    bodies = dict(db.session.execute(sa.select(Revision.id, Revision.body).where(Revision.id.in_(to_correct))).all())
    found = []
    for row in rows:
        data: Change | None = None
        if row.deleted_at is None:
            data = {
                "form_id": row.form_id,
                "title": row.title,
                "state": row.state,
                "subject_id": row.subject_id,
                "revision_id": row.current_revision_id,
                "quarantine": row.quarantine,
                "received_at": iso(row.received_at),
                "remarks": remarks.get(row.id, []),
                "comment": comments.get(row.id, ""),
            }
            if row.current_revision_id in bodies:
                data["envelope"] = gzip.decompress(bodies[row.current_revision_id]).decode()
        found.append({"seq": row.seq, "kind": "submission", "op": "del" if data is None else "put", "id": row.id, "data": data})
    return found


def package(actor: Actor, sha256: str) -> str:
    """A published instrument package, to whoever may fill instruments of its programme. Raises NOT_FOUND."""
    programmes = programmes_where(actor, "instrument.read")
    query = (
        sa.select(InstrumentVersion.package)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(InstrumentVersion.sha256 == sha256)
    )
    return _only(query if programmes is None else query.where(Instrument.programme_id.in_(programmes)))


def packages(actor: Actor, hashes: Iterable[str]) -> str:
    """Those of the packages that they may read, as many as one answer holds: {hash: the package in columns}, in JSON.

    What cannot be put into columns is the text of the package.
    """
    found: dict[str, str] = {}
    size = 0
    for sha256 in sorted(set(hashes)):  # whoever lacks the same forms gets the same answer, which is packed once
        with suppress(Problem):
            text = package(actor, sha256)
            size += len(text.encode())
            if found and size > MOST_TOGETHER:
                break
            found[sha256] = _in_columns(text)
    listed = ",".join(f'"{sha256}":{text}' for sha256, text in found.items())
    return f"{{{listed}}}"


def _in_columns(package: str) -> str:
    try:
        return columns_json(package)
    except NotInColumns:
        return json.dumps(package, ensure_ascii=False)


def dataset(actor: Actor, sha256: str) -> str:
    programmes = programmes_where(actor, "instrument.read")
    query = sa.select(Dataset.content).where(Dataset.sha256 == sha256)
    return _only(query if programmes is None else query.where(Dataset.programme_id.in_(programmes)))


def _only(query: Any) -> str:
    found: str | None = db.session.scalar(query.limit(1))
    if found is None:
        raise NOT_FOUND()
    return found
