"""When photos arrived, in the order of everything else

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("attachments") as table:
        table.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
    # When those that are here came is not known: phones keep theirs until the next backup.
    here = "complete_at IS NOT NULL OR lost_reason IS NOT NULL"
    connection = op.get_bind()
    connection.execute(
        sa.text(f"UPDATE sequence SET value = value + 1 WHERE name = 'server' AND EXISTS (SELECT 1 FROM attachments WHERE {here})")  # noqa: S608
    )
    connection.execute(
        sa.text(f"UPDATE attachments SET seq = (SELECT value FROM sequence WHERE name = 'server') WHERE {here}")  # noqa: S608
    )


def downgrade() -> None:
    with op.batch_alter_table("attachments") as table:
        table.drop_column("seq")
