"""Received answers: submissions, their revisions, attachments, remarks and the events of their review."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime

STATES = ("received", "has_issues", "edited", "approved", "rejected")  # as ODK Central names them
ERASED = "erased"  # lost_reason of a file that was taken away on purpose: nobody asks for it again
CHECKS = ("waiting", "ok", "differs", "failed")


class Submission(Model):
    """One filled instrument. What it says is in its revisions; this row is for lists and for who may see it."""

    __tablename__ = "submissions"
    __table_args__ = (
        sa.Index("ix_submissions_list", "programme_id", "received_at", "id"),
        sa.Index("ix_submissions_state", "programme_id", "state", "received_at", "id"),
        sa.Index("ix_submissions_form", "programme_id", "form_id", "received_at", "id"),
        sa.Index("ix_submissions_organisation", "programme_id", "organisation_id", "received_at", "id"),
        # What waits for an organisation is counted on every page of the office.
        sa.Index(
            "ix_submissions_decided",
            "programme_id",
            "organisation_id",
            "state",
            sqlite_where=sa.text("deleted_at IS NULL AND quarantine IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND quarantine IS NULL"),
        ),
        sa.Index("ix_submissions_author", "author_id", "seq"),
        sa.Index("ix_submissions_subject", "subject_id", "received_at"),
        sa.Index("ix_submissions_seq", "programme_id", "seq"),
        sa.Index(
            "ix_submissions_quarantine",
            "programme_id",
            "received_at",
            sqlite_where=sa.text("quarantine IS NOT NULL"),
            postgresql_where=sa.text("quarantine IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)  # made on the phone: a resend is recognised
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    form_id: Mapped[str] = mapped_column(sa.String(64))
    organisation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("organisations.id"))
    territory: Mapped[str | None] = mapped_column(sa.String(16))  # HCP code
    author_id: Mapped[str] = mapped_column(sa.String(36))
    device_id: Mapped[str] = mapped_column(sa.String(36))
    title: Mapped[str] = mapped_column(sa.Text, default="")  # instance_name: "تعاونية الأمل"
    subject_id: Mapped[str | None] = mapped_column(sa.String(36))  # the entity it is about
    state: Mapped[str] = mapped_column(sa.String(16), default="received")
    quarantine: Mapped[str | None] = mapped_column(sa.String(64))  # reason: a person must look before it counts
    current_revision_id: Mapped[str] = mapped_column(sa.String(36))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)  # of the first revision, server clock
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # tombstone
    seq: Mapped[int] = mapped_column(sa.BigInteger)  # of the last change: pull's cursor

    @property
    def scope(self) -> dict[str, Any]:
        """Whose it is and where, as permissions ask: `can(actor, "submission.review", **submission.scope)`."""
        names = ("programme_id", "organisation_id", "territory", "author_id")
        return {name: getattr(self, name) for name in names}


class Revision(Model):
    """The bytes a phone (or an editor) sent, never changed afterwards."""

    __tablename__ = "revisions"
    __table_args__ = (
        sa.Index("ix_revisions_submission", "submission_id", "seq"),
        sa.Index("ix_revisions_check", "check_state", "seq"),
        sa.Index("ix_revisions_device", "device_id", "received_at"),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    submission_id: Mapped[str] = mapped_column(sa.ForeignKey("submissions.id"))
    parent_id: Mapped[str | None] = mapped_column(sa.String(36))  # the revision it corrects; may arrive later
    form_version: Mapped[str] = mapped_column(sa.String(64))
    form_sha256: Mapped[str] = mapped_column(sa.String(64))
    encryption: Mapped[str] = mapped_column(sa.String(16), default="none")
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)  # the envelope as received, gzip-compressed
    sha256: Mapped[str] = mapped_column(sa.String(64))  # of the envelope's bytes
    author_id: Mapped[str] = mapped_column(sa.String(36))
    device_id: Mapped[str | None] = mapped_column(sa.String(36))  # none: an edit made in the office
    t_client: Mapped[str] = mapped_column(sa.String(40), default="")  # testimony, never order
    clock_offset_ms: Mapped[int | None] = mapped_column(sa.BigInteger)  # server minus phone, as last measured
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_state: Mapped[str] = mapped_column(sa.String(8), default="waiting")  # one of CHECKS
    check_result: Mapped[dict[str, Any] | None] = mapped_column(Json)  # {"differences": […], "scores": {…}}
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    # The phone's key that sealed what arrived: then sha256 is of the sealed text, and body holds it opened.
    key_id: Mapped[str | None] = mapped_column(sa.String(36))
    # Personal answers were taken out of body since: sha256 stays that of what arrived (docs/personal-data.md).
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Rescore(Model):
    """Scores of a revision by another version of its form. What it scored on its day stays in `Revision.check_result`."""

    __tablename__ = "rescores"
    __table_args__ = (sa.UniqueConstraint("revision_id", "form_sha256"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    revision_id: Mapped[str] = mapped_column(sa.ForeignKey("revisions.id"))
    form_sha256: Mapped[str] = mapped_column(sa.String(64))  # of the version whose grid it is
    scores: Mapped[dict[str, Any]] = mapped_column(Json)  # as the engine gives them: axes, overall, level…
    actor_id: Mapped[str] = mapped_column(sa.String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Attachment(Model):
    """A file that a submission's manifest names; complete once its bytes match the hash."""

    __tablename__ = "attachments"
    __table_args__ = (sa.UniqueConstraint("submission_id", "sha256"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    submission_id: Mapped[str] = mapped_column(sa.ForeignKey("submissions.id"))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))  # value of the question
    question: Mapped[str] = mapped_column(sa.String(400))  # "part[2]/p_sign"
    size: Mapped[int] = mapped_column(sa.BigInteger)
    type: Mapped[str] = mapped_column(sa.String(80))
    complete_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Taken when it completed, or was said to be lost: a backup below it may hold the submission and not its photo.
    seq: Mapped[int | None] = mapped_column(sa.BigInteger)
    lost_reason: Mapped[str | None] = mapped_column(sa.String(64))  # the phone says its bytes are gone (I-12); ERASED
    # {"file", "sha256", "size"} of what is inside; the other sha256 and size are of the sealed bytes.
    sealed: Mapped[dict[str, Any] | None] = mapped_column(Json)
    opened_sha256: Mapped[str | None] = mapped_column(sa.String(64))  # it is kept opened, under this hash

    @property
    def kept_as(self) -> str:
        """The hash of the file as it is kept here."""
        return self.opened_sha256 or self.sha256


class ReviewEvent(Model):
    """A decision or a correction, naming the event it was based on (I-17)."""

    __tablename__ = "review_events"
    __table_args__ = (sa.UniqueConstraint("submission_id", "number"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    submission_id: Mapped[str] = mapped_column(sa.ForeignKey("submissions.id"))
    number: Mapped[int]  # 1, 2, 3…: two reviewers cannot both write the next
    revision_id: Mapped[str] = mapped_column(sa.String(36))  # what the decision looked at
    action: Mapped[str] = mapped_column(sa.String(16))  # received, revised, approved, returned, rejected, admitted, deleted
    actor_id: Mapped[str | None] = mapped_column(sa.String(36))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Remark(Model):
    """What a reviewer says about one question; the correction closes it."""

    __tablename__ = "remarks"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    submission_id: Mapped[str] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    revision_id: Mapped[str] = mapped_column(sa.String(36))
    question: Mapped[str] = mapped_column(sa.String(400))  # "grp_fig/k_ca"; "" is the whole submission
    text: Mapped[str] = mapped_column(sa.Text)
    author_id: Mapped[str] = mapped_column(sa.String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(sa.String(36))  # the revision that answered it


class Quarantined(Model):
    """Bytes that arrived under an id already taken by other bytes, or that no submission could hold: kept for a person."""

    __tablename__ = "quarantined"
    __table_args__ = (
        sa.Index(
            "ix_quarantined_waiting",
            "received_at",
            "seq",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    submission_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    revision_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    programme_id: Mapped[str | None] = mapped_column(sa.String(36))  # as its bytes name it, known here or not
    reason: Mapped[str] = mapped_column(sa.String(64))  # "id_conflict", "author_unproven"…
    device_id: Mapped[str] = mapped_column(sa.String(36))
    encryption: Mapped[str] = mapped_column(sa.String(16), default="none")
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    # Opened with a key that nobody has proven to be hers yet: its id and fingerprint, for the day when she does.
    sealed_by: Mapped[str | None] = mapped_column(sa.String(101))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    decided_by: Mapped[str | None] = mapped_column(sa.String(36))
    decision: Mapped[str | None] = mapped_column(sa.String(16))  # "accepted", "rejected"
    note: Mapped[str] = mapped_column(sa.Text, default="")
    # What it became when it was accepted; other ids than its own where those were taken.
    became_submission_id: Mapped[str | None] = mapped_column(sa.String(36))
    became_revision_id: Mapped[str | None] = mapped_column(sa.String(36))
