from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from postroom.models import tables


def test_the_migrations_make_exactly_the_tables_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": tables.compared})
        assert compare_metadata(context, tables.metadata) == []
