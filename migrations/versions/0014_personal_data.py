"""Erasures of personal data, and how long instruments keep it

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("places", Json, nullable=False),
        sa.Column("prints", Json, nullable=False),
        sa.Column("actor_id", sa.String(36), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name="fk_erasures_programme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_programme", "erasures", ["programme_id", "seq"])
    op.add_column("entities", sa.Column("erased_at", UtcDateTime(), nullable=True))
    op.add_column("revisions", sa.Column("erased_at", UtcDateTime(), nullable=True))
    op.add_column("instruments", sa.Column("retention_months", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("instruments", "retention_months")
    op.drop_column("revisions", "erased_at")
    op.drop_column("entities", "erased_at")
    op.drop_table("erasures")
