"""Trained models, neighbours of a message, blind decisions"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'trained_model',
        sa.Column('version', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('shipped', sa.Boolean(), nullable=False),
        sa.Column('trained_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('data', sa.String(), nullable=False),
        sa.Column('confirmations', sa.Integer(), nullable=False),
        sa.Column('confirmed', sa.Integer(), nullable=False),
        sa.Column('last_learned_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('made_with', sa.JSON(), nullable=False),
        sa.Column('figures', sa.JSON(), nullable=False),
        sa.Column('comparison', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('version', name=op.f('pk_trained_model')),
    )
    with op.batch_alter_table('trained_model', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_trained_model_state'), ['state'], unique=False)
    with op.batch_alter_table('suggestion', schema=None) as batch_op:
        batch_op.add_column(sa.Column('neighbours', sa.JSON(), nullable=False, server_default='[]'))
    with op.batch_alter_table('suggestion', schema=None) as batch_op:
        batch_op.alter_column('neighbours', server_default=None, existing_type=sa.JSON(), existing_nullable=False)
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.add_column(sa.Column('blind', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.alter_column('blind', server_default=None, existing_type=sa.Boolean(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.drop_column('blind')
    with op.batch_alter_table('suggestion', schema=None) as batch_op:
        batch_op.drop_column('neighbours')
    with op.batch_alter_table('trained_model', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_trained_model_state'))
    op.drop_table('trained_model')
