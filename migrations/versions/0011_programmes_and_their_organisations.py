"""Programmes: partners, territories, dates; organisations that take part no more

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("programmes") as table:
        table.add_column(sa.Column("partners", Json, nullable=False, server_default="{}"))
        table.add_column(sa.Column("territories", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
    with op.batch_alter_table("organisations") as table:
        table.add_column(sa.Column("closed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("organisations") as table:
        table.drop_column("closed_at")
    with op.batch_alter_table("programmes") as table:
        for name in ("partners", "territories", "starts_on", "ends_on"):
            table.drop_column(name)
