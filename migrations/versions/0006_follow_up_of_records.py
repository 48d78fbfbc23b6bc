"""Records: what they are found by, where a change began, what waits, which names which

Revision ID: 0006
Revises: 0005
"""

import orjson
import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime
from app.registry.finding import derived, links_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FOUND = ["programme_id", "list", "sort_key", "id", "words", "sounds", "organisation_id", "territory", "archived_at", "to_settle"]


def upgrade() -> None:
    with op.batch_alter_table("entities") as table:
        table.drop_index("ix_entities_list")
        table.add_column(sa.Column("follower_id", sa.String(36), nullable=True))
        table.add_column(sa.Column("merged_into", sa.String(36), nullable=True))
        table.add_column(sa.Column("to_settle", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("sort_key", sa.String(80), nullable=False, server_default=""))
        table.add_column(sa.Column("words", sa.String(322), nullable=False, server_default=""))
        table.add_column(sa.Column("sounds", sa.String(162), nullable=False, server_default=""))
        table.add_column(sa.Column("lat", sa.Float(), nullable=True))
        table.add_column(sa.Column("lon", sa.Float(), nullable=True))
    with op.batch_alter_table("entity_versions") as table:
        table.add_column(sa.Column("kind", sa.String(16), nullable=False, server_default="submission"))
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("base_version", sa.Integer(), nullable=True))
        table.add_column(sa.Column("trunk_version", sa.Integer(), nullable=True))
        table.add_column(sa.Column("branch_id", sa.String(36), nullable=True))
        table.add_column(sa.Column("conflicts", Json, nullable=True))
        table.add_column(sa.Column("settled_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("settled_by", sa.String(36), nullable=True))
    op.create_table(
        "entity_waiting",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("entity_id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("change", Json, nullable=False),
        sa.Column("organisation_id", sa.String(36), nullable=True),
        sa.Column("territory", sa.String(16), nullable=True),
        sa.Column("submission_id", sa.String(36), nullable=False),
        sa.Column("revision_id", sa.String(36), nullable=False),
        sa.Column("actor_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name="fk_entity_waiting_programme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entity_waiting"),
    )
    op.create_index("ix_entity_waiting_entity_id", "entity_waiting", ["entity_id"])
    op.create_index("ix_entity_waiting_submission_id", "entity_waiting", ["submission_id"])
    op.create_index("ix_entity_waiting_list", "entity_waiting", ["programme_id", "list", "seq"])
    op.create_table(
        "entity_links",
        sa.Column("entity_id", sa.String(36), nullable=False),
        sa.Column("property", sa.String(80), nullable=False),
        sa.Column("target_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name="fk_entity_links_entity_id"),
        sa.PrimaryKeyConstraint("entity_id", "property", "target_id", name="pk_entity_links"),
    )
    op.create_index("ix_entity_links_target_id", "entity_links", ["target_id"])
    _fill()
    op.create_index("ix_entities_found", "entities", [*FOUND, "follower_id"])
    op.create_index("ix_entities_place", "entities", ["programme_id", "list", "lat", "lon"])


def _fill() -> None:
    """What follows from the names and properties of the records that are here."""
    connection = op.get_bind()
    last = ""
    while True:
        rows = connection.execute(
            sa.text("SELECT id, label, data FROM entities WHERE id > :last ORDER BY id LIMIT 1000"), {"last": last}
        ).all()
        if not rows:
            return
        last, found, links = rows[-1].id, [], []
        for row in rows:
            data = orjson.loads(row.data) if isinstance(row.data, str) else row.data
            one = derived(row.label, data)
            found.append(
                {"id": row.id, "sort_key": one.sort_key, "words": one.words, "sounds": one.sounds, "lat": one.lat, "lon": one.lon}
            )
            links += [{"entity_id": row.id, "property": name[:80], "target_id": target} for name, target in links_of(data)]
        connection.execute(
            sa.text(
                "UPDATE entities SET sort_key = :sort_key, words = :words, sounds = :sounds, lat = :lat, lon = :lon WHERE id = :id"
            ),
            found,
        )
        if links:
            connection.execute(
                sa.text(
                    "INSERT INTO entity_links (entity_id, property, target_id) VALUES (:entity_id, :property, :target_id) "
                    "ON CONFLICT DO NOTHING"
                ),
                links,
            )


def downgrade() -> None:
    op.drop_table("entity_links")
    op.drop_table("entity_waiting")
    with op.batch_alter_table("entity_versions") as table:
        for name in ("kind", "note", "base_version", "trunk_version", "branch_id", "conflicts", "settled_at", "settled_by"):
            table.drop_column(name)
    with op.batch_alter_table("entities") as table:
        table.drop_index("ix_entities_found")
        table.drop_index("ix_entities_place")
        for name in ("follower_id", "merged_into", "to_settle", "sort_key", "words", "sounds", "lat", "lon"):
            table.drop_column(name)
        table.create_index("ix_entities_list", ["programme_id", "list", "label"])
