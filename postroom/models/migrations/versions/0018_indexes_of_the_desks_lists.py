"""Indexes of the desk's lists"""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_feedback_case_closed', 'feedback_case', ['status', 'closed_at'], unique=False)
    op.create_index(
        'ix_message_unread',
        'message',
        ['case_id'],
        unique=False,
        sqlite_where=sa.text('to_read IS 1'),
        postgresql_where=sa.text('to_read IS true'),
    )


def downgrade() -> None:
    op.drop_index('ix_message_unread', table_name='message')
    op.drop_index('ix_feedback_case_closed', table_name='feedback_case')
