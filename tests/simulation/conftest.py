import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from postroom.models.database import open_engine
from postroom.models.settings import Settings
from postroom.simulation.rates import Rates
from postroom.simulation.running import Plan, simulate
from tests.conftest import empty_database

WEEKS = Plan(date(2025, 9, 1), date(2025, 10, 11), cases=30, seed=1)
EVENTFUL = Rates(
    next_stage=0.5,
    extended=0.4,
    consent_wanted=0.3,
    withdrawn=0.2,
    same_again=0.08,
    first_label_wrong=0.15,
    on_paper=0.02,
    restricted=0.05,
    reopened=0.1,
)
"""Rates at which few cases meet much."""


@pytest.fixture(scope="module")
def simulated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> Iterator[Engine]:
    """A database after some weeks with 30 cases to which much happens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_SECRET", "a secret that only the tests know")
        engine = open_engine(empty_database("sqlite", request, tmp_path_factory.mktemp("simulated")))
        simulate(engine, settings, WEEKS, rates=EVENTFUL)
        yield engine
        engine.dispose()


@pytest.fixture
def copied(simulated: Engine, tmp_path: Path) -> Iterator[Engine]:
    """A copy of the simulated database, to be spoilt."""
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(simulated.url.database or "")) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    engine = open_engine(f"sqlite:///{copy}")
    yield engine
    engine.dispose()
