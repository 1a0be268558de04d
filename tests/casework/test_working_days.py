"""Dates worked by hand, written as people say them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.casework.bank_holidays import bank_holidays
from postroom.casework.working_days import Calendar, calendar_of, in_words
from postroom.models.settings import Settings


def day(words: str) -> date:
    return datetime.strptime(words, "%A %d %B %Y").replace(tzinfo=UTC).date()


def at(words: str) -> datetime:
    return datetime.strptime(words, "%A %d %B %Y %H:%M").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "limit", "due"),
    [
        ("Thursday 2 April 2026 09:00", 1, "Tuesday 7 April 2026"),  # Good Friday and Easter Monday
        ("Thursday 2 April 2026 09:00", 10, "Monday 20 April 2026"),
        ("Wednesday 4 March 2026 10:00", 5, "Wednesday 11 March 2026"),
        ("Saturday 7 March 2026 10:00", 5, "Friday 13 March 2026"),  # day 0 on a day off
        ("Tuesday 23 December 2025 16:00", 5, "Friday 2 January 2026"),
        ("Friday 25 December 2026 08:00", 1, "Tuesday 29 December 2026"),  # Boxing Day's substitute on the Monday
        ("Saturday 28 March 2026 23:30", 1, "Monday 30 March 2026"),  # the night the clocks go forward
        ("Saturday 24 October 2026 23:30", 1, "Monday 26 October 2026"),  # 00:30 on Sunday in London
        ("Thursday 30 July 2026 23:30", 1, "Monday 3 August 2026"),  # already Friday in London
        ("Sunday 29 March 2026 00:30", 1, "Monday 30 March 2026"),
        ("Sunday 25 October 2026 00:30", 1, "Monday 26 October 2026"),  # half past one, for the first time
        ("Friday 24 December 2021 10:00", 5, "Wednesday 5 January 2022"),  # substitutes on 27, 28 December, 3 January
        ("Tuesday 24 December 2024 12:00", 2, "Monday 30 December 2024"),
        ("Friday 17 December 2027 10:00", 10, "Wednesday 5 January 2028"),
        ("Monday 28 February 2028 10:00", 1, "Tuesday 29 February 2028"),
        ("Thursday 7 May 2020 10:00", 1, "Monday 11 May 2020"),  # the bank holiday moved to VE Day
        ("Wednesday 1 June 2022 10:00", 1, "Monday 6 June 2022"),  # the Platinum Jubilee
        ("Friday 5 May 2023 10:00", 1, "Tuesday 9 May 2023"),  # the Coronation
        ("Friday 16 September 2022 10:00", 1, "Tuesday 20 September 2022"),  # the State Funeral
    ],
)
def test_a_due_date_is_the_one_worked_by_hand(settings: Settings, received: str, limit: int, due: str) -> None:
    assert calendar_of(settings).count(at(received), limit, "received").due_on == day(due)


def test_the_working_names_the_days_that_do_not_count(settings: Settings) -> None:
    count = calendar_of(settings).count(at("Thursday 2 April 2026 09:00"), 5, "received")
    assert count.working == (
        "received Thu 2 Apr 2026; day 1 Tue 7 Apr 2026 (not counted: Good Friday, Easter Monday, weekend); "
        "day 5 Mon 13 Apr 2026 (not counted: weekend)"
    )


def test_receipt_on_a_day_off_rolls_to_the_next_working_day_where_the_council_says_so(settings: Settings) -> None:
    calendar = Calendar(zone=settings.council.zone, roll_to_working_day=True)
    assert calendar.count(at("Saturday 7 March 2026 10:00"), 5, "received").due_on == day("Monday 16 March 2026")


def test_receipt_after_the_cut_off_counts_as_the_next_day(settings: Settings) -> None:
    calendar = Calendar(zone=settings.council.zone, cut_off_hour=17)
    assert calendar.count(at("Wednesday 4 March 2026 16:59"), 1, "received").due_on == day("Thursday 5 March 2026")
    assert calendar.count(at("Wednesday 4 March 2026 17:00"), 1, "received").due_on == day("Friday 6 March 2026")


def test_a_closure_day_of_the_council_does_not_count(settings: Settings) -> None:
    closed = settings.council.model_copy(update={"closure_days": [day("Thursday 5 March 2026")]})
    calendar = calendar_of(settings.model_copy(update={"council": closed}))
    assert calendar.add(day("Wednesday 4 March 2026"), 1) == day("Friday 6 March 2026")


@pytest.mark.parametrize(
    ("due", "today", "left"),
    [
        ("Wednesday 11 March 2026", "Wednesday 11 March 2026", 0),
        ("Wednesday 11 March 2026", "Tuesday 10 March 2026", 1),
        ("Monday 9 March 2026", "Friday 6 March 2026", 1),
        ("Wednesday 11 March 2026", "Thursday 12 March 2026", -1),
        ("Friday 6 March 2026", "Sunday 8 March 2026", 0),
        ("Friday 6 March 2026", "Tuesday 10 March 2026", -2),
    ],
)
def test_days_left_count_working_days(settings: Settings, due: str, today: str, left: int) -> None:
    assert calendar_of(settings).days_left(day(due), day(today)) == left


@pytest.mark.parametrize(
    ("nation", "received", "due"),
    [
        ("scotland", "Thursday 31 December 2026 10:00", "Tuesday 5 January 2027"),  # 2 January and its substitute
        ("england-and-wales", "Thursday 31 December 2026 10:00", "Monday 4 January 2027"),
        ("scotland", "Friday 31 July 2026 10:00", "Tuesday 4 August 2026"),
        ("northern-ireland", "Friday 10 July 2026 10:00", "Tuesday 14 July 2026"),  # the Battle of the Boyne
        ("northern-ireland", "Monday 16 March 2026 10:00", "Wednesday 18 March 2026"),  # St Patrick's Day
    ],
)
def test_nations_have_their_own_bank_holidays(settings: Settings, nation: str, received: str, due: str) -> None:
    calendar = Calendar(settings.council.zone, bank_holidays(nation))
    assert calendar.count(at(received), 1, "received").due_on == day(due)


def test_the_cut_off_is_an_hour_of_the_councils_clocks(settings: Settings) -> None:
    calendar = Calendar(zone=settings.council.zone, cut_off_hour=17)
    summer, winter = at("Thursday 22 October 2026 16:30"), at("Thursday 29 October 2026 16:30")
    assert calendar.count(summer, 1, "received").due_on == day("Monday 26 October 2026")
    assert calendar.count(winter, 1, "received").due_on == day("Friday 30 October 2026")


def test_the_calendar_reaches_next_year() -> None:
    next_christmas = date(datetime.now(UTC).year + 1, 12, 25)
    assert next_christmas in bank_holidays("england-and-wales")


moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
calendars = st.builds(
    lambda nation, closed, roll, cut_off: Calendar(
        ZoneInfo("Europe/London"), {**bank_holidays(nation), **dict.fromkeys(closed, "closed")}, roll, cut_off
    ),
    st.sampled_from(["england-and-wales", "scotland", "northern-ireland"]),
    st.sets(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=5),
    st.booleans(),
    st.none() | st.integers(1, 23),
)
"""Calendars of all kinds of councils."""


@given(calendars, moments, st.timedeltas(timedelta(), timedelta(days=30)), st.integers(0, 65))
def test_a_later_receipt_never_gives_an_earlier_due_date(
    calendar: Calendar, start: datetime, later: timedelta, limit: int
) -> None:
    assert calendar.count(start, limit, "").due_on <= calendar.count(start + later, limit, "").due_on


@given(calendars, moments, st.integers(0, 65), st.integers(0, 100))
def test_adding_a_holiday_never_brings_a_date_forward(
    calendar: Calendar, start: datetime, limit: int, after: int
) -> None:
    holiday = start.date() + timedelta(days=after)
    more = replace(calendar, days_off={**calendar.days_off, holiday: "a royal wedding"})
    assert more.count(start, limit, "").due_on >= calendar.count(start, limit, "").due_on


@given(calendars, moments, st.integers(1, 65))
def test_a_due_date_is_a_working_day_and_as_many_working_days_away_as_asked(
    calendar: Calendar, start: datetime, limit: int
) -> None:
    count = calendar.count(start, limit, "")
    assert calendar.is_working_day(count.due_on)
    assert calendar.days_left(count.due_on, count.day_0) == limit


@given(calendars, moments, st.integers(1, 65))
def test_every_working_names_where_it_began_and_where_it_ends(calendar: Calendar, start: datetime, limit: int) -> None:
    count = calendar.count(start, limit, "received")
    assert count.working.startswith(f"received {in_words(calendar.local_day(start))}")
    assert f"day {limit} {in_words(count.due_on)}" in count.working


def test_a_date_in_words_has_its_weekday() -> None:
    assert in_words(date(2026, 4, 2)) == "Thu 2 Apr 2026"
