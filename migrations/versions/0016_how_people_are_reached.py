"""The address and telephone of people with an account

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("email", sa.String(254), nullable=False, server_default=""))
    op.add_column("people", sa.Column("phone", sa.String(32), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("people", "phone")
    op.drop_column("people", "email")
