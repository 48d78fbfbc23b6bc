"""Which programme names what was set aside

Revision ID: 0010
Revises: 0009
"""

import gzip

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("quarantined") as table:
        table.add_column(sa.Column("programme_id", sa.String(36), nullable=True))
    connection = op.get_bind()
    ids = connection.execute(sa.text("SELECT id FROM quarantined WHERE encryption = 'none'")).scalars().all()
    for id in ids:
        body = connection.execute(sa.text("SELECT body FROM quarantined WHERE id = :id"), {"id": id}).scalar_one()
        named = orjson.loads(gzip.decompress(body)).get("programme_id")
        connection.execute(sa.text("UPDATE quarantined SET programme_id = :named WHERE id = :id"), {"id": id, "named": named})
    op.create_index(
        "ix_quarantined_waiting",
        "quarantined",
        ["received_at", "seq"],
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_quarantined_waiting", "quarantined")
    with op.batch_alter_table("quarantined") as table:
        table.drop_column("programme_id")
