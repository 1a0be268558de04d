"""Search, saved views, open cases"""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

_WORDS = "subject, text, sender_name, sender_email"
_NEW = "new.id, new.subject, new.text, new.sender_name, new.sender_email"
_OLD = "'delete', old.id, old.subject, old.text, old.sender_name, old.sender_email"
_FORGET = f"INSERT INTO search_message (search_message, rowid, {_WORDS}) VALUES ({_OLD}); "
_LEARN = f"INSERT INTO search_message (rowid, {_WORDS}) VALUES ({_NEW}); "
_SQLITE = (
    f"CREATE VIRTUAL TABLE search_message USING fts5({_WORDS}, content='message', content_rowid='id', "
    "tokenize='porter unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER search_message_added AFTER INSERT ON message BEGIN {_LEARN}END",
    f"CREATE TRIGGER search_message_removed AFTER DELETE ON message BEGIN {_FORGET}END",
    f"CREATE TRIGGER search_message_changed AFTER UPDATE OF {_WORDS} ON message BEGIN {_FORGET}{_LEARN}END",
    "INSERT INTO search_message (search_message) VALUES ('rebuild')",
)
_POSTGRESQL = (
    # English stems, and no word is left out: "May" and "Will" are names
    "CREATE TEXT SEARCH DICTIONARY search_english (TEMPLATE = snowball, Language = english)",
    "CREATE TEXT SEARCH CONFIGURATION search_words (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION search_words ALTER MAPPING FOR asciiword, word, hword, hword_part, "
    "hword_asciipart, asciihword WITH search_english",
    # what is beyond the limits of a tsvector must never hinder a message from being stored
    "CREATE INDEX search_message ON message USING gin (to_tsvector('search_words', "
    "left(subject, 1000) || ' ' || left(sender_name, 1000) || ' ' || "
    "translate(left(sender_email, 1000), '@.+_-', '     ') || ' ' || left(text, 100000)))",
)


def upgrade() -> None:
    op.create_table(
        'saved_view',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('officer_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('path', sa.String(), nullable=False),
        sa.Column('query', sa.String(), nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['officer_id'], ['officer.id'], name=op.f('fk_saved_view_officer_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view')),
        sa.UniqueConstraint('officer_id', 'name', name=op.f('uq_saved_view_officer_id_name')),
    )
    op.create_index(op.f('ix_saved_view_officer_id'), 'saved_view', ['officer_id'], unique=False)
    op.create_table(
        'case_opened',
        sa.Column('case_id', sa.Integer(), nullable=False),
        sa.Column('officer_id', sa.Integer(), nullable=False),
        sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['feedback_case.id'], name=op.f('fk_case_opened_case_id')),
        sa.ForeignKeyConstraint(['officer_id'], ['officer.id'], name=op.f('fk_case_opened_officer_id')),
        sa.PrimaryKeyConstraint('case_id', 'officer_id', name=op.f('pk_case_opened')),
    )
    op.create_index(op.f('ix_case_opened_officer_id'), 'case_opened', ['officer_id'], unique=False)
    op.create_index(op.f('ix_case_opened_seen_at'), 'case_opened', ['seen_at'], unique=False)
    op.add_column('decision', sa.Column('shown_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_decision_of_officer', 'decision', ['officer_id', 'decided_at'], unique=False)
    for statement in _SQLITE if op.get_bind().dialect.name == 'sqlite' else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        for trigger in ('added', 'removed', 'changed'):
            op.execute(f"DROP TRIGGER search_message_{trigger}")
        op.execute("DROP TABLE search_message")
    else:
        op.execute("DROP INDEX search_message")
        op.execute("DROP TEXT SEARCH CONFIGURATION search_words")
        op.execute("DROP TEXT SEARCH DICTIONARY search_english")
    op.drop_index('ix_decision_of_officer', table_name='decision')
    op.drop_column('decision', 'shown_at')
    op.drop_table('case_opened')
    op.drop_table('saved_view')
