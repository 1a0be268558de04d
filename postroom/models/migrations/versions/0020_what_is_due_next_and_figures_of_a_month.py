"""What is due next, and figures of a month"""

from alembic import op


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_deadline_next', 'deadline', ['case_id', 'state', 'due_on'], unique=False)
    op.drop_index('ix_deadline_case_id', table_name='deadline')
    op.create_index('ix_decision_decided_at', 'decision', ['decided_at'], unique=False)
    op.create_index('ix_feedback_case_closed_at', 'feedback_case', ['closed_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_feedback_case_closed_at', table_name='feedback_case')
    op.drop_index('ix_decision_decided_at', table_name='decision')
    op.create_index('ix_deadline_case_id', 'deadline', ['case_id'], unique=False)
    op.drop_index('ix_deadline_next', table_name='deadline')
