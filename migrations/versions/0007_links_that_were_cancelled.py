"""Links that were cancelled

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolments", sa.Column("cancelled_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("enrolments", "cancelled_at")
