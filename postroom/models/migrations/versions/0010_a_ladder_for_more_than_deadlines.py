"""A ladder for more than deadlines"""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

_ABOUT = (
    "SELECT 'case:' || deadline.case_id || ':' || deadline.stage || ':' || deadline.step || ':' || deadline.due_on "
    "FROM deadline WHERE deadline.id = reminder.deadline_id"
)
_OF_DEADLINES = (
    "SELECT deadline.id FROM deadline WHERE reminder.about = 'case:' || deadline.case_id || ':' || deadline.stage "
    "|| ':' || deadline.step || ':' || deadline.due_on"
)


def upgrade() -> None:
    op.create_table(
        'schedule_run',
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('last_run', sa.DateTime(timezone=True), nullable=False),
        sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_schedule_run')),
    )
    op.drop_index('ix_deadline_state', table_name='deadline')
    op.create_index('ix_deadline_ladder', 'deadline', ['state', 'due_on'], unique=False)
    op.create_index(op.f('ix_event_at'), 'event', ['at'], unique=False)
    op.create_index(op.f('ix_case_stage_window_ends_on'), 'case_stage', ['window_ends_on'], unique=False)
    op.create_index(op.f('ix_person_restriction_review_on'), 'person', ['restriction_review_on'], unique=False)

    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.add_column(sa.Column('about', sa.String(), nullable=False, server_default=''))
    op.execute(f"UPDATE reminder SET about = ({_ABOUT})")
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.alter_column('about', server_default=None, existing_type=sa.String(), existing_nullable=False)
        batch_op.drop_constraint(batch_op.f('uq_reminder_deadline_id_rung_officer_id'), type_='unique')
        batch_op.drop_index(batch_op.f('ix_reminder_deadline_id'))
        batch_op.drop_column('deadline_id')
        batch_op.create_unique_constraint(batch_op.f('uq_reminder_about_rung_officer_id'), ['about', 'rung', 'officer_id'])


def downgrade() -> None:
    """Reminders of other things than deadlines are forgotten."""
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.add_column(sa.Column('deadline_id', sa.Integer(), nullable=True))
    op.execute(f"UPDATE reminder SET deadline_id = ({_OF_DEADLINES})")
    op.execute("DELETE FROM reminder WHERE deadline_id IS NULL")
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.alter_column('deadline_id', existing_type=sa.Integer(), nullable=False)
        batch_op.drop_constraint(batch_op.f('uq_reminder_about_rung_officer_id'), type_='unique')
        batch_op.create_unique_constraint(
            batch_op.f('uq_reminder_deadline_id_rung_officer_id'), ['deadline_id', 'rung', 'officer_id']
        )
        batch_op.create_foreign_key(batch_op.f('fk_reminder_deadline_id'), 'deadline', ['deadline_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_reminder_deadline_id'), ['deadline_id'], unique=False)
        batch_op.drop_column('about')
    op.drop_index(op.f('ix_person_restriction_review_on'), table_name='person')
    op.drop_index(op.f('ix_case_stage_window_ends_on'), table_name='case_stage')
    op.drop_index(op.f('ix_event_at'), table_name='event')
    op.drop_index('ix_deadline_ladder', table_name='deadline')
    op.create_index('ix_deadline_state', 'deadline', ['state'], unique=False)
    op.drop_table('schedule_run')
