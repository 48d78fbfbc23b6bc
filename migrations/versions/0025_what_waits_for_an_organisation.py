"""Submissions of an organisation by their state

Counting what waits for one organisation read what waits for all of them.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_submissions_decided",
        "submissions",
        ["programme_id", "organisation_id", "state"],
        sqlite_where=sa.text("deleted_at IS NULL AND quarantine IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL AND quarantine IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_submissions_decided", "submissions")
