"""The database: SQLite in WAL mode by default, PostgreSQL on the way up. One engine a process, one session a step."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from postroom.models.failures import ConfigurationError, Unreachable

BUSY_SECONDS = 30.0


def open_engine(url: str) -> Engine:
    """An engine for `url`. SQLite waits up to `BUSY_SECONDS` for another writer and makes each commit durable."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError([f"database.url: expected sqlite:///… or postgresql://…, got {parsed.drivername}"])
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # pysqlite would begin by itself, and too late for a consistent read
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    """Take the write lock at the start: a reader that later wants to write would fail at once, without waiting."""
    read_only = connection.get_execution_options().get("postroom_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def open_session(engine: Engine, *, read_only: bool = False) -> Session:
    """A session whose objects stay readable after commit. `read_only` does not wait for writers on SQLite."""
    bind = engine.execution_options(postroom_read_only=True) if read_only else engine
    return Session(bind, expire_on_commit=False)


def migrations(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest version; creates them in an empty database."""
    config = migrations(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_version(engine: Engine) -> None:
    """Raise `ConfigurationError` where the tables are missing or of another version, `Unreachable` where no answer."""
    head = ScriptDirectory.from_config(migrations(str(engine.url))).get_current_head()
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except (OperationalError, DBAPIError) as error:
        raise Unreachable(f"The database does not answer: {error.orig}") from error
    if current != head:
        found = f"version {current}" if current else "no tables"
        raise ConfigurationError(
            [f"database.url: expected tables of version {head}, found {found}. Run 'postroom init' to bring them up."]
        )
