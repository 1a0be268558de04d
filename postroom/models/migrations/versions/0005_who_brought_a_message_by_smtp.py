"""Who brought a message by SMTP"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('raw_message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('client_address', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('client_name', sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('raw_message', schema=None) as batch_op:
        batch_op.drop_column('client_name')
        batch_op.drop_column('client_address')
