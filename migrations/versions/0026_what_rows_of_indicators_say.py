"""Rows of indicators by what they say

The few rows that say something rare were found by reading all of them. What is longer than one choice is left out: PostgreSQL
refuses a row whose part of an index is over 2,700 bytes, and a choice of several may be.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

QUESTIONS = range(1, 5)


def upgrade() -> None:
    for n in QUESTIONS:
        op.create_index(
            f"ix_indicator_rows_by_{n}",
            "indicator_rows",
            ["indicator_id", f"by_{n}", "day"],
            sqlite_where=sa.text(f"by_{n} <> '' AND length(by_{n}) <= 80"),
            postgresql_where=sa.text(f"by_{n} <> '' AND length(by_{n}) <= 80"),
        )


def downgrade() -> None:
    for n in QUESTIONS:
        op.drop_index(f"ix_indicator_rows_by_{n}", "indicator_rows")
