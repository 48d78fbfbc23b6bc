"""An index of what is in quarantine

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_submissions_quarantine",
        "submissions",
        ["programme_id", "received_at"],
        sqlite_where=sa.text("quarantine IS NOT NULL"),
        postgresql_where=sa.text("quarantine IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_submissions_quarantine", "submissions")
