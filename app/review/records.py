"""One record at the office: its properties, its story, what is tied to it, its scores over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from markupsafe import Markup

from app.core.clock import utcnow
from app.core.db import db
from app.core.languages import MOROCCO
from app.core.permissions import Actor, can, visible
from app.core.web import local_text
from app.registry import queries
from app.registry.applying import LABEL
from app.registry.finding import CLOSED, ids_in
from app.registry.models import Entity, EntityVersion, Organisation
from app.registry.places import full_name
from app.review.lines import trend
from app.review.pages import Item, instrument_titles, list_items, may_read, people_names
from app.review.properties import Properties, list_title, lists
from app.review.radar import radar
from app.review.reading import one_decimal, signed
from app.review.record_lists import unscored_forms
from app.review.rounds import Rounds, held_at, side_by_side
from app.submissions.answers import form_of, record_labels, scores_from
from app.submissions.models import Revision, Submission


@dataclass(frozen=True)
class Said:
    """One value of a property: who said it, when, in which submission."""

    text: str
    who: str
    at: datetime
    kind: str
    submission_id: str = ""  # only where the reader may open it
    instrument: str = ""
    is_rejected: bool = False


@dataclass(frozen=True)
class Property:
    name: str
    label: str
    text: str
    history: list[Said]  # newest first


@dataclass(frozen=True)
class Conflict:
    """One property that two sides changed."""

    version_id: str
    property: str
    label: str
    base: str
    theirs: Said
    ours: Said
    stands: str  # "ours", "theirs" or "" when something else stands by now
    now: Said | None = None  # that something else


@dataclass(frozen=True)
class Change:
    """A line of the history."""

    version_id: str
    text: str
    who: str
    at: datetime
    kind: str
    note: str
    values: list[tuple[str, str]]
    submission_id: str
    instrument: str
    is_rejected: bool
    conflict: bool


@dataclass(frozen=True)
class Score:
    at: datetime
    overall: str
    level: str
    change: str
    submission_id: str
    is_other_version: bool = False  # of the form than the round before


@dataclass(frozen=True)
class Tied:
    """Records of one list that name this one."""

    of: str  # name of the list
    title: str
    lines: Sequence[TiedLine]
    closed: Sequence[TiedLine]


@dataclass(frozen=True)
class TiedLine:
    entity: Entity
    name: str
    facts: list[str]  # its state, its date, and what its forms mark for lists
    is_late: bool


@dataclass
class View:
    entity: Entity
    name: str
    place: str
    organisation: str
    follower: str
    properties: list[Property] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    after_archive: list[Change] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    submissions: list[Item] = field(default_factory=list)
    tied: list[Tied] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    trend: Markup = field(default_factory=Markup)
    radar: Markup = field(default_factory=Markup)
    has_round_before: bool = False
    rounds: Rounds | None = None  # the newest beside the one before
    overall: str = ""
    level: str = ""
    may_edit: bool = False
    merged_into: Entity | None = None


def kind_name(kind: str) -> str:
    return {
        "submission": _("by a form"),
        "office": _("corrected at the office"),
        "import": _("by an import"),
        "settled": _("conflict settled"),
        "merged": _("merged with a duplicate"),
        "unmerged": _("merge undone"),
        "reassigned": _("given to others"),
        "archived": _("archived"),
        "restored": _("taken out of the archive"),
        "erased": _("personal data erased"),
    }.get(kind, kind)


class _Story:
    """The versions of a record, told."""

    def __init__(self, actor: Actor, entity: Entity, versions: Sequence[EntityVersion], language: str) -> None:
        self.versions = versions
        self.properties = Properties(entity.programme_id, entity.list, language)
        self.names = people_names([one.actor_id for one in versions])
        ids = [one.submission_id for one in versions if one.submission_id]
        titles = instrument_titles(entity.programme_id)
        self.forms: dict[str | None, str] = {}
        self.rejected: set[str | None] = set()
        self.readable: set[str] = set()
        columns = (Submission.id, Submission.form_id, Submission.state, Submission.deleted_at)
        for some in queries.in_parts(ids):
            for key, form_id, state, deleted_at in db.session.execute(sa.select(*columns).where(Submission.id.in_(some))):
                self.forms[key] = titles.get(form_id, form_id)
                if state == "rejected" or deleted_at is not None:
                    self.rejected.add(key)
            self.readable |= {one.id for one in _readable(actor, entity.programme_id, some)}
        values = [value for one in versions for value in one.changes.values()]
        self.records = record_labels(
            ids_in([*values, *entity.data.values()]), visible(actor, entity.programme_id, Entity), language
        )

    def show(self, name: str, value: str) -> str:
        return self.properties.show(name, value, self.records)

    def said(self, version: EntityVersion, name: str, value: str) -> Said:
        readable = version.submission_id if version.submission_id in self.readable else ""
        return Said(
            self.show(name, value),
            self.names.get(version.actor_id, ""),
            version.at,
            version.kind,
            readable or "",
            self.forms.get(version.submission_id, ""),
            version.submission_id in self.rejected,
        )

    def of_properties(self, entity: Entity) -> list[Property]:
        history: dict[str, list[Said]] = {}
        standing: dict[str, str] = {}
        for version in self.versions:
            for name, value in version.changes.items():
                if standing.get(name, "") != value:
                    history.setdefault(name, []).insert(0, self.said(version, name, value))
                    standing[name] = value
        names = [name for name in {**entity.data, **history} if name != LABEL and (entity.data.get(name) or history.get(name))]
        return [
            Property(name, self.properties.label(name), self.show(name, entity.data.get(name, "")), history.get(name, []))
            for name in self.properties.sorted(names)
        ]

    def conflicts(self, entity: Entity) -> list[Conflict]:
        found = []
        by_number = {one.version: one for one in self.versions}
        for version in self.versions:
            if version.settled_at is not None:
                continue
            for name, one in (version.conflicts or {}).items():
                if one.get("settled"):
                    continue
                other = by_number.get(one["version"], version)
                now = entity.label if name == LABEL else entity.data.get(name, "")
                last = next((each for each in reversed(self.versions) if name in each.changes), version)
                stands = "ours" if now == one["ours"] else "theirs" if now == one["theirs"] else ""
                found.append(
                    Conflict(
                        version.id,
                        name,
                        self.properties.label(name),
                        self.show(name, one["base"]),
                        self.said(other, name, one["theirs"]),
                        self.said(version, name, one["ours"]),
                        stands,
                        None if stands else self.said(last, name, now),
                    )
                )
        return found

    def change(self, version: EntityVersion, before: Mapping[str, str]) -> Change:
        values = [
            (self.properties.label(name), self.show(name, version.changes[name]) or _("(nothing)"))
            for name in self.properties.sorted(version.changes)
            if version.changes[name] != before.get(name, "")
        ]
        return Change(
            version.id,
            _("Created") if version.version == 1 else kind_name(version.kind),
            self.names.get(version.actor_id, ""),
            version.at,
            version.kind,
            version.note,
            values,
            version.submission_id if version.submission_id and version.submission_id in self.readable else "",
            self.forms.get(version.submission_id, ""),
            version.submission_id in self.rejected,
            version.conflict and version.settled_at is None,
        )

    def changes(self) -> list[tuple[EntityVersion, Change]]:
        """Newest first."""
        before: dict[str, str] = {}
        found = []
        for version in self.versions:
            found.append((version, self.change(version, before)))
            before |= version.changes
        return found[::-1]


def record(actor: Actor, entity: Entity, language: str) -> View:
    versions = queries.versions_of(entity.id)
    story = _Story(actor, entity, versions, language)
    changes = story.changes()
    submissions = about(actor, entity)
    organisation = db.session.get(Organisation, entity.organisation_id) if entity.organisation_id else None
    view = View(
        entity,
        story.properties.name_of(entity),
        full_name(entity.territory, language) if entity.territory else "",
        local_text(organisation.name) if organisation else "",
        people_names([entity.follower_id]).get(entity.follower_id, ""),
    )
    view.properties = story.of_properties(entity)
    view.conflicts = story.conflicts(entity)
    view.after_archive = [
        change for version, change in changes if version.conflict and version.settled_at is None and not version.conflicts
    ]
    view.history = [change for version, change in changes if change.values or version.kind != "submission" or version.conflict]
    view.submissions = list_items(actor, entity.programme_id, submissions)
    view.tied = _tied(actor, entity, language)
    view.merged_into = db.session.get(Entity, entity.merged_into) if entity.merged_into else None
    view.may_edit = can(
        actor,
        "entity.edit",
        programme_id=entity.programme_id,
        organisation_id=entity.organisation_id,
        territory=entity.territory,
    )
    _add_scores(actor, view, language)
    return view


def about(actor: Actor, entity: Entity, limit: int = 20) -> list[Submission]:
    """Submissions about the record, and those that made it or changed it, newest first."""
    changed = sa.select(EntityVersion.submission_id).where(
        EntityVersion.entity_id == entity.id, EntityVersion.submission_id.is_not(None)
    )
    ids = set(db.session.scalars(changed.order_by(EntityVersion.version.desc()).limit(200)))
    found = _readable(actor, entity.programme_id, {*_about_subject(entity), *(one for one in ids if one)})
    return sorted(found, key=lambda one: (one.received_at, one.id), reverse=True)[:limit]


def _about_subject(entity: Entity, limit: int = 300) -> list[str]:
    """Ids of the newest submissions about a record, by the index of subjects alone; who may read them is asked by id."""
    query = sa.select(Submission.id).where(Submission.subject_id == entity.id)
    return list(db.session.scalars(query.order_by(Submission.received_at.desc()).limit(limit)))


def _readable(actor: Actor, programme_id: str, ids: Iterable[str]) -> list[Submission]:
    """By id alone: with the programme in the question SQLite reads all of the programme's submissions from an index."""
    found: list[Submission] = []
    for some in queries.in_parts(ids):
        found += db.session.scalars(sa.select(Submission).where(Submission.id.in_(some), Submission.deleted_at.is_(None)))
    return [one for one in found if one.programme_id == programme_id and may_read(actor, one)]


def _tied(actor: Actor, entity: Entity, language: str) -> list[Tied]:
    found: dict[str, list[Entity]] = {}
    for one in queries.naming(actor, entity):
        found.setdefault(one.list, []).append(one)
    order = ["actions", *lists(entity.programme_id)]
    tied = []
    today = utcnow().astimezone(MOROCCO).date().isoformat()
    for name in sorted(found, key=lambda one: order.index(one) if one in order else len(order)):
        properties = Properties(entity.programme_id, name, language)
        told = list(dict.fromkeys(["status", *properties.listed, "due"]))
        ids = ids_in(one.data.get(fact, "") for one in found[name] for fact in told)
        records = record_labels(ids, visible(actor, entity.programme_id, Entity), language) if ids else {}
        opened: list[TiedLine] = []
        closed: list[TiedLine] = []
        by_name = sorted(found[name], key=lambda record: record.sort_key)
        newest_first = sorted(by_name, key=lambda record: record.data.get("date", ""), reverse=True)
        for one in sorted(newest_first, key=lambda record: record.data.get("due") or "9999"):
            status, due = one.data.get("status", ""), one.data.get("due", "")
            is_closed = status in CLOSED
            line = TiedLine(
                one,
                properties.name_of(one),
                _facts(one, entity, told, properties, records, language),
                bool(due) and not is_closed and due < today,
            )
            (closed if is_closed else opened).append(line)
        tied.append(Tied(name, list_title(name, entity.programme_id), opened, closed))
    return tied


def _facts(
    one: Entity, about: Entity, told: Sequence[str], properties: Properties, records: Mapping[str, str], language: str
) -> list[str]:
    """What a line says of a record, without what it is tied to and its own name again."""
    said = ((name, one.data.get(name, "")) for name in told)
    colon = "\u00a0: " if language == "fr" else ": "
    texts = [
        properties.show(name, value, records)
        if properties.is_telling(name, value)
        else f"{properties.label(name)}{colon}\u2068{properties.show(name, value, records)}\u2069"
        for name, value in said
        if value and value != about.id
    ]
    return [text for text in dict.fromkeys(texts) if text not in (properties.name_of(one), one.label)]


def _add_scores(actor: Actor, view: View, language: str) -> None:
    """Scores over time, and the radar of the newest over the one before."""
    entity = view.entity
    unscored = unscored_forms(entity.programme_id)
    counted = [
        one
        for one in _readable(actor, entity.programme_id, _about_subject(entity))
        if one.form_id not in unscored and one.quarantine is None and one.state != "rejected"
    ]
    several = sorted(counted, key=lambda one: (one.received_at, one.id), reverse=True)[:24]
    current = sa.select(Revision).where(Revision.id.in_([one.current_revision_id for one in several]))
    revisions = {one.id: one for one in db.session.scalars(current)}
    found = [
        (one, scores)
        for one in several
        if (scores := (revisions[one.current_revision_id].check_result or {}).get("scores")) and scores.get("overall") is not None
    ]
    held = {one.id: held_at(one, revisions[one.current_revision_id]) for one, _scores in found}
    # A diagnostic of last month may arrive after today's: rounds follow each other by the day they were held.
    scored: list[tuple[Submission, Any]] = sorted(
        found, key=lambda one: (held[one[0].id], one[0].received_at, one[0].id), reverse=True
    )[:12]
    versions = {key: one.form_sha256 for key, one in revisions.items()}
    for n, (one, scores) in enumerate(scored):
        prior = scored[n + 1] if n + 1 < len(scored) and scored[n + 1][0].form_id == one.form_id else None
        view.scores.append(
            Score(
                held[one.id],
                one_decimal(scores["overall"]),
                str(scores.get("level") or ""),
                signed(scores["overall"] - prior[1]["overall"]) if prior else "",
                one.id,
                prior is not None and versions[one.current_revision_id] != versions[prior[0].current_revision_id],
            )
        )
    if not scored:
        return
    newest, scores = scored[0]
    view.overall, view.level = view.scores[0].overall, view.scores[0].level
    view.trend = trend([(held[one.id], float(result["overall"])) for one, result in reversed(scored)], language)
    labels = _axis_labels(newest, language)
    axes = [
        (
            labels.get(axis.get("axis", "")) or str(local_text(axis.get("label")) or axis.get("axis", "")),
            axis.get("score"),
            _score_words(axis.get("score")),
        )
        for axis in scores.get("axes") or []
    ]
    earlier, before = next(((one, result) for one, result in scored[1:] if one.form_id == newest.form_id), (None, None))
    then = None
    if earlier is not None and before is not None:
        then_said, now_said = (revisions[one.current_revision_id] for one in (earlier, newest))
        view.rounds = side_by_side(actor, (earlier, then_said, before), (newest, now_said, scores), language)
        by_axis = {axis.get("axis"): axis.get("score") for axis in before.get("axes") or []}
        then = [by_axis.get(axis.get("axis")) for axis in scores.get("axes") or []]
    view.has_round_before = then is not None
    view.radar = radar(axes, then, title=_("Scores of the axes"))


def _axis_labels(submission: Submission, language: str) -> dict[str, str]:
    """The form's words for its axes: what is stored with the scores is in one language."""
    revision = db.session.get(Revision, submission.current_revision_id)
    form = form_of(revision.form_sha256) if revision else None
    scores = scores_from(form, {}, language) if form else None
    return {axis["axis"]: axis["label"] for axis in scores.axes} if scores else {}


def _score_words(score: Any) -> str:
    return one_decimal(score) if isinstance(score, int | float) else _("no score")
