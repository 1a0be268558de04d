"""Content last in the journal

SQLite makes room for large content without having it in memory, but only in a row's last column, and what stands behind
a large content it finds only by reading through it.
"""

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != 'sqlite':
        return
    op.execute("ALTER TABLE raw_message ADD COLUMN content_behind BLOB NOT NULL DEFAULT x''")
    op.execute('UPDATE raw_message SET content_behind = content')
    op.execute('ALTER TABLE raw_message DROP COLUMN content')
    op.execute('ALTER TABLE raw_message RENAME COLUMN content_behind TO content')


def downgrade() -> None:
    """The order of columns makes no difference to what was before."""
