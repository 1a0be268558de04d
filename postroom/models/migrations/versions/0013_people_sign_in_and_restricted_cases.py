"""People, sign-in and restricted cases"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('failed_try',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source_digest', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_failed_try'))
    )
    with op.batch_alter_table('failed_try', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_failed_try_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_failed_try_source_digest'), ['source_digest'], unique=False)

    op.create_table('foreign_sign_in',
    sa.Column('state_digest', sa.String(), nullable=False),
    sa.Column('browser_digest', sa.String(), nullable=False),
    sa.Column('nonce', sa.String(), nullable=False),
    sa.Column('verifier', sa.String(), nullable=False),
    sa.Column('after', sa.String(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('state_digest', name=op.f('pk_foreign_sign_in'))
    )
    with op.batch_alter_table('foreign_sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_foreign_sign_in_began_at'), ['began_at'], unique=False)

    op.create_table('desk_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('officer_id', sa.Integer(), nullable=True),
    sa.Column('about_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['about_id'], ['officer.id'], name=op.f('fk_desk_event_about_id')),
    sa.ForeignKeyConstraint(['officer_id'], ['officer.id'], name=op.f('fk_desk_event_officer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_event'))
    )
    with op.batch_alter_table('desk_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_desk_event_about_id'), ['about_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_desk_event_at'), ['at'], unique=False)

    op.create_table('foreign_account',
    sa.Column('issuer', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('officer_id', sa.Integer(), nullable=False),
    sa.Column('tied_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['officer_id'], ['officer.id'], name=op.f('fk_foreign_account_officer_id')),
    sa.PrimaryKeyConstraint('issuer', 'subject', name=op.f('pk_foreign_account'))
    )
    with op.batch_alter_table('foreign_account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_foreign_account_officer_id'), ['officer_id'], unique=False)

    op.create_table('recovery_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('officer_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['officer_id'], ['officer.id'], name=op.f('fk_recovery_code_officer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code')),
    sa.UniqueConstraint('officer_id', 'digest', name=op.f('uq_recovery_code_officer_id_digest'))
    )
    with op.batch_alter_table('recovery_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recovery_code_officer_id'), ['officer_id'], unique=False)

    op.create_table('named_officer',
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('officer_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['feedback_case.id'], name=op.f('fk_named_officer_case_id')),
    sa.ForeignKeyConstraint(['officer_id'], ['officer.id'], name=op.f('fk_named_officer_officer_id')),
    sa.PrimaryKeyConstraint('case_id', 'officer_id', name=op.f('pk_named_officer'))
    )
    with op.batch_alter_table('named_officer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_named_officer_officer_id'), ['officer_id'], unique=False)

    op.create_table('password_link',
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('officer_id', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outgoing_mail_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['officer_id'], ['officer.id'], name=op.f('fk_password_link_officer_id')),
    sa.ForeignKeyConstraint(['outgoing_mail_id'], ['outgoing_mail.id'], name=op.f('fk_password_link_outgoing_mail_id')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_password_link'))
    )
    with op.batch_alter_table('password_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_password_link_ends_at'), ['ends_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_password_link_officer_id'), ['officer_id'], unique=False)

    with op.batch_alter_table('desk_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('waits_for', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('browser', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('by_provider', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('feedback_case', schema=None) as batch_op:
        batch_op.add_column(sa.Column('restricted', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('officer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('totp_secret', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('totp_since', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('totp_step', sa.Integer(), nullable=False, server_default='0'))

    with op.batch_alter_table('team_member', schema=None) as batch_op:
        batch_op.add_column(sa.Column('from_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('until_on', sa.Date(), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_team_member_officer_id_team'), type_='unique')



def downgrade() -> None:
    op.execute("DELETE FROM team_member WHERE id NOT IN (SELECT MAX(id) FROM team_member GROUP BY officer_id, team)")
    with op.batch_alter_table('team_member', schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f('uq_team_member_officer_id_team'), ['officer_id', 'team'])
        batch_op.drop_column('until_on')
        batch_op.drop_column('from_on')

    with op.batch_alter_table('officer', schema=None) as batch_op:
        batch_op.drop_column('totp_step')
        batch_op.drop_column('totp_since')
        batch_op.drop_column('totp_secret')

    op.drop_column('feedback_case', 'restricted')  # not by a new table, which would lose the triggers of the search

    with op.batch_alter_table('desk_session', schema=None) as batch_op:
        batch_op.drop_column('by_provider')
        batch_op.drop_column('browser')
        batch_op.drop_column('waits_for')

    with op.batch_alter_table('password_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_password_link_officer_id'))
        batch_op.drop_index(batch_op.f('ix_password_link_ends_at'))

    op.drop_table('password_link')
    with op.batch_alter_table('named_officer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_named_officer_officer_id'))

    op.drop_table('named_officer')
    with op.batch_alter_table('recovery_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_recovery_code_officer_id'))

    op.drop_table('recovery_code')
    with op.batch_alter_table('foreign_account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_foreign_account_officer_id'))

    op.drop_table('foreign_account')
    with op.batch_alter_table('desk_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_desk_event_at'))
        batch_op.drop_index(batch_op.f('ix_desk_event_about_id'))

    op.drop_table('desk_event')
    with op.batch_alter_table('foreign_sign_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_foreign_sign_in_began_at'))

    op.drop_table('foreign_sign_in')
    with op.batch_alter_table('failed_try', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_failed_try_source_digest'))
        batch_op.drop_index(batch_op.f('ix_failed_try_at'))

    op.drop_table('failed_try')
