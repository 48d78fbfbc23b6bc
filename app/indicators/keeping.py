"""Keeping the rows and the sums of indicators in step with what is received, decided, corrected, merged and erased.

Every change of a submission or a record takes a number of the commit-ordered counter (app/core/db.py, next_seq). Each indicator
has a cursor in that order: what changed after it is evaluated again, its old rows go, its new ones come, and the cells change by
the difference, all in one transaction. A new declaration begins with the cursor at the start: building is the same work.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from app.core.clock import utcnow
from app.core.db import db
from app.core.driver import Statements
from app.core.languages import MOROCCO
from app.indicators import summing
from app.indicators.counting import Kept, Key, Sums, changed_cells
from app.indicators.declarations import Declaration, restored
from app.indicators.evaluating import Period, Row, Source, minutes_of, rows_of
from app.indicators.models import MOST_BY
from app.indicators.people import changed
from app.submissions.answers import form_of

START = -1  # rows that were there before the counter began have 0
BATCH = 250  # sources in one transaction: whoever delivers waits no longer than that takes
WHOLE_BATCH = 3000  # where somebody waits for all of it: sums of many rows are written at once
FEW_ROWS = 5000  # whose cells are summed up while a page waits

ROW_COLUMNS = (
    "indicator_id, day, source_id, number, organisation_id, territory, author_id, said, identity, value, total, weight, squares, "
    "by_1, by_2, by_3, by_4, person"
)
CELL_COLUMNS = "indicator_id, dim, shape, month, place, organisation, key, bucket, n, total, weight, squares, persons, people"
# As PostgreSQL takes whole columns at once: a statement a row took ten times as long.
ROW_TYPES = ("int", "date", "text", "int", *["text"] * 5, *["bigint"] * 3, "float8", *["text"] * 4, "int")
CELL_TYPES = ("int", *["text"] * 7, *["bigint"] * 3, "float8", "bigint", "bytea")
ADD_TO_CELL = (
    " ON CONFLICT (indicator_id, dim, shape, month, place, organisation, key, bucket) DO UPDATE SET "
    "n = indicator_cells.n + excluded.n, total = indicator_cells.total + excluded.total, "
    "weight = indicator_cells.weight + excluded.weight, squares = indicator_cells.squares + excluded.squares, "
    "persons = indicator_cells.persons + excluded.persons, people = coalesce(excluded.people, indicator_cells.people)"
)


@dataclass
class _Indicator:
    """One that is being counted."""

    id: int
    declaration: Declaration
    cursor: int
    period: Period | None
    has_cells: bool  # until everything was counted once it has rows only


@dataclass
class _Changed:
    """Sources that changed, up to a number."""

    submissions: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    until: int = 0
    last_at: datetime | None = None

    @property
    def is_none(self) -> bool:
        return not self.submissions and not self.records


def catch_up(programme_id: str, *, most_s: float | None = None, wait: bool = True, for_a_page: bool = False) -> bool:
    """Count what changed since the last time; whether nothing is left.

    most_s      stop after so many seconds, with what is counted by then
    wait        for another who is counting; else leave it to that one
    for_a_page  leave what takes longer than a page may to others: the cells of a new indicator with many rows

    Commits by itself, on a connection of its own: the caller has nothing uncommitted, and forgets what its session read.
    """
    began = time.monotonic()
    db.session.rollback()
    done, built_from = False, dict[int, int]()
    while not done:
        with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
            size = WHOLE_BATCH if most_s is None else BATCH
            keeper = _Keeper(connection, programme_id, wait=wait, batch=size, for_a_page=for_a_page)
            keeper.built_from = built_from
            done = keeper.step()
        if most_s is not None and time.monotonic() - began > most_s:
            break
    db.session.rollback()
    return bool(done)


def catch_up_all(*, most_s: float = 5.0) -> None:
    """The same for every programme that has indicators, so many seconds each: for the process beside the server."""
    table = sa.table("indicators", sa.column("programme_id"))
    for programme_id in db.session.scalars(sa.select(table.c.programme_id).distinct()).all():
        if not is_in_step(programme_id):
            catch_up(programme_id, most_s=most_s, wait=False)
    db.session.rollback()


def is_in_step(programme_id: str) -> bool:
    """Whether everything that anything counts is counted."""
    # The greatest number by its index: asked whether any is above the least cursor, PostgreSQL, which does not know that one
    # when it plans, reads a million submissions to find none.
    newest = " AND ".join(
        f"coalesce((SELECT max(seq) FROM {table} WHERE {of} = :one), 0) <= min(cursor)"  # noqa: S608
        for table, of in (("submissions", "programme_id"), ("entities", "programme_id"), ("programmes", "id"))
    )
    counted = f"SELECT count(*) = count(counted_at) AND {newest} FROM indicators WHERE programme_id = :one"  # noqa: S608
    found = db.session.scalar(sa.text(counted), {"one": programme_id})
    return found is None or bool(found)  # without indicators there is nothing to count


def _follows_records(declaration: Declaration) -> bool:
    return declaration.reads_subject or declaration.measure == "distinct" or bool(declaration.each)


class _Keeper:
    """One transaction of counting in a programme."""

    def __init__(self, connection: sa.Connection, programme_id: str, *, wait: bool, batch: int, for_a_page: bool) -> None:
        self.do = Statements(connection.connection, connection.dialect.name)
        self.programme_id, self.batch, self.for_a_page = programme_id, batch, for_a_page
        if not self.do.is_sqlite:
            # Everything here is found by an index; without statistics of tables that are just being filled PostgreSQL would
            # read them from end to end for each batch.
            self.do.execute("SET LOCAL enable_seqscan = off")
        lock = "" if self.do.is_sqlite else " FOR UPDATE" if wait else " FOR UPDATE SKIP LOCKED"
        self.now = utcnow()  # before the counter is read: what is visible then is counted
        rows = self.do.rows(
            f"SELECT id, declaration, cursor, counted_at, digest FROM indicators WHERE programme_id = ? ORDER BY id{lock}",  # noqa: S608
            (programme_id,),
        )
        self.high = int(self.do.rows("SELECT value FROM sequence WHERE name = 'server'")[0][0])
        phases = periods(self.do.rows("SELECT * FROM programmes WHERE id = ?", (programme_id,)), self.do)
        self.all = [
            _Indicator(row[0], declaration, int(row[2]), phases.get(declaration.phase), row[3] is not None)
            for row in rows
            for declaration in [restored(_json(row[1]))]
        ]
        current = self.do.rows(
            "SELECT i.form_id, v.sha256 FROM instruments i JOIN instrument_versions v ON v.id = i.current_id "
            "WHERE i.programme_id = ?",
            (programme_id,),
        )
        self.current: dict[str, str] = dict(current)  # {form id: hash of the version that new forms start with}
        # {indicator: the newest change when it began from the start}: every submission that it has evaluated since was read with
        # the records as they were then, or later, so that older changes of records touch none of them.
        self.built_from: dict[int, int] = {}
        self.until = 0  # the newest change of this batch
        self.siblings: dict[tuple[str, frozenset[str]], set[str]] = {}  # {(form, records): submissions about them}
        self._begin_afresh(rows)

    def _begin_afresh(self, rows: Sequence[Any]) -> None:
        """Those whose rows follow from something that is not so any more: another declaration, other dates of a phase."""
        for one, row in zip(self.all, rows, strict=True):
            digest = one.declaration.digest(one.period)
            if row[4] == digest:
                continue
            for table in ("indicator_rows", "indicator_cells"):
                self.do.execute(f"DELETE FROM {table} WHERE indicator_id = ?", (one.id,))  # noqa: S608
            one.cursor, one.has_cells = START, False
            self.do.execute(
                "UPDATE indicators SET digest = ?, cursor = ?, counted_at = NULL, numbered = 0 WHERE id = ?",
                (digest, START, one.id),
            )

    def step(self) -> bool:
        """One batch of those that are furthest behind, or the cells of one that is new; whether all are in step."""
        if not self.all:
            return True
        lowest = min(one.cursor for one in self.all)
        behind = [one for one in self.all if one.cursor == lowest]
        if lowest == START:
            self.built_from |= {one.id: self.high for one in behind}
        next_ = min((one.cursor for one in self.all if one.cursor > lowest), default=self.high)
        changed = self._changed(behind, lowest, min(next_, self.high))
        if not changed.is_none:
            self._count(behind, changed)
        ids = [one.id for one in behind]
        marks = ",".join("?" * len(ids))
        self.do.execute(f"UPDATE indicators SET cursor = ? WHERE id IN ({marks})", (changed.until, *ids))  # noqa: S608
        for one in behind:
            one.cursor = changed.until
        done = all(one.cursor >= self.high for one in self.all)
        if done:
            # Those that another is counting are not ours to speak of.
            every = ",".join(str(int(one.id)) for one in self.all if one.has_cells)
            if every:
                self.do.execute(f"UPDATE indicators SET counted_at = ? WHERE id IN ({every})", (self.do.moment(self.now),))  # noqa: S608
            if new := [one for one in self.all if not one.has_cells]:
                return self._sum_up(new)
        elif changed.last_at is not None:
            # A figure that was whole before is now as of the last change in it.
            self.do.execute(
                f"UPDATE indicators SET counted_at = ? WHERE counted_at IS NOT NULL AND counted_at < ? AND id IN ({marks})",  # noqa: S608
                (self.do.moment(changed.last_at), self.do.moment(changed.last_at), *ids),
            )
        return done

    def _sum_up(self, new: Sequence[_Indicator]) -> bool:
        """The cells of those that have none: small ones together, a large one alone; whether nothing is left to do here."""
        summed = 0
        for one in new:
            some = f"SELECT 1 FROM indicator_rows WHERE indicator_id = ? LIMIT {FEW_ROWS + 1}"  # noqa: S608
            many = len(self.do.rows(some, (one.id,)))
            if self.for_a_page and many > FEW_ROWS:
                continue
            if summed and summed + many > FEW_ROWS:
                return False
            if not self.do.is_sqlite:
                self.do.execute("SET LOCAL enable_seqscan = on")
                self.do.execute("SET LOCAL work_mem = '64MB'")
            summing.sum_up(self.do, one.id, one.declaration)
            self.do.execute("UPDATE indicators SET counted_at = ? WHERE id = ?", (self.do.moment(self.now), one.id))
            summed += many
        return True

    # -- what changed

    def _changed(self, behind: Sequence[_Indicator], since: int, until: int) -> _Changed:
        forms = sorted({one.declaration.over.instrument for one in behind if one.declaration.over.instrument})
        lists: list[str] | None = sorted({one.declaration.over.list for one in behind if one.declaration.over.list})
        if since != START and any(_follows_records(one.declaration) for one in behind):
            lists = None  # any record may be what a submission is about, or whom a count goes by
        submissions = self._after("submissions", "form_id", forms, since, until)
        records = self._after("entities", "list", lists, since, until)
        ends = [rows[-1][1] for rows in (submissions, records) if len(rows) >= self.batch]
        end = min([*ends, until])
        # Never between two changes of one number: the cursor stands after the number.
        if ends:
            submissions = [row for row in submissions if row[1] < end] + self._at("submissions", "form_id", forms, end)
            records = [row for row in records if row[1] < end] + self._at("entities", "list", lists, end)
        moments = [self._moment(row[2]) for row in (*submissions, *records)]
        return _Changed([row[0] for row in submissions], [row[0] for row in records], end, max(moments, default=None))

    def _after(self, table: str, column: str, values: Sequence[str] | None, since: int, until: int) -> list[Any]:
        if values is not None and not values:
            return []
        among = f"AND {column} IN ({','.join('?' * len(values))}) " if values is not None else ""
        return self.do.rows(
            f"SELECT id, seq, updated_at FROM {table} WHERE programme_id = ? AND seq > ? AND seq <= ? {among}"  # noqa: S608
            f"ORDER BY seq LIMIT {self.batch}",
            (self.programme_id, since, until, *(values or ())),
        )

    def _at(self, table: str, column: str, values: Sequence[str] | None, seq: int) -> list[Any]:
        if values is not None and not values:
            return []
        among = f"AND {column} IN ({','.join('?' * len(values))}) " if values is not None else ""
        return self.do.rows(
            f"SELECT id, seq, updated_at FROM {table} WHERE programme_id = ? AND seq = ? {among}",  # noqa: S608
            (self.programme_id, seq, *(values or ())),
        )

    def _moment(self, value: Any) -> datetime:
        return datetime.fromisoformat(value) if isinstance(value, str) else value

    # -- evaluating again

    def _count(self, behind: Sequence[_Indicator], changed: _Changed) -> None:
        over_records = [one for one in behind if one.declaration.over.list]
        over_forms = [one for one in behind if one.declaration.over.instrument]
        if over_records and changed.records:
            found = self._records(changed.records)
            for one in over_records:
                here = {key: kept for key, (list_name, kept) in found.items() if list_name == one.declaration.over.list}
                rows = {key: self._of_record(one, record) for key, record in here.items()}
                self._replace(one, self._once(one, rows, changed.until) if one.declaration.once else rows)
        if over_forms:
            submissions = set(changed.submissions)
            self.until = changed.until
            news = [one for one in over_forms if not self._is_building(one)]
            also = self._touched_by_records(news, changed.records) if changed.records and news else {}
            everything = submissions | {key for keys in also.values() for key in keys}
            loaded = self._submissions(everything)
            for one in over_forms:
                form = one.declaration.over.instrument
                mine = {key for key in submissions | also.get(one.id, set()) if key in loaded and loaded[key].form_id == form}
                if one.declaration.each:
                    mine = self._with_siblings(one, mine, loaded)
                rows = {key: self._of_submission(one, loaded[key]) for key in mine if key in loaded}
                if one.declaration.each:
                    rows = _chosen(one.declaration.each, rows, loaded)
                self._replace(one, rows)

    def _once(self, one: _Indicator, rows: Rows, until: int) -> Rows:
        """Of the records that say the same of a property only the newest one counts: these, and what their change does to others.

        Each word that was counted has one row, of its newest record, so that the others are read only where that one says the
        word no more, or is older than it was.
        """
        newest: dict[str, tuple[date, str]] = {}

        def look_at(found: Rows) -> None:
            for key, many in found.items():
                for row, _place in many:
                    if row.said:
                        newest[row.said] = max(newest.get(row.said, (row.day, key)), (row.day, key))

        look_at(rows)
        least = (date.min, "")
        counted = [kept for kept in self._standing(one.id, "source_id", rows) if kept.said]
        left = {kept.said for kept in counted if kept.said and newest.get(kept.said, least) < (kept.day, kept.source_id)}
        others = self._records(self._saying(one, left, until) - rows.keys()) if left else {}
        every = {**rows, **{key: self._of_record(one, record) for key, (_list, record) in others.items()}}
        look_at(every)
        for kept in self._standing(one.id, "said", newest.keys() - left):
            if kept.source_id in rows or kept.said is None:
                continue
            if (kept.day, kept.source_id) > newest[kept.said]:
                newest[kept.said] = (kept.day, kept.source_id)
            else:
                every[kept.source_id] = []
        return {
            key: [(row, place) for row, place in many if not row.said or newest[row.said][1] == key]
            for key, many in every.items()
        }

    def _saying(self, one: _Indicator, words: Collection[str], until: int) -> set[str]:
        """Records that say one of these words. What changed after this batch has its turn with the words that it says then."""
        name = one.declaration.once.replace("'", "''")
        column = "label" if name == "label" else f"data ->> '{name}'"
        among = "IN (SELECT value FROM json_each(?))" if self.do.is_sqlite else "= ANY(?)"
        said: Any = orjson.dumps([*words]).decode() if self.do.is_sqlite else [*words]
        rows = self.do.rows(
            f"SELECT id FROM entities WHERE programme_id = ? AND list = ? AND seq <= ? AND substr({column}, 1, 80) {among}",  # noqa: S608
            (self.programme_id, one.declaration.over.list, until, said),
        )
        return {row[0] for row in rows}

    def _is_building(self, one: _Indicator) -> bool:
        """Whether what changed was so already when the first of its rows was made."""
        return self.built_from.get(one.id, START) >= self.until

    def _touched_by_records(self, over_forms: Sequence[_Indicator], records: Collection[str]) -> dict[int, set[str]]:
        """{indicator: submissions} whose rows may be others because a record changed."""
        found: dict[int, set[str]] = {}
        about: list[tuple[Any, ...]] | None = None
        merged: set[str] | None = None
        for one in over_forms:
            if one.declaration.reads_subject:
                if about is None:
                    about = self.do.among("SELECT id, form_id FROM submissions WHERE subject_id IN (:ids)", records)
                found.setdefault(one.id, set()).update(row[0] for row in about if row[1] == one.declaration.over.instrument)
            if merged is None:
                merged = self._merged(records)
            if one.declaration.each:
                rows = self.do.among("SELECT id, form_id FROM submissions WHERE subject_id IN (:ids)", merged)
                found.setdefault(one.id, set()).update(row[0] for row in rows if row[1] == one.declaration.over.instrument)
            if one.declaration.measure == "distinct":
                for column in ("said", "identity"):
                    rows = self.do.among(
                        f"SELECT source_id, indicator_id FROM indicator_rows WHERE {column} IN (:ids)",  # noqa: S608
                        merged,
                    )
                    found.setdefault(one.id, set()).update(row[0] for row in rows if row[1] == one.id)
        return found

    def _merged(self, records: Collection[str]) -> set[str]:
        """Of the records, those that were ever merged: what names them may mean another one now."""
        found: set[str] = set()
        for column in ("survivor_id", "duplicate_id"):
            found |= {row[0] for row in self.do.among(f"SELECT {column} FROM entity_merges WHERE {column} IN (:ids)", records)}  # noqa: S608
        return found

    # -- loading

    def _records(self, ids: Iterable[str]) -> dict[str, tuple[str, _Record]]:
        found = {}
        made = dict(self.do.among("SELECT entity_id, at FROM entity_versions WHERE version = 1 AND entity_id IN (:ids)", ids))
        rows = self.do.among(
            "SELECT id, list, label, organisation_id, territory, data, archived_at, merged_into, updated_at "
            "FROM entities WHERE id IN (:ids)",
            ids,
        )
        for row in rows:
            data = {**_json(row[5]), "label": row[2]}
            day = self._moment(made.get(row[0], row[8])).astimezone(MOROCCO).date()
            counts = row[6] is None and row[7] is None
            found[row[0]] = (row[1], _Record(Source(row[0], day, data), row[3], row[4], counts))
        return found

    def _submissions(self, ids: Iterable[str]) -> dict[str, _Submission]:
        rows = self.do.among(
            "SELECT s.id, s.form_id, s.organisation_id, s.territory, s.author_id, s.subject_id, s.state, s.quarantine, "
            "s.deleted_at, s.received_at, r.encryption, r.body, r.form_sha256 FROM submissions s "
            "JOIN revisions r ON r.id = s.current_revision_id WHERE s.id IN (:ids)",
            ids,
        )
        subjects = {}
        if any(one.declaration.reads_subject for one in self.all):
            wanted = {row[5] for row in rows if row[5]}
            found = self.do.among("SELECT id, label, data FROM entities WHERE id IN (:ids)", wanted)
            subjects = {row[0]: {**_json(row[2]), "label": row[1]} for row in found}
        loaded = {}
        for row in rows:
            loaded[row[0]] = _Submission(
                row[0], row[1], row[2], row[3], row[4], row[5], row[6] if row[7] is None and row[8] is None else "",
                self._moment(row[9]), row[10], bytes(row[11]), row[12], subjects.get(row[5]), self.current,
            )  # fmt: skip
        return loaded

    def _with_siblings(self, one: _Indicator, ids: set[str], loaded: dict[str, _Submission]) -> set[str]:
        """And the other submissions of the form about the same records, for which of them counts may change; all loaded."""
        form = one.declaration.over.instrument
        subjects = {str(loaded[key].subject_id) for key in ids if key in loaded and loaded[key].subject_id}
        if one.cursor != START and not self._is_building(one):
            subjects |= self._left(ids)
        asked = (form, frozenset(subjects))
        if asked not in self.siblings:  # many indicators ask the same
            rows = self.do.among("SELECT id, form_id FROM submissions WHERE subject_id IN (:ids)", subjects)
            self.siblings[asked] = {row[0] for row in rows if row[1] == form}
            loaded |= self._submissions(self.siblings[asked] - loaded.keys())
        return ids | self.siblings[asked]

    def _left(self, ids: Iterable[str]) -> set[str]:
        """Records that submissions were about before they were corrected."""
        rows = self.do.among(
            "SELECT r.id, r.body, r.encryption FROM revisions r JOIN submissions s ON s.id = r.submission_id "
            "WHERE r.id <> s.current_revision_id AND s.id IN (:ids)",
            ids,
        )
        named = set()
        for row in rows:
            subject = orjson.loads(gzip.decompress(bytes(row[1]))).get("subject") if row[2] == "none" else None
            if isinstance(subject, dict) and subject.get("id"):
                named.add(str(subject["id"]))
        meant = self._meant(named)
        return {meant.get(one, one) for one in named}

    # -- rows

    def _of_record(self, one: _Indicator, record: _Record) -> list[tuple[Row, _Place]]:
        if not record.counts:
            return []
        place = _Place(record.organisation_id, record.territory, None)
        return [(row, place) for row in rows_of(one.declaration, record.source, one.period)]

    def _of_submission(self, one: _Indicator, submission: _Submission) -> list[tuple[Row, _Place]]:
        if submission.state not in one.declaration.states or submission.encryption != "none":
            return []
        place = _Place(submission.organisation_id, submission.territory, submission.author_id)
        return [(row, place) for row in rows_of(one.declaration, submission.source(), one.period)]

    def _replace(self, one: _Indicator, rows: Mapping[str, list[tuple[Row, _Place]]]) -> None:
        """Put the rows of these sources in the place of those that stand, and change the cells by the difference."""
        if not rows:
            return
        distinct = one.declaration.measure == "distinct"
        meant, numbers = dict[str, str](), dict[str, int]()
        if distinct:
            said = {row.said for many in rows.values() for row, _place in many if row.said}
            meant = self._meant(said)
            numbers = self._numbers(one.id, {meant.get(key, key) for key in said})
        new = {
            source_id: [
                Kept(
                    row.day, source_id, row.number, place.organisation_id, place.territory, place.author_id, row.said,
                    identity, row.value, row.total, row.weight, row.squares, row.by, numbers.get(identity or ""),
                )
                for row, place in many
                for identity in [meant.get(row.said, row.said) if row.said else None]
            ]
            for source_id, many in rows.items()
        }  # fmt: skip
        old: dict[str, list[Kept]] = {}
        for kept in self._standing(one.id, "source_id", rows):
            old.setdefault(kept.source_id, []).append(kept)
        moved = [key for key in rows if sorted(old.get(key, []), key=_order) != sorted(new[key], key=_order)]
        going = [kept for key in moved for kept in old.get(key, [])]
        coming = [kept for key in moved for kept in new[key]]
        if not going and not coming:
            return
        others: dict[str, list[Kept]] = {}
        if distinct and one.has_cells:
            identities = {kept.identity for kept in (*going, *coming) if kept.identity}
            gone = set(moved)
            for kept in self._standing(one.id, "identity", identities):
                if kept.source_id not in gone:
                    others.setdefault(str(kept.identity), []).append(kept)
        median = one.declaration.measure == "median"
        cells: dict[Key, Sums] = {}
        if one.has_cells:
            cells = changed_cells(going, coming, others, one.declaration.dims, median=median, distinct=distinct)
        leaving = [key for key in moved if key in old]
        for start in range(0, len(leaving), 500):
            part = leaving[start : start + 500]
            marks = ",".join("?" * len(part))
            self.do.execute(
                f"DELETE FROM {self._rows_by('source')} WHERE indicator_id = ? AND source_id IN ({marks})",  # noqa: S608
                (one.id, *part),
            )
        self._insert("indicator_rows", ROW_COLUMNS, ROW_TYPES, [_values(one.id, kept) for kept in coming])
        joined = [key for key, sums in cells.items() if sums.came or sums.went]
        people = {key: changed(kept, cells[key].came, cells[key].went) for key, kept in self._people(one.id, joined).items()}
        written = [
            (one.id, *key, s.n, s.total, s.weight, s.squares, s.persons, people.get(key))
            for key, s in sorted(cells.items(), key=lambda item: item[0])
        ]
        self._insert("indicator_cells", CELL_COLUMNS, CELL_TYPES, written, ADD_TO_CELL)
        if going:
            for key, sums in cells.items():
                if sums.n < 0:
                    self.do.execute(
                        "DELETE FROM indicator_cells WHERE indicator_id = ? AND dim = ? AND shape = ? AND month = ? "
                        "AND place = ? AND organisation = ? AND key = ? AND bucket = ? AND n = 0",
                        (one.id, *key),
                    )

    def _insert(self, table: str, columns: str, types: Sequence[str], rows: list[tuple[Any, ...]], conflict: str = "") -> None:
        if self.do.is_sqlite:
            self.do.insert(table, columns, rows, conflict)
            return
        arrays = ", ".join(f"?::{one}[]" for one in types)
        for start in range(0, len(rows), 5000):
            part = [list(column) for column in zip(*rows[start : start + 5000], strict=True)]
            self.do.execute(f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays}){conflict}", part)  # noqa: S608

    def _standing(self, indicator_id: int, column: str, values: Iterable[str]) -> list[Kept]:
        columns = ROW_COLUMNS.removeprefix("indicator_id, ")
        here = self._rows_by(column.removesuffix("_id"))
        rows = self.do.among(
            f"SELECT {columns} FROM {here} WHERE indicator_id = {int(indicator_id)} AND {column} IN (:ids)",  # noqa: S608
            values,
        )
        return [Kept(*(_day(row[0]), *row[1:12], tuple(row[12 : 12 + MOST_BY]), row[12 + MOST_BY])) for row in rows]

    def _rows_by(self, index: str) -> str:
        """The table, read by this index: without statistics SQLite would read all rows of the indicator by their key."""
        return f"indicator_rows INDEXED BY ix_indicator_rows_{index}" if self.do.is_sqlite else "indicator_rows"

    def _numbers(self, indicator_id: int, identities: Collection[str]) -> dict[str, int]:
        """{identity: her number}: the one that her rows have, else the next."""
        found: dict[str, int] = dict(
            self.do.among(
                f"SELECT identity, person FROM {self._rows_by('identity')} "  # noqa: S608
                f"WHERE indicator_id = {int(indicator_id)} AND identity IN (:ids)",
                identities,
            )
        )
        new = sorted(set(identities) - found.keys())
        if new:
            statement = "UPDATE indicators SET numbered = numbered + ? WHERE id = ? RETURNING numbered"
            last = int(self.do.rows(statement, (len(new), indicator_id))[0][0])
            found |= zip(new, range(last - len(new) + 1, last + 1), strict=True)
        return found

    def _people(self, indicator_id: int, keys: Sequence[Key]) -> dict[Key, bytes | None]:
        """Who stands in each of the cells; None: nobody whom a row names, or there is no such cell."""
        names = ("dim", "shape", "month", "place", "organisation", "key", "bucket")
        found: dict[Key, bytes | None] = dict.fromkeys(keys)
        if self.do.is_sqlite:
            same = " AND ".join(f"{name} = ?" for name in names)
            statement = f"SELECT people FROM indicator_cells WHERE indicator_id = ? AND {same}"  # noqa: S608
            for key in keys:
                for (kept,) in self.do.rows(statement, (indicator_id, *key)):
                    found[key] = kept
        elif keys:
            arrays, wanted = ", ".join(["?::text[]"] * len(names)), ", ".join(f"c.{name}" for name in names)
            same = " AND ".join(f"c.{name} = k.{name}" for name in names)
            statement = (
                f"SELECT {wanted}, c.people FROM unnest({arrays}) AS k({', '.join(names)}) "  # noqa: S608
                f"JOIN indicator_cells c ON c.indicator_id = {int(indicator_id)} AND {same}"
            )
            for start in range(0, len(keys), 5000):
                columns = [list(column) for column in zip(*keys[start : start + 5000], strict=True)]
                for row in self.do.rows(statement, columns):
                    found[(row[0], row[1], row[2], row[3], row[4], row[5], row[6])] = row[7]
        return found

    def _meant(self, said: Collection[str]) -> dict[str, str]:
        """The record that each id means today: of a merged duplicate, the one that stayed."""
        meant: dict[str, str] = {}
        asked = dict.fromkeys(said, "")
        at = {one: one for one in said}
        for _step in range(20):  # a chain of merges is short; a circle there is none
            rows = dict(self.do.among("SELECT id, merged_into FROM entities WHERE id IN (:ids)", set(at.values())))
            at = {one: rows[now] for one, now in at.items() if rows.get(now)}
            if not at:
                break
            meant |= at
        return {one: meant[one] for one in asked if one in meant}


@dataclass(frozen=True, slots=True)
class _Place:
    organisation_id: str | None
    territory: str | None
    author_id: str | None


@dataclass(frozen=True, slots=True)
class _Record:
    source: Source
    organisation_id: str | None
    territory: str | None
    counts: bool


@dataclass(slots=True)
class _Submission:
    id: str
    form_id: str
    organisation_id: str | None
    territory: str | None
    author_id: str
    subject_id: str | None
    state: str  # "" while it is in quarantine, and once it is deleted
    received_at: datetime
    encryption: str
    body: bytes
    form_sha256: str
    subject: Mapping[str, str] | None
    current: Mapping[str, str]
    _source: Source | None = None

    def source(self) -> Source:
        """Opened once, for however many indicators."""
        if self._source is None:
            envelope = orjson.loads(gzip.decompress(self.body))
            self._source = Source(
                self.id,
                self.received_at.astimezone(MOROCCO).date(),
                envelope.get("answers") or {},
                form_of(self.form_sha256) or form_of(self.current.get(self.form_id, "")),
                self.subject_id,
                self.subject,
                [one for one in envelope.get("entities") or () if isinstance(one, dict)],
                minutes_of(envelope),
            )
        return self._source


Rows = dict[str, list[tuple[Row, _Place]]]


def _chosen(each: str, rows: Rows, loaded: Mapping[str, _Submission]) -> Rows:
    """Of the submissions about one record only the newest counts, or the one before it, or the first."""
    by_subject: dict[str, list[str]] = {}
    for key, many in rows.items():
        subject = loaded[key].subject_id
        if many and subject:
            by_subject.setdefault(subject, []).append(key)
    counts = {key for key, many in rows.items() if many and not loaded[key].subject_id and each != "before"}
    for keys in by_subject.values():
        keys.sort(key=lambda key: (rows[key][0][0].day, loaded[key].received_at, key))
        place = {"latest": len(keys) - 1, "before": len(keys) - 2, "first": 0}[each]
        if place >= 0:
            counts.add(keys[place])
    return {key: many if key in counts else [] for key, many in rows.items()}


def _json(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(value) if isinstance(value, str | bytes) else value
    return found


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _order(kept: Kept) -> tuple[int, date]:
    return kept.number, kept.day


def _values(indicator_id: int, kept: Kept) -> tuple[Any, ...]:
    return (
        indicator_id, kept.day.isoformat(), kept.source_id, kept.number, kept.organisation_id, kept.territory, kept.author_id,
        kept.said, kept.identity, kept.value, kept.total, kept.weight, kept.squares, *kept.by, kept.person,
    )  # fmt: skip


def periods(programmes: Sequence[Any], do: Statements) -> dict[str, Period]:
    """{phase: (first day, last day)} of a programme's row."""
    names = [column[0] for column in do.cursor.description]
    if not programmes or "phases" not in names:
        return {}
    return periods_in(_json(programmes[0][names.index("phases")] or []))


def periods_in(phases: Any) -> dict[str, Period]:
    """Of `Programme.phases`: [{"code", "starts_on", "ends_on"}]."""
    return {
        str(one["code"]): (
            _day(one["starts_on"]) if one.get("starts_on") else None,
            _day(one["ends_on"]) if one.get("ends_on") else None,
        )
        for one in phases or ()
    }
