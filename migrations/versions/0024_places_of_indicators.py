"""Rows of indicators by their place

Codes of places are ordered by their bytes in PostgreSQL too, so that what lies in a place is a stretch of an index.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CODES = (("indicator_rows", "territory"), ("indicator_cells", "place"))


def upgrade() -> None:
    _order('"C"')
    op.create_index("ix_indicator_rows_place", "indicator_rows", ["indicator_id", "territory", "day"])


def downgrade() -> None:
    op.drop_index("ix_indicator_rows_place", "indicator_rows")
    _order('"default"')


def _order(collation: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in CODES:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR(16) COLLATE {collation}")
