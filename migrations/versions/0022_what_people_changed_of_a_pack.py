"""What a programme's pack said last, and targets set by hand

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("programmes") as table:
        table.add_column(sa.Column("from_pack", Json, nullable=False, server_default="{}"))
    with op.batch_alter_table("indicators") as table:
        table.add_column(sa.Column("targets", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("indicators") as table:
        table.drop_column("targets")
    with op.batch_alter_table("programmes") as table:
        table.drop_column("from_pack")
