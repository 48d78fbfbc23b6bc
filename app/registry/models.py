"""What exists before any form is filled: programmes, organisations, and the long-lived records (entities)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime
from app.registry.finding import MOST_SORTED, MOST_SOUNDS, MOST_WORDS, derived


class Programme(Model):
    """Partners, an area and dates; each submission and record belongs to one."""

    __tablename__ = "programmes"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)  # "boulemane"
    name: Mapped[dict[str, str]] = mapped_column(Json)  # {"ar": …, "fr": …}
    partners: Mapped[dict[str, str]] = mapped_column(Json, default=dict)  # who pays and takes part, as an enumeration
    territories: Mapped[list[str]] = mapped_column(Json, default=list)  # HCP code prefixes; none: anywhere in the country
    starts_on: Mapped[date | None] = mapped_column(sa.Date)
    ends_on: Mapped[date | None] = mapped_column(sa.Date)
    # As a pack writes them (docs/programmes.md); app/programmes/plan.py reads them. Amounts are decimal texts, in MAD.
    phases: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    budget: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    financing: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)  # partners with their contributions
    # What its pack said when it was last loaded, part by part (app/packs/by_hand.py): what differs since, people changed.
    from_pack: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
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
    territories: Mapped[list[str]] = mapped_column(Json, default=list)  # where it works; several may work in one place
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # takes part no more: offered to nobody new


class Entity(Model):
    """A long-lived record of an entity list: a cooperative, a group, a person, premises, a project, an action."""

    __tablename__ = "entities"
    __table_args__ = (
        sa.Index("ix_entities_pull", "programme_id", "seq"),
        # All that a list is searched and filtered by: a search reads the index and never the records it does not show.
        sa.Index(
            "ix_entities_found",
            "programme_id",
            "list",
            "sort_key",
            "id",
            "words",
            "sounds",
            "organisation_id",
            "territory",
            "archived_at",
            "to_settle",
            "follower_id",
        ),
        sa.Index("ix_entities_territory", "programme_id", "list", "territory"),
        sa.Index("ix_entities_place", "programme_id", "list", "lat", "lon"),
        sa.Index(
            "ix_entities_waits",
            "programme_id",
            "list",
            "waits_until",
            sqlite_where=sa.text("waits_until IS NOT NULL"),
            postgresql_where=sa.text("waits_until IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)  # made on the phone or by import
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    list: Mapped[str] = mapped_column(sa.String(64))  # "cooperatives"
    label: Mapped[str] = mapped_column(sa.Text)
    organisation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("organisations.id"))  # who follows it
    follower_id: Mapped[str | None] = mapped_column(sa.String(36))  # the person of theirs who does
    territory: Mapped[str | None] = mapped_column(sa.String(16))  # HCP code; a prefix is a containing unit
    data: Mapped[dict[str, str]] = mapped_column(Json)  # {property: value as in the XForm}
    version: Mapped[int] = mapped_column(default=1)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[str | None] = mapped_column(sa.String(36))  # it was a duplicate: what names it means that one
    to_settle: Mapped[bool] = mapped_column(default=False)  # a person has to look: see the versions in conflict
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it says no more who somebody is, and takes no name again
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)  # of its last change
    # These follow from label and data (app/registry/finding.py), whoever writes.
    sort_key: Mapped[str] = mapped_column(sa.String(MOST_SORTED), default="")
    words: Mapped[str] = mapped_column(sa.String(MOST_WORDS + 2), default="")
    sounds: Mapped[str] = mapped_column(sa.String(MOST_SOUNDS + 2), default="")
    lat: Mapped[float | None] = mapped_column(sa.Float)
    lon: Mapped[float | None] = mapped_column(sa.Float)
    waits_until: Mapped[str | None] = mapped_column(sa.String(10))  # "2026-12-01": an action or a commitment that is not done


@event.listens_for(Entity, "before_insert")
@event.listens_for(Entity, "before_update")
def _derive(_mapper: Any, _connection: Any, entity: Entity) -> None:
    found = derived(entity.label, entity.data)
    entity.sort_key, entity.words, entity.sounds = found.sort_key, found.words, found.sounds
    entity.lat, entity.lon, entity.waits_until = found.lat, found.lon, found.waits_until


class EntityVersion(Model):
    """One change of a record: which properties, by whom, from which submission."""

    __tablename__ = "entity_versions"
    __table_args__ = (sa.UniqueConstraint("entity_id", "version"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entities.id"), index=True)
    version: Mapped[int]
    changes: Mapped[dict[str, str]] = mapped_column(Json)  # {property: new value}; label under ""
    kind: Mapped[str] = mapped_column(sa.String(16), default="submission")  # one of KINDS
    submission_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    revision_id: Mapped[str | None] = mapped_column(sa.String(36))
    actor_id: Mapped[str | None] = mapped_column(sa.String(36))
    note: Mapped[str] = mapped_column(sa.Text, default="")  # why, in the words of the person at the office
    # What the phone had before it, as ODK Entities counts: on its own branch, versions go on from the trunk's.
    base_version: Mapped[int | None]
    trunk_version: Mapped[int | None]
    branch_id: Mapped[str | None] = mapped_column(sa.String(36))
    conflict: Mapped[bool] = mapped_column(default=False)  # both sides changed the same property: a person looks
    # {property: {"base", "theirs", "ours", "version"}}: what it was, what another had said, what this one says, in which
    # version the other had said it
    conflicts: Mapped[dict[str, dict[str, Any]] | None] = mapped_column(Json)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(sa.String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


KINDS = ("submission", "office", "import", "settled", "merged", "unmerged", "reassigned", "archived", "restored", "erased")


class EntityWaiting(Model):
    """What a submission says of a record that is not here yet, or of a version of it that is still on its way."""

    __tablename__ = "entity_waiting"
    __table_args__ = (sa.Index("ix_entity_waiting_list", "programme_id", "list", "seq"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    list: Mapped[str] = mapped_column(sa.String(64))
    change: Mapped[dict[str, Any]] = mapped_column(Json)  # as in the envelope (docs/sync.md)
    organisation_id: Mapped[str | None] = mapped_column(sa.String(36))  # of the submission
    territory: Mapped[str | None] = mapped_column(sa.String(16))
    submission_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    revision_id: Mapped[str] = mapped_column(sa.String(36))
    actor_id: Mapped[str] = mapped_column(sa.String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class EntityLink(Model):
    """A property of a record that names another record: an action its cooperative, a person her group."""

    __tablename__ = "entity_links"
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entities.id"), primary_key=True)
    property: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    target_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, index=True)


class EntityMerge(Model):
    """Two records that were one: the duplicate is archived and what names it means the one that stayed. It can be undone."""

    __tablename__ = "entity_merges"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    survivor_id: Mapped[str] = mapped_column(sa.ForeignKey("entities.id"), index=True)
    duplicate_id: Mapped[str] = mapped_column(sa.ForeignKey("entities.id"), index=True)
    before: Mapped[dict[str, str]] = mapped_column(Json)  # {property: what the one that stayed had}, of those that changed
    after: Mapped[dict[str, str]] = mapped_column(Json)  # {property: what the merge wrote}
    was_archived: Mapped[bool] = mapped_column(default=False)  # the duplicate, before
    # {"submissions": [id, …], "links": [[entity_id, property], …]}: what named the duplicate and was moved;
    # "place": [territory of the one that stayed before, after]
    moved: Mapped[dict[str, Any]] = mapped_column(Json)
    actor_id: Mapped[str] = mapped_column(sa.String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(sa.String(36))
