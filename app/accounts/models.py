"""People, what they may do where, their sessions, and the phones that may deliver."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Json, Model, UtcDateTime
from app.registry.models import Organisation, Programme

ROLES = ("facilitator", "coordinator", "supervisor", "administrator")


class Person(Model):
    """Somebody with an account. (A beneficiary is an entity of the list `persons`, never this.)"""

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(64), unique=True)  # lower case
    name: Mapped[dict[str, str]] = mapped_column(Json)  # {"ar": …, "fr": …}
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    language: Mapped[str] = mapped_column(sa.String(2), default="ar")
    email: Mapped[str] = mapped_column(sa.String(254), default="")  # forms may ask for it, as their metadata `email`
    phone: Mapped[str] = mapped_column(sa.String(32), default="")  # likewise `phonenumber`
    is_administrator: Mapped[bool] = mapped_column(default=False)  # of the installation
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)  # refused where DAFTAR_DEMO is off
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    memberships: Mapped[list[Membership]] = relationship(back_populates="person", lazy="selectin")


class Membership(Model):
    """The role of a person in a programme, within an organisation and a territory."""

    __tablename__ = "memberships"
    __table_args__ = (sa.UniqueConstraint("person_id", "programme_id"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id"))
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(16))  # one of ROLES but administrator
    organisation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("organisations.id"))  # none: all of them
    territories: Mapped[list[str]] = mapped_column(Json, default=list)  # HCP code prefixes; none: everywhere
    scope_version: Mapped[int] = mapped_column(default=1)  # +1 when what it lets one see changes: phones resync
    person: Mapped[Person] = relationship(back_populates="memberships")
    programme: Mapped[Programme] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class Device(Model):
    """A phone that was enrolled by one person. Its credential can only append and ask for receipts."""

    __tablename__ = "devices"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id"), index=True)
    label: Mapped[str] = mapped_column(sa.String(120), default="")
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)  # SHA-256 of the bearer credential
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # said at the office; it reads nothing, and may still deliver
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # what it last said: unsent, storage, skew, app


class SignInSession(Model):
    """A signed-in browser. The cookie holds the token; ending the row ends the session."""

    __tablename__ = "sign_in_sessions"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id"), index=True)
    device_id: Mapped[str | None] = mapped_column(sa.ForeignKey("devices.id"))
    user_agent: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship(lazy="joined")


class SignInFailures(Model):
    """Wrong passwords of one account from one device: the pair waits, nobody else does (AS-14)."""

    __tablename__ = "sign_in_failures"
    account: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # username as typed, lower case
    device: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # a cookie of the browser
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Enrolment(Model):
    """A link that makes a phone ready for one person, once, within a day. The office shows it as a QR code."""

    __tablename__ = "enrolments"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_by: Mapped[str | None] = mapped_column(sa.String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # at the office, before a phone used it
    claim_hash: Mapped[str | None] = mapped_column(sa.String(64))  # of the phone that used it: it may ask again
    device_id: Mapped[str | None] = mapped_column(sa.ForeignKey("devices.id"))


class Incident(Model):
    """Something that may mean lost work on a phone, until a person has looked into it and says so (I-5)."""

    __tablename__ = "incidents"
    __table_args__ = (sa.UniqueConstraint("device_id", "kind", "key"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    device_id: Mapped[str] = mapped_column(sa.ForeignKey("devices.id"))
    kind: Mapped[str] = mapped_column(sa.String(32))  # one of incidents.KINDS
    key: Mapped[str] = mapped_column(sa.String(64))  # what tells one from another of its kind: a repeated report opens no second
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    details: Mapped[dict[str, Any]] = mapped_column(Json)  # {"unsent": 3, "ids": [revision, …], "drafts": 1, "since": moment}
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    closed_by: Mapped[str | None] = mapped_column(sa.String(36))
    note: Mapped[str] = mapped_column(sa.Text, default="")
