"""Count what an officer may see without reading each case"""

from alembic import op


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_feedback_case_seen', 'feedback_case', ['status', 'restricted', 'sealed', 'team'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_feedback_case_seen', table_name='feedback_case')
