"""Fixtures that every room's tests share: the council's settings, and both databases."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pgserver import get_server
from sqlalchemy import Connection, Engine, text

from postroom.models import tables
from postroom.models.database import open_engine, upgrade
from postroom.models.settings import Settings, load_settings

CONFIG = Path(__file__).parent.parent / "config.yaml"


@pytest.fixture(autouse=True)
def _signing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_SECRET", "a secret that only the tests know")


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The model council, read once: settings don't change."""
    return load_settings(CONFIG)


@pytest.fixture
def now() -> datetime:
    """Wednesday 4 March 2026, ten in the morning in London."""
    return datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL server with all tables."""
    server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    url: str = server.get_uri()
    engine = open_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))  # no test cuts the power of the server
        connection.execute(text("SELECT pg_reload_conf()"))
    upgrade(engine)
    engine.dispose()
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied: making them anew takes most of a test's time."""
    file = tmp_path_factory.mktemp("sqlite") / "postroom.db"
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


_FILLED = " UNION ALL ".join(
    f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM {table.name})"  # noqa: S608
    for table in tables.metadata.sorted_tables
)


def _empty(connection: Connection) -> None:
    """Delete what is there and count from 1 again. To truncate every table takes a hundred times as long."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for name in connection.execute(text(_FILLED)).scalars().all():
        connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608
    used = text("SELECT setval(quote_ident(sequencename), 1, false) FROM pg_sequences WHERE last_value IS NOT NULL")
    connection.execute(used).all()


def empty_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """The address of an empty database with all tables."""
    if kind == "sqlite":
        file = shutil.copy(request.getfixturevalue("sqlite_with_tables"), folder / "postroom.db")
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("postgresql")
    engine = open_engine(url)
    with engine.begin() as connection:
        _empty(connection)
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database with all tables is, once on SQLite and once on PostgreSQL."""
    return empty_database(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with all tables, once on SQLite and once on PostgreSQL."""
    engine = open_engine(empty_database(request.param, request, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database, where a test is not about the database."""
    engine = open_engine(empty_database("sqlite", request, tmp_path))
    yield engine
    engine.dispose()


LONG = ("violence", "simulation", "journeys")
"""The folders whose tests take longest. They begin first, so that no core waits for the other at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.parent.name) if item.path.parent.name in LONG else len(LONG))
