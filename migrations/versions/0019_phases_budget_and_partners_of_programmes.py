"""Phases, budget and contributions of partners; areas of organisations

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("programmes") as table:
        table.add_column(sa.Column("phases", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("budget", Json, nullable=False, server_default="{}"))
        table.add_column(sa.Column("financing", Json, nullable=False, server_default="[]"))
    with op.batch_alter_table("organisations") as table:
        table.add_column(sa.Column("territories", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("organisations") as table:
        table.drop_column("territories")
    with op.batch_alter_table("programmes") as table:
        for name in ("phases", "budget", "financing"):
            table.drop_column(name)
