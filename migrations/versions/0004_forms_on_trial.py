"""Forms on trial

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Json, UtcDateTime

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('instrument_drafts',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('programme_id', sa.String(length=36), nullable=False),
    sa.Column('form_id', sa.String(length=64), nullable=False),
    sa.Column('version', sa.String(length=64), nullable=False),
    sa.Column('title', Json, nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('package', sa.Text(), nullable=False),
    sa.Column('source_name', sa.String(length=200), nullable=False),
    sa.Column('source', sa.LargeBinary(), nullable=False),
    sa.Column('lists', sa.Text(), nullable=False),
    sa.Column('kept_at', UtcDateTime(), nullable=False),
    sa.Column('kept_by', sa.String(length=36), nullable=True),
    sa.ForeignKeyConstraint(['kept_by'], ['people.id'], name=op.f('fk_instrument_drafts_kept_by_people')),
    sa.ForeignKeyConstraint(['programme_id'], ['programmes.id'], name=op.f('fk_instrument_drafts_programme_id_programmes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instrument_drafts')),
    sa.UniqueConstraint('programme_id', 'form_id', name=op.f('uq_instrument_drafts_programme_id_form_id'))
    )


def downgrade() -> None:
    op.drop_table('instrument_drafts')
