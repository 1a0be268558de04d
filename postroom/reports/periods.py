"""Months and reporting years. Pure. A year runs from 1 April to 31 March."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

YEAR_BEGINS_IN = 4


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both within."""

    first: date
    last: date

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When it begins, and when what comes after it begins, in UTC."""
        begins, ends = (datetime.combine(day, time(), zone) for day in (self.first, self.last + timedelta(days=1)))
        return begins.astimezone(UTC), ends.astimezone(UTC)


def month_to_date(today: date) -> Period:
    return Period(today.replace(day=1), today)


def year_to_date(today: date) -> Period:
    year = today.year if today.month >= YEAR_BEGINS_IN else today.year - 1
    return Period(date(year, YEAR_BEGINS_IN, 1), today)


def last_months(today: date, count: int) -> list[Period]:
    """The last `count` months, the oldest first; the last one ends today."""
    periods = [month_to_date(today)]
    while len(periods) < count:
        last = periods[0].first - timedelta(days=1)
        periods.insert(0, Period(last.replace(day=1), last))
    return periods
