"""Words for labels, dates and sureness."""

from datetime import UTC, date, datetime

import pytest

from postroom.casework.working_days import calendar_of
from postroom.desk import wording
from postroom.models.settings import Settings

TODAY = date(2026, 4, 2)  # the Thursday before Good Friday


@pytest.mark.parametrize(
    ("due_on", "expected", "urgency"),
    [
        (date(2026, 4, 2), "due today", "soon"),
        (date(2026, 4, 3), "due tomorrow", "soon"),  # Good Friday: the calendar was changed after it was set
        (date(2026, 4, 7), "due in 1 working day", "soon"),  # the Tuesday after Easter Monday
        (date(2026, 4, 8), "due in 2 working days", "soon"),
        (date(2026, 4, 9), "due in 3 working days", "fine"),
        (date(2026, 4, 6), "due Mon 6 Apr 2026", "soon"),  # Easter Monday
        (date(2026, 4, 1), "1 working day late", "late"),
        (date(2026, 3, 27), "4 working days late", "late"),
    ],
)
def test_a_due_date_is_told_in_working_days(due_on: date, expected: str, urgency: str, settings: Settings) -> None:
    calendar = calendar_of(settings)

    assert wording.due(due_on, TODAY, calendar) == expected
    assert wording.urgency(due_on, TODAY, calendar) == urgency


def test_what_was_due_on_friday_is_late_on_saturday_by_no_working_day(settings: Settings) -> None:
    friday, saturday = date(2026, 3, 6), date(2026, 3, 7)

    assert wording.due(friday, saturday, calendar_of(settings)) == "was due Fri 6 Mar 2026"
    assert wording.urgency(friday, saturday, calendar_of(settings)) == "late"


@pytest.mark.parametrize(
    ("moment", "expected", "waiting"),
    [
        (datetime(2026, 4, 2, 8, 14, tzinfo=UTC), "today at 09:14", "today"),
        (datetime(2026, 4, 1, 22, 59, tzinfo=UTC), "yesterday at 23:59", "1 working day"),
        (datetime(2026, 4, 1, 23, 0, tzinfo=UTC), "today at 00:00", "today"),
        (datetime(2026, 3, 27, 10, 0, tzinfo=UTC), "Fri 27 Mar 2026 at 10:00", "4 working days"),
    ],
)
def test_a_past_moment_is_told_in_the_councils_zone(
    moment: datetime, expected: str, waiting: str, settings: Settings
) -> None:
    now = datetime(2026, 4, 2, 12, 0, tzinfo=UTC)

    assert wording.when(moment, now, calendar_of(settings)) == expected
    assert wording.how_long(moment, now, calendar_of(settings)) == waiting


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.97, "Very sure, 97%"),
        (0.95, "Very sure, 95%"),
        (0.8, "Fairly sure, 80%"),
        (0.79, "Unsure, 79%"),
        (0.999, "Very sure, 99%"),
        (0.001, "Unsure, 1%"),
    ],
)
def test_sureness_is_a_word_and_a_number_that_is_never_certain(probability: float, expected: str) -> None:
    assert wording.sureness(probability) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("service_request", "Service request"),
        ("children-and-families", "Children and families"),
        ("auto_reply", "Automatic reply"),
        ("", "Not known"),
    ],
)
def test_a_labels_id_becomes_words(label: str, expected: str) -> None:
    assert wording.words(label) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, "1 byte"), (999, "999 bytes"), (1000, "1 KB"), (34_400, "34 KB"), (999_499, "999 KB"), (999_500, "1.0 MB")],
)
def test_a_size_is_told_in_a_unit_that_suits_it(size: int, expected: str) -> None:
    assert wording.size(size) == expected
