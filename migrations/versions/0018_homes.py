"""The declared homes of programmes

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "homes",
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("panels", Json, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name="fk_homes_programme_id"),
        sa.PrimaryKeyConstraint("programme_id", name="pk_homes"),
    )


def downgrade() -> None:
    op.drop_table("homes")
