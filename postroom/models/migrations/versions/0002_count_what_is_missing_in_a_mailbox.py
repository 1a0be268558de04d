"""Count what is missing in a mailbox and what was flagged or moved; UIDs have 32 bits without a sign"""

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('mailbox_cursor', schema=None) as batch_op:
        batch_op.alter_column('uid_validity', type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
        batch_op.alter_column('last_uid', type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
        batch_op.add_column(sa.Column('done_uid', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('missing', sa.Integer(), nullable=False, server_default='0'))
    with op.batch_alter_table('mailbox_cursor', schema=None) as batch_op:
        batch_op.alter_column('done_uid', server_default=None, existing_type=sa.BigInteger(), existing_nullable=False)
        batch_op.alter_column('missing', server_default=None, existing_type=sa.Integer(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('mailbox_cursor', schema=None) as batch_op:
        batch_op.drop_column('missing')
        batch_op.drop_column('done_uid')
        batch_op.alter_column('last_uid', type_=sa.Integer(), existing_type=sa.BigInteger(), existing_nullable=False)
        batch_op.alter_column('uid_validity', type_=sa.Integer(), existing_type=sa.BigInteger(), existing_nullable=False)
