"""Imports of records

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_imports",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.String(36), nullable=True),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("head", Json, nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("check_number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("next_row", sa.Integer(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name="fk_record_imports_programme_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_record_imports_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_record_imports"),
    )
    op.create_index("ix_record_imports_programme", "record_imports", ["programme_id", "list", "created_at"])
    op.create_table(
        "imported_records",
        sa.Column("import_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["record_imports.id"], name="fk_imported_records_import_id"),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name="fk_imported_records_entity_id"),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_imported_records"),
    )
    op.create_index("ix_imported_records_entity_id", "imported_records", ["entity_id"])


def downgrade() -> None:
    op.drop_table("imported_records")
    op.drop_table("record_imports")
