"""The database: SQLite in WAL mode by default, PostgreSQL on the way up. One engine a process, one session a step."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from postroom.models.failures import ConfigurationError, Unreachable

BUSY_SECONDS = 30.0

_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
_REVISION = re.compile(r"""^revision = ['"](\w+)""", re.MULTILINE)
_DOWN_REVISION = re.compile(r"""^down_revision = ['"](\w+)""", re.MULTILINE)
_VERSION = text("SELECT version_num FROM alembic_version")


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


def newest_version() -> str:
    """The version of the migration that no other follows. Read, not loaded: that takes alembic, and long."""
    written = "\n".join(file.read_text(encoding="utf-8") for file in _MIGRATIONS.glob("*.py"))
    newest: str
    (newest,) = set(_REVISION.findall(written)) - set(_DOWN_REVISION.findall(written))
    return newest


def check_version(engine: Engine) -> None:
    """Raise `ConfigurationError` where the tables are missing or of another version, `Unreachable` where no answer."""
    newest = newest_version()
    try:
        with engine.connect() as connection:
            current = connection.scalar(_VERSION) if inspect(connection).has_table("alembic_version") else None
    except (OperationalError, DBAPIError) as error:
        raise Unreachable(f"The database does not answer: {error.orig}") from error
    if current != newest:
        found = f"version {current}" if current else "no tables"
        raise ConfigurationError(
            [f"database.url: expected tables of version {newest}, found {found}. Run 'postroom init' to bring them up."]
        )
