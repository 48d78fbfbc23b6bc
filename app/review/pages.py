"""What the office's pages show, gathered for the templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from markupsafe import Markup

from app.accounts.models import Device, Membership, Person
from app.core.db import db
from app.core.languages import chosen_language, date_and_time, number
from app.core.models import Audit
from app.core.permissions import Actor, can, visible
from app.core.web import local_text
from app.instruments.models import Instrument
from app.instruments.words import TOKENS, token_name
from app.registry.models import Entity, Organisation
from app.registry.names import record_name
from app.review.radar import radar
from app.review.reading import Difference, Reader, Reading, differences, one_decimal, signed
from app.submissions.answers import Form, as_moment, flat, form_of, plain, record_labels, scores_from, shown
from app.submissions.models import Attachment, Remark, ReviewEvent, Revision, Submission
from app.submissions.names import titles_of
from app.submissions.places import Names, Place, places_of_records
from app.submissions.queries import (
    TO_REVIEW,
    Filters,
    earlier_submission,
    envelope_of,
    events_of,
    remarks_of,
    revisions_of,
    scores_of,
)

PAGE = 50


def state_name(state: str) -> str:
    return {
        "received": _("Received"),
        "has_issues": _("To correct"),
        "edited": _("Corrected"),
        "approved": _("Approved"),
        "rejected": _("Rejected"),
    }.get(state, state)


def states_name(state: str) -> str:
    """The name of a state over several submissions: French and Arabic say it in the plural."""
    return {
        "received": _("Those received"),
        "has_issues": _("Those to correct"),
        "edited": _("Those corrected"),
        "approved": _("Those approved"),
        "rejected": _("Those rejected"),
    }.get(state, state)


STATE_CHIPS = {"received": "", "has_issues": "warn", "edited": "ok", "approved": "ok", "rejected": "bad"}


def quarantine_reason(code: str) -> str:
    """Why a submission waits for a person, in the office's words (app/submissions/problems.py has the phone's)."""
    return {
        "id_conflict": _("Other answers arrived under the same number."),
        "author_unproven": _("It names another author than the owner of the phone."),
        "key_unproven": _("The PIN was chosen anew without network; its author has not signed in on the phone since."),
        "author_disabled": _("The author's account was deactivated when it arrived."),
        "device_revoked": _("The phone had been revoked when it arrived."),
        "device_lost": _("The phone had been said to be lost when it arrived."),
        "programme_unknown": _("The server does not know the programme."),
        "not_a_member": _("The author has no role in this programme."),
        "form_unknown": _("The server does not know this instrument, or not this version of it."),
        "form_closed": _("The instrument was closed when it arrived."),
        "revision_conflict": _("Two corrections of the same submission arrived."),
        "entity_elsewhere": _("A record in it belongs to another programme or organisation."),
        "encryption_unknown": _("The server cannot open this encrypted submission."),
        "unreadable": _("It was damaged or changed after the phone sealed it."),
        "store_refused": _("The server could not file it as it came."),
    }.get(code, _("Reason: %(code)s", code=code))


def filter_title(filters: Filters) -> str:
    if filters.states == TO_REVIEW:
        return _("To review")
    if filters.quarantined:
        return _("In quarantine")
    return states_name(filters.states[0]) if len(filters.states) == 1 else _("Submissions")


# -- lists


@dataclass(frozen=True)
class Item:
    """A submission as a line of a list."""

    id: str
    title: str
    instrument: str
    place: str
    author: str
    came_at: Any  # a correction has the moment of its own
    state: str
    chip: str
    quarantine: str
    score: str
    capped: bool


def people_names(ids: Sequence[str | None]) -> dict[str | None, str]:
    query = sa.select(Person.id, Person.name).where(Person.id.in_({one for one in ids if one}))
    return {key: local_text(name) for key, name in db.session.execute(query)}


def instrument_titles(programme_id: str) -> dict[str, str]:
    query = sa.select(Instrument.form_id, Instrument.title).where(Instrument.programme_id == programme_id)
    return {key: local_text(title) or key for key, title in db.session.execute(query)}


def submission_names(actor: Actor, programme_id: str, submissions: Sequence[Submission], language: str) -> dict[str, str]:
    """Titles by id, as the reader reads them: by the record that a submission is about, or that it registered."""
    titles = instrument_titles(programme_id)
    named = titles_of(submissions, visible(actor, programme_id, Entity), language)
    return {one.id: named[one.id] or titles.get(one.form_id, one.form_id) for one in submissions}


def list_items(actor: Actor, programme_id: str, submissions: Sequence[Submission]) -> list[Item]:
    authors = people_names([one.author_id for one in submissions])
    titles, scores = instrument_titles(programme_id), scores_of(submissions)
    language = chosen_language()
    places, names = Names(programme_id, language), submission_names(actor, programme_id, submissions, language)
    scores |= _scores_as_sent([one for one in submissions if one.id not in scores], language)
    found = []
    for one in submissions:
        score = scores.get(one.id) or {}
        overall = score.get("overall")
        found.append(
            Item(
                one.id,
                names[one.id],
                titles.get(one.form_id, one.form_id),
                places.of(one.territory),
                authors.get(one.author_id, ""),
                one.updated_at if one.state == "corrected" else one.received_at,
                state_name(one.state),
                STATE_CHIPS.get(one.state, ""),
                quarantine_reason(one.quarantine) if one.quarantine else "",
                one_decimal(overall) if isinstance(overall, int | float) else "",
                bool(score.get("capped")),
            )
        )
    return found


def _scores_as_sent(submissions: Sequence[Submission], language: str) -> dict[str, dict[str, Any]]:
    """The phone's own scores, until the server has recomputed them."""
    query = sa.select(Revision).where(Revision.id.in_([one.current_revision_id for one in submissions]))
    found: dict[str, dict[str, Any]] = {}
    for revision in db.session.scalars(query):
        form, answers = form_of(revision.form_sha256), _answers(_open(revision)[0])
        if form is None or answers is None or form.role("overall") is None:
            continue
        scores = scores_from(form, flat(form, answers), language)
        if scores is not None:
            found[revision.submission_id] = {"overall": scores.overall, "capped": scores.capped}
    return found


@dataclass(frozen=True)
class Choices:
    forms: list[tuple[str, str]]
    organisations: list[tuple[str, str]]
    people: list[tuple[str, str]]
    places: list[Place]


def filter_choices(actor: Actor, programme_id: str) -> Choices:
    organisations = sa.select(Organisation.id, Organisation.name).where(Organisation.programme_id == programme_id)
    people = sa.select(Person.id, Person.name).join(Membership).where(Membership.programme_id == programme_id)
    grant = actor.grants.get(programme_id)
    if grant is not None and grant.organisation_id:
        organisations = organisations.where(Organisation.id == grant.organisation_id)
        people = people.where(Membership.organisation_id == grant.organisation_id)
    if grant is not None and grant.role == "facilitator":
        people = people.where(Person.id == actor.person_id)

    def named(query: Any) -> list[tuple[str, str]]:
        return sorted(((key, local_text(name)) for key, name in db.session.execute(query)), key=lambda one: one[1])

    return Choices(
        sorted(instrument_titles(programme_id).items(), key=lambda one: one[1]),
        named(organisations),
        named(people),
        places_of_records(actor, programme_id, chosen_language()),
    )


# -- one submission


@dataclass
class Past:
    """A line of the history."""

    kind: str
    text: str
    who: str
    at: Any
    comment: str = ""
    differences: Sequence[Difference] = ()
    version: str = ""


@dataclass(frozen=True)
class Said:
    """What the phone says about an answer: why it is unusual, or what had no place in a newer version of the form."""

    path: str
    label: str
    text: str
    version: str = ""


@dataclass
class Record:
    title: str
    instrument: str
    version: str
    author: str
    organisation: str
    place: str
    phone: str
    state: str
    chip: str
    quarantine: str
    reading: Reading | None
    sealed: str  # why the answers can't be shown, in words
    overall: str
    overall_class: str
    level: str
    confidence: str
    change: str
    earlier_at: Any
    earlier_id: str
    radar: Markup
    check: str  # "", "waiting", "ok", "differs", "failed"
    check_lines: list[tuple[str, str, str]]  # question, the phone's value, the server's
    attachments: list[Attachment]
    remarks: list[Remark]
    whole_remarks: list[Remark]
    authors: dict[str | None, str]
    history: list[Past]
    based_on: str
    revision_number: int
    finished_at: str  # by the phone's clock
    computes: bool  # the form has results for the server to compute again
    clock_wrong_minutes: int
    language: str
    subject: Entity | None
    subject_name: str
    unusual: list[Said]
    aside: list[Said]
    consent: list[Said]  # what its consent texts were filled with


def _answers(envelope: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    answers = envelope.get("answers") if envelope else None
    return answers if isinstance(answers, Mapping) else None


def _open(revision: Revision | None) -> tuple[dict[str, Any] | None, str]:
    """The envelope, or why it can't be read."""
    if revision is None:
        return None, _("The answers are not on the server.")
    try:
        return envelope_of(revision), ""
    except Exception as error:  # a page about unreadable bytes still opens: somebody has to decide about them
        return None, str(error) if hasattr(error, "kind") else _("The answers of this submission cannot be read.")


def record(actor: Actor, submission: Submission, language: str, *, with_blanks: bool = False) -> Record:
    may_see = visible(actor, submission.programme_id, Entity)
    revisions = revisions_of(submission.id)
    by_id = {revision.id: revision for revision in revisions}
    current = by_id.get(submission.current_revision_id)
    envelope, sealed = _open(current)
    form = form_of(current.form_sha256) if current else None
    if form is None and not sealed:
        sealed = _("The instrument of these answers is not on the server, so they can't be shown with their questions.")
    events, remarks = events_of(submission.id), remarks_of(submission.id)
    attachments = list(
        db.session.scalars(
            sa.select(Attachment).where(Attachment.submission_id == submission.id).order_by(Attachment.question, Attachment.name)
        )
    )
    previous = by_id.get(current.parent_id) if current and current.parent_id else None
    old_answers = _answers(_open(previous)[0]) if previous else None
    earlier = earlier_submission(actor, submission)
    earlier_revision = db.session.get(Revision, earlier.current_revision_id) if earlier else None
    round_before = _answers(_open(earlier_revision)[0]) if earlier_revision else None

    reading = None
    answers = _answers(envelope)
    if form is not None and answers is not None:
        reading = Reader(
            form,
            answers,
            language,
            may_see,
            previous=old_answers,
            earlier=round_before,
            remarks=remarks,
            attachments=attachments,
            with_blanks=with_blanks,
        ).read()

    titles = instrument_titles(submission.programme_id)
    authors = people_names(
        [submission.author_id, *(e.actor_id for e in events), *(r.author_id for r in remarks), *(r.author_id for r in revisions)]
    )
    organisation = db.session.get(Organisation, submission.organisation_id) if submission.organisation_id else None
    device = db.session.get(Device, submission.device_id)
    subject = _subject(actor, submission)
    scores = reading.scores if reading else None
    before = reading.earlier if reading else None
    last = events[-1] if events else None
    offset = current.clock_offset_ms if current and current.clock_offset_ms else 0
    return Record(
        title=submission_names(actor, submission.programme_id, [submission], language)[submission.id],
        instrument=titles.get(submission.form_id, submission.form_id),
        version=current.form_version if current else "",
        author=authors.get(submission.author_id, ""),
        organisation=local_text(organisation.name) if organisation else "",
        place=Names(submission.programme_id, language).of(submission.territory),
        phone=device.label if device else "",
        state=state_name(submission.state),
        chip=STATE_CHIPS.get(submission.state, ""),
        quarantine=quarantine_reason(submission.quarantine) if submission.quarantine else "",
        reading=reading,
        sealed=sealed,
        overall=one_decimal(scores.overall) if scores and scores.overall is not None else "",
        overall_class=f"s{min(max(scores.level - 1, 0), 4)}" if scores and scores.level is not None else "",
        level=_level(scores),
        confidence=_whole(scores.confidence) if scores and scores.confidence is not None else "",
        change=signed(scores.overall - before.overall)
        if scores and before and scores.overall is not None and before.overall is not None
        else "",
        earlier_at=earlier.received_at if earlier and before else None,
        earlier_id=earlier.id if earlier else "",
        radar=_radar(reading),
        check=current.check_state if current else "",
        check_lines=_check_lines(form, current, language),
        attachments=attachments,
        remarks=remarks,
        whole_remarks=[remark for remark in remarks if not remark.question],
        authors=authors,
        history=_history(submission, revisions, events, authors, may_see, language),
        based_on=last.id if last else "",
        revision_number=next((n for n, revision in enumerate(revisions, 1) if revision is current), 0),
        finished_at=said_moment(str(envelope.get("t_client", "")), language) if envelope else "",
        computes=form is not None and any(_is_result(node) for node in form.nodes),
        clock_wrong_minutes=abs(offset) // 60_000 if abs(offset) >= 300_000 else 0,
        language=str(envelope.get("language", "")) if envelope else "",
        subject=subject,
        subject_name=record_name(subject, language) if subject else "",
        unusual=_unusual(form, envelope, language),
        aside=_aside(envelope, may_see, language),
        consent=consent_said(envelope, language),
    )


def _words(text: object, language: str) -> str:
    """The reader's language of a Text that a phone sent, or another rather than nothing."""
    if not isinstance(text, Mapping):
        return ""
    found = text.get(language) or next((one for one in text.values() if one), "")
    return plain(str(found))


def _listed(envelope: Mapping[str, Any] | None, name: str) -> list[Mapping[str, Any]]:
    found = envelope.get(name) if envelope else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _unusual(form: Form | None, envelope: Mapping[str, Any] | None, language: str) -> list[Said]:
    found = []
    for one in _listed(envelope, "warnings"):
        path = str(one.get("question", ""))
        node = form.by_path(path) if form else None
        rows = " · ".join(re.findall(r"\[(\d+)\]", path))
        label = (form.label(node, language) if form and node is not None else "") or path
        found.append(Said(path, f"{rows} · {label}" if rows else label, _words(one.get("message"), language)))
    return found


def _aside(envelope: Mapping[str, Any] | None, may_see: sa.ColumnElement[bool], language: str) -> list[Said]:
    found = []
    for one in _listed(envelope, "aside"):
        path, row, value = str(one.get("question", "")), str(one.get("row") or ""), str(one.get("value", ""))
        form = form_of(str(one.get("form_sha256", "")))
        node = form.by_path(path) if form else None
        if form is not None and node is not None:
            label, text = (
                form.label(node, language) or path,
                shown(form, node, value, language, record_labels({value}, may_see, language)),
            )
        else:  # the version is not here: the phone's own words
            label, text = _words(one.get("label"), language) or path, _words(one.get("said"), language) or value
        found.append(Said(path, f"{row} · {label}" if row else label, text, str(one.get("form_version", ""))))
    return found


def consent_said(envelope: Mapping[str, Any] | None, language: str) -> list[Said]:
    """What the consent texts said that were read when the form was finished; its version says the rest."""
    found = envelope.get("consent") if envelope else None
    if not isinstance(found, Mapping):
        return []
    said = [Said(token, token_name(token), _words(found[token], language)) for token in TOKENS if token in found]
    return [one for one in said if one.text]


def _whole(value: float) -> str:
    """A half goes up, as on the phone."""
    return number(Decimal(str(value)).quantize(Decimal(1), ROUND_HALF_UP))


def said_moment(text: str, language: str) -> str:
    """A moment as a phone said it, in words; what is none stays as it came."""
    moment = as_moment(text)
    return date_and_time(moment, language) if moment else text[:16].replace("T", " ")


def _is_result(node: Mapping[str, Any]) -> bool:
    """What a person reads as computed; steps on the way and the submission's own title are not."""
    return node.get("type") == "calculate" and bool(node.get("label") or node.get("attributes", {}).get("role"))


def _level(scores: Any) -> str:
    if scores is None or scores.level is None:
        return ""
    if scores.level_name:
        return _("Level %(level)s: %(name)s", level=scores.level, name=scores.level_name)
    return _("Level %(level)s", level=scores.level)


def may_read(actor: Actor, submission: Submission) -> bool:
    return can(actor, "submission.read", **submission.scope)


def _subject(actor: Actor, submission: Submission) -> Entity | None:
    if not submission.subject_id:
        return None
    query = sa.select(Entity).where(Entity.id == submission.subject_id, visible(actor, submission.programme_id, Entity))
    return db.session.scalar(query)


def _radar(reading: Reading | None) -> Markup:
    if reading is None or reading.scores is None:
        return Markup("")
    then = {axis["axis"]: axis["score"] for axis in reading.earlier.axes} if reading.earlier else {}
    axes = [
        (axis["label"], axis["score"], one_decimal(axis["score"]) if axis["score"] is not None else _("no score"))
        for axis in reading.scores.axes
    ]
    if all(score is None for _label, score, _words in axes):
        return Markup("")
    return radar(axes, [then.get(axis["axis"]) for axis in reading.scores.axes] if then else None, title=_("Scores of the axes"))


def _check_lines(form: Any, revision: Revision | None, language: str) -> list[tuple[str, str, str]]:
    result = (revision.check_result or {}) if revision else {}
    lines = []
    for one in result.get("differences", []):
        path = str(one.get("path", ""))
        node = form.by_path(path) if form else None
        label = (form.label(node, language) if node is not None else "") or path
        sent, computed = ("" if one.get(side) is None else str(one[side]) for side in ("sent", "computed"))
        lines.append((label, sent, computed))
    return lines


def _history(
    submission: Submission,
    revisions: Sequence[Revision],
    events: Sequence[ReviewEvent],
    authors: Mapping[str | None, str],
    may_see: sa.ColumnElement[bool],
    language: str,
) -> list[Past]:
    """Newest first: revisions as they came, decisions, and decisions that came too late."""
    names = {
        "received": _("Received"),
        "revised": _("Correction received"),
        "edited": _("Corrected at the office"),
        "approved": _("Approved"),
        "returned": _("Returned for correction"),
        "rejected": _("Rejected"),
        "admitted": _("Taken out of quarantine"),
    }
    by_id = {revision.id: revision for revision in revisions}
    told: set[str] = set()
    found = []
    for event in events:
        revision = by_id.get(event.revision_id)
        arrival = event.action in ("received", "revised", "edited")
        if arrival:
            told.add(event.revision_id)
        who = event.actor_id or (revision.author_id if revision else None)
        past = Past(event.action, names.get(event.action, event.action), authors.get(who, ""), event.at, event.comment)
        if arrival and revision is not None:
            past.version, past.differences = revision.form_version, _changes(revision, by_id, may_see, language)
        found.append(past)
    for n, revision in enumerate(revisions):
        if revision.id not in told:
            kind = "revised" if n else "received"
            past = Past(kind, names[kind], authors.get(revision.author_id, ""), revision.received_at)
            past.version, past.differences = revision.form_version, _changes(revision, by_id, may_see, language)
            found.append(past)
    refused = sa.select(Audit).where(Audit.object_id == submission.id, Audit.action == "submission.decision_refused")
    tried = {"approve": _("approve"), "return": _("return"), "reject": _("reject")}
    for entry in db.session.scalars(refused):
        who = people_names([entry.actor_id]).get(entry.actor_id, "")
        text = _("Came too late and was not applied: %(decision)s", decision=tried.get(str(entry.details.get("decision")), ""))
        found.append(Past("refused", text, who, entry.at))
    return sorted(found, key=lambda past: past.at, reverse=True)


def _changes(
    revision: Revision, by_id: Mapping[str, Revision], may_see: sa.ColumnElement[bool], language: str
) -> Sequence[Difference]:
    parent = by_id.get(revision.parent_id or "")
    form = form_of(revision.form_sha256)
    if parent is None or form is None:
        return ()
    old, new = _answers(_open(parent)[0]), _answers(_open(revision)[0])
    return differences(form, old, new, language, may_see) if old is not None and new is not None else ()
