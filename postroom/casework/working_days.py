"""Working days: whole days in the council's zone. Pure: holidays are an argument.

Not a Saturday, a Sunday, a bank holiday of the configured nation, or a day on which the council is shut. Day 0 is the
day of receipt and the next working day is day 1, also where receipt falls on a day off. A due day ends at its midnight.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import cache
from zoneinfo import ZoneInfo

from postroom.casework.bank_holidays import bank_holidays
from postroom.models.settings import Settings

HORIZON_DAYS = 365


@dataclass(frozen=True)
class Count:
    """Working days counted from a start: the date reached, and how, in words."""

    day_0: date
    due_on: date
    working: str


@dataclass(frozen=True)
class Calendar:
    """Which days count for one council."""

    zone: ZoneInfo
    days_off: Mapping[date, str] = field(default_factory=dict)
    roll_to_working_day: bool = False
    cut_off_hour: int | None = None

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.days_off

    def local_day(self, moment: datetime) -> date:
        """The day in the council's zone on which `moment` falls."""
        return moment.astimezone(self.zone).date()

    def day_0(self, start: datetime) -> date:
        """The day from which working days are counted for something that arrived at `start`."""
        local = start.astimezone(self.zone)
        day = local.date()
        if self.cut_off_hour is not None and local.hour >= self.cut_off_hour:
            day += timedelta(days=1)
        while self.roll_to_working_day and not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def add(self, day: date, working_days: int) -> date:
        """The date `working_days` after `day`."""
        for _ in range(working_days):
            day += timedelta(days=1)
            while not self.is_working_day(day):
                day += timedelta(days=1)
        return day

    def working_days(self, after: date, until: date) -> list[date]:
        """The working days after one date up to and with another."""
        days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
        return [day for day in days if self.is_working_day(day)]

    @property
    def digest(self) -> str:
        """A digest of all that decides dates: two calendars with the same one count alike."""
        rules = (self.zone.key, self.roll_to_working_day, self.cut_off_hour, sorted(map(str, self.days_off)))
        return hashlib.sha256(repr(rules).encode()).hexdigest()

    def horizon_warning(self, today: date) -> str:
        """What to do where the calendar ends within a year, so that dates would be counted over unknown holidays;
        empty where it reaches far enough."""
        last = max(self.days_off, default=today)
        if last >= today + timedelta(days=HORIZON_DAYS):
            return ""
        return f"The calendar knows no day off after {in_words(last)}. Bring the package 'holidays' up to date."

    def count(self, start: datetime, working_days: int, clock: str) -> Count:
        """The date `working_days` after `start`, with its working; `clock` is the word for what started it."""
        day_0 = self.day_0(start)
        due_on = self.add(day_0, working_days)
        parts = [f"{clock} {in_words(self.local_day(start))}"]
        if day_0 != self.local_day(start):
            parts.append(f"day 0 {in_words(day_0)}")
        if working_days:
            first = self.add(day_0, 1)
            parts.append(f"day 1 {in_words(first)}" + self._skipped(day_0, first))
            if working_days > 1:
                parts.append(f"day {working_days} {in_words(due_on)}" + self._skipped(first, due_on))
        return Count(day_0, due_on, "; ".join(parts))

    def _skipped(self, after: date, before: date) -> str:
        """The days off between two dates, named: weekends together, holidays one by one."""
        days = [after + timedelta(days=n) for n in range(1, (before - after).days)]
        named = [self.days_off[day] for day in days if day in self.days_off and day.weekday() < 5]
        weekends = len({day - timedelta(days=day.weekday()) for day in days if day.weekday() >= 5})
        if weekends:
            named.append("weekend" if weekends == 1 else f"{weekends} weekends")
        return f" (not counted: {', '.join(named)})" if named else ""

    def days_left(self, due_on: date, today: date) -> int:
        """Working days from `today` to `due_on`: 0 on the day itself, negative once it is late."""
        if due_on >= today:
            return len(self.working_days(today, due_on))
        return -len(self.working_days(due_on, today))

    def end_of(self, day: date) -> datetime:
        """The moment at which `day` is over in the council's zone."""
        return datetime.combine(day + timedelta(days=1), clock_time(), tzinfo=self.zone).astimezone(UTC)


def in_words(day: date) -> str:
    """As "Thu 2 Apr 2026"."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def calendar_of(settings: Settings) -> Calendar:
    """The council's calendar: the nation's bank holidays with its own closure days."""
    return Calendar(
        zone=settings.council.zone,
        days_off=_days_off(settings.council.calendar, tuple(settings.council.closure_days)),
        roll_to_working_day=settings.working_days.roll_to_working_day,
        cut_off_hour=settings.working_days.cut_off_hour,
    )


@cache
def _days_off(nation: str, closed: tuple[date, ...]) -> Mapping[date, str]:
    return {**bank_holidays(nation), **dict.fromkeys(closed, "council closed")}
