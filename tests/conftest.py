"""Fixtures that every room's tests share: the council's settings, and both databases."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pgserver import get_server
from sqlalchemy import Connection, Engine, text

from postroom.models import tables
from postroom.models.database import open_engine
from postroom.models.settings import Settings, load_settings
from postroom.models.upgrading import upgrade

CONFIG = Path(__file__).parent.parent / "config.yaml"


@pytest.fixture(autouse=True)
def _signing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_SECRET", "a secret that only the tests know")


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The model council, read once: settings don't change. Letters about a confirmation don't wait: see
    `tests/notifications/test_acknowledgement_waits.py` for that."""
    settings = load_settings(CONFIG)
    at_once = settings.outgoing.model_copy(update={"acknowledgement_minutes": 0})
    return settings.model_copy(update={"outgoing": at_once})


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


@pytest.fixture(scope="session")
def lasting_engine() -> Iterator[Callable[[str], Engine]]:
    """A function that opens a database, or gives the engine that has it open: what it compiled serves each test."""
    opened: dict[str, Engine] = {}

    def open_once(url: str) -> Engine:
        if url not in opened:
            opened[url] = open_engine(url)
        return opened[url]

    yield open_once
    for engine in opened.values():
        engine.dispose()


def put_in_place(engine: Engine, template: Path) -> Engine:
    """Begin an SQLite database anew as a copy of `template`."""
    engine.dispose()
    file = Path(str(engine.url.database))
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    shutil.copy(template, file)
    return engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, lasting_engine: Callable[[str], Engine]) -> Engine:
    """An empty database with all tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        empty: Engine = request.getfixturevalue("empty_sqlite")
        return empty
    served = lasting_engine(request.getfixturevalue("postgresql"))
    with served.begin() as connection:
        _empty(connection)
    return served


@pytest.fixture
def empty_sqlite(sqlite_with_tables: Path, lasting_engine: Callable[[str], Engine]) -> Engine:
    """An SQLite database with all tables and nothing in them."""
    return put_in_place(lasting_engine(f"sqlite:///{sqlite_with_tables.parent / 'used.db'}"), sqlite_with_tables)


@pytest.fixture
def sqlite(empty_sqlite: Engine) -> Engine:
    """An empty SQLite database, where a test is not about the database."""
    return empty_sqlite


LONG = ("violence", "simulation", "journeys")
"""The folders whose tests take longest. They begin first, so that no core waits for the other at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.parent.name) if item.path.parent.name in LONG else len(LONG))
