"""What is held about one person, as a file for her: a table, the same as JSON, and her pictures and signatures."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from app.core import audit
from app.core.cells import neutral
from app.core.db import db, iso
from app.core.permissions import Actor
from app.personal.finding import Found
from app.personal.hers import leaves
from app.personal.words import kind_words, name_words
from app.registry.finding import ids_in
from app.registry.models import Entity, EntityVersion
from app.review.pages import consent_said
from app.review.properties import Properties
from app.submissions.answers import form_of, record_labels, shown
from app.submissions.attachments import path_of
from app.submissions.models import Attachment, Revision, Submission
from app.submissions.queries import opened

Line = tuple[str, str, str, str, str]  # (where, title, question or property, value, when)


def write(actor: Actor | None, programme_id: str, chosen: Sequence[Found], language: str, *, now: datetime) -> bytes:
    """A ZIP. The chain says that it was made, and how much it holds. The caller commits."""
    lines: list[Line] = []
    for one in chosen:
        lines += _lines(programme_id, one, language)
    for submission_id in dict.fromkeys(one.object_id for one in chosen if one.kind in ("row", "answer", "file")):
        lines += _consent(submission_id, language)
    stream = io.BytesIO()
    files = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        table = io.StringIO(newline="")
        writer = csv.writer(table, delimiter=";", lineterminator="\r\n")
        writer.writerow([_("Where"), _("Record or submission"), _("Question or property"), _("What is held"), _("Since")])
        writer.writerows([neutral(cell) for cell in line] for line in lines)
        archive.writestr("data.csv", table.getvalue().encode("utf-8-sig"))
        names = ("where", "title", "name", "value", "at")
        archive.writestr(
            "data.json", json.dumps([dict(zip(names, line, strict=True)) for line in lines], ensure_ascii=False, indent=1)
        )
        for one in chosen:
            files += _add_files(archive, one)
    audit.record(
        "person.exported",
        at=now,
        actor_id=actor.person_id if actor else None,
        programme_id=programme_id,
        object_id=programme_id,
        details={"places": len(chosen), "files": files},
    )
    return stream.getvalue()


def _lines(programme_id: str, one: Found, language: str) -> list[Line]:
    where = kind_words(one.kind)
    if one.kind == "record":
        return _of_record(programme_id, one, where, language)
    if one.kind == "row":
        return _of_row(one, where, language)
    return [(where, one.title, name_words(programme_id, one, language), value, iso(one.at)) for value in one.values]


def _consent(submission_id: str, language: str) -> list[Line]:
    """The text that was read to her, in the newest revision that says it."""
    query = sa.select(Revision, Submission.title).join(Submission, Submission.id == Revision.submission_id)
    query = query.where(Submission.id == submission_id, Revision.encryption == "none").order_by(Revision.seq.desc())
    for revision, title in db.session.execute(query):
        if said := consent_said(opened(revision.encryption, revision.body), language):
            where = _("Consent text that was read")
            return [(where, title, one.label, one.text, iso(revision.received_at)) for one in said]
    return []


def _of_record(programme_id: str, one: Found, where: str, language: str) -> list[Line]:
    """Every property with its history."""
    entity = db.session.get_one(Entity, one.object_id)
    properties = Properties(programme_id, entity.list, language)
    lines: list[Line] = []
    versions = db.session.scalars(
        sa.select(EntityVersion).where(EntityVersion.entity_id == entity.id).order_by(EntityVersion.version)
    ).all()
    told: dict[str, str] = {}
    records = record_labels(ids_in(entity.data.values()), Entity.programme_id == programme_id, language)
    for version in versions:
        for name in properties.sorted(version.changes):
            value = version.changes[name]
            if value and told.get(name) != value:
                told[name] = value
                lines.append((where, one.title, properties.label(name), properties.show(name, value, records), iso(version.at)))
    if not versions:
        for name, value in {"": entity.label, **entity.data}.items():
            if value:
                lines.append((where, one.title, properties.label(name), properties.show(name, value, records), iso(one.at)))
    return lines


def _of_row(one: Found, where: str, language: str) -> list[Line]:
    """The whole row: also her age group and her presence are about her."""
    lines: list[Line] = []
    seen = set()
    query = (
        sa.select(Revision).where(Revision.submission_id == one.object_id, Revision.encryption == "none").order_by(Revision.seq)
    )
    for revision in db.session.scalars(query):
        form = form_of(revision.form_sha256)
        for leaf in leaves(opened(revision.encryption, revision.body).get("answers", {})):
            if not leaf.path.startswith(f"{one.name}/") or not leaf.value or (leaf.path, leaf.value) in seen:
                continue
            seen.add((leaf.path, leaf.value))
            node = form.by_path(leaf.plain) if form else None
            label = form.label(node, language) if form and node else ""
            value = shown(form, node, leaf.value, language, {}) if form and node else leaf.value
            if node is None or node["kind"] != "value" or label:
                lines.append((where, one.title, label or leaf.path, value, iso(revision.received_at)))
    return lines


def _add_files(archive: zipfile.ZipFile, one: Found) -> int:
    count = 0
    for slot in db.session.scalars(sa.select(Attachment).where(Attachment.submission_id == one.object_id)):
        inside = slot.sealed.get("sha256") if slot.sealed else None
        if not {slot.sha256, slot.opened_sha256, inside} & set(one.files):
            continue
        path = path_of(slot.kept_as)
        if path.exists():
            name = f"files/{one.object_id}-{slot.name.replace('/', '-')}"
            if name not in archive.namelist():
                archive.write(path, name)
                count += 1
    return count
