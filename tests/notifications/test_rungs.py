"""Deadlines in the spring of 2026. Good Friday is 3 April, Easter Monday 6 April, the May holiday Monday 4 May."""

from datetime import UTC, date, datetime

import pytest

from postroom.casework.working_days import calendar_of
from postroom.models.procedure_settings import SETS
from postroom.models.reminder_settings import Ladder
from postroom.models.settings import Settings
from postroom.notifications.rungs import (
    days_ago,
    escalated,
    in_window,
    monthly,
    standing,
    step_reached,
    to_give,
    window_reached,
)


def day(text: str) -> date:
    """A date from "Thu 2 Apr 2026", whose weekday must be right."""
    found = datetime.strptime(text, "%a %d %b %Y").replace(tzinfo=UTC).date()
    assert f"{found:%a}" == text[:3]
    return found


@pytest.mark.parametrize(
    ("step", "today", "due", "rung"),
    [
        ("respond", "Wed 4 Mar 2026", "Thu 12 Mar 2026", ""),
        ("respond", "Thu 5 Mar 2026", "Thu 12 Mar 2026", "due:5"),
        ("respond", "Fri 6 Mar 2026", "Thu 12 Mar 2026", "due:5"),
        ("respond", "Tue 10 Mar 2026", "Thu 12 Mar 2026", "due:2"),
        ("respond", "Thu 12 Mar 2026", "Thu 12 Mar 2026", "due:0"),
        ("respond", "Fri 13 Mar 2026", "Thu 12 Mar 2026", "due:0"),
        ("respond", "Mon 16 Mar 2026", "Thu 12 Mar 2026", "overdue:2"),
        ("respond", "Tue 17 Mar 2026", "Thu 12 Mar 2026", "overdue:2"),
        ("respond", "Wed 18 Mar 2026", "Thu 12 Mar 2026", "overdue:4"),
        ("acknowledge", "Tue 10 Mar 2026", "Thu 12 Mar 2026", ""),
        ("acknowledge", "Wed 11 Mar 2026", "Thu 12 Mar 2026", "due:1"),
        ("acknowledge", "Thu 12 Mar 2026", "Thu 12 Mar 2026", "due:1"),
        # over Easter
        ("respond", "Wed 1 Apr 2026", "Wed 8 Apr 2026", "due:5"),
        ("respond", "Thu 2 Apr 2026", "Wed 8 Apr 2026", "due:2"),
        ("respond", "Tue 7 Apr 2026", "Thu 2 Apr 2026", "due:0"),
        ("respond", "Wed 8 Apr 2026", "Thu 2 Apr 2026", "overdue:2"),
    ],
)
def test_the_rung_of_a_day(settings: Settings, step: str, today: str, due: str, rung: str) -> None:
    days_left = calendar_of(settings).days_left(day(due), day(today))
    rungs = step_reached(step, days_left, settings.reminders.ladder)
    assert (rungs[-1] if rungs else "") == rung


def test_a_rung_is_given_once(settings: Settings) -> None:
    ladder = settings.reminders.ladder
    assert to_give(step_reached("respond", 5, ladder), frozenset()) == ("due:5",)
    assert to_give(step_reached("respond", 5, ladder), frozenset({"due:5"})) == ()
    assert to_give(step_reached("respond", 3, ladder), frozenset({"due:5"})) == ()


def test_after_a_sleep_only_the_most_urgent_rung_is_a_reminder_and_the_milder_ones_never_come(
    settings: Settings,
) -> None:
    ladder = settings.reminders.ladder
    given = to_give(step_reached("respond", -2, ladder), frozenset({"due:5"}))
    assert given == ("due:2", "due:0", "overdue:2")
    for days_left in (5, 2, 0, -1, -2, -3):
        assert to_give(step_reached("respond", days_left, ladder), frozenset({"due:5", *given})) == ()


def test_every_step_that_a_procedure_may_have_has_its_rungs(settings: Settings) -> None:
    for step in SETS:
        assert step_reached(step, 0, settings.reminders.ladder)


@pytest.mark.parametrize(
    ("days_left", "rungs"), [(0, ()), (-4, ()), (-5, ("escalated:5",)), (-10, ("escalated:5", "escalated:10"))]
)
def test_a_step_is_told_further_up_when_it_is_long_overdue(days_left: int, rungs: tuple[str, ...]) -> None:
    assert escalated(days_left, Ladder(escalate_after=[10, 5])) == rungs


@pytest.mark.parametrize(
    ("days_left", "rungs"),
    [(6, ()), (5, ("due:5",)), (0, ("due:5",)), (-1, ("due:5", "over")), (-9, ("due:5", "over"))],
)
def test_a_window_has_a_rung_before_its_end_and_one_when_it_is_over(days_left: int, rungs: tuple[str, ...]) -> None:
    assert window_reached(days_left, Ladder()) == rungs


@pytest.mark.parametrize(
    ("since", "today", "rungs"),
    [
        ("Sat 31 Jan 2026", "Sat 28 Feb 2026", ()),
        ("Sat 31 Jan 2026", "Sun 1 Mar 2026", ("month:1",)),
        ("Thu 15 Jan 2026", "Sat 14 Feb 2026", ()),
        ("Thu 15 Jan 2026", "Sun 15 Feb 2026", ("month:1",)),
        ("Thu 15 Jan 2026", "Fri 15 Jan 2027", ("month:12",)),
    ],
)
def test_each_month_has_its_rung(since: str, today: str, rungs: tuple[str, ...]) -> None:
    assert monthly(day(since), day(today)) == rungs


@pytest.mark.parametrize(
    ("today", "working_days", "last"),
    [
        ("Wed 4 Mar 2026", 0, "Wed 4 Mar 2026"),
        ("Wed 4 Mar 2026", 1, "Tue 3 Mar 2026"),
        ("Mon 9 Mar 2026", 1, "Sun 8 Mar 2026"),
        ("Wed 8 Apr 2026", 3, "Wed 1 Apr 2026"),  # over Easter
    ],
)
def test_working_days_are_counted_back_over_days_off(
    settings: Settings, today: str, working_days: int, last: str
) -> None:
    calendar = calendar_of(settings)
    assert days_ago(day(today), working_days, calendar) == day(last)
    assert len(calendar.working_days(day(last), day(today))) == working_days


@pytest.mark.parametrize(
    ("days_left", "words"),
    [
        (2, "2 working days left"),
        (1, "1 working day left"),
        (0, "due today"),
        (-1, "1 working day late"),
        (-12, "12 working days late"),
    ],
)
def test_how_a_step_stands_in_words(days_left: int, words: str) -> None:
    assert standing(days_left) == words


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (datetime(2026, 3, 4, 8, 29, tzinfo=UTC), False),
        (datetime(2026, 3, 4, 8, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 4, 10, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 4, 10, 1, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 7, 30, tzinfo=UTC), True),  # 08:30 in London's summer
        (datetime(2026, 7, 1, 9, 30, tzinfo=UTC), False),
        (datetime(2026, 3, 7, 9, 0, tzinfo=UTC), False),  # Saturday
        (datetime(2026, 4, 3, 8, 0, tzinfo=UTC), False),  # Good Friday
        (datetime(2026, 4, 6, 8, 0, tzinfo=UTC), False),  # Easter Monday
        (datetime(2026, 4, 7, 8, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 5, 0, 0, tzinfo=UTC), False),  # midnight
    ],
)
def test_reminders_go_out_on_working_mornings_alone(settings: Settings, moment: datetime, open_: bool) -> None:
    assert in_window(moment, settings.reminders, calendar_of(settings)) is open_
