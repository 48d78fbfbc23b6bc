"""Merges of duplicate records

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entity_merges",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("survivor_id", sa.String(36), nullable=False),
        sa.Column("duplicate_id", sa.String(36), nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("after", Json, nullable=False),
        sa.Column("was_archived", sa.Boolean(), nullable=False),
        sa.Column("moved", Json, nullable=False),
        sa.Column("actor_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name="fk_entity_merges_programme_id"),
        sa.ForeignKeyConstraint(["survivor_id"], ["entities.id"], name="fk_entity_merges_survivor_id"),
        sa.ForeignKeyConstraint(["duplicate_id"], ["entities.id"], name="fk_entity_merges_duplicate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entity_merges"),
    )
    op.create_index("ix_entity_merges_survivor_id", "entity_merges", ["survivor_id"])
    op.create_index("ix_entity_merges_duplicate_id", "entity_merges", ["duplicate_id"])


def downgrade() -> None:
    op.drop_table("entity_merges")
