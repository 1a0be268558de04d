from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from postroom.reports.periods import Period, last_months, month_to_date, year_to_date


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 3, 31), date(2025, 4, 1)),
        (date(2026, 4, 1), date(2026, 4, 1)),
        (date(2026, 12, 31), date(2026, 4, 1)),
    ],
)
def test_a_reporting_year_begins_in_april(today: date, first: date) -> None:
    assert year_to_date(today) == Period(first, today)


def test_the_last_months_end_today_and_leave_no_day_out() -> None:
    months = last_months(date(2026, 3, 10), 3)
    assert months == [
        Period(date(2026, 1, 1), date(2026, 1, 31)),
        Period(date(2026, 2, 1), date(2026, 2, 28)),
        month_to_date(date(2026, 3, 10)),
    ]


def test_a_day_of_summer_time_begins_an_hour_before_midnight_of_utc() -> None:
    begins, ends = Period(date(2026, 3, 29), date(2026, 3, 29)).moments(ZoneInfo("Europe/London"))
    assert begins == datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert ends == datetime(2026, 3, 29, 23, 0, tzinfo=UTC)
