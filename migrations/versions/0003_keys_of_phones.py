"""Keys of phones in escrow, and what they sealed

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("pair_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.String(length=300), nullable=False),
        sa.Column("in_clear", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_device_keys_person_id_people")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_keys_device_id_devices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_keys")),
    )
    op.create_index(op.f("ix_device_keys_person_id"), "device_keys", ["person_id"])
    op.create_index(op.f("ix_device_keys_device_id"), "device_keys", ["device_id"])
    op.add_column("revisions", sa.Column("key_id", sa.String(length=36), nullable=True))
    op.add_column("attachments", sa.Column("sealed", Json, nullable=True))
    op.add_column("attachments", sa.Column("opened_sha256", sa.String(length=64), nullable=True))
    op.add_column("programmes", sa.Column("phone_pin", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("programmes", "phone_pin")
    op.drop_column("attachments", "opened_sha256")
    op.drop_column("attachments", "sealed")
    op.drop_column("revisions", "key_id")
    op.drop_table("device_keys")
