"""Fixtures that every room's tests share: the council's settings, and both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pgserver
import pytest
from sqlalchemy import Engine, text

from postroom.models.database import open_engine, upgrade
from postroom.models.settings import Settings, load_settings

CONFIG = Path(__file__).parent.parent / "config.yaml"


@pytest.fixture(autouse=True)
def _signing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_SECRET", "a secret that only the tests know")


@pytest.fixture
def settings() -> Settings:
    """The model council."""
    return load_settings(CONFIG)


@pytest.fixture
def now() -> datetime:
    """Wednesday 4 March 2026, ten in the morning in London."""
    return datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL server."""
    server = pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with all tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'postroom.db'}")
        upgrade(engine)
        yield engine
        engine.dispose()
        return
    engine = open_engine(request.getfixturevalue("postgresql"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database, where a test is not about the database."""
    engine = open_engine(f"sqlite:///{tmp_path / 'postroom.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()
