from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from postroom.models import tables
from postroom.models.database import newest_version
from postroom.models.upgrading import migrations


def test_the_migrations_make_exactly_the_tables_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": tables.compared})
        assert compare_metadata(context, tables.metadata) == []


def test_the_newest_version_is_the_one_to_which_alembic_upgrades() -> None:
    assert newest_version() == ScriptDirectory.from_config(migrations("")).get_current_head()
