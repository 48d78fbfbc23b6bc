"""The day by which an action or a commitment should be done, beside the record: late ones are found without reading all

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CLOSED = "'done', 'dropped', 'kept', 'broken', 'closed', 'left', 'paid'"  # as app/registry/finding.py


def upgrade() -> None:
    op.add_column("entities", sa.Column("waits_until", sa.String(10)))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    due, status = ("json_extract(data, '$.due')", "json_extract(data, '$.status')") if is_sqlite else ("data->>'due'", "data->>'status'")
    day = f"{due} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'" if is_sqlite else f"{due} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'"
    op.execute(
        f"UPDATE entities SET waits_until = substr({due}, 1, 10) WHERE {day} AND coalesce({status}, '') NOT IN ({CLOSED})"
    )
    open_ones = sa.text("waits_until IS NOT NULL")
    op.create_index(
        "ix_entities_waits",
        "entities",
        ["programme_id", "list", "waits_until"],
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )


def downgrade() -> None:
    op.drop_index("ix_entities_waits", "entities")
    op.drop_column("entities", "waits_until")
