import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from postroom.models.database import open_engine
from tests.conftest import empty_database
from tests.simulation.weeks import live

SECRET = "a secret that only the tests know"


@pytest.fixture(scope="session")
def simulated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database after some weeks with 20 cases to which much happens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_SECRET", SECRET)
        engine = open_engine(empty_database("sqlite", request, tmp_path_factory.mktemp("simulated")))
        live(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def copied(simulated: Engine, tmp_path: Path) -> Path:
    """A copy of the simulated database, to be spoilt."""
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(simulated.url.database or "")) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    return copy
