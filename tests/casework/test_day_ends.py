from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Date, Engine, literal, select

from postroom.casework.day_ends import day_end
from postroom.casework.working_days import Calendar
from postroom.models.database import open_session

DAYS = [date(2026, month, 24) + timedelta(n) for month in (3, 10) for n in range(10)]
"""About the nights when the clocks change."""


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Kathmandu"])
def test_the_database_ends_each_day_when_the_calendar_does(engine: Engine, zone: str) -> None:
    calendar = Calendar(ZoneInfo(zone))
    with open_session(engine, read_only=True) as session:
        found = [session.scalar(select(day_end(session, calendar, literal(day, Date)))) for day in DAYS]
    assert found == [calendar.end_of(day) for day in DAYS]


def test_no_day_has_no_end(engine: Engine) -> None:
    with open_session(engine, read_only=True) as session:
        assert (
            session.scalar(select(day_end(session, Calendar(ZoneInfo("Europe/London")), literal(None, Date)))) is None
        )
