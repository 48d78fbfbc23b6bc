"""The submissions of an export, read in one snapshot of the database, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Device, Person
from app.core.cells import Value
from app.core.db import db
from app.core.languages import MOROCCO
from app.core.models import Sequence as SequenceRow
from app.core.permissions import Actor, require, visible
from app.core.problems import Problem
from app.export import answers, words
from app.export.problems import NO_INSTRUMENT
from app.export.tables import ANSWERS, Column, Options, Rows, Table, merged, rows_of
from app.instruments.models import Instrument, InstrumentVersion
from app.registry.models import Entity, EntityVersion, Organisation, Programme
from app.submissions.answers import PERSONS, Form, form_of, record_labels
from app.submissions.models import Attachment, Revision, Submission
from app.submissions.names import titles_of
from app.submissions.places import Names
from app.submissions.queries import Filters, conditions, envelope_of

BATCH = 250


@dataclass(frozen=True)
class Request:
    """What somebody asked to download."""

    filters: Filters
    options: Options


@dataclass
class Export:
    """A snapshot ready to be written out: `batches()` gives its rows once."""

    request: Request
    programme: Programme
    instrument: Instrument
    versions: list[str]  # newest first
    tables: list[Table]  # written out
    questions: list[Table]  # the form and its repeats: the same, unless each answer has a row
    seq: int  # every change up to this one is in it
    now: datetime
    left_out: frozenset[str]  # codes of the metadata that would name somebody
    unnamed: frozenset[str]  # lists of records whose names stay behind, since they are those of persons
    batch: int = BATCH  # submissions held at a time
    submissions: int = 0  # read
    counts: dict[str, int] = field(default_factory=dict)  # rows written, by table
    unreadable: int = 0  # submissions whose answers could not be opened: their row says so
    _forms: list[Form] = field(default_factory=list)
    _actor: Any = None

    @property
    def metadata(self) -> list[Column]:
        return words.metadata_of_answers() if self.is_by_answer else words.metadata(self.left_out)

    @property
    def is_by_answer(self) -> bool:
        return self.request.options.shape == ANSWERS

    def batches(self) -> Iterator[dict[str, list[list[Value]]]]:
        """{table name: rows}; a row of the form starts with the metadata, one of a repeat with id and row numbers."""
        rows = Rows(self.questions, self.request.options, self._forms[0])
        lines = answers.Lines(self.questions, self.request.options, self._forms[0])
        names = _Names(self.request)
        language, may_see = self.request.options.language, visible(self._actor, self.programme.id, Entity)
        self.counts = {table.name: 0 for table in self.tables}
        for batch in self._submissions():
            opened = [self._open(revision) for _submission, revision in batch]
            said = [envelope.get("answers") if envelope else None for envelope in opened]
            wanted: set[str] = set()
            for one in said:
                wanted |= (lines if self.is_by_answer else rows).record_ids(one)
            records = {key: _bare(name) for key, name in record_labels(wanted, may_see, language).items()}
            ids = [submission.id for submission, _revision in batch]
            files, numbers = _files_of(ids), _revision_numbers(ids)
            names.learn([submission for submission, _revision in batch], may_see)
            subjects = self._subjects(batch, may_see) if self.is_by_answer else {}
            self.submissions += len(batch)
            made: dict[str, list[list[Value]]] = {table.name: [] for table in self.tables}
            for (submission, revision), envelope, given in zip(batch, opened, said, strict=True):
                self.unreadable += envelope is None
                form = form_of(revision.form_sha256) or self._forms[0]
                states = files.get(submission.id, {})
                meta = self._meta(submission, revision, envelope, numbers.get(submission.id, 1), states, names)
                if self.is_by_answer:
                    meta |= subjects.get(submission.id, {})
                    around = [meta[column.code] for column in self.metadata]
                    found = lines.of(form, given, records, states)
                    unread = [lines.none(words.UNREADABLE[language])] if envelope is None else []
                    made[""] += ([*around, *line] for line in (*found, *unread))
                    continue
                around = [meta[column.code] for column in self.metadata]
                for table in self.tables:
                    if not table.name:
                        made[""].append([*around, *rows.values(form, given or {}, table, records, states)])
                        continue
                    for indexes, row in rows_of(given, table):
                        made[table.name].append([submission.id, *indexes, *rows.values(form, row, table, records, states)])
            for name, written in made.items():
                self.counts[name] += len(written)
            yield made

    def _open(self, revision: Revision) -> dict[str, Any] | None:
        try:
            return envelope_of(revision)
        except (Problem, OSError, ValueError):
            return None  # counted, and its row keeps the metadata: a row that is missing is worse than one without answers

    def _submissions(self) -> Iterator[Sequence[tuple[Submission, Revision]]]:
        """Oldest first, from place to place in (received_at, id): nothing is held but one batch."""
        where = export_conditions(self._actor, self.request.filters)
        last: tuple[Any, str] | None = None
        while True:
            query = (
                sa.select(Submission, Revision)
                .join(Revision, Revision.id == Submission.current_revision_id)
                .where(*where)
                .order_by(Submission.received_at, Submission.id)
                .limit(self.batch)
            )
            if last is not None:
                edge = sa.tuple_(sa.literal(last[0], Submission.received_at.type), sa.literal(last[1]))
                query = query.where(sa.tuple_(Submission.received_at, Submission.id) > edge)
            found = [(submission, revision) for submission, revision in db.session.execute(query)]
            if not found:
                return
            last = (found[-1][0].received_at, found[-1][0].id)
            yield found
            db.session.expunge_all()

    def _meta(
        self,
        submission: Submission,
        revision: Revision,
        envelope: dict[str, Any] | None,
        number: int,
        files: dict[str, str],
        names: _Names,
    ) -> dict[str, Value]:
        """By code, all that any of the tables says about a submission."""
        language = self.request.options.language
        state = words.STATES[language].get(submission.state, submission.state)
        return {
            "submission_id": submission.id,
            "revision": number,
            "state": state if self.request.options.labels else submission.state,
            "title": names.titles.get(submission.id),
            "author": names.people.get(submission.author_id),
            "organisation": names.organisations.get(submission.organisation_id or ""),
            "territory": submission.territory,
            "territory_name": names.places.of(submission.territory) or None,
            "received_at": _local(submission.received_at),
            "updated_at": _local(submission.updated_at),
            "finished_at": revision.t_client[:19].replace("T", " ") or None,
            "phone": names.devices.get(submission.device_id),
            "instrument": submission.form_id,
            "instrument_version": revision.form_version,
            "subject_id": submission.subject_id,
            "record_id": submission.subject_id,
            "record": None,
            "files_expected": len(files),
            "files_received": sum(state == "complete" for state in files.values()),
            "check": words.CHECKS[language].get(revision.check_state) if envelope is not None else words.UNREADABLE[language],
        }

    def _subjects(
        self, batch: Sequence[tuple[Submission, Revision]], may_see: sa.ColumnElement[bool]
    ) -> dict[str, dict[str, Value]]:
        """{submission: record_id, record}: the record that it is about, or else the one that it registered."""
        about = {submission.id: submission.subject_id for submission, _revision in batch if submission.subject_id}
        registering = [submission.id for submission, _revision in batch if not submission.subject_id]
        own = {rule["list"] for form in self._forms for rule in form.package.get("entities", []) if rule["scope"] == 0}
        made = (
            sa.select(EntityVersion.submission_id, Entity.id)
            .join(Entity, Entity.id == EntityVersion.entity_id)
            .where(may_see, EntityVersion.version == 1, EntityVersion.submission_id.in_(registering), Entity.list.in_(own))
        )
        registered: dict[str, list[str]] = {}
        for submission_id, entity_id in db.session.execute(made) if registering and own else ():
            registered.setdefault(str(submission_id), []).append(entity_id)
        about |= {key: ids[0] for key, ids in registered.items() if len(ids) == 1}
        named = sa.and_(may_see, Entity.list.not_in(self.unnamed))
        labels = record_labels(about.values(), named, self.request.options.language)
        return {key: {"record_id": one, "record": _bare(labels.get(one, "")) or None} for key, one in about.items()}


def export_conditions(actor: Actor, filters: Filters) -> list[sa.ColumnElement[bool]]:
    """What an export takes: within the actor's reach, in the states asked for, and out of quarantine."""
    found = conditions(actor, filters, "submission.export")
    found.append(Submission.quarantine.is_(None))
    if filters.states:
        found.append(Submission.state.in_(filters.states))
    return found


def _local(moment: datetime) -> datetime:
    return moment.astimezone(MOROCCO).replace(tzinfo=None, microsecond=0)


def prepare(actor: Actor, request: Request, *, now: datetime) -> Export:
    """Begin the snapshot and lay out the tables.

    Raises NOT_ALLOWED; NO_INSTRUMENT when the programme has no published version of it. Everything is read in one
    transaction, which the caller ends after the last batch.
    """
    filters = request.filters
    require(actor, "submission.export", programme_id=filters.programme_id)
    if request.options.names:
        require(actor, "names.export", programme_id=filters.programme_id)
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        # SQLite's readers see one state of the database from their first read; PostgreSQL has to be asked.
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    seq = db.session.scalar(sa.select(SequenceRow.value).where(SequenceRow.name == "server")) or 0
    programme = db.session.get(Programme, filters.programme_id)
    instrument = db.session.scalar(
        sa.select(Instrument).where(Instrument.programme_id == filters.programme_id, Instrument.form_id == filters.form_id)
    )
    if programme is None or instrument is None:
        raise NO_INSTRUMENT()
    versions = db.session.execute(
        sa.select(InstrumentVersion.version, InstrumentVersion.sha256)
        .where(InstrumentVersion.instrument_id == instrument.id)
        .order_by(InstrumentVersion.seq.desc())
    ).all()
    forms = [form for row in versions if (form := form_of(row.sha256)) is not None]
    if not forms:
        raise NO_INSTRUMENT()
    questions = merged(forms, request.options)
    by_answer = request.options.shape == ANSWERS
    unnamed = frozenset() if request.options.names or not by_answer else _lists_of_persons(filters.programme_id)
    db.session.expunge_all()
    return Export(
        request,
        programme,
        instrument,
        [row.version for row in versions],
        [answers.table(questions)] if by_answer else questions,
        questions,
        seq,
        now,
        frozenset() if request.options.names else frozenset(_naming(forms)),
        unnamed,
        _forms=forms,
        _actor=actor,
    )


def _lists_of_persons(programme_id: str) -> frozenset[str]:
    """Lists whose records any version of any form of the programme names by what is personal."""
    versions = (
        sa.select(InstrumentVersion.sha256)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(Instrument.programme_id == programme_id)
    )
    found = set(PERSONS)
    for sha256 in db.session.scalars(versions).all():
        form = form_of(sha256)
        found |= form.lists_of_names() if form else frozenset()
    return frozenset(found)


def _naming(forms: Sequence[Form]) -> Iterator[str]:
    """Columns of the metadata that name somebody: the author, and a title made of names."""
    yield "author"
    if any(form.nodes[index].get("type") == "instanceName" for form in forms for index in form.personal()):
        yield "title"


class _Names:
    """Names of people, organisations and phones, learnt as they turn up."""

    def __init__(self, request: Request) -> None:
        self.language = request.options.language
        self.places = Names(request.filters.programme_id, self.language)
        self.titles: dict[str, str] = {}  # of one batch
        self.people: dict[str, str] = {}
        self.devices: dict[str, str] = {}
        rows = db.session.execute(
            sa.select(Organisation.id, Organisation.name).where(Organisation.programme_id == request.filters.programme_id)
        )
        self.organisations = {key: _in(name, self.language) for key, name in rows}

    def learn(self, submissions: Sequence[Submission], may_see: sa.ColumnElement[bool]) -> None:
        self.titles = {key: _bare(title) for key, title in titles_of(submissions, may_see, self.language).items()}
        people = {one.author_id for one in submissions} - self.people.keys()
        if people:
            named = sa.select(Person.id, Person.name).where(Person.id.in_(people))
            names = {row.id: row.name for row in db.session.execute(named)}
            self.people |= {key: _in(names.get(key), self.language) for key in people}
        devices = {one.device_id for one in submissions} - self.devices.keys()
        if devices:
            labelled = (
                sa.select(Device.id, Device.label, Person.name)
                .join(Person, Person.id == Device.person_id)
                .where(Device.id.in_(devices))
            )
            labels = {row.id: _without_names(row.label, row.name) for row in db.session.execute(labelled)}
            self.devices |= {key: labels.get(key, "") for key in devices}


def _bare(name: str) -> str:
    """Without the invisible marks that keep two scripts apart on a page: in a cell they would only hinder a search."""
    return name.translate({0x2068: None, 0x2069: None})


def _without_names(label: str, name: Any) -> str:
    """The phone alone: its owner has a column of her own, and may be left out of the export."""
    for one in name.values() if isinstance(name, dict) else ():
        if one:
            label = label.replace(one, "")
    return label.strip(" ,،;·–-")


def _in(text: Any, language: str) -> str:
    if not isinstance(text, dict):
        return ""
    return text.get(language) or next((value for value in text.values() if value), "")


def _files_of(ids: Sequence[str]) -> dict[str, dict[str, str]]:
    query = sa.select(Attachment.submission_id, Attachment.name, Attachment.complete_at, Attachment.lost_reason)
    found: dict[str, dict[str, str]] = {}
    for submission_id, name, complete_at, lost in db.session.execute(query.where(Attachment.submission_id.in_(ids))):
        state = "complete" if complete_at else "lost" if lost else "pending"
        found.setdefault(submission_id, {})[name] = state
    return found


def _revision_numbers(ids: Sequence[str]) -> dict[str, int]:
    query = sa.select(Revision.submission_id, sa.func.count().label("revisions")).where(Revision.submission_id.in_(ids))
    return {row.submission_id: row.revisions for row in db.session.execute(query.group_by(Revision.submission_id))}
