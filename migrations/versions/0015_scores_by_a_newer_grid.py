"""Scores of earlier rounds by a newer grid

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rescores",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("revision_id", sa.String(36), nullable=False),
        sa.Column("form_sha256", sa.String(64), nullable=False),
        sa.Column("scores", Json, nullable=False),
        sa.Column("actor_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name="fk_rescores_revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rescores"),
        sa.UniqueConstraint("revision_id", "form_sha256", name="uq_rescores_revision_id_form_sha256"),
    )


def downgrade() -> None:
    op.drop_table("rescores")
