"""Which unproven key sealed what was set aside

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quarantined", sa.Column("sealed_by", sa.String(length=101), nullable=True))


def downgrade() -> None:
    op.drop_column("quarantined", "sealed_by")
