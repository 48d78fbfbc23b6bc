"""Indicators, the rows they count and their sums

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicators",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("declaration", Json, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name="fk_indicators_programme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_indicators"),
        sa.UniqueConstraint("programme_id", "code", name="uq_indicators_programme_id_code"),
    )
    op.create_table(
        "indicator_rows",
        sa.Column("indicator_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("organisation_id", sa.String(36), nullable=True),
        sa.Column("territory", sa.String(16), nullable=True),
        sa.Column("author_id", sa.String(36), nullable=True),
        sa.Column("said", sa.String(80), nullable=True),
        sa.Column("identity", sa.String(80), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("squares", sa.Float(), nullable=False),
        *(sa.Column(f"by_{n}", sa.Text(), nullable=False) for n in range(1, 5)),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name="fk_indicator_rows_indicator_id"),
        sa.PrimaryKeyConstraint("indicator_id", "day", "source_id", "number", name="pk_indicator_rows"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_indicator_rows_source", "indicator_rows", ["source_id", "indicator_id"])
    op.create_index("ix_indicator_rows_author", "indicator_rows", ["indicator_id", "author_id"])
    op.create_index("ix_indicator_rows_value", "indicator_rows", ["indicator_id", "value"])
    for name, columns, column in (
        ("ix_indicator_rows_identity", ["identity", "indicator_id"], "identity"),
        ("ix_indicator_rows_said", ["said"], "said"),
    ):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "indicator_rows", columns, sqlite_where=there, postgresql_where=there)
    op.create_table(
        "indicator_cells",
        sa.Column("indicator_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("dim", sa.String(80), nullable=False),
        sa.Column("shape", sa.String(4), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("place", sa.String(16), nullable=False),
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("bucket", sa.String(24), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("squares", sa.Float(), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name="fk_indicator_cells_indicator_id"),
        sa.PrimaryKeyConstraint(
            "indicator_id", "dim", "shape", "month", "place", "organisation", "key", "bucket", name="pk_indicator_cells"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("indicator_cells")
    op.drop_table("indicator_rows")
    op.drop_table("indicators")
