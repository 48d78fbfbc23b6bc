"""Cells of days for distinct counts

Their cells are summed up anew from their rows by the process beside the server, as those of a new indicator.

Revision ID: 0028
Revises: 0027
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _hold(10)
    _count_again()


def downgrade() -> None:
    op.execute("DELETE FROM indicator_cells WHERE shape IN ('d', 'od')")
    _hold(7)


def _hold(letters: int) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite holds texts of any length
        op.alter_column("indicator_cells", "month", type_=sa.String(letters), existing_nullable=False)


def _count_again() -> None:
    connection = op.get_bind()
    for indicator_id, declaration in connection.execute(sa.text("SELECT id, declaration FROM indicators")).all():
        told = json.loads(declaration) if isinstance(declaration, str) else declaration
        if told["declared"]["measure"] == "distinct":
            for statement in (
                "DELETE FROM indicator_cells WHERE indicator_id = :one",
                "UPDATE indicators SET counted_at = NULL WHERE id = :one",
            ):
                connection.execute(sa.text(statement), {"one": indicator_id})
