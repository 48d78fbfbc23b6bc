"""Revisions by the phone that sent them

When each phone last sent something is asked on every home; all revisions were read for it.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_revisions_device", "revisions", ["device_id", "received_at"])


def downgrade() -> None:
    op.drop_index("ix_revisions_device", "revisions")
