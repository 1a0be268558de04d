"""Say by a kind why a message is held and who decided about it; check attachments"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_KINDS = {
    'It seems to belong to %': 'doubtful_sender',
    'It is too large: %': 'too_large',
    'It is too large (%': 'incomplete',
    'It has no subject, %': 'empty',
    'It could not be filed %': 'failed',
    'Every attempt %': 'failed',
    '%still in the mailbox.': 'incomplete',
}


def upgrade() -> None:
    op.create_table('attachment_check',
    sa.Column('message_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_attachment_check_message_id')),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_attachment_check'))
    )
    with op.batch_alter_table('attachment_check', schema=None) as batch_op:
        batch_op.create_index('ix_attachment_check_queue', ['state', 'not_before'], unique=False)

    with op.batch_alter_table('attachment', schema=None) as batch_op:
        for name in ('sniffed_type', 'danger', 'scan', 'scan_detail'):
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=''))
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        for name in ('sniffed_type', 'danger', 'scan', 'scan_detail'):
            batch_op.alter_column(name, server_default=None, existing_type=sa.String(), existing_nullable=False)

    with op.batch_alter_table('filing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held_because', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('decided_by', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_filing_decided_by'), 'officer', ['decided_by'], ['id'])
    with op.batch_alter_table('filing', schema=None) as batch_op:
        batch_op.alter_column('held_because', server_default=None, existing_type=sa.String(), existing_nullable=False)

    _sort_the_holding_pen()
    op.execute(
        'INSERT INTO attachment_check (message_id, state, attempts, not_before) '
        "SELECT id, 'waiting', 0, received_at FROM message WHERE id IN (SELECT message_id FROM attachment)"
    )


def _sort_the_holding_pen() -> None:
    filing = sa.table('filing', sa.column('state'), sa.column('reason'), sa.column('held_because'))
    held = filing.c.state == 'held'
    for reason, kind in _KINDS.items():
        op.execute(filing.update().where(held, filing.c.reason.like(reason)).values(held_because=kind))
    op.execute(filing.update().where(held, filing.c.held_because == '').values(held_because='other'))


def downgrade() -> None:
    with op.batch_alter_table('filing', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_filing_decided_by'), type_='foreignkey')
        batch_op.drop_column('decided_by')
        batch_op.drop_column('held_because')

    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.drop_column('scan_detail')
        batch_op.drop_column('scan')
        batch_op.drop_column('danger')
        batch_op.drop_column('sniffed_type')

    with op.batch_alter_table('attachment_check', schema=None) as batch_op:
        batch_op.drop_index('ix_attachment_check_queue')

    op.drop_table('attachment_check')
