"""Bounces of letters, checked senders, messages to be read, merged cases"""

from typing import Any

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_NEW: dict[str, dict[str, tuple[sa.types.TypeEngine[Any], str | sa.ColumnElement[bool]]]] = {
    'message': {
        'authentication': (sa.String(), 'unknown'),
        'authentication_details': (sa.JSON(), '[]'),
        'to_read': (sa.Boolean(), sa.false()),
    },
    'outgoing_mail': {'bounce_kind': (sa.String(), ''), 'bounce_reason': (sa.String(), '')},
}


def upgrade() -> None:
    with op.batch_alter_table('feedback_case', schema=None) as batch_op:
        batch_op.add_column(sa.Column('merged_into_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_feedback_case_merged_into_id'), ['merged_into_id'], unique=False)
        batch_op.create_foreign_key(
            batch_op.f('fk_feedback_case_merged_into_id'), 'feedback_case', ['merged_into_id'], ['id']
        )
    for table, columns in _NEW.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, (kind, default) in columns.items():
                batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, (kind, _) in columns.items():
                batch_op.alter_column(name, server_default=None, existing_type=kind, existing_nullable=False)
    with op.batch_alter_table('outgoing_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('bounced_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('outgoing_mail', schema=None) as batch_op:
        batch_op.drop_column('bounced_at')
    for table, columns in reversed(_NEW.items()):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in columns:
                batch_op.drop_column(name)
    with op.batch_alter_table('feedback_case', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_feedback_case_merged_into_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_feedback_case_merged_into_id'))
        batch_op.drop_column('merged_into_id')
