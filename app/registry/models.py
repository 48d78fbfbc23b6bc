"""What exists before any form is filled: programmes, organisations, and the long-lived records (entities)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime


class Programme(Model):
    """Partners, an area and dates; each submission and record belongs to one."""

    __tablename__ = "programmes"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)  # "boulemane"
    name: Mapped[dict[str, str]] = mapped_column(Json)  # {"ar": …, "fr": …}
    is_demo: Mapped[bool] = mapped_column(default=False)
    # What consent texts are filled with, by token: {"responsible_org": {"ar": …, "fr": …}, …}; incomplete settings
    # keep instruments that ask names closed (law 09-08).
    consent: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # Phones ask for a PIN before they show anything; off: their own screen lock has to do (docs/encryption.md).
    phone_pin: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Organisation(Model):
    """An association or service taking part in a programme."""

    __tablename__ = "organisations"
    __table_args__ = (sa.UniqueConstraint("programme_id", "code"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    code: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[dict[str, str]] = mapped_column(Json)


class Entity(Model):
    """A long-lived record of an entity list: a cooperative, a group, a person, premises, a project, an action."""

    __tablename__ = "entities"
    __table_args__ = (
        sa.Index("ix_entities_pull", "programme_id", "seq"),
        sa.Index("ix_entities_list", "programme_id", "list", "label"),
        sa.Index("ix_entities_territory", "programme_id", "list", "territory"),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)  # made on the phone or by import
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    list: Mapped[str] = mapped_column(sa.String(64))  # "cooperatives"
    label: Mapped[str] = mapped_column(sa.Text)
    organisation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("organisations.id"))  # who follows it
    territory: Mapped[str | None] = mapped_column(sa.String(16))  # HCP code; a prefix is a containing unit
    data: Mapped[dict[str, str]] = mapped_column(Json)  # {property: value as in the XForm}
    version: Mapped[int] = mapped_column(default=1)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)  # of its last change


class EntityVersion(Model):
    """One change of a record: which properties, by whom, from which submission."""

    __tablename__ = "entity_versions"
    __table_args__ = (sa.UniqueConstraint("entity_id", "version"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entities.id"), index=True)
    version: Mapped[int]
    changes: Mapped[dict[str, str]] = mapped_column(Json)  # {property: new value}; label under ""
    submission_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    revision_id: Mapped[str | None] = mapped_column(sa.String(36))
    actor_id: Mapped[str | None] = mapped_column(sa.String(36))
    conflict: Mapped[bool] = mapped_column(default=False)  # both sides changed the same property: a person looks
    at: Mapped[datetime] = mapped_column(UtcDateTime)
