"""The command: which time is simulated, and what it says at the end."""

import io
from datetime import UTC, date, datetime

import pytest
from rich.console import Console
from sqlalchemy import Engine

from postroom.models.failures import Permanent
from postroom.models.settings import Settings
from postroom.simulation import command
from postroom.simulation.command import plan_for, run
from postroom.simulation.invariants import CHECKS
from postroom.simulation.running import Plan, Progress


@pytest.mark.parametrize(
    ("today", "start", "begins", "ends"),
    [
        (date(2026, 11, 21), None, date(2023, 4, 1), date(2026, 4, 1)),
        (date(2026, 4, 1), None, date(2023, 4, 1), date(2026, 4, 1)),
        (date(2026, 3, 31), None, date(2022, 4, 1), date(2025, 4, 1)),
        (date(2026, 3, 31), date(2020, 1, 15), date(2020, 1, 15), date(2023, 1, 15)),
        (date(2026, 3, 31), date(2024, 2, 29), date(2024, 2, 29), date(2027, 3, 1)),
    ],
)
def test_years_end_with_a_reporting_year_unless_their_start_is_named(
    today: date, start: date | None, begins: date, ends: date
) -> None:
    assert plan_for(3, 10, 1, start, today=today) == Plan(begins, ends, 10, 1)


DAYS = Plan(date(2025, 9, 1), date(2025, 9, 4), cases=4, seed=3)


def test_the_end_says_what_there_is_and_that_it_holds(sqlite: Engine, settings: Settings) -> None:
    console = Console(file=io.StringIO(), width=120)
    run(sqlite, settings, DAYS, console)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2025-09-01 to 2025-09-03" in said
    assert said.count("\nholds ") == len(CHECKS)
    assert "broken" not in said


def test_what_does_not_hold_is_named_and_fails(
    sqlite: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(file=io.StringIO(), width=120)
    monkeypatch.setattr(command, "simulate", lambda *_, **__: datetime(2025, 9, 3, 22, 59, 59, tzinfo=UTC))
    monkeypatch.setattr(command, "check", lambda _: {"every deadline is accounted for": ["AR-1: forgotten"]})
    with pytest.raises(Permanent, match="does not hold together"):
        run(sqlite, settings, DAYS, console)
    assert "AR-1: forgotten" in console.file.getvalue()  # type: ignore[attr-defined]


def test_who_stops_it_is_told_how_far_it_came(
    sqlite: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, progress: Progress, **__: object) -> None:
        progress(3, datetime(2025, 9, 3, 13, 0, tzinfo=UTC))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "simulate", stopped)
    with pytest.raises(
        Permanent, match=r"^Stopped by you\. 2025-09-03: 3 of 4 cases.*another run needs an empty one\.$"
    ):
        run(sqlite, settings, DAYS, Console(file=io.StringIO()))
