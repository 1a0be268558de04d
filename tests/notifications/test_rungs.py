"""Deadlines in the spring of 2026. Good Friday is 3 April, Easter Monday 6 April, the May holiday Monday 4 May."""

from datetime import UTC, date, datetime

import pytest

from postroom.casework.working_days import calendar_of
from postroom.models.settings import Settings
from postroom.notifications.rungs import in_window, reached, standing, to_give


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
    rungs = reached(step, days_left, settings.reminders.ladder)
    assert (rungs[-1] if rungs else "") == rung


def test_a_rung_is_given_once(settings: Settings) -> None:
    ladder = settings.reminders.ladder
    assert to_give("respond", 5, ladder, frozenset()) == ("due:5",)
    assert to_give("respond", 5, ladder, frozenset({"due:5"})) == ()
    assert to_give("respond", 3, ladder, frozenset({"due:5"})) == ()


def test_after_a_sleep_only_the_most_urgent_rung_is_a_reminder_and_the_milder_ones_never_come(
    settings: Settings,
) -> None:
    ladder = settings.reminders.ladder
    given = to_give("respond", -2, ladder, frozenset({"due:5"}))
    assert given == ("due:2", "due:0", "overdue:2")
    for days_left in (5, 2, 0, -1, -2, -3):
        assert to_give("respond", days_left, ladder, frozenset({"due:5", *given})) == ()


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
