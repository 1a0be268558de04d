"""Letters are versioned, paced, and may go by post"""

from typing import Any

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

_NEW: dict[str, tuple[sa.types.TypeEngine[Any], str | sa.ColumnElement[Any]]] = {
    'purpose': (sa.String(), ''),
    'template_digest': (sa.String(), ''),
    'text_digest': (sa.String(), ''),
    'by_post': (sa.Boolean(), sa.false()),
    'domain': (sa.String(), ''),
    'unanswered': (sa.Integer(), '0'),
}
_INDEXES = [
    ('ix_feedback_case_unacknowledged', 'feedback_case', ['status', 'acknowledged_at']),
    ('ix_feedback_case_at_risk', 'feedback_case', ['at_risk']),
    ('ix_feedback_case_praise', 'feedback_case', ['type', 'confirmed_at']),
    ('ix_suggestion_at_risk', 'suggestion', ['at_risk']),
    ('ix_extension_made_at', 'extension', ['made_at']),
    ('ix_stage_request_decided_at', 'stage_request', ['decided_at']),
    ('ix_consent_wanted_at', 'consent', ['wanted_at']),
    ('ix_case_closing_closed_at', 'case_closing', ['closed_at']),
]


def upgrade() -> None:
    op.create_table(
        'letter_version',
        sa.Column('digest', sa.String(), nullable=False),
        sa.Column('letter', sa.String(), nullable=False),
        sa.Column('source', sa.String(), nullable=False),
        sa.Column('first_used_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_letter_version')),
    )
    op.create_index(op.f('ix_letter_version_letter'), 'letter_version', ['letter'], unique=False)
    with op.batch_alter_table('outgoing_mail', schema=None) as batch_op:
        for name, (kind, default) in _NEW.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        batch_op.add_column(sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('officer_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f('fk_outgoing_mail_officer_id'), 'officer', ['officer_id'], ['id']
        )
        batch_op.create_index('ix_outgoing_mail_pace', ['tried_at', 'domain'], unique=False)
    with op.batch_alter_table('outgoing_mail', schema=None) as batch_op:
        for name, (kind, _) in _NEW.items():
            batch_op.alter_column(name, server_default=None, existing_type=kind, existing_nullable=False)
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns, unique=False)
    # Until now every letter acknowledged its case.
    op.execute("UPDATE outgoing_mail SET purpose = 'acknowledgement' WHERE kind = 'letter'")
    op.execute(
        "UPDATE outgoing_mail SET domain = lower(substr(recipient, instr(recipient, '@') + 1))"
        if op.get_bind().dialect.name == 'sqlite'
        else "UPDATE outgoing_mail SET domain = lower(split_part(recipient, '@', 2))"
    )


def downgrade() -> None:
    for name, table, _ in _INDEXES:
        op.drop_index(name, table_name=table)
    with op.batch_alter_table('outgoing_mail', schema=None) as batch_op:
        batch_op.drop_index('ix_outgoing_mail_pace')
        batch_op.drop_column('tried_at')
        batch_op.drop_constraint('fk_outgoing_mail_officer_id', type_='foreignkey')
        batch_op.drop_column('officer_id')
        for name in _NEW:
            batch_op.drop_column(name)
    op.drop_index(op.f('ix_letter_version_letter'), table_name='letter_version')
    op.drop_table('letter_version')
