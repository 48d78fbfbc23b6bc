"""Who stands in the cells of distinct indicators

Their rows are numbered here, and their cells are summed up anew by the process beside the server, as those of a new indicator.

Revision ID: 0023
Revises: 0022
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns that may be empty are added in place: rebuilding tables of millions of rows would take minutes.
    op.add_column("indicators", sa.Column("numbered", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("indicator_rows", sa.Column("person", sa.Integer(), nullable=True))
    op.add_column("indicator_cells", sa.Column("people", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    for indicator_id, declaration in connection.execute(sa.text("SELECT id, declaration FROM indicators")).all():
        told = json.loads(declaration) if isinstance(declaration, str) else declaration
        if told["declared"]["measure"] != "distinct":
            continue
        connection.execute(sa.text("CREATE TEMPORARY TABLE numbers (identity TEXT PRIMARY KEY, person INTEGER)"))
        connection.execute(
            sa.text(
                "INSERT INTO numbers SELECT identity, row_number() OVER (ORDER BY identity) FROM (SELECT DISTINCT identity "
                "FROM indicator_rows WHERE indicator_id = :one AND identity IS NOT NULL) AS named"
            ),
            {"one": indicator_id},
        )
        connection.execute(
            sa.text(
                "UPDATE indicator_rows SET person = (SELECT n.person FROM numbers n WHERE n.identity = indicator_rows.identity) "
                "WHERE indicator_id = :one AND identity IS NOT NULL"
            ),
            {"one": indicator_id},
        )
        connection.execute(sa.text("DELETE FROM indicator_cells WHERE indicator_id = :one"), {"one": indicator_id})
        connection.execute(
            sa.text("UPDATE indicators SET counted_at = NULL, numbered = (SELECT count(*) FROM numbers) WHERE id = :one"),
            {"one": indicator_id},
        )
        connection.execute(sa.text("DROP TABLE numbers"))


def downgrade() -> None:
    op.drop_column("indicator_cells", "people")
    op.drop_column("indicator_rows", "person")
    op.drop_column("indicators", "numbered")
